"""iSpring, as a port."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.domain.model import Department, Details, Person, SessionFacts, SessionKey


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

    def facts(self, index: int) -> SessionFacts:
        """What `rows[index]` says, its dates read."""
        ...


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
        """In bytes."""
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

    async def named_sessions(self) -> Iterable[str]:
        """The ids of all sessions as iSpring's checklists name them, in lower case; one may come twice.

        Another way than the listing to ask what there is. It can be gone through again and again; it is long, so never
        on the event loop.
        """
        ...

    async def details(self, keys: Collection[SessionKey]) -> Mapping[SessionKey, Details]:
        """Criteria and areas of completed sessions; a session iSpring has none for yet is absent from the answer."""
        ...

    async def people(self) -> Sequence[Person]: ...

    async def departments(self) -> Sequence[Department]: ...
