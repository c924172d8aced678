"""Pages of help: one for each subcommand and each key, with names that the reader may see in the examples."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.blocks import actions
from bot.blocks.answers import Topic, run_buttons
from bot.blocks.elements import Block, button, context, header, line_sections, message, mrkdwn, section
from bot.blocks.elements import actions as buttons
from bot.blocks.markup import code, escape, safe
from bot.blocks.role_pages import Ask, RolePage, pointer
from bot.domain.notifications import Message

EXAMPLES_SHOWN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyTopic:
    """A key of the query language in the help: our own words, but for `names`.

    `key` is as typed (`dept:`), `others` are words that mean the same; `spellings` are whole terms, `in_words` the same
    without a key. `names` are those that the reader may ask for, `examples` are commands with them.
    """

    key: str
    about: str
    others: Sequence[str]
    spellings: Sequence[str]
    in_words: Sequence[str]
    names: Sequence[str]
    examples: Sequence[str]


def overview(
    topics: Sequence[Topic], keys: Sequence[str], asks: Sequence[Ask], own: Sequence[RolePage], *, command: str
) -> Message:
    """What this reader asks most, then the pages of their roles, and all the rest by name only."""
    listed = ["*Ask*", *(f"{code(f'{command} {one.text}', 300)}: {one.about}" for one in asks)]
    named = {"help", *(one.text.split()[0] for one in asks)}
    others = ", ".join(f"`{topic.verb}`" for topic in topics if topic.verb not in named)
    return message(
        [
            header("What Spotter understands"),
            section(mrkdwn("\n".join(listed), 2_900)),
            buttons(run_buttons([one.text for one in asks])),
            *_own_pages(own, command),
            section(mrkdwn(f"*Also*: {others}.\n`{command} help all` says what each does.")),
            *_query_language(keys, command),
        ]
    )


def everything(topics: Sequence[Topic], keys: Sequence[str], own: Sequence[RolePage], *, command: str) -> Message:
    """All that this reader can ask for, a line each: the pages of their roles, their subcommands, a query's keys."""
    return message(
        [
            header("What Spotter understands"),
            *_own_pages(own, command),
            *line_sections([escape(f"`{command} {topic.usage}`: {topic.summary}") for topic in topics]),
            *_query_language(keys, command),
        ]
    )


def _query_language(keys: Sequence[str], command: str) -> list[Block]:
    query = (
        "Say it in your own words, or with `key:value` in any order. The same key twice means “or”, different keys mean"
        f" “and”, a leading minus means “not”. Keys: {', '.join(f'`{key}:`' for key in keys)}."
    )
    private = "Answers are private: only you see them."
    if not keys:
        return [context(private)]
    more = f"More on one of them: `{command} help results`, `{command} help score`."
    return [section(mrkdwn(query)), context(f"{more} {private}")]


def _own_pages(own: Sequence[RolePage], command: str) -> list[Block]:
    if not own:
        return []
    run = actions.action_id(actions.RUN, "role")
    first = button(run, own[0].title, own[0].command)
    return [section(mrkdwn(pointer(own, command)), first)]


def topic_page(topic: Topic, examples: Sequence[str], *, command: str) -> Message:
    """Help on one subcommand; `examples` are commands."""
    lines = [f"*`{command} {topic.usage}`*", topic.summary, topic.more]
    lines.append("For admins of Spotter only." if topic.admins_only else "")
    return message([section(mrkdwn(escape("\n".join(filter(None, lines))))), *_examples(examples, command)])


def key_page(topic: KeyTopic, *, command: str) -> Message:
    """Help on one key of the query language."""
    lines = [f"*`{topic.key}`*", topic.about]
    for lead, values in (("Written", topic.spellings), ("Or in words", topic.in_words)):
        if values:
            lines.append(f"{lead}: {', '.join(f'`{value}`' for value in values)}")
    if topic.others:
        lines.append(f"Means the same: {', '.join(f'`{one}:`' for one in topic.others)}")
    blocks: list[Block] = [section(mrkdwn(escape("\n".join(lines))))]
    if topic.names:
        named = ", ".join(safe(name) for name in topic.names)
        blocks.append(section(mrkdwn(f"*Yours*: {named}", 2_900)))
    return message([*blocks, *_examples(topic.examples, command)])


def _examples(examples: Sequence[str], command: str) -> list[Block]:
    if not examples:
        return []
    shown = examples[:EXAMPLES_SHOWN]
    lines = "\n".join(code(f"{command} {one}", 300) for one in shown)
    return [section(mrkdwn(f"*Examples*\n{lines}", 2_900)), buttons(run_buttons(shown))]
