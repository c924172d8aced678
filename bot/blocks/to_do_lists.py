"""What is still to do: the list of an observer, and the rows of sessions that are planned or started."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.blocks import actions
from bot.blocks.cards import UNTITLED
from bot.blocks.elements import Block, button, context, message, mrkdwn, section
from bot.blocks.elements import actions as buttons
from bot.blocks.markup import NAME, bare, code, date_token, format_query_text, moment_token, safe
from bot.blocks.reports import not_used
from bot.blocks.results import observed_by
from bot.blocks.session_lists import ROWS, RenderContext, age_block, details_button, short_id_of
from bot.domain.changes import outcome_of
from bot.domain.model import OutcomeKind, Session
from bot.domain.notifications import Message
from bot.domain.reminders import ReminderClock, is_overdue, running_clock
from bot.domain.text import count

_SOON = timedelta(days=1)  # no reminder comes before the planned time of a session: a later one needs no snooze


@dataclass(frozen=True, slots=True)
class ToDoAsked:
    """Conditions on a to-do list: canonical text, in words, and the typed words that are in neither."""

    query: str = ""
    words: str = ""
    unused: Sequence[str] = ()


def to_do(
    sessions: Sequence[Session],
    shown: RenderContext,
    asked: ToDoAsked = ToDoAsked(),
    *,
    now: datetime,
    unacknowledged: int = 0,
) -> Message:
    """The sessions an observer has to finish (started) and to conduct (planned), the longest due first.

    `unacknowledged`: how many low results of the reader's people are not acknowledged.
    """
    low = _low_results(unacknowledged, shown.command)
    read_as, left_out = list[Block](), not_used(asked.unused)
    if asked.query or left_out:
        read_as = [context(f"Read as {code(f'{shown.command} todo {asked.query}'.rstrip(), 1_500)}{left_out}")]
    if not sessions and asked.query:
        text = f"Nothing to do among {format_query_text(asked.words, 800)}. All you have to do: `{shown.command} todo`."
        return message([section(mrkdwn(text)), *_own_only(shown), *low, *read_as, age_block(shown)])
    if not sessions:
        text = (
            "Nothing to do: no session waits for you to conduct or finish it. Sessions planned for you in iSpring "
            f"appear here by themselves; `{shown.command} results` shows past ones."
        )
        return message([section(mrkdwn(text)), *_own_only(shown), *low, age_block(shown)])
    listed = sessions[:ROWS]
    started = [one for one in listed if _is_started(one)]
    planned = [one for one in listed if not _is_started(one)]
    which = f": {format_query_text(asked.words, 800)}" if asked.query else ""
    heading = f"*{count(len(sessions), 'session')} to do as an observer{which}*"
    if len(sessions) > len(listed):
        heading += f"\n{len(listed)} of {len(sessions)}, the longest due first"
    blocks: list[Block] = [section(mrkdwn(heading))]
    blocks += [*_own_only(shown), *read_as]
    number = 0
    for title, those in (("To finish", started), ("To conduct", planned)):
        if those:
            blocks.append(section(mrkdwn(f"*{title}*")))
        for one in those:
            blocks.append(to_do_row(one, number, shown, now))
            number += 1
    return message([*blocks, *low, age_block(shown)])


def _low_results(number: int, command: str) -> list[Block]:
    """What else waits for who has people in their charge."""
    if not number:
        return []
    run = button(actions.action_id(actions.RUN, "attention"), "Show", "attention", label="Show what needs attention")
    text = f"*{count(number, 'low result')}* of the last 30 days that nobody has acknowledged"
    return [section(mrkdwn(f"{text}, of the people you may see; all: `{command} attention`"), run)]


def _own_only(shown: RenderContext) -> list[Block]:
    """Whose sessions a to-do list covers, and for supervisors and managers where those of their people are."""
    if shown.coverage is None:
        return []
    others = ""
    if shown.coverage.supervised or shown.coverage.departments:
        others = f" `{shown.command} overdue` and `{shown.command} upcoming` cover those of your people."
    return [context(f"Covers only sessions that you observe yourself.{others}")]


def to_do_row(
    session: Session, suffix: str | int, shown: RenderContext, now: datetime, snoozed: datetime | None = None
) -> Block:
    """One session to conduct or finish, with its employee and a button to its details."""
    who = safe(shown.directory.name_of(session.key.employee_id), NAME)
    site = safe(shown.directory.site_of(session.key.employee_id) or "site unknown", NAME)
    later = f" · snoozed until {date_token(snoozed)}" if snoozed else ""
    return _open_row(session, suffix, shown, now, f"{who}, {site}{later}")


def to_do_rows(
    session: Session, suffix: str, shown: RenderContext, now: datetime, snoozed: datetime | None
) -> list[Block]:
    """The same on the Home tab, where what is started, due within a day or overdue can be put off. `snoozed`: until
    when it was."""
    row = to_do_row(session, suffix, shown, now, snoozed)
    running = running_clock(session)
    if running is None or (running[0] is ReminderClock.NOT_STARTED and running[1] > now + _SOON):
        return [row]
    who = bare(shown.directory.name_of(session.key.employee_id), 30)
    made = [
        button(actions.action_id(actions.SNOOZE, f"{suffix}{until}"), text, value, label=f"{text}: {who}")
        for until, text in ((actions.SNOOZE_HOUR, "Snooze 1 h"), (actions.SNOOZE_TOMORROW, "Snooze until tomorrow"))
        if (value := actions.encode(actions.Snooze(session.key, until)))
    ]
    return [row, *([buttons(made)] if made else [])]


def own_planned_row(session: Session, suffix: str | int, shown: RenderContext, now: datetime) -> Block:
    """One session in which the reader will be observed, with its observer and a button to its details."""
    observer = shown.directory.name_of(session.facts.observer_id)
    return _open_row(session, suffix, shown, now, observed_by(observer, begins=True))


def _open_row(session: Session, suffix: str | int, shown: RenderContext, now: datetime, who: str) -> Block:
    row = session.facts
    is_started = _is_started(session)
    when = f"started {moment_token(row.started)}" if is_started else f"planned for {moment_token(row.scheduled)}"
    if is_overdue(session, now):
        when = f"*overdue*, {when}"
    text = f"*{safe(row.checklist_title, NAME) or UNTITLED}*\n{who} · {when} · {short_id_of(row.key, shown)}"
    return section(mrkdwn(text), details_button(session, suffix, shown))


def _is_started(session: Session) -> bool:
    return outcome_of(session).kind is OutcomeKind.IN_PROGRESS
