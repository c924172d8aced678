"""Mutes: what holds a channel's or one's own messages back for a while."""

import re
from dataclasses import dataclass, replace
from datetime import datetime

from bot.blocks import mutes as views
from bot.blocks.settings import SOMEONE_ELSES
from bot.domain.errors import NotAllowed, QueryError, Remedy
from bot.domain.notifications import Destination, DestinationKind, Message
from bot.domain.quiet import Quiet, parse_quiet
from bot.listeners.access_scope import access_view, zone_of
from bot.listeners.channels import is_channel
from bot.listeners.commands.registry import CommandRequest, subcommand
from bot.listeners.commands.rules import mute_texts, own
from bot.listeners.context import AppContext
from bot.listeners.subscribing import FOR_ME, own_destination
from bot.listeners.understanding import fetch_mentioned_users, is_readable, understand
from bot.query.by_id import by_id
from bot.query.ends import HOW, End, read_end, without_end
from bot.query.parser import Query, say, words
from bot.services import muting
from bot.services.rules import without_times
from bot.store.database import Tx

REASON = 200  # characters
_CHANNELS = re.compile(r"<#([CG][A-Z0-9]+)(?:\|[^<>]*)?>")
_PLACE = r"(?:(?:in )?(?:(?:this|the|our) channel|here|this)|channel|all(?: messages)?|everything|messages)"
_HERE = re.compile(rf"^{_PLACE}(?=\s|$)|\s{_PLACE}$", re.IGNORECASE)
_MINE = re.compile(r"^my (?:messages|dms?|notifications|alerts|posts)(?=\s|$)", re.IGNORECASE)
_EVERY = re.compile(r"^(?:all|everything|here|me|this(?: channel)?|the channel|it|channel)$")
_BECAUSE = re.compile(r"(?:^|\s)because:?\s+(.*)$", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A mute as it was typed, without its place."""

    end: End
    reason: str


async def _wanted(ctx: AppContext, request: CommandRequest, text: str) -> _Wanted:
    """Reads the words of a mute. Raises QueryError if they name no end."""
    now, viewer, reason = ctx.clock.now(), request.viewer, ""
    if because := _BECAUSE.search(text):
        text, reason = text[: because.start()], " ".join(because[1].split())[:REASON]
    try:
        end = read_end(text, now, zone_of(viewer))
    except QueryError as error:
        if (hours := _quiet(text)) is not None:
            said = "A mute has one end. What holds every day or every week is a quiet time of yours."
            raise QueryError(said, [f"quiet {hours}", "mute 4h for:me"]) from None
        without = without_end(text)
        for_me = "for:me" if FOR_ME.search(request.words) else ""
        query = without if await is_readable(ctx, viewer, without, "mute") else ""
        raise QueryError(
            str(error),
            [" ".join(f"mute {when} {query} {for_me}".split()) for when in ("4h", "until:tomorrow", "until:mon")],
        ) from None
    await fetch_mentioned_users(ctx, end.other_text)
    return _Wanted(end, reason)


def _query_of(tx: Tx, request: CommandRequest, end: End, now: datetime) -> tuple[Query, str]:
    """What a mute holds back, and that in words. Raises QueryError."""
    if not end.other_text:
        return Query(()), words(Query(()))
    meant = understand(tx, access_view(tx, request.viewer), end.other_text, f"mute {end.said}", now)
    try:
        without_times(meant.query, "mute")
    except QueryError as error:
        raise QueryError(str(error), [f"mute {end.said} {one}".rstrip() for one in error.suggestions]) from None
    query = by_id(meant.query, meant.known)
    return query, words(query, meant.known)


def _words_of(request: CommandRequest) -> str:
    """What was typed without the place it is about: a named channel, where it was typed, or the viewer."""
    return _HERE.sub("", _CHANNELS.sub("", FOR_ME.sub("", request.words)).strip()).strip()


async def _effect(ctx: AppContext, request: CommandRequest) -> str:
    """What a mute would hold back, where and until when."""
    request = replace(request, words=_MINE.sub("for:me", request.words))
    wanted, now = await _wanted(ctx, request, _words_of(request)), ctx.clock.now()

    def work(tx: Tx) -> str:
        destination = _mutable(tx, request)
        return views.would_mute(destination, _query_of(tx, request, wanted.end, now)[1], wanted.end.at)

    return await ctx.store.read(work)


@subcommand(
    "mute 4h [query]",
    "Hold messages back for a while, here or for you",
    examples=("mute 4h", "mute until:mon outcome:met"),
    more=f"{HOW} In a channel, or with `#channel`, it holds the messages of its rules back, for admins and the owners "
    "of its rules; in a direct message, or with `for:me`, those that come to you. Conditions narrow it down, "
    "`because …` says why. When it ends, what was held back comes as one recap. Alerts, answers and corrections are "
    "never held back.",
    takes_query=True,
    effect=_effect,
)
async def mute(ctx: AppContext, request: CommandRequest) -> Message:
    """Mutes the channel it is typed in, or the viewer; asks for how long if that was not said."""
    request = replace(request, words=_MINE.sub("for:me", request.words))
    now, text = ctx.clock.now(), _words_of(request)
    if not text:
        named = next((one[0] for one in (FOR_ME.search(request.words), _CHANNELS.search(request.words)) if one), "")
        is_elsewhere = request.meant_for is not None
        return await ctx.store.read(
            lambda tx: views.ask_how_long(_mutable(tx, request), named.strip(), is_elsewhere=is_elsewhere)
        )
    wanted = await _wanted(ctx, request, text)

    def work(tx: Tx) -> Message:
        destination = _mutable(tx, request)
        query, said = _query_of(tx, request, wanted.end, now)
        who = request.viewer.slack_user_id
        made, held = muting.mute(tx, destination, say(query), wanted.end.at, who, wanted.reason, now)
        return views.muted(made, said, held, command=ctx.command)

    return await ctx.store.transact(work)


def _quiet(text: str) -> Quiet | None:
    """The quiet time that a text names, as "weekends" or "at night"; None if it names none."""
    try:
        return parse_quiet(text)
    except QueryError:
        return None


@subcommand(
    "unmute [N]",
    "End a mute before its time",
    examples=("unmute",),
    more="What it held back comes at once, as one recap. Without a number it ends the only mute here, or of the "
    "`#channel` that it names; several are listed.",
    asks_itself=True,
)
async def unmute(ctx: AppContext, request: CommandRequest) -> Message:
    """Ends a mute that the viewer may end; a button that asked nothing is answered by the question."""
    words = _CHANNELS.sub("", request.words).lower().removeprefix("mute")
    typed = _EVERY.sub("", words.strip()).strip(" #")

    def work(tx: Tx) -> Message:
        now = ctx.clock.now()
        mine = [one for one in tx.mutes.running(now) if muting.may_unmute(tx, request.viewer, one)]
        here = [one for one in mine if one.destination in _places(tx, request)]
        found = next((one for one in mine if typed == str(one.mute_id)), None)
        if found is None and not typed and len(here) == 1:
            found = here[0]
        said = mute_texts(tx, request.viewer, mine)
        if found is None and not typed:
            listed = here if _CHANNELS.search(request.words) else here or mine
            return views.which_mute(listed, said, command=ctx.command)
        if found is None:
            raise QueryError(
                f"There is no mute “{typed}” that you may end.",
                [f"unmute {one.mute_id}" for one in mine[:3]] or ["rules"],
            )
        if request.is_button:
            return views.ask_to_unmute(found, said[found.mute_id])
        held = muting.unmute(tx, found, request.viewer.slack_user_id, now)
        return views.unmuted(found, held)

    answer = await ctx.store.transact(work)
    ctx.wake_sender()
    return answer


def _mutable(tx: Tx, request: CommandRequest) -> Destination:
    """What is muted: the channel it names or is typed in, or in a direct message the viewer. Raises NotAllowed, and
    QueryError if it names more than one."""
    named = dict.fromkeys(_CHANNELS.findall(request.words))
    if len(named) > 1:
        raise QueryError("A mute is of one channel: mute each on its own.", ["mute 4h"])
    meant_for, here = request.meant_for, next(iter(named), request.channel_id)
    if FOR_ME.search(request.words):
        destination = own_destination(tx, request.viewer)
    elif meant_for is not None:
        destination = meant_for
    elif here is not None and is_channel(here):
        destination = Destination(DestinationKind.CHANNEL, here)
    else:
        destination = own_destination(tx, request.viewer)
    if meant_for == destination and meant_for.kind is not DestinationKind.CHANNEL and meant_for != own(request.viewer):
        raise NotAllowed(SOMEONE_ELSES, Remedy.NONE)
    if not muting.may_mute(tx, request.viewer, destination):
        raise NotAllowed(
            "only admins of Spotter and the owners of a channel's rules mute it; “mute 4h for me” mutes you",
            Remedy.ADMIN,
        )
    return destination


def _places(tx: Tx, request: CommandRequest) -> list[Destination]:
    """The channels it names, else the channel it is typed in, else the viewer's own direct messages."""
    named = _CHANNELS.findall(request.words)
    if not named and request.channel_id is not None and is_channel(request.channel_id):
        named = [request.channel_id]
    if named:
        return [Destination(DestinationKind.CHANNEL, one) for one in named]
    return [] if request.viewer.person_id is None else [own(request.viewer)]
