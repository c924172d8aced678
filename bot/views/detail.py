"""One session in full, for `show` and for the Details modal: every area, every criterion, every change."""

from collections.abc import Sequence

from bot.core.changes import outcome_of
from bot.core.directory import Directory
from bot.core.model import AreaResult, ChangeKind, CriterionResult, Details, HistoryEntry, SessionRecord
from bot.views.blocks import (
    NAME,
    TITLE,
    Block,
    bare,
    context,
    count,
    fields,
    header,
    lines,
    moment_token,
    moment_words,
    mrkdwn,
    safe,
    section,
    size,
)
from bot.views.cards import acknowledged_words, duration_words, safe_short_id
from bot.views.results import (
    answered_words,
    area_line,
    area_percent,
    change_since_previous,
    criterion_line,
    history_line,
    missing_details_words,
    points_words,
    verdict,
    weak_words,
)

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
        ("Points", points_words(session, None) or "not given"),
        ("Planned for", moment_token(row.scheduled)),
        ("Started", moment_token(row.started)),
        ("Finished", moment_token(row.finished)),
        ("Took", duration_words(session) or "not known"),
    ]
    told = [
        change_since_previous(record, as_token=True) if with_previous else "",
        "iSpring no longer lists this session." if session.missing_since else "",
        acknowledged_words(record, as_token=True),
    ]
    remarks = "\n".join(line for line in told if line)
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
        points_words(session, record.details),
        f"Started {moment_words(row.started)}, finished {moment_words(row.finished)}",
        weak_words(record.details),
        missing_details_words(session).rstrip(".") if record.details is None else "",
        *(history_line(entry, as_token=False) for entry in _told(record)),
        change_since_previous(record, as_token=False) if with_previous else "",
        acknowledged_words(record, as_token=False),
    ]
    return ". ".join(filter(None, sentences)) + f". Session {safe_short_id(record)}"


def _criteria(record: SessionRecord) -> list[Block]:
    if record.details is None:
        why = missing_details_words(record.session)
        return [section(mrkdwn(f"*Criteria*\n{why}"))] if why else []
    told, left = _within(_area_lines(record.details), CRITERIA_CHARACTERS)
    heading = f"*Criteria*\n{answered_words(record.details) or 'none'}"
    more = [context(f"and {count(left, 'line')} more; iSpring shows them all")] if left else []
    return [section(mrkdwn(heading)), *lines(told), *more]


def _area_lines(details: Details) -> list[str]:
    """Each area with its criteria below it, in iSpring's order; criteria of no known area at the end."""
    told: list[str] = []
    known = {area.area_id for area in details.areas}
    for area in details.areas:
        told.append(_area_heading(area))
        told += _criterion_lines([one for one in details.criteria if one.area_id == area.area_id])
    rest = [one for one in details.criteria if one.area_id not in known]
    if rest and told:
        told.append("Others")
    return told + _criterion_lines(rest)


def _area_heading(area: AreaResult) -> str:
    value = area_percent(area)
    if value is not None:
        return area_line(area, value)
    return f"{bare(area.title, NAME) or 'area without a title'}: not scored"


def _criterion_lines(criteria: Sequence[CriterionResult]) -> list[str]:
    return [criterion_line(one) for one in criteria]


def _within(told: list[str], room: int) -> tuple[list[str], int]:
    """As many lines as fit, and how many were left out."""
    kept: list[str] = []
    for line in told:
        room -= size(line) + 1
        if room < 0:
            break
        kept.append(line)
    return kept, len(told) - len(kept)


def _history(record: SessionRecord) -> list[Block]:
    if not _told(record):
        return []
    told = [history_line(entry, as_token=True) for entry in _told(record)]
    return [section(mrkdwn("*History*\n" + "\n".join(told)))]


def _told(record: SessionRecord) -> Sequence[HistoryEntry]:
    """The changes worth telling: that it was completed, and nothing since, is what the rest of the card says."""
    kinds = [entry.kind for entry in record.history]
    is_plain = kinds in ([ChangeKind.APPEARED], [ChangeKind.COMPLETED])
    return () if is_plain else record.history[-HISTORY_LINES:]
