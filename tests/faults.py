"""An iSpring whose answers nobody thought of: whoever reads one breaks over it, quoting a name."""

from collections.abc import AsyncIterator, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime

from bot.domain.model import AreaResult, Details, SessionKey
from bot.domain.ports import ChecklistsAnswer, DateEvidence, Part, PartHealth, SessionFilter, Slice
from bot.domain.staff import Department, Person
from tests.clock import NOON

NAME = "Emma Employee"


@dataclass
class StumblingListing:
    """Fulfils `domain.ports.Listing`; its first slice can't be read."""

    requested_at: datetime = NOON
    digest: bytes = b"never seen before"
    size: int = 2
    wire_size: int = 2
    date_evidence: DateEvidence = field(default_factory=lambda: DateEvidence("dmy"))

    def slices(self) -> Iterator[Slice]:
        raise KeyError(NAME)


class StumblingTraining:
    """Fulfils `domain.ports.Training` but for its promise about errors."""

    @asynccontextmanager
    async def list_sessions(self) -> AsyncIterator[StumblingListing]:
        yield StumblingListing()

    @asynccontextmanager
    async def find_sessions(self, wanted: SessionFilter) -> AsyncIterator[StumblingListing]:
        yield StumblingListing()

    async def checklists(self, checklist_ids: Sequence[str] = ()) -> ChecklistsAnswer:
        raise KeyError(NAME)

    async def named_sessions(self) -> Iterable[str]:
        raise KeyError(NAME)

    async def details(self, keys: Collection[SessionKey]) -> Mapping[SessionKey, Details]:
        raise KeyError(NAME)

    async def areas(self, keys: Collection[SessionKey]) -> Mapping[SessionKey, Sequence[AreaResult]]:
        raise KeyError(NAME)

    def health(self) -> Mapping[Part, PartHealth]:
        return {}

    async def people(self) -> Sequence[Person]:
        raise KeyError(NAME)

    async def departments(self) -> Sequence[Department]:
        raise KeyError(NAME)
