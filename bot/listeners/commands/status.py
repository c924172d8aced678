"""Questions about Spotter itself: whether it works, and what is set up."""

from bot.blocks import status as status_view
from bot.blocks.answers import Needs
from bot.blocks.setup import setup_answer
from bot.blocks.targets import format_general
from bot.domain.notifications import Message
from bot.domain.rules import RuleState
from bot.domain.viewers import Viewer
from bot.listeners.commands.registry import CommandRequest, subcommand
from bot.listeners.commands.rules import mute_texts, visible_mutes
from bot.listeners.context import AppContext
from bot.services.digests import next_digest_at
from bot.services.setup import setup_of
from bot.store.database import Tx


@subcommand(
    "status",
    "Whether Spotter is alive, late, or has messages waiting",
    on_menu="Status",
    needs=Needs.NOTHING,
    only_reads=True,
)
async def status(ctx: AppContext, request: CommandRequest) -> Message:
    """Whether Spotter works."""
    return status_view.status(await ctx.store.read(lambda tx: status_of(ctx, tx, request.viewer)))


def status_of(ctx: AppContext, tx: Tx, viewer: Viewer) -> status_view.Status:
    """What Spotter knows of itself; the view keeps counts to admins."""
    states = [rule.state for rule in tx.rules.all((RuleState.ACTIVE, RuleState.PAUSED))]
    now = ctx.clock.now()
    mutes = tx.mutes.running(now) if viewer.is_admin else visible_mutes(tx, viewer, None, now)
    said = mute_texts(tx, viewer, mutes)
    return status_view.Status(
        poll=tx.polls.state(),
        outbox=tx.deliveries.counts(ctx.clock.now()),
        rules=states.count(RuleState.ACTIVE),
        paused_rules=states.count(RuleState.PAUSED),
        poll_interval=tx.polling.state().interval(ctx.settings.poll_interval, ctx.clock.now()),
        now=now,
        is_admin=viewer.is_admin,
        blocked=tx.destinations.blocked() if viewer.is_admin else (),
        alerts=tx.alerts.all() if viewer.is_admin else (),
        next_digest_at=next_digest_at(tx, ctx.clock.now()) if viewer.is_admin else None,
        mutes=[(one, said[one.mute_id]) for one in mutes],
        target=format_general(tx.targets.current(), tx.targets.is_set_for_all()) if viewer.is_admin else "",
        card_delay=tx.deliveries.card_delay() if viewer.is_admin else None,
        admins=sorted(ctx.settings.admins),
        open_steps=[one for one in setup_of(tx, ctx.settings, now) if not one.is_done] if viewer.is_admin else (),
        command=ctx.command,
    )


@subcommand(
    "setup",
    "What is set up, and what comes next",
    more="The check-list of a first run, as everything is now. Each admin gets it once as a direct message, which is "
    "edited when something changes.",
    admins_only=True,
    needs=Needs.NOTHING,
    only_reads=True,
)
async def setup(ctx: AppContext, request: CommandRequest) -> Message:
    """The check-list of a first run."""
    steps = await ctx.store.read(lambda tx: setup_of(tx, ctx.settings, ctx.clock.now()))
    return setup_answer(steps, ctx.command)
