"""Nobody's rule, sharing or link puts a foreign name, id or count before others: in no kind of notice, at no edit.

The cases are held against the registries: a kind of notice or a form without one fails.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest

from bot.blocks import actions
from bot.blocks.notifications import RENDERERS
from bot.domain.model import SessionKey
from bot.domain.notifications import Destination, DestinationKind, Notification, NotificationKind
from bot.domain.reminders import ReminderStep, running_clock
from bot.domain.routing import introduction
from bot.domain.rules import Rule
from bot.domain.schedules import Every, Schedule, Slot
from bot.services.digests import digest_notification
from bot.services.muting import mute, unmute
from bot.services.pausing import offer
from bot.store.database import Tx
from tests.clock import NOON
from tests.listeners.office import (
    ADMIN,
    COLLEAGUE,
    DANA,
    EMMA,
    FOREIGN,
    GUEST,
    HIGH,
    LOW,
    NORTH,
    OBSERVED,
    OLGA,
    PLANNED,
    SAM,
    UNLINKED,
    Office,
    everything_in,
)
from tests.listeners.test_access import HIDDEN_FROM, SOUTH, ULF, YVES, asserted_clean
from tests.listeners.test_sharing import correct

pytestmark = pytest.mark.virtual_time

EVERY_SESSION = (LOW, HIGH, COLLEAGUE, FOREIGN, OBSERVED)
PERSON_OF = {EMMA: "emma", OLGA: "olga", SAM: "sam", DANA: "dana", GUEST: "yves", UNLINKED: "nobody", ADMIN: "ada"}
CHANNEL = Destination(DestinationKind.CHANNEL, NORTH)


Owing = Callable[[Tx, Rule, str, datetime], object]


def _each(made: Callable[[Rule, str], Sequence[Notification]]) -> Owing:
    return lambda tx, rule, viewer, now: [tx.notifications.enqueue(one, now) for one in made(rule, viewer)]


def _summary(kind: NotificationKind) -> Owing:
    def enqueue(tx: Tx, rule: Rule, _viewer: str, now: datetime) -> object:
        members = [notification(NotificationKind.SESSION, CHANNEL, key, rule) for key in EVERY_SESSION]
        return tx.summaries.add(notification(kind, CHANNEL, None, rule), members, now)

    return enqueue


def _shared(_rule: Rule, viewer: str) -> Sequence[Notification]:
    one = notification(NotificationKind.SHARED, CHANNEL, FOREIGN, None, by=viewer, share=f"{viewer}:2")
    notified: dict[str, str | int | float | None] = {
        "by": viewer,
        "share": f"{viewer}:1",
        "total": 5,
        "query": "score:<80",
    }
    return [one, *(notification(NotificationKind.SHARED, CHANNEL, key, None, **notified) for key in EVERY_SESSION)]


def _recap(tx: Tx, rule: Rule, viewer: str, now: datetime) -> object:
    """All sessions came while the channel was muted."""
    for key in EVERY_SESSION:
        tx.notifications.enqueue(notification(NotificationKind.SESSION, CHANNEL, key, rule), now)
    made, _ = mute(tx, CHANNEL, "", now + timedelta(hours=1), viewer, "", now)
    return unmute(tx, made, viewer, now)


def _offered(tx: Tx, rule: Rule, viewer: str, now: datetime) -> object:
    """A rule that names somebody whom the reader may not see."""
    if viewer != ADMIN:  # who may see everybody when it comes
        tx.rules.set_query(rule.rule_id, "-employee:<id:zoltan> score:<80")
    offer(tx, rule, ADMIN, viewer, now)
    return None


def _digest(rule: Rule, _viewer: str) -> Sequence[Notification]:
    """A rule's digest of all sessions."""
    slot = Slot(day=date(2026, 3, 19), planned=NOON, since=date(2026, 2, 1), until=date(2026, 3, 19))
    return [digest_notification(rule, Schedule(Every.DAY, time(9)), UTC, slot)]


def _reminder(tx: Tx, _rule: Rule, viewer: str, now: datetime) -> None:
    """A session of Emma's that is late, to this viewer and to the operator's channel."""
    session = tx.sessions.get(PLANNED)
    assert session is not None
    for step, to in ((ReminderStep.SUPERVISOR, person(viewer)), (ReminderStep.OPS, CHANNEL)):
        found = running_clock(session)
        assert found is not None
        tx.reminders.record(PLANNED, *found, step, to, "reminder:1", now)
        made = replace(notification(NotificationKind.REMINDER, to, None, None, what="late"), subject="reminder:1")
        tx.notifications.enqueue(made, now)


def person(viewer: str) -> Destination:
    return Destination(DestinationKind.PERSON, PERSON_OF[viewer])


CASES: dict[NotificationKind, Owing] = {
    NotificationKind.SESSION: _each(
        lambda rule, _: [notification(NotificationKind.SESSION, CHANNEL, key, rule) for key in EVERY_SESSION]
    ),
    NotificationKind.COUNTED: _summary(NotificationKind.COUNTED),
    NotificationKind.OUTAGE: _summary(NotificationKind.OUTAGE),
    NotificationKind.RECAP: _recap,
    NotificationKind.DIGEST: _each(_digest),
    NotificationKind.REMINDER: _reminder,
    NotificationKind.RULE_OFFERED: _offered,
    NotificationKind.SHARED: _each(_shared),
    NotificationKind.INTRO: _each(lambda rule, _: [introduction(rule)]),
    NotificationKind.RULE_PAUSED: _each(
        lambda rule, viewer: [
            notification(NotificationKind.RULE_PAUSED, Destination(DestinationKind.USER, viewer), None, rule)
        ]
    ),
    NotificationKind.SETUP: _each(
        lambda _, viewer: [notification(NotificationKind.SETUP, Destination(DestinationKind.USER, viewer), None, None)]
    ),
    NotificationKind.OPS: _each(
        lambda _, __: [notification(NotificationKind.OPS, CHANNEL, None, None, event="first_listing", count=1)]
    ),
}


# A session that a summary counts is told by nothing else, so summaries stand alone.
SUMMARIES = (NotificationKind.COUNTED, NotificationKind.OUTAGE)
# Lists are of their moment: an erasure makes them anew, a correction of a session does not.
LISTS = (NotificationKind.DIGEST, NotificationKind.REMINDER)
ALONE = (*SUMMARIES, *LISTS, NotificationKind.RECAP, NotificationKind.RULE_OFFERED)
TOGETHER = [tuple(kind for kind in NotificationKind if kind not in ALONE), *((kind,) for kind in ALONE)]


def notification(
    kind: NotificationKind,
    to: Destination,
    key: SessionKey | None,
    rule: Rule | None,
    **facts: str | int | float | None,
) -> Notification:
    share = facts.get("share", "")
    about = f"{key.session_id}:{key.employee_id}" if key else str(rule.rule_id if rule else 0)
    return Notification(
        kind=kind,
        destination=to,
        subject=f"{kind}:{share}:{about}",
        reason="it has been completed",
        session=key,
        rule_ids=(rule.rule_id,) if rule else (),
        facts=facts,
    )


def test_every_kind_of_notice_has_a_case_here() -> None:
    assert set(CASES) == set(NotificationKind) == set(RENDERERS)


async def queued(office: Office, viewer: str, kinds: Sequence[NotificationKind]) -> None:
    """A rule of this viewer's owes everything, theirs or not, as if it had been made when they could see it."""
    rule = await office.rule(NORTH, "score:<80", owner=viewer)
    await office.ctx.contacts.viewer(viewer)

    def enqueue(tx: Tx) -> None:
        for kind in kinds:
            CASES[kind](tx, rule, viewer, office.clock.now())

    await office.store.transact(enqueue)


def said_in(office: Office) -> str:
    """Everything that stands anywhere, also what Slack was told beside it."""
    channels = office.slack.workspace.channels
    return "\n".join(
        everything_in({"text": one.text, "blocks": one.blocks, "metadata": one.metadata})
        for channel in channels
        for one in office.slack.messages(channel)
    )


@pytest.mark.promise("wrong_eyes")
@pytest.mark.parametrize("kinds", TOGETHER)
@pytest.mark.parametrize("viewer", HIDDEN_FROM)
async def test_a_message_shows_nothing_foreign_to_whoever_it_is_posted_for(
    office: Office, viewer: str, kinds: Sequence[NotificationKind]
) -> None:
    await queued(office, viewer, kinds)
    await office.send()
    asserted_clean(said_in(office), "", viewer)
    for key in EVERY_SESSION:
        await correct(office, key, 31.0)
    await office.send()
    asserted_clean(said_in(office), "", viewer)


@pytest.mark.promise("right_lost")
@pytest.mark.parametrize("kinds", [kinds for kinds in TOGETHER if kinds[0] not in LISTS])
@pytest.mark.parametrize("viewer", [SAM, DANA, OLGA, EMMA, ADMIN])
async def test_an_edit_takes_back_what_may_no_longer_be_shown(
    office: Office, viewer: str, kinds: Sequence[NotificationKind]
) -> None:
    await queued(office, viewer, kinds)
    await office.send()

    def lose(tx: Tx) -> None:
        tx.people.block_link(viewer, ADMIN, office.clock.now())

    await office.store.transact(lose)
    office.slack.workspace.users[viewer].is_restricted = True
    user = await office.ctx.messenger.user(viewer)
    await office.store.transact(lambda tx: tx.people.save_slack_user(user, office.clock.now()))
    for key in EVERY_SESSION:
        await correct(office, key, 31.0)
    await office.send()
    said = said_in(office).lower()
    for hidden in (*SOUTH[:3], *ULF[:1], *YVES[:1], "Emma Employee", "Till check", "Xenia", "31 %"):
        assert hidden.lower() not in said, hidden


@pytest.mark.parametrize("viewer", HIDDEN_FROM)
async def test_a_direct_message_shows_nothing_foreign(office: Office, viewer: str) -> None:
    place = Destination(DestinationKind.PERSON, PERSON_OF[viewer])

    def enqueue(tx: Tx) -> None:
        for key in EVERY_SESSION:
            tx.notifications.enqueue(notification(NotificationKind.SESSION, place, key, None), office.clock.now())

    await office.store.transact(enqueue)
    await office.send()
    if viewer != ADMIN:
        asserted_clean(said_in(office), "", viewer)
    if viewer in (UNLINKED, GUEST, ADMIN):
        assert said_in(office) == "", "nobody in Slack is this person"


@pytest.mark.parametrize("kind", SUMMARIES)
@pytest.mark.parametrize(("viewer", "number"), [(SAM, 3), (OLGA, 3), (EMMA, 2), (ADMIN, 5)])
async def test_a_summary_counts_what_its_owner_may_see(
    office: Office, viewer: str, number: int, kind: NotificationKind
) -> None:
    await queued(office, viewer, [kind])
    await office.send()
    [notified] = office.slack.messages(NORTH)
    assert f"{number} " in notified.text
    assert not [other for other in range(1, 9) if other != number and f"{other} session" in notified.text], (
        notified.text
    )


FORMS: dict[str, dict[str, str]] = {
    actions.DETAILS_FORM: {},
    actions.RULE_FORM: {actions.INPUT_OTHER_TERMS: "employee:zoltn", actions.INPUT_PEOPLE: "<id:zoltan>"},
    actions.FOLLOW_UP_FORM: {actions.INPUT_FOLLOW_UP_WHAT: "whole", actions.INPUT_FOLLOW_UP_DUE: "2026-03-20"},
    actions.SETTINGS_FORM: {actions.INPUT_OBSERVER: "all", "employee": "zoltan"},
}


def test_every_form_has_a_case_here() -> None:
    assert set(FORMS) == {value for name, value in vars(actions).items() if name.endswith("_FORM")}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("viewer", HIDDEN_FROM)
async def test_a_form_answers_nothing_foreign(office: Office, viewer: str, form: str) -> None:
    asserted_clean(str(await office.submit(viewer, form, **FORMS[form])), "", viewer)
