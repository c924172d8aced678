"""The slash command: Bolt knows one command, and the subcommands behind it are in our registry."""

import re
from collections.abc import Awaitable, Mapping, Sequence
from functools import cache
from typing import Protocol

from rapidfuzz.distance import OSA
from slack_bolt.async_app import AsyncApp

from bot.blocks.answers import ask_to_run, done_elsewhere, with_age, with_unused
from bot.blocks.elements import notice
from bot.domain.errors import AmbiguousQuery, NotAllowed, NotPossibleNow, QueryError, Remedy
from bot.domain.notifications import Destination, Message
from bot.domain.permissions import closed_reason
from bot.domain.ports import Reply
from bot.domain.viewers import Viewer
from bot.listeners.access_scope import access_view
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
from bot.listeners.commands.elsewhere import elsewhere
from bot.listeners.commands.intent import Intent, intent_of, is_grouped
from bot.listeners.commands.nearest_topic import nearest_topic
from bot.listeners.commands.registry import CommandRequest, Subcommand, subcommands_of
from bot.listeners.commands.small_talk import (
    ALL_SENDING,
    GREETING,
    HELP,
    STOP,
    UNDO,
    UNDO_WITH,
    is_thanks,
    without_greeting,
)
from bot.listeners.commands.typing_mistakes import respelled
from bot.listeners.context import AppContext
from bot.listeners.requests import Request, SlashCommand, viewer_of
from bot.listeners.understanding import names_in
from bot.query.languages import other_language
from bot.query.name_index import words_of
from bot.query.nearest import alike
from bot.query.small_words import IGNORED
from bot.query.synonyms import in_common_words
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

_NAMED_SESSION = re.compile(
    r"(?:(?:show|open|see|details?|info)(?: me)? )?(?:(?:of|for|on|about|the|session|id) )+#?`?"
    r"((?=[0-9a-f-]*\d)[0-9a-f]{8}[0-9a-f-]*)`?",
    re.IGNORECASE,
)
_FOLLOW_UP = re.compile(r"^follow ?-?up (?:on )?(?=(?=[0-9a-f-]*\d)[0-9a-f]{8})", re.IGNORECASE)
_DIGEST_OFF = re.compile(r"(?:digests?|summary|report) (?:off|stop|end|remove|cancel|none|no)")
_SAME_WORD = 78  # percent: "resluts" is "results", "trend" is not "target"
_SHORTEST_VERB = 3
_ADMINS_ALONE = frozenset({"audit", "shadow", "setup"})  # whose questions, as whole texts, are about nothing else
MOST_NEXT_STEPS = 2  # that a refusal offers


def register(app: AsyncApp, after_ack: AfterAck) -> None:
    """Registers the command."""
    app.command(after_ack.ctx.command, middleware=[after_ack.known_viewer])(after_ack.command(answer))


@cache
def registry() -> tuple[Subcommand, ...]:
    """Every subcommand in the order of help: by topic, those for admins last."""
    found = [entry for topic in TOPICS for entry in subcommands_of(topic)]
    return tuple(sorted(found, key=lambda entry: entry.admins_only))


class _Run(Protocol):
    """Runs a subcommand with its words. `is_guess`: what was typed only means it, so it asks before it changes."""

    def __call__(self, verb: str, words: str, *, is_guess: bool = False) -> Awaitable[Message]: ...


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
        found = await _answered(ctx, viewer, text, offered, run)
    except AmbiguousQuery:
        raise
    except QueryError:
        if not (language := other_language(text)):
            raise
        said = f"This looks like {language}, and Spotter reads English. Try one of these."
        raise QueryError(said, ["who failed last week", "my results", "help"]) from None
    ages = await ctx.store.read(lambda tx: tx.people.ages())
    return with_age(found, ages.old_parts(ctx.clock.now()), closed_reason(viewer))


async def _answered(
    ctx: AppContext,
    viewer: Viewer,
    text: str,
    offered: Mapping[str, Subcommand],
    run: _Run,
) -> Message:
    """The answer to a text: of the subcommand that it begins with, that it asks for in other words, or of `results`.

    A mistyped subcommand is taken for what it resembles only if that changes nothing and the text is no query.
    """
    if is_thanks(_plain(text)):
        return notice("You're welcome.")
    is_asking_for_help = any(pattern.fullmatch(_plain(text)) for pattern in (GREETING, HELP))
    if is_asking_for_help or not any(letter.isalnum() for letter in text):
        return await run("help" if text else "", "")
    text = without_greeting(text)
    if (found := ALL_SENDING.fullmatch(_plain(text))) and viewer.is_admin:
        return await run("resume" if found["resume"] else "pause", "all", is_guess=True)
    if (place := elsewhere(text)) is not None and not await _is_whole_name(ctx, viewer, text):
        return done_elsewhere(place.said, place.typed, place.instead, command=ctx.command)
    if STOP.fullmatch(_plain(text)):
        return await run("unsubscribe", "")
    if UNDO.fullmatch(_plain(text)):
        raise QueryError("Say what is to end: each of these lists it.", [one for one in UNDO_WITH if one in offered])
    text = _FOLLOW_UP.sub("follow-up ", text)
    if found := _NAMED_SESSION.fullmatch(text):
        return await run("show", found[1])
    if _DIGEST_OFF.fullmatch(_plain(text)):
        return await run("unsubscribe", "")
    if sessions.is_session_id(text.strip("#")):
        return await run("show", text)
    first, *remaining = text.split(maxsplit=1)
    typed, words = first.strip("*_~`!.,?").lower(), "".join(remaining).strip()
    if typed in offered and offered[typed].takes(words):
        return await run(typed, words)
    return await _of_a_question(ctx, viewer, text, offered, run)


async def _of_a_question(
    ctx: AppContext,
    viewer: Viewer,
    text: str,
    offered: Mapping[str, Subcommand],
    run: _Run,
    *,
    may_rephrase: bool = True,
) -> Message:
    """The answer to a question, which is read in Spotter's own words if it can't be read as it stands."""
    intent = intent_of(text)
    if intent is not None and intent.verb in _ADMINS_ALONE and intent.verb not in offered:
        raise NotAllowed(f"only admins of Spotter use “{intent.verb}”", Remedy.ADMIN)
    if intent is not None and (intent.verb not in ("", *offered) or await _is_name(ctx, viewer, text, intent)):
        intent = None
    try:
        if intent is None:
            return await run("results", text)
        answer = await run(intent.verb, intent.words, is_guess=True)
        return with_unused(answer, intent.unused) if intent.unused else answer
    except AmbiguousQuery:
        raise
    except QueryError as error:
        common = in_common_words(text, await _words_of_names(ctx, viewer, text)) if may_rephrase else text
        if common.casefold() != text.casefold():
            try:
                return await _of_a_question(ctx, viewer, common, offered, run, may_rephrase=False)
            except AmbiguousQuery:
                raise
            except QueryError as in_other_words:
                error = in_other_words if not error.suggestions else error
        if intent is None and may_rephrase and (words := await trends.about_criterion(ctx, viewer, text)):
            return await run("trend", words)
        first, *remaining = text.split(maxsplit=1)
        reading = tuple(verb for verb, entry in offered.items() if entry.only_reads)
        is_verb = intent is None and len(first) > _SHORTEST_VERB and first.lower() not in offered
        if is_verb and first.lower() in {entry.verb for entry in registry() if entry.admins_only}:
            raise NotAllowed(f"only admins of Spotter use “{first.lower()}”", Remedy.ADMIN) from None
        like = alike(first, reading, 1, at_least=_SAME_WORD) if is_verb else ()
        if like:
            return await run(like[0], "".join(remaining).strip())
        verbs = _verbs_like(first, offered) if intent is None else ()
        near = nearest_topic(text, offered.__contains__) if intent is None and not verbs else None
        corrected = _respelled(text, offered)
        if near is not None and not corrected:
            return done_elsewhere(near.said, near.typed, near.instead, command=ctx.command)
        fixes = [*corrected, *(f"{one} {''.join(remaining)}".strip() for one in verbs)]
        raise QueryError(str(error), [*dict.fromkeys([*fixes, *error.suggestions])][:MOST_NEXT_STEPS]) from None


def _verbs_like(typed: str, offered: Mapping[str, Subcommand]) -> Sequence[str]:
    """The subcommands that are one typing mistake away: "mtue" is "mute"."""
    word = typed.lower()
    if len(word) <= _SHORTEST_VERB or word in IGNORED:
        return ()
    return [one for one in offered if one[0] == word[0] and OSA.distance(one, word, score_cutoff=1) <= 1]


def _respelled(text: str, offered: Mapping[str, Subcommand]) -> Sequence[str]:
    """What a question asks for once its mistyped keywords are corrected; none if that makes it no question."""
    corrected = respelled(text)
    intent = intent_of(corrected) if corrected != text else None
    return () if intent is None or intent.verb not in offered else (f"{intent.verb} {intent.words}".rstrip(),)


async def _is_name(ctx: AppContext, viewer: Viewer, text: str, intent: Intent) -> bool:
    """Whether the words that ask for a subcommand belong to a longer name that the viewer may see: the checklist
    "Progress review" is no trend."""
    asking = set(words_of(text)) - set(words_of(intent.words)) - set(words_of(intent.unused))

    return any(len(words) > 1 and asking.intersection(words) for words in await _names_in(ctx, viewer, text))


async def _is_whole_name(ctx: AppContext, viewer: Viewer, text: str) -> bool:
    """Whether a text is a name that the viewer may see and nothing else: the checklist "Conduct training"."""
    return [*await _names_in(ctx, viewer, text)] == [words_of(text)]


async def _words_of_names(ctx: AppContext, viewer: Viewer, text: str) -> frozenset[str]:
    """The words of a text that belong to names of two or more words which the viewer may see."""
    named = await _names_in(ctx, viewer, text)
    return frozenset(word for words in named if len(words) > 1 for word in words)


async def _names_in(ctx: AppContext, viewer: Viewer, text: str) -> Sequence[Sequence[str]]:
    """As `names_in`; none for who may see nothing."""
    try:
        return await ctx.store.read(lambda tx: names_in(tx, access_view(tx, viewer), text))
    except (NotAllowed, NotPossibleNow):
        return ()


def _plain(text: str) -> str:
    return " ".join(text.lower().replace("’", "'").strip(" !.,").split()) or text.strip()
