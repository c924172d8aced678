"""One key's way to iSpring: the token, quick repeats, deadlines and sizes, for answers of any length.

Every call is safe to repeat (the job-training calls only read although they POST), so a hiccup is met with up to two
quick repeats; what lasts longer is the caller's to wait out. A redirect is never followed: the token would travel.
"""

import asyncio
import hashlib
import io
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from types import TracebackType
from typing import IO, Self

import httpcore
import httpx
import msgspec

from bot.domain.errors import TrainingUnavailable, TrainingUnreadable
from bot.domain.ports import Clock
from bot.ispring.compression import ACCEPTED, plain
from bot.ispring.statuses import TokenRefused, error_for, key_refused, web_page
from bot.ispring.wire import UNREADABLE, Token, is_web_page, unreadable

TOKEN_PATH = "/api/v3/token"  # noqa: S105 - where tokens come from, not one
TOKEN_REQUEST = "a token"  # noqa: S105 - what the call is called in messages
RENEWED_BEFORE = 60.0  # seconds before a token ends
REPEATS = 2
BACK_OFF = 1.0  # seconds, doubled for the second repeat, times 0.5 to 1.5
LONGEST_QUICK_WAIT = 10.0  # seconds; a longer Retry-After is not waited out in a call: until then none is made
LONGEST_HOLD = 3600.0  # seconds; no Retry-After keeps us silent for longer
BATCH = 4 << 20  # bytes handed to the writing thread at a time
ERROR_SIZE = 64 << 10

SOCKET_PIECE = 256 << 10  # bytes; as much as asyncio takes from a socket at once


@dataclass(frozen=True, slots=True)
class Limits:
    """How long and how large an answer may be: seconds, and bytes.

    `total` covers one call with its repeats, the whole body included: a body may drip for ever within `read`.
    """

    connect: float = 10.0
    read: float = 60.0
    total: float = 300.0
    listing_size: int = 2 << 30
    answer_size: int = 64 << 20


@dataclass(frozen=True, slots=True)
class Call:
    """One request; `place` is what it is called in messages."""

    method: str
    path: str
    what: str
    json: object = None
    params: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Received:
    """What a body was: its size in bytes and its sha256."""

    size: int
    digest: bytes


class Connection:
    """An open way to iSpring for one API key. Raises TrainingError's branches and nothing else."""

    def __init__(
        self,
        base_url: str,
        client_id: str,
        client_secret: str,
        *,
        account_url: str,
        clock: Clock,
        jitter: Callable[[], float],
        limits: Limits,
    ) -> None:
        self._base_url = base_url.rstrip("/")
        self._form = {"client_id": client_id, "client_secret": client_secret, "grant_type": "client_credentials"}
        self._clock = clock
        self._jitter = jitter
        self._limits = limits
        self._token = ""
        self._token_until = 0.0
        self._token_lock = asyncio.Lock()
        self._retry_not_before = 0.0  # monotonic: iSpring asked for silence until then
        read_in_large_chunks()
        # The environment's proxies are trusted: a company's proxy is a legitimate way out.
        self._http = httpx.AsyncClient(
            follow_redirects=False,
            timeout=httpx.Timeout(limits.read, connect=limits.connect),
            headers={"Accept": "application/json", "Accept-Encoding": ACCEPTED}
            | ({"X-Auth-Account-Url": account_url} if account_url else {}),
        )
        self._open = AsyncExitStack()

    async def __aenter__(self) -> Self:
        await self._open.enter_async_context(self._http)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._open.aclose()

    async def answer(self, call: Call) -> bytes:
        """A body small enough to hold."""
        body = io.BytesIO()
        await self.fetch(call, body, self._limits.answer_size)
        return body.getvalue()

    async def fetch(self, call: Call, into: IO[bytes], largest: int | None = None) -> Received:
        """Writes a body of any length into a file, whose earlier content is lost."""
        largest = self._limits.listing_size if largest is None else largest
        return await self._repeated(call.what, lambda: self._with_token(call, into, largest))

    async def _with_token(self, call: Call, into: IO[bytes], largest: int) -> Received:
        token = await self._valid_token(stale="")
        try:
            return await self._once(call, into, largest, token)
        except TokenRefused:
            # It may have been revoked or have ended early: one new one, one repeat.
            token = await self._valid_token(stale=token)
            return await self._once(call, into, largest, token)

    async def _once(self, call: Call, into: IO[bytes], largest: int, token: str) -> Received:
        # httpx writes JSON without spaces; what is sent is small.
        request = self._http.build_request(
            call.method,
            self._base_url + call.path,
            json=call.json,
            params=call.params,
            headers={"Authorization": f"Bearer {token}"},
        )
        return await self._send(request, call.what, into, largest)

    async def _send(self, request: httpx.Request, what: str, into: IO[bytes], largest: int) -> Received:
        response = await self._http.send(request, stream=True)
        try:
            if not response.is_success:
                body = await beginning(response, what, ERROR_SIZE)
                raise error_for(response.status_code, response.headers, body, what, self._clock.now())
            return await spool(plain(response, what), into, largest, what)
        finally:
            await response.aclose()

    async def _valid_token(self, stale: str) -> str:
        """A token that is not `stale`; whoever comes while one is fetched waits for that one."""
        async with self._token_lock:
            if not self._token or self._token == stale or self._clock.monotonic() >= self._token_until:
                await self._new_token()
            return self._token

    async def _new_token(self) -> None:
        body = io.BytesIO()
        request = self._http.build_request("POST", self._base_url + TOKEN_PATH, data=self._form)
        requested_at = self._clock.monotonic()
        response = await self._http.send(request, stream=True)
        try:
            if response.status_code in (400, 401, 403):
                raise key_refused(response.status_code)
            if not response.is_success:
                raise error_for(response.status_code, response.headers, b"", TOKEN_REQUEST, self._clock.now())
            await spool(plain(response, TOKEN_REQUEST), body, ERROR_SIZE, TOKEN_REQUEST)
        finally:
            await response.aclose()
        try:
            token = msgspec.json.decode(body.getvalue(), type=Token, strict=False)
        except UNREADABLE as error:
            if is_web_page(body.getvalue()):
                # No hiccup makes a page of another server: until the address is corrected nothing will be read.
                raise web_page(TOKEN_REQUEST) from None
            raise unreadable(body.getvalue(), TOKEN_REQUEST, error) from None
        self._token = token.access_token
        self._token_until = requested_at + max(token.expires_in - RENEWED_BEFORE, token.expires_in / 2)

    async def _repeated(self, what: str, once: Callable[[], Awaitable[Received]]) -> Received:
        try:
            async with asyncio.timeout(self._limits.total):
                await self._wait_for_retry_after(what)
                for repeat in range(REPEATS):
                    try:
                        return await self._translated(what, once)
                    except TrainingUnavailable as error:
                        wait = BACK_OFF * 2**repeat * (0.5 + self._jitter())
                        if error.retry_after is not None:
                            wait = error.retry_after
                        if wait > LONGEST_QUICK_WAIT:
                            raise
                    await self._clock.sleep(wait)
                return await self._translated(what, once)
        except TimeoutError:
            raise TrainingUnavailable(
                f"iSpring's answer to {what} was not complete after {self._limits.total:g} seconds. "
                "Spotter tries again by itself."
            ) from None

    async def _wait_for_retry_after(self, what: str) -> None:
        """A time that iSpring named holds for every call, whichever of them it was named to."""
        left = self._retry_not_before - self._clock.monotonic()
        if left > LONGEST_QUICK_WAIT:
            raise TrainingUnavailable(
                f"iSpring asked for another {left:.0f} seconds of silence, so {what} was not asked for. "
                "Spotter tries again by itself.",
                left,
            )
        if left > 0:
            await self._clock.sleep(left)

    async def _translated(self, what: str, once: Callable[[], Awaitable[Received]]) -> Received:
        try:
            return await once()
        except TrainingUnavailable as error:
            if error.retry_after is not None:
                self._retry_not_before = self._clock.monotonic() + min(error.retry_after, LONGEST_HOLD)
            raise
        except httpx.TransportError as error:
            # Only the kind of error: its text may quote an address with credentials of a proxy.
            raise TrainingUnavailable(
                f"iSpring did not answer {what} ({type(error).__name__}). Spotter tries again by itself."
            ) from None


def read_in_large_chunks() -> None:
    """Has every HTTP connection of this process take `SOCKET_PIECE` bytes at once.

    In httpcore's own pieces of 64 KiB, what asyncio reads would be cut up and a turn of the event loop spent on every
    piece: a third of what it costs to spool a listing. Neither httpx nor httpcore has a setting for it.
    """
    httpcore.AsyncHTTP11Connection.READ_NUM_BYTES = SOCKET_PIECE


async def spool(chunks: AsyncIterator[bytes], into: IO[bytes], largest: int, what: str) -> Received:
    """Writes and hashes a body, the long ones in batches off the event loop."""
    into.seek(0)
    into.truncate()
    hashed = hashlib.sha256()
    size = waiting = 0
    batch: list[bytes] = []

    def write() -> None:
        for chunk in batch:
            hashed.update(chunk)
            into.write(chunk)

    try:
        async for chunk in chunks:
            batch.append(chunk)
            size += len(chunk)
            waiting += len(chunk)
            if size > largest:
                raise TrainingUnreadable(f"iSpring's answer to {what} is longer than {largest} bytes: nothing is read.")
            if waiting >= BATCH:
                await asyncio.to_thread(write)
                batch.clear()
                waiting = 0
        write()
        into.flush()
    except OSError as error:
        raise TrainingUnavailable(
            f"{what.capitalize()} can't be written beside the database ({error.strerror}): make room there."
        ) from None
    return Received(size, hashed.digest())


async def beginning(response: httpx.Response, what: str, size: int) -> bytes:
    """The first bytes of an error's body; none where they can't be read, for the status says what matters."""
    body = b""
    try:
        async for chunk in plain(response, what):
            body += chunk
            if len(body) >= size:
                break
    except TrainingUnreadable:
        return b""
    return body[:size]
