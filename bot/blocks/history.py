"""How a session changed, in words: its corrections, and what it was before it was re-opened."""

from bot.blocks.markup import NAME, TITLE, bare, date_token, safe
from bot.blocks.results import EMOJI, amount, headline
from bot.domain.changes import outcome_of
from bot.domain.model import ChangeKind, HistoryEntry, Outcome, OutcomeKind, SessionRecord
from bot.domain.outcomes import difference, score_and_word, word

_VERBS = {
    ChangeKind.APPEARED: "first seen",
    ChangeKind.MOVED: "changed",
    ChangeKind.COMPLETED: "seen completed",
    ChangeKind.CORRECTED: "corrected",
    ChangeKind.REOPENED: "re-opened",
    ChangeKind.RETITLED: "changed",
    ChangeKind.CHECKED: "criteria read",
}


def corrections_of(record: SessionRecord) -> list[HistoryEntry]:
    """The corrections of the completion that is shown, by iSpring or by criteria that came late; `completion_before`
    says what was before that."""
    found: list[HistoryEntry] = []
    for entry in record.history:
        if entry.kind in (ChangeKind.CORRECTED, ChangeKind.CHECKED):
            found.append(entry)
        elif entry.kind is ChangeKind.REOPENED:
            found.clear()
    return found


def corrected_headline(name: str, entry: HistoryEntry) -> str:
    """`🔴 Corrected: Maria Lopez 90 % → 60 %, now below target 80 %`, as plain text that may be untrusted.

    Where the verdict stayed, it says what else changed: `12 → 14 of 20 points, still 60 %, below target 80 %`.
    """
    old, new = entry.old, entry.new
    if old is None:
        return headline(name, new)
    lead = f"{EMOJI[new.kind]} Corrected: {name}"
    before = score_and_word(old, *([] if new.score is None else [new.score]))
    after = score_and_word(new, *([] if old.score is None else [old.score]))
    if _is_same(old, new):
        return f"{lead} {_points(entry)}, still {bare(str(after))}"
    now = "now " if (old.kind, old.critical) != (new.kind, new.critical) else ""
    if not after.score:
        return f"{lead} · {now}{bare(after.word)}"
    turn = "" if old.score == new.score else f"{bare(before.score or before.word)} → "
    return f"{lead} {turn}{after.score}, {now}{bare(after.word)}"


def is_said_by_headline(change: HistoryEntry) -> bool:
    """Whether `corrected_headline` says all that a correction changed: both scores, and no other word was lost."""
    old, new = change.old, change.new
    if change.kind is not ChangeKind.CORRECTED or old is None or old.score is None or new.score is None:
        return False
    is_turn = (old.kind, old.critical) != (new.kind, new.critical)
    return not is_turn or old.kind in (OutcomeKind.COMPLETED, OutcomeKind.MET, OutcomeKind.BELOW)


def completion_before(record: SessionRecord) -> str:
    """What a re-opened session was, or what one completed again was before, for mrkdwn; "" for the others.

    `It was Below target, 60 % (target 80 %), until it was re-opened 3 Oct`; `Completed again: before, it was …`.
    """
    session = record.session
    is_over = outcome_of(session).is_over
    if session.completed_as is None or (is_over and session.completion == 1):
        return ""
    last = next((entry for entry in reversed(record.history) if entry.kind is ChangeKind.REOPENED), None)
    was = "completed" if last is None or last.old is None else f"“{safe(word(last.old), TITLE)}”"
    when = f" {date_token(last.at)}" if last is not None else ""
    if is_over:
        return f"Completed again: it was {was} before it was re-opened{when}."
    return f"It was {was} until it was re-opened{when}. Its result is not known until it is completed again."


def history_line(entry: HistoryEntry, *, with_verdict: bool = True) -> str:
    """One change in words, for mrkdwn: `86 % → 91 %, corrected 23 Nov, 14:02`. Without a verdict a correction says the
    scores alone, if there are two."""
    when = date_token(entry.at)
    old, new = entry.old, entry.new
    if entry.kind is ChangeKind.REOPENED:
        was = f"{safe(word(old), TITLE)}, " if old else ""
        return f"{was}re-opened {when}"
    if entry.kind is ChangeKind.CORRECTED and old:
        return f"{_turn(entry, old, with_verdict)}, corrected {when}"
    if entry.kind is ChangeKind.CHECKED and old:
        return f"{safe(word(old), TITLE)} → {safe(word(new), TITLE + NAME)}, when its criteria were read {when}"
    return f"{safe(word(new), TITLE)}, {_VERBS[entry.kind]} {when}"


def points_alone(entry: HistoryEntry) -> str:
    """`12 → 14 of 20 points, still 60 %` of a correction that left the verdict as it was; "" of any other change. Raw
    text: a status is iSpring's."""
    if entry.kind is not ChangeKind.CORRECTED or entry.old is None or not _is_same(entry.old, entry.new):
        return ""
    said = score_and_word(entry.new)
    return f"{_points(entry)}, still {said.score or said.word}"


def _turn(entry: HistoryEntry, old: Outcome, with_verdict: bool) -> str:
    """What a correction changed, for mrkdwn: the scores alone if the verdict stayed, both with the same decimals; the
    points if the score stayed too."""
    new = entry.new
    if same := points_alone(entry):
        return safe(same, TITLE + NAME)
    is_turn = with_verdict and (old.kind, old.critical) != (new.kind, new.critical)
    if is_turn or old.score is None or new.score is None:
        beside = [score for score in (old.score, new.score) if score is not None]
        return f"{safe(word(old, *beside), TITLE)} → {safe(word(new, *beside), TITLE)}"
    change = difference(old.score, new.score, new.target)
    return f"{change.before} → {change.now}"


def _is_same(old: Outcome, new: Outcome) -> bool:
    return (old.kind, old.score, old.critical) == (new.kind, new.score, new.critical)


def _points(entry: HistoryEntry) -> str:
    """`12 → 14 of 20 points`; `other points` if they were not stored, or differ by less than is shown."""
    old, new = entry.old_points, entry.new_points
    if old is None or new is None:
        return "other points"
    shown = [old.points, new.points, old.total, new.total]
    before, after, of, now_of = ["?" if one is None else amount(one) for one in shown]
    if of != now_of:
        return f"{before} of {of} → {after} of {now_of} points"
    return f"{before} → {after} of {of} points" if before != after else "other points"
