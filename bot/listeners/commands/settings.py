"""Settings in Slack: a user's own direct messages."""

from bot.blocks import settings as settings_view
from bot.blocks.answers import Needs
from bot.domain.notifications import Message
from bot.domain.viewers import DirectMessages, Preferences, Viewer
from bot.listeners.access_scope import identity_of
from bot.listeners.commands.registry import CommandRequest, subcommand
from bot.listeners.context import AppContext, next_step
from bot.store.database import Tx


@subcommand("settings", "What you get as direct messages", on_menu="Settings", needs=Needs.PERSON)
async def settings(ctx: AppContext, request: CommandRequest) -> Message:
    """The viewer's direct messages, with menus that change them."""
    return settings_view.settings(await ctx.store.read(lambda tx: settings_of(ctx, tx, request.viewer)))


def settings_of(ctx: AppContext, tx: Tx, viewer: Viewer) -> settings_view.Settings:
    """A viewer's own choices beside the defaults."""
    identity = identity_of(viewer, tx.people.directory())
    return settings_view.Settings(
        chosen=tx.people.preferences(viewer.slack_user_id),
        observer_default=DirectMessages.ALL,
        employee_default=DirectMessages.ALL if ctx.settings.notify_employees else DirectMessages.NONE,
        who=identity.text,
        is_linked=not identity.not_allowed_reason,
        what_next=next_step(ctx, identity.remedy, viewer.slack_user_id),
    )


def save_preferences(ctx: AppContext, tx: Tx, user_id: str, wanted: Preferences) -> None:
    """Saves a user's choices; only a change is written to the audit log."""
    before = tx.people.preferences(user_id)
    if before == wanted:
        return
    tx.people.set_preferences(user_id, wanted)
    now, subject = ctx.clock.now(), f"user:{user_id}"
    tx.audit_log.write(user_id, "settings", subject, now, old=_chosen(before), new=_chosen(wanted))


def _chosen(preferences: Preferences) -> str:
    observer, employee = preferences.as_observer or "default", preferences.as_employee or "default"
    return f"as observer {observer}, as employee {employee}"
