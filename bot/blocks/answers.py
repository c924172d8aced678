"""Answers to commands that are not about one session: menu, help, mistakes, targets."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.blocks import actions
from bot.blocks.elements import (
    BUTTON_TEXT,
    BUTTON_VALUE,
    NAME,
    Block,
    bare,
    button,
    clean,
    context,
    count,
    date_token,
    escape,
    format_query_text,
    header,
    message,
    mrkdwn,
    safe,
    section,
)
from bot.blocks.elements import actions as buttons
from bot.domain.errors import Remedy
from bot.domain.model import Message, Targets
from bot.domain.outcomes import exact

SUGGESTIONS = 5
ADMINS_NAMED = 3


class Needs(StrEnum):
    """What an asker must have, so that a subcommand has an answer for them."""

    NOTHING = "nothing"
    SCOPE_TOPIC = "sight"  # sessions they may see
    PERSON = "person"  # to be somebody in iSpring


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """One subcommand as help tells of it: our own words only.

    `usage` begins with the verb (`results [query]`), as do the `examples`; `on_menu` is the text of its button in the
    menu, "" for none; `more` is for its own page of help; `needs` keeps off the menu what would be refused.
    """

    verb: str
    usage: str
    summary: str
    examples: tuple[str, ...] = ()
    more: str = ""
    on_menu: str = ""
    admins_only: bool = False
    needs: Needs = Needs.SCOPE_TOPIC


def menu(
    topics: Sequence[Topic],
    *,
    command: str,
    who: str,
    has: Collection[Needs],
    data_as_of: datetime | None,
    to_do: int = 0,
    what_next: str = "",
) -> Message:
    """What this viewer can do, as buttons; `topics` are those they may hear of.

    `who` says in a sentence who they are to us, `what_next` what to do where that is nobody. `to_do` counts what they
    have to conduct.
    """
    offered = [topic for topic in topics if topic.on_menu and topic.needs in has]
    lead = f"Spotter tells what happens in iSpring Learn's on-the-job training. {safe(who, 300)}"
    if what_next:
        lead += f" {what_next}"
    if to_do:
        lead += f" You have {count(to_do, 'session')} to conduct or finish."
    made = [
        button(actions.action_id(actions.RUN, topic.verb), topic.on_menu, topic.verb, label=topic.summary)
        for topic in offered
    ]
    more = f"Everything it understands: `{command} help`."
    age = f"Data as of {date_token(data_as_of)}" if data_as_of else "iSpring has not been read yet"
    text = f"{lead} Try: {', '.join(f'{command} {topic.verb}' for topic in offered)}. {more}"
    return message(text, [section(mrkdwn(lead)), *([buttons(made)] if made else []), context(f"{more} {age}.")])


def help_page(topic: Topic | None, topics: Sequence[Topic], *, command: str) -> Message:
    """Help on one subcommand, or on all of them where `topic` is None."""
    return _help_on(topic, command) if topic else _help_on_all(topics, command)


def _help_on(topic: Topic, command: str) -> Message:
    lead = escape(f"*`{command} {topic.usage}`*\n{topic.summary}" + (f"\n{topic.more}" if topic.more else ""))
    if topic.admins_only:
        lead += "\nFor admins of Spotter only."
    blocks: list[Block] = [section(mrkdwn(lead))]
    if topic.examples:
        listed = "\n".join(f"`{command} {escape(example)}`" for example in topic.examples)
        blocks.append(section(mrkdwn(f"*Examples*\n{listed}")))
        blocks.append(buttons(_runs(topic.examples)))
        lead += f"\nExamples:\n{listed}"
    return message(lead, blocks)


def _help_on_all(topics: Sequence[Topic], command: str) -> Message:
    lead = [escape(f"`{command} {topic.usage}`: {topic.summary}") for topic in topics]
    query = escape(
        'Queries take `key:value` in any order: `checklist:"Opening" dept:"Store 12" outcome:failed score:<80 '
        "since:30d`. The same key twice means “or”, different keys mean “and”, a leading minus means “not”."
    )
    last = f"More on one of them: `{command} help results`. Answers are private: only you see them."
    blocks: list[Block] = [header("What Spotter understands")]
    blocks += [section(mrkdwn("\n".join(lead[at : at + 10]))) for at in range(0, len(lead), 10)]
    return message("\n".join([*lead, query, last]), [*blocks, section(mrkdwn(query)), context(last)])


def did_you_mean(mistake: str, suggestions: Sequence[str], *, command: str) -> Message:
    """What was not understood, and the nearest commands as buttons. `suggestions` are whole texts without the slash
    word, best first; `mistake` may quote what the person typed."""
    lead = format_query_text(mistake, 1_000)
    fitting = [one for one in suggestions[:SUGGESTIONS] if clean(one) and len(one) <= BUTTON_VALUE]
    if not fitting:
        hint = f"`{command} help` shows what Spotter understands."
        return message(f"{lead} {hint}", [section(mrkdwn(f"{lead}\n{hint}"))])
    listed = ", ".join(f"{command} {safe(one)}" for one in fitting)
    blocks = [section(mrkdwn(f"{lead}\nDid you mean:")), buttons(_runs(fitting))]
    return message(f"{lead} Did you mean: {listed}?", blocks)


def not_allowed(reason: str, what_next: str = "") -> Message:
    """Why this viewer gets no answer, and who could change that (see `format_remedy`)."""
    return alert(f"You may not see or do that: {safe(reason, 500).rstrip('.')}.", what_next)


def not_possible_now(reason: str) -> Message:
    """Why something can't be done as things are."""
    return alert(f"That can't be done: {safe(reason, 500).rstrip('.')}.", "")


def format_remedy(remedy: Remedy, *, admins: Sequence[str], user_id: str, command: str) -> str:
    """What somebody who was refused can do; "" where nothing helps. `admins` are Slack user ids, to be named."""
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
            return "Only full members of this workspace get results; whoever runs it in Slack decides who is one."
        case Remedy.ACCOUNT:
            return "Whoever runs iSpring in your company can make it active again."
        case Remedy.RIGHTS:
            return (
                "You see your own sessions, those you observe, and those of people whom you supervise or whose "
                "departments you manage in iSpring."
            )


def alert(lead: str, what_next: str) -> Message:
    """What went wrong and what to do next; both are our own words."""
    return message(f"{lead} {what_next}".strip(), [section(mrkdwn(lead)), *([context(what_next)] if what_next else [])])


def said(lead: str) -> Message:
    """A short confirmation; our own words."""
    return message(lead, [section(mrkdwn(lead))])


def acknowledged(*, was_new: bool) -> Message:
    """What a press on Acknowledge is answered with."""
    if was_new:
        return said("Acknowledged: every card of this session now shows that you have seen it.")
    return said("You had acknowledged this session before.")


def target_set(percent: float | None, checklist_title: str | None, *, command: str) -> Message:
    """What the target now is; None where it was taken away."""
    where = f"“{safe(checklist_title)}”" if checklist_title is not None else "every checklist without one of its own"
    if percent is None:
        gone = f"There is no target for {where} any more."
        if checklist_title is None:
            gone = "Checklists without a target of their own now have none."
        return said(f"{gone} Sessions completed before keep theirs.")
    lead = f"The target for {where} is now {exact(percent)}. It counts for sessions completed from now on."
    return said(f"{lead} `{command} target` shows all targets.")


def targets_list(targets: Targets, titles: Mapping[str, str], *, command: str, is_admin: bool) -> Message:
    """All targets: the general one and each checklist's own; for admins how to set them."""
    general = exact(targets.default) if targets.default is not None else "none"
    own = [f"{safe(titles.get(one, one), NAME)}: {exact(value)}" for one, value in targets.per_checklist.items()]
    lead = [f"Target for every checklist{' but these' if own else ''}: {general}", *sorted(own)[:40]]
    hint = "Targets are set by admins of Spotter."
    if is_admin:
        hint = f'Set one: `{command} target 80`, or for one checklist `{command} target 85 "Opening"`.'
    return message("\n".join([*lead, hint]), [section(mrkdwn("\n".join(lead), 2_900)), context(hint)])


def _runs(commands: Sequence[str]) -> list[Block]:
    return [
        button(actions.action_id(actions.RUN, number), bare(one, BUTTON_TEXT), one)
        for number, one in enumerate(commands[:SUGGESTIONS])
    ]
