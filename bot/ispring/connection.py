"""Sends the requests of one API key: tokens, quick retries, time limits and size limits.

Every call only reads, also the POST calls of job training, so each can be repeated safely. A failed call is repeated
up to two times within seconds; the caller handles longer failures. A redirect is never followed, because the other
host would receive the token.
"""

import asyncio
import hashlib
import io
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import httpx

from bot.config import DIRECT, Network
from bot.domain.errors import TrainingError, TrainingUnavailable, TrainingUnreadable
from bot.domain.ports import Clock
from bot.ispring.body import AccessToken, is_web_page, page_of, unreadable
from bot.ispring.statuses import TokenRefused, error_for, key_refused, web_page
from bot.ispring.tolerant import UNREADABLE, LeftOut, read_row

TOKEN_PATH = "/api/v3/token"  # noqa: S105 - a path, not a token
TOKEN_REQUEST = "a token"  # noqa: S105 - the name of the call in messages
RENEWED_BEFORE = 60.0  # seconds before a token expires
REPEATS = 2
BACK_OFF = 1.0  # seconds, doubled for the second repeat, times 0.5 to 1.5
LONGEST_QUICK_WAIT = 10.0  # seconds; a call fails at once if Retry-After is longer
LONGEST_HOLD = 3600.0  # seconds; a longer Retry-After is cut to this
BATCH = 2 << 20  # bytes written by one call of the thread
ERROR_SIZE = 64 << 10  # bytes of the body of an error or a token that are read

ACCEPTED = "gzip"
# What servers write into Content-Encoding for none: charsets and transfer encodings among it.
PLAIN = frozenset(
    {"", "identity", "none", "null", "plain", "text", "utf-8", "utf8", "us-ascii", "ascii", "binary", "7bit", "8bit"}
)
GZIPPED = frozenset({"gzip", "x-gzip"})
GZIP = 16 + zlib.MAX_WBITS  # tells zlib to expect the header and checksum of gzip
GZIP_PIECE = 8 << 10  # bytes; they become 8 MiB at most, for gzip packs 1,000 bytes into one at best


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of one call: times in seconds, sizes in bytes.

    `read` limits each wait for more bytes. `total` limits the call with its repeats and its whole body, because a slow
    body may never exceed `read`.
    """

    connect: float = 10.0
    read: float = 60.0
    total: float = 300.0
    listing_size: int = 2 << 30
    answer_size: int = 64 << 20


@dataclass(frozen=True, slots=True)
class Call:
    """One request; `what` is its name in messages."""

    method: str
    path: str
    what: str
    json: object = None
    params: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Received:
    """The size of a body in bytes, its sha256, and how many bytes came over the network, compressed or not."""

    size: int
    digest: bytes
    wire_size: int = 0


class Connection:
    """An HTTP client for one API key. Every method raises a subclass of TrainingError and nothing else."""

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
        spool_folder: Path,
        network: Network = DIRECT,
    ) -> None:
        self._base_url = base_url.rstrip("/")
        self._form = {"client_id": client_id, "client_secret": client_secret, "grant_type": "client_credentials"}
        self._clock = clock
        self._jitter = jitter
        self._limits = limits
        self._spool_folder = spool_folder
        self._token = ""
        self._token_until = 0.0
        self._token_lock = asyncio.Lock()
        self._retry_not_before: dict[str, float] = {}  # monotonic, by path: a Retry-After holds for its endpoint
        self._http = httpx.AsyncClient(
            trust_env=False,  # `network` has read it, for Slack's half alike
            proxy=network.proxy_for(base_url),
            verify=network.certificates or True,
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
        """Returns a body of at most `answer_size` bytes."""
        body, _ = await self.measured_answer(call)
        return body

    async def measured_answer(self, call: Call) -> tuple[bytes, Received]:
        """Returns a body of at most `answer_size` bytes, and its sizes."""
        body = io.BytesIO()
        received = await self.fetch(call, body, self._limits.answer_size)
        return body.getvalue(), received

    async def fetch(self, call: Call, into: IO[bytes], largest: int | None = None) -> Received:
        """Replaces the content of a file with a body of at most `largest` bytes (default: `listing_size`)."""
        largest = self._limits.listing_size if largest is None else largest
        return await self._repeated(call, lambda: self._with_token(call, into, largest))

    async def _with_token(self, call: Call, into: IO[bytes], largest: int) -> Received:
        token = await self._valid_token(stale="")
        try:
            return await self._once(call, into, largest, token)
        except TokenRefused:
            # The token may have been revoked or have expired early: the call is repeated once with a new one.
            token = await self._valid_token(stale=token)
            return await self._once(call, into, largest, token)

    async def _once(self, call: Call, into: IO[bytes], largest: int, token: str) -> Received:
        request = self._http.build_request(
            call.method,
            self._base_url + call.path,
            json=call.json,
            params=call.params,
            headers={"Authorization": f"Bearer {token}"},
        )
        response = await self._http.send(request, stream=True)
        try:
            if not response.is_success:
                body = await beginning(response, call.what, ERROR_SIZE)
                raise self._error_of(response, body, call.path, call.what)
            received = await spool(body_of(response, call.what), into, largest, call.what, self._spool_folder)
            return replace(received, wire_size=response.num_bytes_downloaded)
        finally:
            await response.aclose()

    def _error_of(self, response: httpx.Response, body: bytes, path: str, what: str) -> TrainingError:
        """Returns the error of a refused request; its Retry-After holds for its path alone."""
        error = error_for(response.status_code, response.headers, body, what, self._clock.now())
        if isinstance(error, TrainingUnavailable) and error.retry_after is not None:
            self._retry_not_before[path] = self._clock.monotonic() + min(error.retry_after, LONGEST_HOLD)
        return error

    def _has_token(self, stale: str = "") -> bool:
        return self._token not in ("", stale) and self._clock.monotonic() < self._token_until

    async def _valid_token(self, stale: str) -> str:
        """Returns a token other than `stale`. Concurrent calls wait for one new token together."""
        async with self._token_lock:
            if not self._has_token(stale):
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
                raise self._error_of(response, b"", TOKEN_PATH, TOKEN_REQUEST)
            await spool(body_of(response, TOKEN_REQUEST), body, ERROR_SIZE, TOKEN_REQUEST, self._spool_folder)
        finally:
            await response.aclose()
        answer = body.getvalue()
        if is_web_page(answer):
            raise web_page(TOKEN_REQUEST)  # the address belongs to another server; a retry does not help
        found = page_of(answer, TOKEN_REQUEST).items
        try:
            token = read_row(AccessToken, bytes(found[0]) if len(found) == 1 else b"[]", LeftOut())
        except UNREADABLE as error:
            raise unreadable(answer, TOKEN_REQUEST, error) from None
        self._token = token.access_token
        self._token_until = requested_at + max(token.lifetime - RENEWED_BEFORE, token.lifetime / 2)

    async def _repeated(self, call: Call, once: Callable[[], Awaitable[Received]]) -> Received:
        what = call.what
        try:
            async with asyncio.timeout(self._limits.total):
                await self._wait_for_retry_after(call)
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

    async def _wait_for_retry_after(self, call: Call) -> None:
        """Waits until the call's endpoint may be asked; raises TrainingUnavailable if that is too far away.

        A Retry-After holds for the endpoint that gave it. That of the token call holds for all calls that need a new
        token.
        """
        paths = (call.path,) if self._has_token() else (call.path, TOKEN_PATH)
        left = max(self._retry_not_before.get(path, 0.0) for path in paths) - self._clock.monotonic()
        if left > LONGEST_QUICK_WAIT:
            raise TrainingUnavailable(
                f"iSpring asked for another {left:.0f} seconds of silence, so {call.what} was not asked for. "
                "Spotter tries again by itself.",
                left,
            )
        if left > 0:
            await self._clock.sleep(left)

    async def _translated(self, what: str, once: Callable[[], Awaitable[Received]]) -> Received:
        try:
            return await once()
        except httpx.TransportError as error:
            # Only the error's class is named, because its text may contain a proxy's address with credentials.
            raise TrainingUnavailable(
                f"iSpring did not answer {what} ({type(error).__name__}). Spotter tries again by itself."
            ) from None


async def spool(chunks: AsyncIterator[bytes], into: IO[bytes], largest: int, what: str, folder: Path) -> Received:
    """Writes a body into a file of `folder` and returns its size and hash; writes in a thread, BATCH bytes at a time.

    Raises TrainingUnreadable once the body has more than `largest` bytes, and TrainingUnavailable if the disk is full.
    """
    hashed = hashlib.sha256()
    size = filled = 0
    batch = bytearray(BATCH)  # one for the whole body: the memory of pieces kept and freed cost a quarter of a poll

    def write() -> None:
        with memoryview(batch)[:filled] as whole:
            hashed.update(whole)
            into.write(whole)

    try:
        into.seek(0)  # writes what an attempt before could not
        into.truncate()
        async for chunk in chunks:
            size += len(chunk)
            if size > largest:
                raise TrainingUnreadable(f"iSpring's answer to {what} is longer than {largest} bytes: nothing is read.")
            if filled and filled + len(chunk) > BATCH:
                await asyncio.to_thread(write)
                filled = 0
            batch[filled : filled + len(chunk)] = chunk
            filled += len(chunk)
        write()
        into.flush()
    except OSError as error:
        raise TrainingUnavailable(
            f"{what.capitalize()} can't be written in {folder} ({error.strerror}): make room there."
        ) from None
    return Received(size, hashed.digest())


async def beginning(response: httpx.Response, what: str, size: int) -> bytes:
    """Returns the first `size` bytes of an error's body; b"" if it can't be decompressed, for the status is enough."""
    body = b""
    try:
        async for chunk in body_of(response, what):
            body += chunk
            if len(body) >= size:
                break
    except TrainingUnreadable:
        return b""
    return body[:size]


def body_of(response: httpx.Response, what: str) -> AsyncIterator[bytes]:
    """Returns the bytes of a body, decompressed; none of them is read yet. `what` names the call in messages.

    Raises TrainingUnreadable if the body is compressed in another way than gzip or ends too early. httpx's own
    `aiter_bytes` does not know x-gzip, accepts a truncated body, and makes up to 64 MiB of one 64 KiB read before the
    caller can count them.
    """
    named = response.headers.get("Content-Encoding", "").split(",")
    encodings = [one for name in named if (one := name.strip(" \t\"'").lower()) not in PLAIN]
    if not encodings:
        return response.aiter_raw()
    if len(encodings) > 1 or encodings[0] not in GZIPPED:
        raise _not_gzip(what)
    return _decompressed(response, what)


async def _decompressed(response: httpx.Response, what: str) -> AsyncIterator[bytes]:
    inflater = zlib.decompressobj(GZIP)
    is_empty = True
    try:
        async for chunk in response.aiter_raw(GZIP_PIECE):
            is_empty = False
            yield inflater.decompress(chunk)
            if inflater.unused_data:
                raise _not_gzip(what)  # more bytes follow the end of the gzip stream
    except zlib.error:
        raise _not_gzip(what) from None
    if not inflater.eof and not is_empty:
        raise TrainingUnreadable(f"iSpring's answer to {what} ends in the middle: it was cut off on its way.")


def _not_gzip(what: str) -> TrainingUnreadable:
    return TrainingUnreadable(f"iSpring's answer to {what} is compressed in a way that can't be read.")
