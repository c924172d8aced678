"""What a row changes, whether that is news, and why."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.changes import decide, outcome_of
from bot.domain.model import Change, ChangeKind, DetailsState, Moment, News, OutcomeKind, Session, SessionFacts, Targets
from tests.domain.build import EIGHTY, NOW, facts, session


def step(before: Session | None, after: SessionFacts, targets: Targets = EIGHTY) -> Change:
    change = decide(before, after, now=NOW, targets=targets)
    assert change is not None
    return change


def seen(*rows: SessionFacts, targets: Targets = EIGHTY) -> Change:
    """The last of several changes, one listing after the other."""
    change = step(None, rows[0], targets)
    for row in rows[1:]:
        change = step(change.after, row, targets)
    return change


def kind_and_news(change: Change) -> tuple[ChangeKind, News]:
    assert change.reason
    return change.kind, change.news


def test_the_same_row_is_no_change() -> None:
    assert decide(session("PASSED", 90.0), facts("PASSED", 90.0), now=NOW, targets=EIGHTY) is None


def test_a_new_target_alone_is_no_change() -> None:
    assert decide(session("PASSED", 90.0), facts("PASSED", 90.0), now=NOW, targets=Targets(95.0)) is None


@pytest.mark.parametrize("status", ["NOT_STARTED", "IN_PROGRESS", "OVERDUE"])
def test_a_new_session_that_is_not_completed_is_silent(status: str) -> None:
    change = step(None, facts(status))
    assert kind_and_news(change) == (ChangeKind.APPEARED, News.NONE)
    assert (change.after.version, change.after.details) == (1, DetailsState.NONE)
    assert change.after.target is None


def test_a_session_first_seen_completed_is_news() -> None:
    change = step(None, facts("PASSED", 72.0))
    assert kind_and_news(change) == (ChangeKind.COMPLETED, News.POST)
    assert (change.after.version, change.after.target, change.after.details) == (1, 80.0, DetailsState.PENDING_FETCH)
    assert change.after.completed_as is OutcomeKind.BELOW
    assert not change.became_failing


@pytest.mark.parametrize(
    ("age", "news"),
    [(timedelta(days=7), News.POST), (timedelta(days=7, seconds=1), News.COUNT), (-timedelta(days=1), News.POST)],
)
def test_a_session_first_seen_long_after_its_completion_is_counted_only(age: timedelta, news: News) -> None:
    change = step(None, facts("PASSED", 72.0, finished=Moment("then", NOW - age)))
    assert kind_and_news(change) == (ChangeKind.COMPLETED, news)


def test_a_date_that_cannot_be_read_is_no_reason_to_keep_silent() -> None:
    assert step(None, facts("PASSED", 72.0, finished=Moment("soon", None))).news is News.POST


def test_a_session_known_before_is_news_whatever_its_date_says() -> None:
    long_ago = Moment("then", NOW - timedelta(days=200))
    change = seen(facts("NOT_STARTED"), facts("PASSED", 72.0, finished=long_ago))
    assert kind_and_news(change) == (ChangeKind.COMPLETED, News.POST)


@pytest.mark.parametrize("status", ["NOT_STARTED", "IN_PROGRESS", "OVERDUE"])
def test_a_completion_is_news_whatever_came_before(status: str) -> None:
    change = seen(facts(status), facts("PASSED", 86.0))
    assert kind_and_news(change) == (ChangeKind.COMPLETED, News.POST)
    assert (change.after.version, change.after.target, change.after.details) == (2, 80.0, DetailsState.PENDING_FETCH)


def test_a_failed_session_is_news() -> None:
    change = seen(facts("IN_PROGRESS"), facts("FAILED"))
    assert kind_and_news(change) == (ChangeKind.COMPLETED, News.POST)
    assert outcome_of(change.after).is_failing


def test_a_rescheduled_session_is_silent() -> None:
    change = seen(facts("NOT_STARTED"), facts("NOT_STARTED", scheduled=Moment("later", NOW)))
    assert kind_and_news(change) == (ChangeKind.MOVED, News.NONE)
    assert change.after.version == 2


def test_a_status_nobody_knows_is_silent() -> None:
    assert kind_and_news(seen(facts("IN_PROGRESS"), facts("OVERDUE"))) == (ChangeKind.MOVED, News.NONE)


def test_a_correction_edits_the_card() -> None:
    change = seen(facts("PASSED", 82.0), facts("PASSED", 86.0))
    assert kind_and_news(change) == (ChangeKind.CORRECTED, News.EDIT)
    assert (change.after.version, change.after.details) == (2, DetailsState.PENDING_FETCH)
    assert not change.became_failing


def test_a_correction_of_the_points_alone_edits_the_card() -> None:
    before, after = (facts("PASSED", 80.0, points=points, total_points=points / 0.8) for points in (4.0, 8.0))
    assert kind_and_news(seen(before, after)) == (ChangeKind.CORRECTED, News.EDIT)


def test_a_correction_below_target_also_posts_for_an_edit_notifies_nobody() -> None:
    change = seen(facts("PASSED", 86.0), facts("PASSED", 72.0))
    assert kind_and_news(change) == (ChangeKind.CORRECTED, News.EDIT_AND_POST)
    assert change.became_failing


def test_a_correction_to_failed_also_posts() -> None:
    change = seen(facts("PASSED", 86.0), facts("FAILED", 86.0))
    assert (change.news, change.became_failing) == (News.EDIT_AND_POST, True)


def test_a_correction_from_bad_to_bad_only_edits() -> None:
    change = seen(facts("PASSED", 50.0), facts("PASSED", 60.0))
    assert (change.news, change.became_failing) == (News.EDIT, False)


def test_a_correction_is_held_against_the_target_of_the_completion() -> None:
    change = step(step(None, facts("PASSED", 86.0)).after, facts("PASSED", 85.0), targets=Targets(90.0))
    assert (change.news, change.after.target) == (News.EDIT, 80.0)
    assert outcome_of(change.after).kind is OutcomeKind.MET


def test_the_target_of_the_checklist_wins() -> None:
    targets = Targets(default=80.0, per_checklist={"open": 60.0})
    assert step(None, facts("PASSED", 72.0), targets).after.target == 60.0


def test_a_completed_session_with_another_observer_is_edited() -> None:
    before = replace(session("PASSED", 86.0), details=DetailsState.FETCHED)
    change = step(before, facts("PASSED", 86.0, observer_id="boss"))
    assert kind_and_news(change) == (ChangeKind.RETITLED, News.EDIT)
    assert change.after.details is DetailsState.FETCHED


def test_a_reopened_session_is_edited_and_remembers_what_it_was() -> None:
    change = seen(facts("PASSED", 86.0), facts("IN_PROGRESS"))
    assert kind_and_news(change) == (ChangeKind.REOPENED, News.EDIT)
    assert (change.after.details, change.after.completed_as) == (DetailsState.NONE, OutcomeKind.MET)


@pytest.mark.parametrize(
    ("first", "second", "became_failing"),
    [(86.0, 90.0, False), (86.0, 72.0, True), (50.0, 60.0, True), (50.0, 90.0, False)],
)
def test_a_session_completed_again_posts_anew_where_it_is_bad_or_was_never_told(
    first: float, second: float, became_failing: bool
) -> None:
    change = seen(facts("PASSED", first), facts("IN_PROGRESS"), facts("PASSED", second))
    assert kind_and_news(change) == (ChangeKind.COMPLETED, News.EDIT_AND_POST)
    assert change.became_failing is became_failing
    assert (change.after.version, change.after.details) == (3, DetailsState.PENDING_FETCH)


def test_a_session_completed_again_is_held_against_the_target_of_today() -> None:
    reopened = seen(facts("PASSED", 86.0), facts("IN_PROGRESS")).after
    assert step(reopened, facts("PASSED", 86.0), Targets(90.0)).became_failing


def test_a_completed_session_that_gets_a_status_nobody_knows_is_no_longer_completed() -> None:
    change = seen(facts("PASSED", 86.0), facts("CANCELLED", 86.0))
    assert kind_and_news(change) == (ChangeKind.REOPENED, News.EDIT)


def test_a_changed_session_is_in_the_listing_and_so_not_missing() -> None:
    missing = replace(session("PASSED", 86.0), missing_since=NOW)
    assert step(missing, facts("PASSED", 87.0)).after.missing_since is None
