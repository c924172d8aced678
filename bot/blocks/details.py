"""One session in full, for `show` and as a modal: every area, every criterion, every change."""

from collections.abc import Sequence
from typing import Any

from bot.blocks import actions
from bot.blocks.cards import (
    UNTITLED,
    acknowledge_button,
    card_title,
    format_acknowledged,
    format_duration,
    format_unchecked,
    safe_short_id,
)
from bot.blocks.elements import Block, context, fields, header, lines, modal, mrkdwn, plain, section
from bot.blocks.elements import actions as buttons
from bot.blocks.follow_ups import follow_up_button, format_follow_ups
from bot.blocks.history import completion_before, history_line
from bot.blocks.markup import NAME, TITLE, bare, moment_token, safe
from bot.blocks.results import (
    area_line,
    area_percent,
    change_since_previous,
    criterion_line,
    failed_by,
    format_answered,
    format_missing_details,
    format_points,
    lowest_criteria,
)
from bot.domain.changes import outcome_of
from bot.domain.directory import Directory
from bot.domain.model import AreaResult, ChangeKind, CriterionResult, Details, HistoryEntry, SessionRecord
from bot.domain.notifications import Message
from bot.domain.text import count, size

CRITERIA_CHARACTERS = 5_500  # leaves room for the rest within a message's 10,000
HISTORY_LINES = 10


def session_blocks(record: SessionRecord, directory: Directory, *, with_previous: bool) -> list[Block]:
    """Everything known about a session. The caller has asked `domain.permissions`, also for the previous session."""
    session, row = record.session, record.session.facts
    pairs = [
        ("Observer", safe(directory.name_of(row.observer_id), NAME)),
        *_course(record),
        ("Session", safe_short_id(record)),
    ]
    rule = safe(failed_by(session), TITLE + NAME)
    remarks = [
        f"*Why* · {rule}" if rule else "",
        format_unchecked(record),
        change_since_previous(record) if with_previous else "",
        completion_before(record),
        "iSpring no longer lists this session." if session.missing_since else "",
        format_acknowledged(record),
        format_follow_ups(record),
    ]
    text = "\n".join(line for line in remarks if line)
    site = safe(directory.site_of(row.key.employee_id) or "site unknown", NAME)
    return [
        header(card_title(record, bare(directory.name_of(row.key.employee_id), NAME))),
        section(mrkdwn(f"*{safe(row.checklist_title, TITLE) or UNTITLED}* · {site}")),
        fields(pairs),
        *([section(mrkdwn(text))] if text else []),
        *_criteria(record),
        *_history(record),
    ]


def _course(record: SessionRecord) -> list[tuple[str, str]]:
    """Points and dates; of a session that is open (again) only what is known of that."""
    session, row = record.session, record.session.facts
    planned, started = ("Planned for", moment_token(row.scheduled)), ("Started", moment_token(row.started))
    if not outcome_of(session).is_over:
        return [planned, started]
    return [
        ("Points", format_points(session, None) or "not given"),
        planned,
        started,
        ("Finished", moment_token(row.finished)),
        ("Took", format_duration(session) or "not known"),
    ]


def _criteria(record: SessionRecord) -> list[Block]:
    if record.details is None:
        reason = format_missing_details(record.session)
        return [section(mrkdwn(f"*Criteria*\n{reason}"))] if reason else []
    texts, left = _within(_area_lines(record.details, outcome_of(record.session).target), CRITERIA_CHARACTERS)
    of = "" if outcome_of(record.session).is_over else " of the completion before it was re-opened"
    heading = f"*Criteria{of}*\n{format_answered(record.details) or 'none'}"
    more = [context(f"and {count(left, 'line')} more; iSpring shows them all")] if left else []
    return [section(mrkdwn(heading)), *lines(texts), *more]


def _area_lines(details: Details, target: float | None) -> list[str]:
    """Each area with its criteria below it, the worst first; criteria of no known area at the end."""
    texts: list[str] = []
    area_ids = {area.area_id for area in details.areas}
    scores = {area.area_id: area_percent(area) for area in details.areas}
    for area in sorted(details.areas, key=lambda one: _low_first(scores[one.area_id])):
        texts.append(_area_heading(area, target))
        texts += _criterion_lines([one for one in details.criteria if one.area_id == area.area_id])
    others = _criterion_lines([one for one in details.criteria if one.area_id not in area_ids])
    if others and texts:
        texts.append("Others")
    return texts + others


def _criterion_lines(criteria: Sequence[CriterionResult]) -> list[str]:
    lowest = lowest_criteria(criteria)
    return [criterion_line(one) for one in [*lowest, *(one for one in criteria if one not in lowest)]]


def _low_first(value: float | None) -> float:
    return float("inf") if value is None else value


def _area_heading(area: AreaResult, target: float | None) -> str:
    value = area_percent(area)
    if value is not None:
        return area_line(area, value, target)
    return f"{bare(area.title, NAME) or 'area without a title'}: not scored"


def _within(texts: list[str], room: int) -> tuple[list[str], int]:
    """As many lines as fit, and how many were left out."""
    kept: list[str] = []
    for line in texts:
        room -= size(line) + 1
        if room < 0:
            break
        kept.append(line)
    return kept, len(texts) - len(kept)


def _history(record: SessionRecord) -> list[Block]:
    entries = _worth_showing(record.history)
    if not entries:
        return []
    return [section(mrkdwn("\n".join(["*History*", *(history_line(entry) for entry in entries)])))]


def _worth_showing(history: Sequence[HistoryEntry]) -> Sequence[HistoryEntry]:
    """The newest changes; none if the session only appeared or was completed, which the rest of the card shows."""
    if [entry.kind for entry in history] in ([ChangeKind.APPEARED], [ChangeKind.COMPLETED]):
        return ()
    return history[-HISTORY_LINES:]


# ---- the modal -------------------------------------------------------------------------------------------------------

View = dict[str, Any]


def loading(title: str = "Session") -> View:
    """The modal while its content is read: Slack's trigger is valid for three seconds only."""
    return modal(title, actions.DETAILS_FORM, [section(mrkdwn("Looking it up…"))])


def details(
    record: SessionRecord,
    directory: Directory,
    *,
    with_previous: bool,
    may_act: bool = False,
) -> View:
    """One session in full, for a viewer who may see it (the caller has asked). `may_act`: it is a low result that is
    theirs to see to."""
    blocks = session_blocks(record, directory, with_previous=with_previous)
    made = [acknowledge_button(record), follow_up_button(record.session.key, "this session")] if may_act else []
    return _modal([*blocks, *([buttons(made)] if made else [])])


def refused(reason: str, what_next: str = "") -> View:
    """Why this viewer may not see the session, and what they can do."""
    text = section(mrkdwn(f"You may not see this session: {safe(reason, 500)}."))
    return _modal([text, *([context(what_next)] if what_next else [])])


def not_possible_now(reason: str) -> View:
    """Why the session can't be shown as things are."""
    return _modal([section(mrkdwn(f"This can't be shown: {safe(reason, 500)}."))])


def gone() -> View:
    """The session of a button is not stored any more."""
    return _modal([section(mrkdwn("Spotter no longer stores this session."))])


def busy() -> View:
    """The session could not be read just now."""
    return _modal([section(mrkdwn("Spotter's database is busy just now. Try again in a moment."))])


def answer(message: Message) -> View:
    """An answer to read, for where it can't be posted: without the buttons, which belong to a message."""
    blocks = [
        {name: part for name, part in block.items() if name != "accessory"}
        for block in message.blocks
        if block["type"] != "actions"
    ]
    return modal("Answer", actions.DETAILS_FORM, blocks or [section(plain(message.text))])


def _modal(blocks: list[Block]) -> View:
    return modal("Session", actions.DETAILS_FORM, blocks)
