"""From iSpring to Slack and back again, through the program as it is run."""

import pytest

from tests.app.env import ADMIN, OPS, RESULTS, Env, short


@pytest.mark.promise("first_start")
async def test_the_first_start_is_silent_and_says_that_it_made_a_database(env: Env) -> None:
    old = env.world.add_session(checklist=env.opening, percent=40)
    bot = await env.started()
    await bot.has_logged("database.created")
    await bot.until(lambda: any("new database" in text for text in env.texts(OPS)), "the ops channel hears of it")
    await bot.until(lambda: any("1 session" in text for text in env.texts(OPS)), "and of the first listing")
    await bot.has_polled()
    assert (env.folder / "spotter.db").exists()
    assert not env.cards(old)
    assert len(env.texts(RESULTS)) == 1, "the rule's introduction and nothing else"
    await bot.terminate()
    assert bot.code == 0

    again = await env.started()
    await again.has_polled()
    assert not again.events("database.created")
    assert len(env.texts(RESULTS)) == 1


@pytest.mark.promise("corrected")
async def test_a_completed_session_is_reported_once_and_a_correction_edits_what_was_reported(env: Env) -> None:
    session = env.begin()
    bot = await env.started()
    env.world.complete(session, percent=90)
    [card] = await bot.until(lambda: env.cards(session), "a card")
    [message] = await bot.until(lambda: env.direct_messages(session), "a direct message")
    assert "%, met target 80 %" in card.text
    assert "Ottoline Feverstone" in message.text
    assert card.text.count(short(session)) == 1
    was = card.text.partition(", met target")[0].rpartition(" · ")[2]

    env.world.correct(session, percent=100)
    await bot.until(lambda: "100 %, met target" in card.text, "the card is edited")
    await bot.until(lambda: "100 %, met target" in message.text, "the direct message is edited")
    for logged in (card, message):
        assert f"{was} → 100 %" in logged.text.partition("Corrected: ")[2], "the headline keeps the old value"
    await bot.has_polled()
    assert env.cards(session) == [card]
    assert env.direct_messages(session) == [message]


@pytest.mark.promise("corrected")
async def test_a_correction_that_turns_bad_edits_the_card_and_posts_one_new_one(env: Env) -> None:
    session = env.begin()
    bot = await env.started()
    env.world.complete(session, percent=95)
    [card] = await bot.until(lambda: env.cards(session), "a card")
    await bot.until(lambda: env.direct_messages(session), "a direct message")

    env.world.correct(session, percent=30)
    await bot.until(lambda: "now below target" in card.text, "the first card is edited")
    _, alarm = await bot.until(lambda: env.cards(session) if len(env.cards(session)) == 2 else None, "a new card")
    assert alarm.text.startswith("🔴 Corrected: ") and "now below target" in alarm.text
    link = next(part for part in str(alarm.blocks).split("<") if part.startswith("https://"))
    assert link.partition("|")[0].endswith(f"/archives/{RESULTS}/p{card.ts.replace('.', '')}")
    await bot.until(lambda: len(env.direct_messages(session)) == 2, "a new direct message")
    await bot.has_polled()
    assert env.cards(session) == [card, alarm]

    env.world.reopen(session)
    await bot.until(lambda: all("in progress" in one.text for one in env.cards(session)), "both are edited")
    await bot.has_polled()
    assert env.cards(session) == [card, alarm]


async def test_the_default_channels_rule_is_made_once_and_not_again_after_its_removal(env: Env) -> None:
    bot = await env.started()
    await bot.until(lambda: env.texts(RESULTS), "the introduction")
    rules = await env.say("rules", "list")
    assert RESULTS in rules.out
    removed = await env.say("rules", "remove", "1")
    assert (removed.code, removed.out) == (0, "Rule 1 is ended.\n")
    await bot.terminate()

    session = env.begin()
    again = await env.started()
    await again.has_polled()
    env.world.complete(session, percent=90)
    await again.until(lambda: env.direct_messages(session), "the observer still hears of it")
    await again.has_polled()
    assert not env.cards(session)
    assert len(env.texts(RESULTS)) == 1
    assert RESULTS not in (await env.say("rules", "list")).out


async def test_a_default_channel_that_is_another_companys_too_gets_nothing_and_the_operator_is_notified(
    env: Env,
) -> None:
    env.slack.workspace.channels[RESULTS].is_ext_shared = True
    session = env.begin()
    assert (await env.say("poll")).code == 0
    env.world.complete(session, percent=90)
    assert (await env.say("poll")).code == 0
    bot = await env.started()
    await bot.until(lambda: [text for text in env.texts(OPS) if "shared with another company" in text], "a word of it")
    await bot.has_polled()
    assert env.texts(RESULTS) == []


@pytest.mark.promise("bug")
async def test_a_log_for_people_at_its_most_talkative_tells_nobodys_name_and_no_secret(env: Env) -> None:
    session = env.begin()
    bot = await env.run(LOG_FORMAT="", LOG_LEVEL="DEBUG")
    await bot.until(lambda: "poll.completed" in bot.log(), "a poll")
    env.world.complete(session, percent=20)
    [card] = await bot.until(lambda: env.cards(session), "a card")
    await bot.until(lambda: env.slack.sockets.connections, "a socket")
    await env.slack.command(ADMIN, RESULTS, "/ojt", 'results employee:"Ottoline"')
    await bot.until(lambda: len(env.slack.visible_to(ADMIN, RESULTS)) > 2, "an answer")
    env.world.correct(session, percent=100)
    await bot.until(lambda: "Corrected: " in card.text, "an edit")
    await bot.terminate()
    # What must not be in it is looked for in every log, when the house is left.
    assert len(bot.log()) > 500
