"""The switch in Slack, and the first line of every answer while something is not as usual."""

from datetime import timedelta

import pytest

from bot.blocks import actions
from bot.domain.polling import PollReport
from bot.domain.reasons import ReasonCode
from bot.listeners.commands import registry
from tests.listeners.office import ADMIN, EMMA, LOW, NORTH, OLGA, Office, everything_in, suggestions_of
from tests.listeners.test_lifecycle import news, rule_of

pytestmark = pytest.mark.virtual_time

# Words with which each subcommand has an answer.
WORDS = {"show": "10aa0000", "why": "10aa0000", "unsubscribe": "1", "unlink": "<@U0SAM>", "resume": "x"}


async def test_an_admin_stops_everything_and_lets_it_go_on(office: Office) -> None:
    await rule_of(office)
    await office.send()
    before = len(await office.posted(NORTH))
    asked = await office.ask(ADMIN, "pause all")
    assert asked.text.startswith("Pause all sending?")
    assert await office.store.read(lambda tx: tx.outbox.pause()) is None
    said = await office.press_yes(ADMIN, asked)
    assert said is not None and said.text.startswith(f"All sending is paused by <@{ADMIN}> since")
    assert said.text.count("sending is paused") == 1
    assert "Nothing is posted or edited" in said.text and "resume all" in said.text
    await news(office, 7)
    await office.send()
    assert len(await office.posted(NORTH)) == before
    assert "was paused before" in (await office.ask(ADMIN, "pause all")).text

    said = await office.ask(ADMIN, "resume all")
    assert said.text.startswith("Sending goes on after") and "1 message waiting" in said.text
    await office.send()
    assert len(await office.posted(NORTH)) == before + 1
    assert (await office.ask(ADMIN, "resume all")).text.startswith("Sending was not paused")
    assert [entry for entry in await office.audit_log() if "all" in entry[1]] == [
        (ADMIN, "resume all", "sending"),
        (ADMIN, "pause all", "sending"),
    ]


async def test_only_admins_have_the_switch(office: Office) -> None:
    for verb in ("pause all", "resume all"):
        assert "only admins" in (await office.ask(OLGA, verb)).text
    assert await office.store.read(lambda tx: tx.outbox.pause()) is None


async def test_anything_but_all_is_answered_with_what_works(office: Office) -> None:
    assert suggestions_of(await office.ask(ADMIN, "pause something")) == ["pause all", "rules"]
    assert suggestions_of(await office.ask(ADMIN, "resume")) == ["resume all", "rules"]
    assert suggestions_of(await office.ask(OLGA, "resume")) == ["rules"]


@pytest.mark.parametrize(("user", "typed"), [(ADMIN, "resume something"), (OLGA, "resume all")])
async def test_no_question_comes_before_a_refusal(office: Office, user: str, typed: str) -> None:
    answer = await office.press(user, actions.RUN, typed)
    assert answer is not None and "all sending go on" not in answer.text


async def test_a_button_that_asked_nothing_stops_nothing(office: Office) -> None:
    for action, value in ((actions.PAUSE, "all"), (actions.RUN, "pause all")):
        asked = await office.press(ADMIN, action, value)
        assert asked is not None and asked.text.startswith("Pause all sending?")
    refused = await office.press(OLGA, actions.asked(actions.PAUSE), "all")
    assert refused is not None and "only admins" in refused.text
    assert await office.store.read(lambda tx: tx.outbox.pause()) is None


async def test_status_says_it_first(office: Office) -> None:
    await office.store.transact(lambda tx: tx.outbox.pause_all(ADMIN, office.clock.now()))
    said = (await office.ask(ADMIN, "status")).text
    assert said.splitlines()[1] == "▽ All sending is paused"
    assert (await office.ask(EMMA, "status")).text.splitlines()[1] == "▽ All sending is paused"


@pytest.mark.parametrize("what", ["paused", "ispring"])
@pytest.mark.parametrize("verb", [entry.verb for entry in registry()])
async def test_every_answer_begins_with_what_is_not_as_usual(office: Office, verb: str, what: str) -> None:
    now = office.clock.now()
    if what == "paused":
        await office.store.transact(lambda tx: tx.outbox.pause_all(ADMIN, now))
        first = f"All sending is paused by <@{ADMIN}> since"
    else:
        await office.store.transact(lambda tx: tx.polls.record(PollReport(now, now)))
        office.clock.advance(timedelta(hours=1))
        failed = PollReport(office.clock.now(), office.clock.now(), error="iSpring did not answer.")
        await office.store.transact(lambda tx: tx.polls.record(failed))
        first = "iSpring can't be read since"
    answer = await office.ask(ADMIN, f"{verb} {WORDS.get(verb, '')}".strip())
    lines = answer.text.splitlines()
    assert lines[0].startswith(first), lines
    if what == "ispring":
        assert lines[0].endswith("this is what was known then.")


async def test_buttons_and_the_home_tab_say_it_too(office: Office) -> None:
    await office.store.transact(lambda tx: tx.outbox.pause_all(ADMIN, office.clock.now()))
    pressed = await office.press(EMMA, actions.RUN, "results")
    assert pressed is not None and pressed.text.startswith("All sending is paused")
    assert "All sending is paused" in everything_in(await office.home(EMMA))
    details = await office.press_details(ADMIN, LOW)
    assert "All sending is paused" in everything_in(details)


async def test_status_says_what_is_held_first(office: Office) -> None:
    rule = await rule_of(office)
    now = office.clock.now()
    await office.store.transact(lambda tx: tx.polls.record(PollReport(now, now)))
    await office.store.transact(lambda tx: tx.rules.pause(rule.rule_id, ReasonCode.OWNER_GONE))
    await news(office, 7)
    said = (await office.ask(ADMIN, "status")).text
    assert said.splitlines()[0] == "▽ Spotter is reading; 1 rule paused, 1 message held"
    assert "Held: 1 message" in said
    assert (await office.ask(EMMA, "status")).text.splitlines()[0] == "▽ Spotter is reading; some messages are held"
