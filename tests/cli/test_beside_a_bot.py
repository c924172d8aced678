"""Commands beside a running Spotter: posted messages are redacted, and its database is not replaced."""

import pytest

from tests.app.env import OBSERVER, RESULTS, Env


@pytest.mark.promise("erased")
async def test_what_was_posted_about_an_erased_person_is_redacted(env: Env) -> None:
    session = env.begin()
    bot = await env.started()
    env.world.complete(session, percent=90)
    [card] = await bot.until(lambda: env.cards(session), "a card")
    [message] = await bot.until(lambda: env.direct_messages(session), "a direct message")
    name = env.employee.name
    assert name in card.text and name in str(card.blocks)

    said = await env.say("erase", env.employee.id, "--yes")
    assert said.code == 0, said.all
    assert "Still to be read back or edited in Slack: 2 messages" in said.out
    await bot.until(lambda: "no longer stores" in card.text, "the card is redacted")
    await bot.until(lambda: name not in message.text and name not in str(message.blocks), "and the direct message")
    assert name not in str(card.blocks)
    await bot.has_polled()
    again = await env.say("erase", env.employee.id, "--yes")
    assert "No message in Slack has to be edited any more" in again.out
    assert len(env.cards(session)) == 1, "not posted again"
    for file in env.folder.glob("spotter.db*"):
        assert name.encode() not in file.read_bytes(), file.name


async def test_an_erased_observer_is_named_nowhere_any_more(env: Env) -> None:
    session = env.begin()
    bot = await env.started()
    env.world.complete(session, percent=90)
    [card] = await bot.until(lambda: env.cards(session), "a card")
    [message] = await bot.until(lambda: env.direct_messages(session), "a direct message")
    said = await env.say("erase", env.observer.id, "--yes")
    assert said.code == 0, said.all
    await bot.until(lambda: "erased person" in card.text, "the card is edited")
    await bot.until(lambda: "no longer shown" in message.text, "their direct message is redacted")
    assert env.observer.name not in card.text + str(card.blocks)
    assert env.employee.name in card.text, "the employee's session stays"
    assert OBSERVER not in str(card.blocks)


async def test_a_copy_beside_a_running_bot_and_no_restore_under_it(env: Env) -> None:
    session = env.begin()
    bot = await env.started()
    env.world.complete(session, percent=90)
    await bot.until(lambda: env.cards(session), "a card")
    assert (await env.say("backup", "copy.db")).code == 0
    refused = await env.say("restore", "copy.db")
    assert refused.code == 1
    assert f"Process {bot.pid} runs on" in refused.err

    later = env.begin()
    env.world.complete(later, percent=80)
    await bot.until(lambda: env.cards(later), "a card that the copy does not know")
    await bot.terminate()
    restored = await env.say("restore", "copy.db")
    assert restored.code == 0, restored.all
    again = await env.started()
    await again.has_polled()
    assert len(env.cards(session)) == 1
    await again.until(lambda: any("restored" in text for text in env.texts(RESULTS)), "one card counts the rest")
    assert len(env.cards(later)) == 1, "it was posted before the copy was restored"
