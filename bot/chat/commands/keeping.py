"""What admins ask about Spotter's own past."""

from bot.chat.commands.registry import Asked, subcommand
from bot.chat.desk import Desk
from bot.core.errors import NotAllowed, QueryError, Remedy
from bot.core.model import Message
from bot.views.ledger import ledger

SHOWN = 20
MOST_SHOWN = 30


@subcommand(
    "audit [N]",
    "Who did what in Spotter, and when",
    examples=("audit", "audit 30"),
    more=f"The newest {SHOWN} entries, or as many as asked, at most {MOST_SHOWN}; by ids, never by names.",
    admins_only=True,
)
async def audit(desk: Desk, asked: Asked) -> Message:
    """The newest entries of the ledger. The registry offers it to admins only; asked again: the rule is made here."""
    if not asked.viewer.is_admin:
        raise NotAllowed("only admins of Spotter see who did what", Remedy.ADMIN)
    if asked.words and not (asked.words.isdecimal() and len(asked.words) < 9 and int(asked.words)):
        raise QueryError(f"{desk.command} audit takes a number of entries.", ["audit", "audit 30"])
    limit = min(int(asked.words or SHOWN), MOST_SHOWN)
    entries = await desk.store.read(lambda tx: tx.ledger.entries(limit))
    return ledger(entries, command=desk.command)
