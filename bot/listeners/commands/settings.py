"""Settings in Slack: a user's own direct messages."""

from dataclasses import replace

from bot.blocks import settings as settings_view
from bot.blocks.answers import Needs
from bot.blocks.markup import safe
from bot.blocks.rules import format_rule
from bot.domain.errors import NotAllowed, QueryError, Remedy
from bot.domain.notifications import Message
from bot.domain.preferences import EXAMPLES, Choice, Role, parse_choice, role_of
from bot.domain.rules import RuleState
from bot.domain.viewers import DirectMessages, Viewer
from bot.listeners.access_scope import access_view, identity_of, zone_of
from bot.listeners.commands import quiet, reminders
from bot.listeners.commands.registry import CommandRequest, subcommand
from bot.listeners.context import AppContext, next_step
from bot.listeners.own_rules import own_rule_text
from bot.services import preferences
from bot.services.preferences import Defaults, InRole
from bot.store.database import Tx


async def _effect(_ctx: AppContext, request: CommandRequest) -> str:
    """What would come as direct messages."""
    return f"This changes what you get as direct messages to “{safe(request.words, 200)}”."


@subcommand(
    "settings [observer weekly]",
    "What you get as direct messages",
    examples=(
        "settings",
        "settings observer daily 09:00 below 70",
        "settings supervisor weekly mon 09:00 below target",
    ),
    more="A role is `observer`, `employee` or `supervisor`; you get its results `instantly`, as a digest `daily 09:00` "
    "or `weekly mon 09:00`, or `never`; all of them, only those `below target`, or `below 70` percent. `settings own "
    "off` leaves out what you completed or acknowledged yourself. `quiet` and `reminders` are settings too.",
    on_menu="Settings",
    effect=_effect,
    needs=Needs.PERSON,
)
async def settings(ctx: AppContext, request: CommandRequest) -> Message:
    """What the viewer gets as direct messages, or another choice."""
    first, _, remaining = request.words.strip().removeprefix("as ").partition(" ")
    verb = first.lower()
    if not verb:
        return settings_view.settings(await ctx.store.read(lambda tx: settings_of(ctx, tx, request.viewer)))
    for other in (quiet.quiet, reminders.reminders):
        if verb == other.verb:
            return await other.answer(ctx, replace(request, words=remaining))
    if verb == "own":
        return await _set_own_actions(ctx, request.viewer, remaining)
    role = role_of(verb)
    if role is None:
        raise QueryError(f"“{first}” is no setting.", ["settings", *EXAMPLES])
    if not remaining.strip():
        return settings_view.settings(await ctx.store.read(lambda tx: settings_of(ctx, tx, request.viewer)))

    def work(tx: Tx) -> Message:
        refuse_nobody(tx, request.viewer)
        before = preferences.in_role(tx, request.viewer, role, defaults_of(ctx)).choice
        return choose(ctx, tx, request.viewer, {role: parse_choice(remaining, before, role)})

    answer = await ctx.store.transact(work)
    ctx.wake_sender()
    return answer


async def _set_own_actions(ctx: AppContext, viewer: Viewer, words: str) -> Message:
    wanted = {"on": True, "yes": True, "off": False, "no": False}.get(words.strip().lower())
    if wanted is None:
        raise QueryError("Messages about what you did yourself are on or off.", ["settings own on", "settings own off"])

    def work(tx: Tx) -> Message:
        refuse_nobody(tx, viewer)
        chosen = replace(tx.people.preferences(viewer.slack_user_id), own_actions=wanted)
        before = tx.people.preferences(viewer.slack_user_id).own_actions
        preferences.save(tx, viewer.slack_user_id, chosen, ctx.clock.now())
        return settings_view.own_actions_saved(wanted, is_new=before is not wanted, command=ctx.command)

    return await ctx.store.transact(work)


def refuse_nobody(tx: Tx, viewer: Viewer) -> None:
    """Raises NotAllowed for users without an active person in iSpring: they have nothing to choose."""
    identity = identity_of(viewer, tx.people.directory())
    if identity.not_allowed_reason:
        raise NotAllowed(identity.not_allowed_reason, identity.remedy)


def choose(ctx: AppContext, tx: Tx, viewer: Viewer, choices: dict[Role, Choice | None]) -> Message:
    """Makes choices of a viewer, None for the default, and says what changed. Raises NotAllowed and NotPossibleNow."""
    if choices.get(Role.SUPERVISOR) is not None and Role.SUPERVISOR not in (
        preferences.roles_of(viewer, access_view(tx, viewer).directory)
    ):
        raise NotAllowed("in iSpring you are in charge of nobody", Remedy.NONE)
    before = [_shown(ctx, tx, viewer, role) for role in choices]
    for role, choice in choices.items():
        preferences.choose(tx, viewer, role, choice, ctx.clock.now())
    now = [_shown(ctx, tx, viewer, role) for role in choices]
    return settings_view.choices_saved(list(zip(before, now, strict=True)), command=ctx.command)


def defaults_of(ctx: AppContext) -> Defaults:
    """What people get here who chose nothing."""
    return Defaults(as_employee=DirectMessages.ALL if ctx.settings.notify_employees else DirectMessages.NONE)


def settings_of(ctx: AppContext, tx: Tx, viewer: Viewer) -> settings_view.Settings:
    """A viewer's own choices beside the defaults, and everything else that decides what they get."""
    directory, now = tx.people.directory(), ctx.clock.now()
    identity = identity_of(viewer, directory)
    shown = settings_view.Settings(
        who=identity.text,
        is_linked=not identity.not_allowed_reason,
        what_next=next_step(ctx, identity.remedy, viewer.slack_user_id),
        command=ctx.command,
    )
    if identity.not_allowed_reason:
        return shown
    found = [
        preferences.in_role(tx, viewer, role, defaults_of(ctx)) for role in preferences.roles_of(viewer, directory)
    ]
    in_roles = {one.rule.rule_id for one in found if one.rule is not None}
    others = [rule for rule in preferences.own_rules(tx, viewer) if rule.rule_id not in in_roles]
    chosen, zone = tx.people.preferences(viewer.slack_user_id), zone_of(viewer)
    own = preferences.own_destination(viewer)
    reader = tx.quiet_times.of_destination(own)
    muted = [one.ends_at for one in tx.mutes.running(now, own)]
    return replace(
        shown,
        roles=[_role_setting(ctx, tx, viewer, one) for one in found],
        own_actions=chosen.own_actions,
        quiet=tx.quiet_times.of(viewer.slack_user_id),
        zone=zone,
        held_until=None if reader is None else reader.held_until(now),
        reminders=tx.reminders.choices(viewer.slack_user_id),
        rules=[
            (
                format_rule(rule, own_rule_text(tx, viewer, rule), viewer.slack_user_id),
                preferences.next_digest_of(tx, rule, now) if rule.state is RuleState.ACTIVE else None,
            )
            for rule in others
        ],
        muted_until=max(muted, default=None),
    )


def _shown(ctx: AppContext, tx: Tx, viewer: Viewer, role: Role) -> settings_view.RoleSetting:
    return _role_setting(ctx, tx, viewer, preferences.in_role(tx, viewer, role, defaults_of(ctx)))


def _role_setting(ctx: AppContext, tx: Tx, viewer: Viewer, one: InRole) -> settings_view.RoleSetting:
    next_at = None if one.rule is None else preferences.next_digest_of(tx, one.rule, ctx.clock.now())
    return settings_view.RoleSetting(
        role=one.role, choice=one.choice, is_default=one.is_default, next_at=next_at, of_all=viewer.is_admin
    )
