"""The switch: while all sending is paused nothing at all goes to Slack; afterwards what waited goes, once."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.domain.outbox import NotificationState
from bot.domain.rules import OPERATOR
from bot.services import pausing
from bot.services.alerting import set_alert
from bot.store.database import Store
from tests.jobs.outbox_room import SHOP_CHANNEL, Room
from tests.jobs.outbox_room import room as a_room

pytestmark = pytest.mark.virtual_time
WRITES = ("chat.postMessage", "chat.update", "chat.postEphemeral", "chat.delete")


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    async with a_room(tmp_path) as made:
        yield made


async def pause(room: Room) -> bool:
    return await room.store.transact(lambda tx: pausing.pause_all(tx, "U0ADMIN", room.clock.now()))


async def resume(room: Room) -> None:
    assert await room.store.transact(lambda tx: pausing.resume_all(tx, OPERATOR, room.clock.now())) is not None


def written(room: Room) -> int:
    return sum(room.calls(method) for method in WRITES)


async def test_nothing_is_posted_or_edited_until_sending_goes_on(room: Room) -> None:
    first = await room.complete(72.0)
    await room.send()
    before = written(room)
    assert await pause(room) and not await pause(room), "it is one fact"
    await room.correct(first, 60.0)
    second = await room.complete(50.0)
    erased = await room.complete(40.0)
    await room.send(limit_seconds=30)
    assert written(room) == before
    assert await room.stands(second) is NotificationState.BLOCKED
    counts = await room.counts()
    assert (counts.pending, counts.blocked) == (0, 2)
    assert counts.paused is not None and (counts.paused.by, counts.oldest_at) == ("U0ADMIN", None)

    await resume(room)
    await room.send()
    assert [text.splitlines()[0] for text in room.texts()] == [
        "🔴 Corrected: J. Doe 72 % → 60 %, below target 80 %",
        "🔴 J. Doe · 50 %, below target 80 %",
        "🔴 J. Doe · 40 %, below target 80 %",
    ]
    assert await room.stands(erased) is NotificationState.SENT
    entries = await room.store.read(lambda tx: tx.audit_log.entries(2))
    assert [(one.who, one.verb) for one in entries] == [(OPERATOR, "resume all"), ("U0ADMIN", "pause all")]


async def test_a_redaction_waits_too_and_is_made_first_of_all_edits(room: Room) -> None:
    key = await room.complete(72.0)
    await room.send()
    await pause(room)
    before = written(room)
    await room.store.transact(lambda tx: tx.erasure.erase(key.employee_id, room.clock.now()))
    await room.send(limit_seconds=30)
    assert written(room) == before
    await resume(room)
    await room.send()
    assert "72" not in room.texts()[0]


async def test_the_pause_is_kept_over_a_restart(room: Room) -> None:
    await pause(room)
    await room.complete(72.0)
    again = Store.open(room.store.path, now=room.clock.now())
    try:
        assert await again.read(lambda tx: tx.outbox.schedule().posts) == {}
        assert await again.read(lambda tx: tx.outbox.pause()) is not None
    finally:
        again.close()


async def test_after_a_long_pause_what_is_too_old_is_counted_as_after_an_outage(room: Room) -> None:
    await pause(room)
    await room.complete_all([50.0] * 5, ago=timedelta(hours=30))
    await room.complete(70.0)
    await resume(room)
    await room.send()
    [summary, card] = room.texts()
    assert summary.startswith("While sending was paused\n") and "5 sessions were completed" in summary
    assert "70 %, below target" in card.splitlines()[0]


async def test_alerts_wait_as_well(room: Room) -> None:
    await pause(room)
    room.store.ops_channel = SHOP_CHANNEL.id
    await room.store.transact(lambda tx: set_alert(tx, "disk_nearly_full", {}, room.clock.now()))
    await room.send(limit_seconds=30)
    assert written(room) == 0
    await resume(room)
    await room.send()
    assert "left on the disk" in room.texts()[0]
