"""The slash command: Bolt knows one command, and the subcommands behind it are in our registry."""

import re

from slack_bolt.async_app import AsyncApp

from bot.blocks.answers import with_age
from bot.domain.errors import QueryError
from bot.domain.model import Message
from bot.domain.permissions import closed_reason
from bot.domain.ports import Reply
from bot.listeners.after_ack import AfterAck
from bot.listeners.commands import people, rules, sessions, settings, why
from bot.listeners.commands.registry import CommandRequest, Subcommand, subcommands_of
from bot.listeners.context import AppContext
from bot.listeners.requests import Request, SlashCommand, viewer_of
from bot.query.nearest import nearest

TOPICS = (sessions, why, rules, settings, people)  # in the order of help

_ID_PATTERN = re.compile(r"[0-9a-fA-F-]{4,}")


def register(app: AsyncApp, after_ack: AfterAck) -> None:
    """Registers the command."""
    app.command(after_ack.ctx.command, middleware=[after_ack.known_viewer])(after_ack.command(answer))


def registry() -> tuple[Subcommand, ...]:
    """Every subcommand in the order of help: by topic, those for admins last."""
    found = [entry for topic in TOPICS for entry in subcommands_of(topic)]
    return tuple(sorted(found, key=lambda entry: entry.admins_only))


async def answer(ctx: AppContext, command: SlashCommand, reply: Reply) -> None:
    """Answers a slash command."""
    await reply(await answered(ctx, command, command.text))


async def answered(ctx: AppContext, request: Request, text: str) -> Message:
    """The answer to `text` without the slash word. Raises QueryError, NotAllowed, NotPossibleNow and StoreBusy."""
    viewer = await viewer_of(ctx, request)
    offered = {entry.verb: entry for entry in registry() if viewer.is_admin or not entry.admins_only}
    topics = tuple(entry.topic for entry in offered.values())
    verb, *rest = text.split(maxsplit=1) or [""]
    words = "".join(rest).strip()
    if not verb:
        found = await sessions.menu(ctx, viewer, topics)
    else:
        entry = offered.get(verb.lower())
        if entry is None:
            raise _no_such_verb(verb, words, tuple(offered))
        found = await entry.answer(ctx, CommandRequest(viewer, request.channel_id, words, topics))
    ages = await ctx.store.read(lambda tx: tx.people.ages())
    return with_age(found, ages.old_parts(ctx.clock.now()), closed_reason(viewer))


def _no_such_verb(typed: str, words: str, verbs: tuple[str, ...]) -> QueryError:
    whole = f"{typed} {words}".strip()
    like = [f"{verb} {words}".strip() for verb in nearest(typed, verbs)]
    if ":" in typed:
        like.insert(0, f"results {whole}")
    elif _ID_PATTERN.fullmatch(typed):
        like.insert(0, f"show {typed}")
    return QueryError(f"“{typed}” is nothing Spotter understands.", like)
