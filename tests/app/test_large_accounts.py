"""A bot whose account is large: it polls by increments, through the program as it is run."""

from tests.app.env import Env


async def test_a_large_account_is_polled_by_increments_and_a_completion_is_posted_soon(env: Env) -> None:
    session = env.begin()
    bot = await env.started(FULL_LISTING_LIMIT="1", POLL_INTERVAL="1", OPEN_INTERVAL="0.5")
    await bot.has_logged("poll.completed", mode="incremental", error=None)
    env.world.complete(session, percent=35)
    await bot.until(lambda: env.cards(session), "a card")
    report = await bot.has_logged("poll.completed", mode="incremental", changed=1)
    assert report["bytes"] > 0
    await bot.terminate()
    assert bot.code == 0
    # The next process goes on with increments.
    again = await env.started(FULL_LISTING_LIMIT="1", POLL_INTERVAL="1", OPEN_INTERVAL="0.5")
    await again.has_logged("poll.completed", mode="incremental", error=None)
    assert not [one for one in again.events("poll.completed") if one["mode"] == "full"]
