"""What becomes of what happens in iSpring, from its HTTP answer to the rows that say who is owed what."""

import asyncio
from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import cast
from zoneinfo import ZoneInfo

import pytest
from structlog.testing import capture_logs

from bot.demo.ispring import ALWAYS
from bot.demo.ispring.quirks import HalfCharacters
from bot.domain.changes import outcome_of
from bot.domain.delivery import Sent, after_post
from bot.domain.model import ChangeKind, Details, DetailsState, OutcomeKind, Points, SessionKey
from bot.domain.notifications import Delivery, Destination, DestinationKind, NotificationKind
from bot.domain.ports import Training
from bot.domain.routing import introduction, subject_of
from bot.domain.rules import OPERATOR, RuleState
from bot.domain.viewers import DirectMessages, Preferences
from bot.jobs.attempts import attempt_of
from bot.services import pausing
from bot.store.database import Tx
from tests.faults import NAME, StumblingTraining
from tests.jobs.room import CHANNEL, OPS, Room, key_of, known_in_slack
from tests.settings import settings_of

pytestmark = pytest.mark.virtual_time


def person(person_id: str) -> Destination:
    return Destination(DestinationKind.PERSON, person_id)


# ---- the first listing -------------------------------------------------------------------------------------------


async def test_the_first_listing_is_stored_without_a_word(new_room: Room) -> None:
    await new_room.subscribe()
    sessions = [new_room.world.add_session(percent=20), new_room.world.add_session(status="IN_PROGRESS")]
    report = await new_room.poll()
    assert (report.listed, report.error) == (2, "")
    assert [await new_room.stored(session) is not None for session in sessions] == [True, True]
    assert await new_room.posted() == []
    assert await new_room.ops() == ["baseline_done"]


async def test_the_first_listing_is_summarised_in_one_line_where_asked_for(new_room: Room) -> None:
    await new_room.subscribe()
    now = new_room.clock.now()
    for days in (1, 10, 29, 31):
        new_room.world.add_session(completed_at=now - timedelta(days=days))
    new_room.world.add_session(status="IN_PROGRESS")
    new_room.store.ops_channel = ""
    new_room.poller = new_room.poller_with(settings_of(baseline="30d"))
    await new_room.poll()
    (line,) = await new_room.queued()
    assert (line.kind, line.destination, line.facts["code"]) == (NotificationKind.COUNTED, CHANNEL, "baseline")
    assert await new_room.counted(NotificationKind.COUNTED) == [3]


async def test_a_first_listing_that_breaks_off_is_begun_again(new_room: Room) -> None:
    await new_room.subscribe()
    session = new_room.world.add_session()
    new_room.stand_in.quirks.truncated_answers = 1
    assert "cut off" in (await new_room.poll()).error
    assert (await new_room.poll()).error == ""
    assert await new_room.stored(session) is not None
    assert await new_room.posted() == []


# ---- completed ---------------------------------------------------------------------------------------------------


async def test_a_completed_session_is_queued_to_the_channel_and_its_observer(room: Room) -> None:
    session = room.world.plan(
        room.world.add_checklist(), room.world.add_person(), room.world.add_person(), room.clock.now()
    )
    await room.poll()
    assert await room.queued(NotificationKind.SESSION) == []
    room.world.complete(session, percent=70)
    await room.poll()
    notifications = await room.queued(NotificationKind.SESSION)
    assert {notification.destination for notification in notifications} == {CHANNEL, person(session.observer.id)}
    assert {notification.subject for notification in notifications} == {subject_of(key_of(session))}
    assert room.rings


async def test_a_session_first_seen_as_completed_is_news(room: Room) -> None:
    session = room.world.add_session()
    await room.poll()
    assert await room.posted() == [key_of(session)]


async def test_the_same_completion_is_queued_once_however_often_it_is_listed(room: Room) -> None:
    session = room.world.add_session()
    room.stand_in.quirks.shuffled = True
    for _ in range(3):
        room.world.add_session(status="IN_PROGRESS")
        await room.poll()
    assert await room.posted() == [key_of(session)]


async def test_a_planned_or_started_session_is_no_news(room: Room) -> None:
    session = room.world.add_session(status="NOT_STARTED")
    await room.poll()
    room.world.start(session)
    await room.poll()
    assert await room.queued(NotificationKind.SESSION) == []


async def test_a_rescheduled_session_is_stored_silently(room: Room) -> None:
    session = room.world.add_session(status="NOT_STARTED")
    await room.poll()
    room.world.reschedule(session, room.clock.now() + timedelta(days=2))
    await room.poll()
    stored = await room.stored(session)
    assert stored is not None
    assert stored.facts.scheduled.at == session.starts_at
    assert await room.queued(NotificationKind.SESSION) == []


async def test_two_employees_of_one_session_are_two_sessions(room: Room) -> None:
    first = room.world.add_session()
    second = room.world.add_session(employee=room.world.add_person("Second Person"), session_id=first.id)
    await room.poll()
    assert set(await room.posted()) == {key_of(first), key_of(second)}


async def test_an_observer_who_is_the_employee_gets_one_message(room: Room) -> None:
    ana = room.world.add_person("Ana Lima")
    room.poller = room.poller_with(settings_of(notify_employees=True))
    room.world.add_session(employee=ana, observer=ana)
    await room.poll()
    assert len(await room.queued(NotificationKind.SESSION, person(ana.id))) == 1


async def test_employees_are_notified_only_if_the_settings_or_they_say_so(room: Room) -> None:
    session = room.world.add_session()
    await room.poll()
    assert await room.queued(where=person(session.employee.id)) == []
    await room.wishes(session.employee, Preferences(as_employee=DirectMessages.ALL))
    room.world.add_session(employee=session.employee, observer=session.observer)
    await room.poll()
    assert len(await room.queued(where=person(session.employee.id))) == 1


async def test_an_observer_who_wants_none_gets_none(room: Room) -> None:
    session = room.world.add_session(status="IN_PROGRESS")
    await room.wishes(session.observer, Preferences(as_observer=DirectMessages.NONE))
    room.world.complete(session, percent=10)
    await room.poll()
    assert await room.queued(where=person(session.observer.id)) == []
    assert await room.posted() == [key_of(session)]


async def test_the_target_in_force_is_stored_with_the_completion(room: Room) -> None:
    await room.target(80)
    session = room.world.add_session(percent=50)
    await room.poll()
    await room.target(10)
    stored = await room.stored(session)
    assert stored is not None
    assert (stored.target, outcome_of(stored).kind) == (80, OutcomeKind.BELOW)


async def test_a_completion_older_than_a_week_is_counted_in_one_line(room: Room) -> None:
    old = room.clock.now() - timedelta(days=8)
    for _ in range(3):
        room.world.add_session(completed_at=old)
    recent = room.world.add_session(completed_at=room.clock.now() - timedelta(days=6))
    await room.poll()
    (line,) = await room.queued(NotificationKind.COUNTED)
    assert (line.destination, line.rule_ids) == (CHANNEL, (1,))
    assert await room.posted() == [key_of(recent)]
    room.world.add_session(completed_at=old)
    await room.poll()
    assert await room.counted(NotificationKind.COUNTED) == [3, 1]


async def test_a_session_seen_unfinished_is_news_however_old_its_date(room: Room) -> None:
    session = room.world.add_session(status="IN_PROGRESS")
    await room.poll()
    room.world.complete(session, percent=80)
    session.completed_at = room.clock.now() - timedelta(days=30)
    await room.poll()
    assert await room.posted() == [key_of(session)]


async def test_a_result_that_is_missing_is_completed_without_a_score(room: Room) -> None:
    await room.target(80)
    room.stand_in.quirks.zero_total_points = True
    session = room.world.add_session()
    await room.poll()
    stored = await room.stored(session)
    assert stored is not None
    assert (outcome_of(stored).kind, outcome_of(stored).score) == (OutcomeKind.COMPLETED, None)
    assert await room.posted() == [key_of(session)]


# ---- rules -------------------------------------------------------------------------------------------------------


async def test_a_rule_matches_only_listings_asked_for_after_it_was_made(room: Room) -> None:
    room.world.add_session()
    await room.poll()
    late = Destination(DestinationKind.CHANNEL, "C0LATE00")
    await room.subscribe(destination=late)
    assert await room.queued(where=late) == []
    room.world.add_session()
    await room.poll()
    assert len(await room.queued(where=late)) == 1


@pytest.mark.parametrize("saved_ahead", [timedelta(minutes=5), timedelta(days=30)])
async def test_a_rule_matches_although_the_clock_was_set_back_behind_its_making(
    room: Room, saved_ahead: timedelta
) -> None:
    room.clock.advance(saved_ahead)  # a clock that is ahead, until it is corrected
    late = Destination(DestinationKind.CHANNEL, "C0LATE000")
    await room.subscribe(destination=late)
    before = room.world.add_session()
    room.clock.advance(-saved_ahead)
    await room.poll()
    now = room.world.add_session()
    await room.poll()
    for where in (CHANNEL, late):
        cards = await room.queued(NotificationKind.SESSION, where)
        assert [one.session for one in cards] == [key_of(before), key_of(now)]


async def test_a_rule_matches_only_what_its_query_says(room: Room) -> None:
    await room.target(80)
    strict = Destination(DestinationKind.CHANNEL, "C0STRICT")
    await room.subscribe("outcome:failed", destination=strict)
    room.world.add_session(percent=100)
    low = room.world.add_session(percent=10)
    await room.poll()
    assert [notification.session for notification in await room.queued(where=strict)] == [key_of(low)]


async def test_a_rule_may_name_a_checklist_that_appears_in_the_same_listing(room: Room) -> None:
    place = Destination(DestinationKind.CHANNEL, "C0CLOSE0")
    await room.subscribe('checklist:"Closing"', destination=place)
    room.world.add_session(checklist=room.world.add_checklist("Opening"))
    closing = room.world.add_session(checklist=room.world.add_checklist("Closing"))
    await room.poll()
    assert [notification.session for notification in await room.queued(where=place)] == [key_of(closing)]


async def test_a_rule_never_tells_more_than_its_owner_may_see(room: Room) -> None:
    observer, stranger = room.world.add_person("Ana Lima"), room.world.add_person("Bo Berg")
    employee = room.world.add_person("Cy Cole")
    place = Destination(DestinationKind.CHANNEL, "C0ANA000")
    await known_in_slack(room, "U0ANA", person_id=observer.id)
    await room.subscribe(owner="U0ANA", destination=place)
    mine = room.world.add_session(employee=employee, observer=observer)
    room.world.add_session(employee=employee, observer=stranger)
    await room.poll()
    assert [notification.session for notification in await room.queued(where=place)] == [key_of(mine)]


@pytest.mark.promise("ambiguous_introduction")
async def test_a_new_rule_matches_what_is_completed_before_it_is_clear_that_its_intro_stands_there(room: Room) -> None:
    place = Destination(DestinationKind.CHANNEL, "C0NEW000")

    def introduce(tx: Tx) -> Delivery | None:
        now = room.clock.now()
        rule = tx.rules.add(place, OPERATOR, "", RuleState.PENDING, now)
        tx.notifications.enqueue(introduction(rule), now)
        return tx.outbox.claim(place, now, now.timestamp(), "d1")

    intro = await room.store.transact(introduce)
    assert intro is not None
    session = room.world.add_session()
    await room.poll()
    assert await room.posts(place) == []
    now = room.clock.now()
    sent = after_post(intro, Sent(place.id, "1.1"), now=now, random01=0.5)
    await room.store.transact(lambda tx: tx.outbox.save(sent, attempt_of("post", Sent(place.id, "1.1"), now, now)))
    [card] = await room.posts(place)
    assert [queued.notification.session for queued in card.notifications] == [key_of(session)]


@pytest.mark.promise("taken_over_meanwhile")
async def test_what_a_rule_matches_while_somebody_takes_it_over_is_reported(room: Room) -> None:
    place = Destination(DestinationKind.CHANNEL, "C0OLD000")
    rule = await room.subscribe(owner="U0OLD", destination=place)

    leader = room.world.add_person("Lea Lind")
    await known_in_slack(room, "U0OLD", person_id=leader.id)

    class TakenOverMeanwhile:
        """iSpring, whose criteria take so long that an admin takes the rule over."""

        def __getattr__(self, name: str) -> object:
            return getattr(room.ispring, name)

        async def details(self, keys: Collection[SessionKey]) -> Mapping[SessionKey, Details]:
            now = room.clock.now()
            await room.store.transact(lambda tx: pausing.take_over(tx, rule, "U0ADMIN", now))
            return await room.ispring.details(keys)

    poller = room.poller_with(settings_of(admins=frozenset({"U0ADMIN"})), cast("Training", TakenOverMeanwhile()))
    session = room.world.add_session(observer=leader)
    room.clock.advance(timedelta(minutes=1))
    await poller.once()
    assert [notification.session for notification in await room.queued(where=place)] == [key_of(session)]


@pytest.mark.promise("taken_over_meanwhile")
async def test_what_a_rule_matches_before_slack_names_its_owner_is_collected(room: Room) -> None:
    """A poll asks Slack nothing: what the owner may see is judged when it is sent."""
    place = Destination(DestinationKind.CHANNEL, "C0OLD000")
    await room.subscribe(owner="U0OLD", destination=place)
    session = room.world.add_session()
    await room.poll()
    assert [notification.session for notification in await room.queued(where=place)] == [key_of(session)]


@pytest.mark.promise("owner_left")
async def test_what_is_completed_after_an_owner_left_waits_for_whoever_takes_their_rule_over(room: Room) -> None:
    place = Destination(DestinationKind.CHANNEL, "C0OLD000")
    rule = await room.subscribe(owner="U0OLD", destination=place)
    await known_in_slack(room, "U0OLD", not_allowed_reason="deactivated")
    session = room.world.add_session()
    await room.poll()
    assert await room.posts(place) == []
    orphan = await room.store.read(lambda tx: tx.rules.get(rule.rule_id))
    assert orphan is not None and pausing.is_orphan(orphan)
    assert [notification.destination.id for notification in await room.queued(NotificationKind.RULE_PAUSED)] == [OPS]

    now = room.clock.now()
    await room.store.transact(lambda tx: pausing.take_over(tx, orphan, "U0ADMIN", now))
    [card] = await room.posts(place)
    assert [queued.notification.session for queued in card.notifications] == [key_of(session)]


async def test_two_rules_of_one_channel_owe_one_card(room: Room) -> None:
    second = await room.subscribe("score:>0")
    room.world.add_session()
    await room.poll()
    (notification,) = await room.queued(NotificationKind.SESSION, CHANNEL)
    assert notification.rule_ids == (1, second.rule_id)


# ---- corrected, re-opened ----------------------------------------------------------------------------------------


async def test_a_correction_raises_the_version_and_queues_no_second_card(room: Room) -> None:
    session = room.world.add_session(percent=60)
    await room.poll()
    before = await room.record(session)
    room.world.correct(session, 90)
    await room.poll()
    after = await room.record(session)
    assert after.session.version > before.session.version
    assert after.history[-1].kind is ChangeKind.CORRECTED
    assert await room.posted() == [key_of(session)]


async def test_a_correction_of_points_alone_keeps_both(room: Room) -> None:
    session = room.world.add_session(percent=60)
    session.result, session.points, session.total_points = 60.0, 12.0, 20.0
    await room.poll()
    session.points, session.total_points = 30.0, 50.0
    await room.poll()
    last = (await room.record(session)).history[-1]
    assert (last.kind, last.old) == (ChangeKind.CORRECTED, last.new)
    assert (last.old_points, last.new_points) == (Points(12.0, 20.0), Points(30.0, 50.0))
    room.world.correct(session, 90)
    await room.poll()
    assert (await room.record(session)).history[-1].old_points is None, "the scores say it"


async def test_a_correction_to_below_target_queues_one_new_card(room: Room) -> None:
    await room.target(80)
    session = room.world.add_session(percent=100)
    await room.poll()
    (first,) = await room.queued(NotificationKind.SESSION, CHANNEL)
    await room.posts()
    room.world.correct(session, 20)
    await room.poll()
    (second,) = await room.queued(NotificationKind.SESSION, CHANNEL)
    assert second.subject.startswith(first.subject + ":v")
    room.world.correct(session, 10)
    await room.poll()
    assert await room.posted() == [key_of(session)]


async def test_a_correction_to_below_target_is_shown_by_the_card_that_waits(room: Room) -> None:
    await room.target(80)
    session = room.world.add_session(percent=100)
    await room.poll()
    room.world.correct(session, 20)
    await room.poll()
    assert await room.posted() == [key_of(session)]


async def test_a_corrected_baseline_session_turned_bad_is_news(new_room: Room) -> None:
    await new_room.subscribe()
    await new_room.target(80)
    session = new_room.world.add_session(percent=100)
    await new_room.poll()
    new_room.world.correct(session, 20)
    await new_room.poll()
    assert await new_room.posted() == [key_of(session)]


async def test_a_reopened_session_is_an_edit_and_its_completion_no_second_card(room: Room) -> None:
    session = room.world.add_session(percent=60)
    await room.poll()
    room.world.reopen(session)
    await room.poll()
    record = await room.record(session)
    assert record.history[-1].kind is ChangeKind.REOPENED
    room.world.complete(session, percent=70)
    await room.poll()
    assert (await room.record(session)).history[-1].kind is ChangeKind.COMPLETED
    assert await room.posted() == [key_of(session)]


# ---- missing -----------------------------------------------------------------------------------------------------


async def test_a_deleted_session_is_marked_missing_and_nobody_is_notified(room: Room) -> None:
    sessions = [room.world.add_session(status="IN_PROGRESS") for _ in range(5)]
    await room.poll()
    room.world.delete(sessions[0])
    await room.poll()
    gone, there = await room.stored(sessions[0]), await room.stored(sessions[1])
    assert gone is not None
    assert there is not None
    assert (gone.missing_since, there.missing_since) == (room.clock.now(), None)
    assert await room.queued(NotificationKind.SESSION) == []


async def test_a_session_that_comes_back_is_no_news(room: Room) -> None:
    sessions = [room.world.add_session() for _ in range(3)]
    await room.poll()
    queued = await room.queued()
    gone = room.world.delete(sessions[0])
    await room.poll()
    again = room.world.add_session(
        session_id=gone.id, employee=gone.employee, observer=gone.observer, completed_at=gone.completed_at
    )
    again.grade(gone.grades)
    await room.poll()
    back = await room.stored(sessions[0])
    assert back is not None
    assert back.missing_since is None
    assert await room.queued() == queued


@pytest.mark.promise("suspicious_listing")
@pytest.mark.parametrize("quirk", ["empty_listing", "half_listing"])
async def test_a_listing_without_most_of_the_known_marks_nothing_missing_and_tells_the_admin(
    quirk: str, room: Room
) -> None:
    sessions = [room.world.add_session() for _ in range(5)]
    await room.poll()
    setattr(room.stand_in.quirks, quirk, True)
    if quirk == "half_listing":
        room.world.delete(sessions[0])  # leaves two of the five
    await room.poll()
    await room.poll()
    for session in sessions:
        stored = await room.stored(session)
        assert stored is not None
        assert stored.missing_since is None
    assert (await room.ops()).count("suspicious_listing") == 1


async def test_a_listing_with_rows_set_aside_marks_nothing_missing(room: Room) -> None:
    sessions = [room.world.add_session(status="IN_PROGRESS") for _ in range(6)]
    await room.poll()
    room.stand_in.quirks.mistyped_rows = 1
    report = await room.poll()
    assert report.rejected == 1
    assert [(await room.stored(one)).missing_since for one in sessions] == [None] * 6  # type: ignore[union-attr] # all are stored
    assert (await room.ops())[-1] == "rows_rejected"


@pytest.mark.promise("broken_characters")
@pytest.mark.parametrize("form", ["escaped", "bytes"])
async def test_half_a_character_keeps_nobody_from_hearing(form: HalfCharacters, room: Room) -> None:
    room.stand_in.quirks.half_characters = form
    session = room.world.add_session()
    report = await room.poll()
    assert (report.error, report.rejected) == ("", 0)
    assert await room.posted() == [key_of(session)]
    assert (await room.poll()).unchanged


@pytest.mark.promise("unreadable_rows")
async def test_rows_set_aside_are_reported_once_however_many_and_once_when_they_can_be_read(room: Room) -> None:
    for _ in range(6):
        room.world.add_session()
    for rows in (1, 2, 3, 2, 4, 0, 0):
        room.stand_in.quirks.mistyped_rows = rows
        room.world.add_session()
        await room.poll()
    notified = [
        (notification.facts["code"], notification.facts.get("code_before"))
        for notification in await room.queued(NotificationKind.OPS)
    ]
    assert notified == [("baseline_done", None), ("over", "rows_rejected")], (
        "what was over before it was sent is told once"
    )
    assert await room.ops() == ["baseline_done", "rows_rejected", "over"]


@pytest.mark.promise("suspicious_listing")
async def test_a_mistyped_row_hides_no_suspicious_listing(room: Room) -> None:
    sessions = [room.world.add_session() for _ in range(20)]
    await room.poll()
    for session in sessions[5:]:
        room.world.delete(session)
    room.stand_in.quirks.mistyped_rows = 1
    await room.poll()
    assert set(await room.ops()) == {"baseline_done", "suspicious_listing", "rows_rejected"}


async def test_a_mistyped_row_does_not_end_what_a_suspicious_listing_began(room: Room) -> None:
    sessions = [room.world.add_session() for _ in range(20)]
    await room.poll()
    room.stand_in.quirks.empty_listing = True
    await room.poll()
    room.stand_in.quirks.empty_listing = False
    for session in sessions[12:]:
        room.world.delete(session)
    room.stand_in.quirks.mistyped_rows = 1
    await room.poll()
    assert "over" not in await room.ops()


@pytest.mark.promise("unreadable_rows")
async def test_rows_beside_a_mistyped_one_are_read(room: Room) -> None:
    for _ in range(4):
        room.world.add_session()
    room.stand_in.quirks.mistyped_rows = 1
    await room.poll()
    assert len(await room.posted()) == 3


# ---- odd listings ------------------------------------------------------------------------------------------------


async def test_unchanged_bytes_are_noted_and_nothing_else(room: Room) -> None:
    room.world.add_session()
    assert not (await room.poll()).unchanged
    before = len(room.stand_in.requests)
    report = await room.poll()
    assert (report.unchanged, report.changed, report.listed) == (True, 0, 1)
    assert len(room.stand_in.requests) == before + 1


async def test_the_same_rows_in_another_order_change_nothing(room: Room) -> None:
    for _ in range(8):
        room.world.add_session()
    room.stand_in.quirks.shuffled = True
    await room.poll()
    report = await room.poll()
    assert (report.unchanged, report.changed) == (False, 0)


async def test_a_row_listed_twice_is_one_session(room: Room) -> None:
    session = room.world.add_session()
    room.stand_in.quirks.duplicate_rows = True
    report = await room.poll()
    assert (report.listed, await room.posted()) == (1, [key_of(session)])


@pytest.mark.promise("incomplete_listing")
async def test_a_listing_that_ends_at_a_round_number_is_reported_once_and_its_end_once(room: Room) -> None:
    def rows(number: int) -> bytes:
        row = '{{"sessionId":"{0}","employeeId":"e","checklistId":"c","sessionStatus":"NOT_STARTED"}}'
        return f"[{','.join(row.format(one) for one in range(number))}]".encode()

    for number in (1_000, 1_000, 1_001):
        room.stand_in.serve_listing_bytes(rows(number))
        await room.poll()
    assert await room.ops() == ["baseline_done", "round_count", "over"]


async def test_a_first_listing_that_ends_at_a_round_number_is_reported(new_room: Room) -> None:
    row = b'{"sessionId":"%d","employeeId":"e","checklistId":"c","sessionStatus":"NOT_STARTED"}'
    new_room.stand_in.serve_listing_bytes(b"[" + b",".join(row % one for one in range(2_000)) + b"]")
    await new_room.poll()
    assert await new_room.ops() == ["round_count", "baseline_done"]


@pytest.mark.promise("odd_result")
async def test_results_that_are_no_percentages_are_counted_in_the_log_and_shown_as_given(room: Room) -> None:
    row = (
        b'{"sessionId":"%d","employeeId":"eve","checklistId":"c","sessionStatus":"PASSED",'
        b'"completionDate":"05-08-2024, 23:57:49","result":%s}'
    )
    results = (b"140", b"-3", b'0.85,"points":17,"totalPoints":20', b'85,"points":17,"totalPoints":20', b"0.85")
    listing = b"[" + b",".join(row % one for one in enumerate(results)) + b"]"
    room.stand_in.serve_listing_bytes(listing)
    with capture_logs() as lines:
        await room.poll()
        await room.poll()
    odd = [line for line in lines if line["event"] == "results.doubted"]
    assert odd == [{"event": "results.doubted", "log_level": "warning", "rows": 3}]
    stored = await room.store.read(lambda tx: tx.sessions.get(SessionKey("0", "eve")))
    assert stored is not None
    assert outcome_of(stored).score == 140


@pytest.mark.promise("new_status")
async def test_a_new_status_is_reported_once_and_never_counts_as_completed(room: Room) -> None:
    room.stand_in.quirks.new_status = "CANCELLED"
    session = room.world.add_session()
    await room.poll()
    room.world.add_session(status="IN_PROGRESS")
    await room.poll()
    assert (await room.ops()).count("unknown_status") == 1
    assert await room.posted() == []
    stored = await room.stored(session)
    assert stored is not None
    assert outcome_of(stored).kind is OutcomeKind.UNKNOWN


@pytest.mark.promise("new_status")
async def test_however_many_statuses_are_new_the_admin_is_notified_once(room: Room) -> None:
    odd = "ODD \x1b[2J\u202eSTATUS "
    sessions = [room.world.add_session(status=f"{odd}{number}") for number in range(300)]
    with capture_logs() as logs:
        await room.poll()
        await room.poll()
        room.world.add_session(status="YET ANOTHER")
        await room.poll()
    notified = [
        notification.facts
        for notification in await room.queued(NotificationKind.OPS)
        if notification.facts["code"] == "unknown_status"
    ]
    assert [facts["statuses"] for facts in notified] == [300, 1]
    assert notified[1]["status"] == "YET ANOTHER"
    lines = [line["status"] for line in logs if line["event"] == "status.doubted"]
    assert lines == [facts["status"] for facts in notified]
    assert all(line.isprintable() and len(line) < 200 for line in lines)
    stored = await room.stored(sessions[0])
    assert stored is not None and stored.facts.status == f"{odd}0", "stored as it came"


@pytest.mark.parametrize("status", ["FAILED", "Not_Passed"])
async def test_a_status_spelled_failed_is_failed_whatever_the_target(status: str, room: Room) -> None:
    room.stand_in.quirks.new_status = status
    session = room.world.add_session(percent=100)
    await room.poll()
    stored = await room.stored(session)
    assert stored is not None
    assert outcome_of(stored).kind is OutcomeKind.FAILED
    assert await room.posted() == [key_of(session)]
    assert "unknown_status" not in await room.ops()


@pytest.mark.promise("contradicting_dates")
async def test_dates_that_contradict_the_setting_are_reported_and_never_flipped(room: Room) -> None:
    room.stand_in.quirks.date_style = "mdy"
    for days in range(4):
        room.world.add_session(completed_at=room.clock.now() - timedelta(days=days))
    await room.poll()
    room.world.add_session()
    await room.poll()
    assert (await room.ops()).count("date_order") == 1


async def test_unreadable_dates_stop_nothing(room: Room) -> None:
    room.stand_in.quirks.date_style = "unreadable"
    session = room.world.add_session()
    await room.poll()
    assert await room.posted() == [key_of(session)]
    stored = await room.stored(session)
    assert stored is not None
    assert (stored.facts.finished.raw, stored.facts.finished.at) == ("soon", None)


async def test_the_reading_of_dates_changed_by_a_setting_is_no_news(room: Room) -> None:
    """Another zone makes every row another one: stored, but nobody hears of it again."""
    sessions = [room.world.add_session() for _ in range(3)]
    await room.poll()
    queued = await room.queued()
    async with room.ispring_in(ZoneInfo("Asia/Tokyo")) as elsewhere:
        room.clock.advance(timedelta(minutes=1))
        await room.poller_with(room.settings, elsewhere).once()
    assert await room.queued() == queued
    stored = await room.stored(sessions[0])
    assert stored is not None
    assert stored.facts.finished.at != sessions[0].completed_at


# ---- criteria ----------------------------------------------------------------------------------------------------


async def test_an_alert_comes_with_its_criteria(room: Room) -> None:
    session = room.world.add_session(skip=1)
    await room.poll()
    record = await room.record(session)
    assert record.session.details is DetailsState.FETCHED
    assert record.details is not None
    assert record.details.total == len(session.checklist.criteria)


@pytest.mark.promise("late_criteria")
async def test_an_alert_does_not_wait_for_criteria_that_lag_behind(room: Room) -> None:
    room.stand_in.quirks.criteria_lag = 90
    session = room.world.add_session()
    await room.poll()
    assert await room.posted() == [key_of(session)]
    assert (await room.record(session)).session.details is DetailsState.PENDING_FETCH
    assert await room.details.until_done() == 0
    room.clock.advance(timedelta(minutes=2))
    version = (await room.record(session)).session.version
    assert await room.details.until_done() == 1
    record = await room.record(session)
    assert record.session.details is DetailsState.FETCHED
    assert record.session.version > version


async def test_an_alert_goes_out_although_criteria_can_not_be_read(room: Room) -> None:
    room.stand_in.quirks.only = ("criterion",)
    room.stand_in.quirks.server_errors = ALWAYS
    session = room.world.add_session()
    report = await room.poll()
    assert (report.error, await room.posted()) == ("", [key_of(session)])
    assert await room.details.until_done() == 0


async def test_a_correction_brings_its_own_criteria(room: Room) -> None:
    session = room.world.add_session(percent=100)
    await room.poll()
    room.world.correct(session, 30)
    await room.poll()
    details = (await room.record(session)).details
    assert details is not None
    assert sum(line.points or 0 for line in details.criteria) == session.points


async def test_after_the_first_listing_the_criteria_of_ninety_days_are_fetched_newest_first(new_room: Room) -> None:
    now = new_room.clock.now()
    recent = [new_room.world.add_session(completed_at=now - timedelta(days=day)) for day in range(60)]
    old = new_room.world.add_session(completed_at=now - timedelta(days=91))
    await new_room.poll()
    new_room.clock.slept.clear()
    assert await new_room.details.until_done() == 60
    assert (await new_room.record(recent[0])).details is not None
    assert (await new_room.record(old)).details is None
    first, *_ = new_room.stand_in.asked("/criterion/result")
    assert recent[0].id in first.body
    assert recent[59].id not in first.body
    assert new_room.clock.slept == [1.0, 1.0]


@pytest.mark.promise("late_criteria")
async def test_criteria_that_an_alert_promised_come_however_old_the_completion_is(room: Room) -> None:
    session = room.world.add_session(status="IN_PROGRESS")
    await room.poll()
    room.stand_in.quirks.criteria_lag = timedelta(days=101).total_seconds()
    room.world.complete(session, percent=80)
    session.completed_at = room.clock.now() - timedelta(days=100)
    await room.poll()
    assert await room.posted() == [key_of(session)]
    assert (await room.record(session)).details is None
    room.stand_in.quirks.criteria_lag = 0
    assert await room.details.until_done() == 1
    assert (await room.record(session)).details is not None


async def test_criteria_older_than_ninety_days_come_once_somebody_asks_for_the_session(new_room: Room) -> None:
    old = new_room.world.add_session(completed_at=new_room.clock.now() - timedelta(days=400))
    await new_room.poll()
    assert await new_room.details.until_done() == 0
    await new_room.store.transact(lambda tx: tx.details.prioritise([key_of(old)]))
    assert await new_room.details.until_done() == 1
    assert (await new_room.record(old)).details is not None


# ---- names -------------------------------------------------------------------------------------------------------


async def test_a_name_nobody_knows_yet_is_asked_for_before_the_alert(room: Room) -> None:
    session = room.world.add_session(employee=room.world.add_person("Ana Lima"))
    await room.poll()
    directory = await room.store.read(lambda tx: tx.people.directory())
    assert directory.name_of(session.employee.id) == "Ana Lima"


async def test_somebody_deleted_is_posted_all_the_same_and_not_asked_for_every_time(room: Room) -> None:
    ghost = room.world.add_person("Gone Person")
    session = room.world.add_session(employee=ghost)
    room.world.remove_person(ghost)
    await room.poll()
    assert await room.posted() == [key_of(session)]
    asked = len(room.stand_in.asked("/users"))
    room.world.add_session(employee=ghost, observer=session.observer)
    await room.poll()
    assert len(room.stand_in.asked("/users")) == asked


async def test_people_that_can_not_be_read_delay_nothing(room: Room) -> None:
    room.stand_in.quirks.only = ("users",)
    room.stand_in.quirks.server_errors = ALWAYS
    session = room.world.add_session()
    assert (await room.poll()).error == ""
    assert await room.posted() == [key_of(session)]


async def test_the_directory_is_read_again_after_two_hours(room: Room) -> None:
    room.world.add_person("Ana Lima")
    assert await room.directory.when_due()
    assert not await room.directory.when_due()
    room.clock.advance(timedelta(hours=2, seconds=1))
    assert await room.directory.when_due()


# ---- when iSpring is not there -----------------------------------------------------------------------------------


@pytest.mark.promise("ispring_down")
@pytest.mark.parametrize(
    "quirk",
    ["html_answers", "xml_answers", "empty_answers", "truncated_answers", "server_errors", "throttled", "redirects"],
)
async def test_a_failed_poll_applies_nothing_and_the_next_one_catches_up(quirk: str, room: Room) -> None:
    session = room.world.add_session()
    setattr(room.stand_in.quirks, quirk, ALWAYS)
    report = await room.poll()
    assert report.error
    assert await room.stored(session) is None
    state = await room.store.read(lambda tx: tx.polls.state())
    assert state.last == report
    assert state.last_good_at is not None
    assert state.last_good_at < report.ended_at
    setattr(room.stand_in.quirks, quirk, 0)
    assert (await room.poll()).error == ""
    assert await room.posted() == [key_of(session)]


async def test_a_listing_that_breaks_its_reader_is_a_failed_poll_and_the_next_one_catches_up(room: Room) -> None:
    session = room.world.add_session()
    with capture_logs() as logs:
        report = await room.poller_with(room.settings, StumblingTraining()).once()
    assert "poll.broke" in report.error
    assert [type(line["exc_info"]) for line in logs if line["event"] == "poll.broke"] == [KeyError]
    assert NAME not in report.error
    assert (await room.store.read(lambda tx: tx.polls.state())).last == report
    assert (await room.poll()).error == ""
    assert await room.posted() == [key_of(session)]


async def test_a_refused_key_is_reported_once(room: Room) -> None:
    room.stand_in.quirks.no_rights = True
    await room.poll()
    await room.poll()
    assert (await room.ops()).count("training_refused") == 1


async def test_a_short_outage_is_nobodys_business_and_a_long_one_is_reported_once(room: Room) -> None:
    await room.stand_in.down()
    await room.poll()
    assert "poll_failing" not in await room.ops()
    room.clock.advance(timedelta(minutes=30))
    await room.poll()
    await room.poll()
    assert (await room.ops()).count("poll_failing") == 1
    notification = (await room.queued(NotificationKind.OPS))[-1]
    assert notification.destination.id == OPS


async def test_polls_never_overlap(room: Room) -> None:
    room.stand_in.quirks.slow_body = 0.2
    room.world.add_session()
    reports = await asyncio.gather(room.poller.once(), room.poller.once())
    assert [report.unchanged for report in reports] == [False, True]
    assert len(await room.posted()) == 1
