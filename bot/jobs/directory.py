"""Reads iSpring's people and departments, each on its own: every two hours, and when an unknown person turns up.

A reading goes on to its end beside the polls, however long it takes. A caller may stop waiting for it; the reading goes
on. What could not be read, or is not believed, leaves what is known as it is.
"""

import asyncio
from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta

import structlog

from bot.domain.directory import Directory
from bot.domain.directory_readings import judge_reading
from bot.domain.errors import StoreBusy, TrainingError
from bot.domain.ports import Clock, Part, Training
from bot.domain.reasons import ReasonCode
from bot.domain.staff import Department, Person, PersonStatus
from bot.jobs.parts import note_parts
from bot.query.name_index import NameIndex
from bot.query.names import Names
from bot.services.alerting import set_alert
from bot.services.rules import name_people_by_id
from bot.store.database import Store, Tx

EVERY = timedelta(hours=2)
ON_DEMAND_AT_MOST = timedelta(minutes=5)  # between the end of a reading and the next: a deleted person stays unknown
DOUBTED_EVERY = timedelta(hours=1)
LATE = 20.0  # seconds after which polls wait no more; a first reading of people is an alert: until it ends, all wait
PARTS = (Part.PEOPLE, Part.DEPARTMENTS)

# Changes that wait for these make a reading due earlier.
_AWAITED = {
    Part.PEOPLE: (ReasonCode.PEOPLE_UNREAD, ReasonCode.PERSON_UNKNOWN),
    Part.DEPARTMENTS: (ReasonCode.DEPARTMENTS_UNREAD, ReasonCode.DEPARTMENT_UNKNOWN),
}

log = structlog.get_logger(__name__)


class DirectoryRefresh:
    """Keeps people and departments fresh, with one reading at a time that all callers share."""

    def __init__(
        self,
        training: Training,
        store: Store,
        clock: Clock,
        *,
        wake: Callable[[], None] = lambda: None,
    ) -> None:
        """`wake` wakes the sender."""
        self._training = training
        self._store = store
        self._clock = clock
        self._wake = wake
        self._reading: asyncio.Task[bool] | None = None
        self._is_late = False  # the reading that goes on takes long: no caller waits for it
        self._not_before: dict[Part, float] = {}  # monotonic

    async def when_due(self) -> bool:
        """Reads what is due, or waits for the reading that goes on; whether something new was stored."""
        if self._reading is None or self._reading.done():
            try:
                now = self._clock.now()
                due = await self._store.read(lambda tx: [part for part in PARTS if _is_due(tx, part, now)])
            except StoreBusy as error:
                log.warning("directory.failed", error=str(error))
                return False
            return await self._shared(due)
        return await self._shared(())

    async def on_demand(self) -> bool:
        """Reads both, unless that ended less than five minutes ago; whether something new was stored."""
        return await self._shared(PARTS)

    async def finish(self) -> bool:
        """Waits for the reading that goes on; whether there was one."""
        if self._reading is None:
            return False
        await self._joined(self._reading)
        return True

    async def stop(self) -> None:
        """Ends the reading that goes on: the process ends."""
        reading, self._reading = self._reading, None
        if reading is not None:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)

    async def _shared(self, parts: Sequence[Part]) -> bool:
        if self._reading is not None and self._reading.done():  # it ended while no caller waited
            reading, self._reading = self._reading, None
            reading.result()
        if self._reading is None:
            now = self._clock.monotonic()
            wanted = [part for part in parts if now >= self._not_before.get(part, 0.0)]
            if not wanted:
                return False
            self._is_late = False
            self._reading = asyncio.create_task(self._read(wanted), name="directory")
        return False if self._is_late else await self._joined(self._reading)

    async def _joined(self, reading: asyncio.Task[bool]) -> bool:
        try:
            # A caller that is cancelled or waits no longer ends its own waiting alone.
            return await asyncio.shield(reading)
        finally:
            if reading.done() and self._reading is reading:
                self._reading = None

    async def _read(self, parts: Sequence[Part]) -> bool:
        stored = False
        for part in parts:
            reading = asyncio.ensure_future(self._read_part(part))
            try:
                await asyncio.wait({reading}, timeout=LATE)
                self._is_late |= not reading.done()
                if self._is_late and part is Part.PEOPLE:
                    await self._say_late()
                stored |= await reading
            finally:
                reading.cancel()
                await asyncio.gather(reading, return_exceptions=True)
        return stored

    async def _read_part(self, part: Part) -> bool:
        """Reads and stores one part; whether it was stored. Failures are logged and alerts, not raised."""
        believed = True
        try:
            try:
                rows = await (self._training.people() if part is Part.PEOPLE else self._training.departments())
            except TrainingError as error:
                log.warning("directory.failed", part=str(part), error=str(error))
                await self._store.transact(self._note_health)
                return False
            now = self._clock.now()
            believed = await self._store.transact(lambda tx: self._save(tx, part, rows, now))
            await self._store.read(lambda tx: _prepare(tx.people.directory()))
            log.info("directory.refreshed" if believed else "directory.doubted", part=str(part), rows=len(rows))
            return believed
        except StoreBusy as error:
            log.warning("directory.failed", part=str(part), error=str(error))
            return False
        finally:
            wait = ON_DEMAND_AT_MOST if believed else DOUBTED_EVERY
            self._not_before[part] = self._clock.monotonic() + wait.total_seconds()
            self._wake()

    def _save(self, tx: Tx, part: Part, rows: Sequence[Person] | Sequence[Department], now: datetime) -> bool:
        """Stores a reading if it is believed; whether it is."""
        known, read = _known_ids(tx, part), _ids(rows)
        shortened = judge_reading(known, read, tx.people.shortened(part), now)
        tx.people.note_shortened(part, shortened)
        facts = None if shortened is None else {"entries": len(read), "entries_known": len(known)}
        set_alert(tx, f"{part}_shortened", facts, now)
        if shortened is None:
            if part is Part.PEOPLE:
                is_first = tx.people.directory_at() is None
                tx.people.replace_people([row for row in rows if isinstance(row, Person)], now)
                if is_first:
                    name_people_by_id(tx)
            else:
                tx.people.replace_departments([row for row in rows if isinstance(row, Department)], now)
        self._note_health(tx)
        return shortened is None

    def _note_health(self, tx: Tx) -> None:
        note_parts(tx, self._training.health(), self._clock.now())

    async def _say_late(self) -> None:
        def work(tx: Tx) -> None:
            if tx.people.directory_at() is None:
                facts = {"reason": "the first reading takes long; it goes on"}
                set_alert(tx, "people_unread", facts, self._clock.now())

        try:
            await self._store.transact(work)
        except StoreBusy:
            log.warning("store.postponed", what="directory")
        self._wake()


def _prepare(directory: Directory) -> None:
    """Makes at once what is derived from all people: of 50,000 it takes seconds, which the first answer would wait."""
    directory.supervised_by("")
    directory.people_under("")
    directory.with_email("")
    NameIndex.of(Names(directory)).named([""])


def _is_due(tx: Tx, part: Part, now: datetime) -> bool:
    """Whether a part is to be read: after two hours; earlier while a change waits for it, in intervals that grow."""
    read_at = tx.people.directory_at() if part is Part.PEOPLE else tx.people.departments_at()
    if read_at is None:
        return True
    every = EVERY
    waiting_since = tx.unrouted.waiting_since(_AWAITED[part])
    if waiting_since is not None:
        every = min(EVERY, max(ON_DEMAND_AT_MOST, read_at - waiting_since))
    return abs(now - read_at) >= every  # a clock that was set back must not stop it


def _known_ids(tx: Tx, part: Part) -> Collection[str]:
    directory = tx.people.directory()
    return _ids([*directory.people.values()] if part is Part.PEOPLE else [*directory.departments.values()])


def _ids(rows: Sequence[Person] | Sequence[Department]) -> Collection[str]:
    """The ids of a reading. A person whose status can't be read does not count: nothing can be said of them."""
    return {
        row.person_id if isinstance(row, Person) else row.department_id
        for row in rows
        if not isinstance(row, Person) or row.status is not PersonStatus.UNKNOWN
    }
