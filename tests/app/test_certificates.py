"""A company's own certificate authority: with SSL_CERT_FILE both halves trust it, without it both refuse."""

import asyncio
import shutil
import ssl
import subprocess
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.app.env import RESULTS, Env

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl makes the certificates")


@dataclass
class Tls:
    """A port that speaks TLS before another one, and the authority that signed its certificate."""

    authority: Path
    context: ssl.SSLContext
    connections: int = 0

    async def before(self, port: int) -> asyncio.Server:
        async def forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self.connections += 1
            other, to_other = await asyncio.open_connection("127.0.0.1", port)
            await asyncio.gather(_pump(reader, to_other), _pump(other, writer))

        return await asyncio.start_server(forward, "127.0.0.1", 0, ssl=self.context)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    writer.close()


@pytest.fixture
def tls(tmp_path: Path) -> Tls:
    folder = tmp_path / "tls"
    folder.mkdir()
    # Python 3.13 wants what RFC 5280 asks of a certificate and of its authority.
    (folder / "names").write_text(
        "subjectAltName=IP:127.0.0.1\nbasicConstraints=CA:FALSE\n"
        "subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n"
    )

    def openssl(words: str) -> None:
        subprocess.run(["openssl", *words.split()], cwd=folder, check=True, capture_output=True)

    key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"
    uses = "-addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign"
    openssl(f"req -x509 {key} -keyout ca.key -out ca.pem -days 2 -subj /CN=Bakery {uses}")
    openssl(f"req {key} -keyout server.key -out server.csr -subj /CN=server")
    openssl("x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile names -out server.pem")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "server.pem", folder / "server.key")
    return Tls(folder / "ca.pem", context)


@pytest.fixture
async def encrypted(env: Env, tls: Tls) -> AsyncIterator[Env]:
    """The house with both services behind TLS."""
    ispring, slack = await tls.before(env.ispring.port), await tls.before(_port(env.slack.api_url))
    env.settings["ISPRING_API_URL"] = f"https://127.0.0.1:{ispring.sockets[0].getsockname()[1]}"
    env.settings["SLACK_API_URL"] = f"https://127.0.0.1:{slack.sockets[0].getsockname()[1]}/api/"
    yield env
    ispring.close()
    slack.close()


def _port(url: str) -> int:
    return int(url.split(":")[2].split("/")[0])


async def test_both_halves_trust_the_authority_that_the_variable_names(encrypted: Env, tls: Tls) -> None:
    said = await encrypted.say("poll", SSL_CERT_FILE=str(tls.authority))
    assert said.code == 0, said.err
    assert encrypted.texts(RESULTS), "the introduction was posted"
    checked = (await encrypted.say("check", SSL_CERT_FILE=str(tls.authority))).out
    assert "wrong     iSpring" not in checked and "wrong     Slack" not in checked


async def test_both_halves_refuse_an_unknown_authority(encrypted: Env, tls: Tls) -> None:
    checked = (await encrypted.say("check")).out.splitlines()
    assert [line for line in checked if line.startswith("wrong     iSpring")], checked
    assert [line for line in checked if line.startswith("wrong     Slack")], checked
    assert not encrypted.ispring.requests and not encrypted.slack.calls, "nothing was sent"
