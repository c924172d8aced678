"""How each part of iSpring fails on its own: when it may be asked again, and what of its answers was left out."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.domain.errors import BadRequest, TrainingError, TrainingRefused
from bot.domain.ports import Clock, Part, PartHealth
from bot.ispring.statuses import KeyRefused
from bot.ispring.tolerant import LeftOut

REFUSED_FOR = timedelta(hours=1)  # a part that refuses everything is not asked again before
REFUSALS = 16  # requests in a row, of 1 to 50 ids each: then a part refuses everything
REFUSALS_AGAIN = 7  # after an hour: 50 ids, their halves and quarters
REFUSALS_ALERTED = 3  # in a row; of a batch with one bad id, the second or third request is answered
LEFT_OUT_FOR = timedelta(days=1)  # a part that is read in pieces is whole again after that long without an odd row


@dataclass(slots=True)
class _State:
    health: PartHealth
    refused: TrainingRefused | None = None
    refused_until: float = 0.0  # monotonic
    refusals: int = 0  # since the last answer
    odd_at: datetime | None = None


class Parts:
    """The state of every part, kept while the process runs."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._states: dict[Part, _State] = {}

    def health(self) -> Mapping[Part, PartHealth]:
        return {part: state.health for part, state in self._states.items()}

    @contextmanager
    def asked(self, part: Part) -> Iterator[None]:
        """Keeps how a reading ended. Raises the last refusal instead of asking within an hour after it."""
        state = self._state(part)
        if state.refused is not None and self._clock.monotonic() < state.refused_until:
            raise state.refused
        try:
            yield
        except KeyRefused:
            raise  # no part's own trouble: the listing's alert names it
        except TrainingError as error:
            self._failed(state, error)
            if isinstance(error, TrainingRefused):
                state.refused = error
                state.refused_until = self._clock.monotonic() + REFUSED_FOR.total_seconds()
                state.refusals = REFUSALS - REFUSALS_AGAIN
            raise

    def answered(self, part: Part) -> None:
        """The part gave an answer."""
        state = self._state(part)
        state.refused, state.refusals = None, 0
        state.health = PartHealth(left_out=state.health.left_out)

    def refused_batch(self, part: Part, error: BadRequest) -> None:
        """A request for some ids was refused, perhaps because of one of them. Raises the error if every request was
        refused for long enough to say that the part refuses everything."""
        state = self._state(part)
        state.refusals += 1
        if state.refusals >= REFUSALS:
            raise error
        if state.refusals >= REFUSALS_ALERTED:
            self._failed(state, error)

    def note_left_out(self, part: Part, left_out: LeftOut, *, is_whole: bool) -> None:
        """Counts what was left out of an answer, which is the whole part or some of its rows."""
        state, now = self._state(part), self._clock.now()
        odd = left_out.rows + left_out.parts
        if odd:
            state.odd_at = now
            odd = odd if is_whole else state.health.left_out + odd
        elif not is_whole and state.odd_at is not None and abs(now - state.odd_at) < LEFT_OUT_FOR:
            odd = state.health.left_out
        state.health = replace(state.health, left_out=odd)

    def _state(self, part: Part) -> _State:
        return self._states.setdefault(part, _State(PartHealth()))

    def _failed(self, state: _State, error: TrainingError) -> None:
        state.health = replace(
            state.health,
            error=str(error),
            is_refused=isinstance(error, TrainingRefused),
            failing_since=state.health.failing_since or self._clock.now(),
        )
