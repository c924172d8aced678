"""The one door to the database."""

from collections.abc import Callable
from typing import Protocol, TypeVar

from bot.core.keeping import KeepingRows
from bot.core.ports.outbox import OutboxRows
from bot.core.ports.rows import LedgerRows, PeopleRows, RuleRows, TroubleRows
from bot.core.ports.sessions import SessionRows

T = TypeVar("T")


class Tx(Protocol):
    """One transaction's view of the database: everything done through it commits together or not at all."""

    @property
    def sessions(self) -> SessionRows: ...
    @property
    def outbox(self) -> OutboxRows: ...
    @property
    def rules(self) -> RuleRows: ...
    @property
    def people(self) -> PeopleRows: ...
    @property
    def ledger(self) -> LedgerRows: ...
    @property
    def keeping(self) -> KeepingRows: ...
    @property
    def troubles(self) -> TroubleRows: ...


class Store(Protocol):
    """The one door to the database. `work` is a plain function: no await can sit inside a transaction.

    Raises StoreBusy or StoreUnusable; what `work` raises comes through and rolls back.
    """

    async def transact(self, work: Callable[[Tx], T]) -> T: ...

    async def read(self, work: Callable[[Tx], T]) -> T: ...

    async def fold(self) -> bool:
        """Empties what was written ahead of the file, so that what was erased stands there no longer; False where it
        does, because somebody is reading."""
        ...
