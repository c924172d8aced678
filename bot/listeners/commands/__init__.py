"""The slash command: from what somebody typed to the answer, by way of the registry."""

import re

from bot.blocks import answers
from bot.blocks.elements import notice
from bot.domain.errors import NotAllowed, QueryError, StoreBusy
from bot.domain.model import Message, Viewer
from bot.listeners.commands.registry import CommandRequest, Subcommand, entries, open_to
from bot.listeners.context import AppContext, next_step
from bot.query.nearest import nearest

# isort: off
from bot.listeners.commands import sessions, why, rules, settings, people, audit

# isort: on

__all__ = ["TOPICS", "Subcommand", "answered", "excused", "registry", "storable"]

TOPICS = (sessions, why, rules, settings, people, audit)  # importing them fills the registry, in this order

_ID_PATTERN = re.compile(r"[0-9a-fA-F-]{4,}")


def registry() -> tuple[Subcommand, ...]:
    """Every subcommand, in the order help lists them."""
    return entries()


async def answered(ctx: AppContext, user_id: str, channel_id: str | None, text: str) -> Message:
    """The answer to what stands behind the slash word; mistakes and refusals are answers too."""
    try:
        viewer = await ctx.contacts.viewer(user_id)
        return await _run(ctx, viewer, channel_id, storable(text))
    except (QueryError, NotAllowed, StoreBusy) as problem:
        return excused(ctx, problem, user_id)


def excused(ctx: AppContext, problem: QueryError | NotAllowed | StoreBusy, user_id: str) -> Message:
    """What somebody is told instead of an answer, and what they can do next."""
    if isinstance(problem, QueryError):
        return answers.did_you_mean(str(problem), problem.suggestions, command=ctx.command)
    if isinstance(problem, NotAllowed):
        return answers.not_allowed(str(problem), next_step(ctx, problem.remedy, user_id))
    return notice("Spotter's database is busy just now.", "Nothing was changed. Try again in a moment.")


def storable(text: str) -> str:
    """Text from outside without halves of characters, which JSON can spell and neither SQLite nor Slack takes."""
    return text.encode("utf-8", "ignore").decode()


async def _run(ctx: AppContext, viewer: Viewer, channel_id: str | None, text: str) -> Message:
    verb, *rest = text.split(maxsplit=1) or [""]
    words = "".join(rest).strip()
    if not verb:
        return await sessions.menu(ctx, viewer)
    known = {entry.verb: entry for entry in open_to(viewer)}
    entry = known.get(verb.lower())
    if entry is None:
        raise _no_such_verb(verb, words, tuple(known))
    return await entry.answer(ctx, CommandRequest(viewer, channel_id, words))


def _no_such_verb(typed: str, words: str, verbs: tuple[str, ...]) -> QueryError:
    whole = f"{typed} {words}".strip()
    like = [f"{verb} {words}".strip() for verb in nearest(typed, verbs)]
    if ":" in typed:
        like.insert(0, f"results {whole}")
    elif _ID_PATTERN.fullmatch(typed):
        like.insert(0, f"show {typed}")
    return QueryError(f"“{typed}” is nothing Spotter understands.", like)
