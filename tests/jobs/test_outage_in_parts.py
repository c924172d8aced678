"""After an outage of a large account, of which an increment and a full listing each show a part."""

import asyncio
from datetime import timedelta

import pytest

from bot.domain.notifications import Delivery, NotificationKind
from tests.jobs.room import Room, polls

pytestmark = pytest.mark.virtual_time

THREE_DAYS = timedelta(days=3)


async def away(large: Room) -> None:
    """iSpring is down for three days, in which sessions are completed: some that were in progress, and some that began
    and ended meanwhile."""
    running = [large.world.add_session(status="IN_PROGRESS") for _ in range(4)]
    await polls(large, 2)
    await large.posts()
    began = large.clock.now()
    large.stand_in.quirks.server_errors = 10**9
    for _ in range(6):
        large.clock.advance(timedelta(hours=12))
        await large.poll()
    large.stand_in.quirks.server_errors = 0
    for number, session in enumerate(running):
        large.world.complete(session, percent=30)
        session.completed_at = began + timedelta(hours=1 + 20 * number)
    for hours in (2, 30, 50, 70):
        large.world.add_session(completed_at=began + timedelta(hours=hours))


def summaries(posted: list[Delivery]) -> list[Delivery]:
    return [
        one
        for one in posted
        if any(stored.notification.kind is NotificationKind.OUTAGE for stored in one.notifications)
    ]


def cards(posted: list[Delivery]) -> list[object]:
    return [
        stored.notification.session
        for one in posted
        for stored in one.notifications
        if stored.notification.kind is NotificationKind.SESSION
    ]


@pytest.mark.parametrize("sends_between", [True, False])
async def test_an_increment_and_a_full_listing_post_one_summary(large: Room, sends_between: bool) -> None:
    await away(large)
    posted: list[Delivery] = []

    woken, polled = asyncio.Event(), asyncio.Event()

    async def send() -> None:
        while not polled.is_set():
            await woken.wait()
            woken.clear()
            large.clock.advance(timedelta(milliseconds=1))  # deliveries of one moment would have one id
            posted.extend(await large.posts())

    large.wake = woken.set
    sending = asyncio.create_task(send()) if sends_between else None
    report = await large.poll()
    if sending is not None:
        polled.set()
        woken.set()
        await sending
        large.clock.advance(timedelta(milliseconds=1))
    posted += await large.posts()
    for _ in range(20):
        await polls(large, 1)
        posted += await large.posts()
    assert report.error == ""
    shown = cards(posted)
    assert len(shown) == len(set(shown)) == 3
    assert len(summaries(posted)) == 1


async def test_a_full_listing_that_fails_at_first_posts_no_second_summary(large: Room) -> None:
    await away(large)
    large.stand_in.quirks.only_asking, large.stand_in.quirks.server_errors = ("{}",), 10**6
    posted: list[Delivery] = []
    for _ in range(3):
        await large.poll()
        posted += await large.posts()
    large.stand_in.quirks.only_asking, large.stand_in.quirks.server_errors = (), 0
    for _ in range(30):
        await polls(large, 1)
        posted += await large.posts()
    shown = cards(posted)
    assert len(shown) == len(set(shown)) == 3
    assert len(summaries(posted)) == 1
