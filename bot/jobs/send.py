"""Sends pending notifications, channels in parallel, each at its rate; reads ambiguous deliveries back; edits changed
cards.

The rows decide what is due, so a missed wake-up or a restart changes nothing.
"""

import asyncio
import math
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeVar

import structlog

from bot.blocks.notifications import render as render_notices
from bot.config import Settings
from bot.domain.errors import StoreBusy
from bot.domain.notifications import Delivery, Destination, DestinationKind
from bot.domain.ports import Clock, Contacts, Messenger
from bot.jobs.app_probe import AppProbe
from bot.jobs.attempts import Tried, uncounted
from bot.jobs.channel_guard import ChannelReadings
from bot.jobs.editor import Editor
from bot.jobs.rate_limit import RateLimiter
from bot.jobs.read_back import ReadBack
from bot.jobs.renderer import Render, Renderer
from bot.jobs.retrying_store import RetryingStore
from bot.jobs.sender import Sender
from bot.services.muting import end_over
from bot.services.pausing import resume_due
from bot.store.database import Store, Tx

WORKERS = 12
WORKERS_FOR_PEOPLE = 4  # of these: a person's account is looked up first, which may wait for Slack
IN_VIEW = 200  # channels, as many people, and as many read-backs, read at once
_PEOPLE = (f"{DestinationKind.PERSON}:", f"{DestinationKind.USER}:")
MAX_WAIT = 30.0  # seconds: rows may also be written by the command line
MIN_WAIT = 0.05
SET_BACK = timedelta(seconds=1)  # less than that is how a clock is corrected while it runs
CLAMP_EVERY = 600.0  # seconds between two searches for due times of before the clock jumped back
SHUTDOWN_GRACE = 4.0  # seconds a post in flight is given when we are stopped

Subject = TypeVar("Subject")

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _DueWork:
    now: datetime
    posts: tuple[tuple[Destination, Destination | None], ...]  # with the channel that shows it instead
    read_backs: tuple[Delivery, ...]
    next_due_at: datetime | None
    app_refused: str


class SendJob:
    """Sends, reads back and edits what is due. At most one may run on a database."""

    def __init__(
        self,
        *,
        store: Store,
        messenger: Messenger,
        contacts: Contacts,
        clock: Clock,
        random01: Callable[[], float],
        settings: Settings,
        render: Render = render_notices,
        limiter: RateLimiter | None = None,
        tried: Tried = uncounted,
    ) -> None:
        """`tried` is called for each attempt, with what was tried and the kind of its result."""
        self._store = store
        self._clock = clock
        self._limiter = limiter or RateLimiter()
        self._retrying = RetryingStore(store, clock)
        renderer = Renderer(self._retrying, contacts, clock, settings, render)
        channels = ChannelReadings(store, messenger, clock)
        self._read_back = ReadBack(
            store=self._retrying,
            messenger=messenger,
            contacts=contacts,
            clock=clock,
            random01=random01,
            tried=tried,
        )
        self._sender = Sender(
            store=self._retrying,
            messenger=messenger,
            contacts=contacts,
            clock=clock,
            random01=random01,
            renderer=renderer,
            channels=channels,
            settings=settings,
            limiter=self._limiter,
            tried=tried,
            read_back=self._read_back,
        )
        self._editor = Editor(
            store=self._retrying,
            messenger=messenger,
            contacts=contacts,
            clock=clock,
            random01=random01,
            renderer=renderer,
            channels=channels,
            limiter=self._limiter,
            tried=tried,
        )
        self._clamp_at = 0.0  # monotonic
        self._read_at: tuple[float, datetime] | None = None  # the clock as it was read last, beside monotonic seconds
        self._event = asyncio.Event()
        self._busy: dict[str, asyncio.Task[object]] = {}
        self._ends_at: float | None = None  # monotonic; None: never
        self._paused = False
        self._probe = AppProbe(self._retrying, messenger, clock)

    @property
    def app_refused(self) -> str:
        """Why Slack refuses the app, "" while it does not: health is red meanwhile."""
        return self._probe.refused

    @property
    def is_paused(self) -> bool:
        """Whether nothing is being sent and no wake-up is pending."""
        return self._paused and not self._busy and not self._event.is_set()

    def wake(self) -> None:
        """Something may be due: reads the due work at once instead of at the next due time."""
        self._event.set()

    async def run(self) -> None:
        """Sends until cancelled. A post in flight is given a few seconds to end and be stored."""
        await self._work(until_idle=False)

    async def once(self, until_idle: bool = True, limit_seconds: float = 60.0) -> None:
        """Sends what is due and, with `until_idle`, waits for what becomes due within the limit. Rows may be left."""
        self._ends_at = self._clock.monotonic() + limit_seconds
        try:
            await self._work(until_idle=until_idle)
        finally:
            self._ends_at = None

    # ---- the loop ------------------------------------------------------------------------------------------------

    async def _work(self, *, until_idle: bool) -> None:
        self._clamp_at = self._clock.monotonic()
        recovered, refused = await self._retrying.transact(self._recover)
        if recovered:
            log.warning("outbox.recovered", ambiguous=recovered)
        if refused:  # an admin may have mended it while we were down: tried at once
            self._probe.try_at_once(refused)
        async with asyncio.TaskGroup() as group:
            while True:
                self._event.clear()
                await self._clamp_due_times()
                due_work = await self._due_work()
                if due_work is not None and await self._probe.once(due_work.app_refused):
                    self._event.set()
                pause = 1.0 if due_work is None else await self._start(group, due_work)
                if self._ends_at is not None and self._is_over(pause, until_idle):
                    return
                await self._pause(pause)

    def _recover(self, tx: Tx) -> tuple[int, str]:
        """Recovers what an earlier process left; returns how many became ambiguous, and why Slack refuses the app."""
        return tx.outbox.recover(self._clock.now()), tx.outbox.app_refused()

    async def _clamp_due_times(self) -> None:
        """Brings back due times that a clock that was set back left in the future: at once if it was set back while
        this process ran; those far away every `CLAMP_EVERY` seconds, because it may have been set back before."""
        monotonic, now = self._clock.monotonic(), self._clock.now()
        if self._read_at is not None:
            set_back = timedelta(seconds=monotonic - self._read_at[0]) - (now - self._read_at[1])
            if set_back > SET_BACK:
                await self._retrying.transact(lambda tx: tx.outbox.set_due_times_back(set_back, now))
        self._read_at = monotonic, now
        if monotonic >= self._clamp_at:
            await self._retrying.transact(lambda tx: tx.outbox.clamp_due_times(self._clock.now()))
            self._clamp_at = self._clock.monotonic() + CLAMP_EVERY

    async def _due_work(self) -> _DueWork | None:
        """Reads the due work; None if the database is busy."""
        now = self._clock.now()
        await self._end_what_is_over(now)

        def read(tx: Tx) -> _DueWork:
            schedule = tx.outbox.schedule(now)
            return _DueWork(
                now=now,
                posts=(
                    *((destination, None) for destination in schedule.due(now, IN_VIEW)),
                    *schedule.due_in_shadow(now, IN_VIEW),
                ),
                read_backs=tuple(tx.outbox.read_backs_due(now, IN_VIEW)),
                next_due_at=schedule.next_due_at,
                app_refused=tx.outbox.app_refused(),
            )

        try:
            return await self._store.read(read)
        except StoreBusy:
            log.warning("store.postponed", what="due work")
            return None

    async def _end_what_is_over(self, now: datetime) -> None:
        """Ends the mutes and the pauses of rules whose time is over: what they held back is due at once."""

        def is_over(tx: Tx) -> bool:
            return bool(tx.mutes.over(now) or tx.rules.due_to_resume(now))

        def end(tx: Tx) -> tuple[int, int]:
            return end_over(tx, now), resume_due(tx, now)

        try:
            if await self._store.read(is_over):
                mutes, rules = await self._store.transact(end)
                log.info("silence.ended", mutes=mutes, rules=rules)
        except StoreBusy:
            log.warning("store.postponed", what="mutes")

    async def _start(self, group: asyncio.TaskGroup, due_work: _DueWork) -> float:
        """Starts what is due and has a free worker; answers after how many seconds something more will be due."""
        pause = math.inf
        if due_work.next_due_at is not None:
            ahead = (due_work.next_due_at - due_work.now).total_seconds()
            # Due work that is not started waits for a worker or for the rate limit; both wake this loop.
            pause = ahead if ahead > 0 else 1.0
        if due_work.app_refused:
            return max(self._probe.seconds_left(), MIN_WAIT)
        for delivery in due_work.read_backs:
            self._spawn(group, f"read-back:{delivery.delivery_id}", partial(self._read_back.once, delivery))
        for destination, shadow in due_work.posts:
            wait, place = self._wait(destination, shadow), shadow or destination
            if wait > 0:
                pause = min(pause, wait)
            elif place.kind is DestinationKind.CHANNEL or self._busy_with_people() < WORKERS_FOR_PEOPLE:
                self._spawn(group, str(place), partial(self._post, destination, shadow))
        return min(pause, await self._start_edit(group))

    def _busy_with_people(self) -> int:
        return sum(name.startswith(_PEOPLE) for name in self._busy)

    def _wait(self, destination: Destination, shadow: Destination | None) -> float:
        """Seconds until the rate limit allows a post for this destination, in the channel that shows it instead."""
        now = self._clock.monotonic()
        at = self._limiter.post_at(str(shadow or destination), now)
        if destination.kind is not DestinationKind.CHANNEL:
            at = max(at, self._limiter.people_at(now))
        return at - now

    async def _start_edit(self, group: asyncio.TaskGroup) -> float:
        """Starts the next edit that is due; answers after how many seconds the rate limit allows another."""
        now = self._clock.monotonic()
        wait = self._limiter.edit_at(now) - now
        if wait > 0 or len(self._busy) >= WORKERS:
            return wait or math.inf
        wait = self._limiter.edit_at(now, cosmetic=True) - now
        delivery = await self._editor.claim_edit(cosmetic=wait <= 0)
        if delivery is None:
            return wait or math.inf
        self._spawn(group, f"edit:{delivery.delivery_id}", partial(_finish_on_shutdown, self._editor.edit, delivery))
        return math.inf

    def _spawn(self, group: asyncio.TaskGroup, name: str, work: Callable[[], Coroutine[Any, Any, object]]) -> None:
        if name in self._busy or len(self._busy) >= WORKERS:
            return
        task = group.create_task(work(), name=name)
        self._busy[name] = task
        task.add_done_callback(lambda _: self._on_done(name))

    def _on_done(self, name: str) -> None:
        self._busy.pop(name, None)
        self._event.set()

    def _is_over(self, pause: float, until_idle: bool) -> bool:
        """Whether `once` has done what it can: nothing in hand, nothing due in what is left of its time."""
        assert self._ends_at is not None
        left = self._ends_at - self._clock.monotonic()
        if left <= 0:
            return True
        if (
            self._busy or self._event.is_set()
        ):  # a task that ended since the due work was read may have left something due
            return False
        return not until_idle or bool(self._probe.refused) or pause > left

    async def _pause(self, seconds: float) -> None:
        if self._ends_at is not None:
            seconds = min(seconds, self._ends_at - self._clock.monotonic())
        event = asyncio.ensure_future(self._event.wait())
        nap = asyncio.ensure_future(self._clock.sleep(min(max(seconds, MIN_WAIT), MAX_WAIT)))
        self._paused = True
        try:
            await asyncio.wait((event, nap), return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._paused = False
            event.cancel()
            nap.cancel()
            await asyncio.gather(event, nap, return_exceptions=True)

    # ---- workers -------------------------------------------------------------------------------------------------

    async def _post(self, destination: Destination, shadow: Destination | None) -> None:
        """Posts what is due for one destination while the rate limit allows it; a waiting worker would block other
        destinations."""
        send_next = partial(self._sender.send_next, shadow=shadow)
        while self._wait(destination, shadow) <= 0 and not self._is_closing() and not self._probe.refused:
            if not await _finish_on_shutdown(send_next, destination):
                return

    def _is_closing(self) -> bool:
        return self._ends_at is not None and self._clock.monotonic() >= self._ends_at


async def _finish_on_shutdown(flight: Callable[[Subject], Coroutine[Any, Any, bool]], subject: Subject) -> bool:
    """Awaits one delivery; when we are stopped meanwhile, gives it a few seconds before it is left as it stands."""
    task = asyncio.create_task(flight(subject))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task}, timeout=SHUTDOWN_GRACE)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        raise
