"""Requests at the door: forged, stale, replayed, unsigned, too long; and nothing of them in a log."""

import asyncio
import io
import json
import logging
import time
from collections.abc import AsyncIterator
from urllib.parse import urlencode

import aiohttp
import pytest
from structlog.testing import capture_logs

from bot.blocks import actions
from bot.blocks.actions import ConfirmShare, Share, encode
from bot.demo.slack import SlackStandIn
from bot.domain.rules import RuleState
from tests.leaks import leaks
from tests.listeners.conftest import office
from tests.listeners.office import ADMIN, BOT, EMMA, LOW, NORTH, PUBLIC, SAM, Office, everything_in
from tests.listeners.test_through_slack import open_door

pytestmark = pytest.mark.virtual_time

__all__ = ["office", "open_door"]

FORM, JSON = "application/x-www-form-urlencoded", "application/json"
COMMAND = urlencode(
    {
        "command": "/ojt",
        "text": "results",
        "user_id": EMMA,
        "channel_id": NORTH,
        "team_id": "T0SPOTTER",
        "trigger_id": "1",
    }
)


async def send(
    office: Office, body: str | bytes | AsyncIterator[bytes], headers: dict[str, str], kind: str = FORM
) -> tuple[int, str]:
    """The status and the body of the door's answer."""
    url = office.slack.deliveries.request_url
    assert url is not None
    data = io.BytesIO(body.encode()) if isinstance(body, str) else body
    async with (
        aiohttp.ClientSession() as session,
        session.post(url, data=data, headers={"Content-Type": kind, **headers}) as response,
    ):
        return response.status, await response.text()


async def replay(office: Office, body: str, times: int = 3, kind: str = FORM) -> None:
    """The very same request, signature and all, several times within five minutes; waits until all is worked off."""
    headers = office.slack.deliveries.signed(body)
    for _ in range(times):
        status, _ = await send(office, body, headers, kind)
        assert status == 200


def action(user: str, action: str, value: str, channel: str = NORTH, **where: str) -> str:
    payload = {
        "type": "block_actions",
        "user": {"id": user, "team_id": "T0SPOTTER"},
        "team": {"id": "T0SPOTTER"},
        "channel": {"id": channel},
        "container": {"type": "message", "channel_id": channel, **where},
        "trigger_id": "1",
        "actions": [{"type": "button", "block_id": "b", "action_id": action, "value": value}],
    }
    return urlencode({"payload": json.dumps(payload)})


async def whispers(slack: SlackStandIn, user: str, number: int, channel: str = NORTH) -> list[str]:
    """What only this person reads in a channel, once there are so many."""
    while len(found := [one.text for one in slack.visible_to(user, channel) if one.ephemeral_to == user]) < number:
        await asyncio.sleep(0.01)
    return found


# ---- refused -----------------------------------------------------------------------------------------------------


@pytest.mark.promise("forged_request")
async def test_what_is_not_provably_slacks_is_refused_and_leaves_no_trace(
    open_door: Office, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    marked = COMMAND + "&text=words-nobody-may-log"
    good = open_door.slack.deliveries.signed(marked)
    now = int(time.time())
    forged = [
        {},
        {**good, "X-Slack-Signature": "v0=" + "0" * 64},
        {**good, "X-Slack-Signature": "v1" + good["X-Slack-Signature"][2:]},
        {**good, "X-Slack-Signature": ""},
        open_door.slack.deliveries.signed(marked, timestamp=str(now - 301)),
        open_door.slack.deliveries.signed(marked, timestamp=str(now + 600)),
        *({**good, "X-Slack-Request-Timestamp": odd} for odd in ("soon", "1e9", "-1", "", "0x10", "1" * 500)),
    ]
    with capture_logs() as logs:
        for headers in forged:
            assert await send(open_door, marked, headers) == (401, "")
        assert await send(open_door, marked + "&more=1", good) == (401, "")
    notified = str(logs) + caplog.text
    assert "words-nobody-may-log" not in notified and leaks(notified) == []
    assert not [one for one in open_door.slack.visible_to(EMMA, NORTH) if one.ephemeral_to]


@pytest.mark.promise("forged_request")
async def test_what_is_too_long_is_refused_whatever_it_claims_to_be(open_door: Office) -> None:
    long = "text=" + "x" * (1024 * 1024)
    assert (await send(open_door, long, open_door.slack.deliveries.signed(long)))[0] == 413
    assert (await send(open_door, long, {}))[0] == 413

    async def in_pieces() -> AsyncIterator[bytes]:
        for _ in range(40):
            yield b"x" * 65_536

    try:
        status, _ = await send(open_door, in_pieces(), {})
    except aiohttp.ClientError:
        return  # the door was shut while we were still pushing
    assert status == 413


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("", FORM),
        ("payload=", FORM),
        ("payload=%7B", FORM),
        ("payload=%5B%5D", FORM),
        ("payload=null", FORM),
        ('payload={"type":"block_actions"}', FORM),
        ('payload={"type":"view_submission","view":[]}', FORM),
        ("[]", JSON),
        ("null", JSON),
        ("{", JSON),
        ('{"type":"event_callback","event":[]}', JSON),
        ('{"type":"event_callback","event":{"type":["app_mention"]}}', JSON),
        ('{"a":' * 20_000 + "1" + "}" * 20_000, JSON),
        ("[" * 100_000, JSON),
        ("payload=" + '{"a":' * 20_000, FORM),
    ],
)
async def test_a_signed_request_that_makes_no_sense_breaks_nothing(open_door: Office, body: str, kind: str) -> None:
    _, notified = await send(open_door, body, open_door.slack.deliveries.signed(body), kind)
    assert "Traceback" not in notified
    answer = await (await open_door.slack.command(EMMA, NORTH, "/ojt", "results")).first()
    assert "10aa0000" in answer.text


# ---- replayed ----------------------------------------------------------------------------------------------------


@pytest.mark.promise("repeated_request")
async def test_an_event_that_comes_again_is_answered_once(open_door: Office) -> None:
    event = {"type": "app_mention", "user": EMMA, "channel": NORTH, "text": f"<@{BOT}> results", "ts": "1.0"}
    envelope = {"type": "event_callback", "team_id": "T0SPOTTER", "event_id": "Ev0AGAIN", "event": event}
    await replay(open_door, json.dumps(envelope), 4, JSON)
    await replay(open_door, json.dumps({**envelope, "event_id": "Ev0OTHER"}), 1, JSON)
    notified = await whispers(open_door.slack, EMMA, 2)
    assert len(notified) == 2


async def test_a_replayed_subscription_makes_one_rule(open_door: Office) -> None:
    await replay(open_door, action(ADMIN, actions.CONFIRM_SUBSCRIBE, f"{PUBLIC}|outcome:failed", PUBLIC))
    await whispers(open_door.slack, ADMIN, 3, PUBLIC)
    await open_door.send()
    rules = await open_door.store.read(lambda tx: tx.rules.all((RuleState.ACTIVE, RuleState.PENDING)))
    assert len(rules) == 1 and len(await open_door.posted(PUBLIC)) == 1


@pytest.mark.promise("repeated_request")
async def test_a_replayed_sharing_posts_one_message(open_door: Office) -> None:
    value = encode(ConfirmShare(NORTH, 1_700_000_000_000, 9, Share(session=LOW)))
    await replay(open_door, action(EMMA, actions.CONFIRM_SHARE, value))
    await whispers(open_door.slack, EMMA, 3)
    await open_door.send()
    assert len(await open_door.posted(NORTH)) == 1


async def test_a_replayed_acknowledgement_counts_once(open_door: Office) -> None:
    await replay(open_door, action(SAM, actions.ACKNOWLEDGE, actions.session_value(LOW)))
    await whispers(open_door.slack, SAM, 3)
    record = await open_door.store.read(lambda tx: tx.sessions.record(LOW))
    assert record is not None and len(record.acknowledgements) == 1
    assert [verb for _, verb, _ in await open_door.audit_log()] == ["acknowledge"]


async def test_a_replayed_end_of_a_rule_or_link_ends_no_other(open_door: Office) -> None:
    for _ in range(2):
        await open_door.rule(NORTH, owner=SAM)
    await replay(open_door, action(SAM, actions.asked(actions.UNSUBSCRIBE), "1"))
    await whispers(open_door.slack, SAM, 3)
    assert len(await open_door.store.read(lambda tx: tx.rules.all((RuleState.ACTIVE,)))) == 1
    await open_door.ask(EMMA, "link")
    await replay(open_door, action(EMMA, actions.NOT_ME, "emma"))
    await whispers(open_door.slack, EMMA, 3)
    assert [verb for _, verb, _ in await open_door.audit_log()] == ["disown", "unsubscribe"]


async def test_a_replayed_command_changes_nothing_twice(open_door: Office) -> None:
    def typed(user: str, text: str) -> str:
        asked = {"command": "/ojt", "text": text, "user_id": user, "channel_id": NORTH, "team_id": "T0SPOTTER"}
        return urlencode(asked)

    await open_door.ask(EMMA, "link")
    await replay(open_door, typed(ADMIN, f"unlink <@{EMMA}>"))
    await replay(open_door, action(ADMIN, actions.asked(actions.PAUSE), "all"))
    await whispers(open_door.slack, ADMIN, 6)
    assert await open_door.store.read(lambda tx: tx.people.links()) == []
    assert await open_door.store.read(lambda tx: tx.outbox.pause()) is not None
    assert [verb for _, verb, _ in await open_door.audit_log()] == ["pause all", "unlink"]


async def test_a_forged_value_in_a_signed_press_opens_nothing(open_door: Office) -> None:
    for value in ("zoltan:zoltan", "50ee0000-0000-4000-8000-000000000000:zoltan", "s|x:y", "|", "%00"):
        await replay(open_door, action(EMMA, actions.ACKNOWLEDGE, value, message_ts="1.0"), 1)
    for notified in await whispers(open_door.slack, EMMA, 5):
        assert "Zoltan" not in everything_in({"text": notified})
