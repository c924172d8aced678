"""Trouble is told to OPS_CHANNEL once when it begins and once when it is over, across restarts."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.domain.alerts import DISK_ENOUGH, DISK_LEFT
from bot.domain.model import DeliveryState, NotificationKind
from bot.domain.outbox import NotificationState
from bot.domain.polling import PollReport
from bot.jobs.monitor import Monitor, RuntimeProbes
from bot.store.database import Store, Tx
from tests.fake_clock import FakeClock
from tests.store.given import a_session, becomes, claim, enqueue

OPS = "C0OPS0000"


class Machine:
    """What the senses feel, set by the test; `rung` counts how often delivery was woken."""

    def __init__(self) -> None:
        self.disconnected_for = 0.0
        self.disk_left = 10 * DISK_ENOUGH
        self.rung = 0

    def ring(self) -> None:
        self.rung += 1


class Lookout:
    """A database, a clock to turn, and the watch over both."""

    def __init__(self, database: Store, clock: FakeClock) -> None:
        self.database, self.clock, self.machine = database, clock, Machine()
        self.restart()

    def restart(self, ops_channel: str = OPS) -> None:
        probes = RuntimeProbes(lambda: self.machine.disconnected_for, lambda: self.machine.disk_left)
        self.monitor = Monitor(
            self.database, self.clock, probes, ops_channel=ops_channel, poll_interval=120, wake=self.machine.ring
        )

    async def polled(self) -> None:
        now = self.clock.now()
        await self.database.transact(lambda tx: tx.polls.record(PollReport(now, now)))

    async def notified(self) -> list[str]:
        """What OPS_CHANNEL is owed, in the order it was: the code, behind `over` the trouble that ended."""
        tolds = await self.database.read(lambda tx: tx.deliveries.in_states((NotificationState.PENDING,), 100))
        in_order = sorted(tolds, key=lambda one: one.created_at)
        notifications = [one.notification for one in in_order if one.notification.kind is NotificationKind.OPS]
        return [
            str(notification.facts.get("code_before") or notification.facts["code"]) + _mark(notification.facts)
            for notification in notifications
        ]

    async def open(self) -> list[str]:
        return [one.code for one in await self.database.read(lambda tx: tx.alerts.all())]


def _mark(facts: object) -> str:
    return " over" if isinstance(facts, dict) and facts.get("code") == "over" else ""


@pytest.fixture
async def lookout(tmp_path: Path) -> AsyncIterator[Lookout]:
    clock = FakeClock()
    database = Store.open(tmp_path / "spotter.db", now=clock.now())
    yield Lookout(database, clock)
    database.close()


@pytest.mark.promise("alert")
async def test_a_trouble_is_told_once_and_its_end_once(lookout: Lookout) -> None:
    lookout.machine.disk_left = DISK_LEFT - 1
    for _ in range(3):
        await lookout.monitor.once()
    assert await lookout.notified() == ["disk_nearly_full"]
    lookout.machine.disk_left = DISK_ENOUGH
    lookout.clock.advance(timedelta(minutes=1))
    for _ in range(3):
        await lookout.monitor.once()
    assert await lookout.notified() == ["disk_nearly_full", "disk_nearly_full over"]
    assert lookout.machine.rung == 2


async def test_the_same_trouble_later_is_told_anew(lookout: Lookout) -> None:
    for disconnected_for in (200.0, 0.0, 200.0):
        lookout.machine.disconnected_for = disconnected_for
        await lookout.monitor.once()
        lookout.clock.advance(timedelta(minutes=5))
    assert await lookout.notified() == ["socket_disconnected", "socket_disconnected over", "socket_disconnected"]


async def test_a_restart_in_the_middle_of_a_trouble_tells_nothing_twice(lookout: Lookout) -> None:
    lookout.machine.disk_left = 0
    await lookout.monitor.once()
    lookout.restart()
    await lookout.monitor.once()
    assert await lookout.notified() == ["disk_nearly_full"]


@pytest.mark.promise("alert")
async def test_restarts_in_the_middle_of_what_only_time_shows_tell_nothing_twice(lookout: Lookout) -> None:
    await lookout.polled()
    for _ in range(4):
        lookout.restart()
        for minute in range(20):
            lookout.machine.disconnected_for = 60.0 * minute + 1.0
            await lookout.monitor.once()
            lookout.clock.advance(timedelta(minutes=1))
    # Nobody sends here: the messages about the first two are stuck.
    assert await lookout.notified() == ["socket_disconnected", "poll_stale", "deliveries_stuck"]
    lookout.machine.disconnected_for = 0.0
    await lookout.polled()
    await lookout.monitor.once()
    assert await lookout.open() == ["deliveries_stuck"]


async def test_polls_that_stop_are_noticed_and_so_is_the_next(lookout: Lookout) -> None:
    await lookout.polled()
    lookout.clock.advance(timedelta(minutes=20))
    await lookout.monitor.once()
    assert await lookout.open() == ["poll_stale"]
    lookout.clock.advance(timedelta(minutes=1))
    await lookout.polled()
    await lookout.monitor.once()
    assert await lookout.notified() == ["poll_stale", "poll_stale over"]
    assert await lookout.open() == []


@pytest.mark.parametrize("state", [DeliveryState.PENDING, DeliveryState.SENDING, DeliveryState.AMBIGUOUS])
async def test_a_message_that_no_answer_settles_for_half_an_hour_is_noticed(
    lookout: Lookout, state: DeliveryState
) -> None:
    begun = lookout.clock.now()

    def try_it(tx: Tx) -> None:
        enqueue(tx, a_session(1), now=begun)
        becomes(tx, claim(tx, now=begun), state)

    await lookout.database.transact(try_it)
    lookout.clock.advance(timedelta(minutes=31))
    await lookout.polled()
    await lookout.monitor.once()
    assert await lookout.open() == ["deliveries_stuck"]


async def test_a_refused_app_is_remembered_for_status_and_told_once_slack_takes_it(lookout: Lookout) -> None:
    await lookout.database.transact(lambda tx: tx.outbox.refuse_app("token_revoked"))
    await lookout.monitor.once()
    assert await lookout.open() == ["app_refused"]
    lookout.clock.advance(timedelta(minutes=1))
    await lookout.database.transact(lambda tx: tx.outbox.refuse_app(""))
    await lookout.monitor.once()
    assert await lookout.notified() == ["app_refused", "app_refused over"]


async def test_without_an_ops_channel_troubles_are_only_remembered(lookout: Lookout) -> None:
    lookout.restart(ops_channel="")
    lookout.machine.disk_left = 0
    await lookout.monitor.once()
    assert await lookout.open() == ["disk_nearly_full"]
    assert await lookout.notified() == []


async def test_what_the_trouble_is_like_now_is_kept_though_it_is_told_once(lookout: Lookout) -> None:
    for lookout.machine.disk_left in (150 << 20, 90 << 20):
        await lookout.monitor.once()
    (open_one,) = await lookout.database.read(lambda tx: tx.alerts.all())
    assert open_one.facts == {"megabytes": 90}
    assert await lookout.notified() == ["disk_nearly_full"]
