"""The only way to the database: `transact` and `read` run a plain function in one transaction each."""

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import cached_property
from pathlib import Path
from queue import SimpleQueue
from typing import TypeVar

from bot.domain.errors import StoreBusy, StoreUnusable
from bot.store.details import SessionDetails
from bot.store.erasure import Erasure
from bot.store.follow_ups import FollowUps
from bot.store.listings import Listings
from bot.store.migrate import set_up
from bot.store.mutes import Mutes
from bot.store.operations import Alerts, AuditLog, HomeViews, Polls, Setup
from bot.store.outbox.destinations import Destinations
from bot.store.outbox.enqueue import Notifications
from bot.store.outbox.outbox import Outbox
from bot.store.outbox.queries import Deliveries
from bot.store.outbox.recaps import Recaps
from bot.store.outbox.shadow import Shadow
from bot.store.outbox.summaries import Summaries
from bot.store.outbox.unrouted import UnroutedChanges
from bot.store.people import KeptDirectory, People
from bot.store.polling import Polling
from bot.store.quiet import QuietTimes
from bot.store.reminders import Reminders
from bot.store.reports import Reports
from bot.store.retention import RetentionRepository
from bot.store.rules import Rules
from bot.store.session_search import Search
from bot.store.sessions import Sessions
from bot.store.slots import Slots
from bot.store.sqlite import BUSY_SECONDS, READ, WRITE, reader, translated, truncate_log, writer
from bot.store.targets import TargetRepository

T = TypeVar("T")
READERS = 3  # one compares a listing, one sorts a page, one answers


class Tx:
    """One transaction: everything done through its repositories commits together or not at all."""

    def __init__(self, connection: sqlite3.Connection, kept: KeptDirectory, ops_channel: str = "") -> None:
        """`ops_channel`: the channel id that `services.alerting` notifies, "" for none."""
        self._connection = connection
        self._kept = kept
        self.ops_channel = ops_channel

    @cached_property
    def people(self) -> People:
        return People(self._connection, self._kept)

    @cached_property
    def search(self) -> Search:
        return Search(self._connection)

    @cached_property
    def reports(self) -> Reports:
        return Reports(self._connection)

    @cached_property
    def sessions(self) -> Sessions:
        return Sessions(self._connection, self.search)

    @cached_property
    def details(self) -> SessionDetails:
        return SessionDetails(self._connection)

    @cached_property
    def targets(self) -> TargetRepository:
        return TargetRepository(self._connection)

    @cached_property
    def listings(self) -> Listings:
        return Listings(self._connection)

    @cached_property
    def polls(self) -> Polls:
        return Polls(self._connection)

    @cached_property
    def polling(self) -> Polling:
        return Polling(self._connection)

    @cached_property
    def rules(self) -> Rules:
        return Rules(self._connection)

    @cached_property
    def mutes(self) -> Mutes:
        return Mutes(self._connection)

    @cached_property
    def quiet_times(self) -> QuietTimes:
        return QuietTimes(self._connection)

    @cached_property
    def reminders(self) -> Reminders:
        return Reminders(self._connection)

    @cached_property
    def follow_ups(self) -> FollowUps:
        return FollowUps(self._connection)

    @cached_property
    def slots(self) -> Slots:
        return Slots(self._connection)

    @cached_property
    def recaps(self) -> Recaps:
        return Recaps(self._connection)

    @cached_property
    def notifications(self) -> Notifications:
        return Notifications(self._connection)

    @cached_property
    def summaries(self) -> Summaries:
        return Summaries(self._connection)

    @cached_property
    def outbox(self) -> Outbox:
        return Outbox(self._connection)

    @property
    def shadow(self) -> Shadow:
        return Shadow(self._connection)

    @cached_property
    def deliveries(self) -> Deliveries:
        return Deliveries(self._connection)

    @cached_property
    def destinations(self) -> Destinations:
        return Destinations(self._connection)

    @cached_property
    def unrouted(self) -> UnroutedChanges:
        return UnroutedChanges(self._connection)

    @cached_property
    def audit_log(self) -> AuditLog:
        return AuditLog(self._connection)

    @cached_property
    def retention(self) -> RetentionRepository:
        return RetentionRepository(self._connection)

    @cached_property
    def erasure(self) -> Erasure:
        return Erasure(self._connection)

    @cached_property
    def alerts(self) -> Alerts:
        return Alerts(self._connection)

    @cached_property
    def home_views(self) -> HomeViews:
        return HomeViews(self._connection)

    @property
    def setup(self) -> Setup:
        return Setup(self._connection)


class Store:
    """One SQLite file: one writing thread, a few reading ones.

    In WAL mode readers see the state before a write until it commits, so a long write never delays an answer. If a task
    is cancelled while it waits, its work still ends in its thread: it is committed whole, or rolled back.
    """

    def __init__(self, path: Path, created: bool, busy_seconds: float, ops_channel: str) -> None:
        self.path = path
        self.ops_channel = ops_channel
        self.created = created
        self.write_fault = ""  # why the last change could not be written, as `StoreBusy.fault`; "" once one was
        self._kept = KeptDirectory()
        self._writer = writer(path, busy_seconds)
        self._identity = _identity(path)
        self._readers: SimpleQueue[sqlite3.Connection] = SimpleQueue()
        for _ in range(READERS):
            self._readers.put(reader(path, busy_seconds))
        self._writing = ThreadPoolExecutor(1, "store-write")
        self._reading = ThreadPoolExecutor(READERS, "store-read")

    @classmethod
    def open(cls, path: Path, *, now: datetime, busy_seconds: float = BUSY_SECONDS, ops_channel: str = "") -> "Store":
        """Opens a database; creates or migrates it first if necessary. Raises StoreBusy or StoreUnusable.

        `ops_channel`: the channel id that every transaction knows as `tx.ops_channel`, "" for none.
        """
        created = set_up(path, now, busy_seconds)
        with translated(path):
            return cls(path, created, busy_seconds, ops_channel)

    def close(self) -> None:
        """Waits for running transactions and closes the file. The last process moves the write-ahead log into it."""
        self._reading.shutdown()
        self._writing.shutdown()
        while not self._readers.empty():
            self._readers.get().close()
        self._writer.close()

    async def transact(self, work: Callable[[Tx], T]) -> T:
        """Runs `work` in the one writing transaction and returns its result. Raises StoreBusy or StoreUnusable.

        What `work` raises rolls its transaction back.
        """
        return await asyncio.get_running_loop().run_in_executor(self._writing, self._write_now, work)

    async def read(self, work: Callable[[Tx], T]) -> T:
        """Runs `work` on one unchanging state of the database and returns its result. Raises like `transact`."""
        return await asyncio.get_running_loop().run_in_executor(self._reading, self._read_now, work)

    async def truncate_log(self) -> bool:
        """Empties the write-ahead log; False if a reader holds it for too long. Raises StoreUnusable."""
        return await asyncio.get_running_loop().run_in_executor(self._writing, self._truncate_now)

    def _truncate_now(self) -> bool:
        try:
            with translated(self.path):
                return truncate_log(self._writer)
        except StoreBusy:
            return False

    def _write_now(self, work: Callable[[Tx], T]) -> T:
        before = self._writer.total_changes
        try:
            with translated(self.path):
                self._refuse_moved_file()
                answer = self._within(self._writer, WRITE, work)
        except StoreBusy as error:
            self.write_fault = error.fault or self.write_fault
            raise
        if self._writer.total_changes != before:  # on a full disk a transaction that changes nothing succeeds
            self.write_fault = ""
        return answer

    def _read_now(self, work: Callable[[Tx], T]) -> T:
        connection = self._readers.get()
        try:
            with translated(self.path):
                return self._within(connection, READ, work)
        finally:
            self._readers.put(connection)

    def _within(self, connection: sqlite3.Connection, begin: str, work: Callable[[Tx], T]) -> T:
        connection.execute(begin)
        try:
            answer = work(Tx(connection, self._kept, self.ops_channel))
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:  # a full disk may have ended it already
                connection.execute("ROLLBACK")
            raise
        return answer

    def _refuse_moved_file(self) -> None:
        """SQLite would go on writing into a file that was deleted or replaced, and everything would be lost."""
        if _identity(self.path) != self._identity:
            raise StoreUnusable(
                f"The database {self.path} was deleted or replaced while it was in use: stop Spotter, put it back from "
                "a backup, start again."
            )


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino
