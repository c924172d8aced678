"""Slack or iSpring away, wrong keys, wrong addresses: one clear line, tried again, and nothing lost."""

from datetime import datetime, timedelta
from functools import partial

import pytest

from bot.demo.ispring import ALWAYS
from bot.demo.slack import Message, faults
from tests.app.env import ADMIN, OBSERVER, OPS, RESULTS, Env, Running, short


@pytest.mark.promise("slack_down_at_start")
async def test_slack_is_down_at_the_start_and_everything_comes_once_it_is_back(env: Env) -> None:
    session = env.begin()
    await env.slack.refuse_connections()
    bot = await env.run()
    complaint = await bot.has_logged("slack.not_identified")
    assert "SLACK_BOT_TOKEN" in complaint["remedy"]
    await bot.has_logged("poll.completed", error=None)
    env.world.complete(session, percent=90)
    await bot.has_logged("poll.completed", changed=1)
    await env.slack.up()
    await bot.until(lambda: env.cards(session), "the card")
    await bot.until(lambda: env.direct_messages(session), "the direct message")
    await bot.until(lambda: env.slack.sockets.connections, "the socket")
    answer = await env.slack.command(ADMIN, RESULTS, "/ojt", "help")
    assert answer.failure is None
    assert len(env.cards(session)) == 1


@pytest.mark.promise("token_revoked")
async def test_a_revoked_token_pauses_the_sending_and_a_mended_one_goes_on_with_nothing_lost(env: Env) -> None:
    session = env.begin()
    bot = await env.started()
    await bot.until(lambda: env.texts(RESULTS), "the introduction")
    env.slack.faults.token_revoked = True
    env.world.complete(session, percent=90)
    await bot.has_logged("app.refused")
    assert (
        "token_revoked" in bot.events("app.refused")[0]["reason"]
        or "invalid_auth" in bot.events("app.refused")[0]["reason"]
    )
    await bot.has_polled()
    assert len(bot.events("app.refused")) == 1, "one line, not one a second"
    waiting = await env.say("outbox", "list")
    assert "pending" in waiting.out
    assert "failed" not in waiting.out
    await bot.terminate()

    env.slack.faults.clear()
    again = await env.started()
    await again.until(lambda: env.cards(session), "the card")
    await again.has_polled()
    assert len(env.cards(session)) == 1


@pytest.mark.promise("ispring_down")
async def test_ispring_is_down_and_a_completion_of_that_time_is_reported_when_it_is_back(env: Env) -> None:
    session = env.begin()
    bot = await env.started()
    await env.ispring.down()
    await bot.until(lambda: [one for one in bot.events("poll.completed") if one["error"]], "a failed poll")
    env.world.complete(session, percent=90)
    await env.ispring.up()
    await bot.until(lambda: env.cards(session), "the card")


@pytest.mark.promise("wrong_key")
async def test_a_wrong_key_is_named_once_and_nothing_stops(env: Env) -> None:
    bot = await env.run(ISPRING_CLIENT_SECRET="mistyped-1f")
    await bot.until(lambda: any("ISPRING_CLIENT_SECRET" in text for text in env.texts(OPS)), "the ops channel")
    await bot.has_polled(good=False)
    assert _levels(bot)[:2] == ["error", "warning"]
    assert sum("ISPRING_CLIENT_SECRET" in text for text in env.texts(OPS)) == 1
    answer = await env.slack.command(ADMIN, RESULTS, "/ojt", "status")
    assert answer.failure is None
    await bot.terminate()
    assert bot.code == 0
    assert "mistyped-1f" not in bot.log()


async def test_an_address_that_is_not_the_apis_is_named_once_and_tried_ever_more_seldom(env: Env) -> None:
    bot = await env.run(ISPRING_API_URL=f"{env.ispring.url}/elsewhere")
    complaint = await bot.has_logged("poll.completed", level="error")
    assert "ISPRING_API_URL" in complaint["error"]
    await bot.until(lambda: len(bot.events("poll.completed")) >= 3, "two more tries")
    assert _levels(bot).count("error") == 1
    await bot.until(lambda: any("ISPRING_API_URL" in text for text in env.texts(OPS)), "the ops channel")
    times = [datetime.fromisoformat(one["timestamp"]) for one in bot.events("poll.completed")]
    assert times[2] - times[1] > timedelta(seconds=1.3), "half a second at first"


@pytest.mark.promise("ispring_reason")
async def test_what_ispring_says_of_a_refusal_reaches_an_admin_and_no_log(env: Env) -> None:
    env.ispring.quirks.no_rights = True
    env.ispring.quirks.error_message = said = f"No rights for {env.employee.name}, {env.employee.email}"
    bot = await env.run()
    complaint = await bot.has_logged("poll.completed", level="error")
    assert "HTTP 403" in complaint["error"]
    await bot.until(lambda: any(env.employee.name in text for text in env.texts(OPS)), "the ops channel")
    for user, is_sent in ((ADMIN, True), (OBSERVER, False)):
        await env.slack.command(user, RESULTS, "/ojt", "status")
        answer = await bot.until(partial(_answer_to, env, user), "an answer")
        assert "The last reading failed" in answer.text
        assert (env.employee.name in answer.text) is is_sent
    checked = await env.say("check")
    assert said in checked.out
    await bot.terminate()
    polled = await env.say("poll")
    assert polled.code == 1
    assert (
        "HTTP 403" in polled.err
    )  # what was written to the log and to standard error is searched for names at the end


@pytest.mark.promise("ispring_rate_limited")
async def test_for_as_long_as_ispring_asks_for_silence_it_is_asked_nothing(env: Env) -> None:
    bot = await env.started()
    await bot.has_logged("completeness.checked")  # nothing but polls is on its way
    env.ispring.quirks.retry_after = "13"  # longer than a call waits by itself
    env.ispring.quirks.throttled = 1
    await bot.until(lambda: not env.ispring.quirks.throttled, "the call that is refused")
    refused = env.ispring.requests[-1]
    env.world.complete(env.begin(), percent=90)
    after = await bot.until(lambda: [one for one in env.ispring.requests if one.at > refused.at], "the next call")
    assert after[0].at - refused.at >= timedelta(seconds=13)
    await bot.has_polled()
    failures = [one for one in bot.events("poll.completed") if one["error"]]
    assert len(failures) >= 2, "rings went on meanwhile"


async def test_a_running_bot_finds_out_that_the_listing_leaves_sessions_out(env: Env) -> None:
    for _ in range(4):
        env.begin()
    env.ispring.quirks.most_rows = 3
    bot = await env.started()
    await bot.until(lambda: any("name 1 session that" in text for text in env.texts(OPS)), "the ops channel")
    await bot.has_polled()
    assert len(env.ispring.asked("checklist/sessions/list")) == 2, "once, and once more to be sure"


@pytest.mark.promise("slow_shutdown")
async def test_it_ends_in_time_while_a_post_hangs_and_loses_nothing(env: Env) -> None:
    session = env.begin()
    bot = await env.started()
    await bot.until(lambda: env.texts(RESULTS), "the introduction")
    env.slack.faults.order("chat.postMessage", faults.hang(3_600, stored=True), channel=RESULTS)
    env.world.complete(session, percent=90)
    await bot.until(lambda: env.cards(session), "Slack has taken it")
    await bot.terminate()
    assert bot.code == 0

    again = await env.started()
    await again.until(lambda: env.direct_messages(session), "the direct message")
    await again.has_logged("delivery.read_back", result="found")
    assert len(env.cards(session)) == 1


@pytest.mark.promise("slow_shutdown")
async def test_it_ends_in_time_while_ispring_hangs_and_loses_nothing(env: Env) -> None:
    session = env.begin()
    bot = await env.started()
    asked = len(env.ispring.asked("sessions/result/list"))
    env.ispring.quirks.hangs = ALWAYS
    env.world.complete(session, percent=90)
    await bot.until(lambda: len(env.ispring.asked("sessions/result/list")) > asked, "a poll that hangs")
    await bot.terminate()
    assert bot.code == 0

    env.ispring.quirks.hangs = 0
    again = await env.started()
    [card] = await again.until(lambda: env.cards(session), "the card")
    assert short(session) in card.text


def _answer_to(env: Env, user: str) -> Message | None:
    """What only they see in the channel, if it is there yet."""
    return next((one for one in env.slack.visible_to(user, RESULTS) if one.ephemeral_to == user), None)


def _levels(bot: Running) -> list[str]:
    """How loud each poll's line in the log is."""
    return [one["level"] for one in bot.events("poll.completed")]
