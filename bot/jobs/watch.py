"""Looks after Spotter itself: what is wrong is told to OPS_CHANNEL once, and once more when it is over."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

import structlog

from bot.core.errors import StoreBusy
from bot.core.model import Destination, DestinationKind, Notice, NoticeKind
from bot.core.ports import Clock, Store, Tx
from bot.core.troubles import WATCHED, Facts, Signs, troubles
from bot.jobs.turned import TimeOfDay

OVER = "over"  # the code of the notice that says so; its fact `code_before` names the trouble

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Senses:
    """What only the running process can tell: seconds in which no command could arrive, 0 while they can; bytes left on
    the database's disk, None where that can't be told."""

    deaf_for: Callable[[], float]
    disk_left: Callable[[], int | None]


class Watch:
    """One look at everything that may be wrong, when rung."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        senses: Senses,
        *,
        ops_channel: str,
        poll_interval: float,
        wake: Callable[[], None],
    ) -> None:
        """`ops_channel` "" means that nobody is told; `/ojt status` shows it all the same. `wake` rings delivery."""
        self._store = store
        self._clock = clock
        self._senses = senses
        self._ops_channel = ops_channel
        self._poll_interval = poll_interval
        self._wake = wake
        self._since = clock.now()
        self._time_of_day = TimeOfDay(clock)
        self._turned_at: datetime | None = None

    async def once(self) -> None:
        """Compares what is wrong now with what was, and owes what is to be told of the difference."""
        now, deaf_for, disk_left = self._clock.now(), self._senses.deaf_for(), self._senses.disk_left()
        if by := self._time_of_day.turned():
            self._since = now
            self._turned_at = max(
                now, now - by
            )  # times up to this may be of before: they tell of no delay, nor of none

        def work(tx: Tx) -> bool:
            before = {trouble.code: trouble.facts for trouble in tx.troubles.all()}
            found = troubles(self._signs(tx, now, deaf_for, disk_left), before)
            told = [note_trouble(tx, self._ops_channel, code, found.get(code), now) for code in WATCHED]
            return any(told)

        try:
            if await self._store.transact(work):
                self._wake()
        except StoreBusy:
            log.warning("store.busy", what="watch")

    def _signs(self, tx: Tx, now: datetime, deaf_for: float, disk_left: int | None) -> Signs:
        poll, counts = tx.sessions.poll_state(), tx.outbox.counts()
        last_poll_at = poll.last.ended_at if poll.last else None
        if last_poll_at is not None and last_poll_at > now:  # the clock was turned back since
            last_poll_at = None
        return Signs(
            now=now,
            reading_since=self._since,
            last_poll_at=last_poll_at,
            poll_interval=self._poll_interval,
            waiting_since=counts.oldest_at,
            waiting=counts.waiting + counts.sending + counts.unsure,
            app_refused=counts.app_refused,
            deaf_for=deaf_for,
            disk_left=disk_left,
            turned_at=self._turned_at,
        )


def note_trouble(tx: Tx, ops_channel: str, code: str, facts: Facts | None, now: datetime) -> bool:
    """Remembers that a trouble is there (`facts`) or is not (None); whether that is new and was owed to OPS_CHANNEL."""
    if facts is not None:
        begun = tx.troubles.begin(code, facts, now)
        if begun is None:
            return False
        log.error("trouble", code=code, **{name: value for name, value in facts.items() if name != "why"})
        return _owe(tx, ops_channel, code, begun.since, facts, now)
    ended = tx.troubles.end(code)
    if ended is None:
        return False
    log.info("trouble.over", code=code)
    minutes = int((now - ended.since).total_seconds() // 60)
    return _owe(tx, ops_channel, OVER, ended.since, {"code_before": code, "minutes": minutes}, now)


def _owe(tx: Tx, ops_channel: str, code: str, since: datetime, facts: Mapping[str, object], now: datetime) -> bool:
    if not ops_channel:
        return False
    told = {name: value for name, value in facts.items() if isinstance(value, str | int | float)}
    notice = Notice(
        kind=NoticeKind.OPS,
        destination=Destination(DestinationKind.CHANNEL, ops_channel),
        subject=f"ops:{code}:{told.get('code_before', '')}:{since.isoformat()}",
        reason=code,
        facts={"code": code, **told},
    )
    return tx.outbox.owe(notice, now)
