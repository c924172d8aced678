"""Over HTTP, only what is provably Slack's and fresh is read, and nothing of a body reaches the log."""

import asyncio
import gzip
import io
import logging
import time
from collections.abc import AsyncIterator
from contextlib import closing
from urllib.parse import urlsplit

import aiohttp
import pytest
from structlog.testing import capture_logs

from tests.slack.front_desk import Office, office

pytestmark = pytest.mark.virtual_time

FORM = "application/x-www-form-urlencoded"
BODY = "command=%2Fojt&text=secret-words&user_id=U0ANA&channel_id=C0SHOP&team_id=T0SPOTTER"


@pytest.fixture
async def door() -> AsyncIterator[Office]:
    async with office(http=True) as opened:
        yield opened


async def send(door: Office, headers: dict[str, str], body: str | bytes = BODY, kind: str = FORM) -> int:
    """The status of a request to the door."""
    data = io.BytesIO(body.encode() if isinstance(body, str) else body)
    headers = {"Content-Type": kind, **headers}
    async with aiohttp.ClientSession() as session, session.post(door.url, data=data, headers=headers) as response:
        return response.status


async def test_a_signed_and_fresh_request_is_read(door: Office) -> None:
    assert await send(door, door.slack.deliveries.signed(BODY)) == 200
    await door.slack.until(lambda: len(door.ctx.commands) == 1)


async def test_anything_else_is_refused_without_a_word_of_it_in_the_log(
    door: Office, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    good = door.slack.deliveries.signed(BODY)
    stale = door.slack.deliveries.signed(BODY, timestamp=str(int(time.time()) - 400))
    cases: list[dict[str, str]] = [
        {},
        {"X-Slack-Signature": good["X-Slack-Signature"]},
        {"X-Slack-Request-Timestamp": good["X-Slack-Request-Timestamp"]},
        {**good, "X-Slack-Signature": "v0=" + "0" * 64},
        {**good, "X-Slack-Signature": "v0=é"},
        {**good, "X-Slack-Signature": "😀"},
        {**good, "X-Slack-Request-Timestamp": "yesterday"},
        {**good, "X-Slack-Request-Timestamp": "٣"},
        {**good, "X-Slack-Request-Timestamp": "9" * 40},
        stale,
    ]
    with capture_logs() as logs:
        for headers in cases:
            latin = {name: value.encode("utf-8").decode("latin-1") for name, value in headers.items()}
            assert await send(door, latin) == 401
    assert "secret-words" not in str(logs) + caplog.text
    assert door.ctx.commands == []


async def test_a_body_changed_after_signing_is_refused(door: Office) -> None:
    assert await send(door, door.slack.deliveries.signed(BODY), BODY + "&text=more") == 401


async def test_a_body_that_is_no_text_is_refused(door: Office) -> None:
    assert await send(door, door.slack.deliveries.signed(BODY), b"\xff\xfe\x00") == 401


async def test_an_oversized_body_is_refused_unread(door: Office) -> None:
    assert await send(door, {}, "x" * (1024 * 1024 + 1)) == 413


@pytest.mark.promise("forged_request")
async def test_whatever_says_it_is_compressed_is_refused_unread(door: Office, caplog: pytest.LogCaptureFixture) -> None:
    for encoding, body in (
        ("gzip", b"no gzip at all"),
        ("gzip", gzip.compress(BODY.encode())),
        ("br", b""),
        ("x", b"x"),
    ):
        headers = {"Content-Encoding": encoding, **door.slack.deliveries.signed(BODY)}
        assert await send(door, headers, body) == 415
    assert caplog.messages == [] and door.ctx.commands == []


@pytest.mark.promise("forged_request")
async def test_a_body_that_does_not_arrive_is_not_waited_for(caplog: pytest.LogCaptureFixture) -> None:
    async with office(http=True, timeout=0.2) as door:
        assert await _sent_raw(door, "Content-Length: 9", b"half") == 408
    assert caplog.messages == []


async def test_chunks_that_are_none_and_a_sender_who_goes_away_break_nothing(
    door: Office, caplog: pytest.LogCaptureFixture
) -> None:
    assert await _sent_raw(door, "Transfer-Encoding: chunked", b"none\r\n") == 400
    for _ in range(3):
        await _sent_raw(door, "Content-Length: 9", b"half", waits=False)
    assert await send(door, door.slack.deliveries.signed(BODY)) == 200
    assert caplog.messages == []


async def _sent_raw(door: Office, header: str, body: bytes, *, waits: bool = True) -> int | None:
    """The status of a request that no HTTP library would make; None for a sender who goes away at once."""
    url = urlsplit(door.url)
    reader, writer = await asyncio.open_connection(url.hostname, url.port)
    with closing(writer):
        writer.write(f"POST {url.path} HTTP/1.1\r\nHost: {url.netloc}\r\n{header}\r\n\r\n".encode() + body)
        await writer.drain()
        return int((await reader.readline()).split()[1]) if waits else None


async def test_slacks_look_at_the_certificate_and_its_challenge_are_answered(door: Office) -> None:
    assert await send(door, {}, "ssl_check=1&token=legacy") == 200
    challenge = '{"type": "url_verification", "challenge": "abc"}'
    assert await send(door, door.slack.deliveries.signed(challenge), challenge, "application/json") == 200
    assert door.ctx.commands == []
