"""What can be asked after the slash command: one entry per subcommand, from which help, suggestions, the README's
table and the demo's hints derive."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bot.blocks.answers import Needs, Topic
from bot.domain.model import Message, Viewer
from bot.listeners.context import AppContext


@dataclass(frozen=True, slots=True)
class CommandRequest:
    """One question. `words` is what stands behind the verb; `channel_id` is None where no conversation is around it."""

    viewer: Viewer
    channel_id: str | None
    words: str


Answering = Callable[[AppContext, CommandRequest], Awaitable[Message]]


@dataclass(frozen=True, slots=True)
class Subcommand:
    """One subcommand: how help tells of it, what answers it, and whether its words are a query."""

    topic: Topic
    answer: Answering
    takes_query: bool = False

    @property
    def verb(self) -> str:
        return self.topic.verb

    @property
    def usage(self) -> str:
        return self.topic.usage

    @property
    def summary(self) -> str:
        return self.topic.summary

    @property
    def admins_only(self) -> bool:
        return self.topic.admins_only


_ENTRIES: dict[str, Subcommand] = {}


def subcommand(
    usage: str,
    summary: str,
    *,
    examples: tuple[str, ...] = (),
    more: str = "",
    on_menu: str = "",
    admins_only: bool = False,
    needs: Needs = Needs.SCOPE_TOPIC,
    takes_query: bool = False,
) -> Callable[[Answering], Answering]:
    """Registers a function as the subcommand that is the first word of `usage`; the rest is told by `Topic`."""
    verb = usage.split()[0]
    topic = Topic(
        verb=verb,
        usage=usage,
        summary=summary,
        examples=examples,
        more=more,
        on_menu=on_menu,
        admins_only=admins_only,
        needs=needs,
    )

    def register(answer: Answering) -> Answering:
        assert verb not in _ENTRIES, f"{verb} is registered twice"
        _ENTRIES[verb] = Subcommand(topic, answer, takes_query)
        return answer

    return register


def entries() -> tuple[Subcommand, ...]:
    """Every subcommand registered so far, in the order people meet them: those for admins last."""
    return tuple(sorted(_ENTRIES.values(), key=lambda entry: entry.admins_only))


def open_to(viewer: Viewer) -> tuple[Subcommand, ...]:
    """The subcommands a viewer hears of."""
    return tuple(entry for entry in entries() if viewer.is_admin or not entry.topic.admins_only)
