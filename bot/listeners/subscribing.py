"""Making a rule: who may, where, what it would have brought, and waiting until its introduction is posted."""

from collections import Counter
from datetime import date, datetime, timedelta

from bot.blocks import rules
from bot.blocks.elements import notice
from bot.blocks.markup import safe
from bot.domain.changes import outcome_of
from bot.domain.directory import Directory
from bot.domain.model import Destination, DestinationKind, Message, Rule, RuleState, Viewer
from bot.domain.pause_reasons import PRIVATE, PUBLIC
from bot.domain.routing import introduction
from bot.listeners.access_scope import AccessView, access_view, names, refuse_unknown, understood
from bot.listeners.channels import NO_WAY_IN, fit_channel, is_channel
from bot.listeners.context import AppContext, wait_until
from bot.query.parser import Key, Query, Term, say, words
from bot.services.rule_filters import rule_query
from bot.store.database import Tx

PREVIEW_PERIOD = timedelta(days=30)
_READ_AT_ONCE = 500
_MOST_READ = 5_000


async def subscribe(
    ctx: AppContext, viewer: Viewer, channel_id: str | None, text: str, *, public_is_meant: bool = False
) -> Message:
    """Makes a rule for a channel, or asks first where everybody could read what it posts.

    Raises QueryError or NotAllowed. Every condition is checked again when the question was answered with yes.
    """
    if channel_id is None or not is_channel(channel_id):
        return notice(
            "Rules post to channels, and this is none.", f"Type `{ctx.command} subscribe` in the channel it is for."
        )
    query = await understood(ctx, text, "subscribe", rule_query)
    now = ctx.clock.now()
    place = Destination(DestinationKind.CHANNEL, channel_id)

    def prepared(tx: Tx) -> tuple[Rule | None, str]:
        seen = access_view(tx, viewer)
        known = names(tx, seen, query, now)
        refuse_unknown(query, known, "subscribe")
        return _same(tx, place, query), _would_have_been(tx, seen, query, known.directory, now)

    same, last_month = await ctx.store.read(prepared)
    if same is not None:
        return rules.already_subscribed(same, words(query), command=ctx.command)
    channel = await fit_channel(ctx, channel_id)
    if isinstance(channel, Message):
        return channel
    if not channel.is_private and not public_is_meant:
        return rules.confirm_subscription(channel_id, say(query), words(query), last_month=last_month)
    return await _make(ctx, viewer, place, query, last_month, PRIVATE if channel.is_private else PUBLIC)


def _same(tx: Tx, place: Destination, query: Query) -> Rule | None:
    return next((rule for rule in tx.rules.at(place) if rule.query == say(query)), None)


async def _make(
    ctx: AppContext, viewer: Viewer, place: Destination, query: Query, last_month: str, audience: str
) -> Message:
    """Stores the rule with its introduction, in one transaction, and waits a little for that to be posted."""

    def make(tx: Tx) -> tuple[Rule, bool]:
        same = _same(tx, place, query)  # somebody else may have been faster
        if same is not None:
            return same, False
        now = ctx.clock.now()
        tx.destinations.unblock(place, now)  # the bot is in the channel, whatever was heard of it before
        rule = tx.rules.add(place, viewer.slack_user_id, say(query), RuleState.PENDING, now)
        tx.rules.note_audience(rule.rule_id, audience)
        tx.notifications.enqueue(introduction(rule), now)
        tx.audit_log.write(viewer.slack_user_id, "subscribe", f"rule:{rule.rule_id}", now)
        return rule, True

    made, is_new = await ctx.store.transact(make)
    if not is_new:
        return rules.already_subscribed(made, words(query), command=ctx.command)
    ctx.wake_sender()
    # Active once its introduction was posted, ended where that can't be.
    rule = await wait_until(
        ctx, lambda tx: tx.rules.get(made.rule_id) or made, lambda rule: rule.state is not RuleState.PENDING
    )
    if rule.state is RuleState.ENDED:
        if rule.reason in NO_WAY_IN:
            return rules.invite_first(place.id)
        return notice(
            f"Nothing was saved: the rule's introduction could not be posted here ({safe(rule.reason)}).",
            "`spotter outbox list` on the command line says more.",
        )
    if rule.state is RuleState.PENDING:
        return rules.starts_later(rule, words(query), command=ctx.command)
    return rules.subscribed(rule, words(query), command=ctx.command, last_month=last_month)


def _would_have_been(tx: Tx, seen: AccessView, query: Query, directory: Directory, now: datetime) -> str:
    """What the rule would have posted in the last 30 days, from what is stored and its owner may see; in words."""
    since = now - PREVIEW_PERIOD
    request = query
    if not any(term.key is Key.SINCE for term in query.terms):
        request = Query((*query.terms, Term(Key.SINCE, "30d")))
    days: Counter[date] = Counter()
    read = 0
    while read < _MOST_READ:
        found = tx.search.find(request, seen.reach, directory, now, _READ_AT_ONCE, read, seen.zone)
        for session in found.sessions:
            finished = session.facts.finished.at
            if finished is not None and since <= finished <= now and outcome_of(session).is_over:
                days[finished.astimezone(seen.zone).date()] += 1
        read += len(found.sessions)
        if not found.sessions or read >= found.total:
            break
    posts = days.total()
    if not posts:
        return "In the last 30 days it would have posted nothing."
    status = "1 session" if posts == 1 else f"{posts:,} sessions"
    return f"In the last 30 days it would have posted {status}, {max(days.values()):,} on the busiest day."
