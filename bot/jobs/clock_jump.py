"""Notices when somebody turns the time of day: rows hold times of day, while waits run on the monotonic clock."""

from datetime import timedelta

from bot.domain.ports import Clock

UNNOTICED = 2.0  # seconds: what keeps a clock right moves it in smaller steps


class TimeOfDay:
    """Compares the time of day with the monotonic clock, which nobody can turn."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._ahead = self._measured()

    def turned(self) -> timedelta:
        """By how much it was turned since this was last asked: forth is positive, zero where it was not turned."""
        ahead = self._measured()
        by, self._ahead = ahead - self._ahead, ahead
        return timedelta(seconds=by) if abs(by) > UNNOTICED else timedelta(0)

    def _measured(self) -> float:
        return self._clock.now().timestamp() - self._clock.monotonic()
