"""Mutes: what holds a channel's or one's own messages back for a while."""

import re

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
from bot.query.ends import HOW, read_end, without_end
from bot.query.parser import Query, say, words
from bot.services import muting
from bot.services.rules import without_times
from bot.store.database import Tx

REASON = 200  # characters
_CHANNELS = re.compile(r"<#([CG][A-Z0-9]+)(?:\|[^<>]*)?>")
_BECAUSE = re.compile(r"(?:^|\s)because:?\s+(.*)$", re.IGNORECASE | re.DOTALL)


@subcommand(
    "mute 4h [query]",
    "Hold messages back for a while, here or for you",
    examples=("mute 4h", "mute until:mon outcome:met"),
    more=f"{HOW} In a channel, or with `#channel`, it holds the messages of its rules back, for admins and the owners "
    "of its rules; in a direct message, or with `for:me`, those that come to you. Conditions narrow it down, "
    "`because …` says why. When it ends, what was held back comes as one recap. Alerts, answers and corrections are "
    "never held back.",
    takes_query=True,
)
async def mute(ctx: AppContext, request: CommandRequest) -> Message:
    """Mutes the channel it is typed in, or the viewer; asks for how long if that was not said."""
    now, viewer = ctx.clock.now(), request.viewer
    text = _CHANNELS.sub("", FOR_ME.sub("", request.words)).strip()
    if not text:
        is_elsewhere = request.meant_for is not None
        return await ctx.store.read(
            lambda tx: views.ask_how_long(_mutable(tx, request), request.words, is_elsewhere=is_elsewhere)
        )
    reason = ""
    if because := _BECAUSE.search(text):
        text, reason = text[: because.start()], " ".join(because[1].split())[:REASON]
    try:
        end = read_end(text, now, zone_of(viewer))
    except QueryError as error:
        if (hours := _quiet(text)) is not None:
            said = "A mute has one end. What holds every day or every week is a quiet time of yours."
            raise QueryError(said, [f"quiet {hours}", "mute 4h for:me"]) from None
        without = without_end(text)
        query = without if await is_readable(ctx, viewer, without, "mute") else ""
        raise QueryError(
            str(error), [f"mute {when} {query}".rstrip() for when in ("4h", "until:tomorrow", "until:mon")]
        ) from None
    await fetch_mentioned_users(ctx, end.other_text)

    def work(tx: Tx) -> Message:
        destination, access = _mutable(tx, request), access_view(tx, viewer)
        query = Query(())
        said = words(query)
        if end.other_text:
            meant = understand(tx, access, end.other_text, f"mute {end.said}", now)
            try:
                without_times(meant.query, "mute")
            except QueryError as error:
                suggestions = [f"mute {end.said} {one}".rstrip() for one in error.suggestions]
                raise QueryError(str(error), suggestions) from None
            query = by_id(meant.query, meant.known)
            said = words(query, meant.known)
        made, held = muting.mute(tx, destination, say(query), end.at, viewer.slack_user_id, reason, now)
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
    more="What it held back comes at once, as one recap. Without a number it ends the only mute here, or lists them.",
    asks_itself=True,
)
async def unmute(ctx: AppContext, request: CommandRequest) -> Message:
    """Ends a mute that the viewer may end; a button that asked nothing is answered by the question."""
    typed = request.words.lower().removeprefix("mute").strip(" #")

    def work(tx: Tx) -> Message:
        now = ctx.clock.now()
        mine = [one for one in tx.mutes.running(now) if muting.may_unmute(tx, request.viewer, one)]
        here = [one for one in mine if one.destination in _places(tx, request)]
        found = next((one for one in mine if typed == str(one.mute_id)), None)
        if found is None and not typed and len(here) == 1:
            found = here[0]
        said = mute_texts(tx, request.viewer, mine)
        if found is None and not typed:
            return views.which_mute(here or mine, said, command=ctx.command)
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
    """The viewer's own direct messages, and the channel it is typed in."""
    found = [] if request.viewer.person_id is None else [own(request.viewer)]
    if is_channel(request.channel_id) and request.channel_id is not None:
        found = [Destination(DestinationKind.CHANNEL, request.channel_id)]
    return found
