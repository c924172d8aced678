"""The slash command: Bolt knows one command, and the subcommands behind it are in our registry."""

import re
from collections.abc import Mapping

from slack_bolt.async_app import AsyncApp

from bot.blocks.answers import ask_to_run, with_age
from bot.blocks.elements import notice
from bot.domain.model import Message
from bot.domain.permissions import closed_reason
from bot.domain.ports import Reply
from bot.listeners.after_ack import AfterAck
from bot.listeners.commands import export, mutes, people, reports, rules, sending, sessions, settings, targets, why
from bot.listeners.commands.registry import CommandRequest, Subcommand, subcommands_of
from bot.listeners.context import AppContext
from bot.listeners.requests import Request, SlashCommand, viewer_of
from bot.query.nearest import nearest

TOPICS = (sessions, reports, export, why, rules, mutes, sending, targets, settings, people)  # in the order of help

_SESSION_ID = re.compile(r"[0-9a-fA-F]{8}[0-9a-fA-F-]*")
_SESSION_ID_PART = re.compile(r"(?=.*\d)[0-9a-zA-Z-]+")
_GREETINGS = frozenset(
    {"?", "??", "hi", "hello", "hey", "help me", "how does this work", "what can you do", "commands"}
)
_THANKS = frozenset({"thanks", "thank you", "thx", "ty", "thanks a lot", "many thanks", "ok thanks", "great", "cheers"})
_STOPS = frozenset({"stop", "stop it", "stop this", "stop please", "please stop"})
_SAME_WORD = 80  # percent: "resluts" is "results", "trend" is not "target"
_SHORTEST_VERB = 3


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


async def answered(ctx: AppContext, request: Request, text: str, *, is_pressed: bool = False) -> Message:
    """The answer to `text` without the slash word. Raises QueryError, NotAllowed, NotPossibleNow and StoreBusy.

    `is_pressed`: a button that asked nothing runs it, so what would change something is asked about first.
    """
    viewer = await viewer_of(ctx, request)
    offered = {entry.verb: entry for entry in registry() if viewer.is_admin or not entry.admins_only}
    topics = tuple(entry.topic for entry in offered.values())
    if _plain(text) in _THANKS:
        return notice("You're welcome.")
    if text.strip():
        verb, words = _verb_and_words(text, offered)
        entry = offered[verb]
        if is_pressed and words and not (entry.only_reads or entry.asks_itself):
            return ask_to_run(f"{verb} {words}", command=ctx.command)
        found = await entry.answer(ctx, CommandRequest(viewer, request.channel_id, words, topics, is_pressed))
    else:
        found = await sessions.menu(ctx, viewer, topics)
    ages = await ctx.store.read(lambda tx: tx.people.ages())
    return with_age(found, ages.old_parts(ctx.clock.now()), closed_reason(viewer))


def _verb_and_words(text: str, offered: Mapping[str, Subcommand]) -> tuple[str, str]:
    """The subcommand that a text means, and the words for it: a question without a subcommand asks for results.

    A mistyped subcommand is taken for what it resembles only if that changes nothing.
    """
    text = text.strip().strip("`").strip()
    first, *rest = text.split(maxsplit=1)
    typed, words = first.strip("*_~").lower(), "".join(rest).strip()
    if _plain(text) in _GREETINGS:
        return "help", ""
    if _plain(text) in _STOPS:
        return "unsubscribe", ""
    if _SESSION_ID.fullmatch(text.strip("#")):
        return "show", text
    if typed == "show" and words and not _SESSION_ID_PART.fullmatch(words.strip("`#").removeprefix("session ").strip()):
        return "results", words
    if typed in offered:
        return typed, words
    reading = tuple(verb for verb, entry in offered.items() if entry.only_reads)
    like = nearest(typed, reading, 1, at_least=_SAME_WORD)
    return (like[0], words) if like and len(typed) > _SHORTEST_VERB else ("results", text)


def _plain(text: str) -> str:
    return " ".join(text.lower().strip(" !.,?").split()) or text.strip()
