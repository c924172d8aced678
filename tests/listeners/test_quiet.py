"""Quiet time: messages to a person are held, and sent afterwards once, as they are then; channels are not affected."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.domain.changes import decide
from bot.domain.model import Targets
from bot.domain.notifications import Destination, DestinationKind, Notification, NotificationKind
from bot.domain.routing import subject_of
from bot.store.database import Tx
from tests.listeners.office import ADMIN, EMMA, HIGH, LOW, NORTH, OLGA, Office

pytestmark = pytest.mark.virtual_time

NIGHT = datetime(2026, 3, 18, 23, 0, tzinfo=UTC)  # a Wednesday, in London


async def owe(office: Office, *keys: object, to: str = "person:olga", rules: tuple[int, ...] = ()) -> None:
    now = office.clock.now()

    def work(tx: Tx) -> None:
        for key in keys:
            notification = Notification(
                kind=NotificationKind.SESSION, destination=Destination.parse(to), subject=subject_of(key),  # type: ignore[arg-type]
                reason="completed", session=key, facts={"version": 1}, rule_ids=rules,  # type: ignore[arg-type]
            )  # fmt: skip
            tx.notifications.enqueue(notification, now)

    await office.store.transact(work)


async def go_to(office: Office, at: datetime) -> None:
    office.clock.advance(at - office.clock.now())


async def read_people(office: Office) -> None:
    """iSpring's people are read again, as every two hours."""

    def work(tx: Tx) -> None:
        known = tx.people.directory()
        tx.people.replace_directory(list(known.people.values()), list(known.departments.values()), office.clock.now())

    await office.store.transact(work)


@pytest.mark.promise("quiet_time")
async def test_what_comes_at_night_is_one_message_in_the_morning_as_it_is_then(office: Office) -> None:
    answer = await office.ask(OLGA, "quiet 20:00-07:00 weekend")
    assert "Your quiet time is 20:00-07:00 sat sun and holidays (Europe/London" in answer.text
    await go_to(office, NIGHT)
    await owe(office, LOW, HIGH)
    direct = office.slack.direct_message(OLGA).id
    await office.deliver.once(limit_seconds=600)
    assert office.slack.messages(direct) == []
    counts = await office.store.read(lambda tx: tx.deliveries.counts(office.clock.now()))
    assert (counts.pending, counts.blocked, counts.quiet, counts.oldest_at) == (0, 0, 2, None)

    def correct(tx: Tx) -> None:
        before = tx.sessions.get(LOW)
        assert before is not None
        change = decide(before, before.facts._replace(result=85.0), now=office.clock.now(), targets=Targets(80.0))
        assert change is not None
        tx.sessions.save(change, b"87654321")

    await office.store.transact(correct)
    await go_to(office, datetime(2026, 3, 19, 6, 59, tzinfo=UTC))
    await office.deliver.once(until_idle=False)
    assert office.slack.messages(direct) == []
    await go_to(office, datetime(2026, 3, 19, 7, 0, 1, tzinfo=UTC))
    await office.deliver.once(limit_seconds=60)
    (recap,) = office.slack.messages(direct)
    assert "85 %" in recap.text and "90 %" in recap.text and "72 %" not in recap.text.split("85 %")[0]


async def test_a_weekend_is_no_outage(office: Office) -> None:
    await office.ask(OLGA, "quiet 18:00-07:00 weekend")
    await go_to(office, datetime(2026, 3, 20, 17, 59, tzinfo=UTC))
    await owe(office, LOW)
    await go_to(office, datetime(2026, 3, 20, 18, 1, tzinfo=UTC))
    await owe(office, HIGH)
    await office.deliver.once(until_idle=False)
    await go_to(office, datetime(2026, 3, 23, 7, 1, tzinfo=UTC))
    await read_people(office)
    await office.deliver.once(limit_seconds=60)
    (recap,) = office.slack.messages(office.slack.direct_message(OLGA).id)
    assert "While I was away" not in recap.text
    assert "72 %" in recap.text and "90 %" in recap.text


@pytest.mark.promise("quiet_time")
async def test_a_channel_has_no_quiet_time(office: Office) -> None:
    await office.ask(OLGA, "quiet 20:00-07:00")
    rule = await office.rule(NORTH, owner=ADMIN)
    await go_to(office, NIGHT)
    now = office.clock.now()
    notification = Notification(
        kind=NotificationKind.SESSION, destination=Destination(DestinationKind.CHANNEL, NORTH),
        subject=subject_of(LOW), reason="completed", session=LOW, rule_ids=(rule.rule_id,), facts={"version": 1},
    )  # fmt: skip
    await office.store.transact(lambda tx: tx.notifications.enqueue(notification, now))
    await office.deliver.once(limit_seconds=60)
    assert len(office.slack.messages(NORTH)) == 1


async def test_who_ends_their_quiet_time_gets_what_was_held_at_once(office: Office) -> None:
    await office.ask(OLGA, "quiet 20:00-07:00")
    await go_to(office, NIGHT)
    await owe(office, LOW)
    await office.deliver.once(until_idle=False)
    await office.ask(OLGA, "quiet off")
    await office.deliver.once(limit_seconds=200)
    assert len(office.slack.messages(office.slack.direct_message(OLGA).id)) == 1
    entries = await office.store.read(lambda tx: tx.audit_log.entries(2))
    assert [(one.verb, one.old, one.new) for one in entries] == [
        ("quiet", "20:00-07:00", "off"), ("quiet", "off", "20:00-07:00"),
    ]  # fmt: skip


async def test_the_zone_of_the_profile_is_followed(office: Office) -> None:
    await office.ask(OLGA, "quiet 20:00-07:00")

    def move(tx: Tx) -> None:
        seen = tx.people.slack_user(OLGA)
        assert seen is not None
        tx.people.save_slack_user(replace(seen[0], zone="America/New_York"), office.clock.now())

    await office.store.transact(move)
    await go_to(office, NIGHT)  # 19:00 in New York
    await owe(office, LOW)
    await office.deliver.once(limit_seconds=200)
    assert len(office.slack.messages(office.slack.direct_message(OLGA).id)) == 1


async def test_a_holiday_that_an_admin_keeps_holds(office: Office) -> None:
    await office.ask(OLGA, "quiet 20:00-07:00")
    assert "19 Mar 2026" in (await office.ask(ADMIN, "holidays add 2026-03-19")).text
    await go_to(office, datetime(2026, 3, 19, 12, tzinfo=UTC))
    await owe(office, LOW)
    await office.deliver.once(until_idle=False)
    assert office.slack.messages(office.slack.direct_message(OLGA).id) == []
    assert "There are no holidays yet" in (await office.ask(ADMIN, "holidays remove 2026-03-19")).text
    await office.deliver.once(limit_seconds=200)
    assert len(office.slack.messages(office.slack.direct_message(OLGA).id)) == 1


async def test_holidays_are_for_admins(office: Office) -> None:
    assert "19 Mar" not in (await office.ask(EMMA, "holidays add 2026-03-19")).text
    assert await office.store.read(lambda tx: tx.quiet_times.holidays()) == frozenset()


async def test_what_is_no_quiet_time_is_answered_with_examples(office: Office) -> None:
    answer = await office.ask(OLGA, "quiet sometimes")
    assert "“sometimes” is no time and no day of the week." in answer.text
