"""Subcommands of the slash command. Help, suggestions, the README's table and the demo's hints are made from them."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from types import ModuleType

from bot.blocks.answers import Needs, Topic
from bot.domain.notifications import Destination, Message
from bot.domain.viewers import Viewer
from bot.listeners.context import AppContext


@dataclass(frozen=True, slots=True)
class CommandRequest:
    """One use of a subcommand: `words` follow its verb, `topics` are what this viewer may use, in the order of help.

    `channel_id` is None outside a conversation (on the Home tab). `is_button`: a button ran it without a question, or
    words that only mean it: what changes something is asked about. `is_confirmed`: its question was answered with yes.
    `meant_for`: where the message belongs whose button ran it, if shadow mode shows it elsewhere.
    """

    viewer: Viewer
    channel_id: str | None
    words: str
    topics: tuple[Topic, ...] = ()
    is_button: bool = False
    is_confirmed: bool = False
    meant_for: Destination | None = None


Effect = Callable[[AppContext, CommandRequest], Awaitable[str]]
Answer = Callable[[AppContext, CommandRequest], Awaitable[Message]]


def _takes_all(_words: str) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Subcommand:
    """A subcommand: what help says of it and what answers it.

    `takes_query`: its words are a query. `only_reads`: it changes nothing, so a mistyped one may be run at once.
    `asks_itself`: it asks before it changes anything, so a button may run it. Without words every one only reads.
    `takes`: whether words behind its verb are meant for it; else the text is a question that begins with the same word,
    as "show my results". `effect`: what its words would change, in a sentence of mrkdwn, for the question before it.
    """

    topic: Topic
    answer: Answer
    takes_query: bool = False
    only_reads: bool = False
    asks_itself: bool = False
    takes: Callable[[str], bool] = _takes_all
    effect: Effect | None = None

    @property
    def verb(self) -> str:
        return self.topic.verb

    @property
    def admins_only(self) -> bool:
        return self.topic.admins_only


def subcommand(
    usage: str,
    summary: str,
    *,
    examples: tuple[str, ...] = (),
    more: str = "",
    on_menu: str = "",
    admins_only: bool = False,
    needs: Needs = Needs.SESSIONS,
    takes_query: bool = False,
    only_reads: bool = False,
    asks_itself: bool = False,
    takes: Callable[[str], bool] = _takes_all,
    effect: Effect | None = None,
) -> Callable[[Answer], Subcommand]:
    """Makes a function the subcommand that is the first word of `usage`; see `Topic` for the other arguments."""
    topic = Topic(
        verb=usage.split()[0],
        usage=usage,
        summary=summary,
        examples=examples,
        more=more,
        on_menu=on_menu,
        admins_only=admins_only,
        needs=needs,
    )
    return lambda answer: Subcommand(topic, answer, takes_query, only_reads, asks_itself, takes, effect)


def subcommands_of(module: ModuleType) -> list[Subcommand]:
    """The subcommands that a module defines, in its order."""
    return [value for value in vars(module).values() if isinstance(value, Subcommand)]
