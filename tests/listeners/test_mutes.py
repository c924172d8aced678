"""Muting from Slack: who may, until when, what is said of it, and how it ends."""

from datetime import timedelta

import pytest

from bot.blocks import actions
from bot.domain.mutes import Mute
from bot.domain.notifications import Destination, DestinationKind
from bot.domain.rules import RuleState
from tests.listeners.office import (
    ADMIN,
    EMMA,
    GUEST,
    NORTH,
    OLGA,
    PUBLIC,
    SAM,
    UNLINKED,
    Office,
    buttons_of,
    everything_in,
    suggestions_of,
)

pytestmark = pytest.mark.virtual_time


async def running(office: Office) -> list[Mute]:
    return list(await office.store.read(lambda tx: tx.mutes.running(office.clock.now())))


async def test_the_owner_of_a_rule_mutes_its_channel_and_says_why(office: Office) -> None:
    await office.rule(NORTH, owner=SAM)
    answer = await office.ask(SAM, "mute 4h till because stock-taking")
    assert "Mute 1 of <#G0NORTH>: sessions on “Till check” until" in answer.text
    assert "by <@U0SAM>, because “stock-taking”" in answer.text
    [mute] = await running(office)
    assert (mute.destination, mute.created_by, mute.reason) == (
        Destination(DestinationKind.CHANNEL, NORTH), SAM, "stock-taking",
    )  # fmt: skip
    assert mute.query == "checklist:<id:till%20check>"
    assert mute.ends_at - mute.created_at == timedelta(hours=4)
    assert (SAM, "mute", "mute:1") in await office.audit_log()


async def test_a_mute_without_an_end_asks_how_long_and_the_answer_mutes(office: Office) -> None:
    await office.rule(NORTH, owner=SAM)
    asked = await office.ask(SAM, "mute")
    assert "Mute <#G0NORTH> for how long?" in asked.text
    assert [one["text"]["text"] for one in buttons_of(asked)][:2] == ["1 hour", "4 hours"]
    assert await running(office) == []
    for one in buttons_of(asked)[:1]:
        await office.press(SAM, one["action_id"], one["value"])
    [mute] = await running(office)
    assert mute.ends_at - mute.created_at == timedelta(hours=1)
    assert "only admins of Spotter and the owners" in (await office.ask(OLGA, "mute")).text
    assert "your direct messages" in (await office.ask(OLGA, "mute for:me")).text


async def test_a_mute_names_another_channel_and_needs_the_same_right_there(office: Office) -> None:
    await office.rule(NORTH, owner=SAM)
    for user, typed in ((SAM, f"mute 4h <#{NORTH}|north> till"), (ADMIN, f"mute <#{NORTH}> 4h till")):
        answer = await office.ask(user, typed, "D0DIRECT")
        assert f"of <#{NORTH}>: sessions on “Till check” until" in answer.text
    for user, typed in ((OLGA, f"mute 4h <#{NORTH}>"), (SAM, f"mute 4h <#{PUBLIC}>")):
        assert "only admins of Spotter and the owners" in (await office.ask(user, typed)).text
    said = await office.ask(SAM, f"mute 4h <#{NORTH}> <#{PUBLIC}>")
    assert "one channel" in said.text
    assert len(await running(office)) == 2


@pytest.mark.parametrize("typed", ["mute till", "mute because I am tired", "mute until:someday"])
async def test_a_mute_needs_an_end_and_the_error_says_how(office: Office, typed: str) -> None:
    answer = await office.ask(ADMIN, typed)
    assert "Say until when, as 4h" in answer.text
    rest = " till" if typed.endswith("till") else ""
    assert suggestions_of(answer) == [f"mute {when}{rest}" for when in ("4h", "until:tomorrow", "until:mon")]
    assert await running(office) == []


async def test_a_mute_takes_no_time_but_its_end(office: Office) -> None:
    answer = await office.ask(ADMIN, "mute 4h failed since:7d")
    assert "A mute takes no “since”" in answer.text
    assert suggestions_of(answer) == ["mute 4h outcome:failed"]


async def test_others_mute_no_channel(office: Office) -> None:
    await office.rule(NORTH, owner=SAM)
    answer = await office.ask(OLGA, "mute 4h")
    assert "only admins of Spotter and the owners of a channel's rules mute it" in answer.text
    assert await running(office) == []


@pytest.mark.parametrize(
    ("text", "channel"), [("mute 4h", "D0OLGA"), ("mute 4h for:me", NORTH), ("mute 4h for me", NORTH)]
)
async def test_everybody_mutes_themselves(office: Office, text: str, channel: str) -> None:
    answer = await office.ask(OLGA, text, channel)
    assert "Mute 1 of your direct messages: all sessions until" in answer.text
    [mute] = await running(office)
    assert mute.destination == Destination(DestinationKind.PERSON, "olga")
    assert "Mute 1" in (await office.ask(OLGA, "rules", "D0OLGA")).text
    assert "Mute 1" in (await office.ask(OLGA, "status", "D0OLGA")).text
    assert "Mute 1" in everything_in(await office.home(OLGA))
    for shown in (await office.ask(SAM, "rules"), await office.ask(SAM, "status"), await office.home(SAM)):
        assert "Mute 1" not in everything_in(shown)


async def test_who_is_nobody_mutes_nothing(office: Office) -> None:
    assert "no active person in iSpring" in (await office.ask(UNLINKED, "mute 4h", "D0NOBODY")).text
    assert await running(office) == []


@pytest.mark.parametrize("user", [GUEST, UNLINKED])
async def test_who_may_see_nothing_mutes_no_channel_by_an_old_rule(office: Office, user: str) -> None:
    await office.rule(NORTH, owner=user)
    await office.ask(user, "mute 300d because of nothing")
    assert await running(office) == []


async def test_who_made_a_mute_ends_it_although_no_rule_of_theirs_is_left(office: Office) -> None:
    rule = await office.rule(NORTH, owner=SAM)
    await office.ask(SAM, "mute 300d")
    await office.store.transact(
        lambda tx: tx.rules.set_state(rule.rule_id, RuleState.ENDED, "gone", office.clock.now())
    )
    assert "There is no mute" in (await office.ask(OLGA, "unmute 1")).text
    assert "has ended" in (await office.ask(SAM, "unmute")).text
    assert await running(office) == []


async def test_a_mute_that_names_somebody_unseen_is_shown_without_the_name(office: Office) -> None:
    await office.ask(ADMIN, 'mute 4h employee:"Zoltan Kovacs"')
    answer = await office.ask(SAM, "rules")
    assert "Mute 1" in answer.text and "Zoltan" not in everything_in(answer)


async def test_unmute_ends_the_only_one_here(office: Office) -> None:
    await office.rule(NORTH, owner=SAM)
    await office.ask(SAM, "mute 4h")
    assert "Mute 1 of <#G0NORTH> has ended" in (await office.ask(SAM, "unmute")).text
    assert await running(office) == []
    assert office.nudges
    assert "Nothing is muted here" in (await office.ask(SAM, "unmute")).text


async def test_unmute_names_another_channel(office: Office) -> None:
    await office.rule(NORTH, owner=SAM)
    await office.ask(SAM, f"mute 4h <#{NORTH}|north>", "D0DIRECT")
    assert "Nothing is muted here" in (await office.ask(SAM, f"unmute <#{PUBLIC}|public>", "D0DIRECT")).text
    assert "There is no mute" not in (await office.ask(OLGA, f"unmute <#{NORTH}>", "D0DIRECT")).text
    assert len(await running(office)) == 1
    assert "Mute 1 of <#G0NORTH> has ended" in (await office.ask(SAM, f"unmute <#{NORTH}|north>", "D0DIRECT")).text


async def test_several_are_listed_with_buttons_that_ask(office: Office) -> None:
    await office.rule(NORTH, owner=SAM)
    for text in ("mute 4h till", "mute 8h"):
        await office.ask(SAM, text)
    listed = await office.ask(SAM, "unmute")
    assert [one["value"] for one in buttons_of(listed)] == ["unmute 1", "unmute 2"]
    assert all("confirm" in one for one in buttons_of(listed))
    asked = await office.press(SAM, actions.RUN, "unmute 2")
    assert asked is not None and "End it now?" in asked.text
    assert len(await running(office)) == 2
    await office.press_yes(SAM, asked)
    assert [mute.mute_id for mute in await running(office)] == [1]


async def test_a_suggested_mute_asks_first(office: Office) -> None:
    asked = await office.press(OLGA, actions.RUN, "mute 4h for:me")
    assert asked is not None and "This holds back" in asked.text
    assert await running(office) == []


async def test_somebody_else_s_mute_is_not_ended(office: Office) -> None:
    await office.ask(OLGA, "mute 4h", "D0OLGA")
    for other in (SAM, EMMA, ADMIN):
        assert "There is no mute “1” that you may end" in (await office.ask(other, "unmute 1")).text
    assert len(await running(office)) == 1


async def test_why_says_until_when_and_who(office: Office) -> None:
    await office.ask(ADMIN, "mute 4h because audit", PUBLIC)
    assert "because “audit”" in (await office.ask(ADMIN, "rules", PUBLIC)).text
