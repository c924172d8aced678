"""Alerts and notices for OPS_CHANNEL: one message when an alert begins, one when it ends, none without a channel."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.domain.notifications import Destination, DestinationKind, Notification
from bot.domain.outbox import NotificationState
from bot.services.alerting import clear_alert, notify_ops, ops_destinations, set_alert
from bot.store.database import Store
from tests.clock import NOON

OPS = Destination(DestinationKind.CHANNEL, "C0OPS")
LATER = NOON + timedelta(minutes=5)
FROM_TO = {"from": int(NOON.timestamp()), "to": int(LATER.timestamp())}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store.open(tmp_path / "spotter.db", now=NOON, ops_channel=OPS.id)
    yield opened
    opened.close()


async def queued(store: Store) -> list[Notification]:
    """What is pending or being sent, the oldest first."""
    states = (NotificationState.PENDING, NotificationState.SENDING)
    found = await store.read(lambda tx: tx.deliveries.in_states(states, 100))
    return [one.notification for one in sorted(found, key=lambda one: one.created_at)]


async def test_an_alert_that_begins_is_updated_and_ends_has_two_messages(store: Store) -> None:
    assert await store.transact(lambda tx: set_alert(tx, "rows_rejected", {"rows": 2}, NOON))
    assert not await store.transact(lambda tx: set_alert(tx, "rows_rejected", {"rows": 3}, LATER))
    (active,) = await store.read(lambda tx: tx.alerts.all())
    assert (active.since, active.facts) == (NOON, {"rows": 3})
    assert await store.transact(lambda tx: tx.outbox.claim(OPS, LATER, LATER.timestamp(), "d1"))
    assert await store.transact(lambda tx: set_alert(tx, "rows_rejected", None, LATER))
    assert not await store.transact(lambda tx: clear_alert(tx, "rows_rejected", LATER))
    began, ended = await queued(store)
    assert (began.destination, began.facts) == (OPS, {"code": "rows_rejected", "rows": 2})
    assert ended.facts == {"code": "over", "code_before": "rows_rejected", "minutes": 5, **FROM_TO}


async def test_an_alert_that_ends_before_it_was_posted_has_one_message_with_its_reason(store: Store) -> None:
    await store.transact(lambda tx: set_alert(tx, "app_refused", {"reason": "token_revoked"}, NOON))
    assert await store.transact(lambda tx: clear_alert(tx, "app_refused", LATER))
    [ended] = await queued(store)
    assert ended.facts == {
        "code": "over",
        "code_before": "app_refused",
        "minutes": 5,
        "reason": "token_revoked",
        **FROM_TO,
    }


async def test_a_notice_is_queued_once_per_code_and_subject(store: Store) -> None:
    assert await store.transact(lambda tx: notify_ops(tx, "baseline_done", "once", NOON, sessions=7))
    assert not await store.transact(lambda tx: notify_ops(tx, "baseline_done", "once", LATER, sessions=8))
    assert await store.transact(lambda tx: notify_ops(tx, "baseline_done", "again", LATER, sessions=8))
    assert [notice.facts["sessions"] for notice in await queued(store)] == [7, 8]


async def test_without_the_setting_an_alert_is_only_stored(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "quiet.db", now=NOON)
    try:
        assert not await store.transact(lambda tx: set_alert(tx, "rows_rejected", {"rows": 2}, NOON))
        assert not await store.transact(lambda tx: notify_ops(tx, "baseline_done", "once", NOON))
        assert await store.read(ops_destinations) == [] and await queued(store) == []
        assert [alert.code for alert in await store.read(lambda tx: tx.alerts.all())] == ["rows_rejected"]
    finally:
        store.close()
