"""iSpring with an ear for what goes wrong: what it could not answer is counted on its way to whoever asked."""

from collections.abc import AsyncIterator, Callable, Collection, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager

from bot.core.errors import TrainingError
from bot.core.model import Department, Details, Person, SessionKey
from bot.core.ports import Listing, Training


class CountedTraining:
    """Fulfils `core.ports.Training` by asking another one; `failed` hears of each error that comes through."""

    def __init__(self, training: Training, failed: Callable[[TrainingError], None]) -> None:
        self._training = training
        self._failed = failed

    @asynccontextmanager
    async def list_sessions(self) -> AsyncIterator[Listing]:
        # What the reader finds unreadable in a listing comes through here as well.
        with self._heard():
            async with self._training.list_sessions() as listing:
                yield listing

    async def details(self, keys: Collection[SessionKey]) -> Mapping[SessionKey, Details]:
        with self._heard():
            return await self._training.details(keys)

    async def people(self) -> Sequence[Person]:
        with self._heard():
            return await self._training.people()

    async def departments(self) -> Sequence[Department]:
        with self._heard():
            return await self._training.departments()

    @contextmanager
    def _heard(self) -> Iterator[None]:
        try:
            yield
        except TrainingError as error:
            self._failed(error)
            raise
