"""Reminders: one message lists all that is late, each clock escalates once, and people put it off or turn it off."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from bot.blocks import actions
from bot.blocks.reminders import SHOWN
from bot.demo.slack import Message as Posted
from bot.domain.changes import decide
from bot.domain.model import Moment, SessionFacts, SessionKey, Targets
from bot.domain.notifications import Destination, DestinationKind, Message, Notification, NotificationKind
from bot.domain.reminders import ReminderClock, ReminderKind
from bot.domain.viewers import Viewer
from bot.jobs.remind import RemindJob
from bot.services.reminders import reminder_view, snooze_session
from bot.store.database import Store, Tx
from tests.clock import NOON
from tests.listeners.office import (
    ADMIN,
    EMMA,
    NORTH,
    OLGA,
    PLANNED,
    SAM,
    Office,
    buttons_of,
    deliver_of,
    everything_in,
    facts,
)
from tests.listeners.test_quiet import go_to, read_people

pytestmark = pytest.mark.virtual_time

SECOND = SessionKey("77aa0000-0000-4000-8000-000000000000", "yves")


async def pass_time(office: Office, until: datetime, job: RemindJob | None = None) -> None:
    """Hours pass with the job and the sender at work, and people read."""
    job = job or RemindJob(office.store, office.ctx.contacts, office.clock, wake=lambda: None)
    while office.clock.now() < until:
        await go_to(office, min(until, office.clock.now() + timedelta(hours=1)))
        await read_people(office)
        await job.once()
        await office.deliver.once(until_idle=False)


async def save(office: Office, *rows: SessionFacts) -> None:
    def work(tx: Tx) -> None:
        for row in rows:
            change = decide(tx.sessions.get(row.key), row, now=office.clock.now(), targets=Targets(default=80.0))
            assert change is not None
            tx.sessions.save(change, b"12345678")

    await office.store.transact(work)


def reminders(office: Office, user: str) -> list[Posted]:
    return list(office.slack.messages(office.slack.direct_message(user).id))


@pytest.mark.promise("reminded")
async def test_what_was_not_started_is_one_message_and_escalates_once(office: Office) -> None:
    # PLANNED: Emma's, observed by Olga, on Thursday noon; another one at the same time.
    await save(office, facts(SECOND, "olga", status="NOT_STARTED", days_ago=-1))
    await pass_time(office, NOON + timedelta(days=2, hours=2))
    (first,) = reminders(office, OLGA)
    assert first.text.startswith("2 sessions of yours are late: Till check · Emma Employee")
    assert "planned for 19 Mar 2026, 12:00 UTC, not started for 1 d" in first.text
    assert reminders(office, SAM) == []
    await pass_time(office, NOON + timedelta(days=3, hours=4))
    (to_supervisor,) = reminders(office, SAM)
    assert "2 sessions are late" in to_supervisor.text
    assert "observed by Olga Observer, who was reminded 20 Mar 2026" in to_supervisor.text
    assert "`/ojt overdue` has buttons that nudge the observers." in to_supervisor.text
    assert "nudge" not in first.text
    await pass_time(office, NOON + timedelta(days=6))
    assert (len(reminders(office, OLGA)), len(reminders(office, SAM))) == (1, 1)


async def test_reminders_begin_again_if_the_clock_was_set_back_behind_their_beginning(office: Office) -> None:
    ahead = office.clock.now() + timedelta(days=400)
    await office.store.transact(lambda tx: tx.reminders.begin(ahead))
    await pass_time(office, NOON + timedelta(hours=1))
    began = await office.store.read(lambda tx: tx.reminders.active_since())
    assert began is not None and began < ahead


@pytest.mark.promise("clock_set")
async def test_who_was_reminded_by_a_clock_that_was_ahead_is_reminded_when_it_is_time(office: Office) -> None:
    """Else nobody hears of what gets late after the clock was set right, and nobody above them."""
    job = RemindJob(office.store, office.ctx.contacts, office.clock, wake=lambda: None)
    since = NOON + timedelta(days=1)
    await pass_time(office, NOON + timedelta(hours=1), job)
    office.clock.jump(timedelta(days=8))
    await job.once()
    assert await office.store.read(lambda tx: tx.reminders.reminded(PLANNED, ReminderClock.NOT_STARTED, since))
    office.clock.jump(-timedelta(days=8))
    await pass_time(office, NOON + timedelta(days=2, hours=2), job)
    assert len(reminders(office, OLGA)) in (1, 2), "the one of the clock that was ahead may have been sent"
    assert "not started for 1 d" in reminders(office, OLGA)[-1].text
    await pass_time(office, NOON + timedelta(days=3, hours=4), job)
    assert len(reminders(office, SAM)) == 1


async def test_what_was_put_off_for_longer_than_a_day_comes_when_it_was_put_off_to(office: Office) -> None:
    """After midnight "until tomorrow" is up to 33 hours; it is not what a clock that was ahead did."""
    job = RemindJob(office.store, office.ctx.contacts, office.clock, wake=lambda: None)
    await pass_time(office, NOON + timedelta(days=2, hours=2), job)
    until = office.clock.now() + timedelta(hours=33)

    def put_off(tx: Tx) -> None:
        session = tx.sessions.get(PLANNED)
        assert session is not None and snooze_session(tx, session, until, office.clock.now())

    await office.store.transact(put_off)
    await pass_time(office, until - timedelta(hours=3), job)
    assert len(reminders(office, OLGA)) == 1
    await pass_time(office, until + timedelta(hours=1), job)
    assert len(reminders(office, OLGA)) == 2


async def test_a_clock_set_back_by_an_hour_reminds_nobody_twice(office: Office) -> None:
    job = RemindJob(office.store, office.ctx.contacts, office.clock, wake=lambda: None)
    await pass_time(office, NOON + timedelta(days=2, hours=2), job)
    office.clock.jump(timedelta(hours=-1))
    await pass_time(office, NOON + timedelta(days=2, hours=4), job)
    assert len(reminders(office, OLGA)) == 1


async def test_each_line_has_the_id_that_show_takes(office: Office) -> None:
    await save(office, facts(SECOND, "olga", status="NOT_STARTED", days_ago=-1))
    await pass_time(office, NOON + timedelta(days=2, hours=2))
    (first,) = reminders(office, OLGA)
    ids = re.findall(r" · ([0-9a-f]{8,})$", first.text.replace(";", "\n"), re.MULTILINE)
    assert len(ids) == 2, first.text
    for ident in ids:
        assert f"Session: {ident}" in (await office.ask(OLGA, f"show {ident}")).text


async def test_a_row_of_the_home_tab_puts_its_own_reminder_off(office: Office) -> None:
    await save(office, facts(SECOND, "olga", status="NOT_STARTED", days_ago=-1))
    await pass_time(office, NOON + timedelta(days=2, hours=2))
    assert len(reminders(office, OLGA)) == 1
    rows = [one for one in buttons_of(await office.home(OLGA)) if one["text"]["text"] == "Snooze until tomorrow"]
    assert len(rows) == 2, "of each session that is late"
    (of_emma,) = [one for one in rows if PLANNED.session_id in one["value"]]
    await office.press(EMMA, of_emma["action_id"], of_emma["value"], view_id="V1", channel_id=None)
    assert "snoozed until" not in everything_in(await office.home(OLGA)), "only its observer puts it off"
    await office.press(OLGA, of_emma["action_id"], of_emma["value"], view_id="V1", channel_id=None)
    assert everything_in(office.slack.workspace.homes[OLGA].payload).count("snoozed until") == 1
    await pass_time(office, NOON + timedelta(days=2, hours=20))
    assert len(reminders(office, OLGA)) == 1
    await pass_time(office, NOON + timedelta(days=2, hours=22))  # Saturday at 10
    again = reminders(office, OLGA)[-1]
    assert again.text.startswith("1 session of yours is late: Till check · Emma Employee"), again.text
    assert "snoozed until" not in everything_in(await office.home(OLGA))


async def test_ids_are_looked_up_only_for_the_lines_that_are_shown(office: Office) -> None:
    keys = [SessionKey(f"{number:08x}-0000-4000-8000-000000000000", "emma") for number in range(100, 120)]
    await save(office, *(facts(key, "olga", status="NOT_STARTED", days_ago=3) for key in keys))
    reminder = Notification(
        kind=NotificationKind.REMINDER,
        destination=Destination(DestinationKind.PERSON, "olga"),
        subject="nudge:2026-03-18",
        reason="somebody nudged them",
        facts={"what": ReminderKind.NUDGE},
    )
    view, _ = await office.store.read(
        lambda tx: reminder_view(
            tx,
            reminder,
            Viewer(slack_user_id=ADMIN, person_id=None, is_admin=True),
            tx.people.directory(),
            office.clock.now(),
            "/ojt",
            ids=SHOWN,
        )
    )
    assert len(view.lines) == 20
    assert [bool(one.short_id) for one in view.lines] == [True] * SHOWN + [False] * 5


async def test_what_was_snoozed_before_it_is_late_is_not_called_late(office: Office) -> None:
    await save(office, facts(SECOND, "olga", status="NOT_STARTED", days_ago=-6))
    await pass_time(office, NOON + timedelta(hours=10))  # fourteen hours before its time
    snoozes = [one for one in buttons_of(await office.home(OLGA)) if str(one.get("value")).startswith('["snooze"')]
    (of_emma,) = [one for one in snoozes if PLANNED.session_id in one["value"] and '"1h"' in one["value"]]
    await office.press(OLGA, of_emma["action_id"], of_emma["value"], view_id="V1", channel_id=None)
    await pass_time(office, NOON + timedelta(hours=12))
    (first,) = reminders(office, OLGA)
    assert first.text.startswith("1 session of yours is still to do: Till check · Emma Employee"), first.text
    assert "planned for 19 Mar 2026, 12:00 UTC · " in first.text and "not started" not in first.text


async def test_what_gets_late_meanwhile_does_not_wait_for_what_was_snoozed(office: Office) -> None:
    await save(office, facts(SECOND, "olga", status="NOT_STARTED", days_ago=-1))
    await pass_time(office, NOON + timedelta(days=1, hours=22))  # Friday at 10
    snoozes = [one for one in buttons_of(await office.home(OLGA)) if str(one.get("value")).startswith('["snooze"')]
    (of_emma,) = [one for one in snoozes if PLANNED.session_id in one["value"] and "tomorrow" in one["value"]]
    await office.press(OLGA, of_emma["action_id"], of_emma["value"], view_id="V1", channel_id=None)
    await pass_time(office, NOON + timedelta(days=2, hours=2))
    (first,) = reminders(office, OLGA)
    assert first.text.startswith("1 session of yours is late: Till check · Yves Colleague"), first.text


async def test_what_is_far_off_has_no_snooze(office: Office) -> None:
    await save(office, facts(SECOND, "olga", status="NOT_STARTED", days_ago=-6))
    values = [str(one.get("value")) for one in buttons_of(await office.home(OLGA))]
    snoozes = [one for one in values if one.startswith('["snooze"')]
    assert any(PLANNED.session_id in one for one in snoozes)
    assert not any(SECOND.session_id in one for one in snoozes)


async def test_what_is_done_meanwhile_reminds_nobody(office: Office) -> None:
    await pass_time(office, NOON + timedelta(days=2, hours=0.2))
    await save(office, facts(PLANNED, "olga", result=90.0, days_ago=-2))
    await pass_time(office, NOON + timedelta(days=4))
    assert reminders(office, OLGA) == []


async def test_another_planned_time_is_another_clock(office: Office) -> None:
    await pass_time(office, NOON + timedelta(days=2, hours=2))
    assert len(reminders(office, OLGA)) == 1
    await save(office, facts(PLANNED, "olga", status="NOT_STARTED", days_ago=-4))
    await pass_time(office, NOON + timedelta(days=5, hours=2))
    assert len(reminders(office, OLGA)) == 2
    assert reminders(office, SAM) == []


async def test_what_was_started_and_not_finished_reminds_after_two_days(office: Office) -> None:
    started = facts(SECOND, "olga", status="IN_PROGRESS", days_ago=0)._replace(started=Moment(NOON.isoformat(), NOON))
    await save(office, started, facts(PLANNED, "olga", result=90.0, days_ago=0))
    await pass_time(office, NOON + timedelta(hours=47))
    assert reminders(office, OLGA) == []
    await pass_time(office, NOON + timedelta(hours=50))
    (reminder,) = reminders(office, OLGA)
    assert "started 18 Mar 2026, 12:00 UTC, not finished for 2 d" in reminder.text


async def test_a_reminder_is_snoozed_by_its_reader_alone(office: Office) -> None:
    await pass_time(office, NOON + timedelta(days=2, hours=2))
    (reminder,) = reminders(office, OLGA)
    where = {"channel_id": reminder.channel, "message_ts": reminder.ts}
    hour, _, fewer = buttons_of(Message("", tuple(reminder.blocks)))
    assert (fewer["action_id"], fewer["value"]) == (actions.DM_FEWER, "reminders")
    refused = await office.press(SAM, hour["action_id"], hour["value"], **where)
    assert refused is not None and "a reminder is put off by whom it is for" in refused.text
    answer = await office.press(OLGA, hour["action_id"], hour["value"], **where)
    assert answer is not None and "Snoozed" in answer.text
    await pass_time(office, office.clock.now() + timedelta(minutes=50))
    assert len(reminders(office, OLGA)) == 1
    await pass_time(office, office.clock.now() + timedelta(minutes=20))
    assert len(reminders(office, OLGA)) == 2
    # Nobody else is told before a day has passed since then.
    await pass_time(office, NOON + timedelta(days=3, hours=2))
    assert reminders(office, SAM) == []


@pytest.mark.parametrize("values", [["1h", "1h", "1h"], ["1h", "tomorrow", "1h"], ["tomorrow", "1h"]])
async def test_a_reminder_snoozed_several_times_comes_once(office: Office, values: list[str]) -> None:
    chosen = {"1h": actions.SNOOZE_HOUR, "tomorrow": actions.SNOOZE_TOMORROW}
    await pass_time(office, NOON + timedelta(days=2, hours=2))
    (reminder,) = reminders(office, OLGA)
    for value in values:
        office.clock.advance(timedelta(minutes=1))
        where = {"channel_id": reminder.channel, "message_ts": reminder.ts}
        await office.press(OLGA, f"{actions.SNOOZE}:{value}", chosen[value], **where)
    await pass_time(office, office.clock.now() + timedelta(hours=2))
    assert len(reminders(office, OLGA)) == 2
    await pass_time(office, NOON + timedelta(days=4))
    assert len(reminders(office, OLGA)) == 2


async def test_the_mornings_list_snoozed_several_times_comes_once(office: Office) -> None:
    await office.ask(OLGA, "reminders planned on")
    await pass_time(office, datetime(2026, 3, 19, 10, tzinfo=UTC))
    (reminder,) = reminders(office, OLGA)
    for _ in range(3):
        office.clock.advance(timedelta(minutes=1))
        where = {"channel_id": reminder.channel, "message_ts": reminder.ts}
        await office.press(OLGA, f"{actions.SNOOZE}:1h", actions.SNOOZE_HOUR, **where)
    await pass_time(office, datetime(2026, 3, 19, 14, tzinfo=UTC))
    assert len(reminders(office, OLGA)) == 2


async def test_reminders_that_wait_when_a_mute_begins_come_when_it_has_ended(office: Office) -> None:
    job = RemindJob(office.store, office.ctx.contacts, office.clock, wake=lambda: None)
    await job.once()
    await go_to(office, NOON + timedelta(days=2, minutes=5))
    await read_people(office)
    assert await job.once() == 1
    await office.ask(OLGA, "mute 5h for:me")
    await pass_time(office, office.clock.now() + timedelta(hours=4, minutes=50), job)
    assert reminders(office, OLGA) == []
    await pass_time(office, office.clock.now() + timedelta(hours=1), job)
    assert len(reminders(office, OLGA)) == 1


async def test_a_snoozed_reminder_waits_for_a_mute(office: Office) -> None:
    await pass_time(office, NOON + timedelta(days=2, hours=2))
    (reminder,) = reminders(office, OLGA)
    where = {"channel_id": reminder.channel, "message_ts": reminder.ts}
    await office.press(OLGA, f"{actions.SNOOZE}:1h", actions.SNOOZE_HOUR, **where)
    await office.ask(OLGA, "mute 5h for:me")
    await pass_time(office, office.clock.now() + timedelta(hours=4, minutes=50))
    assert len(reminders(office, OLGA)) == 1
    await pass_time(office, office.clock.now() + timedelta(hours=1))
    assert len(reminders(office, OLGA)) == 2


async def test_the_mornings_list_keeps_a_mute_and_none_of_an_older_day_comes_after_it(office: Office) -> None:
    await office.ask(OLGA, "reminders planned on")
    await office.ask(OLGA, "mute 21h for:me")  # until nine
    await pass_time(office, datetime(2026, 3, 19, 8, 50, tzinfo=UTC))
    assert reminders(office, OLGA) == []
    await pass_time(office, datetime(2026, 3, 19, 11, tzinfo=UTC))
    assert len(reminders(office, OLGA)) == 1


async def test_what_is_done_before_the_snooze_ends_does_not_come_again(office: Office) -> None:
    await pass_time(office, NOON + timedelta(days=2, hours=2))
    (reminder,) = reminders(office, OLGA)
    value = actions.SNOOZE_TOMORROW
    await office.press(OLGA, f"{actions.SNOOZE}:tomorrow", value, channel_id=reminder.channel, message_ts=reminder.ts)
    await save(office, facts(PLANNED, "olga", result=90.0, days_ago=-2))
    await pass_time(office, NOON + timedelta(days=4))
    assert len(reminders(office, OLGA)) == 1


async def test_who_turned_them_off_is_skipped_and_the_supervisor_is_told(office: Office) -> None:
    assert "You are reminded of nothing that is late" in (await office.ask(OLGA, "reminders off")).text
    await pass_time(office, NOON + timedelta(days=2, hours=2))
    assert reminders(office, OLGA) == []
    assert len(reminders(office, SAM)) == 1


async def test_the_mornings_list_comes_once_to_who_wants_it(office: Office) -> None:
    assert "each morning what is planned" in (await office.ask(OLGA, "reminders planned on")).text
    await pass_time(office, datetime(2026, 3, 19, 10, tzinfo=UTC))
    (planned,) = reminders(office, OLGA)
    assert "1 session of yours planned for today and tomorrow: Till check · Emma Employee" in planned.text
    assert reminders(office, SAM) == []


async def test_what_was_late_before_the_first_start_reminds_nobody(office: Office) -> None:
    await save(office, facts(SECOND, "olga", status="NOT_STARTED", days_ago=5))
    await pass_time(office, NOON + timedelta(hours=12))
    assert reminders(office, OLGA) == []


async def test_a_reminder_in_quiet_time_comes_afterwards_and_only_then_the_supervisor_is_told(office: Office) -> None:
    await office.ask(OLGA, "quiet 10:00-20:00")
    await pass_time(office, NOON + timedelta(days=2, hours=7))
    assert reminders(office, OLGA) == []
    await pass_time(office, NOON + timedelta(days=3, hours=7))
    assert len(reminders(office, OLGA)) == 1
    assert reminders(office, SAM) == []
    await pass_time(office, NOON + timedelta(days=3, hours=10))
    assert len(reminders(office, SAM)) == 1


async def test_a_nudge_reminds_the_observer_once_a_day(office: Office) -> None:
    await save(office, facts(SECOND, "olga", status="NOT_STARTED", days_ago=1))
    answer = await office.ask(SAM, "overdue")
    (button,) = [one for one in buttons_of(answer) if one["action_id"].startswith(actions.NUDGE)]
    assert button["text"]["text"] == "Nudge Olga Observer"
    for expected in ("is reminded of what is overdue", "was reminded 18 Mar 2026"):
        pressed = await office.press(SAM, button["action_id"], button["value"])
        assert pressed is not None and expected in pressed.text
    await office.deliver.once(limit_seconds=60)
    (nudge,) = reminders(office, OLGA)
    assert nudge.text.startswith("<@U0SAM> reminds you of 1 overdue session: Till check · Yves Colleague")
    assert (SAM, "nudge", "person:olga") in await office.audit_log()


async def test_nobody_nudges_about_what_they_have_no_charge_of(office: Office) -> None:
    await save(office, facts(SECOND, "olga", status="NOT_STARTED", days_ago=1))
    assert not [one for one in buttons_of(await office.ask(EMMA, "overdue")) if one["action_id"].startswith("nudge")]
    for user, person in ((EMMA, "olga"), (SAM, "xenia"), (ADMIN, "nobody")):
        pressed = await office.press(user, actions.NUDGE, person, channel_id=NORTH)
        assert pressed is not None and "no longer means anything" in pressed.text


@pytest.mark.promise("reminded")
async def test_the_operators_channel_is_told_last_with_what_was_done_and_no_name(office: Office) -> None:
    office = office.with_store(Store.open(office.store.path, now=office.clock.now(), ops_channel=NORTH))
    office.deliver = deliver_of(office.ctx, ADMIN)
    try:
        await pass_time(office, NOON + timedelta(days=4, hours=6))
        (told,) = office.slack.messages(NORTH)
        assert told.text == (
            "1 session is still late (1 not started), the first since 19 Mar 2026, 12:00 UTC, although the observer"
            " and the supervisor of each were reminded. `/ojt overdue` lists them for those who may see them."
        )
        for hidden in ("Emma", "Olga", "Till check", "30cc"):
            assert hidden not in told.text
    finally:
        office.store.close()


async def test_a_reminder_that_reached_nobody_is_not_said_to_have_been_sent(office: Office) -> None:
    office = office.with_store(Store.open(office.store.path, now=office.clock.now(), ops_channel=NORTH))
    office.deliver = deliver_of(office.ctx, ADMIN)
    try:
        await office.ask(OLGA, "todo")
        await office.ask(ADMIN, f"unlink <@{OLGA}>")
        await pass_time(office, NOON + timedelta(days=4, hours=6))
        assert reminders(office, OLGA) == []
        (to_supervisor,) = reminders(office, SAM)
        assert "observed by Olga Observer, who could not be reminded" in to_supervisor.text
        assert "nudge" not in to_supervisor.text
        (summary,) = office.slack.messages(NORTH)
        assert "although the supervisor of each was reminded" in summary.text
    finally:
        office.store.close()
