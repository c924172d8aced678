"""Direct messages: the first explains itself; who refuses them gets none, with the reason kept, until that changes."""

import asyncio
from datetime import timedelta

import pytest

from bot.blocks import actions
from bot.domain.model import SessionKey
from bot.domain.notifications import Destination, DestinationKind, Notification, NotificationKind
from bot.domain.outbox import NotificationState, NotificationStatus
from bot.domain.routing import subject_of
from bot.domain.viewers import DirectMessages
from bot.listeners.events.lifecycle import account_changed
from tests.listeners.office import ADMIN, HIGH, LOW, OLGA, Office, everything_in
from tests.listeners.test_lifecycle import notified, read_back, send
from tests.listeners.test_through_slack import open_door

pytestmark = pytest.mark.virtual_time

__all__ = ["open_door"]
OBSERVER = Destination(DestinationKind.PERSON, "olga")


async def enqueue(office: Office, key: SessionKey) -> None:
    notification = Notification(
        kind=NotificationKind.SESSION, destination=OBSERVER, subject=subject_of(key), reason="observed", session=key
    )
    await office.store.transact(lambda tx: tx.notifications.enqueue(notification, office.clock.now()))


async def stand(office: Office, key: SessionKey) -> NotificationStatus:
    [found] = await office.store.read(lambda tx: tx.deliveries.of_session(key))
    return found


async def test_only_the_first_message_to_somebody_explains_why_it_comes(office: Office) -> None:
    for key in (LOW, HIGH):
        await enqueue(office, key)
        await send(office)
    first, second = office.slack.messages(office.slack.direct_message(OLGA).id)
    assert "This is Spotter's first message to you" in str(first.blocks)
    assert "first message" not in str(second.blocks)


async def test_a_corrected_first_message_goes_on_explaining_itself(office: Office) -> None:
    await enqueue(office, LOW)
    await send(office)
    await office.store.transact(lambda tx: tx.sessions.acknowledge(LOW, ADMIN, office.clock.now()))
    office.clock.advance(timedelta(seconds=5))
    await send(office)
    [message] = office.slack.messages(office.slack.direct_message(OLGA).id)
    assert message.edited is not None
    assert "This is Spotter's first message to you" in str(message.blocks)


REFUSALS = ("cannot_dm_bot", "user_disabled", "messages_tab_disabled", "user_not_visible")


@pytest.mark.promise("direct_messages_refused")
@pytest.mark.parametrize("code", REFUSALS)
@pytest.mark.parametrize("method", ["conversations.open", "chat.postMessage"])
async def test_who_refuses_gets_none_and_the_reason_is_kept(office: Office, method: str, code: str) -> None:
    office.slack.faults.order(method, code)
    await enqueue(office, LOW)
    await send(office)
    await enqueue(office, HIGH)
    await send(office)
    assert notified(office, OLGA) == []
    first = await stand(office, LOW)
    assert first.delivery is not None and first.state is NotificationState.BLOCKED and code in first.delivery.reason
    [blocked] = await office.store.read(lambda tx: tx.destinations.blocked())
    assert (blocked.destination, blocked.reason, blocked.waiting) == (OBSERVER, code, 2)
    assert code in everything_in(await office.ask(ADMIN, f"why {LOW.session_id[:8]}"))


async def test_they_are_tried_again_when_their_account_changes(open_door: Office) -> None:
    office = open_door
    office.slack.faults.order("conversations.open", "cannot_dm_bot")
    await enqueue(office, LOW)
    await send(office)
    await office.slack.change_user(OLGA, tz="Europe/Paris")
    for _ in range(100):  # the event arrives and is stored meanwhile
        await asyncio.sleep(0.01)
        await send(office)
        if notified(office, OLGA):
            break
    assert len(notified(office, OLGA)) == 1


async def test_they_are_tried_again_after_a_day(office: Office) -> None:
    office.slack.faults.order("conversations.open", "cannot_dm_bot")
    await enqueue(office, LOW)
    await send(office)
    await read_back(office)
    await send(office)
    assert notified(office, OLGA) == []
    office.clock.advance(timedelta(hours=23))
    await read_back(office)
    await send(office)
    assert len(notified(office, OLGA)) == 1


async def test_changes_of_accounts_nobody_knows_cost_no_question(office: Office) -> None:
    before = len(office.slack.calls)
    await account_changed(office.ctx, "U0WHOEVER")
    assert len(office.slack.calls) == before


@pytest.mark.promise("stop_button")
async def test_what_came_to_somebody_can_be_stopped_whatever_has_become_of_their_link(office: Office) -> None:
    await enqueue(office, LOW)
    await send(office)
    conversation = office.slack.direct_message(OLGA).id
    [message] = office.slack.messages(conversation)
    await office.ask(ADMIN, f"unlink <@{OLGA}>")
    where = {"channel_id": conversation, "message_ts": message.ts}
    more = await office.press(OLGA, actions.DM_ALL, **where)
    assert more is not None and "Saved" not in more.text
    asked = await office.press(OLGA, actions.DM_STOP, **where)
    assert asked is not None and "you would get nothing" in asked.text
    assert (await office.store.read(lambda tx: tx.people.preferences(OLGA))).as_observer is None
    stop = await office.press(OLGA, actions.asked(actions.DM_STOP), **where)
    assert stop is not None and "you get nothing" in stop.text
    chosen = await office.store.read(lambda tx: tx.people.preferences(OLGA))
    assert chosen.as_observer is DirectMessages.NONE
