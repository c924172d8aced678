"""A rule for every site in the channel of one: the proposal says so, and offers the site alone."""

import pytest

from bot.blocks import actions
from bot.demo.slack import Channel
from bot.domain.notifications import Message
from tests.listeners.office import ADMIN, BOT, DANA, EMMA, NORTH, PUBLIC, SAM, Office, buttons_of

pytestmark = pytest.mark.virtual_time
KIOSK = "C0KIOSK7"


def with_channel(office: Office, name: str) -> str:
    office.slack.workspace.add_channel(Channel(id=KIOSK, name=name, members=[ADMIN, EMMA, SAM, DANA, BOT]))
    return KIOSK


def offered(asked: Message) -> list[str]:
    """The commands that propose the rule for one site."""
    return [one["value"] for one in buttons_of(asked) if one["action_id"] == actions.RUN]


@pytest.mark.parametrize("name", ["kiosk-7", "kiosk_7-results", "ojt-kiosk-7", "team.kiosk.7"])
async def test_a_channel_with_a_site_s_name_is_asked_about_it(office: Office, name: str) -> None:
    channel = with_channel(office, name)
    asked = await office.ask(ADMIN, "subscribe outcome:failed edits:off names:initials", channel)
    assert "It covers all sites that you see, while this looks like the channel of *Kiosk 7*" in str(asked.blocks)
    labels = [one["text"]["text"] for one in buttons_of(asked)]
    assert labels == ["Only Kiosk 7", "Yes, post all sites to this public channel", "Cancel"]
    [command] = offered(asked)
    narrower = await office.press(ADMIN, actions.RUN, command, channel_id=channel)
    assert narrower is not None
    assert "completed sessions in Kiosk 7, with a low result (corrections do not change" in narrower.text
    assert "people by their initials" in narrower.text and offered(narrower) == []


async def test_the_top_of_what_a_name_means_is_offered(office: Office) -> None:
    asked = await office.ask(ADMIN, "subscribe")
    assert "the channel of North" in asked.text
    assert [one["text"]["text"] for one in buttons_of(asked)][:2] == ["Only North", "Save for all sites"]


@pytest.mark.parametrize("name", ["kiosks", "7", "12-alerts", "bakery", "general", "kiosk"])
async def test_a_name_that_means_no_site_or_several_asks_nothing(office: Office, name: str) -> None:
    assert offered(await office.ask(ADMIN, "subscribe outcome:failed", with_channel(office, name))) == []


@pytest.mark.parametrize("query", ['dept:"South"', "employee:zoltan"])
async def test_a_rule_that_names_its_site_or_people_is_not_asked_about(office: Office, query: str) -> None:
    assert offered(await office.ask(ADMIN, f"subscribe {query}", NORTH)) == []


async def test_a_rule_for_oneself_is_not_asked_about(office: Office) -> None:
    assert offered(await office.ask(ADMIN, "subscribe outcome:failed for:me", with_channel(office, "kiosk-7"))) == []


async def test_rules_that_are_there_point_to_a_site_too(office: Office) -> None:
    assert offered(await office.ask(ADMIN, "subscribe outcome:failed", PUBLIC)) == []
    await office.rule(PUBLIC, 'dept:"Kiosk 7" outcome:met', owner=ADMIN)
    [command] = offered(await office.ask(ADMIN, "subscribe outcome:failed", PUBLIC))
    assert "kiosk7" in command
    await office.rule(PUBLIC, 'dept:"North" outcome:met', owner=ADMIN)
    assert offered(await office.ask(ADMIN, "subscribe outcome:failed", PUBLIC)) == []


@pytest.mark.parametrize("user", [SAM, EMMA])
async def test_who_sees_no_other_site_is_asked_about_none(office: Office, user: str) -> None:
    """Nor is told by it that a department is there: the channel of the South is any channel to them."""
    for name in ("southern-kiosk", "north"):
        asked = await office.ask(user, "subscribe outcome:failed", with_channel(office, name))
        assert offered(asked) == [] and "looks like the channel" not in asked.text


async def test_a_digest_is_asked_about_too(office: Office) -> None:
    channel = with_channel(office, "kiosk-7")
    asked = await office.ask(ADMIN, "digest weekly mon 09:00 Europe/Berlin failed names:initials csv:off", channel)
    assert "this looks like the channel of Kiosk 7" in asked.text
    [command] = offered(asked)
    narrower = await office.press(ADMIN, actions.RUN, command, channel_id=channel)
    assert narrower is not None and offered(narrower) == []
    assert "weekly mon 09:00 Europe/Berlin?" in narrower.text and "people's initials" in narrower.text
    saves = [one for one in buttons_of(narrower) if actions.action_of(one["action_id"]) == actions.SAVE_DIGEST]
    value = actions.decode(actions.SaveDigest, saves[0]["value"])
    assert value is not None and value.query == "outcome:failed dept:<id:kiosk7>" and not value.csv
