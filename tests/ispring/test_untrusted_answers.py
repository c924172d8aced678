"""An iSpring that answers a gigabyte, packed or not, nests without end or sends us elsewhere: bounded, understood,
never followed."""

import tracemalloc
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from aiohttp import web

from bot.domain.errors import TrainingError, TrainingRefused, TrainingUnavailable, TrainingUnreadable
from bot.domain.model import SessionKey
from bot.ispring.client import Ispring
from bot.ispring.connection import Limits
from bot.ispring.dates import DateOrder
from tests.clock import FakeClock

pytestmark = pytest.mark.virtual_time

SECRET, TOKEN = "the-secret-of-the-key", "the-token-that-was-given-out"
MIB = 1 << 20
BRACKETS = 100_000
DEEP = "[" * BRACKETS + "]" * BRACKETS
DEEP_OBJECTS = '{"a":' * BRACKETS + "1" + "}" * BRACKETS


@dataclass
class Evil:
    """A server that gives out a token and then answers as it was told; it keeps what it was sent."""

    answer: Callable[[web.Request], Awaitable[web.StreamResponse]] | None = None
    token: Callable[[web.Request], Awaitable[web.StreamResponse]] | None = None
    asked: list[str] = field(default_factory=list)
    headers: list[str] = field(default_factory=list)
    url: str = ""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request.path)
        self.headers += request.headers.values()
        if request.path.endswith("/token"):
            if self.token is not None:
                return await self.token(request)
            return web.json_response({"access_token": TOKEN, "token_type": "Bearer", "expires_in": 1800})
        assert self.answer is not None
        return await self.answer(request)


@asynccontextmanager
async def serving(evil: Evil) -> AsyncIterator[Evil]:
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", evil.handle)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    evil.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield evil
    finally:
        await runner.cleanup()


@pytest.fixture
async def evil() -> AsyncIterator[Evil]:
    async with serving(Evil()) as one:
        yield one


@pytest.fixture
async def elsewhere() -> AsyncIterator[Evil]:
    async with serving(Evil(answer=lambda _: said("[]"))) as one:
        yield one


@pytest.fixture
async def ispring(evil: Evil, tmp_path: Path) -> AsyncIterator[Ispring]:
    async with AsyncExitStack() as opened:
        yield await opened.enter_async_context(
            Ispring(
                evil.url,
                "id",
                SECRET,
                zone=ZoneInfo("UTC"),
                date_order=DateOrder.DMY,
                spool_folder=tmp_path,
                clock=FakeClock(),
                jitter=lambda: 0.5,
                limits=Limits(connect=5, read=30, total=100, listing_size=48 * MIB, answer_size=8 * MIB),
            )
        )


async def said(text: str) -> web.StreamResponse:
    return web.Response(text=text, content_type="application/json")


async def a_gigabyte(request: web.Request) -> web.StreamResponse:
    """As much of one row as anybody takes, up to a gigabyte."""
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    await response.prepare(request)
    try:
        await response.write(b'[{"sessionId":"')
        for _ in range(1024):
            await response.write(b"x" * MIB)
    except ConnectionError:
        pass  # whoever asked has gone, as they should
    return response


async def listed(ispring: Ispring) -> list[tuple[str, str, bytes]]:
    async with ispring.list_sessions() as listing:
        return [row for piece in listing.slices() for row in piece.rows]


CALLS: dict[str, Callable[[Ispring], Awaitable[object]]] = {
    "sessions": listed,
    "details": lambda ispring: ispring.details([SessionKey("s1", "joe")]),
    "people": lambda ispring: ispring.people(),
    "departments": lambda ispring: ispring.departments(),
}


def leaks(text: str) -> bool:
    return SECRET in text or TOKEN in text


@contextmanager
def held_in_little_memory() -> Iterator[None]:
    tracemalloc.start()
    try:
        yield
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 40 * MIB, f"{peak / MIB:.0f} MiB"


@pytest.mark.promise("oversized_answer")
@pytest.mark.parametrize("what", CALLS)
async def test_a_gigabyte_is_read_to_a_limit_and_held_in_little_memory(ispring: Ispring, evil: Evil, what: str) -> None:
    evil.answer = a_gigabyte
    with held_in_little_memory(), pytest.raises(TrainingUnreadable, match="longer than"):
        await CALLS[what](ispring)


async def test_a_token_of_a_gigabyte_is_not_read(ispring: Ispring, evil: Evil) -> None:
    evil.token = a_gigabyte
    with pytest.raises(TrainingUnreadable, match="longer than"):
        await listed(ispring)


def squeezed(tokens: Iterable[bytes]) -> bytes:
    """As gzip leaves it."""
    squeezer = zlib.compressobj(9, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    return b"".join([*map(squeezer.compress, tokens), squeezer.flush()])


@cache
def bomb() -> bytes:
    return squeezed([b"[", *[b" " * MIB] * 256])


@cache
def bomb_in_a_bomb() -> bytes:
    return squeezed([bomb()])


def nothing() -> bytes:
    return b""


EMPTY = squeezed([b"[]"])


def packed(
    body: bytes | Callable[[], bytes], encoding: str, status: int = 200
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def answer(_: web.Request) -> web.StreamResponse:
        headers = {"Content-Type": "application/json", "Content-Encoding": encoding}
        return web.Response(body=body() if callable(body) else body, status=status, headers=headers)

    return answer


@pytest.mark.promise("oversized_answer")
@pytest.mark.parametrize("encoding", ["gzip", "x-gzip"])
@pytest.mark.parametrize("what", CALLS)
async def test_a_bomb_of_gzip_is_inflated_to_a_limit_and_held_in_little_memory(
    ispring: Ispring, evil: Evil, what: str, encoding: str
) -> None:
    evil.answer = packed(bomb, encoding)
    with held_in_little_memory(), pytest.raises(TrainingUnreadable, match="longer than"):
        await CALLS[what](ispring)


@pytest.mark.parametrize("encoding", ["gzip, gzip", "deflate", "br", "gzip, br", "nonsense"])
@pytest.mark.parametrize("what", CALLS)
async def test_nothing_but_one_gzip_is_unpacked(ispring: Ispring, evil: Evil, what: str, encoding: str) -> None:
    evil.answer = packed(bomb_in_a_bomb, encoding)
    with held_in_little_memory(), pytest.raises(TrainingUnreadable, match="compressed"):
        await CALLS[what](ispring)


@pytest.mark.parametrize(
    ("body", "encoding"),
    [(EMPTY, "gzip"), (EMPTY, "x-gzip"), (EMPTY, "X-GZIP"), (b"[]", "identity"), (b"[]", "utf-8"), (b"[]", "binary"),
     (b"[]", "none"), (b"[]", ""), (b"[]", "UTF-8"), (b"[]", "Binary"), (b"[]", "NONE"), (b"[]", "identity, utf-8"),
     (b"[]", '"utf8"'), (EMPTY, "gzip, identity"), (EMPTY, "none,GZIP"), (EMPTY, "utf-8, x-gzip,")],
)  # fmt: skip
async def test_every_spelling_of_gzip_and_of_no_compression_is_read(
    ispring: Ispring, evil: Evil, body: bytes, encoding: str
) -> None:
    evil.answer = packed(body, encoding)
    assert await listed(ispring) == []


@pytest.mark.parametrize("what", CALLS)
async def test_a_byte_order_mark_is_overlooked_in_every_answer(ispring: Ispring, evil: Evil, what: str) -> None:
    evil.token = lambda _: said(f'\ufeff{{"access_token":"{TOKEN}"}}')
    evil.answer = lambda _: said("[]")
    without = await CALLS[what](ispring)
    evil.answer = lambda _: said("\ufeff[]")
    assert await CALLS[what](ispring) == without


async def test_a_byte_order_mark_before_an_error_is_overlooked(ispring: Ispring, evil: Evil) -> None:
    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(text='\ufeff{"message":"no such right"}', status=403, content_type="application/json")

    evil.answer = answer
    with pytest.raises(TrainingRefused) as failed:
        await listed(ispring)
    assert failed.value.said == "no such right"


@pytest.mark.parametrize(("body", "encoding"), [(bomb, "gzip"), (bomb_in_a_bomb, "gzip, gzip"), (bomb, "x-gzip")])
async def test_a_packed_token_is_read_to_a_limit(
    ispring: Ispring, evil: Evil, body: Callable[[], bytes], encoding: str
) -> None:
    evil.token = packed(body, encoding)
    with held_in_little_memory(), pytest.raises(TrainingUnreadable, match=r"longer than|compressed"):
        await listed(ispring)


@pytest.mark.parametrize(("body", "encoding"), [(bomb, "gzip"), (bomb_in_a_bomb, "gzip, gzip"), (nothing, "br")])
@pytest.mark.parametrize("what", CALLS)
async def test_a_packed_error_means_what_its_status_says(
    ispring: Ispring, evil: Evil, what: str, body: Callable[[], bytes], encoding: str
) -> None:
    evil.answer = packed(body, encoding, status=503)
    with held_in_little_memory(), pytest.raises(TrainingUnavailable, match="503"):
        await CALLS[what](ispring)


@pytest.mark.parametrize(
    ("body", "word"),
    [
        (EMPTY[:-9], "cut off"),
        (EMPTY[:5], "cut off"),
        (EMPTY + b"more", "compressed"),
        (EMPTY + EMPTY, "compressed"),
        (EMPTY[:-8] + bytes(8), "compressed"),
        (b"[]", "compressed"),
        (b"", "empty"),
    ],
)
async def test_a_packed_answer_that_is_not_whole_is_named_for_what_it_is(
    ispring: Ispring, evil: Evil, body: bytes, word: str
) -> None:
    evil.answer = packed(body, "gzip")
    with pytest.raises(TrainingUnreadable, match=word):
        await listed(ispring)


async def test_a_long_packed_answer_is_read_whole(ispring: Ispring, evil: Evil) -> None:
    row = '{"sessionId":"s%d","employeeId":"joe","checklistId":"c","sessionStatus":"PASSED"}'
    evil.answer = packed(squeezed([f"[{','.join(row % number for number in range(100_000))}]".encode()]), "gzip")
    assert [session for session, _, _ in await listed(ispring)] == [f"s{number}" for number in range(100_000)]


@pytest.mark.promise("oversized_answer")
@pytest.mark.parametrize("what", CALLS)
@pytest.mark.parametrize(
    "text",
    [
        DEEP,
        DEEP_OBJECTS,
        "[" * BRACKETS,
        '{"response":' * BRACKETS,
        f'[{{"sessionId":"s1","employeeId":"joe","userId":"u","departmentId":"d","more":{DEEP}}}]',
        f'[{{"sessionId":{DEEP},"employeeId":{DEEP},"userId":{DEEP},"departmentId":{DEEP}}}]',
        f'{{"userProfiles":{DEEP},"departments":{DEEP}}}',
    ],
)
async def test_an_answer_nested_without_end_breaks_nothing(ispring: Ispring, evil: Evil, what: str, text: str) -> None:
    evil.answer = lambda _: said(text)
    try:
        await CALLS[what](ispring)
    except TrainingError as error:
        assert not leaks(str(error))


async def test_a_token_nested_without_end_is_named_for_what_it_is(ispring: Ispring, evil: Evil) -> None:
    evil.token = lambda _: said(f'{{"access_token":{DEEP}}}')
    with pytest.raises(TrainingError) as failed:
        await listed(ispring)
    assert not leaks(str(failed.value))


@pytest.mark.promise("broken_characters")
@pytest.mark.parametrize("what", CALLS)
@pytest.mark.parametrize(
    "body",
    [
        b"\xff",
        b'"\xff"',
        b'[{"\xff":1}]',
        b'{"\xff":1}',
        b'{"response":"\xff"}',
        b'{"userProfiles":[],"departments":[],"nextPageToken":"\xff"}',
        b'[{"sessionId":"\xff","employeeId":"\xff","userId":"\xff","departmentId":"\xff","name":"\xff","fields":"\xff"}]',
        rb'[{"sessionId":"\ud83d","employeeId":"\ud83d","userId":"\ud83d","departmentId":"\ud83d","fields":{"\ud83d":1}}]',
    ],
)
@pytest.mark.parametrize("status", [200, 400, 500])
async def test_bytes_that_are_no_characters_break_nothing(
    ispring: Ispring, evil: Evil, what: str, body: bytes, status: int
) -> None:
    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(body=body, status=status, content_type="application/json")

    evil.answer = answer
    try:
        await CALLS[what](ispring)
    except TrainingError as error:
        assert not leaks(str(error))


@pytest.mark.parametrize(
    "body", [b'{"access_token":"\xff"}', b"\xff", rb'{"access_token":"\ud83d"}', rb'{"access_token":"\u00e9"}']
)
async def test_a_token_of_no_characters_is_named_for_what_it_is(ispring: Ispring, evil: Evil, body: bytes) -> None:
    async def token(_: web.Request) -> web.StreamResponse:
        return web.Response(body=body, content_type="application/json")

    evil.token = token
    with pytest.raises(TrainingUnreadable, match="a token"):
        await listed(ispring)


@pytest.mark.promise("oversized_answer")
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("what", CALLS)
async def test_a_redirect_to_another_host_is_never_followed(
    ispring: Ispring, evil: Evil, elsewhere: Evil, what: str, status: int
) -> None:
    async def outage(request: web.Request) -> web.StreamResponse:
        return web.Response(status=status, headers={"Location": f"{elsewhere.url}{request.path}"})

    evil.answer = outage
    with pytest.raises(TrainingRefused, match="ISPRING_API_URL"):
        await CALLS[what](ispring)
    evil.token = outage
    assert elsewhere.asked == []


async def test_the_secret_does_not_travel_with_a_redirected_token_call(
    ispring: Ispring, evil: Evil, elsewhere: Evil
) -> None:
    async def outage(request: web.Request) -> web.StreamResponse:
        return web.Response(status=307, headers={"Location": f"{elsewhere.url}{request.path}"})

    evil.token = outage
    with pytest.raises(TrainingRefused) as failed:
        await listed(ispring)
    assert elsewhere.asked == [] and not leaks(str(failed.value))
