"""Buttons that save a target or a critical criterion, if what was shown before the press still holds."""

from bot.blocks import actions
from bot.blocks import targets as views
from bot.domain.errors import NotAllowed, Remedy
from bot.domain.notifications import Message
from bot.domain.outcomes import exact
from bot.domain.ports import Reply
from bot.domain.target_changes import basis_of
from bot.listeners.commands.targets import critical_with, preview_critical, preview_target
from bot.listeners.context import AppContext
from bot.listeners.requests import ActionRequest, OutdatedButton, viewer_of
from bot.store.database import Tx


async def set_target(ctx: AppContext, action: ActionRequest, reply: Reply) -> None:
    """Saves the target that was asked about; asks again if the targets changed since."""
    wanted = action.decoded(actions.SetTarget)
    await _refuse_others(ctx, action)
    checklist_id = wanted.checklist_id or None

    def work(tx: Tx) -> Message:
        before = tx.targets.current()
        if basis_of(before) != wanted.basis:
            return preview_target(ctx, tx, checklist_id, wanted.percent, is_outdated=True)
        old = before.default if checklist_id is None else before.per_checklist.get(checklist_id)
        now = ctx.clock.now()
        tx.targets.set(checklist_id, wanted.percent, action.user_id, now)
        tx.audit_log.write(
            action.user_id,
            "target",
            f"checklist:{checklist_id or 'all'}",
            now,
            old="none" if old is None else exact(old),
            new="none" if wanted.percent is None else exact(wanted.percent),
        )
        title = None if checklist_id is None else tx.search.title_of(checklist_id)
        return views.target_set(tx.targets.current(), checklist_id, title, command=ctx.command)

    await reply(await ctx.store.transact(work), replace=action.is_private)


async def set_critical(ctx: AppContext, action: ActionRequest, reply: Reply) -> None:
    """Makes the criterion that was asked about critical, or no longer; asks again if the targets changed since."""
    wanted = action.decoded(actions.SetCritical)
    await _refuse_others(ctx, action)

    def work(tx: Tx) -> Message:
        changed = critical_with(tx, wanted.checklist_id, wanted.digest, is_critical=wanted.is_critical)
        if changed is None:
            raise OutdatedButton
        if basis_of(tx.targets.current()) != wanted.basis:
            return preview_critical(
                ctx, tx, wanted.checklist_id, wanted.digest, is_critical=wanted.is_critical, is_outdated=True
            )
        title, critical = changed
        now = ctx.clock.now()
        tx.targets.set_critical(wanted.checklist_id, critical, action.user_id, now)
        old, new = ("", "critical") if wanted.is_critical else ("critical", "")
        subject = f"criterion:{wanted.checklist_id}:{wanted.digest}"
        tx.audit_log.write(action.user_id, "critical", subject, now, old=old, new=new)
        return views.critical_set(title, tx.search.title_of(wanted.checklist_id), is_critical=wanted.is_critical)

    await reply(await ctx.store.transact(work), replace=action.is_private)


async def _refuse_others(ctx: AppContext, action: ActionRequest) -> None:
    if not (await viewer_of(ctx, action)).is_admin:
        raise NotAllowed("only admins of Spotter set targets", Remedy.ADMIN)
