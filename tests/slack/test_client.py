"""The messenger against the Slack stand-in: what its questions answer."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from io import BytesIO

import pytest

from bot.app.clock import SystemClock
from bot.demo.slack import SlackStandIn, User, faults
from bot.demo.slack.faults import Fault
from bot.domain.delivery import DestinationGone, Found, NotFound, Sent
from bot.domain.errors import MessengerRefused, MessengerUnavailable, MessengerUnclear
from bot.domain.notifications import Message
from bot.domain.ports import Messenger
from bot.slack.answers import client_msg_id
from bot.slack.client import SlackMessenger
from tests.demo.slack_room import (
    ANA,
    ATTIC,
    BEN,
    BOT,
    GUEST,
    LEFT,
    OFFICE,
    SECRET_ROOM,
    SHOP,
    STRANGER,
    company,
    section,
)
from tests.environment import APP_TOKEN, BOT_TOKEN, SECRET

pytestmark = pytest.mark.virtual_time

SLACK_IS_AHEAD = timedelta(hours=3)


def slack_now() -> datetime:
    return datetime.now(UTC) + SLACK_IS_AHEAD


def spoiled(answer: object) -> Fault:
    """Slack answers this instead."""
    return Fault("odd", done="no", answer="spoiled", body=json.dumps(answer))


@pytest.fixture
async def slack() -> AsyncIterator[SlackStandIn]:
    async with SlackStandIn(
        company(), bot_token=BOT_TOKEN, app_token=APP_TOKEN, signing_secret=SECRET, now=slack_now, time_scale=0.01
    ) as slack:
        yield slack


@pytest.fixture
async def messenger(slack: SlackStandIn) -> AsyncIterator[SlackMessenger]:
    async with SlackMessenger(BOT_TOKEN, SystemClock(), slack.api_url, timeout=2.0) as messenger:
        yield messenger


def test_it_fulfils_the_port(messenger: SlackMessenger) -> None:
    port: Messenger = messenger
    assert port is messenger


async def test_it_knows_who_it_is_and_what_it_was_granted(messenger: SlackMessenger) -> None:
    me = await messenger.identify()
    assert (me.team_id, me.bot_user_id, me.bot_id) == ("T0SPOTTER", BOT, "B0SPOTTER")
    assert {"chat:write", "commands"} <= me.scopes


async def test_it_tells_slacks_own_time_once_slack_has_answered(messenger: SlackMessenger) -> None:
    assert abs(messenger.slack_time() - datetime.now(UTC).timestamp()) < 600
    await messenger.identify()
    assert abs(messenger.slack_time() - slack_now().timestamp()) < 600


async def test_a_proxys_page_does_not_set_the_clock(slack: SlackStandIn, messenger: SlackMessenger) -> None:
    slack.faults.order("auth.test", faults.error_before(502))
    with pytest.raises(MessengerUnavailable):
        await messenger.identify()
    assert abs(messenger.slack_time() - datetime.now(UTC).timestamp()) < 600


async def test_posts_are_found_again_by_their_delivery_and_only_theirs(messenger: SlackMessenger) -> None:
    since = slack_now().timestamp()
    sent = await messenger.post(SHOP, Message("a card", (section(),)), delivery_id="d1")
    assert isinstance(sent, Sent)
    assert await messenger.read_back(SHOP, delivery_id="d1", since=since) == Found(SHOP, sent.ts)
    assert await messenger.read_back(SHOP, delivery_id="d2", since=since) == NotFound()
    assert await messenger.read_back(SHOP, delivery_id="d1", since=since + 3_600) == NotFound()


async def test_an_edit_to_plain_text_takes_the_blocks_away(slack: SlackStandIn, messenger: SlackMessenger) -> None:
    sent = await messenger.post(SHOP, Message("a card", (section(),)), delivery_id="d1")
    assert isinstance(sent, Sent)
    assert await messenger.edit(SHOP, sent.ts, Message("plain")) == sent
    [message] = slack.messages(SHOP)
    assert (message.text, message.blocks) == ("plain", [])
    assert message.metadata is not None  # kept, so that it can still be found


def test_the_key_of_a_delivery_never_changes() -> None:
    assert client_msg_id("0" * 32) == "b939c133-c38c-574c-981b-199753e58b4a"


@pytest.mark.parametrize(
    ("user_id", "not_allowed_reason"),
    [(ANA, ""), (BEN, ""), (GUEST, "guest"), (LEFT, "deactivated"), (STRANGER, "another company"), (BOT, "bot")],
)
async def test_only_people_of_our_own_team_are_full_members(
    messenger: SlackMessenger, user_id: str, not_allowed_reason: str
) -> None:
    user = await messenger.user(user_id)
    assert (user.is_full_member, user.not_allowed_reason) == (not not_allowed_reason, not_allowed_reason)


async def test_an_unconfirmed_address_makes_no_full_member(slack: SlackStandIn, messenger: SlackMessenger) -> None:
    new = User(id="U0NEW", name="new", real_name="New", email="New@Bakery.Example", is_email_confirmed=False)
    slack.workspace.add_user(new)
    user = await messenger.user("U0NEW")
    assert (user.not_allowed_reason, user.email) == ("e-mail unconfirmed", "new@bakery.example")
    new.is_email_confirmed = None
    assert (await messenger.user("U0NEW")).is_full_member


async def test_somebody_is_found_by_address_whatever_its_case(messenger: SlackMessenger) -> None:
    found = await messenger.user_by_email("  ANA@Bakery.example ")
    assert found is not None and found.user_id == ANA
    assert await messenger.user_by_email("nobody@bakery.example") is None


async def test_a_channel_tells_what_it_is(slack: SlackStandIn, messenger: SlackMessenger) -> None:
    shop = await messenger.channel(SHOP)
    assert (shop.name, shop.is_member, shop.is_private, shop.is_archived) == ("shop", True, False, False)
    assert (await messenger.channel(OFFICE)).is_private
    assert (await messenger.channel(ATTIC)).is_archived
    slack.workspace.channels[SHOP].is_pending_ext_shared = True
    assert (await messenger.channel(SHOP)).is_shared_outside
    with pytest.raises(MessengerRefused, match="channel_not_found"):
        await messenger.channel(SECRET_ROOM)


GUEST_FLAGS = ("is_restricted", "is_ultra_restricted")
INFO = {"id": SHOP, "is_private": True, "is_archived": False, "is_ext_shared": False, "is_member": True}


@pytest.mark.parametrize(
    "odd",
    [{name: value} for name in ("is_private", "is_archived", "is_ext_shared") for value in (None, "false", 0)]
    + [{"id": "C0ANOTHER"}, {"id": None}],
)
async def test_a_channel_that_slack_does_not_wholly_describe_is_not_known(
    odd: dict[str, object], slack: SlackStandIn, messenger: SlackMessenger
) -> None:
    """Without a word about it a channel would count as not shared with another company."""
    slack.faults.order("conversations.info", spoiled({"ok": True, "channel": INFO | odd}))
    slack.faults.order("users.conversations", spoiled({"ok": True, "channels": [INFO | odd]}))
    with pytest.raises(MessengerUnavailable):
        await messenger.channel(SHOP)
    listed, _ = await messenger.own_channels()
    assert all(one.channel_id == "C0ANOTHER" for one in listed)
    assert not (await messenger.channel(SHOP)).is_shared_outside, "asked again"


@pytest.mark.parametrize(
    "odd",
    [{"id": "U0ANOTHER"}, {"is_restricted": None, "is_ultra_restricted": None}]
    + [{name: value} for name in GUEST_FLAGS for value in (None, "no", 0)],
)
async def test_an_account_that_slack_does_not_wholly_describe_is_not_known(
    odd: dict[str, object], slack: SlackStandIn, messenger: SlackMessenger
) -> None:
    """It might be a guest's, or somebody else's."""
    me = await messenger.who_am_i()
    whole: dict[str, object] = dict.fromkeys(GUEST_FLAGS, False)
    user = whole | {"id": ANA, "team_id": me.team_id, "profile": {"email": "ana@bakery.example"}}
    slack.faults.order("users.info", spoiled({"ok": True, "user": user | odd}))
    with pytest.raises(MessengerUnavailable):
        await messenger.user(ANA)
    if "id" not in odd:
        slack.faults.order("users.lookupByEmail", spoiled({"ok": True, "user": user | odd}))
        with pytest.raises(MessengerUnavailable):
            await messenger.user_by_email("ana@bakery.example")
    assert (await messenger.user(ANA)).is_full_member


@pytest.mark.parametrize("flag", GUEST_FLAGS)
async def test_an_account_is_a_guest_by_one_flag_without_a_word_about_the_other(
    flag: str, slack: SlackStandIn, messenger: SlackMessenger
) -> None:
    me = await messenger.who_am_i()
    slack.faults.order("users.info", spoiled({"ok": True, "user": {"id": ANA, "team_id": me.team_id, flag: True}}))
    assert (await messenger.user(ANA)).not_allowed_reason == "guest"


async def test_a_direct_message_is_opened_to_nothing_but_one(slack: SlackStandIn, messenger: SlackMessenger) -> None:
    slack.faults.order("conversations.open", spoiled({"ok": True, "channel": {"id": SHOP}}))
    with pytest.raises(MessengerUnavailable):
        await messenger.open_dm(ANA)
    assert (await messenger.open_dm(ANA)).startswith("D")


async def test_who_we_are_is_not_lost_by_an_answer_that_does_not_say(
    slack: SlackStandIn, messenger: SlackMessenger
) -> None:
    """Without our workspace's id every account would be one of ours."""
    me = await messenger.who_am_i()
    for odd in ({"ok": True}, {"ok": True, "team_id": None, "user_id": BOT}, {"ok": True, "team_id": me.team_id}):
        slack.faults.order("auth.test", spoiled(odd))
        with pytest.raises(MessengerUnavailable):
            await messenger.check_token()
    assert await messenger.who_am_i() == me
    assert not (await messenger.user(STRANGER)).is_full_member


@pytest.mark.parametrize("odd", [{}, {"members": None}, {"members": 5}, {"members": "U0ANA"}])
async def test_an_answer_without_members_does_not_say_that_nobody_is_in(
    odd: dict[str, object], slack: SlackStandIn, messenger: SlackMessenger
) -> None:
    slack.faults.order("conversations.members", spoiled({"ok": True} | odd))
    with pytest.raises(MessengerUnavailable):
        await messenger.members(SHOP)
    assert ANA in await messenger.members(SHOP)


@pytest.mark.parametrize("address", ["not an address", "ftp://x/y", "http://" + "a" * 70_000, 5, ["x"], ""])
async def test_a_file_whose_address_is_none_is_not_sent(
    address: object, slack: SlackStandIn, messenger: SlackMessenger
) -> None:
    given = {"ok": True, "upload_url": address, "file_id": "F1"}
    slack.faults.order("files.getUploadURLExternal", spoiled(given))
    with pytest.raises(MessengerUnavailable) as problem:
        await messenger.upload(SHOP, BytesIO(b"x"), name="a.csv", title="a", comment="")
    assert not isinstance(problem.value, MessengerUnclear), "it surely was not sent"


async def test_a_large_channels_members_are_read_page_by_page(slack: SlackStandIn, messenger: SlackMessenger) -> None:
    slack.workspace.channels[SHOP].members += [f"U{number:05}" for number in range(250)]
    assert len(await messenger.members(SHOP)) == 253


async def test_a_direct_message_opens_to_the_same_place_again(messenger: SlackMessenger) -> None:
    place = await messenger.open_dm(ANA)
    assert place.startswith("D") and await messenger.open_dm(ANA) == place
    with pytest.raises(MessengerRefused, match="cannot_dm_bot"):
        await messenger.open_dm("USLACKBOT")


@pytest.mark.parametrize("fault", ["reply_lost", "error_before", "text_plain", "empty", "html", "hang"])
async def test_a_question_that_brought_no_answer_can_be_asked_again(
    slack: SlackStandIn, messenger: SlackMessenger, fault: str
) -> None:
    await messenger.identify()
    slack.faults.order("users.info", fault, times=2)  # aiohttp asks again by itself where a kept connection broke
    with pytest.raises(MessengerUnavailable):
        await messenger.user(ANA)
    slack.faults.clear()
    assert (await messenger.user(ANA)).user_id == ANA


# ---- pace --------------------------------------------------------------------------------------------------------


async def test_a_method_that_slack_limits_is_not_called_again_before_the_time_that_it_named(
    slack: SlackStandIn, messenger: SlackMessenger
) -> None:
    await messenger.identify()
    slack.faults.order("users.info", faults.rate_limited(60))
    for _ in range(20):
        with pytest.raises(MessengerUnavailable) as refusal:
            await messenger.user(ANA)
        assert refusal.value.retry_after is not None and 50 < refusal.value.retry_after <= 60
    assert sum(call.method == "users.info" for call in slack.calls) == 1
    assert (await messenger.channel(SHOP)).name == "shop"


async def test_a_direct_conversation_is_asked_for_once_and_again_after_a_post_there_was_refused(
    slack: SlackStandIn, messenger: SlackMessenger
) -> None:
    place = await messenger.open_dm(ANA)
    assert [await messenger.open_dm(ANA) for _ in range(3)] == [place] * 3
    assert sum(call.method == "conversations.open" for call in slack.calls) == 1
    slack.faults.order("chat.postMessage", "channel_not_found")
    assert isinstance(await messenger.post(place, Message("a card"), delivery_id="d1"), DestinationGone)
    assert await messenger.open_dm(ANA) == place
    assert sum(call.method == "conversations.open" for call in slack.calls) == 2


# ---- files ---------------------------------------------------------------------------------------------------------


async def test_a_file_is_completed_in_the_conversation(slack: SlackStandIn, messenger: SlackMessenger) -> None:
    place = await messenger.open_dm(ANA)
    await messenger.upload(place, BytesIO(b"one,two\r\n"), name="a.csv", title="A file", comment="Here it is.")
    [message] = slack.messages(place)
    assert (message.text, [one["title"] for one in message.files]) == ("Here it is.", ["A file"])
    assert [one.content for one in slack.workspace.uploads.values()] == [b"one,two\r\n"]


async def test_a_file_without_the_scope_is_refused_before_it_leaves(
    slack: SlackStandIn, messenger: SlackMessenger
) -> None:
    place = await messenger.open_dm(ANA)
    slack.workspace.app.scopes.remove("files:write")
    with pytest.raises(MessengerRefused) as refused:
        await messenger.upload(place, BytesIO(b"x"), name="a.csv", title="", comment="")
    assert (refused.value.code, refused.value.needed) == ("missing_scope", "files:write")
    assert not slack.workspace.uploads


@pytest.mark.parametrize("method", ["files.getUploadURLExternal", "files.completeUploadExternal"])
async def test_a_file_that_slack_did_not_confirm_is_not_sent(
    slack: SlackStandIn, messenger: SlackMessenger, method: str
) -> None:
    place = await messenger.open_dm(ANA)
    slack.faults.order(method, faults.error_before(503))
    with pytest.raises(MessengerUnavailable):
        await messenger.upload(place, BytesIO(b"x"), name="a.csv", title="", comment="")
    assert slack.messages(place) == []


async def test_a_person_is_no_place_for_a_file(messenger: SlackMessenger) -> None:
    with pytest.raises(MessengerRefused):
        await messenger.upload(ANA, BytesIO(b"x"), name="a.csv", title="", comment="")
