"""Rules: which sessions are posted to which channel."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime

from bot.blocks import settings as settings_view
from bot.blocks.answers import with_unused
from bot.blocks.markup import format_query_text
from bot.blocks.mutes import mute_blocks
from bot.blocks.rule_changes import edit_offer, offered
from bot.blocks.rule_lists import mutes_list, rules_list, rules_to_end
from bot.blocks.rules import ask_to_end, taken_over, unsubscribed
from bot.domain.errors import NotAllowed, QueryError, Remedy
from bot.domain.mutes import Mute
from bot.domain.notifications import Destination, DestinationKind, Message
from bot.domain.permissions import EVERYTHING, scope_of
from bot.domain.rules import Rule, RuleForm
from bot.domain.viewers import Viewer
from bot.listeners import subscribing
from bot.listeners.access_scope import AccessView, access_view, identity_of, may_read, names
from bot.listeners.commands.registry import CommandRequest, subcommand
from bot.listeners.commands.settings import settings_of
from bot.listeners.context import AppContext
from bot.listeners.own_rules import CURRENT, ends, is_theirs, own_rule, own_rule_text
from bot.query.keys import KEYS, SHAPE, Key
from bot.query.names import MENTION
from bot.query.parser import Query, words
from bot.services.muting import may_unmute
from bot.services.owners import OwnerRights
from bot.services.pausing import accept, is_orphan
from bot.services.pausing import offer as offer_rule
from bot.services.preferences import is_choice
from bot.services.rules import NOT_READABLE, UNREADABLE, end_rule, read, rule_text
from bot.store.database import Tx

_OF_RULES = [spec.example for key, spec in KEYS.items() if key not in (Key.SINCE, Key.UNTIL, *SHAPE)]
ALL, DIGESTS, MUTES = "all", "digests", "mutes"  # what `rules` may be asked for alone
_CONDITIONS = "Conditions, in any order: " + " · ".join(f"`{example}`" for example in _OF_RULES) + "."


@subcommand(
    "subscribe [query]",
    "Post completed sessions that match to this channel, or to you",
    examples=("subscribe outcome:failed", "subscribe"),
    more=f"{_CONDITIONS} It shows what the rule would have sent in the last 30 days, and saves it once you agree. In a "
    "direct message, or with `for:me`, it is for you alone. `edits:off`: corrections do not change cards that were "
    "posted; `names:initials`: no full names. A rule sends only what you yourself may see.",
    takes_query=True,
    asks_itself=True,
)
async def subscribe(ctx: AppContext, request: CommandRequest) -> Message:
    """Proposes a rule for the channel it is asked in, or for the viewer."""
    words = _SUBSCRIBED.sub("", request.words)
    if re.match(r"<#[^<>]+>|#[a-z]", words, re.IGNORECASE):
        raise QueryError("A rule is made in the channel that it posts to: type it there.", ["rules", "preview"])
    return await subscribing.propose(ctx, request.viewer, request.channel_id, words, verb="subscribe")


@subcommand(
    "preview [query]",
    "What a rule would have sent in the last 30 days",
    examples=("preview outcome:failed",),
    more=f"{_CONDITIONS} Nothing is saved.",
    takes_query=True,
    only_reads=True,
)
async def preview(ctx: AppContext, request: CommandRequest) -> Message:
    """What a rule would have sent, without a way to save it."""
    return await subscribing.propose(ctx, request.viewer, request.channel_id, request.words, verb="preview")


@subcommand(
    "rules [all]",
    "What is posted to this channel, and the rules you made elsewhere",
    more="`rules all` shows every rule, for admins; `rules digests` and `rules mutes` show these alone.",
    on_menu="Rules",
    only_reads=True,
)
async def rules(ctx: AppContext, request: CommandRequest) -> Message:
    """The rules of this channel and the viewer's own; all of them for an admin who asks."""
    only = _OF_HERE.sub("", request.words.lower())
    is_admin = request.viewer.is_admin
    if _CHANNEL.search(only):
        raise QueryError(
            "A channel lists its rules itself: type it there. Admins see those of all channels.", _listed(is_admin)
        )
    if only not in ("", ALL, DIGESTS, MUTES):
        raise QueryError(f"“{request.words}” is nothing to ask rules for.", _listed(is_admin))
    if only == ALL and not is_admin:
        raise NotAllowed("only admins of Spotter see every rule", Remedy.ADMIN)
    everything = bool(only) and is_admin

    def work(tx: Tx) -> Message:
        access = access_view(tx, request.viewer)
        found = tx.rules.all(CURRENT) if everything else visible(tx, request.viewer, request.channel_id)
        if only == DIGESTS:
            found = [rule for rule in found if rule.options.form is RuleForm.DIGEST]
        elif only == MUTES:
            found = []
        elsewhere = 0 if only or not is_admin else len(tx.rules.all(CURRENT)) - len(found)
        may_end = {rule.rule_id for rule in found if ends(request.viewer, rule)}
        said = readable(tx, access, found)
        orphans = {rule.rule_id for rule in found if is_orphan(rule) and request.viewer.is_admin}
        now = ctx.clock.now()
        muted = tx.mutes.running(now) if everything else visible_mutes(tx, request.viewer, request.channel_id, now)
        silenced = mute_blocks(
            muted,
            mute_texts(tx, request.viewer, muted),
            may_end={one.mute_id for one in muted if may_unmute(tx, request.viewer, one)},
        )
        rights = OwnerRights(ctx.settings.admins, now, ctx.settings.rights_valid_for)
        coverages = {
            rule.rule_id: coverage
            for rule in found
            if (coverage := rights.coverage(tx, rule.owner, access.directory)) is not None
        }
        if only == MUTES:
            return mutes_list(silenced, command=ctx.command)
        return rules_list(
            found,
            said,
            only_digests=only == DIGESTS,
            elsewhere=elsewhere,
            may_end=may_end,
            may_take=orphans,
            coverages=coverages,
            settings={rule.rule_id for rule in found if is_choice(rule)},
            me=request.viewer.slack_user_id,
            command=ctx.command,
            silenced=() if only == DIGESTS else silenced,
        )

    return await ctx.store.read(work)


_SUBSCRIBED = re.compile(r"^(?:(?:this|the|our) channel|here|us)(?: (?:to|for))?(?:\s+|$)", re.IGNORECASE)
_CHANNEL = re.compile(r"<#[^<>]+>|(?<!\S)#[a-z]")
_OF_HERE = re.compile(r"^(?:(?:of|in|for|from|on) )?(?:here|(?:this|the|our) channel)(?: please)?$")


def _listed(is_admin: bool) -> Sequence[str]:
    """The ways to ask for rules that there are for a viewer."""
    return ["rules", "rules all"] if is_admin else ["rules"]


def own(viewer: Viewer) -> Destination:
    """Where direct messages to a linked viewer go."""
    return Destination(DestinationKind.PERSON, viewer.person_id or "")


def visible_mutes(tx: Tx, viewer: Viewer, channel_id: str | None, now: datetime) -> Sequence[Mute]:
    """The mutes that run in a channel, and the viewer's own."""
    here = Destination(DestinationKind.CHANNEL, channel_id) if channel_id else None
    return [
        one
        for one in tx.mutes.running(now)
        if one.destination == here or (viewer.person_id is not None and one.destination == own(viewer))
    ]


def mute_texts(tx: Tx, viewer: Viewer, found: Sequence[Mute]) -> Mapping[int, str]:
    """The queries of mutes in words by the mutes' numbers, each if the viewer may know the names in it."""
    return {one.mute_id: _mute_text(tx, viewer, one) for one in found}


def _mute_text(tx: Tx, viewer: Viewer, one: Mute) -> str:
    query = read(one.query)
    if query is None:
        return UNREADABLE
    if not query.terms:
        return words(query)
    directory = tx.people.directory()
    access = AccessView(viewer, scope_of(viewer, directory), directory)
    known = names(tx, access, query)
    return words(query, known) if may_read(access, query, known) else NOT_READABLE


def visible(tx: Tx, viewer: Viewer, channel_id: str | None) -> list[Rule]:
    """A channel's rules, and those a viewer made or gets, by number; for admins also those that wait for an owner."""
    here = Destination(DestinationKind.CHANNEL, channel_id) if channel_id else None
    return [
        rule
        for rule in tx.rules.all(CURRENT)
        if is_theirs(viewer, rule) or rule.destination == here or (viewer.is_admin and is_orphan(rule))
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


_ALL_RULES = re.compile(
    r"(?:(?:me|from|all|every|the|these|this|my|of|it|everything|everywhere|rules?|messages|notifications|digests?"
    r"|e-?mails?|channel|here|please|us) ?)*"
)


@subcommand(
    "unsubscribe [N]",
    "End rule number N",
    examples=("unsubscribe 3",),
    more="The number is on every card the rule posts. Its owner ends a rule, or an admin, who is asked first. Without "
    "a number it lists what you may end.",
    asks_itself=True,
)
async def unsubscribe(ctx: AppContext, request: CommandRequest) -> Message:
    """Ends a rule of the viewer's, or any for an admin, who is asked before; so is who pressed a button that names it.
    Without a number, the rules that the viewer may end."""
    typed = request.words.lower().removeprefix("rule").strip(" #")
    if not any(letter.isdecimal() for letter in typed):
        listed = await ctx.store.read(lambda tx: _rules_to_end(ctx, tx, request))
        return listed if _ALL_RULES.fullmatch(typed) else with_unused(listed, request.words)

    def work(tx: Tx) -> Message:
        found = own_rule(tx, request.viewer, typed, "unsubscribe")
        said = own_rule_text(tx, request.viewer, found)
        if not request.is_confirmed and (request.is_button or not is_theirs(request.viewer, found)):
            return ask_to_end(found, said)
        who = request.viewer.slack_user_id
        return unsubscribed(end_rule(tx, found, who, "unsubscribed", ctx.clock.now()), said)

    answer = await ctx.store.transact(work)
    ctx.wake_sender()
    return answer


@subcommand(
    "edit N [query]",
    "Change rule number N",
    examples=("edit 3", "edit 3 outcome:failed names:initials"),
    more="Without a query it opens a form. With one it shows what the rule would have sent, and saves it once you "
    "agree. `edits:off` and `names:initials` as for `subscribe`.",
    takes_query=True,
    asks_itself=True,
)
async def edit(ctx: AppContext, request: CommandRequest) -> Message:
    """Proposes another query for a rule; a button to its form if none is typed."""
    number, _, text = request.words.strip().lstrip("#").partition(" ")
    if not text.strip():

        def offer(tx: Tx) -> Message:
            found = own_rule(tx, request.viewer, number, "edit")
            return edit_offer(found, own_rule_text(tx, request.viewer, found), command=ctx.command)

        return await ctx.store.read(offer)
    return await subscribing.propose_change(ctx, request.viewer, number, text.strip())


async def _handed_over(ctx: AppContext, request: CommandRequest) -> str:
    """Which rule would be offered to whom. Raises what `handover` itself would."""
    number, to, _ = _heir(request)

    def work(tx: Tx) -> str:
        return own_rule_text(tx, request.viewer, own_rule(tx, request.viewer, number, "handover", f"<@{to}>"))

    said = format_query_text(await ctx.store.read(work), 300)
    return f"This offers rule {number} ({said}) to <@{to}>, who takes it over by pressing."


def _heir(request: CommandRequest) -> tuple[str, str, str]:
    """The number of a rule, the account of who is to have it, and both as typed. Raises QueryError without a mention:
    a name says which person in iSpring is meant, and not which account in Slack."""
    number, _, text = request.words.strip().lstrip("#").partition(" ")
    whom = text.strip().removeprefix("to ").strip()
    mention = MENTION.fullmatch(f"<@{request.viewer.slack_user_id}>" if whom.lower() == "me" else whom)
    if mention is None:
        raise QueryError(
            "Say to whom with an @, and choose the account from the list that Slack shows: “handover 3” and then the"
            " person. Nothing was changed.",
            ["rules"],
        )
    return number, mention[1].upper(), text.strip()


@subcommand(
    "handover N @person",
    "Give rule number N to somebody else",
    examples=("handover 3 @ana",),
    more="They get a message and take the rule over by pressing; from then on it posts what they may see. Admins take "
    "over any rule by naming themselves.",
    effect=_handed_over,
)
async def handover(ctx: AppContext, request: CommandRequest) -> Message:
    """Offers a rule to another linked person; an admin who names themselves takes it over."""
    number, to, text = _heir(request)
    heir = await ctx.contacts.viewer(to)

    def work(tx: Tx) -> Message:
        found = own_rule(tx, request.viewer, number, "handover", text)
        if found.destination.kind is not DestinationKind.CHANNEL:
            raise QueryError(f"Rule {number} is for its owner alone, so nobody else can have it.", ["rules"])
        now, directory = ctx.clock.now(), tx.people.directory()
        if scope_of(heir, directory).is_empty:
            why = identity_of(heir, directory).not_allowed_reason
            raise QueryError(f"They can't have it, because they may see no session: {why}.", ["rules"])
        if heir.slack_user_id == request.viewer.slack_user_id and request.viewer.is_admin:
            accept(tx, found, to, now)
            return taken_over(tx.rules.get(found.rule_id) or found, rule_text(tx, found.query, EVERYTHING, directory))
        if found.owner == to:
            raise QueryError(f"Rule {number} is theirs already.", ["rules"])
        offer_rule(tx, found, request.viewer.slack_user_id, to, now)
        return offered(found, to)

    answer = await ctx.store.transact(work)
    ctx.wake_sender()
    return answer


def _rules_to_end(ctx: AppContext, tx: Tx, request: CommandRequest) -> Message:
    """The rules of this channel that a viewer may end, and their own, each in words with a button that asks."""
    found = [rule for rule in visible(tx, request.viewer, request.channel_id) if ends(request.viewer, rule)]
    user = settings_of(ctx, tx, request.viewer)
    if not found:
        is_channel = not (request.channel_id or "").startswith("D")
        return settings_view.fewer(user, is_channel=is_channel)
    coming = settings_view.fewer(user, is_channel=False).blocks if user.is_linked else ()
    said = {rule.rule_id: own_rule_text(tx, request.viewer, rule) for rule in found}
    return rules_to_end(found, said, me=request.viewer.slack_user_id, command=ctx.command, coming=coming)
