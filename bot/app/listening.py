"""iSpring with an ear for what goes wrong: what it could not answer is counted on its way to whoever asked, and what
broke over its answer becomes one that can't be read."""

from collections.abc import AsyncIterator, Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager

import structlog

from bot.domain.errors import TrainingError, TrainingUnreadable
from bot.domain.model import Department, Details, Person, SessionKey
from bot.domain.ports import Listing, Training

log = structlog.get_logger(__name__)


class CountedTraining:
    """Fulfils `core.ports.Training` by asking another one; `failed` hears of each error that comes through.

    It also keeps the port's promise where that other one does not: an answer nobody thought of is an unreadable one.
    Raised as it is, it would end the process, and again at each start, for people and criteria are asked for anew.
    """

    def __init__(self, training: Training, failed: Callable[[TrainingError], None]) -> None:
        self._training = training
        self._failed = failed

    @asynccontextmanager
    async def list_sessions(self) -> AsyncIterator[Listing]:
        # What the reader finds unreadable in a listing comes through here as well.
        with self._parse_error():
            async with self._training.list_sessions() as listing:
                yield listing

    async def named_sessions(self) -> Iterable[str]:
        with self._parse_error(), _understood("checklists"):
            return await self._training.named_sessions()

    async def details(self, keys: Collection[SessionKey]) -> Mapping[SessionKey, Details]:
        with self._parse_error(), _understood("criteria"):
            return await self._training.details(keys)

    async def people(self) -> Sequence[Person]:
        with self._parse_error(), _understood("people"):
            return await self._training.people()

    async def departments(self) -> Sequence[Department]:
        with self._parse_error(), _understood("departments"):
            return await self._training.departments()

    @contextmanager
    def _parse_error(self) -> Iterator[None]:
        try:
            yield
        except TrainingError as error:
            self._failed(error)
            raise


@contextmanager
def _understood(what: str) -> Iterator[None]:
    """Logs where the reading broke, and raises TrainingUnreadable instead."""
    try:
        yield
    except TrainingError:
        raise
    except Exception as error:
        log.error("reading_broke", what=what, exc_info=error)
        raise TrainingUnreadable(
            f"Spotter stumbled over iSpring's {what}: please report the line `reading_broke` of its log."
        ) from None
