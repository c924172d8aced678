"""Settings in Slack: the target that people are expected to reach, and a user's own direct messages."""

import re
from collections.abc import Mapping

from bot.blocks import answers
from bot.blocks import settings as settings_view
from bot.blocks.answers import Needs
from bot.domain.errors import NotAllowed, QueryError, Remedy
from bot.domain.filters import ids_named
from bot.domain.model import DirectMessages, Message, Preferences, Targets, Viewer
from bot.domain.outcomes import exact
from bot.listeners.access_scope import access_view, identity_of
from bot.listeners.commands.registry import CommandRequest, subcommand
from bot.listeners.context import AppContext, next_step
from bot.query.nearest import nearest, normalize
from bot.store.database import Tx

NO_TARGET = ("off", "none")
_PERCENT = re.compile(r"(\d{1,3}(?:[.,]\d{1,6})?)\s*%?(?:\s+(.*))?", re.DOTALL)
_WITHOUT = re.compile(rf"({'|'.join(NO_TARGET)})(?:\s+(.*))?", re.DOTALL | re.IGNORECASE)
_QUOTES = " \"“”„«»'"


@subcommand(
    "target [PERCENT [checklist]]",
    "The percentage people are to reach",
    examples=("target", "target 80"),
    more="Admins set it, for every checklist or for one: `target 85 Opening`; `target off` takes it away. It counts "
    "for sessions completed from then on.",
)
async def target(ctx: AppContext, request: CommandRequest) -> Message:
    """The targets, or a new one."""
    if not request.words:
        return await ctx.store.read(lambda tx: _targets(ctx, tx, request.viewer))
    percent, title = _read(request.words)
    if not request.viewer.is_admin:
        raise NotAllowed("only admins of Spotter set targets", Remedy.ADMIN)

    def work(tx: Tx) -> Message:
        now = ctx.clock.now()
        titles = tx.search.checklist_titles(access_view(tx, request.viewer).scope)
        checklist_id = _checklist(title, titles, "off" if percent is None else f"{percent:g}") if title else None
        before = tx.targets.current()
        old = before.default if checklist_id is None else before.per_checklist.get(checklist_id)
        tx.targets.set(checklist_id, percent, request.viewer.slack_user_id, now)
        tx.audit_log.write(
            request.viewer.slack_user_id,
            "target",
            f"checklist:{checklist_id or 'all'}",
            now,
            old="none" if old is None else exact(old),
            new="none" if percent is None else exact(percent),
        )
        return answers.target_set(percent, titles[checklist_id] if checklist_id else None, command=ctx.command)

    return await ctx.store.transact(work)


def _targets(ctx: AppContext, tx: Tx, viewer: Viewer) -> Message:
    titles = tx.search.checklist_titles(access_view(tx, viewer).scope)
    every = tx.targets.current()
    visible = {one: percent for one, percent in every.per_checklist.items() if one in titles}
    return answers.targets_list(Targets(every.default, visible), titles, command=ctx.command, is_admin=viewer.is_admin)


def _read(text: str) -> tuple[float | None, str]:
    """The percentage, None for no target; and the name of the checklist as typed, "" for all."""
    if without := _WITHOUT.fullmatch(text):
        return None, (without[2] or "").strip(_QUOTES)
    found = _PERCENT.fullmatch(text)
    percent = float(found[1].replace(",", ".")) if found else None
    if found is None or percent is None or percent > 100:
        raise QueryError(f"“{text}” is no target: it is a percentage from 0 to 100.", ["target", "target 80"])
    return percent, (found[2] or "").strip(_QUOTES)


def _checklist(title: str, titles: Mapping[str, str], amount: str) -> str:
    """The id of the one checklist with this title. Raises QueryError if there is none or several; its suggestions set
    `amount`."""
    found = ids_named(normalize(title), [(normalize(name), ident) for ident, name in titles.items()])
    if len(found) == 1:
        return next(iter(found))
    like = [titles[one] for one in found] or nearest(title, titles.values())
    reason = "means more than one checklist" if found else "is no checklist Spotter has seen"
    raise QueryError(f"“{title}” {reason}.", [f'target {amount} "{name}"' for name in sorted(like)[:3]])


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
