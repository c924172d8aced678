"""Reminders: one message lists all that is late or planned, says what was done before, and can be put off."""

from collections.abc import Sequence

from bot.blocks import actions
from bot.blocks.cards import UNTITLED
from bot.blocks.elements import Block, button, confirmation, context, mrkdwn, notice, section
from bot.blocks.elements import actions as buttons
from bot.blocks.follow_up_lists import follow_up_line
from bot.blocks.markup import and_more, date_token, safe
from bot.blocks.results import observed_by
from bot.blocks.settings import fewer_button
from bot.blocks.settings_form import REMINDERS
from bot.domain.notifications import Message
from bot.domain.reminders import (
    LATE_AFTER,
    Choices,
    Reminded,
    ReminderClock,
    ReminderKind,
    ReminderLine,
    ReminderStep,
    ReminderView,
    is_overdue,
)
from bot.domain.text import count, lasting

SHOWN = 15
SHORT = 40
_LATE = {clock: count(int(after.total_seconds()) // 3_600, "hour") for clock, after in LATE_AFTER.items()}
OVERDUE_WHEN = (
    f"not started {_LATE[ReminderClock.NOT_STARTED]} after the planned time,"
    f" or not finished {_LATE[ReminderClock.UNFINISHED]} after the start"
)
_WHO = {
    ReminderStep.OBSERVER: "the observer",
    ReminderStep.SUPERVISOR: "the supervisor",
    ReminderStep.OPS: "the operator",
}


def reminder_blocks(view: ReminderView) -> list[Block]:
    """A reminder with its buttons."""
    if not view.lines:
        return [section(mrkdwn("Nothing of this reminder is open any more."))]
    if not view.with_names:
        return [section(mrkdwn(_summary(view)))]
    lines = [_line(one, view) for one in view.lines[:SHOWN]]
    more = len(view.lines) - SHOWN
    command = "follow-ups" if view.kind is ReminderKind.FOLLOW_UP else "overdue"
    further = [and_more(more, f"{view.command} {command}")] if more > 0 else []
    blocks = [section(mrkdwn("\n".join([f"*{_heading(view)}*", *lines, *further])))]
    if view.kind is not ReminderKind.PLANNED:
        blocks.append(buttons([*_snooze_buttons(), fewer_button(REMINDERS)]))
    else:
        blocks.append(buttons([fewer_button(REMINDERS)]))
    return [*blocks, *_next_step(view)]


def _next_step(view: ReminderView) -> list[Block]:
    """What a reader can do beside the buttons; no block for an observer, whose step is the session itself."""
    if view.kind is ReminderKind.FOLLOW_UP:
        return [context(f"`{view.command} follow-ups` lists what is open, with a button to close each.")]
    escalated = [one for one in view.lines if one.step is ReminderStep.SUPERVISOR]
    if any(all(before.is_sent for before in one.reminded) for one in escalated):
        return [context(f"`{view.command} overdue` has buttons that nudge the observers.")]
    return []


def _snooze_buttons() -> list[Block]:
    return [
        button(actions.action_id(actions.SNOOZE, name), text, until)
        for name, text, until in (
            ("hour", "Snooze 1 h", actions.SNOOZE_HOUR),
            ("tomorrow", "Snooze until tomorrow", actions.SNOOZE_TOMORROW),
        )
    ]


def _summary(view: ReminderView) -> str:
    """What OPS_CHANNEL reads: how many are late and what was done, without names, ids or checklists."""
    number, unfinished = len(view.lines), sum(one.clock is ReminderClock.UNFINISHED for one in view.lines)
    parts = [(number - unfinished, "not started"), (unfinished, "not finished")]
    every = [{one.step for one in line.reminded if one.is_sent and not one.in_shadow} for line in view.lines]
    of_each, of_some = set.intersection(*every), set.union(*every)
    whose = "each" if of_each == of_some else "some"
    who = " and ".join(_WHO[step] for step in sorted(of_some))
    verb = "was" if len(of_some) == 1 else "were"
    is_shadow = any(one.in_shadow for line in view.lines for one in line.reminded)
    nobody = "shadow mode reminded nobody" if is_shadow else "nobody could be reminded"
    done = f"{who} of {whose} {verb} reminded" if who else nobody
    return (
        f"{count(number, 'session')} {'is' if number == 1 else 'are'} still late"
        f" ({', '.join(f'{some:,} {what}' for some, what in parts if some)}), the first since"
        f" {date_token(min(one.since for one in view.lines))}, although {done}."
        f" `{view.command} overdue` lists them for those who may see them."
    )


def _heading(view: ReminderView) -> str:
    number = len(view.lines)
    if view.kind is ReminderKind.PLANNED:
        return f"{count(number, 'session')} of yours planned for today and tomorrow"
    if view.kind is ReminderKind.FOLLOW_UP:
        done = sum(one.follow_up is not None and not one.follow_up.is_open for one in view.lines)
        return f"{count(number, 'follow-up')} of yours{f', {done:,} of them done' if 0 < done < number else ''}"
    if view.kind is ReminderKind.NUDGE:
        return f"<@{safe(view.by, 40)}> reminds you of {count(number, 'overdue session')}"
    is_own, be = all(one.step is ReminderStep.OBSERVER for one in view.lines), "is" if number == 1 else "are"
    # What was snoozed before it was late comes all the same.
    late = sum(is_overdue(one.session, view.now) for one in view.lines)
    what = "late" if late == number else f"still to do{f', {late:,} of them late' if late else ''}"
    return f"{count(number, 'session')} {'of yours ' if is_own else ''}{be} {what}"


def _line(one: ReminderLine, view: ReminderView) -> str:
    facts, directory = one.session.facts, view.directory
    if one.follow_up is not None:
        today = view.now.astimezone(view.zone).date()
        line = follow_up_line(one.follow_up, one.session, directory, today, with_owner=False, with_note=True)
        return f"• {line} · {_id_of(one)}"
    who = safe(directory.name_of(facts.key.employee_id), SHORT)
    site = safe(directory.site_of(facts.key.employee_id) or "site unknown", SHORT)
    parts = [f"• *{safe(facts.checklist_title, SHORT) or UNTITLED}*", f"{who}, {site}"]
    match one.clock:
        case ReminderClock.NOT_STARTED if one.since < view.now:
            parts.append(f"planned for {date_token(one.since)}, not started for {lasting(view.now - one.since)}")
        case ReminderClock.UNFINISHED:
            parts.append(f"started {date_token(one.since)}, not finished for {lasting(view.now - one.since)}")
        case _:
            parts.append(f"planned for {date_token(one.since)}")
    if one.step is ReminderStep.SUPERVISOR:
        observer = observed_by(directory.name_of(facts.observer_id), SHORT)
        parts.append(", ".join([observer, *(f"who {_reminded(before)}" for before in one.reminded)]))
    parts.append(_id_of(one))
    return " · ".join(parts)


def _id_of(one: ReminderLine) -> str:
    """What `show` takes."""
    return safe(one.short_id, SHORT)


def _reminded(before: Reminded) -> str:
    at = f" {date_token(before.at)}" if before.at else ""
    if not before.is_sent:
        return "could not be reminded"
    return f"would have been reminded{at}, in shadow mode" if before.in_shadow else f"was reminded{at}"


# ---- answers -------------------------------------------------------------------------------------------------------


def snoozed(until_token: str) -> Message:
    """A reminder was put off."""
    return notice(f"Snoozed: what is still late then comes again {until_token}.")


def nudged(name: str) -> Message:
    """An observer is reminded."""
    return notice(f"{safe(name, SHORT)} is reminded of what is overdue. Nobody is reminded so more than once a day.")


def nudged_before(name: str, at_token: str) -> Message:
    """An observer was nudged on this day."""
    return notice(f"{safe(name, SHORT)} was reminded {at_token}; once a day is enough.")


def choices_shown(choices: Choices, *, command: str, is_saved: bool = False) -> Message:
    """What a person is reminded of."""
    late = f"overdue ({OVERDUE_WHEN})" if choices.late else "nothing that is late"
    planned = "each morning what is planned for today and tomorrow" if choices.planned else ""
    text = " and ".join(part for part in (late, planned) if part)
    return notice(
        f"{'Saved. ' if is_saved else ''}You are reminded of {'what is ' if choices.late else ''}{text}.",
        f"`{command} reminders {'off' if choices.late else 'on'}` changes that;"
        f" `{command} reminders planned {'off' if choices.planned else 'on'}`"
        f" {'ends the list' if choices.planned else 'adds a list'} each morning.",
    )


def _nudge_question(name: str) -> Block:
    text = "They get a direct message now, with your name, that lists everything of theirs that is overdue."
    return confirmation(f"Remind {name[:40]}?", text, "Remind them")


def nudge_buttons(observers: Sequence[tuple[str, str]]) -> list[Block]:
    """Buttons that remind the observers of an overdue list, by person id and name."""
    made = [
        button(actions.action_id(actions.NUDGE, number), f"Nudge {name[:40]}", person, confirm=_nudge_question(name))
        for number, (person, name) in enumerate(observers)
    ]
    return [buttons(made)] if made else []
