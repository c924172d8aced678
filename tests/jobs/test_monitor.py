"""OPS_CHANNEL gets one message when an alert begins and one when it ends, across restarts."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.blocks.alerts import alert_text
from bot.blocks.elements import mrkdwn, section
from bot.blocks.markup import instant, plain_text
from bot.domain.alerts import DISK_ENOUGH, DISK_LEFT
from bot.domain.notifications import DeliveryState, NotificationKind
from bot.domain.outbox import NotificationState
from bot.domain.polling import PollReport
from bot.jobs.monitor import Monitor, RuntimeProbes
from bot.store.database import Store, Tx
from tests.clock import FakeClock
from tests.environment import open_store
from tests.settings import settings_of
from tests.store.given import a_session, becomes, claim, enqueue

pytestmark = pytest.mark.virtual_time

OPS = "C0OPS0000"


class Machine:
    """The measurements, set by the test; `wakes` counts how often the sender was woken."""

    def __init__(self) -> None:
        self.disconnected_for = 0.0
        self.disk_left = 10 * DISK_ENOUGH
        self.wakes = 0

    def wake(self) -> None:
        self.wakes += 1


class MonitorEnv:
    """A database, a clock that the test sets, and the monitor."""

    def __init__(self, database: Store, clock: FakeClock) -> None:
        self.database, self.clock, self.machine = database, clock, Machine()
        self.restart()

    def restart(self, ops_channel: str = OPS) -> None:
        self.database.ops_channel = ops_channel
        probes = RuntimeProbes(lambda: self.machine.disconnected_for, lambda: self.machine.disk_left)
        self.monitor = Monitor(self.database, self.clock, probes, settings_of(), wake=self.machine.wake)

    async def polled(self) -> None:
        now = self.clock.now()
        await self.database.transact(lambda tx: tx.polls.record(PollReport(now, now)))

    async def messages(self) -> list[str]:
        """The codes of the messages queued for OPS_CHANNEL in their order; " over" follows if the alert ended. One that
        was over before it was sent is among them."""
        states = (NotificationState.PENDING, NotificationState.CANCELLED, NotificationState.SENT)
        statuses = await self.database.read(lambda tx: tx.deliveries.in_states(states, 100))
        in_order = sorted(statuses, key=lambda one: one.created_at)
        notifications = [one.notification for one in in_order if one.notification.kind is NotificationKind.OPS]
        return [
            str(notification.facts.get("code_before") or notification.facts["code"]) + _mark(notification.facts)
            for notification in notifications
        ]

    async def active(self) -> list[str]:
        return [one.code for one in await self.database.read(lambda tx: tx.alerts.all())]


def _mark(facts: object) -> str:
    return " over" if isinstance(facts, dict) and facts.get("code") == "over" else ""


@pytest.fixture
async def env(tmp_path: Path) -> AsyncIterator[MonitorEnv]:
    clock = FakeClock()
    database = open_store(tmp_path / "spotter.db", now=clock.now())
    yield MonitorEnv(database, clock)
    database.close()


@pytest.mark.promise("alert")
async def test_an_alert_has_one_message_and_its_end_has_one(env: MonitorEnv) -> None:
    env.machine.disk_left = DISK_LEFT - 1
    for _ in range(3):
        await env.monitor.once()
    assert await env.messages() == ["disk_nearly_full"]
    env.machine.disk_left = DISK_ENOUGH
    env.clock.advance(timedelta(minutes=1))
    for _ in range(3):
        await env.monitor.once()
    assert await env.messages() == ["disk_nearly_full", "disk_nearly_full over"]
    assert env.machine.wakes == 2


async def test_what_was_over_before_it_could_be_told_is_told_once_from_when_to_when(env: MonitorEnv) -> None:
    """A revoked token: OPS_CHANNEL can be written to only after it was mended."""
    await env.database.transact(lambda tx: tx.outbox.refuse_app("token_revoked"))
    await env.monitor.once()
    assert await env.messages() == ["app_refused"]
    env.clock.advance(timedelta(minutes=67))
    await env.database.transact(lambda tx: tx.outbox.refuse_app(""))
    await env.monitor.once()
    waiting = await env.database.read(lambda tx: tx.deliveries.in_states((NotificationState.PENDING,), 9))
    assert not [one for one in waiting if one.notification.facts["code"] == "app_refused"]
    [status] = [one for one in waiting if one.notification.facts.get("code_before") == "app_refused"]
    said = plain_text([section(mrkdwn(alert_text(status.notification.facts)))])
    began = env.clock.now() - timedelta(minutes=67)
    assert said == (
        f"Over after 67 min: Slack accepts the app again; the app was refused from {instant(began)} to "
        f"{instant(env.clock.now())} (token_revoked)."
    )


async def test_an_alert_that_begins_again_has_a_new_message(env: MonitorEnv) -> None:
    for disconnected_for in (200.0, 0.0, 200.0):
        env.machine.disconnected_for = disconnected_for
        await env.monitor.once()
        env.clock.advance(timedelta(minutes=5))
    assert await env.messages() == ["socket_disconnected", "socket_disconnected over", "socket_disconnected"]


async def test_a_restart_during_an_alert_repeats_no_message(env: MonitorEnv) -> None:
    env.machine.disk_left = 0
    await env.monitor.once()
    env.restart()
    await env.monitor.once()
    assert await env.messages() == ["disk_nearly_full"]


@pytest.mark.promise("alert")
async def test_restarts_during_alerts_that_depend_on_time_repeat_no_message(env: MonitorEnv) -> None:
    await env.polled()
    for _ in range(4):
        env.restart()
        for minute in range(20):
            env.machine.disconnected_for = 60.0 * minute + 1.0
            await env.monitor.once()
            env.clock.advance(timedelta(minutes=1))
    # No sender runs here: the messages about the first two are stuck.
    assert await env.messages() == ["socket_disconnected", "poll_stale", "deliveries_stuck"]
    env.machine.disconnected_for = 0.0
    await env.polled()
    await env.monitor.once()
    assert await env.active() == ["deliveries_stuck"]


async def test_polls_that_stop_are_noticed_and_so_is_the_next(env: MonitorEnv) -> None:
    await env.polled()
    env.clock.advance(timedelta(minutes=20))
    await env.monitor.once()
    assert await env.active() == ["poll_stale"]
    env.clock.advance(timedelta(minutes=1))
    await env.polled()
    await env.monitor.once()
    assert await env.messages() == ["poll_stale", "poll_stale over"]
    assert await env.active() == []


@pytest.mark.parametrize("state", [DeliveryState.PENDING, DeliveryState.SENDING, DeliveryState.AMBIGUOUS])
async def test_a_message_that_no_answer_settles_for_half_an_hour_is_noticed(
    env: MonitorEnv, state: DeliveryState
) -> None:
    begun = env.clock.now()

    def try_it(tx: Tx) -> None:
        enqueue(tx, a_session(1), now=begun)
        becomes(tx, claim(tx, now=begun), state)

    await env.database.transact(try_it)
    env.clock.advance(timedelta(minutes=31))
    await env.polled()
    await env.monitor.once()
    assert await env.active() == ["deliveries_stuck"]


async def test_a_refused_app_is_an_alert_until_slack_accepts_it(env: MonitorEnv) -> None:
    await env.database.transact(lambda tx: tx.outbox.refuse_app("token_revoked"))
    await env.monitor.once()
    assert await env.active() == ["app_refused"]
    env.clock.advance(timedelta(minutes=1))
    await env.database.transact(lambda tx: tx.outbox.refuse_app(""))
    await env.monitor.once()
    assert await env.messages() == ["app_refused", "app_refused over"]


async def test_without_an_ops_channel_alerts_are_only_stored(env: MonitorEnv) -> None:
    env.restart(ops_channel="")
    env.machine.disk_left = 0
    await env.monitor.once()
    assert await env.active() == ["disk_nearly_full"]
    assert await env.messages() == []


async def test_an_active_alert_keeps_its_newest_facts_and_its_one_message(env: MonitorEnv) -> None:
    for env.machine.disk_left in (150 << 20, 90 << 20):
        await env.monitor.once()
    (open_one,) = await env.database.read(lambda tx: tx.alerts.all())
    assert open_one.facts == {"megabytes": 90}
    assert await env.messages() == ["disk_nearly_full"]
