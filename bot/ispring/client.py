"""iSpring Learn as `core.ports.Training`: one key, one region, read-only."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import tzinfo
from itertools import chain
from pathlib import Path
from types import TracebackType
from typing import IO, Self, TypeVar

import msgspec
import structlog

from bot.domain.errors import TrainingError, TrainingUnavailable, TrainingUnreadable
from bot.domain.model import AreaResult, CriterionResult, Department, Details, Person, SessionKey
from bot.domain.ports import Clock
from bot.ispring.connection import Call, Connection, Limits
from bot.ispring.dates import DateOrder, Dates
from bot.ispring.listing import WHAT, SpooledListing
from bot.ispring.statuses import BadRequest
from bot.ispring.wire import AreaRow, ChecklistRow, CriterionRow, DepartmentRow, Page, PersonRow, decoded, page_of

LISTING_PATH = "/job-training/sessions/result/list"
CHECKLISTS_PATH = "/job-training/checklist/sessions/list"
CRITERIA_PATH = "/job-training/completed-session/criterion/result/list"
AREAS_PATH = "/job-training/completed-session/criterion-group/result/list"
IDS_AT_ONCE = 50  # a size public clients use; the vendor documents no limit
MOST_PAGES = 1000
MOST_ITEMS = 1_000_000  # people or departments: held in memory, unlike sessions
PAGE_SIZE = 1000  # the vendor's default

T = TypeVar("T")

_CHECKLIST = msgspec.json.Decoder(ChecklistRow, strict=False)
_CRITERION = msgspec.json.Decoder(CriterionRow, strict=False)
_AREA = msgspec.json.Decoder(AreaRow, strict=False)
_PERSON = msgspec.json.Decoder(PersonRow, strict=False)
_DEPARTMENT = msgspec.json.Decoder(DepartmentRow, strict=False)

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class NamedSessions:
    """The ids that some checklists name, decoded each time they are gone through."""

    checklists: Sequence[ChecklistRow]

    def __iter__(self) -> Iterator[str]:
        return chain.from_iterable(checklist.ids() for checklist in self.checklists)


class Ispring:
    """Reads iSpring Learn; open it with `async with`. Use one at a time per key: whether tokens revoke each other is
    not documented."""

    def __init__(
        self,
        base_url: str,
        client_id: str,
        client_secret: str,
        *,
        zone: tzinfo,
        date_order: DateOrder,
        spool_folder: Path,
        clock: Clock,
        jitter: Callable[[], float],
        account_url: str = "",
        limits: Limits | None = None,
        failed: Callable[[TrainingError], None] | None = None,
    ) -> None:
        """Dates are read in `zone` and `date_order`; listings are spooled to `spool_folder`, beside the database.

        `jitter` answers numbers from 0 to 1; `account_url` is also sent as X-Auth-Account-Url where given. `failed` is
        called with each error that a method raises, an unreadable listing included.
        """
        self._failed = failed
        self._connection = Connection(
            base_url,
            client_id,
            client_secret,
            account_url=account_url,
            clock=clock,
            jitter=jitter,
            limits=limits or Limits(),
        )
        self._zone = zone
        self._date_order = date_order
        self._spool_folder = spool_folder
        self._clock = clock

    async def __aenter__(self) -> Self:
        await self._connection.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._connection.__aexit__(kind, error, trace)

    @asynccontextmanager
    async def list_sessions(self) -> AsyncIterator[SpooledListing]:
        """Every session iSpring has, as one answer: there is no paging and no "changed since"."""
        requested_at = self._clock.now()
        with self._reported():
            spool = await asyncio.to_thread(self._new_spool)
            try:
                received = await self._connection.fetch(Call("POST", LISTING_PATH, WHAT, json={}), spool)
                dates = Dates(self._zone, self._date_order)
                yield SpooledListing(spool, received.digest, received.size, requested_at, dates)
            finally:
                # Freeing the pages of a long one takes a while.
                await asyncio.to_thread(spool.close)

    async def named_sessions(self) -> Iterable[str]:
        call = Call("POST", CHECKLISTS_PATH, "the list of checklists", json={})
        with self._reported(), _readable("checklists"):
            rows, _ = await self._page(await self._connection.answer(call), call.what, "", _CHECKLIST.decode)
            return NamedSessions(rows)

    async def details(self, keys: Collection[SessionKey]) -> Mapping[SessionKey, Details]:
        wanted = set(keys)
        session_ids = list(dict.fromkeys(key.session_id for key in keys))
        found: dict[SessionKey, Details] = {}
        with self._reported(), _readable("criteria"):
            for start in range(0, len(session_ids), IDS_AT_ONCE):
                found |= await self._details_of(session_ids[start : start + IDS_AT_ONCE], wanted)
            return found

    async def people(self) -> Sequence[Person]:
        with self._reported(), _readable("people"):
            return await self._pages(
                "/users/v2", "the list of people", "userProfiles", lambda raw: _PERSON.decode(raw).person()
            )

    async def departments(self) -> Sequence[Department]:
        with self._reported(), _readable("departments"):
            return await self._pages(
                "/departments",
                "the list of departments",
                "departments",
                lambda raw: _DEPARTMENT.decode(raw).department(),
            )

    @contextmanager
    def _reported(self) -> Iterator[None]:
        """Calls `failed` with an error on its way to the caller."""
        try:
            yield
        except TrainingError as error:
            if self._failed is not None:
                self._failed(error)
            raise

    def _new_spool(self) -> IO[bytes]:
        # Unlinked from the start (0600 all the same): even a SIGKILL leaves nothing behind.
        try:
            return tempfile.TemporaryFile(dir=self._spool_folder)
        except OSError as error:
            raise TrainingUnavailable(
                f"No file can be made in {self._spool_folder} ({error.strerror}): Spotter must be able to write there."
            ) from None

    async def _details_of(
        self, session_ids: Sequence[str], wanted: Collection[SessionKey]
    ) -> Mapping[SessionKey, Details]:
        criteria = await self._rows(CRITERIA_PATH, "the criteria", session_ids, _CRITERION.decode)
        if not criteria:
            return {}
        areas = await self._rows(AREAS_PATH, "the competency areas", session_ids, _AREA.decode)
        areas_of: dict[SessionKey, list[AreaResult]] = {}
        for area in areas:
            areas_of.setdefault(area.key, []).append(area.result_of())
        criteria_of: dict[SessionKey, list[CriterionResult]] = {}
        for criterion in criteria:
            criteria_of.setdefault(criterion.key, []).append(criterion.result_of())
        return {
            key: Details(tuple(areas_of.get(key, ())), tuple(lines))
            for key, lines in criteria_of.items()
            if key in wanted
        }

    async def _rows(self, path: str, what: str, session_ids: Sequence[str], read: Callable[[bytes], T]) -> list[T]:
        """The rows for some sessions. One id iSpring does not like fails the whole batch: it is halved until found."""
        try:
            body = await self._connection.answer(Call("POST", path, what, json={"sessionIds": list(session_ids)}))
        except BadRequest:
            if len(session_ids) == 1:
                log.warning("session_id_refused", what=what, session=session_ids[0])
                return []
            middle = len(session_ids) // 2
            return [
                *await self._rows(path, what, session_ids[:middle], read),
                *await self._rows(path, what, session_ids[middle:], read),
            ]
        return (await self._page(body, what, "", read))[0]

    async def _pages(self, path: str, what: str, list_name: str, read: Callable[[bytes], T]) -> list[T]:
        found: list[T] = []
        seen: set[str] = set()
        params = {"pageSize": str(PAGE_SIZE)}
        for _ in range(MOST_PAGES):
            body = await self._connection.answer(Call("GET", path, what, params=params))
            items, token = await self._page(body, what, list_name, read)
            found += items
            if len(found) > MOST_ITEMS:
                raise TrainingUnreadable(f"iSpring's answer to {what} has more than {MOST_ITEMS} entries.")
            if token is None:
                return found
            if token in seen:
                raise TrainingUnreadable(f"iSpring's answer to {what} repeats a page without end.")
            seen.add(token)
            params["pageToken"] = token
        raise TrainingUnreadable(f"iSpring's answer to {what} has more than {MOST_PAGES} pages.")

    async def _page(
        self, body: bytes, what: str, list_name: str, read: Callable[[bytes], T]
    ) -> tuple[list[T], str | None]:
        """A page's items and the token of the next; decoded off the event loop."""

        def decode() -> tuple[Page, list[T], list[str]]:
            page = page_of(body, what, list_name)
            return page, *decoded(page.items, read)

        page, items, rejected = await asyncio.to_thread(decode)
        if rejected and not items:
            raise TrainingUnreadable(f"Not one row of {what} could be understood; {rejected[0]}.")
        if rejected:
            log.warning("rows_set_aside", what=what, rows=len(rejected), first=rejected[0])
        return items, page.next_token


@contextmanager
def _readable(what: str) -> Iterator[None]:
    """Raises TrainingUnreadable for an error that nothing here foresaw, and logs where it happened.

    Raised as it is, it would end the process, and again after each start: people and criteria are then asked for anew.
    """
    try:
        yield
    except TrainingError:
        raise
    except Exception as error:
        log.error("reading_broke", what=what, exc_info=error)
        raise TrainingUnreadable(
            f"Spotter stumbled over iSpring's {what}: please report the line `reading_broke` of its log."
        ) from None
