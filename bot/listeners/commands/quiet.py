"""Quiet time: when a person wants no messages, and the holidays that admins keep."""

import re
from dataclasses import replace
from datetime import datetime

from bot.blocks.quiet import holidays_list, quiet_set, quiet_shown, would_be_quiet
from bot.domain.errors import NotAllowed, QueryError, Remedy
from bot.domain.notifications import Message
from bot.domain.quiet import Quiet, parse_quiet
from bot.listeners.access_scope import access_view, zone_of
from bot.listeners.commands.registry import CommandRequest, subcommand
from bot.listeners.context import AppContext
from bot.query.calendar_dates import read_day
from bot.query.units import GROUPING_WORDS
from bot.store.database import Tx

_HOLIDAYS_TOO = re.compile(r"\bholidays?:(on|off)\b", re.IGNORECASE)
_ASKED_FOR = frozenset({"hours", "time", "times"})  # "quiet hours" asks which these are
_CHANGE = re.compile(r"(add|remove|delete)\s+(?:the\s+)?(\S.*)", re.IGNORECASE)


def _wanted(text: str) -> Quiet:
    """The quiet time that was typed. Raises QueryError."""
    with_holidays = _HOLIDAYS_TOO.search(text)
    wanted = parse_quiet(_HOLIDAYS_TOO.sub("", text))
    return wanted if with_holidays is None else replace(wanted, holidays=with_holidays[1].lower() == "on")


async def _effect(ctx: AppContext, request: CommandRequest) -> str:
    """What a quiet time would hold back."""
    wanted = _wanted(request.words.strip())
    return would_be_quiet(wanted, await ctx.store.read(lambda tx: access_view(tx, request.viewer).zone))


@subcommand(
    "quiet [20:00-07:00 weekend]",
    "When you want no direct messages",
    examples=("quiet", "quiet 20:00-07:00 weekend", "quiet off"),
    more="Hours and days in the time zone of your Slack profile; `holidays:off` leaves holidays out. What comes "
    "meanwhile is held, and sent afterwards as it is then, as one message.",
    takes=lambda words: words.lower() not in _ASKED_FOR and words.lower().split(" ")[0] not in GROUPING_WORDS,
    effect=_effect,
)
async def quiet(ctx: AppContext, request: CommandRequest) -> Message:
    """A viewer's quiet time, or another one from now on."""
    user_id, words = request.viewer.slack_user_id, request.words.strip()

    def show(tx: Tx) -> Message:
        zone = access_view(tx, request.viewer).zone
        return quiet_shown(tx.quiet_times.of(user_id), zone, sorted(tx.quiet_times.holidays()), command=ctx.command)

    if not words:
        return await ctx.store.read(show)
    wanted = _wanted(words)

    def save(tx: Tx) -> Message:
        zone = access_view(tx, request.viewer).zone
        save_quiet(tx, user_id, wanted, ctx.clock.now())
        return quiet_set(wanted, zone, command=ctx.command)

    answer = await ctx.store.transact(save)
    ctx.wake_sender()
    return answer


def save_quiet(tx: Tx, user_id: str, wanted: Quiet, now: datetime) -> None:
    """Saves a user's quiet time; only a change is written to the audit log."""
    before = tx.quiet_times.of(user_id)
    tx.quiet_times.set(user_id, wanted)
    if before != wanted:
        tx.audit_log.write(user_id, "quiet", f"user:{user_id}", now, old=str(before), new=str(wanted))


@subcommand(
    "holidays [add|remove DATE]",
    "Days on which quiet times hold all day",
    examples=("holidays", "holidays add 2026-12-25"),
    admins_only=True,
)
async def holidays(ctx: AppContext, request: CommandRequest) -> Message:
    """The list of holidays, or a change of it."""
    if not request.viewer.is_admin:
        raise NotAllowed("only admins of Spotter keep the holidays", Remedy.ADMIN)
    words = request.words.strip()
    if not words:
        return await ctx.store.read(lambda tx: holidays_list(sorted(tx.quiet_times.holidays()), command=ctx.command))
    found = _CHANGE.fullmatch(words)
    if found is None:
        raise QueryError("Say what to do with which day: add or remove it.", ["holidays add 2026-12-25", "holidays"])
    try:
        named = read_day(found[2], ctx.clock.now().astimezone(zone_of(request.viewer)).date())
    except QueryError as error:
        days = error.suggestions or ["2026-12-25"]
        raise QueryError(str(error), [f"holidays {found[1].lower()} {day}" for day in days]) from None
    is_one = found[1].lower() == "add"

    def work(tx: Tx) -> Message:
        if tx.quiet_times.set_holiday(named, is_one=is_one):
            who, verb = request.viewer.slack_user_id, "holiday added" if is_one else "holiday removed"
            tx.audit_log.write(who, verb, f"day:{named.isoformat()}", ctx.clock.now())
        return holidays_list(sorted(tx.quiet_times.holidays()), command=ctx.command)

    answer = await ctx.store.transact(work)
    ctx.wake_sender()
    return answer
