"""One reading of proxies and certificates for both HTTP libraries; what can't be used is named without its value."""

import os
from pathlib import Path

import pytest

from bot.config import Needs, Network, load
from bot.config.network import read_network
from bot.domain.errors import ConfigError

PROXY = "http://proxy.example:3128"
NAMES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR", "SSLKEYLOGFILE")


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("entry", "url", "is_covered"),
    [
        ("slack.com", "https://slack.com/api/", True),
        ("slack.com", "wss://wss-primary.slack.com/link", True),
        (".slack.com", "https://slack.com/api/", True),
        ("*.slack.com", "https://hooks.slack.com/x", True),
        ("SLACK.com", "https://slack.com./api/", True),
        ("slack.com", "https://notslack.com/", False),
        ("slack.com:443", "https://slack.com/", True),
        ("slack.com:8443", "https://slack.com/", False),
        ("https://slack.com", "https://slack.com/", True),
        ("localhost", "http://localhost:8080/", True),
        ("10.0.0.0/8", "https://10.20.30.40/", True),
        ("10.0.0.0/8", "https://11.0.0.1/", False),
        ("10.1.2.3", "http://10.1.2.3:9000/", True),
        ("10.1.2.3:9000", "http://10.1.2.3:9001/", False),
        ("fd00:0:1::/64", "http://[fd00:0:1::7]/", True),
        ("[::1]", "http://[::1]:8080/", True),
        ("::1", "http://[::1]:8080/", True),
        ("[::1]:8080", "http://[::1]:8080/", True),
        ("[::1]:8080", "http://[::1]:8081/", False),
        ("[fd00::]/8", "http://[fd12::1]/", True),
        ("10.0.0.0/99", "http://10.0.0.1/", False),
        ("*", "https://slack.com/", True),
        (":", "https://slack.com/", False),
        (".", "https://slack.com/", False),
    ],
)
def test_an_entry_of_no_proxy_covers_hosts_networks_and_ports(entry: str, url: str, is_covered: bool) -> None:
    network = Network({"http": PROXY, "https": PROXY}, (entry,))
    assert network.proxy_for(url) == (None if is_covered else PROXY)


def test_every_way_to_write_the_variables_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "all.example:1")
    monkeypatch.setenv("HTTPS_PROXY", "http://upper.example:2")
    monkeypatch.setenv("https_proxy", " lower.example:3\n")
    monkeypatch.setenv("no_proxy", "a.example, b.example c.example")
    network, problems = read_network(os.environ)
    assert problems == []
    assert network.proxy_for("https://slack.com/") == "http://lower.example:3"
    assert network.proxy_for("wss://slack.com/") == "http://lower.example:3"
    assert network.proxy_for("http://slack.com/") == "http://all.example:1"
    for host in ("a", "b", "c"):
        assert network.proxy_for(f"https://{host}.example/") is None


@pytest.mark.parametrize(
    "value",
    [
        "htp://p.example",
        "socks5://p.example:1080",
        "http://:3128",
        "http://u:s3cret@p.example:x1",
        "http://u:s#3cret@p",
        "p q",
    ],
)
@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
def test_a_proxy_that_cant_be_used_is_named_without_its_value(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    _, problems = read_network(os.environ)
    assert {one.split()[0] for one in problems} == {name}
    assert "3cret" not in str(problems) and value not in str(problems)


def test_a_variable_that_is_not_used_is_not_complained_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "socks5://p.example")
    monkeypatch.setenv("HTTP_PROXY", PROXY)
    monkeypatch.setenv("HTTPS_PROXY", PROXY)
    assert read_network(os.environ)[1] == []
    monkeypatch.delenv("HTTPS_PROXY")
    assert len(read_network(os.environ)[1]) == 1
    monkeypatch.setenv("NO_PROXY", "*")
    assert read_network(os.environ)[1] == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SSL_CERT_FILE", "{folder}/missing.pem"),
        ("SSL_CERT_FILE", "{folder}"),
        ("SSL_CERT_FILE", "{folder}/no.pem"),
        ("SSL_CERT_DIR", "{folder}/missing"),
        ("SSL_CERT_DIR", "{folder}/no.pem"),
        ("SSLKEYLOGFILE", "{folder}/missing/keys"),
        ("SSLKEYLOGFILE", "{folder}"),
    ],
)
def test_certificates_that_cant_be_used_are_named_with_all_other_mistakes(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, value: str
) -> None:
    (tmp_path / "no.pem").write_text("no certificate")
    monkeypatch.setenv(name, value.format(folder=tmp_path))
    monkeypatch.setenv("HTTP_PROXY", "ftp://p.example")
    monkeypatch.setenv("POLL_INTERVAL", "never")
    with pytest.raises(ConfigError) as caught:
        load(os.environ, Needs.SLACK)
    named = [one.split()[0] for one in caught.value.problems]
    assert {name, "HTTP_PROXY", "POLL_INTERVAL"} <= set(named)
    assert len(named) == len(set(named)) and str(tmp_path) not in str(caught.value)
    monkeypatch.delenv("POLL_INTERVAL")
    load(os.environ)  # a command that needs no network starts
