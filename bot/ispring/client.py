"""Implements `domain.ports.Training` over HTTP: one API key, one region, read-only."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from datetime import tzinfo
from itertools import chain
from pathlib import Path
from types import TracebackType
from typing import IO, Self, TypeVar

import structlog

from bot.config import DIRECT, Network
from bot.domain.errors import BadRequest, TrainingError, TrainingUnavailable, TrainingUnreadable
from bot.domain.model import AreaResult, CriterionResult, Details, SessionKey
from bot.domain.ports import ChecklistsAnswer, Clock, NamedChecklist, Part, PartHealth, SessionFilter
from bot.domain.staff import Department, Person
from bot.ispring.connection import Call, Connection, Limits, Received
from bot.ispring.dates import DateOrder, Dates
from bot.ispring.listing import WHAT, SpooledListing
from bot.ispring.paging import ListReader
from bot.ispring.parts import Parts
from bot.ispring.row_kinds import AREA, CHECKLIST, CRITERION, DEPARTMENT, PERSON
from bot.ispring.wire import ChecklistRow

LISTING_PATH = "/job-training/sessions/result/list"
CHECKLISTS_PATH = "/job-training/checklist/sessions/list"
CRITERIA_PATH = "/job-training/completed-session/criterion/result/list"
AREAS_PATH = "/job-training/completed-session/criterion-group/result/list"
PEOPLE_PATH = "/users/v2"
DEPARTMENTS_PATH = "/departments"
IDS_AT_ONCE = 50  # public clients use this size; the vendor documents no limit
AREAS_LIMIT = 10.0  # seconds that criteria wait for their areas

T = TypeVar("T")

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class NamedSessions:
    """The session ids of some checklists. They are decoded at each iteration, because a million texts take 90 MB."""

    checklists: Sequence[ChecklistRow]

    def __iter__(self) -> Iterator[str]:
        return (one.lower() for one in chain.from_iterable(checklist.ids() for checklist in self.checklists))


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
            spool_folder=spool_folder,
            network=network,
        )
        self._zone = zone
        self._date_order = date_order
        self._spool_folder = spool_folder
        self._clock = clock
        self._parts = Parts(clock)
        self._lists = ListReader(self._connection, self._parts, clock)

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
        async with self._listing({}) as listing:
            yield listing

    @asynccontextmanager
    async def find_sessions(self, wanted: SessionFilter) -> AsyncIterator[SpooledListing]:
        asked: dict[str, object] = {
            "sessionStatus": wanted.status,
            "checklistId": wanted.checklist_id,
            "sessionIds": list(wanted.session_ids),
        }
        # An empty list may mean all or none, so it is never sent.
        async with self._listing({name: value for name, value in asked.items() if value}) as listing:
            yield listing

    @asynccontextmanager
    async def _listing(self, asked: Mapping[str, object]) -> AsyncIterator[SpooledListing]:
        requested_at = self._clock.now()
        with self._reported():
            spool = await asyncio.to_thread(self._new_spool)
            try:
                received = await self._connection.fetch(Call("POST", LISTING_PATH, WHAT, json=asked), spool)
                dates = Dates(self._zone, self._date_order)
                yield SpooledListing(
                    spool, received.digest, received.size, requested_at, dates, wire_size=received.wire_size
                )
            finally:
                # Closing deletes the file, which takes a while if it is long. On a full disk it fails once more, over
                # what could not be written.
                with suppress(OSError):
                    await asyncio.to_thread(spool.close)

    async def named_sessions(self) -> Iterable[str]:
        rows, _ = await self._checklist_rows({})
        return NamedSessions(rows)

    async def checklists(self, checklist_ids: Sequence[str] = ()) -> ChecklistsAnswer:
        rows, received = await self._checklist_rows({"checklistIds": list(checklist_ids)} if checklist_ids else {})
        named = [NamedChecklist((row.checklist_id or "").strip(), row.ids) for row in rows]
        return ChecklistsAnswer(named, received.size, received.wire_size)

    async def _checklist_rows(self, asked: Mapping[str, object]) -> tuple[Sequence[ChecklistRow], Received]:
        call = Call("POST", CHECKLISTS_PATH, "the list of checklists", json=asked)
        with self._reading(Part.CHECKLISTS):
            try:
                body, received = await self._connection.measured_answer(call)
            except BadRequest as error:
                if not asked:
                    raise
                self._parts.refused_batch(Part.CHECKLISTS, error)  # a checklist that was asked for may be deleted
                return (), Received(0, b"")
            rows, left_out, _ = await self._lists.page(body, call.what, "", CHECKLIST)
            self._lists.finished(Part.CHECKLISTS, left_out)
            return rows, received

    async def details(self, keys: Collection[SessionKey]) -> Mapping[SessionKey, Details]:
        wanted = set(keys)
        found: dict[SessionKey, Details] = {}
        for session_ids in _batches(keys):
            found |= await self._details_of(session_ids, wanted)
        return found

    async def areas(self, keys: Collection[SessionKey]) -> Mapping[SessionKey, Sequence[AreaResult]]:
        found: dict[SessionKey, list[AreaResult]] = {}
        for session_ids in _batches(keys):
            with self._reading(Part.AREAS):
                for key, area in await self._lists.by_ids(
                    Part.AREAS, AREAS_PATH, "the competency areas", session_ids, AREA
                ):
                    found.setdefault(key, []).append(area)
        return {key: areas for key, areas in found.items() if key in set(keys)}

    async def people(self) -> Sequence[Person]:
        with self._reading(Part.PEOPLE):
            return await self._lists.paged(Part.PEOPLE, PEOPLE_PATH, "the list of people", "userProfiles", PERSON)

    async def departments(self) -> Sequence[Department]:
        with self._reading(Part.DEPARTMENTS):
            return await self._lists.paged(
                Part.DEPARTMENTS, DEPARTMENTS_PATH, "the list of departments", "departments", DEPARTMENT
            )

    def health(self) -> Mapping[Part, PartHealth]:
        return self._parts.health()

    @contextmanager
    def _reading(self, part: Part) -> Iterator[None]:
        """Keeps and reports how a reading of a part ends, and turns unexpected errors into TrainingUnreadable."""
        with self._reported(), self._parts.asked(part), _readable(part):
            yield

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
        criteria: dict[SessionKey, list[CriterionResult]] = {}
        with self._reading(Part.CRITERIA):
            for key, line in await self._lists.by_ids(
                Part.CRITERIA, CRITERIA_PATH, "the criteria", session_ids, CRITERION
            ):
                if key in wanted:
                    criteria.setdefault(key, []).append(line)
        if not criteria:
            return {}
        areas: Mapping[SessionKey, Sequence[AreaResult]] | None = None
        try:
            async with asyncio.timeout(AREAS_LIMIT):
                areas = await self.areas(list(criteria))
        except (TrainingError, TimeoutError) as error:  # the criteria are shown without them, and completed later
            log.warning("areas.failed", sessions=len(criteria), error=str(error) or "too slow")
        return {
            key: Details(tuple((areas or {}).get(key, ())), tuple(lines), areas_known=areas is not None)
            for key, lines in criteria.items()
        }


def _batches(keys: Collection[SessionKey]) -> Iterator[list[str]]:
    session_ids = list(dict.fromkeys(key.session_id for key in keys))
    for start in range(0, len(session_ids), IDS_AT_ONCE):
        yield session_ids[start : start + IDS_AT_ONCE]


@contextmanager
def _readable(what: Part) -> Iterator[None]:
    """Raises TrainingUnreadable in place of an unexpected error, and logs the traceback.

    The error itself would end the process, and again after each restart, because the same answer is then read again.
    """
    try:
        yield
    except TrainingError:
        raise
    except Exception as error:
        log.error("ispring.broke", what=str(what), exc_info=error)
        raise TrainingUnreadable(
            f"Spotter stumbled over iSpring's {what}: please report the line `ispring.broke` of its log."
        ) from None
