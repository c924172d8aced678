"""One session in full, for `show` and for the Details modal: every area, every criterion, every change."""

from collections.abc import Sequence

from bot.blocks.cards import format_acknowledged, format_duration, safe_short_id
from bot.blocks.elements import (
    NAME,
    TITLE,
    Block,
    bare,
    context,
    count,
    fields,
    format_moment,
    header,
    lines,
    moment_token,
    mrkdwn,
    safe,
    section,
    size,
)
from bot.blocks.results import (
    area_line,
    area_percent,
    change_since_previous,
    criterion_line,
    format_answered,
    format_missing_details,
    format_points,
    format_weak,
    history_line,
    verdict,
)
from bot.domain.changes import outcome_of
from bot.domain.directory import Directory
from bot.domain.model import AreaResult, ChangeKind, CriterionResult, Details, HistoryEntry, SessionRecord

CRITERIA_CHARACTERS = 5_500  # leaves room for the rest within a message's 10,000
HISTORY_LINES = 10


def session_blocks(record: SessionRecord, directory: Directory, *, with_previous: bool) -> list[Block]:
    """Everything known about a session. The caller has asked `core.access`, also for the previous session."""
    session, row = record.session, record.session.facts
    title = bare(row.checklist_title, TITLE) or "checklist without a title"
    pairs = [
        ("Employee", safe(directory.name_of(row.key.employee_id), NAME)),
        ("Observer", safe(directory.name_of(row.observer_id), NAME)),
        ("Site", safe(directory.site_of(row.key.employee_id) or "site unknown", NAME)),
        ("Points", format_points(session, None) or "not given"),
        ("Planned for", moment_token(row.scheduled)),
        ("Started", moment_token(row.started)),
        ("Finished", moment_token(row.finished)),
        ("Took", format_duration(session) or "not known"),
    ]
    text = [
        change_since_previous(record, as_token=True) if with_previous else "",
        "iSpring no longer lists this session." if session.missing_since else "",
        format_acknowledged(record, as_token=True),
    ]
    remarks = "\n".join(line for line in text if line)
    return [
        header(f"{verdict(outcome_of(session))}: {title}"),
        fields(pairs),
        *([section(mrkdwn(remarks))] if remarks else []),
        *_criteria(record),
        *_history(record),
        context(f"Session {safe_short_id(record)}"),
    ]


def session_text(record: SessionRecord, directory: Directory, *, with_previous: bool) -> str:
    """The same in sentences, with the weakest areas and the lowest criteria only."""
    session, row = record.session, record.session.facts
    sentences = [
        f"{safe(verdict(outcome_of(session)))}: {safe(row.checklist_title) or 'checklist without a title'}",
        f"{safe(directory.name_of(row.key.employee_id), NAME)}, "
        f"{safe(directory.site_of(row.key.employee_id) or 'site unknown', NAME)}; "
        f"observed by {safe(directory.name_of(row.observer_id), NAME)}",
        format_points(session, record.details),
        f"Started {format_moment(row.started)}, finished {format_moment(row.finished)}",
        format_weak(record.details),
        format_missing_details(session).rstrip(".") if record.details is None else "",
        *(history_line(entry, as_token=False) for entry in _status_lines(record)),
        change_since_previous(record, as_token=False) if with_previous else "",
        format_acknowledged(record, as_token=False),
    ]
    return ". ".join(filter(None, sentences)) + f". Session {safe_short_id(record)}"


def _criteria(record: SessionRecord) -> list[Block]:
    if record.details is None:
        reason = format_missing_details(record.session)
        return [section(mrkdwn(f"*Criteria*\n{reason}"))] if reason else []
    text, left = _within(_area_lines(record.details), CRITERIA_CHARACTERS)
    heading = f"*Criteria*\n{format_answered(record.details) or 'none'}"
    more = [context(f"and {count(left, 'line')} more; iSpring shows them all")] if left else []
    return [section(mrkdwn(heading)), *lines(text), *more]


def _area_lines(details: Details) -> list[str]:
    """Each area with its criteria below it, in iSpring's order; criteria of no known area at the end."""
    text: list[str] = []
    known = {area.area_id for area in details.areas}
    for area in details.areas:
        text.append(_area_heading(area))
        text += _criterion_lines([one for one in details.criteria if one.area_id == area.area_id])
    rest = [one for one in details.criteria if one.area_id not in known]
    if rest and text:
        text.append("Others")
    return text + _criterion_lines(rest)


def _area_heading(area: AreaResult) -> str:
    value = area_percent(area)
    if value is not None:
        return area_line(area, value)
    return f"{bare(area.title, NAME) or 'area without a title'}: not scored"


def _criterion_lines(criteria: Sequence[CriterionResult]) -> list[str]:
    return [criterion_line(one) for one in criteria]


def _within(text: list[str], room: int) -> tuple[list[str], int]:
    """As many lines as fit, and how many were left out."""
    kept: list[str] = []
    for line in text:
        room -= size(line) + 1
        if room < 0:
            break
        kept.append(line)
    return kept, len(text) - len(kept)


def _history(record: SessionRecord) -> list[Block]:
    if not _status_lines(record):
        return []
    text = [history_line(entry, as_token=True) for entry in _status_lines(record)]
    return [section(mrkdwn("*History*\n" + "\n".join(text)))]


def _status_lines(record: SessionRecord) -> Sequence[HistoryEntry]:
    """The changes worth telling: that it was completed, and nothing since, is what the rest of the card says."""
    kinds = [entry.kind for entry in record.history]
    is_plain = kinds in ([ChangeKind.APPEARED], [ChangeKind.COMPLETED])
    return () if is_plain else record.history[-HISTORY_LINES:]
