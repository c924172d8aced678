"""The one door to the database."""

from collections.abc import Callable
from typing import Protocol, TypeVar

from bot.domain.ports.outbox import OutboxRows
from bot.domain.ports.rows import AuditRows, PeopleRows, RuleRows, TroubleRows
from bot.domain.ports.sessions import SessionRows
from bot.domain.retention import RetentionRows

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
    def audit_log(self) -> AuditRows: ...
    @property
    def retention(self) -> RetentionRows: ...
    @property
    def alerts(self) -> TroubleRows: ...


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
