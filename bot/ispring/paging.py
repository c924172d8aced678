"""Lists that take several requests: rows of some sessions, asked for in batches, and what iSpring sends in pages."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import TypeVar

import structlog

from bot.domain.errors import BadRequest, TrainingRefused, TrainingUnavailable, TrainingUnreadable
from bot.domain.ports import Clock, Part
from bot.ispring.body import ItemPage, page_of
from bot.ispring.connection import LONGEST_HOLD, Call, Connection
from bot.ispring.parts import Parts
from bot.ispring.statuses import KeyRefused
from bot.ispring.tolerant import LeftOut, read_rows

MOST_PAGES = 1000
MOST_ITEMS = 1_000_000  # people or departments; unlike sessions, they are kept in memory
PAGE_SIZE = 1000  # the vendor's default
MOST_REQUESTS = 20  # for one batch of ids; what is left is asked for later
WAITS_FOR_A_PAGE = 20  # that iSpring may ask for before one page: a directory is read to its end, however long it takes

T = TypeVar("T")

log = structlog.get_logger(__name__)


class ListReader:
    """Reads whole lists over a connection, and keeps how each part was answered."""

    def __init__(self, connection: Connection, parts: Parts, clock: Clock) -> None:
        self._connection = connection
        self._parts = parts
        self._clock = clock

    async def by_ids(
        self,
        part: Part,
        path: str,
        what: str,
        session_ids: Sequence[str],
        read: Callable[[bytes, LeftOut], T],
    ) -> list[T]:
        """Returns the rows of some sessions. iSpring refuses the whole batch because of one id that it does not accept;
        then the batch is halved until that id is alone, and the id is skipped.

        The largest batches go first, so that a part that refuses everything is found out with few requests.
        """
        found: list[T] = []
        batches = deque([list(session_ids)])
        for _ in range(MOST_REQUESTS):
            if not batches:
                break
            batch = batches.popleft()
            try:
                body = await self._connection.answer(Call("POST", path, what, json={"sessionIds": batch}))
            except BadRequest as error:
                self._parts.refused_batch(part, error)
                if len(batch) == 1:
                    log.warning("session_id.rejected", what=what, session=batch[0])
                else:
                    middle = len(batch) // 2
                    batches += [batch[:middle], batch[middle:]]
                continue
            rows, left_out, _ = await self.page(body, what, "", read)
            self._parts.answered(part)
            self._parts.note_left_out(part, left_out, is_whole=False)
            found += rows
        return found

    async def paged(
        self, part: Part, path: str, what: str, list_name: str, read: Callable[[bytes, LeftOut], T]
    ) -> list[T]:
        """Returns all entries of a list, page by page. Raises TrainingUnreadable if it has no end."""
        found: list[T] = []
        left_out = LeftOut()
        seen: set[str] = set()
        params = {"pageSize": str(PAGE_SIZE)}
        for _ in range(MOST_PAGES):
            body = await self._page_body(Call("GET", path, what, params=params))
            items, odd, token = await self.page(body, what, list_name, read)
            found += items
            left_out.add(odd)
            if len(found) > MOST_ITEMS:
                raise TrainingUnreadable(f"iSpring's answer to {what} has more than {MOST_ITEMS} entries.")
            if token is None:
                self.finished(part, left_out)
                return found
            if token in seen:
                raise TrainingUnreadable(f"iSpring's answer to {what} repeats a page without end.")
            seen.add(token)
            params["pageToken"] = token
        raise TrainingUnreadable(f"iSpring's answer to {what} has more than {MOST_PAGES} pages.")

    async def _page_body(self, call: Call) -> bytes:
        """Returns one page. A Retry-After is waited out, because what was read so far would be lost."""
        for _ in range(WAITS_FOR_A_PAGE):
            try:
                return await self._connection.answer(call)
            except TrainingUnavailable as error:
                if error.retry_after is None or "pageToken" not in (call.params or {}):
                    raise
                await self._clock.sleep(min(error.retry_after, LONGEST_HOLD))
            except TrainingRefused as error:
                if isinstance(error, KeyRefused) or "pageToken" not in (call.params or {}):
                    raise
                raise TrainingUnavailable(
                    f"iSpring's answer to {call.what} changed while it was read. Spotter tries again by itself.",
                    said=error.said,
                ) from None
        return await self._connection.answer(call)

    async def page(
        self, body: bytes, what: str, list_name: str, read: Callable[[bytes, LeftOut], T]
    ) -> tuple[list[T], LeftOut, str | None]:
        """Returns the items of a page, what was left out of it, and the token of the next page; decodes in a thread.
        Raises TrainingUnreadable if no item can be decoded."""

        def decode() -> tuple[ItemPage, list[T], LeftOut]:
            page = page_of(body, what, list_name)
            return page, *read_rows(page.items, read)

        page, items, left_out = await asyncio.to_thread(decode)
        if left_out.rows and not items:
            raise TrainingUnreadable(f"Not one row of {what} could be understood; {left_out.first}.")
        if left_out.first:
            log.warning("rows.rejected", what=what, rows=left_out.rows, parts=left_out.parts, first=left_out.first)
        return items, left_out, page.next_token

    def finished(self, part: Part, left_out: LeftOut) -> None:
        """Keeps that a part was read as a whole."""
        self._parts.answered(part)
        self._parts.note_left_out(part, left_out, is_whole=True)
