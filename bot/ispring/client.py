"""Implements `domain.ports.Training` over HTTP: one API key, one region, read-only."""

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

from bot.config import DIRECT, Network
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
IDS_AT_ONCE = 50  # public clients use this size; the vendor documents no limit
MOST_PAGES = 1000
MOST_ITEMS = 1_000_000  # people or departments; unlike sessions, they are kept in memory
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
    """The session ids of some checklists. They are decoded at each iteration, because a million texts take 90 MB."""

    checklists: Sequence[ChecklistRow]

    def __iter__(self) -> Iterator[str]:
        return chain.from_iterable(checklist.ids() for checklist in self.checklists)


class Ispring:
    """Reads iSpring Learn; open it with `async with`. Every method raises a subclass of TrainingError.

    Open only one per API key at a time: iSpring does not document whether a new token revokes an older one.
    """

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
        network: Network = DIRECT,
    ) -> None:
        """Dates are read in `zone` and `date_order`. Listings are spooled to files in `spool_folder`.

        `jitter` returns numbers from 0 to 1. `account_url` is sent as X-Auth-Account-Url unless it is "". `failed` is
        called with each error that a method raises, including that of an unreadable listing.
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
            network=network,
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
        """Yields all sessions of iSpring. It sends them in one answer: there is no paging and no "changed since"."""
        requested_at = self._clock.now()
        with self._reported():
            spool = await asyncio.to_thread(self._new_spool)
            try:
                received = await self._connection.fetch(Call("POST", LISTING_PATH, WHAT, json={}), spool)
                dates = Dates(self._zone, self._date_order)
                yield SpooledListing(spool, received.digest, received.size, requested_at, dates)
            finally:
                # Closing deletes the file, which takes a while if it is long.
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
        # The file has no name, so that nothing is left after a SIGKILL; its mode is 0600.
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
        """Returns the rows of some sessions. iSpring refuses the whole batch because of one id that it does not accept;
        then the batch is halved until that id is alone, and the id is skipped."""
        try:
            body = await self._connection.answer(Call("POST", path, what, json={"sessionIds": list(session_ids)}))
        except BadRequest:
            if len(session_ids) == 1:
                log.warning("session_id.rejected", what=what, session=session_ids[0])
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
        """Returns the items of a page and the token of the next page; decodes in a thread. Raises TrainingUnreadable if
        no item can be decoded."""

        def decode() -> tuple[Page, list[T], list[str]]:
            page = page_of(body, what, list_name)
            return page, *decoded(page.items, read)

        page, items, rejected = await asyncio.to_thread(decode)
        if rejected and not items:
            raise TrainingUnreadable(f"Not one row of {what} could be understood; {rejected[0]}.")
        if rejected:
            log.warning("rows.rejected", what=what, rows=len(rejected), first=rejected[0])
        return items, page.next_token


@contextmanager
def _readable(what: str) -> Iterator[None]:
    """Raises TrainingUnreadable in place of an unexpected error, and logs the traceback.

    The error itself would end the process, and again after each restart, because the same answer is then read again.
    """
    try:
        yield
    except TrainingError:
        raise
    except Exception as error:
        log.error("ispring.broke", what=what, exc_info=error)
        raise TrainingUnreadable(
            f"Spotter stumbled over iSpring's {what}: please report the line `reading_broke` of its log."
        ) from None
