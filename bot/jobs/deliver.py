"""Sends what the outbox owes: channels in parallel, each at its pace; looks where unsure; edits what changed since.

The rows decide what is due, so a missed bell or a restart changes nothing.
"""

import asyncio
import math
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeVar

import structlog

from bot.core.errors import MessengerError, MessengerUnavailable, StoreBusy
from bot.core.model import Delivery, Destination
from bot.core.ports import Clock, Contacts, Messenger, Store, Tx
from bot.jobs.gather import House
from bot.jobs.pace import Pace
from bot.jobs.sending import Render, Sender, Tried, unheard
from bot.jobs.turned import TimeOfDay
from bot.views.notices import render as render_notices

WORKERS = 12
IN_VIEW = 200  # destinations looked at in one round
LONGEST_REST = 30.0  # seconds: rows may also be written by the command line
SHORTEST_REST = 0.05
FAREWELL = 4.0  # seconds a post in flight is given when we are stopped
FIRST_PROBE = 60.0  # seconds until a refused app is tried again, doubling up to LAST_PROBE
LAST_PROBE = 600.0

Subject = TypeVar("Subject")

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Agenda:
    now: datetime
    posts: tuple[Destination, ...]
    looks: tuple[Delivery, ...]
    next_due_at: datetime | None
    app_refused: str


class Deliver:
    """The duty that empties the outbox. One at a time may run on a database."""

    def __init__(
        self,
        *,
        store: Store,
        messenger: Messenger,
        contacts: Contacts,
        clock: Clock,
        dice: Callable[[], float],
        house: House,
        ops_channel: str = "",
        render: Render = render_notices,
        pace: Pace | None = None,
        tried: Tried = unheard,
    ) -> None:
        """`tried` hears of each attempt: what was tried, and what came of it."""
        self._store = store
        self._messenger = messenger
        self._clock = clock
        self._pace = pace or Pace()
        self._sender = Sender(
            store=store,
            messenger=messenger,
            contacts=contacts,
            clock=clock,
            dice=dice,
            render=render,
            house=house,
            ops_channel=ops_channel,
            pace=self._pace,
            tried=tried,
        )
        self._time_of_day = TimeOfDay(clock)
        self._bell = asyncio.Event()
        self._busy: dict[str, asyncio.Task[object]] = {}
        self._ends_at: float | None = None  # monotonic; None: never
        self._resting = False
        self._app_refused = ""
        self._probe_after = FIRST_PROBE
        self._probe_at: float | None = None

    @property
    def app_refused(self) -> str:
        """Why Slack refuses the app, "" while it does not: health is red meanwhile."""
        return self._app_refused

    @property
    def is_resting(self) -> bool:
        """Whether nothing is in hand and nothing was rung for."""
        return self._resting and not self._busy and not self._bell.is_set()

    def wake(self) -> None:
        """Something may be due: looks at once instead of at the next due time."""
        self._bell.set()

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
        self._time_of_day.turned()  # asked here for the first time: what came before is not ours to mend by so much
        recovered, refused = await self._sender.insist(self._take_up)
        if recovered:
            log.warning("outbox.recovered", unsure=recovered)
        if refused:  # an admin may have mended it while we were down: tried at once
            self._app_refused, self._probe_at = refused, self._clock.monotonic()
        async with asyncio.TaskGroup() as crew:
            while True:
                self._bell.clear()
                await self._mind_clock()
                agenda = await self._agenda()
                if agenda is not None:
                    await self._mind_refusal(agenda)
                rest = 1.0 if agenda is None else await self._start(crew, agenda)
                if self._ends_at is not None and self._is_over(rest, until_idle):
                    return
                await self._rest(rest)

    def _take_up(self, tx: Tx) -> tuple[int, str]:
        """Makes sense of what an earlier process left; how many became unsure, and why Slack refuses the app."""
        now = self._clock.now()
        tx.outbox.retime(now, timedelta(0))
        return tx.outbox.recover(now), tx.outbox.app_refused()

    async def _mind_clock(self) -> None:
        """Due times are times of day: where that was turned, they are turned too."""
        if by := self._time_of_day.turned():
            log.warning("clock.turned", seconds=round(by.total_seconds()))
            await self._sender.insist(lambda tx: tx.outbox.retime(self._clock.now(), by))

    async def _agenda(self) -> _Agenda | None:
        """What is due, None while the database is busy."""
        now = self._clock.now()

        def read(tx: Tx) -> _Agenda:
            refused = tx.outbox.app_refused()
            return _Agenda(
                now=now,
                posts=() if refused else tuple(tx.outbox.due(now, IN_VIEW)),
                looks=tuple(tx.outbox.looks_due(now, IN_VIEW)),
                next_due_at=tx.outbox.next_due_at(),
                app_refused=refused,
            )

        try:
            return await self._store.read(read)
        except StoreBusy:
            log.warning("store.busy", what="agenda")
            return None

    async def _start(self, crew: asyncio.TaskGroup, agenda: _Agenda) -> float:
        """Starts what is due and has a free worker; answers after how many seconds something more will be due."""
        rest = math.inf
        if agenda.next_due_at is not None:
            ahead = (agenda.next_due_at - agenda.now).total_seconds()
            # What is due already and not started waits for a worker or its pace, and those wake us.
            rest = ahead if ahead > 0 else 1.0
        if agenda.app_refused:
            until_probe = (self._probe_at or 0.0) - self._clock.monotonic()
            return max(until_probe, SHORTEST_REST)
        for delivery in agenda.looks:
            self._hire(crew, f"look:{delivery.delivery_id}", partial(self._sender.look, delivery))
        rest = min(rest, await self._start_edit(crew))
        for destination in agenda.posts:
            wait = self._wait(destination)
            if wait > 0:
                rest = min(rest, wait)
            else:
                self._hire(crew, str(destination), partial(self._post, destination))
        return rest

    def _wait(self, destination: Destination) -> float:
        """Seconds until the pace allows a post to this destination."""
        now = self._clock.monotonic()
        return self._pace.post_at(str(destination), now) - now

    async def _start_edit(self, crew: asyncio.TaskGroup) -> float:
        """Starts the next edit that is due; answers after how many seconds the pace allows another."""
        now = self._clock.monotonic()
        wait = self._pace.edit_at(now) - now
        if wait > 0 or len(self._busy) >= WORKERS:
            return wait or math.inf
        delivery = await self._sender.claim_edit()
        if delivery is not None:
            self._hire(crew, f"edit:{delivery.delivery_id}", partial(_see_through, self._sender.edit, delivery))
        return math.inf

    def _hire(self, crew: asyncio.TaskGroup, name: str, work: Callable[[], Coroutine[Any, Any, object]]) -> None:
        if name in self._busy or len(self._busy) >= WORKERS:
            return
        task = crew.create_task(work(), name=name)
        self._busy[name] = task
        task.add_done_callback(lambda _: self._dismiss(name))

    def _dismiss(self, name: str) -> None:
        self._busy.pop(name, None)
        self._bell.set()

    def _is_over(self, rest: float, until_idle: bool) -> bool:
        """Whether `once` has done what it can: nothing in hand, nothing due in what is left of its time."""
        assert self._ends_at is not None
        left = self._ends_at - self._clock.monotonic()
        if left <= 0:
            return True
        if self._busy or self._bell.is_set():  # what ended since the agenda was read may have left something due
            return False
        return not until_idle or bool(self._app_refused) or rest > left

    async def _rest(self, seconds: float) -> None:
        if self._ends_at is not None:
            seconds = min(seconds, self._ends_at - self._clock.monotonic())
        bell = asyncio.ensure_future(self._bell.wait())
        nap = asyncio.ensure_future(self._clock.sleep(min(max(seconds, SHORTEST_REST), LONGEST_REST)))
        self._resting = True
        try:
            await asyncio.wait((bell, nap), return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._resting = False
            bell.cancel()
            nap.cancel()
            await asyncio.gather(bell, nap, return_exceptions=True)

    # ---- workers -------------------------------------------------------------------------------------------------

    async def _post(self, destination: Destination) -> None:
        """Posts what is due at one destination while the pace allows it; a worker that waits would hold others up."""
        while self._wait(destination) <= 0 and not self._is_closing() and not self._app_refused:
            if not await _see_through(self._sender.send_next, destination):
                return

    def _is_closing(self) -> bool:
        return self._ends_at is not None and self._clock.monotonic() >= self._ends_at

    # ---- when Slack refuses the app ------------------------------------------------------------------------------

    async def _mind_refusal(self, agenda: _Agenda) -> None:
        """Tries a refused app again, ever more seldom, and lifts the pause once Slack takes its token."""
        now = self._clock.monotonic()
        if not agenda.app_refused:
            if self._app_refused:
                log.info("app.accepted")
            self._app_refused = ""
            if self._probe_at is not None and now > self._probe_at:  # it has gone well for a while
                self._probe_after, self._probe_at = FIRST_PROBE, None
            return
        if agenda.app_refused != self._app_refused or self._probe_at is None:
            log.error("app.refused", why=agenda.app_refused, next_try_in=self._probe_after)
            self._app_refused = agenda.app_refused
            self._probe_at = now + self._probe_after
            return
        if now < self._probe_at:
            return
        self._probe_after = min(self._probe_after * 2, LAST_PROBE)
        self._probe_at = now + self._probe_after
        try:
            await self._messenger.check_token()
        except MessengerUnavailable:
            return
        except MessengerError as refusal:
            log.error("app.still_refused", why=str(refusal), next_try_in=self._probe_after)
            return
        await self._sender.insist(lambda tx: tx.outbox.refuse_app(""))
        self._app_refused = ""
        self._bell.set()


async def _see_through(flight: Callable[[Subject], Coroutine[Any, Any, bool]], subject: Subject) -> bool:
    """Awaits one delivery; when we are stopped meanwhile, gives it a few seconds before it is left as it stands."""
    task = asyncio.create_task(flight(subject))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task}, timeout=FAREWELL)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        raise
