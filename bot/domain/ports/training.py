"""iSpring, as a port."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from bot.domain.model import AreaResult, Details, SessionFacts, SessionKey
from bot.domain.staff import Department, Person


class Slice(Protocol):
    """A piece of a listing. Making facts of a row costs far more than comparing it: ask only for those that changed."""

    @property
    def rows(self) -> Sequence[tuple[str, str, bytes]]:
        """(session id, employee id, fingerprint) of each row understood, in iSpring's order; ids in lower case.

        The fingerprint (8 bytes) stands for every field and for how dates are read.
        """
        ...

    @property
    def rejected(self) -> Sequence[str]:
        """One line per row that could not be understood: where and why, no names."""
        ...

    @property
    def without_parts(self) -> int:
        """How many of `rows` lack a part because it could not be read."""
        ...

    @property
    def spelled(self) -> Mapping[str, str]:
        """The ids of sessions and checklists that iSpring spells not in lower case, as it spells them."""
        ...

    def labels(self, index: int) -> tuple[str, str]:
        """iSpring's status and the checklist id of `rows[index]`, the latter in lower case and "" if there is none."""
        ...

    def facts(self, index: int) -> SessionFacts:
        """What `rows[index]` says, its dates read."""
        ...


@dataclass(frozen=True, slots=True)
class SessionFilter:
    """Which sessions are asked for. What is empty filters nothing; the others combine with AND.

    Ids as iSpring spells them. Source: help page "Getting Session Details" (one status, one checklist, many ids).
    """

    status: str = ""
    checklist_id: str = ""
    session_ids: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class NamedChecklist:
    """One checklist and the ids of its sessions, as iSpring spells both; "" if the checklist's could not be read.

    `session_ids` decodes at each call, because a million texts take 90 MB.
    """

    checklist_id: str
    session_ids: Callable[[], Iterator[str]]


@dataclass(frozen=True, slots=True)
class ChecklistsAnswer:
    """What iSpring's checklists name; the sizes of the answer in bytes, decoded and on the wire."""

    checklists: Sequence[NamedChecklist]
    size: int
    wire_size: int


@dataclass(frozen=True, slots=True)
class DateEvidence:
    """What the dates read so far prove about their order, and how many of them can't be true.

    `day_first` and `month_first` count dates that allow one order only; `unreadable` those no rule fits;
    `backwards` sessions that end before they start; `ahead` completions more than a day in the future.
    """

    order: str  # the setting: "dmy" or "mdy"
    day_first: int = 0
    month_first: int = 0
    unreadable: int = 0
    backwards: int = 0
    ahead: int = 0

    @property
    def contradicts_order(self) -> bool:
        """Whether some date proves that the other order is in use."""
        return (self.month_first if self.order == "dmy" else self.day_first) > 0


class Part(StrEnum):
    """A part of iSpring that is read on its own and fails on its own; each is one endpoint."""

    CHECKLISTS = "checklists"
    CRITERIA = "criteria"
    AREAS = "areas"
    PEOPLE = "people"
    DEPARTMENTS = "departments"


@dataclass(frozen=True, slots=True)
class PartHealth:
    """How the last requests for one part went.

    `error` is "" after an answer; `is_refused`: a person has to mend it; `failing_since`: the first failure since the
    last answer. `left_out`: rows that could not be read, or not as a whole.
    """

    error: str = ""
    is_refused: bool = False
    failing_since: datetime | None = None
    left_out: int = 0


class Listing(Protocol):
    """One answer of iSpring's list of sessions, spooled to a file; leaving its context deletes it.

    `requested_at` is from before the request went out; `digest` is of its bytes and of how dates are read.
    """

    @property
    def requested_at(self) -> datetime: ...

    @property
    def digest(self) -> bytes: ...

    @property
    def size(self) -> int:
        """In bytes, decoded."""
        ...

    @property
    def wire_size(self) -> int:
        """In bytes, as they came over the network."""
        ...

    @property
    def date_evidence(self) -> DateEvidence:
        """Of the rows asked for their facts so far."""
        ...

    def slices(self) -> Iterator[Slice]:
        """The rows, a few thousand at a time. Plain and slow: for a store's thread, never for the event loop.

        Raises TrainingUnreadable where it is no list of sessions: nothing of it may be applied, slices that came
        before included.
        """
        ...


class Training(Protocol):
    """Reads iSpring Learn. Every method raises TrainingError's branches and nothing else."""

    def list_sessions(self) -> AbstractAsyncContextManager[Listing]: ...

    def find_sessions(self, wanted: SessionFilter) -> AbstractAsyncContextManager[Listing]:
        """The sessions that fit a filter. Raises BadRequest if iSpring does not accept one of its ids."""
        ...

    async def checklists(self, checklist_ids: Sequence[str] = ()) -> ChecklistsAnswer:
        """These checklists, hidden ones too, with the ids of their sessions; all if none is given."""
        ...

    async def named_sessions(self) -> Iterable[str]:
        """The ids of all sessions as iSpring's checklists name them, in lower case; one may come twice.

        Another way than the listing to ask what there is. It can be gone through again and again; it is long, so never
        on the event loop.
        """
        ...

    async def details(self, keys: Collection[SessionKey]) -> Mapping[SessionKey, Details]:
        """Criteria and areas of completed sessions; a session iSpring has none for yet is absent from the answer.

        Criteria that came are returned without areas if these can't be read (`Details.areas_known`).
        """
        ...

    async def areas(self, keys: Collection[SessionKey]) -> Mapping[SessionKey, Sequence[AreaResult]]:
        """Competency areas of completed sessions alone; a session that has none is absent."""
        ...

    async def people(self) -> Sequence[Person]: ...

    async def departments(self) -> Sequence[Department]: ...

    def health(self) -> Mapping[Part, PartHealth]:
        """How each part that was asked for went; the listing is not among them."""
        ...
