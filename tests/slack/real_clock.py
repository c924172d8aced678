"""The machine's clock, for tests that hold real waits against real answers."""

import asyncio
import time
from datetime import UTC, datetime


class RealClock:
    """Fulfils `core.ports.Clock`."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
