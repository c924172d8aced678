"""A row without its observer, who is a required part of it: what depends on them waits until it names one."""

import json
from datetime import UTC, timedelta

import pytest

from bot.blocks.alerts import alert_sentence
from bot.demo.company import Session
from bot.demo.ispring.wire import Wire
from bot.domain.alerts import DISK_ENOUGH, UNNAMED_FOR
from bot.domain.notifications import Destination, DestinationKind, NotificationKind
from bot.domain.routing import NAMED_WITHIN
from bot.jobs.monitor import Monitor, RuntimeProbes
from tests.jobs.room import CHANNEL, Room
from tests.settings import settings_of

pytestmark = pytest.mark.virtual_time

OTHER = Destination(DestinationKind.CHANNEL, "C0OTHER00")


def list_without_observer(room: Room, session: Session, observer: object) -> None:
    wire = Wire(room.stand_in.quirks, UTC)
    rows = [wire.session(one) for one in room.world.stored_sessions]
    for row in rows:
        if row["sessionId"] == session.id:
            row["observerId"] = observer
    room.stand_in.serve_listing_bytes(json.dumps(rows).encode())


async def places(room: Room) -> list[str]:
    return sorted(str(one.destination) for one in await room.queued(NotificationKind.SESSION))


@pytest.mark.parametrize("observer", [None, "", ["x"], {"id": 1}])
async def test_who_waits_for_the_observers_name_is_told_once_it_is_there(room: Room, observer: object) -> None:
    session = room.world.start(room.world.add_session())
    await room.subscribe(f"observer:<id:{session.observer.id}>", destination=OTHER)
    await room.poll()
    room.world.complete(session, percent=86)
    list_without_observer(room, session, observer)
    for _ in range(3):
        await room.poll()
        assert await places(room) == [str(CHANNEL)]
    assert await room.store.read(lambda tx: tx.unrouted.count()) == 1

    room.stand_in.serve_listing_bytes(None)
    for _ in range(3):
        await room.poll()
        assert await places(room) == sorted(map(str, (CHANNEL, OTHER, f"person:{session.observer.id.lower()}")))
    assert await room.store.read(lambda tx: tx.unrouted.count()) == 0


async def test_a_session_that_never_gets_one_waits_no_longer_than_a_person_who_is_never_known(room: Room) -> None:
    session = room.world.start(room.world.add_session())
    await room.poll()
    room.world.complete(session, percent=86)
    list_without_observer(room, session, None)
    await room.poll()
    room.clock.advance(NAMED_WITHIN + timedelta(hours=1))
    await room.directory.on_demand()
    await room.poll()
    assert await room.store.read(lambda tx: tx.unrouted.count()) == 0
    assert await places(room) == [str(CHANNEL)]


async def test_an_admin_is_told_that_results_wait_for_an_observers_name(room: Room) -> None:
    async def alerts() -> dict[str, str]:
        probes = RuntimeProbes(lambda: 0.0, lambda: 10 * DISK_ENOUGH)
        monitor = Monitor(room.store, room.clock, probes, settings_of(), wake=lambda: None)
        await monitor.once()
        active = await room.store.read(lambda tx: tx.alerts.all())
        return {one.code: alert_sentence(one.code, one.facts) for one in active if one.code == "observers_unnamed"}

    session = room.world.start(room.world.add_session())
    await room.poll()
    room.world.complete(session, percent=86)
    list_without_observer(room, session, None)
    await room.poll()
    room.clock.advance(UNNAMED_FOR - timedelta(minutes=1))
    assert await alerts() == {}, "iSpring may name them a moment later"
    room.clock.advance(timedelta(minutes=2))
    assert "does not say who observed 1 session" in (await alerts())["observers_unnamed"]
    room.stand_in.serve_listing_bytes(None)
    await room.poll()
    assert await alerts() == {}
