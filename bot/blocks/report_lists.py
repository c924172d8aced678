"""Reports that list sessions or units: overdue, upcoming, one person's history, who was silent."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from fractions import Fraction

from bot.blocks.cards import UNTITLED
from bot.blocks.elements import Block, context, line_sections, mrkdwn, section
from bot.blocks.markup import NAME, TITLE, bare, date_token, format_query_text, moment_token, safe
from bot.blocks.reminders import OVERDUE_WHEN, nudge_buttons
from bot.blocks.reports import Asked, figures_line, more_rows, report_answer, time_of
from bot.blocks.results import EMOJI, headline, observed_by
from bot.domain.changes import outcome_of
from bot.domain.directory import Directory
from bot.domain.model import Outcome, OutcomeKind, Session
from bot.domain.notifications import Message
from bot.domain.outcomes import score_and_word
from bot.domain.report_numbers import format_change
from bot.domain.reports import Figures
from bot.domain.text import count, lasting
from bot.domain.whole_reports import Silent, SilentUnit, Step

_MINUTE = timedelta(minutes=1)
MOST_NUDGED = 5  # observers with a button

# ---- the lines of a list ---------------------------------------------------------------------------------------------


def listed(session: Session, directory: Directory, *parts: str, limit: int = NAME, under_heading: bool = False) -> str:
    """`• *Maria Lopez* · Opening the store · Store 12 · …` for mrkdwn: a session in a list, first whose it is. One that
    is over begins with its result; `limit` is of each name, `parts` are what else belongs to the line. `under_heading`:
    that says already which are below target."""
    name, outcome = bare(directory.name_of(session.key.employee_id), limit), outcome_of(session)
    first = f"*{safe(headline(name, outcome), TITLE + NAME)}*" if outcome.is_over else f"• *{safe(name)}*"
    if under_heading and outcome.kind is OutcomeKind.BELOW and (score := score_and_word(outcome).score):
        first = f"*{EMOJI[outcome.kind]} {safe(name)} · {score}*"
    title = safe(session.facts.checklist_title, limit) or UNTITLED
    site = safe(directory.site_of(session.key.employee_id) or "site unknown", limit)
    return " · ".join((first, title, site, *filter(None, parts)))


def late_since(session: Session, now: datetime) -> str:
    """`planned 23 Nov, 4 d 20 h ago` for mrkdwn: since when a session that is not over is late."""
    facts = session.facts
    is_planned = outcome_of(session).kind is OutcomeKind.PLANNED
    since = facts.scheduled if is_planned or facts.started.at is None else facts.started
    what = f"{'planned' if is_planned else 'started'} {moment_token(since, by_day=True)}"
    if since.at is None:
        return what
    return f"{what}, {lasting(now - since.at)} ago" if now - since.at >= _MINUTE else f"{what}, just now"


# ---- lists -------------------------------------------------------------------------------------------------------


def overdue(sessions: Sequence[Session], counts: Mapping[OutcomeKind, int], asked: Asked) -> Message:
    """What was planned and not started, and started and not finished, the oldest first with its age."""
    total = sum(counts.values())
    if not total:
        return report_answer(
            asked,
            [
                f"Nothing is overdue: {format_query_text(asked.words, 800)}. Sessions appear here that are"
                f" {OVERDUE_WHEN}. What is open and not overdue: `{asked.command} results open`."
            ],
        )
    parts = [
        f"{counts[kind]:,} {words}"
        for kind, words in (
            (OutcomeKind.PLANNED, "planned and not started"),
            (OutcomeKind.IN_PROGRESS, "started and not finished"),
        )
        if counts.get(kind)
    ]
    heading = f"*Overdue: {format_query_text(asked.words, 800)}*\n{' · '.join(parts)}; the oldest first"
    heading += f"\nOverdue: {OVERDUE_WHEN}."
    return _session_lines(
        heading, sessions, total, asked, lambda one: late_since(one, asked.now), _nudges(sessions, asked)
    )


def _nudges(sessions: Sequence[Session], asked: Asked) -> list[Block]:
    """Buttons that remind the observers of these sessions, for who has people in their charge."""
    covers = asked.coverage
    if covers is not None and not (covers.supervised or covers.departments):
        return []
    observers = dict.fromkeys(one.facts.observer_id for one in sessions if one.facts.observer_id)
    others = [one for one in observers if one != asked.person_id and asked.directory.is_active(one)]
    return nudge_buttons([(one, bare(asked.directory.name_of(one), NAME)) for one in others[:MOST_NUDGED]])


def upcoming(sessions: Sequence[Session], total: int, days: int | None, asked: Asked) -> Message:
    """What is planned for the next days, the soonest first; None: for the time that the query names."""
    when = f"in the next {count(days, 'day')}" if days else "in that time"
    if not total:
        return report_answer(
            asked,
            [
                f"Nothing is planned {when}: {format_query_text(asked.words, 800)}. Sessions planned in iSpring appear"
                f" here by themselves; `{asked.command} upcoming 30d` looks further."
            ],
        )
    heading = f"*{count(total, 'session')} planned {when}: {format_query_text(asked.words, 800)}*"
    return _session_lines(
        heading, sessions, total, asked, lambda one: f"planned for {moment_token(one.facts.scheduled)}"
    )


def _session_lines(
    heading: str,
    sessions: Sequence[Session],
    total: int,
    asked: Asked,
    when: Callable[[Session], str],
    buttons: Sequence[Block] = (),
) -> Message:
    directory = asked.directory
    lines = [
        listed(one, directory, when(one), observed_by(directory.name_of(one.facts.observer_id))) for one in sessions
    ]
    more = [section(mrkdwn(more_rows(total - len(sessions), asked)))] if total > len(sessions) else []
    return report_answer(asked, [section(mrkdwn(heading)), *line_sections(lines), *more, *buttons])


# ---- history -----------------------------------------------------------------------------------------------------


def history(name: str, steps: Sequence[Step], total: Figures, asked: Asked) -> Message:
    """One person's completed sessions, the newest first, each with its change since the one before on its checklist."""
    who = safe(name, NAME)
    if not steps:
        return report_answer(
            asked,
            [
                f"No completed session of {who} that you may see: {format_query_text(asked.words, 800)}. Sessions that"
                f" {who} observed: `{asked.command} results observed by …`."
            ],
        )
    heading = f"*History of {who}*\n{figures_line(total)}; the newest first"
    listed = steps[: asked.limit]
    lines = [_step(step) for step in listed]
    more = [section(mrkdwn(more_rows(total.completed - len(listed), asked)))] if total.completed > len(listed) else []
    return report_answer(asked, [section(mrkdwn(heading)), *line_sections(lines), *more])


def _step(step: Step) -> str:
    facts = step.session.facts
    title = safe(facts.checklist_title, NAME) or UNTITLED
    outcome = outcome_of(step.session)
    parts = [
        f"*{EMOJI[outcome.kind]} {safe(str(score_and_word(outcome)), TITLE)}*",
        title,
        moment_token(facts.finished, by_day=True),
    ]
    if step.before is None:
        parts.append("first on this checklist")
    elif change := _change(outcome, outcome_of(step.before)):
        parts.append(f"{change} since {moment_token(step.before.facts.finished, by_day=True)}")
    return " · ".join(parts)


def _change(now: Outcome, then: Outcome) -> str:
    """The change between two scores as these are listed, "" without two."""
    if now.score is None or then.score is None:
        return ""
    new, old = (Fraction(score_and_word(one).score.removesuffix(" %") or repr(one.score)) for one in (now, then))
    return format_change(Fraction(repr(now.score)), Fraction(repr(then.score)), (new, old))


# ---- silent units ------------------------------------------------------------------------------------------------


def silent(shown: Silent, days: int | None, asked: Asked, first: str = "") -> Message:
    """Employees, sites and observers without a completed session in the last days; None: in the time that the query
    names. `first`: which of them come first."""
    when = f"in the last {count(days, 'day')}" if days else f"{time_of(shown.window, asked)}"
    if not shown.sites and not shown.observers and not shown.employees:
        nothing = f"No employee, site or observer that you may see was silent {when}"
        if not shown.all_employees:
            nothing = "This answer is for supervisors, managers and admins: you see nobody else's sessions"
        return report_answer(asked, [f"{nothing}. Another time: `{asked.command} silent 90d`."])
    which = "" if asked.words == "all sessions" else f"\nCounting only {format_query_text(asked.words, 800)}"
    blocks: list[Block] = [section(mrkdwn(f"*Without a completed session {when}*{which}"))]
    units = (
        ("employee", shown.employees, shown.silent_employees, shown.all_employees),
        ("site", shown.sites, len(shown.sites), shown.all_sites),
        ("observer", shown.observers, len(shown.observers), shown.all_observers),
    )
    for what, those, number, every in sorted(units, key=lambda one: one[0] != first):
        if not every:
            continue
        # An observer may have observed others meanwhile, of which the reader learns nothing.
        whom = " · with the people you may see" if what == "observer" and asked.coverage is not None else ""
        blocks.append(section(mrkdwn(f"*{number:,} of {count(every, what)}*{whom}")))
        listed = those[: asked.limit]
        blocks += line_sections([_silent_line(one) for one in listed])
        if number > len(listed):
            blocks.append(section(mrkdwn(more_rows(number - len(listed), asked))))
    if shown.sites:
        blocks.append(context("A site is active if it or a department below it had a session."))
    return report_answer(asked, blocks)


def _silent_line(one: SilentUnit) -> str:
    people = f" ({count(one.people, 'person', 'people')})" if one.people else ""
    last = f"last on {date_token(one.last)}" if one.last else "never"
    return f"• {safe(one.name, NAME) or UNTITLED}{people} · {last}"
