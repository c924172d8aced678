"""Making a rule: what it would have sent is shown first, and it is saved at the second press."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.blocks import actions, rule_changes, rules
from bot.blocks.card_facts import CardFacts
from bot.blocks.coverage import rule_shows
from bot.blocks.elements import notice
from bot.blocks.markup import safe
from bot.blocks.rule_preview import Shown
from bot.blocks.shadow import SHADOW_HINT
from bot.domain.errors import QueryError
from bot.domain.notifications import Destination, DestinationKind, Message
from bot.domain.reasons import PRIVATE, PUBLIC
from bot.domain.rules import DEFAULT_OPTIONS, NamesShown, Rule, RuleOptions, RuleState, basis_of
from bot.domain.viewers import DirectMessages, Viewer
from bot.listeners.access_scope import AccessView, access_view, as_seen_by, identity_of, names, refusal
from bot.listeners.channels import NO_ACCESS, fit_channel, is_channel, only_site_of, wait_until
from bot.listeners.context import AppContext
from bot.listeners.own_rules import own_rule, own_rule_text, refuse_unreadable
from bot.listeners.understanding import fetch_mentioned_users, understand
from bot.query.by_id import by_id
from bot.query.parser import Names, Query, parse, say, words
from bot.services.owners import OwnerRights
from bot.services.rule_preview import RulePreview, preview_of
from bot.services.rules import edit_rule, fit_for_rule, make_rule, names_kept, rule_text, same_rule
from bot.store.database import Tx

ME = "me"  # where a rule for the person who makes it sends
FOR_ME = re.compile(r"(?:^|(?<=\s))for[:\s]\s*me(?=\s|$)|^\s*me(?=\s|$)", re.IGNORECASE)  # as people write it, too
_OPTION = re.compile(r"(?:^|(?<=\s))(for|edits|names):(\S*)", re.IGNORECASE)
_CHOICES = {"for": (ME,), "edits": ("on", "off"), "names": tuple(NamesShown)}


@dataclass(frozen=True, slots=True)
class RuleText:
    """What was typed for a rule: its query, whether it is for the person who types it, and its options; `said` names
    the keys of those that were typed."""

    query: str
    for_me: bool = False
    options: RuleOptions = DEFAULT_OPTIONS
    said: frozenset[str] = frozenset()

    def options_over(self, before: RuleOptions) -> RuleOptions:
        """The options of a rule, changed where the text says so."""
        edits = self.options.edits if "edits" in self.said else before.edits
        return replace(before, edits=edits, names=self.options.names if "names" in self.said else before.names)


def read_rule(text: str, verb: str) -> RuleText:
    """Takes `for:me`, `edits:` and `names:` out of what follows a verb. Raises QueryError for another value of them."""
    text = FOR_ME.sub(f"for:{ME}", text)
    chosen: dict[str, str] = {}
    for key, value in ((found[1].lower(), found[2].lower()) for found in _OPTION.finditer(text)):
        if value not in _CHOICES[key]:
            choices = " or ".join(f"“{key} {choice}”" for choice in _CHOICES[key])
            query = " ".join(_OPTION.sub("", text).split())
            raise QueryError(
                f"“{key} {value}” says nothing of a rule: it is {choices}.",
                [f"{verb} {query} {key}:{choice}".replace("  ", " ") for choice in _CHOICES[key]],
            )
        chosen[key] = value
    options = RuleOptions(edits=chosen.get("edits") != "off", names=NamesShown(chosen.get("names", NamesShown.FULL)))
    return RuleText(" ".join(_OPTION.sub("", text).split()), chosen.get("for") == ME, options, frozenset(chosen))


async def propose(ctx: AppContext, viewer: Viewer, channel_id: str | None, text: str, *, verb: str) -> Message:
    """What a rule would have sent, with a button that saves it; without one for the verb `preview`.

    Raises QueryError, NotAllowed or NotPossibleNow.
    """
    destination, asked = await _place(ctx, viewer, channel_id, text, verb)
    if isinstance(destination, Message):
        return destination
    await fetch_mentioned_users(ctx, asked.query)
    prepared = await ctx.store.read(lambda tx: _prepared(ctx, tx, viewer, destination, asked, verb))
    if verb == "preview":
        return rules.preview_only(
            prepared.words, prepared.shown, f"subscribe {text}".strip(), command=ctx.command, same=prepared.same
        )
    if prepared.same is not None:
        return rules.already_subscribed(prepared.same, prepared.words, command=ctx.command)
    is_public, only_site = False, None
    if destination.kind is DestinationKind.CHANNEL:
        channel = await fit_channel(ctx, destination.id)
        if isinstance(channel, Message):
            return channel
        is_public = not channel.is_private
        only_site = await ctx.store.read(
            lambda tx: only_site_of(tx, viewer, channel, prepared.query, "subscribe", _typed(asked.options))
        )
    value = actions.Subscribe(
        _place_in_value(destination), say(prepared.query), asked.options.edits, asked.options.names
    )
    return rules.proposal(
        destination, value, prepared.words, prepared.shown, asked.options, is_public=is_public, only_site=only_site
    )


def _typed(options: RuleOptions) -> str:
    """The options of a rule as they are typed, "" for the usual ones."""
    names = f"names:{options.names}" if options.names is not NamesShown.FULL else ""
    return " ".join(filter(None, ("" if options.edits else "edits:off", names)))


async def subscribe(ctx: AppContext, viewer: Viewer, channel_id: str | None, value: actions.Subscribe) -> Message:
    """Makes the rule that was proposed. Every condition is checked again."""
    options = RuleOptions(edits=value.edits, names=NamesShown(value.names))
    text = f"{value.query} for:{ME}" if value.channel_id == ME else value.query
    destination, asked = await _place(ctx, viewer, channel_id, text, "subscribe")
    if isinstance(destination, Message):
        return destination
    await fetch_mentioned_users(ctx, asked.query)
    asked = replace(asked, options=options)
    new = await ctx.store.read(lambda tx: _prepared(ctx, tx, viewer, destination, asked, "subscribe"))
    if new.same is not None:
        return rules.already_subscribed(new.same, new.words, command=ctx.command)
    audience = ""
    if destination.kind is DestinationKind.CHANNEL:
        channel = await fit_channel(ctx, destination.id)
        if isinstance(channel, Message):
            return channel
        audience = PRIVATE if channel.is_private else PUBLIC
    return await _make(ctx, viewer, destination, new, audience, options)


async def propose_change(ctx: AppContext, viewer: Viewer, number: str, text: str) -> Message:
    """What a rule would ask for instead, and a button that saves it. Raises QueryError or NotAllowed."""
    asked = read_rule(text, f"edit {number}")
    await fetch_mentioned_users(ctx, asked.query)

    def work(tx: Tx) -> Message:
        rule = own_rule(tx, viewer, number, "edit", text)
        # With options alone, it asks for what it asked for before.
        meant = replace(asked, query=asked.query or rule.query)
        prepared = _prepared(ctx, tx, viewer, rule.destination, meant, f"edit {number}", edited=rule)
        if prepared.same is not None:
            return rules.already_subscribed(prepared.same, prepared.words, command=ctx.command)
        options = asked.options_over(rule.options)
        value = actions.EditRule(rule.rule_id, say(prepared.query), basis_of(rule), options.edits, options.names)
        before = rule_text(tx, rule.query, access_view(tx, viewer).scope, tx.people.directory())
        return rule_changes.change(rule, value, before, prepared.words, prepared.shown)

    return await ctx.store.read(work)


async def change(ctx: AppContext, viewer: Viewer, value: actions.EditRule) -> Message:
    """Saves the change that was proposed, unless the rule was changed since. Every condition is checked again."""

    def work(tx: Tx) -> Message:
        rule = own_rule(tx, viewer, str(value.rule_id), "edit")
        if basis_of(rule) != value.basis:
            said = own_rule_text(tx, viewer, rule)
            return rule_changes.not_as_shown(rule, said, value.basis, command=ctx.command)
        asked, verb = RuleText(value.query), f"edit {rule.rule_id}"
        prepared = _prepared(ctx, tx, viewer, rule.destination, asked, verb, edited=rule)
        if prepared.same is not None:
            return rules.already_subscribed(prepared.same, prepared.words, command=ctx.command)
        options = replace(rule.options, edits=value.edits, names=value.names)
        edited = edit_rule(tx, rule, say(prepared.query), options, viewer.slack_user_id, ctx.clock.now())
        return rule_changes.changed(edited, prepared.words)

    return await ctx.store.transact(work)


async def _place(
    ctx: AppContext, viewer: Viewer, channel_id: str | None, text: str, verb: str
) -> tuple[Destination | Message, RuleText]:
    """Where a rule sends: the channel it is typed in, or the person who types it in a direct message or `for:me`."""
    asked = read_rule(text, verb)
    if asked.for_me or (channel_id or "").startswith("D"):
        return await ctx.store.read(lambda tx: own_destination(tx, viewer)), asked
    if channel_id is None or not is_channel(channel_id):
        hint = f"Type `{ctx.command} {verb}` in the channel it is for, or add `for:me`."
        return notice("Rules post to channels or to you, and this is neither.", hint), asked
    return Destination(DestinationKind.CHANNEL, channel_id), asked


def own_destination(tx: Tx, viewer: Viewer) -> Destination:
    """A viewer's own direct messages. Raises NotAllowed or NotPossibleNow for a user without a person in iSpring."""
    identity = identity_of(viewer, tx.people.directory())
    if viewer.person_id is None or identity.not_allowed_reason:
        raise refusal(identity)
    return Destination(DestinationKind.PERSON, viewer.person_id)


def _place_in_value(destination: Destination) -> str:
    return destination.id if destination.kind is DestinationKind.CHANNEL else ME


@dataclass(frozen=True, slots=True)
class Prepared:
    """The query of a rule to be made, with people by id, in words with the names its owner may see; what it would have
    sent; and the rule that asks for the same, if there is one."""

    query: Query
    known: Names
    shown: Shown
    same: Rule | None

    @property
    def words(self) -> str:
        return words(self.query, self.known)


def _prepared(
    ctx: AppContext,
    tx: Tx,
    viewer: Viewer,
    destination: Destination,
    asked: RuleText,
    verb: str,
    *,
    edited: Rule | None = None,
) -> Prepared:
    access = access_view(tx, viewer)
    now = ctx.clock.now()
    without = None if edited is None else edited.rule_id
    if edited is not None and asked.query == edited.query:
        return _unchanged(ctx, tx, access, edited)
    meant = understand(tx, access, asked.query, verb, now)
    try:
        fit_for_rule(meant.query)
    except QueryError as error:
        raise QueryError(str(error), [f"{verb} {one}".rstrip() for one in error.suggestions]) from None
    stored = by_id(meant.query, meant.known)
    shown = shown_of(ctx, tx, access, destination, stored, meant.known, without=without)
    same = same_rule(tx, destination, stored, meant.known)
    return Prepared(stored, meant.known, shown, None if same is None or same.rule_id == without else same)


def _unchanged(ctx: AppContext, tx: Tx, access: AccessView, rule: Rule) -> Prepared:
    """A rule that goes on asking for what it asks for, also for names that its owner may not see any more."""
    query = parse(rule.query)
    known = names(tx, access, query)
    refuse_unreadable(access, rule, query, known)
    return Prepared(query, known, shown_of(ctx, tx, access, rule.destination, query, known, without=rule.rule_id), None)


def shown_of(
    ctx: AppContext,
    tx: Tx,
    access: AccessView,
    destination: Destination,
    query: Query,
    known: Names,
    *,
    without: int | None = None,
) -> Shown:
    """What a rule of this query would have sent, as its owner may see it. `without`: the rule that is edited."""
    rights = OwnerRights(ctx.settings.admins, ctx.clock.now(), ctx.settings.rights_valid_for)
    found = preview_of(
        tx, destination, query, access.scope, known, rights, access.zone,
        wishes=_wishes(ctx, tx, access.viewer), without=without,
    )  # fmt: skip
    return Shown(
        days=found.days,
        samples=[record.session.key for record in found.samples],
        facts=_facts(ctx, tx, access, found),
        overlaps=found.overlaps,
        own=found.own,
        hints=(*names_kept(query, known), *shadow_hints(tx)),
        scope=rule_shows(access.coverage) if access.coverage else "",
    )


def shadow_hints(tx: Tx) -> Sequence[str]:
    """What a preview says while shadow mode is on; nothing while it is off."""
    return (SHADOW_HINT,) if tx.shadow.mode() is not None else ()


def _wishes(ctx: AppContext, tx: Tx, viewer: Viewer) -> tuple[DirectMessages, DirectMessages]:
    """What a person gets as direct messages without a rule, as observer and as employee."""
    chosen = tx.people.preferences(viewer.slack_user_id)
    as_employee = DirectMessages.ALL if ctx.settings.notify_employees else DirectMessages.NONE
    return chosen.as_observer or DirectMessages.ALL, chosen.as_employee or as_employee


def _facts(ctx: AppContext, tx: Tx, access: AccessView, found: RulePreview) -> CardFacts:
    records = [as_seen_by(access.viewer, tx, record, access.directory) for record in found.samples]
    return CardFacts(
        records={record.session.key: record for record in records},
        directory=access.directory,
        data_as_of=tx.polls.state().last_good_at,
        with_previous=frozenset(record.session.key for record in records if record.previous is not None),
        command=ctx.command,
    )


async def _make(
    ctx: AppContext, viewer: Viewer, destination: Destination, new: Prepared, audience: str, options: RuleOptions
) -> Message:
    """Stores the rule with its introduction, in one transaction, and waits a little for that to be posted."""
    hints: Sequence[str] = names_kept(new.query, new.known)
    state = RuleState.PENDING if destination.kind is DestinationKind.CHANNEL else RuleState.ACTIVE

    def make(tx: Tx) -> tuple[Rule, bool]:
        same = same_rule(tx, destination, new.query, new.known)  # another user may have made it meanwhile
        if same is not None:
            return same, False
        now = ctx.clock.now()
        if destination.kind is DestinationKind.CHANNEL:
            tx.destinations.unblock(destination, now)  # the bot is in the channel, whatever events said before
        owner = viewer.slack_user_id
        return make_rule(tx, destination, owner, new.query, state, now, audience=audience, options=options), True

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
    return rules.subscribed(rule, new.words, command=ctx.command, hints=hints)
