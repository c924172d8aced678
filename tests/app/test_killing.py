"""SIGKILL in the middle of a burst, while Slack loses replies: then each session stands exactly once everywhere."""

import asyncio
from collections.abc import Mapping
from functools import partial
from random import Random

import pytest

from bot.demo.company import Session
from bot.demo.slack import faults
from tests.app.env import BAKERY, OBSERVER, RESULTS, SHOP, Env, Running, short

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
async def test_after_kills_in_the_middle_of_bursts_each_session_is_notified_exactly_once(env: Env, seed: int) -> None:
    random01 = Random(seed)
    begun = [env.begin(random01.choice([env.opening, env.closing])) for _ in range(24)]
    bot = await env.started()
    for channel, query in ((SHOP, "checklist:Opening"), (BAKERY, "checklist:Closing")):
        assert (await env.say("rules", "add", channel, query)).code == 0
        await bot.until(partial(env.texts, channel), "the introduction")

    done: list[Session] = []
    for number in range(KILLS):
        for alert in random01.sample(TROUBLES, 3):
            env.slack.faults.order("chat.postMessage", alert, channel=random01.choice([RESULTS, SHOP, BAKERY, None]))
        burst = begun[len(done) : len(done) + (12 if number == 0 else 3)]
        for session in burst:
            env.world.complete(session, percent=random01.choice([40, 95]))
        done += burst
        await bot.has_logged("poll.completed", changed=len(burst))
        await asyncio.sleep(random01.uniform(0, 1.5))  # the moment of a power cut: nothing to wait for
        await bot.kill()
        if number == KILLS - 1:
            env.slack.faults.clear()
        # The clock of the next start is a minute ahead: what a look waits for is over, without the minute.
        bot = await env.run(CLOCK_OFFSET=str(60 * (number + 1)))
        await bot.has_logged("poll.completed", error=None)

    await bot.until(lambda: _is_told_everywhere(env, done), "every session everywhere")
    await _is_done(env, bot)
    assert _counts(env, done) == _expected(env, done)


def _places(env: Env, session: Session) -> list[str]:
    own = SHOP if session.checklist is env.opening else BAKERY
    return [RESULTS, own, env.slack.direct_message(OBSERVER).id]


def _expected(env: Env, sessions: list[Session]) -> Mapping[tuple[str, str], int]:
    return {(short(one), place): 1 for one in sessions for place in _places(env, one)}


def _counts(env: Env, sessions: list[Session]) -> Mapping[tuple[str, str], int]:
    places = [RESULTS, SHOP, BAKERY, env.slack.direct_message(OBSERVER).id]
    counts = {(short(one), place): len(env.cards(one, place)) for one in sessions for place in places}
    return {key: count for key, count in counts.items() if count}


def _is_told_everywhere(env: Env, sessions: list[Session]) -> bool:
    return _counts(env, sessions).keys() >= _expected(env, sessions).keys()


async def _is_done(env: Env, bot: Running) -> None:
    """Waits until nothing is owed any more: what was unsure has been looked for."""
    while (await env.say("outbox", "list")).out != "Nothing is waiting.\n":
        assert bot.is_alive, bot.log()
