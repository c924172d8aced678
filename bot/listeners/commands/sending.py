"""The switch: admins stop all sending, and let it go on."""

from bot.blocks import sending as views
from bot.domain.errors import NotAllowed, QueryError, Remedy
from bot.domain.model import Message
from bot.listeners.commands.registry import CommandRequest, subcommand
from bot.listeners.context import AppContext
from bot.services import pausing
from bot.store.database import Tx

EVERYTHING = "all"


@subcommand(
    "pause all",
    "Stop all sending, at once",
    examples=("pause all",),
    more="Nothing is posted or edited in any channel or direct message until `resume all`, also after a restart. "
    "Nothing is lost. Commands are still answered. To end one rule: `unsubscribe N`.",
    admins_only=True,
)
async def pause(ctx: AppContext, request: CommandRequest) -> Message:
    """Pauses all sending. Checks the right itself, though the registry offers it to admins only."""
    who = _admin(request, "pause")

    def work(tx: Tx) -> Message:
        is_new = pausing.pause_all(tx, who, ctx.clock.now())
        counts = tx.deliveries.counts()
        assert counts.paused is not None, "it was paused in this transaction"
        return views.paused(counts.paused, is_new=is_new, command=ctx.command)

    return await ctx.store.transact(work)


@subcommand(
    "resume all",
    "Let sending go on after `pause all`",
    examples=("resume all",),
    more="Pending messages are sent; after a long pause, what is too old to be posted is counted, as after an outage.",
    admins_only=True,
)
async def resume(ctx: AppContext, request: CommandRequest) -> Message:
    """Lets sending go on. Checks the right itself, though the registry offers it to admins only."""
    who = _admin(request, "resume")

    def work(tx: Tx) -> Message:
        ended = pausing.resume_all(tx, who, ctx.clock.now())
        return views.resumed(ended, tx.deliveries.counts())

    answer = await ctx.store.transact(work)
    ctx.wake_sender()
    return answer


def _admin(request: CommandRequest, verb: str) -> str:
    """The Slack id of the admin who asks. Raises NotAllowed for others, QueryError for anything but "all"."""
    if not request.viewer.is_admin:
        raise NotAllowed(f"only admins of Spotter {verb} all sending", Remedy.ADMIN)
    if request.words.lower() != EVERYTHING:
        raise QueryError(f"Only all sending can be {verb}d here; a rule is ended with unsubscribe.", [f"{verb} all"])
    return request.viewer.slack_user_id
