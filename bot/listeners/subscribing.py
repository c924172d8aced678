"""Making a rule: checks, a preview of what it would have posted, and waiting until its introduction is posted."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from bot.blocks import rules
from bot.blocks.coverage import shows_plain
from bot.blocks.elements import notice
from bot.blocks.markup import safe
from bot.domain.changes import outcome_of
from bot.domain.model import Destination, DestinationKind, Message, Rule, RuleState, Viewer
from bot.domain.pause_reasons import PRIVATE, PUBLIC
from bot.listeners.access_scope import AccessView, access_view, names, refuse_unknown, understood
from bot.listeners.channels import NO_ACCESS, fit_channel, is_channel, wait_until
from bot.listeners.context import AppContext
from bot.query.by_id import by_id
from bot.query.parser import Key, Names, Query, Term, say, words
from bot.services.rules import make_rule, names_kept, rule_query, same_rule
from bot.store.database import Tx

PREVIEW_PERIOD = timedelta(days=30)
_PAGE = 500
_MOST_READ = 5_000


async def subscribe(
    ctx: AppContext, viewer: Viewer, channel_id: str | None, text: str, *, public_is_meant: bool = False
) -> Message:
    """Makes a rule for a channel; for a public channel it asks first.

    Every condition is checked again after the yes. Raises QueryError, NotAllowed or NotPossibleNow.
    """
    if channel_id is None or not is_channel(channel_id):
        return notice(
            "Rules post to channels, and this is none.", f"Type `{ctx.command} subscribe` in the channel it is for."
        )
    query = await understood(ctx, text, "subscribe", rule_query)
    now = ctx.clock.now()
    destination = Destination(DestinationKind.CHANNEL, channel_id)

    def prepared(tx: Tx) -> tuple[_NewRule, Rule | None]:
        access = access_view(tx, viewer)
        known = names(tx, access, query)
        refuse_unknown(query, known, "subscribe")
        stored = by_id(query, known)
        last_month = _would_have_posted(tx, access, stored, known, now)
        shows = shows_plain(access.coverage) if access.coverage else ""
        return _NewRule(stored, known, shows, last_month), same_rule(tx, destination, stored, known)

    new, same = await ctx.store.read(prepared)
    if same is not None:
        return rules.already_subscribed(same, new.words, command=ctx.command)
    channel = await fit_channel(ctx, channel_id)
    if isinstance(channel, Message):
        return channel
    if not channel.is_private and not public_is_meant:
        return rules.confirm_subscription(channel_id, say(new.query), new.words, hints=new.hints)
    return await _make(ctx, viewer, destination, new, PRIVATE if channel.is_private else PUBLIC)


@dataclass(frozen=True, slots=True)
class _NewRule:
    """The query of a rule to be made, with people by id; the names its owner may see; and in words whose sessions it
    shows ("" if all) and what it would have posted in the last month."""

    query: Query
    known: Names
    shows: str
    last_month: str

    @property
    def words(self) -> str:
        return words(self.query, self.known)

    @property
    def hints(self) -> Sequence[str]:
        """Whole sentences, the names in which are not escaped."""
        return [*filter(None, [self.shows]), *names_kept(self.query, self.known), self.last_month]


async def _make(ctx: AppContext, viewer: Viewer, destination: Destination, new: _NewRule, audience: str) -> Message:
    """Stores the rule with its introduction, in one transaction, and waits a little for that to be posted."""

    def make(tx: Tx) -> tuple[Rule, bool]:
        same = same_rule(tx, destination, new.query, new.known)  # another user may have made it meanwhile
        if same is not None:
            return same, False
        now = ctx.clock.now()
        tx.destinations.unblock(destination, now)  # the bot is in the channel, whatever events said before
        owner, state = viewer.slack_user_id, RuleState.PENDING
        return make_rule(tx, destination, owner, new.query, state, now, audience=audience), True

    made, is_new = await ctx.store.transact(make)
    if not is_new:
        return rules.already_subscribed(made, new.words, command=ctx.command)
    ctx.wake_sender()
    # Active once its introduction is posted, ended if that can't be.
    rule = await wait_until(
        ctx, lambda tx: tx.rules.get(made.rule_id) or made, lambda rule: rule.state is not RuleState.PENDING
    )
    if rule.state is RuleState.ENDED:
        if rule.reason in NO_ACCESS:
            return rules.invite_first(destination.id)
        return notice(
            f"Nothing was saved: the rule's introduction could not be posted here ({safe(rule.reason)}).",
            "`spotter outbox list` on the command line says more.",
        )
    if rule.state is RuleState.PENDING:
        return rules.starts_later(rule, new.words, command=ctx.command)
    return rules.subscribed(rule, new.words, command=ctx.command, hints=new.hints)


def _would_have_posted(tx: Tx, access: AccessView, query: Query, known: Names, now: datetime) -> str:
    """In words, what the rule would have posted in the last 30 days of the stored sessions that its owner may see."""
    since = now - PREVIEW_PERIOD
    request = query
    if not any(term.key is Key.SINCE for term in query.terms):
        request = Query((*query.terms, Term(Key.SINCE, "30d")))
    days: Counter[date] = Counter()
    read = 0
    while read < _MOST_READ:
        page = tx.search.find(request, access.scope, known, now, _PAGE, read, access.zone)
        for session in page.sessions:
            finished = session.facts.finished.at
            if finished is not None and since <= finished <= now and outcome_of(session).is_over:
                days[finished.astimezone(access.zone).date()] += 1
        read += len(page.sessions)
        if not page.sessions or read >= page.total:
            break
    posts = days.total()
    if not posts:
        return "In the last 30 days it would have posted nothing."
    status = "1 session" if posts == 1 else f"{posts:,} sessions"
    return f"In the last 30 days it would have posted {status}, {max(days.values()):,} on the busiest day."
