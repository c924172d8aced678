"""Time, as a port: the tests' clock is another one."""

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """The wall for what is stored, a monotonic second for waits inside the process."""

    def now(self) -> datetime:
        """The present, aware and in UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go back; only differences mean something."""
        ...

    async def sleep(self, seconds: float) -> None: ...
