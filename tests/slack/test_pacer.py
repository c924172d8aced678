"""Every method of Slack's keeps its tier and its `Retry-After`, whoever calls it."""

import pytest

from bot.slack.errors import NotAsked
from bot.slack.pacer import MOST_WAIT, RequestPacer
from tests.clock import FakeClock

USERS, INFO, POST = "users.lookupByEmail", "conversations.info", "chat.postMessage"


async def granted(pacer: RequestPacer, clock: FakeClock, method: str, seconds: float) -> list[float]:
    """When a caller that asks without end got its turns, in so many seconds."""
    turns = []
    while clock.monotonic() < seconds:
        try:
            await pacer.turn(method)
            turns.append(clock.monotonic())
        except NotAsked as problem:
            await clock.sleep(problem.after)
    return turns


@pytest.mark.parametrize(("method", "tier"), [(USERS, 50), ("users.info", 100), ("conversations.list", 20)])
async def test_a_method_is_called_as_often_as_its_tier_allows_in_any_minute(method: str, tier: int) -> None:
    clock = FakeClock()
    turns = await granted(RequestPacer(clock), clock, method, 300.0)
    assert 0.85 * 5 * tier <= len(turns) <= 5 * tier
    assert all(sum(start <= turn < start + 60.0 for turn in turns) <= tier for start in turns)


async def test_nobody_calls_a_method_before_its_retry_after_is_over_and_others_are_free() -> None:
    clock = FakeClock()
    pacer = RequestPacer(clock)
    await pacer.turn(USERS)
    pacer.refused(USERS, "", 30.0)
    with pytest.raises(NotAsked) as refusal:
        await pacer.turn(USERS)
    assert refusal.value.after == pytest.approx(30.0)
    await pacer.turn(INFO)
    await pacer.turn(POST, "C1")
    assert clock.slept == []
    await clock.sleep(30.0)
    turns = await granted(pacer, clock, USERS, clock.monotonic() + 10.0)
    assert 5 <= len(turns) <= 9, "and then evenly: Slack had counted more calls than we did"


async def test_a_short_retry_after_is_waited_for() -> None:
    clock = FakeClock()
    pacer = RequestPacer(clock)
    pacer.refused(USERS, "", 2.0)
    await pacer.turn(USERS)
    assert 2.0 <= clock.monotonic() < 2.1


async def test_posts_go_one_a_second_and_channel_and_a_limit_holds_for_its_channel() -> None:
    clock = FakeClock()
    pacer = RequestPacer(clock)
    for _ in range(3):
        await pacer.turn(POST, "C1")
    assert 2.0 <= clock.monotonic() < 2.1
    await pacer.turn(POST, "C2")
    assert clock.monotonic() < 2.1
    pacer.refused(POST, "C1", 60.0)
    await pacer.turn(POST, "C3")
    with pytest.raises(NotAsked):
        await pacer.turn(POST, "C1")


async def test_a_turn_that_is_too_far_away_is_refused_at_once_and_costs_nothing() -> None:
    clock = FakeClock()
    pacer = RequestPacer(clock)
    for _ in range(10):
        try:
            await pacer.turn(POST, "C1")
        except NotAsked as problem:
            assert problem.after > MOST_WAIT
    before = clock.monotonic()
    for _ in range(100):
        pacer.refused(POST, "C1", 60.0)
        with pytest.raises(NotAsked):
            await pacer.turn(POST, "C1")
    assert clock.monotonic() == before
