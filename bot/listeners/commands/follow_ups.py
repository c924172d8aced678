"""Follow-ups by command: take one on a low result, and list or close them."""

import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta, tzinfo

from bot.blocks import follow_up_lists as lists
from bot.blocks.elements import notice
from bot.blocks.follow_ups import ENDS_ITSELF, format_day, format_taken
from bot.blocks.markup import safe
from bot.domain.errors import QueryError
from bot.domain.follow_ups import DEFAULT_DAYS, NOTE, FollowedUp, criterion_of, missed_criteria
from bot.domain.model import CriticalCriterion, SessionRecord
from bot.domain.notifications import Message
from bot.domain.permissions import may_follow_up, may_see
from bot.listeners.access_scope import AccessView, access_view
from bot.listeners.commands.registry import CommandRequest, subcommand
from bot.listeners.commands.sessions import may_be_id, session_meant, shown
from bot.listeners.context import AppContext
from bot.query.ends import read_end
from bot.query.nearest import normalize
from bot.services import follow_ups as service
from bot.store.conditions import listed_within
from bot.store.database import Tx

MOST_READ = 200
_NOTE = re.compile(r"(?:^|\s)note:\s*(.*)$", re.IGNORECASE | re.DOTALL)
_QUOTED = re.compile(r'["“”„]([^"“”„]+)["“”„]')
_DUE = re.compile(
    r"^(?:due(?:[:\s]\s*|$)|by\s+|until[:\s]\s*|for\s+|in\s+|on\s+|(?:the\s+)?(?:next|this|coming)\s+)+", re.IGNORECASE
)


async def _effect(ctx: AppContext, request: CommandRequest) -> str:
    """Which follow-up would be taken, due when. Raises what `follow-up` itself would for the day and the session."""
    ident, _, text = request.words.strip().partition(" ")

    def work(tx: Tx) -> str:
        access, now = access_view(tx, request.viewer), ctx.clock.now()
        meant = session_meant(ctx, tx, access, "follow-up", ident)
        if isinstance(meant, Message):
            raise QueryError(f"No one session that you may see has an id starting with “{ident}”.", ["results"])
        service.record_to_follow_up(tx, request.viewer, meant.session.key)
        due = _due(_QUOTED.sub(" ", _NOTE.sub("", text)), now, access.zone, ident)
        name = access.directory.name_of(meant.session.key.employee_id)
        return f"You would follow up the result of {safe(name)} ({meant.short_id}), due {format_day(due)}."

    return await ctx.store.read(work)


@subcommand(
    "follow-up ID [due:DAY]",
    "See to a low result, or one criterion of it, by a day",
    examples=("follow-up 4f2a91c0 due:friday", 'follow-up 4f2a91c0 due:2w "Cold room logged" note: with Ana'),
    more="For who observed the session or has its employee in their charge. A criterion goes in quotes; without a day "
    "it is due in a week. You are reminded the day before, on the day and weekly from then on. It ends by itself when "
    "a later completion of the same employee meets the target on that checklist, or brings the criterion to it; and "
    "when you may no longer see the session.",
    effect=_effect,
    takes=lambda words: not words or may_be_id(words.split()[0]),
)
async def follow_up(ctx: AppContext, request: CommandRequest) -> Message:
    """Takes a follow-up of the viewer's, or changes the one they have on the session."""
    ident, _, text = request.words.strip().partition(" ")
    note = ""
    if typed := _NOTE.search(text):
        text, note = text[: typed.start()], " ".join(typed[1].split())[:NOTE]
    quoted = _QUOTED.search(text)
    if quoted is not None:
        text = f"{text[: quoted.start()]} {text[quoted.end() :]}"

    def work(tx: Tx) -> Message:
        access, now = access_view(tx, request.viewer), ctx.clock.now()
        meant = session_meant(ctx, tx, access, "follow-up", ident)
        if isinstance(meant, Message):
            return meant
        service.record_to_follow_up(tx, request.viewer, meant.session.key)
        due = _due(text, now, access.zone, ident)
        criterion = None if quoted is None else _criterion(meant, quoted[1])
        key, today = meant.session.key, now.astimezone(access.zone).date()
        taken = service.take(tx, request.viewer, key, criterion, due, note, today, now)
        return notice(format_taken(taken, ctx.command), ENDS_ITSELF)

    answer = await ctx.store.transact(work)
    ctx.wake_sender()
    return answer


def _due(text: str, now: datetime, zone: tzinfo, ident: str) -> date:
    """The local day that a text names, in a week if it names none. Raises QueryError."""
    text, today = _DUE.sub("", text.strip()).strip(), now.astimezone(zone).date()
    if not text:
        return today + timedelta(days=DEFAULT_DAYS)
    if text.lower() == "today":
        return today
    for said in (text, f"until {text}"):
        try:
            end = read_end(said, now, zone)
        except QueryError:
            continue
        if not end.other_text:
            return end.at.astimezone(zone).date()
    raise QueryError(
        f"“{text}” is no day to come. Name one as friday, tomorrow, 3d, 2w or 2026-12-01.",
        [f"follow-up {ident} due:{one}" for one in ("tomorrow", "friday", "2w")],
    )


def _criterion(record: SessionRecord, typed: str) -> CriticalCriterion:
    """The one of the missed criteria whose title holds what was typed. Raises QueryError."""
    missed, wanted = missed_criteria(record), normalize(typed)
    exact = [one for one in missed if normalize(one.title) == wanted]
    found = exact or [one for one in missed if wanted and wanted in normalize(one.title)]
    if len(found) == 1:
        criterion = criterion_of(found[0])
        assert criterion is not None, "one was chosen"
        return criterion
    what = "is no criterion that lost points" if not found else "fits several criteria"
    raise QueryError(
        f"“{typed}” {what} in this session.",
        [f'follow-up {record.short_id} "{one.title}"' for one in (found or missed)[:3]],
    )


@subcommand(
    "follow-ups",
    "Open follow-ups: yours, and those you may see",
    more="The button behind each of yours closes it.",
    only_reads=True,
)
async def follow_ups(ctx: AppContext, request: CommandRequest) -> Message:
    """The open follow-ups that the viewer has or may see."""
    if request.words:
        raise QueryError("Follow-ups are listed without conditions.", ["follow-ups"])

    def work(tx: Tx) -> Message:
        access = access_view(tx, request.viewer)
        own, others = follow_ups_of(tx, access)
        about = shown(ctx, tx, access, (one.session.key for one in own))
        return lists.follow_up_list(own, others, about, ctx.clock.now().astimezone(access.zone).date())

    return await ctx.store.read(work)


def follow_ups_of(tx: Tx, access: AccessView) -> tuple[Sequence[FollowedUp], Sequence[FollowedUp]]:
    """A viewer's own open follow-ups, and those of others on sessions that they may see and that are not about
    themselves; each due first before the others. Losing the right to a session hides it."""
    viewer, directory = access.viewer, access.directory
    own = [
        one
        for one in tx.follow_ups.open_of(viewer.slack_user_id)
        if may_follow_up(viewer, one.session.facts, directory).allowed
    ]
    others = [
        one
        for one in tx.follow_ups.within(listed_within(access.scope), MOST_READ)
        if one.follow_up.owner != viewer.slack_user_id
        and may_see(viewer, one.session.facts, directory).allowed
        and one.session.key.employee_id != viewer.person_id
    ]
    return own, others
