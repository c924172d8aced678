"""Answers to commands that are not about one session: menu, help, mistakes, targets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.core.model import Message, Targets
from bot.core.outcome import exact
from bot.views import actions
from bot.views.blocks import (
    BUTTON_TEXT,
    BUTTON_VALUE,
    NAME,
    Block,
    bare,
    button,
    clean,
    clip,
    context,
    count,
    date_token,
    escape,
    header,
    message,
    mrkdwn,
    safe,
    section,
)
from bot.views.blocks import actions as buttons

SUGGESTIONS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """One subcommand as help tells of it: our own words only.

    `usage` begins with the verb (`results [query]`), as do the `examples`; `on_menu` is the text of its button in the
    menu, "" for none; `more` is for its own page of help.
    """

    verb: str
    usage: str
    summary: str
    examples: tuple[str, ...] = ()
    more: str = ""
    on_menu: str = ""
    admins_only: bool = False


def menu(
    topics: Sequence[Topic], *, command: str, who: str, is_admin: bool, data_as_of: datetime | None, to_do: int = 0
) -> Message:
    """What this viewer can do, as buttons.

    `who` says who they are to us: a name in iSpring, or why there is none. `to_do` counts what they have to conduct.
    """
    offered = [topic for topic in topics if topic.on_menu and (is_admin or not topic.admins_only)]
    told = f"Spotter tells what happens in iSpring Learn's on-the-job training. You are {safe(who, 300).rstrip('.')}."
    if to_do:
        told += f" You have {count(to_do, 'session')} to conduct or finish."
    made = [
        button(actions.action_id(actions.RUN, topic.verb), topic.on_menu, topic.verb, label=topic.summary)
        for topic in offered
    ]
    more = f"Everything it understands: `{command} help`."
    age = [context(f"Data as of {date_token(data_as_of)}")] if data_as_of else [context("iSpring was not read yet.")]
    text = f"{told} Try: {', '.join(f'{command} {topic.verb}' for topic in offered)}. {more}"
    return message(text, [section(mrkdwn(told)), *([buttons(made)] if made else []), section(mrkdwn(more)), *age])


def help_page(topic: Topic | None, topics: Sequence[Topic], *, command: str) -> Message:
    """Help on one subcommand, or on all of them where `topic` is None."""
    return _help_on(topic, command) if topic else _help_on_all(topics, command)


def _help_on(topic: Topic, command: str) -> Message:
    told = escape(f"*`{command} {topic.usage}`*\n{topic.summary}" + (f"\n{topic.more}" if topic.more else ""))
    if topic.admins_only:
        told += "\nFor admins of Spotter only."
    blocks: list[Block] = [section(mrkdwn(told))]
    if topic.examples:
        listed = "\n".join(f"`{command} {escape(example)}`" for example in topic.examples)
        blocks.append(section(mrkdwn(f"*Examples*\n{listed}")))
        blocks.append(buttons(_runs(topic.examples)))
        told += f"\nExamples:\n{listed}"
    return message(told, blocks)


def _help_on_all(topics: Sequence[Topic], command: str) -> Message:
    told = [escape(f"`{command} {topic.usage}`: {topic.summary}") for topic in topics]
    query = escape(
        'Queries take `key:value` in any order: `checklist:"Opening" dept:"Store 12" outcome:failed score:<80 '
        "since:30d`. The same key twice means or, different keys mean and, a leading minus means not."
    )
    last = f"More on one of them: `{command} help results`. Answers are private: only you see them."
    blocks: list[Block] = [header("What Spotter understands")]
    blocks += [section(mrkdwn("\n".join(told[at : at + 10]))) for at in range(0, len(told), 10)]
    return message("\n".join([*told, query, last]), [*blocks, section(mrkdwn(query)), context(last)])


def did_you_mean(mistake: str, suggestions: Sequence[str], *, command: str) -> Message:
    """What was not understood, and the nearest commands as buttons. `suggestions` are whole texts without the slash
    word, best first; `mistake` may quote what the person typed."""
    told = clip(safe(mistake, 1_000), 1_000)
    fitting = [one for one in suggestions[:SUGGESTIONS] if clean(one) and len(one) <= BUTTON_VALUE]
    if not fitting:
        hint = f"`{command} help` shows what Spotter understands."
        return message(f"{told} {hint}", [section(mrkdwn(f"{told}\n{hint}"))])
    listed = ", ".join(f"{command} {safe(one)}" for one in fitting)
    blocks = [section(mrkdwn(f"{told}\nDid you mean:")), buttons(_runs(fitting))]
    return message(f"{told} Did you mean: {listed}?", blocks)


def not_allowed(reason: str, *, what_next: str = "") -> Message:
    """Why this viewer gets no answer, and who could change that."""
    told = f"You may not see or do that: {safe(reason, 500).rstrip('.')}."
    return trouble(told, what_next or "An admin of Spotter can link your account or change rights.")


def trouble(told: str, what_next: str) -> Message:
    """What went wrong and what to do next; both are our own words."""
    return message(f"{told} {what_next}".strip(), [section(mrkdwn(told)), *([context(what_next)] if what_next else [])])


def said(told: str) -> Message:
    """A short confirmation; our own words."""
    return message(told, [section(mrkdwn(told))])


def acknowledged(*, was_new: bool) -> Message:
    """What a press on Acknowledge is answered with."""
    if was_new:
        return said("Acknowledged: every card of this session now shows that you have seen it.")
    return said("You had acknowledged this session before.")


def target_set(percent: float | None, checklist_title: str | None, *, command: str) -> Message:
    """What the target now is; None where it was taken away."""
    where = f"“{safe(checklist_title)}”" if checklist_title is not None else "every checklist without one of its own"
    if percent is None:
        return said(f"There is no target for {where} any more. Sessions completed before keep theirs.")
    told = f"The target for {where} is now {exact(percent)}. It counts for sessions completed from now on."
    return said(f"{told} `{command} target` shows all targets.")


def targets_list(targets: Targets, titles: Mapping[str, str], *, command: str) -> Message:
    """All targets: the general one and each checklist's own."""
    general = exact(targets.default) if targets.default is not None else "none"
    own = [f"{safe(titles.get(one, one), NAME)}: {exact(value)}" for one, value in targets.per_checklist.items()]
    told = [f"Target for every checklist: {general}", *sorted(own)[:40]]
    hint = f'An admin sets them: `{command} target 80` or `{command} target 85 "Opening"`.'
    return message("\n".join([*told, hint]), [section(mrkdwn("\n".join(told), 2_900)), context(hint)])


def _runs(commands: Sequence[str]) -> list[Block]:
    return [
        button(actions.action_id(actions.RUN, number), bare(one, BUTTON_TEXT), one)
        for number, one in enumerate(commands[:SUGGESTIONS])
    ]
