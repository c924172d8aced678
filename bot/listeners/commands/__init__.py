"""The slash command: Bolt knows one command, and the subcommands behind it are in our registry."""

from functools import cache

from slack_bolt.async_app import AsyncApp

from bot.blocks.answers import ask_to_run, with_age, with_unused
from bot.domain.errors import AmbiguousQuery, QueryError
from bot.domain.notifications import Destination, Message
from bot.domain.permissions import closed_reason
from bot.domain.ports import Reply
from bot.listeners.after_ack import AfterAck
from bot.listeners.commands import (
    digests,
    export,
    follow_ups,
    help_pages,
    mutes,
    people,
    quiet,
    reminders,
    reports,
    rules,
    sending,
    sessions,
    settings,
    shadow,
    status,
    targets,
    trends,
    why,
)
from bot.listeners.commands.dispatch import Dispatch
from bot.listeners.commands.registry import CommandRequest, Subcommand, subcommands_of
from bot.listeners.context import AppContext
from bot.listeners.questions.asked import is_grouped
from bot.listeners.requests import Request, SlashCommand, viewer_of
from bot.query.languages import other_language
from bot.query.tokens import to_ascii_signs

TOPICS = (
    help_pages,
    sessions,
    status,
    trends,
    reports,
    export,
    why,
    follow_ups,
    rules,
    digests,
    mutes,
    targets,
    settings,
    reminders,
    quiet,
    people,
    shadow,
    sending,
)  # in the order of help


def register(app: AsyncApp, after_ack: AfterAck) -> None:
    """Registers the command."""
    app.command(after_ack.ctx.command, middleware=[after_ack.known_viewer])(after_ack.command(answer))


@cache
def registry() -> tuple[Subcommand, ...]:
    """Every subcommand in the order of help: by topic, those for admins last."""
    found = [entry for topic in TOPICS for entry in subcommands_of(topic)]
    return tuple(sorted(found, key=lambda entry: entry.admins_only))


async def answer(ctx: AppContext, command: SlashCommand, reply: Reply) -> None:
    """Answers a slash command."""
    await reply(await answered(ctx, command, command.text))


async def answered(
    ctx: AppContext,
    request: Request,
    text: str,
    *,
    is_button: bool = False,
    is_confirmed: bool = False,
    meant_for: Destination | None = None,
) -> Message:
    """The answer to `text` without the slash word. Raises QueryError, NotAllowed, NotPossibleNow and StoreBusy.

    `is_button`: a button that asked nothing runs it, so what would change something is asked about first.
    `is_confirmed`: the question that the subcommand itself asks was answered with yes. `meant_for`: see
    `CommandRequest`.
    """
    viewer = await viewer_of(ctx, request)
    offered = {entry.verb: entry for entry in registry() if viewer.is_admin or not entry.admins_only}
    admin_verbs = {entry.verb for entry in registry() if entry.admins_only}
    topics = tuple(entry.topic for entry in offered.values())

    async def run(verb: str, words: str, *, is_guess: bool = False) -> Message:
        if not verb:
            return await sessions.menu(ctx, viewer, topics)
        if verb == "results" and is_grouped(words):  # a list has no groups
            verb = "trend"
        entry = offered[verb]
        asks = is_button or is_guess
        asked = CommandRequest(viewer, request.channel_id, words, topics, asks, is_confirmed, meant_for)
        if asks and words and not (entry.only_reads or entry.asks_itself):
            effect = await entry.effect(ctx, asked) if entry.effect is not None else f"{entry.topic.summary}."
            return ask_to_run(f"{verb} {words}", effect, command=ctx.command)
        answer = await entry.answer(ctx, asked)
        return with_unused(answer, words) if words and entry.topic.usage == verb else answer

    text = to_ascii_signs(text).strip().strip("`").strip()
    try:
        found = await Dispatch(ctx, viewer, offered, admin_verbs, run).answer(text)
    except AmbiguousQuery:
        raise
    except QueryError:
        if not (language := other_language(text)):
            raise
        said = f"This looks like {language}, and Spotter reads English. Try one of these."
        raise QueryError(said, ["who failed last week", "my results", "help"]) from None
    ages = await ctx.store.read(lambda tx: tx.people.ages())
    return with_age(found, ages.old_parts(ctx.clock.now()), closed_reason(viewer))
