"""Making a rule that sends digests: checks, a preview of the last one, and saving it after a press of Save."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from zoneinfo import ZoneInfo, available_timezones

from bot.blocks import actions, digest_rules
from bot.blocks.elements import notice
from bot.blocks.markup import safe
from bot.blocks.rules import invite_first
from bot.config import zone_named
from bot.domain.digests import DigestView
from bot.domain.errors import QueryError
from bot.domain.notifications import Destination, DestinationKind, Message
from bot.domain.reasons import PRIVATE, PUBLIC
from bot.domain.rules import NamesShown, Rule, RuleForm, RuleOptions, RuleState
from bot.domain.schedules import Schedule, next_slot, parse_schedule
from bot.domain.viewers import Viewer
from bot.listeners.access_scope import access_view
from bot.listeners.channels import NO_ACCESS, fit_channel, is_channel, only_site_of, wait_until
from bot.listeners.context import AppContext
from bot.listeners.requests import OutdatedButton
from bot.listeners.subscribing import FOR_ME, own_destination, shadow_hints
from bot.listeners.understanding import fetch_mentioned_users, understand
from bot.query.by_id import by_id, with_labels
from bot.query.parser import Names, Query, say, words
from bot.services.digests import digest_query, preview, same_digest, zone_of
from bot.services.rules import make_rule
from bot.store.database import Tx

_NAMES = re.compile(r"(?:^|\s+)names:(full|initials)(?=\s|$)", re.IGNORECASE)
_CSV = re.compile(r"(?:^|\s+)csv:(on|off)(?=\s|$)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A digest as typed. `zone`: None for that of their profile, followed when it changes."""

    schedule: Schedule
    zone: str | None
    query: str
    for_me: bool
    only_to_act: bool = False
    names: NamesShown = NamesShown.FULL
    csv: bool = True

    @property
    def verb(self) -> str:
        return f"digest {self.schedule}" + (f" {self.zone}" if self.zone else "")


@dataclass(frozen=True, slots=True)
class _Prepared:
    """The rule to be made: its query with people by id and the names its owner may see, its options, and the rule that
    sends the same, if there is one."""

    query: Query
    known: Names
    options: RuleOptions
    zone: ZoneInfo
    view: DigestView
    same: Rule | None

    @property
    def words(self) -> str:
        return words(with_labels(self.query, self.known))


async def propose(ctx: AppContext, viewer: Viewer, channel_id: str | None, text: str) -> Message:
    """A preview of a digest and buttons that save it. Raises QueryError, NotAllowed and NotPossibleNow."""
    wanted = _read(text)
    for_me = wanted.for_me or not is_channel(channel_id)
    prepared, destination = await _prepare(ctx, viewer, None if for_me else channel_id, wanted)
    if prepared.same is not None:
        return digest_rules.digest_exists(prepared.same, prepared.words, prepared.zone, command=ctx.command)
    is_public, only_site = False, None
    if destination.kind is DestinationKind.CHANNEL:
        channel = await fit_channel(ctx, destination.id)
        if isinstance(channel, Message):
            return channel
        is_public = not channel.is_private
        before, after = f"digest {wanted.schedule} {wanted.zone or ''}".rstrip(), _typed(wanted)
        only_site = await ctx.store.read(lambda tx: only_site_of(tx, viewer, channel, prepared.query, before, after))
    value = actions.SaveDigest(
        destination.id if destination.kind is DestinationKind.CHANNEL else "",
        str(wanted.schedule),
        prepared.options.zone or "",
        say(prepared.query),
        names=wanted.names,
        csv=wanted.csv,
    )
    next_at = next_slot(wanted.schedule, prepared.zone, ctx.clock.now())
    hints = await ctx.store.read(shadow_hints)
    return digest_rules.proposed(
        destination,
        wanted.schedule,
        prepared.zone,
        next_at,
        value,
        prepared.view,
        is_public=is_public,
        hints=hints,
        only_site=only_site,
    )


def _typed(wanted: _Wanted) -> str:
    """The options of a digest as they are typed, "" for the usual ones."""
    names = f"names:{wanted.names}" if wanted.names is not NamesShown.FULL else ""
    return " ".join(filter(None, (names, "" if wanted.csv else "csv:off")))


async def save(ctx: AppContext, viewer: Viewer, value: actions.SaveDigest) -> Message:
    """Makes the rule that was proposed. Every condition is checked again."""
    try:
        schedule, _, _ = parse_schedule(value.schedule)
    except QueryError:
        raise OutdatedButton from None
    if str(schedule) != value.schedule or (value.zone and zone_named(value.zone) is None):
        raise OutdatedButton
    wanted = _Wanted(
        schedule, value.zone or None, value.query, not value.channel_id, value.only_to_act, value.names, value.csv
    )
    prepared, destination = await _prepare(ctx, viewer, value.channel_id or None, wanted)
    audience = ""
    if destination.kind is DestinationKind.CHANNEL:
        channel = await fit_channel(ctx, destination.id)
        if isinstance(channel, Message):
            return channel
        audience = PRIVATE if channel.is_private else PUBLIC
    return await _make(ctx, viewer, destination, prepared, audience)


def read_query(read: Callable[[], Query], after: str) -> Query:
    """A query for a digest; its suggestions are whole commands."""
    try:
        return read()
    except QueryError as error:
        fixes = [one if one.startswith("digest ") else f"digest {after} {one}".rstrip() for one in error.suggestions]
        raise QueryError(str(error), fixes) from None


_PLACE = re.compile(
    r"(?:^|\s+)(?:in |,\s*)?(?P<place>[A-Za-z]+(?:[ _][A-Za-z]+)?) time(?: zone)?(?=\s|$)", re.IGNORECASE
)
_SHORT = re.compile(r"(?<=\d|m)\s+(?P<zone>ET|CT|MT|PT|IST|GMT|BST|CES?T|[ECMP][SD]T)(?=\s|$)", re.IGNORECASE)
_MEANT = {"e": "America/New_York", "c": "America/Chicago", "m": "America/Denver", "p": "America/Los_Angeles"}
_MEANT_WHOLE = {"ist": "Asia/Kolkata", "gmt": "Europe/London", "bst": "Europe/London", "cet": "Europe/Berlin",
                "cest": "Europe/Berlin"}  # fmt: skip


def _with_zone(text: str) -> str:
    """A digest's text with "London time" as Europe/London. Raises QueryError for "EST", which is the time of a place
    for half a year only."""
    if found := _SHORT.search(text):
        short = found["zone"].lower()
        meant = _MEANT_WHOLE.get(short) or _MEANT[short[0]]
        said = (
            f"“{found['zone']}” names no place, and a digest follows the summer time of one: name one as Europe/Berlin."
        )
        raise QueryError(
            said,
            [f"{text[: found.start()]} {meant}{text[found.end() :]}"],
        )
    for found in _PLACE.finditer(text):
        words = found["place"].replace(" ", "_").lower()
        for typed in dict.fromkeys((words, words.rpartition("_")[2])):
            zones = sorted(
                one for one in available_timezones() if one.lower().rpartition("/")[2] == typed and "/" in one
            )
            if zones:
                start = found.end("place") - len(typed)
                before = re.sub(r"\s+in$", "", text[:start].rstrip(), flags=re.IGNORECASE)
                return f"{before} {zones[0]}{text[found.end() :]}"
    return text


def _read(text: str) -> _Wanted:
    for_me, names, csv = FOR_ME.search(text) is not None, _NAMES.search(text), _CSV.search(text)
    try:
        plain = _with_zone(_CSV.sub("", _NAMES.sub("", FOR_ME.sub("", text))).strip())
        schedule, zone, query = parse_schedule(plain)
    except QueryError as error:
        raise QueryError(str(error), [f"digest {one}{' for:me' * for_me}" for one in error.suggestions]) from None
    if zone and zone_named(zone) is None:
        raise QueryError(f"There is no time zone “{zone}”: name one as Europe/Berlin.", [f"digest {schedule} {query}"])
    shown = NamesShown(names[1].lower()) if names else NamesShown.FULL
    return _Wanted(schedule, zone or None, query, for_me, names=shown, csv=csv is None or csv[1].lower() == "on")


async def _prepare(
    ctx: AppContext, viewer: Viewer, channel_id: str | None, wanted: _Wanted
) -> tuple[_Prepared, Destination]:
    await fetch_mentioned_users(ctx, wanted.query)
    now = ctx.clock.now()

    def work(tx: Tx) -> tuple[_Prepared, Destination]:
        access = access_view(tx, viewer)
        channel = Destination(DestinationKind.CHANNEL, channel_id) if channel_id else None
        destination = channel or own_destination(tx, viewer)
        # A channel's rule keeps the zone of who made it; a person's follows their profile.
        named = wanted.zone or (str(access.zone) if channel_id else None)
        zone = zone_named(named) or access.zone
        meant = understand(tx, access, wanted.query, wanted.verb, now)
        query = by_id(read_query(lambda: digest_query(meant.query), wanted.verb.removeprefix("digest ")), meant.known)
        options = RuleOptions(
            form=RuleForm.DIGEST,
            schedule=str(wanted.schedule),
            zone=named,
            names=wanted.names,
            only_to_act=wanted.only_to_act,
            csv=wanted.csv,
        )
        view = preview(tx, query, wanted.schedule, access.viewer, access.directory, now, zone, wanted.names)
        same = same_digest(tx, destination, options, query, meant.known)
        return _Prepared(query, meant.known, options, zone, view, same), destination

    return await ctx.store.read(work)


async def _make(ctx: AppContext, viewer: Viewer, destination: Destination, new: _Prepared, audience: str) -> Message:
    """Stores the rule, in a channel with its introduction, and waits a little for that to be posted."""
    is_channels = destination.kind is DestinationKind.CHANNEL
    state = RuleState.PENDING if is_channels else RuleState.ACTIVE

    def make(tx: Tx) -> tuple[Rule, bool]:
        same = same_digest(tx, destination, new.options, new.query, new.known)  # made meanwhile, or pressed twice
        if same is not None:
            return same, False
        now = ctx.clock.now()
        if is_channels:
            tx.destinations.unblock(destination, now)  # the bot is in the channel, whatever events said before
        owner = viewer.slack_user_id
        made = make_rule(tx, destination, owner, new.query, state, now, audience=audience, options=new.options)
        return made, True

    made, is_new = await ctx.store.transact(make)
    if not is_new:
        return digest_rules.digest_exists(made, new.words, new.zone, command=ctx.command)
    ctx.wake_sender()
    rule = await wait_until(
        ctx, lambda tx: tx.rules.get(made.rule_id) or made, lambda rule: rule.state is not RuleState.PENDING
    )
    if rule.state is RuleState.ENDED:
        if rule.reason in NO_ACCESS:
            return invite_first(destination.id)
        return notice(
            f"Nothing was saved: the digest's introduction could not be posted here ({safe(rule.reason)}).",
            "`spotter outbox list` on the command line says more.",
        )
    if rule.state is RuleState.PENDING:
        return digest_rules.digest_waits(rule, command=ctx.command)
    schedule, _, _ = parse_schedule(str(rule.options.schedule))
    zone = await ctx.store.read(lambda tx: zone_of(tx, rule))
    next_at = next_slot(schedule, zone, ctx.clock.now())
    return digest_rules.digest_saved(rule, new.words, next_at, zone, command=ctx.command)
