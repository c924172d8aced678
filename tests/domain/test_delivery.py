"""Every arrow of the delivery's picture."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.domain.delivery import (
    AfterEdit,
    AlreadyPosted,
    Ambiguous,
    AppRefused,
    DestinationGone,
    EditImpossible,
    EditResult,
    Found,
    MessageRefused,
    NotFound,
    NotSent,
    PostResult,
    ReadBackResult,
    ReadLater,
    Scope,
    Sent,
    Throttled,
    Unreadable,
    after_crash,
    after_edit,
    after_post,
    after_read_back,
    shown_versions,
)
from bot.domain.model import SessionKey
from bot.domain.notifications import (
    Delivery,
    DeliveryState,
    Destination,
    DestinationKind,
    Notification,
    NotificationKind,
    StoredNotification,
)
from bot.domain.reasons import ReasonCode
from tests.domain.build import NOW

CHANNEL = Destination(DestinationKind.CHANNEL, "C1")
MOST_DICE = 1.0


def queued(notification_id: int, session: SessionKey | None) -> StoredNotification:
    kind = NotificationKind.SESSION if session else NotificationKind.INTRO
    notification = Notification(
        kind=kind, destination=CHANNEL, subject=f"subject {notification_id}", reason="", session=session
    )
    return StoredNotification(notification_id=notification_id, notification=notification, created_at=NOW)


SENDING = Delivery(
    delivery_id="d1",
    destination=CHANNEL,
    state=DeliveryState.SENDING,
    notifications=(queued(1, SessionKey("s", "e")), queued(2, None)),
    created_at=NOW,
    due_at=NOW,
    attempt_started_at=NOW,
    read_backs=2,
)
UNSURE = replace(SENDING, state=DeliveryState.AMBIGUOUS, attempts=1, read_backs=0, attempt_ended_at=NOW)


def posted(result: PostResult, delivery: Delivery = SENDING) -> Delivery:
    after = after_post(delivery, result, now=NOW, random01=MOST_DICE)
    assert (after.delivery_id, after.notifications) == (delivery.delivery_id, delivery.notifications)
    assert (after.attempt_ended_at, after.read_backs) == (NOW, 0)
    return after


def checked(read_back: ReadBackResult, delivery: Delivery = UNSURE, now: datetime = NOW) -> Delivery:
    return after_read_back(delivery, read_back, now=now, random01=MOST_DICE)


def seconds(delivery: Delivery) -> float:
    return (delivery.due_at - NOW).total_seconds()


# ---- after an attempt --------------------------------------------------------------------------------------------


def test_a_message_slack_took_is_sent() -> None:
    after = posted(Sent("D9", "171.1"))
    assert (after.state, after.channel, after.ts, after.attempts) == (DeliveryState.SENT, "D9", "171.1", 1)


@pytest.mark.parametrize("scope", Scope)
def test_a_throttled_attempt_waits_as_asked_and_is_not_counted(scope: Scope) -> None:
    after = posted(Throttled(17.5, scope))
    assert (after.state, seconds(after), after.attempts) == (DeliveryState.PENDING, 17.5, 0)


@pytest.mark.parametrize(
    ("earlier", "wait"), [(0, 1), (1, 2), (2, 4), (3, 8), (7, 128), (8, 256), (9, 300), (500, 300)]
)
def test_what_was_surely_not_sent_backs_off(earlier: int, wait: float) -> None:
    after = posted(NotSent("connection refused"), replace(SENDING, attempts=earlier))
    assert (after.state, seconds(after), after.attempts) == (DeliveryState.PENDING, wait, earlier + 1)
    assert "connection refused" in after.reason


def test_the_back_off_is_jittered() -> None:
    waits = [after_post(SENDING, NotSent(""), now=NOW, random01=random01).due_at - NOW for random01 in (0.0, 0.5)]
    assert waits == [timedelta(seconds=0.5), timedelta(seconds=0.75)]


def test_without_a_clear_answer_it_is_looked_for_first() -> None:
    after = posted(Ambiguous("reply lost"))
    assert (after.state, seconds(after), after.attempts) == (DeliveryState.AMBIGUOUS, 5, 1)


def test_what_was_being_sent_at_a_crash_is_looked_for_first() -> None:
    after = after_crash(SENDING, now=NOW)
    assert (after.state, seconds(after), after.attempts, after.read_backs) == (DeliveryState.AMBIGUOUS, 5, 1, 0)
    assert after.attempt_ended_at == NOW


def test_a_destination_that_is_gone_holds_the_delivery() -> None:
    after = posted(DestinationGone("is_archived"))
    assert (after.state, after.reason) == (DeliveryState.PENDING, "the destination is gone: is_archived")


def test_a_refused_message_goes_once_as_plain_text_and_then_is_dead() -> None:
    once = posted(MessageRefused("invalid_blocks"))
    assert (once.state, once.text_only, seconds(once)) == (DeliveryState.PENDING, True, 0)
    twice = posted(MessageRefused("msg_too_long"), once)
    assert twice.state is DeliveryState.FAILED
    assert "msg_too_long" in twice.reason


def test_what_was_reported_and_is_gone_since_ends_at_once_with_that_reason() -> None:
    after = posted(AlreadyPosted("duplicate_message_not_found"))
    assert (after.state, after.reason_code) == (DeliveryState.CANCELLED, ReasonCode.POSTED_AND_DELETED)


@pytest.mark.parametrize(("needed", "reason"), [(None, "token_revoked"), ("chat:write", "needs the scope chat:write")])
def test_a_refused_app_leaves_the_delivery_waiting_and_nothing_is_counted(needed: str | None, reason: str) -> None:
    after = posted(AppRefused("token_revoked", needed))
    assert (after.state, after.attempts) == (DeliveryState.PENDING, 0)
    assert reason in after.reason


# ---- after a look ------------------------------------------------------------------------------------------------


def test_what_is_found_is_sent_and_needs_an_edit_for_nobody_knows_what_it_shows() -> None:
    after = checked(Found("C1", "171.2"))
    assert (after.state, after.channel, after.ts) == (DeliveryState.SENT, "C1", "171.2")
    assert [each.shown_version for each in after.notifications] == [0, None]


def test_what_is_absent_once_is_looked_for_again_35_seconds_after_the_attempt() -> None:
    after = checked(NotFound(), now=NOW + timedelta(seconds=5))
    assert (after.state, after.read_backs, seconds(after)) == (DeliveryState.AMBIGUOUS, 1, 35)


def test_a_late_first_look_is_followed_by_a_pause_too() -> None:
    assert seconds(checked(NotFound(), now=NOW + timedelta(seconds=90))) == 95


@pytest.mark.parametrize(("tries", "wait"), [(2, 36), (3, 37), (4, 39), (9, 163), (10, 291), (11, 335), (500, 335)])
def test_the_more_often_it_was_lost_the_later_it_is_sent_again(tries: int, wait: float) -> None:
    assert seconds(checked(NotFound(), replace(UNSURE, attempts=tries))) == wait


def test_what_is_absent_twice_is_the_same_delivery_again() -> None:
    later = NOW + timedelta(seconds=35)
    after = checked(NotFound(), replace(UNSURE, read_backs=1), later)
    assert (after.state, after.due_at) == (DeliveryState.PENDING, later)
    assert (after.delivery_id, after.notifications) == (UNSURE.delivery_id, UNSURE.notifications)


def test_where_the_bot_may_not_read_it_is_sent_again_once_and_then_is_dead() -> None:
    again = checked(Unreadable("missing_scope"))
    assert (again.state, again.due_at, again.resent_unverified) == (DeliveryState.PENDING, NOW, True)
    assert "missing_scope" in again.reason
    unsure_again = posted(Ambiguous("reply lost"), replace(again, state=DeliveryState.SENDING))
    dead = checked(Unreadable("missing_scope"), unsure_again)
    assert dead.state is DeliveryState.FAILED


def test_where_the_destination_is_gone_before_a_look_it_stays_ambiguous() -> None:
    gone = after_read_back(replace(UNSURE, read_backs=1), DestinationGone("not_in_channel"), now=NOW, random01=0.5)
    assert (gone.state, gone.read_backs, gone.resent_unverified) == (DeliveryState.AMBIGUOUS, 1, False)


REFUSED = Ambiguous("brand_new", is_rejection=True)


def absent_twice(delivery: Delivery) -> Delivery:
    return checked(NotFound(), checked(NotFound(), delivery))


def test_a_no_in_a_word_nobody_knows_is_looked_for_and_goes_once_as_plain_text() -> None:
    unsure = posted(REFUSED)
    assert (unsure.state, unsure.text_only, seconds(unsure)) == (DeliveryState.AMBIGUOUS, False, 5)
    again = absent_twice(unsure)
    assert (again.state, again.text_only, again.delivery_id) == (DeliveryState.PENDING, True, SENDING.delivery_id)
    assert "brand_new" in again.reason


def test_refused_so_again_it_is_looked_for_again_and_then_dead_with_slacks_word() -> None:
    unsure = posted(Ambiguous("newer_still", is_rejection=True), absent_twice(posted(REFUSED)))
    assert unsure.state is DeliveryState.AMBIGUOUS
    dead = absent_twice(unsure)
    assert (dead.state, dead.reason) == (DeliveryState.FAILED, "Slack rejects it: newer_still")


def test_what_was_refused_once_and_then_got_lost_is_sent_again() -> None:
    lost = posted(Ambiguous("reply lost"), absent_twice(posted(REFUSED)))
    assert absent_twice(lost).state is DeliveryState.PENDING


def test_what_was_refused_in_a_word_nobody_knows_and_is_found_all_the_same_is_sent() -> None:
    assert checked(Found("C1", "171.2"), posted(REFUSED, replace(SENDING, text_only=True))).state is DeliveryState.SENT


@pytest.mark.parametrize(("after", "wait"), [(None, 1), (12.0, 12)])
def test_a_look_that_fails_does_not_count(after: float | None, wait: float) -> None:
    later = checked(ReadLater("ratelimited", after))
    assert (later.state, later.read_backs, seconds(later)) == (DeliveryState.AMBIGUOUS, 0, wait)


@pytest.mark.parametrize(("failures", "wait"), [(0, 1), (1, 2), (2, 4), (3, 8), (4, 16), (5, 30), (500, 30)])
def test_a_reading_that_fails_is_repeated_within_seconds_and_at_most_half_a_minute(failures: int, wait: float) -> None:
    for random01, least in ((0.0, wait / 2), (1.0, wait)):
        later = after_read_back(UNSURE, ReadLater("HTTP 500"), now=NOW, random01=random01, failures=failures)
        assert later.due_at == NOW + timedelta(seconds=least)


@pytest.mark.parametrize(("failures", "wait"), [(0, 1), (3, 8), (30, 60)])
def test_an_edit_that_brought_no_answer_is_repeated_within_seconds(failures: int, wait: float) -> None:
    later = after_edit(Ambiguous("reply lost"), now=NOW, random01=1.0, failures=failures)
    assert later.due_at == NOW + timedelta(seconds=wait)


def test_an_edit_refused_with_an_unknown_word_is_repeated_ever_more_seldom() -> None:
    refusal = Ambiguous("brand_new", is_rejection=True)
    waits = [after_edit(refusal, now=NOW, random01=1.0, failures=failures).due_at for failures in (0, 6, 60)]
    assert waits == [NOW + timedelta(seconds=wait) for wait in (1, 64, 3600)]


# ---- edits -------------------------------------------------------------------------------------------------------


def test_the_versions_shown_are_kept_per_notice() -> None:
    shown = shown_versions(shown_versions(SENDING, {1: 3}), {2: 4})
    assert [each.shown_version for each in shown.notifications] == [3, 4]


@pytest.mark.parametrize(
    ("result", "what"),
    [
        (Sent("C1", "171.1"), AfterEdit(shown=True)),
        (Throttled(9), AfterEdit(due_at=NOW + timedelta(seconds=9))),
        (NotSent("dns"), AfterEdit(due_at=NOW + timedelta(seconds=0.75))),
        (Ambiguous("reply lost"), AfterEdit(due_at=NOW + timedelta(seconds=0.75))),
        (AppRefused("token_revoked"), AfterEdit(due_at=NOW + timedelta(minutes=1))),
        (DestinationGone("not_in_channel"), AfterEdit(due_at=NOW + timedelta(hours=1))),
        (Ambiguous("brand_new", is_rejection=True), AfterEdit(due_at=NOW + timedelta(seconds=0.75))),
        (MessageRefused("invalid_blocks"), AfterEdit(cancelled_reason="invalid_blocks")),
        (EditImpossible("message_not_found"), AfterEdit(cancelled_reason="message_not_found")),
    ],
)
def test_an_edit(result: EditResult, what: AfterEdit) -> None:
    assert after_edit(result, now=NOW, random01=0.5) == what
