"""Rules: which sessions are posted to which channel."""

from collections.abc import Mapping, Sequence

from bot.blocks.rules import rules_list, unsubscribed
from bot.domain.errors import NotAllowed, QueryError, Remedy
from bot.domain.model import Destination, DestinationKind, Message, Rule, RuleState, Viewer
from bot.domain.permissions import scope_of
from bot.listeners import subscribing
from bot.listeners.access_scope import AccessView, access_view, may_read, names
from bot.listeners.commands.registry import CommandRequest, subcommand
from bot.listeners.context import AppContext
from bot.query.nearest import nearest
from bot.query.parser import EXAMPLES, Query, words
from bot.services.owners import OwnerRights
from bot.services.pausing import is_orphan
from bot.services.rules import UNREADABLE, read, rule_text
from bot.store.database import Tx

CURRENT = (RuleState.PENDING, RuleState.ACTIVE, RuleState.PAUSED)
NOT_READABLE = "sessions by a condition that names what you may not see"


@subcommand(
    "subscribe [query]",
    "Post completed sessions that match to this channel",
    examples=("subscribe outcome:failed", "subscribe"),
    more="Conditions, in any order: " + " · ".join(f"`{example}`" for example in EXAMPLES.values()) + ". "
    "A rule posts only what you yourself may see.",
    takes_query=True,
)
async def subscribe(ctx: AppContext, request: CommandRequest) -> Message:
    """Makes a rule for the channel it is asked in."""
    return await subscribing.subscribe(ctx, request.viewer, request.channel_id, request.words)


@subcommand(
    "rules [all]",
    "What is posted to this channel, and the rules you made elsewhere",
    more="`rules all` shows every rule, for admins.",
    on_menu="Rules",
    only_reads=True,
)
async def rules(ctx: AppContext, request: CommandRequest) -> Message:
    """The rules of this channel and the viewer's own; all of them for an admin who asks."""
    everything = request.words.lower() == "all"
    if request.words and not everything:
        raise QueryError(f"“{request.words}” is nothing to ask rules for.", ["rules", "rules all"])
    if everything and not request.viewer.is_admin:
        raise NotAllowed("only admins of Spotter see every rule", Remedy.ADMIN)

    def work(tx: Tx) -> Message:
        access = access_view(tx, request.viewer)
        found = tx.rules.all(CURRENT) if everything else visible(tx, request.viewer, request.channel_id)
        may_end = {rule.rule_id for rule in found if ends(request.viewer, rule)}
        said = readable(tx, access, found)
        orphans = {rule.rule_id for rule in found if is_orphan(rule) and request.viewer.is_admin}
        rights = OwnerRights(ctx.settings.admins, ctx.clock.now(), ctx.settings.rights_valid_for)
        coverages = {
            rule.rule_id: coverage
            for rule in found
            if (coverage := rights.coverage(tx, rule.owner, access.directory)) is not None
        }
        return rules_list(
            found,
            said,
            may_end=may_end,
            may_take=orphans,
            coverages=coverages,
            me=request.viewer.slack_user_id,
            command=ctx.command,
        )

    return await ctx.store.read(work)


def visible(tx: Tx, viewer: Viewer, channel_id: str | None) -> list[Rule]:
    """A channel's rules and those a viewer made, by number; for admins also those that wait to be taken over."""
    here = Destination(DestinationKind.CHANNEL, channel_id) if channel_id else None
    mine = viewer.slack_user_id
    return [
        rule
        for rule in tx.rules.all(CURRENT)
        if rule.owner == mine or rule.destination == here or (viewer.is_admin and is_orphan(rule))
    ]


def readable(tx: Tx, access: AccessView, rules: Sequence[Rule]) -> Mapping[int, str]:
    """The queries of rules in words by the rules' numbers, each if the viewer may know the names in it."""
    owned = {rule.rule_id: rule.owner == access.viewer.slack_user_id for rule in rules}
    queries = {rule.rule_id: read(rule.query) for rule in rules}
    # The names of all of them at once: who may be named is read from thousands of sessions.
    known = names(tx, access, Query(tuple(term for query in queries.values() if query for term in query.terms)))

    def text(number: int, query: Query | None) -> str:
        if query is None:
            return UNREADABLE
        return words(query, known) if owned[number] or may_read(access, query, known) else NOT_READABLE

    return {number: text(number, query) for number, query in queries.items()}


def ends(viewer: Viewer, rule: Rule) -> bool:
    """Whether a viewer may end a rule: its owner and admins."""
    return viewer.is_admin or rule.owner == viewer.slack_user_id


@subcommand(
    "unsubscribe N",
    "End rule number N",
    examples=("unsubscribe 3",),
    more="The number is on every card the rule posts. A rule is ended by its owner or an admin.",
)
async def unsubscribe(ctx: AppContext, request: CommandRequest) -> Message:
    """Ends a rule of the viewer's, or any for an admin."""
    typed = request.words.lower().removeprefix("rule").strip(" #")

    def work(tx: Tx) -> Message:
        # Owners who lost their access may still end their rules: the answer names only what they may see.
        mine = [rule for rule in tx.rules.all(CURRENT) if ends(request.viewer, rule)]
        found = next((rule for rule in mine if typed == str(rule.rule_id)), None)
        if found is None:
            like = nearest(typed, [str(rule.rule_id) for rule in mine], at_least=0) if typed else ()
            numbers = like or [str(rule.rule_id) for rule in mine[:3]]
            raise QueryError(_no_such_rule(typed), [f"unsubscribe {number}" for number in numbers] or ["rules"])
        now = ctx.clock.now()
        tx.rules.set_state(found.rule_id, RuleState.ENDED, "unsubscribed", now)
        tx.audit_log.write(request.viewer.slack_user_id, "unsubscribe", f"rule:{found.rule_id}", now)
        directory = tx.people.directory()
        said = rule_text(tx, found.query, scope_of(request.viewer, directory), directory)
        return unsubscribed(tx.rules.get(found.rule_id) or found, said)

    answer = await ctx.store.transact(work)
    ctx.wake_sender()
    return answer


def _no_such_rule(typed: str) -> str:
    if not typed:
        return "Which rule? Its number is on every card it posts."
    return f"You have no rule “{typed}” that you may end: only its owner and admins of Spotter may."
