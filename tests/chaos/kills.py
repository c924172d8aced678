"""When a bot is killed, and what it was doing just then."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random

from bot.demo.slack import ApiCall, Happening
from tests.app.env import Env, Running
from tests.chaos.story import read_only
from tests.chaos.weather import EDIT, HISTORY, POST

SENDING = "sending"
IDLE = "nothing owed"
_WHAT_IT_WAS_DOING = (
    (SENDING, "SELECT count(*) FROM deliveries WHERE state = 'sending' AND attempt_started_at >= :born"),
    ("not recovered", "SELECT count(*) FROM deliveries WHERE state = 'sending'"),
    ("ambiguous", "SELECT count(*) FROM deliveries WHERE state = 'ambiguous'"),
    ("pending", "SELECT count(*) FROM deliveries WHERE state = 'pending'"),
    ("not claimed yet", "SELECT count(*) FROM notifications WHERE delivery IS NULL AND cancelled_reason IS NULL"),
    ("not routed", "SELECT count(*) FROM unrouted WHERE 1"),
    ("edit owed", "SELECT count(*) FROM deliveries WHERE edit_due_at IS NOT NULL"),
)
"""From what weighs most to what weighs least; `:born` is when the bot was started, in ms. What its predecessor was
sending counts apart: this one has not come to look at it."""
_OF_CLOSED = " AND destination NOT IN (SELECT value FROM json_each(:closed))"
_OF_FLAPPING = (
    " AND (edit_due_at < :soon OR id NOT IN (SELECT delivery FROM notifications WHERE delivery IS NOT NULL"
    " AND session_id IN (SELECT value FROM json_each(:flapping))))"
)
"""A card of a result that keeps changing is edited ever more seldom, an hour later at last."""
SOON = timedelta(minutes=1)


@dataclass(frozen=True)
class Moment:
    """A kill `after` so many seconds from the `number`th call of `method`, or from the start where there is none."""

    method: str
    number: int
    after: float

    def __str__(self) -> str:
        since = f"call {self.number} of {self.method}" if self.method else "the start"
        return f"{self.after:.3f} s after {since}"


def draw(random01: Random, *, is_quick: bool) -> Moment:
    """Four in five at a post: the instant it arrives, while it is being answered, or just after.

    `is_quick`: never at an edit, which is left to a dead bot for a minute before another takes it up.
    """
    edits = 0 if is_quick else 6
    match random01.choices(("arrives", "hangs", "answered", EDIT, HISTORY, ""), (50, 15, 15, edits, 8, 6))[0]:
        case "arrives":
            return Moment(POST, random01.randint(1, 4), 0.0)
        case "hangs":
            return Moment(POST, random01.randint(1, 3), random01.uniform(0.0, 1.0))
        case "answered":
            return Moment(POST, random01.randint(1, 4), random01.uniform(0.0, 0.03))
        case "":
            return Moment("", 0, random01.uniform(0.2, 5.0))
        case method:
            return Moment(method, random01.randint(1, 2), random01.choice([0.0, random01.uniform(0.0, 0.1)]))


class Killer:
    """Kills one bot at its moment: in the very call of the stand-in, so that no answer can leave before."""

    def __init__(self, env: Env, bot: Running, moment: Moment) -> None:
        self._bot = bot
        self._moment = moment
        self._left = moment.number
        self._timer: asyncio.TimerHandle | None = None
        self._stop_listening: Callable[[], None] = lambda: None
        if moment.method:
            self._stop_listening = env.slack.workspace.listen(self._hear)
        else:
            self._kill_in(moment.after)

    async def killed(self, born_within: float, at_latest: float) -> bool:
        """Waits for the kill; where its moment does not come in so many seconds from the bot's first word, kills all
        the same and says False."""
        try:
            async with asyncio.timeout(born_within):
                while self._bot.is_alive and not self._is_born:
                    await asyncio.sleep(0.05)
            async with asyncio.timeout(at_latest):
                await self._bot.process.wait()
                return True
        except TimeoutError:
            return False
        finally:
            self._stop_listening()
            if self._timer is not None:
                self._timer.cancel()
            await self._bot.kill()

    @property
    def _is_born(self) -> bool:
        return bool(self._bot.log())

    def _hear(self, happening: Happening) -> None:
        call = happening.subject
        if not isinstance(call, ApiCall) or call.method != self._moment.method or self._left <= 0:
            return
        if not self._is_born:
            return  # it is only being born: this call was still under way when its predecessor died
        self._left -= 1
        if self._left == 0:
            self._kill_in(self._moment.after)

    def _kill_in(self, seconds: float) -> None:
        if not seconds:
            self._kill()
            return
        self._timer = asyncio.get_running_loop().call_later(seconds, self._kill)

    def _kill(self) -> None:
        if self._bot.is_alive:
            self._bot.process.kill()


def what_it_was_doing(env: Env, born: datetime) -> str:
    """The weightiest state that the database holds, read after the death of a bot that was started at `born`."""
    return next(iter(unsettled(env, born)), IDLE)


def unsettled(
    env: Env, born: datetime | None = None, closed: Iterable[str] = (), flapping: Iterable[str] = ()
) -> dict[str, int]:
    """What the database still owes, by state, the weightiest first; empty where everything is settled.

    Without what waits for destinations that are `closed`, and without later edits of the sessions that are `flapping`.
    """
    facts = {
        "born": int(born.timestamp() * 1000) if born else 0,
        "soon": int((datetime.now(UTC) + SOON).timestamp() * 1000),
        "closed": json.dumps(list(closed)),
        "flapping": json.dumps(list(flapping)),
    }
    counts = {}
    with closing(read_only(env.folder)) as database:
        for word, question in _WHAT_IT_WAS_DOING:
            if word != "not routed":
                question += _OF_CLOSED
            if word == "edit owed":
                question += _OF_FLAPPING
            counts[word] = database.execute(question, facts).fetchone()[0]
    return {word: count for word, count in counts.items() if count}
