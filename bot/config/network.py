"""The ways out of this machine: proxies and certificates of the environment, one reading for both HTTP libraries.

httpx, aiohttp and Slack's SDK each read these variables in another way: httpx fails at `NO_PROXY=fd00::/8`, the SDK
knows no NO_PROXY at all, and only one of them trusts the system's certificates. So none of them reads any: each client
is given its proxy and its certificates from here.
"""

import ipaddress
import os
import re
import ssl
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import getproxies

import certifi

from bot.config.values import cleaned

VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR", "SSLKEYLOGFILE")
_PORTS = {"http": 80, "https": 443}
_ENCRYPTED = {"https", "wss"}
# An IPv6 address in brackets, one without, or a name or IPv4 address; then the bits of a network, or a port.
_ENTRY = re.compile(
    r"(?:\[(?P<address>[^\]]*)\]|(?P<name>[^/:]*|[0-9a-f:.]*))(?P<bits>/\d+)?(?::(?P<port>\d{1,5}))?/?"
).fullmatch


@dataclass(frozen=True, slots=True)
class Network:
    """How addresses are reached. Without arguments: no proxy, and the certificates that each library trusts.

    `proxies`: a proxy's address by the scheme (`http`, `https`) of what is asked through it. `no_proxy`: the entries of
    NO_PROXY. `certificates`: what TLS connections trust.
    """

    proxies: Mapping[str, str] = field(default_factory=dict)
    no_proxy: Sequence[str] = ()
    certificates: ssl.SSLContext | None = None

    def proxy_for(self, url: str) -> str | None:
        """Returns the address of the proxy for a URL (http, https, ws or wss), None if it is reached without one."""
        parts = urlsplit(url)
        scheme = "https" if parts.scheme in _ENCRYPTED else "http"
        host, port = (parts.hostname or "").rstrip("."), parts.port or _PORTS[scheme]
        if any(_covers(entry, host, port) for entry in self.no_proxy):
            return None
        return self.proxies.get(scheme)


DIRECT = Network()


def read_network(environ: Mapping[str, str]) -> tuple[Network, Sequence[str]]:
    """Returns the network that the environment describes, and a sentence for each of its variables that can't be used.

    Such a sentence names the variable and never its value, which may hold a password. A variable that is not used is
    not complained of: ALL_PROXY while HTTP_PROXY and HTTPS_PROXY are set, or any of them with `NO_PROXY=*`.
    """
    # `getproxies` knows both spellings (lower case wins), that HTTP_PROXY is a visitor's word within CGI, and the
    # system's settings on macOS.
    found = {kind: cleaned(value) for kind, value in getproxies().items()}
    no_proxy = re.split(r"[,\s]+", found.get("no", ""))
    problems: list[str] = []
    proxies: dict[str, str] = {}
    for scheme in ("http", "https"):
        kind = scheme if found.get(scheme) else "all"
        if not found.get(kind) or "*" in no_proxy:
            continue
        address = _proxy_address(found[kind])
        if address is None:
            problems.append(
                f"{_spelled(environ, kind)} must be the address of an HTTP proxy such as http://proxy.example:3128; "
                "other kinds (SOCKS) can't be used."
            )
        else:
            proxies[scheme] = address
    problems += _certificate_problems(environ)
    certificates = None if problems else _certificates(environ)
    return Network(proxies, [entry for entry in no_proxy if entry], certificates), list(dict.fromkeys(problems))


# ---- proxies ---------------------------------------------------------------------------------------------------------


def _proxy_address(value: str) -> str | None:
    """Returns the address with its scheme, None if it is none of an HTTP proxy."""
    address = value if "://" in value else f"http://{value}"
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return None
    is_host = re.fullmatch(r"[\w.:-]+", parts.hostname or "", re.ASCII) is not None
    # A # or ? in a password that is not percent-encoded would make another address of it.
    is_plain = parts.path in ("", "/") and not parts.query and not parts.fragment and "#" not in address
    is_text = re.fullmatch(r"[!-~]+", address) is not None
    return address if parts.scheme in _PORTS and is_host and is_plain and is_text and port != 0 else None


def _spelled(environ: Mapping[str, str], kind: str) -> str:
    """Returns the spelling of the variable that counts: lower case first, as for `getproxies`."""
    lower = f"{kind}_proxy"
    if environ.get(lower):
        return lower
    return next((name for name, value in environ.items() if name.lower() == lower and value), lower.upper())


def _covers(entry: str, host: str, port: int) -> bool:
    """Returns True if an entry of NO_PROXY covers a host (lower case, an IPv6 address without brackets) and port.

    An entry is `*`, an address or network (10.0.0.0/8, fd00::/8, [::1]), or a name, which covers the names below it
    too; each with or without scheme and port. Source for the forms: https://curl.se/libcurl/c/CURLOPT_NOPROXY.html
    """
    found = _ENTRY(entry.lower().rpartition("://")[2])
    if found is None:
        return False
    if found["port"] is not None and int(found["port"]) != port:
        return False
    name = found["address"] or found["name"]
    if (network := _network(name + (found["bits"] or ""))) is not None:
        return _is_within(host, network)
    name = name.removeprefix("*").strip(".")
    return entry == "*" or (bool(name) and (host == name or host.endswith(f".{name}")))


def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None


def _is_within(host: str, network: ipaddress.IPv4Network | ipaddress.IPv6Network) -> bool:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return address in network


# ---- certificates ----------------------------------------------------------------------------------------------------


def _certificates(environ: Mapping[str, str]) -> ssl.SSLContext:
    """Returns the certificates of SSL_CERT_FILE and SSL_CERT_DIR; without them the system's and certifi's: a company's
    own authority is among the former, and a small image has none of them."""
    file, folder = cleaned(environ.get("SSL_CERT_FILE", "")), cleaned(environ.get("SSL_CERT_DIR", ""))
    if file or folder:
        return ssl.create_default_context(cafile=file or None, capath=folder or None)
    context = ssl.create_default_context()
    context.load_verify_locations(cafile=certifi.where())
    return context


def _certificate_problems(environ: Mapping[str, str]) -> Iterator[str]:
    file = cleaned(environ.get("SSL_CERT_FILE", ""))
    if file:
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cafile=file)
        except (OSError, ValueError):  # ssl.SSLError is an OSError
            yield "SSL_CERT_FILE must name a file with certificates (PEM) that can be read."
    folders = cleaned(environ.get("SSL_CERT_DIR", ""))
    if folders and not any(Path(one).is_dir() for one in folders.split(os.pathsep) if one):
        yield "SSL_CERT_DIR must name a folder with certificates."
    key_log = environ.get("SSLKEYLOGFILE", "")
    if key_log and not is_key_log(key_log):
        yield "SSLKEYLOGFILE must name a file that can be written, or be removed."


def is_key_log(path: str) -> bool:
    """Returns True if Python can log TLS keys to the file. It opens it for each context, aiohttp even when imported."""
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).keylog_filename = path
    except (OSError, ValueError):
        return False
    return True
