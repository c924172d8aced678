"""Answers to commands that are not about sessions: menu, help, mistakes, targets, audit log."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.blocks import actions
from bot.blocks.elements import (
    BUTTON_TEXT,
    BUTTON_VALUE,
    Block,
    button,
    context,
    line_sections,
    message,
    mrkdwn,
    notice,
    section,
)
from bot.blocks.elements import actions as buttons
from bot.blocks.markup import NAME, bare, code, date_token, format_data_age, format_query_text, safe
from bot.domain.audit import AuditLine
from bot.domain.errors import Remedy
from bot.domain.notifications import Message
from bot.domain.text import clean, count

SUGGESTIONS = 5
ADMINS_NAMED = 3


class Needs(StrEnum):
    """What a user must have before a subcommand has an answer for them."""

    NOTHING = "nothing"
    SESSIONS = "sessions"  # sessions they may see
    PERSON = "person"  # a person in iSpring
    TEAM = "team"  # sessions of other people, whom they supervise, manage or administer


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """One subcommand in the help: our own words only.

    `usage` begins with the verb (`results [query]`), as do the `examples`; `on_menu` is the text of its button in the
    menu, "" for none; `more` is for its own page of help; `needs` keeps subcommands off the menu that would be refused.
    """

    verb: str
    usage: str
    summary: str
    examples: tuple[str, ...] = ()
    more: str = ""
    on_menu: str = ""
    admins_only: bool = False
    needs: Needs = Needs.SESSIONS


def menu(
    topics: Sequence[Topic],
    *,
    command: str,
    who: str,
    has: Collection[Needs],
    data_as_of: datetime | None,
    corrected_at: datetime | None = None,
    to_do: int = 0,
    what_next: str = "",
) -> Message:
    """What this viewer can do, as buttons; `topics` are those they may know of.

    `who` says in a sentence which person in iSpring they are; if they are none, `what_next` says what to do. `to_do`
    counts the sessions they have to conduct or finish.
    """
    offered = [topic for topic in topics if topic.on_menu and topic.needs in has]
    sentences = [
        "Spotter posts what happens in iSpring Learn's on-the-job training.",
        safe(who, 300),
        what_next,
        f"You have {count(to_do, 'session')} to conduct or finish." if to_do else "",
    ]
    made = [
        button(actions.action_id(actions.RUN, topic.verb), topic.on_menu, topic.verb, label=topic.summary)
        for topic in offered
    ]
    typed = f"The same typed: {', '.join(f'`{command} {topic.verb}`' for topic in offered)}. " if offered else ""
    age = format_data_age(data_as_of, corrected_at) if data_as_of else "iSpring has not been read yet"
    return message(
        [
            section(mrkdwn(" ".join(filter(None, sentences)))),
            *([buttons(made)] if made else []),
            context(f"{typed}Everything it understands: `{command} help`. {age}."),
        ]
    )


def question(text: str, action: str, yes: str, value: str, *, is_grave: bool = False) -> Message:
    """Asks before something is changed: a button that does it, and one that leaves it. `text` is mrkdwn; `action` is
    the id of the button that led here."""
    style = "danger" if is_grave else "primary"
    agree = button(actions.asked(action), yes, value, style=style)
    return message([section(mrkdwn(text)), buttons([agree, button(actions.CANCEL, "Cancel")])])


def ask_to_run(text: str, effect: str, *, command: str) -> Message:
    """Asks before a suggested command that changes something is run; `text` is the command without its slash word,
    `effect` says in a sentence of mrkdwn what it changes."""
    typed = code(f"{command} {text}", 500)
    return question(f"{effect} Shall Spotter do it?\n{typed}", actions.RUN, "Yes, do it", text)


def did_you_mean(mistake: str, suggestions: Sequence[str], *, command: str) -> Message:
    """What was not understood, and the nearest commands as buttons. `suggestions` are whole texts without the slash
    word, best first; `mistake` may quote what the user typed."""
    text = format_query_text(mistake, 1_000)
    fitting = [one for one in suggestions[:SUGGESTIONS] if clean(one) and len(one) <= BUTTON_VALUE]
    if not fitting:
        return notice(f"{text}\n`{command} help` shows what Spotter understands.")
    listed = ", ".join(code(f"{command} {one}", 300) for one in fitting)
    return message([section(mrkdwn(f"{text}\nDid you mean: {listed}?")), buttons(run_buttons(fitting))])


def done_elsewhere(said: str, typed: str, instead: Sequence[str], *, command: str) -> Message:
    """Where something is done that was asked for: `said` is mrkdwn, `typed` the command to type there, if any, and
    `instead` are commands to run here, as buttons."""
    there = f" Type {code(f'{command} {typed}', 300)} there." if typed else ""
    fitting = [one for one in instead if clean(one) and len(one) <= BUTTON_VALUE]
    return message([section(mrkdwn(f"{said}{there}")), *([buttons(run_buttons(fitting))] if fitting else [])])


def which_one(question: str, labels: Sequence[str], commands: Sequence[str], *, command: str) -> Message:
    """What the words of a user may mean, as buttons: each label says what its command would find."""
    fitting = [(label, one) for label, one in zip(labels, commands, strict=True) if clean(one)]
    fitting = [(label, one) for label, one in fitting[:SUGGESTIONS] if len(one) <= BUTTON_VALUE]
    lines = [f"• {safe(label)}: {code(f'{command} {one}', 300)}" for label, one in fitting]
    made = [
        button(actions.action_id(actions.RUN, number), bare(label, BUTTON_TEXT), one)
        for number, (label, one) in enumerate(fitting)
    ]
    text = "\n".join([format_query_text(question, 1_000), *lines])
    return message([section(mrkdwn(text, 2_900)), *([buttons(made)] if made else [])])


def not_allowed(reason: str, what_next: str = "") -> Message:
    """Why this viewer gets no answer, and who could change that (see `format_remedy`)."""
    return notice(f"You may not see or do that: {safe(reason, 500).rstrip('.')}.", what_next)


def not_possible_now(reason: str) -> Message:
    """Why something can't be done as things are."""
    return notice(f"That can't be done: {safe(reason, 500).rstrip('.')}.")


def format_remedy(remedy: Remedy, *, admins: Sequence[str], user_id: str, command: str) -> str:
    """What a refused user can do; "" if nothing helps. `admins` are Slack user ids, to be mentioned."""
    named = ", ".join(f"<@{safe(one, 40)}>" for one in admins[:ADMINS_NAMED])
    ask = f"Ask an admin of Spotter ({named})" if named else "Ask an admin of Spotter"
    match remedy:
        case Remedy.NONE:
            return ""
        case Remedy.ADMIN:
            return f"{ask}."
        case Remedy.LINK if user_id in admins:
            return f"As an admin you can link yourself: `{command} link @you Your Name`."
        case Remedy.LINK:
            return f"{ask} to link your Slack account to your account in iSpring."
        case Remedy.MEMBERSHIP:
            return "Only full members of this workspace get results; its admins in Slack can make you one."
        case Remedy.ACCOUNT:
            return "An administrator of iSpring in your company can make it active again."
        case Remedy.RIGHTS:
            return (
                "You see your own sessions, those you observe, and those of people whom you supervise or whose "
                "departments you manage in iSpring."
            )


def acknowledged(*, was_new: bool) -> Message:
    """The answer to a press on Acknowledge."""
    if was_new:
        return notice("Acknowledged: every card of this session now shows that you have seen it.")
    return notice("You had acknowledged this session before.")


def acknowledged_all(seen: int, new: int, *, of: int) -> Message:
    """The answer to a press on the button that acknowledges several results: how many of them the user may see, and
    how many they had not acknowledged before."""
    left = f" {of - seen} you may not see, or they are open again." if seen < of else ""
    if not new:
        return notice(f"You had acknowledged {count(seen, 'session')} before.{left}")
    return notice(f"Acknowledged {count(new, 'session')}: every card of them now shows that you have seen it.{left}")


def nothing_to_acknowledge() -> Message:
    """The answer to a press on Acknowledge on a card of a session that was re-opened since."""
    return notice("This session was re-opened: there is no result to acknowledge until it is completed again.")


def audit_log(entries: Sequence[AuditLine], *, command: str) -> Message:
    """The newest entries of the audit log, for admins: who did what when, and the value before and after."""
    if not entries:
        return notice("The audit log is empty.")
    lines = [f"{date_token(one.at)} {_audit_line(one)}" for one in entries]
    return message(
        [
            section(mrkdwn(f"The newest {count(len(entries), 'entry', 'entries')} of the audit log")),
            *line_sections(lines),
            context(f"More on the command line: `spotter audit`, or here with a number: `{command} audit 30`"),
        ]
    )


def _audit_line(entry: AuditLine) -> str:
    who = f"<@{entry.slack_user_id}>" if entry.slack_user_id else safe(entry.who, NAME)
    place = f" in <#{safe(entry.channel_id, 40)}>" if entry.channel_id else ""
    what = f"{safe(entry.what)}{place}{entry.about and f': {safe(entry.about)}'}"
    parts = (who, safe(entry.verb, NAME), what, safe(entry.change, NAME))
    return " · ".join(filter(None, parts))


def run_buttons(commands: Sequence[str]) -> list[Block]:
    return [
        button(actions.action_id(actions.RUN, number), bare(one, BUTTON_TEXT), one)
        for number, one in enumerate(commands[:SUGGESTIONS])
    ]


def with_unused(answer: Message, words: str) -> Message:
    """An answer of a subcommand that takes no words, with those that were typed behind it."""
    return with_note(answer, f"I did not use: “{words}”.")


def with_note(answer: Message, note: str) -> Message:
    """An answer with a line behind it."""
    last = message([context(safe(note, 400))])
    rich = (*answer.rich, *last.blocks) if answer.rich else ()
    return Message(f"{answer.text}\n{last.text}", (*answer.blocks, *last.blocks), rich)


def with_age(answer: Message, old_parts: Sequence[tuple[str, datetime]], closed_reason: str) -> Message:
    """An answer whose first line says which parts of iSpring's directory could not be read since when, and what is
    closed because of it; the answer itself if none is old."""
    if not old_parts:
        return answer
    parts = " and ".join(name for name, _ in old_parts)
    oldest = min(at for _, at in old_parts)
    line = f":warning: iSpring's {parts} could not be read since {date_token(oldest)}: rights are as they were then."
    if closed_reason:
        line = (
            f":warning: {closed_reason[0].upper()}{closed_reason[1:]} (since {date_token(oldest)}): only part is shown."
        )
    first = message([context(line)])
    rich = (*first.blocks, *answer.rich) if answer.rich else ()
    return Message(f"{first.text}\n{answer.text}", (*first.blocks, *answer.blocks), rich)
