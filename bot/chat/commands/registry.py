"""What can be asked after the slash command: one entry per subcommand, from which help, suggestions, the README's
table and the demo's hints derive."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bot.chat.desk import Desk
from bot.core.model import Message, Viewer


@dataclass(frozen=True, slots=True)
class Asked:
    """One question. `words` is what stands behind the verb; `channel_id` is None where no conversation is around it."""

    viewer: Viewer
    channel_id: str | None
    words: str


Answering = Callable[[Desk, Asked], Awaitable[Message]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Subcommand:
    """One subcommand. `examples` are whole commands without the slash word; `takes_query`: its words are a query.

    `about` is what `help VERB` adds, a sentence each. `admins_only` hides it from everybody else's help.
    """

    verb: str
    usage: str
    summary: str
    answer: Answering
    examples: tuple[str, ...] = ()
    about: tuple[str, ...] = ()
    admins_only: bool = False
    takes_query: bool = False


_ENTRIES: dict[str, Subcommand] = {}


def subcommand(
    usage: str,
    summary: str,
    *,
    examples: tuple[str, ...] = (),
    about: tuple[str, ...] = (),
    admins_only: bool = False,
    takes_query: bool = False,
) -> Callable[[Answering], Answering]:
    """Registers a function as the subcommand that is the first word of `usage`."""

    def register(answer: Answering) -> Answering:
        verb = usage.split()[0]
        assert verb not in _ENTRIES, f"{verb} is registered twice"
        _ENTRIES[verb] = Subcommand(
            verb=verb,
            usage=usage,
            summary=summary,
            answer=answer,
            examples=examples,
            about=about,
            admins_only=admins_only,
            takes_query=takes_query,
        )
        return answer

    return register


def entries() -> tuple[Subcommand, ...]:
    """Every subcommand registered so far, in the order people meet them."""
    return tuple(_ENTRIES.values())
