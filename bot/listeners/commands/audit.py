"""The audit log, for admins."""

from bot.blocks.answers import audit_log
from bot.domain.errors import NotAllowed, QueryError, Remedy
from bot.domain.model import Message
from bot.listeners.commands.registry import CommandRequest, subcommand
from bot.listeners.context import AppContext

ROWS_SHOWN = 20
MAX_ROWS = 30


@subcommand(
    "audit [N]",
    "Who did what in Spotter, and when",
    examples=("audit", "audit 30"),
    more=f"The newest {ROWS_SHOWN} entries, or as many as asked, at most {MAX_ROWS}; by ids, never by names.",
    admins_only=True,
)
async def audit(ctx: AppContext, request: CommandRequest) -> Message:
    """The newest entries of the audit log. The registry offers it to admins only; the rule is here."""
    if not request.viewer.is_admin:
        raise NotAllowed("only admins of Spotter see who did what", Remedy.ADMIN)
    if request.words and not (request.words.isdecimal() and len(request.words) < 9 and int(request.words)):
        raise QueryError(f"{ctx.command} audit takes a number of entries.", ["audit", "audit 30"])
    limit = min(int(request.words or ROWS_SHOWN), MAX_ROWS)
    entries = await ctx.store.read(lambda tx: tx.audit_log.entries(limit))
    return audit_log(entries, command=ctx.command)
