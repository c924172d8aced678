"""SIGKILL in the middle of a burst, while Slack loses replies: then each session stands exactly once everywhere."""

import asyncio
from collections.abc import Mapping
from functools import partial
from random import Random

import pytest

from bot.demo.company import Session
from bot.demo.slack import faults
from tests.service.house import BAKERY, OBSERVER, RESULTS, SHOP, House, Running, short

KILLS = 4
TROUBLES = (
    faults.reply_lost(),
    faults.request_lost(),
    faults.error_after(),
    faults.error_before(),
    faults.hang(2, stored=True),
    faults.hang(2),
    faults.text_plain(stored=True),
)


@pytest.mark.parametrize("seed", [1, 2])
async def test_after_kills_in_the_middle_of_bursts_each_session_is_told_exactly_once(house: House, seed: int) -> None:
    dice = Random(seed)
    begun = [house.begin(dice.choice([house.opening, house.closing])) for _ in range(24)]
    bot = await house.started()
    for channel, query in ((SHOP, "checklist:Opening"), (BAKERY, "checklist:Closing")):
        assert (await house.say("rules", "add", channel, query)).code == 0
        await bot.until(partial(house.texts, channel), "the introduction")

    done: list[Session] = []
    for number in range(KILLS):
        for trouble in dice.sample(TROUBLES, 3):
            house.slack.faults.order("chat.postMessage", trouble, channel=dice.choice([RESULTS, SHOP, BAKERY, None]))
        burst = begun[len(done) : len(done) + (12 if number == 0 else 3)]
        for session in burst:
            house.world.complete(session, percent=dice.choice([40, 95]))
        done += burst
        await bot.has_logged("polled", changed=len(burst))
        await asyncio.sleep(dice.uniform(0, 1.5))  # the moment of a power cut: nothing to wait for
        await bot.kill()
        if number == KILLS - 1:
            house.slack.faults.clear()
        # The clock of the next start is a minute ahead: what a look waits for is over, without the minute.
        bot = await house.run(CLOCK_OFFSET=str(60 * (number + 1)))
        await bot.has_logged("polled", error=None)

    await bot.until(lambda: _is_told_everywhere(house, done), "every session everywhere", seconds=60)
    await _is_settled(house, bot)
    assert _counts(house, done) == _expected(house, done)


def _places(house: House, session: Session) -> list[str]:
    own = SHOP if session.checklist is house.opening else BAKERY
    return [RESULTS, own, house.slack.direct_message(OBSERVER).id]


def _expected(house: House, sessions: list[Session]) -> Mapping[tuple[str, str], int]:
    return {(short(one), place): 1 for one in sessions for place in _places(house, one)}


def _counts(house: House, sessions: list[Session]) -> Mapping[tuple[str, str], int]:
    places = [RESULTS, SHOP, BAKERY, house.slack.direct_message(OBSERVER).id]
    counts = {(short(one), place): len(house.cards(one, place)) for one in sessions for place in places}
    return {key: count for key, count in counts.items() if count}


def _is_told_everywhere(house: House, sessions: list[Session]) -> bool:
    return _counts(house, sessions).keys() >= _expected(house, sessions).keys()


async def _is_settled(house: House, bot: Running) -> None:
    """Waits until nothing is owed any more: what was unsure has been looked for."""
    async with asyncio.timeout(90):
        while (await house.say("outbox", "list")).out != "Nothing is waiting.\n":
            assert bot.is_alive, bot.log()
