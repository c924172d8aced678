"""Pauses: of one rule until a moment, and the switch with which admins stop all sending."""

import re

from bot.blocks import rule_changes as rule_views
from bot.blocks import sending as views
from bot.blocks.markup import format_query_text
from bot.domain.errors import NotAllowed, QueryError, Remedy
from bot.domain.notifications import Message
from bot.domain.reasons import ReasonCode
from bot.domain.rules import RuleState
from bot.listeners.access_scope import zone_of
from bot.listeners.commands.registry import CommandRequest, subcommand
from bot.listeners.context import AppContext
from bot.listeners.own_rules import is_theirs, own_rule, own_rule_text
from bot.listeners.questions.asked import wish_of
from bot.query.ends import HOW, read_end
from bot.services import pausing
from bot.store.database import Tx

EVERYTHING = "all"
_RULE = re.compile(r"(?:rule\s+)?#?(\d{1,9})(?:\s+(.*))?", re.DOTALL | re.IGNORECASE)


@subcommand(
    "pause N until:mon",
    "Pause rule number N; admins: `pause all` sending",
    examples=("pause 3 until:mon", "pause 3 4h"),
    more="A paused rule goes on collecting, and what it collects comes when it goes on. With `pause all` admins stop "
    "all sending: nothing is posted or edited in any channel or direct message until `resume all`, also after a "
    "restart. Nothing is lost, and commands are still answered. It asks before it stops all, or another person's rule.",
    asks_itself=True,
    takes=lambda words: not _is_mute(words),
)
async def pause(ctx: AppContext, request: CommandRequest) -> Message:
    """Pauses a rule of the viewer's, or any for an admin; for admins all sending."""
    if (found := _RULE.fullmatch(request.words)) is not None:
        return await _pause_rule(ctx, request, found[1], found[2] or "")
    who = _admin(request, "pause")

    def work(tx: Tx) -> Message:
        if not request.is_confirmed and tx.outbox.pause() is None:
            return views.ask_to_pause()
        return views.paused(is_new=pausing.pause_all(tx, who, ctx.clock.now()), command=ctx.command)

    return await ctx.store.transact(work)


def _is_mute(words: str) -> bool:
    """ "pause notifications until tuesday" has an end, and so is a mute; "pause 3" is of a rule."""
    intent = wish_of(f"pause {words}")
    return intent is not None and intent.verb == "mute"


async def _pause_rule(ctx: AppContext, request: CommandRequest, number: str, when: str) -> Message:
    now = ctx.clock.now()
    try:
        end = read_end(when, now, zone_of(request.viewer))
        if end.other_text:
            raise QueryError(f"“{end.other_text}” says nothing of a pause. {HOW}")
    except QueryError as error:
        raise QueryError(
            str(error), [f"pause {number} {one}" for one in ("4h", "until:tomorrow", "until:mon")]
        ) from None

    def work(tx: Tx) -> Message:
        rule = own_rule(tx, request.viewer, number, "pause", when)
        if rule.state is not RuleState.ACTIVE and rule.reason_code is not ReasonCode.PAUSED_BY_PERSON:
            raise QueryError(f"Rule {number} is not active, so there is nothing to pause.", ["rules"])
        said = own_rule_text(tx, request.viewer, rule)
        if not request.is_confirmed and (request.is_button or not is_theirs(request.viewer, rule)):
            return rule_views.ask_to_pause(rule, said, end.at, f"{number} {when}")
        pausing.pause_until(tx, rule, request.viewer.slack_user_id, end.at, now)
        return rule_views.paused(tx.rules.get(rule.rule_id) or rule, said, command=ctx.command)

    return await ctx.store.transact(work)


async def _resumed(ctx: AppContext, request: CommandRequest) -> str:
    """What would be sent again. Raises what `resume` itself would."""
    if (found := _RULE.fullmatch(request.words)) is None:
        _admin(request, "resume")
        return "This lets all sending go on, in every channel and direct message: what was held is sent now."

    def work(tx: Tx) -> str:
        return own_rule_text(tx, request.viewer, own_rule(tx, request.viewer, found[1], "resume"))

    said = format_query_text(await ctx.store.read(work), 300)
    return f"This lets rule {found[1]} go on ({said}): what it collected is sent now."


@subcommand(
    "resume N",
    "Let rule number N go on; admins: `resume all` sending",
    examples=("resume 3",),
    more="Pending messages are sent; after a long pause, what is too old to be posted is counted, as after an outage.",
    effect=_resumed,
)
async def resume(ctx: AppContext, request: CommandRequest) -> Message:
    """Ends the pause of a rule; for admins lets all sending go on."""
    if (found := _RULE.fullmatch(request.words)) is not None:
        answer = await _resume_rule(ctx, request, found[1])
    else:
        who = _admin(request, "resume")

        def work(tx: Tx) -> Message:
            pause = pausing.resume_all(tx, who, ctx.clock.now())
            return views.resumed(pause, tx.deliveries.counts())

        answer = await ctx.store.transact(work)
    ctx.wake_sender()
    return answer


async def _resume_rule(ctx: AppContext, request: CommandRequest, number: str) -> Message:
    def work(tx: Tx) -> Message:
        rule = own_rule(tx, request.viewer, number, "resume")
        was_paused = rule.reason_code is ReasonCode.PAUSED_BY_PERSON
        if was_paused:
            pausing.resume(tx, rule, request.viewer.slack_user_id, ctx.clock.now())
        return rule_views.goes_on(
            tx.rules.get(rule.rule_id) or rule, own_rule_text(tx, request.viewer, rule), was_paused=was_paused
        )

    return await ctx.store.transact(work)


_ALL = re.compile(r"(?:all|everything|it all|sending)(?: (?:rules|messages|sending|posts))?", re.IGNORECASE)


def _admin(request: CommandRequest, verb: str) -> str:
    """The Slack id of the admin who asks. Raises NotAllowed for others, QueryError for anything but "all"."""
    if not _ALL.fullmatch(request.words):
        also = [f"{verb} all"] if request.viewer.is_admin else []
        say = f"“{request.words}” is nothing" if request.words else "Say what is"
        raise QueryError(f"{say} to be {verb}d: “{verb} 3” takes the number of a rule.", [*also, "rules"])
    if not request.viewer.is_admin:
        raise NotAllowed(f"only admins of Spotter {verb} all sending", Remedy.ADMIN)
    return request.viewer.slack_user_id
