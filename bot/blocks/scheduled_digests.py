"""A rule's digest: the figures of a period beside the one before, what needs action, and who was silent.

It names its zone and the days it covers. What could not be read is said, and never shown as a zero.
"""

from collections.abc import Sequence
from datetime import timedelta, tzinfo

from bot.blocks import actions
from bot.blocks.cards import UNTITLED
from bot.blocks.charts import data_table
from bot.blocks.criteria import costly_blocks
from bot.blocks.elements import BUTTON_VALUE, Block, button, context, mrkdwn, section, with_fallback
from bot.blocks.elements import actions as buttons
from bot.blocks.follow_up_lists import follow_up_line
from bot.blocks.markup import MONTHS, and_more, bar, code, date_token, format_query_text, moment_token, safe
from bot.blocks.report_lists import late_since, listed
from bot.blocks.reports import percent_cell
from bot.blocks.results import observed_by
from bot.domain.digests import Digest, DigestView
from bot.domain.model import OutcomeKind, Session
from bot.domain.report_numbers import format_against, format_change, format_percent
from bot.domain.report_periods import Window
from bot.domain.reports import SMALLEST_GROUP, Figures, ReportRow
from bot.domain.text import count, lasting
from bot.domain.whole_reports import SilentUnit

SITES, SMALL_NAMED, SILENT_NAMED = 5, 5, 5
STALE_AFTER = timedelta(hours=2)
LATE = "overdue"  # the command that shows all
SHORT = 40  # of a name in a list, so that a whole digest stays within a message
_DAY_NAMES = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def digest_blocks(view: DigestView) -> list[Block]:
    """A digest as blocks, for a message and for a preview."""
    head = [f"*{view.title}: {format_query_text(view.words, 400)}*"]
    found = view.figures
    if found is None:
        head.append(f"This digest could not be made: {safe(view.problem, 400)}. Nothing is known of its figures.")
        return [section(mrkdwn("\n".join(head))), *_foot(view)]
    head.append(f"{_days(found, view.zone)}{_caught_up(view)}")
    if found.is_unread:
        head.append(f"*iSpring could not be read*, so there are no figures of these days. {_data_of(found)}")
        return [section(mrkdwn("\n".join(head))), *_foot(view)]
    if found.is_incomplete:
        head.append(_stale(found))
    head += _headline(found, view.called)
    # What is of these days comes first; what is open since before follows, with its time.
    blocks = [section(mrkdwn("\n".join(head))), *_below(found, view), *_older_below(found, view)]
    blocks += [*_overdue(found, view), *_follow_ups(found, view)]
    if not found.needs_somebody:
        blocks.append(
            section(mrkdwn("Nobody has to act: nothing is overdue, and every low result up to then is acknowledged."))
        )
    blocks += _sites(found)
    return [
        *blocks,
        *costly_blocks(found.costly, found.criteria_from),
        *_silent(found, _of_observers(view)),
        *_foot(view),
    ]


# ---- the head ----------------------------------------------------------------------------------------------------


def _days(found: Digest, zone: tzinfo) -> str:
    """The days covered, with their zone: "Mon 23 Nov to Sun 29 Nov 2026 (Europe/Berlin)"."""
    return f"{_span(found.window, zone)} ({safe(str(zone), SHORT)})"


def _span(window: Window, zone: tzinfo) -> str:
    first = window.start.astimezone(zone).date()
    last = (window.end - timedelta(microseconds=1)).astimezone(zone).date()
    end = f"{_DAY_NAMES[last.weekday()]} {last.day} {MONTHS[last.month - 1]} {last.year}"
    if first == last:
        return end
    year = f" {first.year}" if first.year != last.year else ""
    return f"{_DAY_NAMES[first.weekday()]} {first.day} {MONTHS[first.month - 1]}{year} to {end}"


def _caught_up(view: DigestView) -> str:
    if not view.missed:
        return ""
    text = f". It stands for {count(view.missed, 'digest')} before it that could not be sent"
    return f"{text}, of which it covers the last days only" if view.is_cut else text


def _stale(found: Digest) -> str:
    since = f" since {date_token(found.data_until)}" if found.data_until is not None else ""
    return (
        f"*The data is old: iSpring could not be read{since}.* What came later is missing below; this message is"
        " changed once it can be read again."
    )


def _data_of(found: Digest) -> str:
    if found.data_until is None:
        return "It was never read yet."
    return f"Data of {date_token(found.data_until)}; this message is changed once it can be read again."


def _headline(found: Digest, called: str) -> list[str]:
    now, then = found.now, found.then
    if found.is_parted and now.completed:
        # Shares of what was chosen by its outcome would be 0 % or 100 %.
        before = f"{then.met:,} of {then.completed:,} {called}" if then.completed else f"none {called}"
        change = f", {format_percent(now.share)} of them ({_points(now, then)})" if now.share is not None else ""
        return [f"*{now.met:,} of {now.completed:,} completed*{change} · {before}"]
    if not now.completed:
        before = f"{then.completed:,} {called}" if then.completed else f"none {called} either"
        return [f"No session was completed ({before})."]
    lines = [f"*{now.completed:,} completed* ({format_against(now.completed, then.completed, called)})"]
    if now.judged or then.judged:
        against = format_against(now.failing, then.failing, called)
        lines.append(f"*{now.failing:,} below target*" + (f" ({against})" if against else ""))
    if now.share is not None:
        lines.append(f"*{format_percent(now.share)} met the target* ({_points(now, then)})")
    if now.median is not None:
        lines.append(f"*median {format_percent(now.median)}*{_median_change(now, then)}")
    return [" · ".join(lines)]


def _points(now: Figures, then: Figures) -> str:
    """The change of the share, with how few sessions it rests on if these are under 5."""
    text = format_change(now.share, then.share)
    few = [
        f"of {one.judged} {when}" for one, when in ((now, "now"), (then, "before")) if 0 < one.judged < SMALLEST_GROUP
    ]
    return f"{text}, {' and '.join(few)}" if few else text


def _median_change(now: Figures, then: Figures) -> str:
    if now.median is None or then.median is None:
        return ""
    return f" ({format_change(now.median, then.median)})"


# ---- what needs action -----------------------------------------------------------------------------------------------


def _below(found: Digest, view: DigestView) -> list[Block]:
    heading = f"*{found.all_below:,} below target and not acknowledged*, completed in these days"
    return _low_results(heading, found.below, found.all_below, found, view)


def _older_below(found: Digest, view: DigestView) -> list[Block]:
    days = _span(found.older, view.zone)
    heading = f"*{found.all_older_below:,} older below target and not acknowledged*, completed {days}"
    return _low_results(heading, found.older_below, found.all_older_below, found, view)


def _low(found: Digest, view: DigestView) -> str:
    """The command that shows all low results from the first day that the digest names."""
    first = min(found.older.start, found.window.start).astimezone(view.zone).date()
    return f"results outcome:failed since:{first.isoformat()}"


def _low_results(heading: str, lowest: Sequence[Session], total: int, found: Digest, view: DigestView) -> list[Block]:
    if not total:
        return []
    if not lowest:  # all lines went to newer ones
        return [section(mrkdwn(heading if view.query else f"{heading}: {code(f'{view.command} {_low(found, view)}')}"))]
    lines = [
        listed(one, view.directory, moment_token(one.facts.finished, by_day=True), limit=SHORT, under_heading=True)
        for one in lowest
    ]
    return [section(mrkdwn("\n".join([heading, *lines, *_more(total - len(lowest), view, _low(found, view))])))]


def _overdue(found: Digest, view: DigestView) -> list[Block]:
    total = sum(found.overdue_counts.values())
    if not total:
        return []
    parts = [
        f"{found.overdue_counts[kind]:,} {words}"
        for kind, words in (
            (OutcomeKind.PLANNED, "planned and not started"),
            (OutcomeKind.IN_PROGRESS, "started and not finished"),
        )
        if found.overdue_counts.get(kind)
    ]
    name_of = view.directory.name_of
    lines = [
        listed(
            one,
            view.directory,
            late_since(one, view.now),
            observed_by(name_of(one.facts.observer_id), SHORT),
            limit=SHORT,
        )
        for one in found.overdue
    ]
    heading = f"*{total:,} overdue now*: {', '.join(parts)}; the oldest first"
    more = _more(total - len(found.overdue), view, LATE)
    return [section(mrkdwn("\n".join([heading, *lines, *more])))]


def _follow_ups(found: Digest, view: DigestView) -> list[Block]:
    counts, today = found.follow_ups, view.now.astimezone(view.zone).date()
    if not counts.open:
        return []
    heading = f"*{count(counts.open, 'open follow-up')}*" + (f", {counts.overdue:,} overdue" if counts.overdue else "")
    lines = [
        "• " + follow_up_line(one.follow_up, one.session, view.directory, today, with_owner=True, with_note=False)
        for one in counts.oldest
    ]
    lines.append(f"`{view.command} follow-ups` lists them for those who may see them")
    return [section(mrkdwn("\n".join([heading, *lines])))]


def _more(number: int, view: DigestView, command: str) -> list[str]:
    if number <= 0:
        return []
    # A stored query names people by id, which is for a button and not to be read.
    return [f"and {number:,} more" if view.query else and_more(number, f"{view.command} {command}")]


# ---- sites, and who was silent -------------------------------------------------------------------------------------


def _sites(found: Digest) -> list[Block]:
    """The sites with the lowest share, as a table or as lines, the small ones named without a rank; nothing if there is
    only one site, or if no site has what was chosen by its outcome."""
    if len(found.sites) < 2 or (found.is_parted and not found.now.met):
        return []
    ranked = [row for row in found.sites if not row.now.is_small and row.now.share is not None]
    ranked = ranked[::-1] if found.is_parted else ranked
    small = [row for row in found.sites if row.now.is_small and row.now.completed]
    more = []
    if len(ranked) > SITES:
        more.append(
            f"and {count(len(ranked) - SITES, 'site')} more with a {'lower' if found.is_parted else 'higher'} share"
        )
    if small:
        named = "; ".join(f"{_name(row, found)} ({row.now.completed})" for row in small[:SMALL_NAMED])
        others = f" and {len(small) - SMALL_NAMED:,} more" if len(small) > SMALL_NAMED else ""
        more.append(f"Fewer than {SMALLEST_GROUP} sessions, not ranked: {named}{others}")
    heading, listed = f"*{_site_order(found) if ranked else 'Sites'}*", ranked[:SITES]
    lines = [heading, *(_site_line(row, found) for row in listed), *more]
    as_lines = [section(mrkdwn("\n".join(lines)))] if listed or more else []
    table = _site_table(listed, found)
    if table is None:
        return as_lines
    return [with_fallback([table, *([context(*more)] if more else [])], as_lines)]


def _site_line(row: ReportRow, found: Digest) -> str:
    assert row.now.share is not None
    what = f"({row.now.met:,})" if found.is_parted else "met the target"
    share = f"{bar(float(row.now.share))} {format_percent(row.now.share)} {what}"
    return f"• {_name(row, found)} · {share} · {_points(row.now, row.before)} · {row.now.completed:,} completed"


def _site_table(rows: Sequence[ReportRow], found: Digest) -> Block | None:
    cells = [
        (
            found.labels.get(row.group, "") or UNTITLED,
            percent_cell(row.now.share),
            _points(row.now, row.before),
            (row.now.completed, f"{row.now.completed:,}"),
        )
        for row in rows
        if row.now.share is not None
    ]
    header = ("Site", "Of completed" if found.is_parted else "Met target", "Change", "Completed")
    return data_table(_site_order(found), header, cells)


def _site_order(found: Digest) -> str:
    return f"Sites, the {'highest' if found.is_parted else 'lowest'} share first"


def _name(row: ReportRow, found: Digest) -> str:
    return safe(found.labels.get(row.group, ""), SHORT) or UNTITLED


def _silent(found: Digest, of_observers: str) -> list[Block]:
    silent, lines = found.silent, []
    for what, those, every in (
        ("site", silent.sites, silent.all_sites),
        ("observer", silent.observers, silent.all_observers),
    ):
        if len(those) == every > 1:
            lines.append(f"• none of the {every:,} {what}s has one")
        elif those:
            lines.append(f"• {len(those):,} of {count(every, what)}: {_silent_names(those)}")
    if not lines:
        return []
    days = round((found.window.end - silent.window.start).total_seconds() / 86_400)
    heading = f"*Without a completed session for {count(days, 'day')}*{of_observers}"
    return [section(mrkdwn("\n".join([heading, *lines])))]


def _of_observers(view: DigestView) -> str:
    """An observer may have observed an employee of another site meanwhile, of which the owner learns nothing."""
    return "" if view.scope.everything else "; of an observer, only sessions with the people of this digest count"


def _silent_names(those: Sequence[SilentUnit]) -> str:
    # A name of a site contains commas: "Store 12, Kitchen".
    named = "; ".join(safe(one.name, SHORT) or UNTITLED for one in those[:SILENT_NAMED])
    return f"{named} and {len(those) - SILENT_NAMED:,} more" if len(those) > SILENT_NAMED else named


# ---- the foot ------------------------------------------------------------------------------------------------------


def _foot(view: DigestView) -> list[Block]:
    parts = [view.foot, view.slot, _scope(view)]
    found = view.figures
    if found is not None and found.data_until is not None and not found.is_incomplete:
        old = view.now - found.data_until
        age = f"*the data is {lasting(old)} old*, of" if old > STALE_AFTER else "data as of"
        parts.append(f"{age} {date_token(found.data_until)}")
    return [context(" · ".join(part for part in parts if part))]


def _scope(view: DigestView) -> str:
    """Whose sessions the figures are of."""
    if view.scope.everything:
        return "of all sessions"
    whose = f"what {view.owner} may see: their" if view.owner else "what you may see: your"
    charge = "their" if view.owner else "your"
    team = f" and those of {count(len(view.scope.employees), 'person', 'people')} in {charge} charge"
    return f"of {whose} own sessions, those observed{team if view.scope.employees else ''}"


def digest_message_blocks(view: DigestView) -> list[Block]:
    """A digest with what a reader can do about it: each sees what they may see."""
    found = view.figures
    wanted: list[tuple[str, str, str]] = []
    if found is not None and found.all_below + found.all_older_below:
        wanted.append(("below", "Low results", _low(found, view)))
    if found is not None and any(found.overdue_counts.values()):
        wanted.append(("overdue", "Overdue", LATE))
    made = [
        button(actions.action_id(actions.RUN, name), text, value)
        for name, text, command in wanted
        # A cut query would ask for something else.
        if len(value := f"{command} {view.query}".rstrip()) <= BUTTON_VALUE
    ]
    return [*digest_blocks(view), *([buttons(made)] if made else [])]
