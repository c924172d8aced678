"""What a row of a listing changes about the stored session, whether that is news, and why.

    before          now             kind        news
    unknown         not completed   appeared    none
    unknown         completed       completed   post; counted in a summary if it was completed over 7 days ago
    not completed   not completed   moved       none (planned, started, rescheduled, renamed)
    not completed   completed       completed   post
    completed       other result    corrected   edit; and post if it only now is below target, critical or failed
    completed       other criteria  checked     edit; and post if it only now is critical (`check_criteria`)
    completed       other field     retitled    edit
    completed       not completed   reopened    edit
    re-opened       completed       completed   edit and post

Completed again: a destination that has a card of the session gets it edited, and no other if the result is good. A
destination without one gets a card. If the result is failing, every destination gets one new card that says "again",
because an edit notifies no one, and what was acknowledged before was another completion. The same happens when a
correction turns a good result failing. `store.outbox.enqueue` posts at most one such card a day and session at a
destination.

A result that keeps changing (a source that alternates between two numbers) is stored each time; its cards are edited
ever more seldom (`edit_delay`), and an alert is raised (`is_flapping`).

Age counts only for a session that was not stored: for one stored unfinished before, the database proves that its
completion is new, whatever its date says. A wrong date order would otherwise silence every alert.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.domain.model import (
    Change,
    ChangeKind,
    Details,
    DetailsState,
    News,
    Outcome,
    OutcomeKind,
    Session,
    SessionFacts,
    Targets,
)
from bot.domain.outcomes import critical_zeros, judge

_LONG_AGO = datetime.min.replace(tzinfo=UTC)
TOO_OLD_FOR_NEWS = timedelta(days=7)
RECENTLY = timedelta(hours=24)  # in which the changes of a result are counted
_CORRECTIONS = 3  # changes of a result in that time that people make; each edits the cards at once
_FLAPPING = 6  # more than people make
_LONGEST_EDIT_DELAY = timedelta(hours=1)


def edit_delay(changes: int) -> timedelta:
    """How long a card may show an older result, by the number of the result's changes within `RECENTLY`."""
    if changes <= _CORRECTIONS:
        return timedelta(0)
    return min(timedelta(minutes=2.0 ** min(changes - _CORRECTIONS, 10)), _LONGEST_EDIT_DELAY)


def is_flapping(changes: int) -> bool:
    """Whether so many changes of one result within `RECENTLY` are an error of the source."""
    return changes >= _FLAPPING


def outcome_of(session: Session) -> Outcome:
    """The outcome of a stored session, against the target and the critical criteria of its completion."""
    return judge(session.facts, session.target, session.critical_failed or ())


def is_turn(old: Outcome, new: Outcome) -> bool:
    """Whether a completed session's new outcome is news by itself: only now is it below target, critical or failed. A
    low result that turns out to be critical too is news once more: something else has to be done about it."""
    is_critical = OutcomeKind.CRITICAL
    return new.is_failing and (not old.is_failing or (new.kind is is_critical and old.kind is not is_critical))


def row_rank(facts: SessionFacts, fingerprint: int) -> tuple[bool, datetime, int]:
    """The rank of a row among those of the same session in one listing, of which the highest counts: a completed one
    over any other, then the later completion. The fingerprint makes it the same whatever the order of the listing."""
    return judge(facts, None).is_over, facts.finished.at or _LONG_AGO, fingerprint


def remember(facts: SessionFacts, *, now: datetime, targets: Targets) -> Session:
    """A session as it is stored when first seen, in a baseline as well as later."""
    return remember_judged(facts, now=now, targets=targets)[0]


def remember_judged(facts: SessionFacts, *, now: datetime, targets: Targets) -> tuple[Session, Outcome]:
    """The same with its outcome."""
    target = targets.of(facts.checklist_id)
    outcome = judge(facts, target)
    session = Session(
        facts=facts,
        version=1,
        target=target if outcome.is_over else None,
        target_scope=targets.scope_of(facts.checklist_id) if outcome.is_over else None,
        critical=targets.critical_of(facts.checklist_id) if outcome.is_over else None,
        first_seen_at=now,
        changed_at=now,
        details=DetailsState.PENDING_FETCH if outcome.is_over else DetailsState.NONE,
        completed_as=outcome.kind if outcome.is_over else None,
    )
    return session, outcome


def decide(
    before: Session | None, facts: SessionFacts, *, now: datetime, targets: Targets, details: Details | None = None
) -> Change | None:
    """The change that a row makes, None if it makes none. An unknown status never counts as completed. `details`: the
    session's criteria, if they are here already; without them no critical criterion is judged."""
    if before is None:
        return _first_seen(facts, now, targets, details)
    if before.facts == facts:
        return None
    after = replace(before, facts=facts, version=before.version + 1, changed_at=now, missing_since=None)
    was_over = outcome_of(before).is_over
    is_over = judge(facts, None).is_over
    if was_over and is_over:
        return _still_completed(before, after, details)
    if was_over:
        after = replace(after, details=DetailsState.NONE, completion=before.completion + 1, critical_failed=None)
        return _change(ChangeKind.REOPENED, News.EDIT, "it was completed and no longer is", before, after)
    if is_over:
        return _completed(before, after, targets, details)
    return _change(ChangeKind.MOVED, News.NONE, "it is not completed yet", before, after)


def check_criteria(before: Session, details: Details, *, now: datetime) -> Change | None:
    """The change that a completed session's criteria make when they come after its completion, None if its outcome
    stays. One that was too old for news when it was first seen is only edited."""
    old = outcome_of(before)
    after = _checked(before, details)
    new = outcome_of(after)
    if not old.is_over or old == new:
        return None
    after = replace(after, version=before.version + 1, changed_at=now, completed_as=new.kind)
    if not is_turn(old, new):
        return _change(ChangeKind.CHECKED, News.EDIT, "its criteria were read", before, after)
    finished = before.facts.finished.at
    if before.completion == 1 and finished is not None and before.first_seen_at - finished > TOO_OLD_FOR_NEWS:
        reason = "its criteria were read, and a critical one failed long before it was first seen"
        return _change(ChangeKind.CHECKED, News.EDIT, reason, before, after)
    reason = "its criteria were read, and a critical one failed"
    return _change(ChangeKind.CHECKED, News.EDIT_AND_POST, reason, before, after, True)


def _checked(session: Session, details: Details | None) -> Session:
    """The session, judged by its criteria too. What was known before stays while they are not here."""
    if details is None or not session.critical:
        return session
    return replace(session, critical_failed=critical_zeros(details, session.critical) or None)


def _first_seen(facts: SessionFacts, now: datetime, targets: Targets, details: Details | None) -> Change:
    after = remember(facts, now=now, targets=targets)
    if outcome_of(after).is_over:
        after = _checked(after, details)
        after = replace(after, completed_as=outcome_of(after).kind)
    if not outcome_of(after).is_over:
        return _change(ChangeKind.APPEARED, News.NONE, "it is new and not completed yet", None, after)
    finished = facts.finished.at
    if finished is not None and now - finished > TOO_OLD_FOR_NEWS:
        reason = f"it was completed more than {TOO_OLD_FOR_NEWS.days} days before it was first seen"
        return _change(ChangeKind.COMPLETED, News.COUNT, reason, None, after)
    return _change(ChangeKind.COMPLETED, News.POST, "it is new and completed", None, after)


def _completed(before: Session, after: Session, targets: Targets, details: Details | None) -> Change:
    checklist_id = after.facts.checklist_id
    after = replace(
        after,
        target=targets.of(checklist_id),
        target_scope=targets.scope_of(checklist_id),
        critical=targets.critical_of(checklist_id),
        critical_failed=None,
        details=DetailsState.PENDING_FETCH,
    )
    after = _checked(after, details)
    outcome = outcome_of(after)
    after = replace(after, completed_as=outcome.kind)
    if before.completed_as is None:
        return _change(ChangeKind.COMPLETED, News.POST, "it has been completed", before, after)
    reason = "it was re-opened and has been completed again"
    if outcome.is_failing:
        what = "critical" if outcome.kind is OutcomeKind.CRITICAL else "below target or failed"
        reason += f", {what}" + (" again" if before.completed_as.is_failing else "")
    return _change(ChangeKind.COMPLETED, News.EDIT_AND_POST, reason, before, after, outcome.is_failing)


def _still_completed(before: Session, after: Session, details: Details | None) -> Change:
    after = _checked(after, details)
    old, new = outcome_of(before), outcome_of(after)
    if _result(before.facts, old) == _result(after.facts, new):
        return _change(ChangeKind.RETITLED, News.EDIT, "its result is the same, something else changed", before, after)
    after = replace(after, details=DetailsState.PENDING_FETCH, completed_as=new.kind)
    if is_turn(old, new):
        what = "critical" if new.kind is OutcomeKind.CRITICAL else "below target or failed"
        reason = f"its result was corrected, and only now is {what}"
        return _change(ChangeKind.CORRECTED, News.EDIT_AND_POST, reason, before, after, True)
    return _change(ChangeKind.CORRECTED, News.EDIT, "its result was corrected", before, after)


def _result(facts: SessionFacts, outcome: Outcome) -> tuple[object, ...]:
    return outcome.kind, outcome.score, outcome.critical, facts.points, facts.total_points


def _change(
    kind: ChangeKind, news: News, reason: str, before: Session | None, after: Session, became_failing: bool = False
) -> Change:
    return Change(kind=kind, news=news, reason=reason, before=before, after=after, became_failing=became_failing)
