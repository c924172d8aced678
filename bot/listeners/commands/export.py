"""Export: sessions as a CSV file, sent to the asker alone."""

import asyncio
import re
from io import TextIOWrapper
from typing import IO

import structlog

from bot.blocks.coverage import covers
from bot.blocks.elements import notice
from bot.blocks.markup import escape, format_query_text
from bot.blocks.reports import age, not_used
from bot.domain.errors import MessengerRefused, MessengerUnavailable, NoRoom, NotPossibleNow
from bot.domain.notifications import Message
from bot.domain.text import clip, count
from bot.listeners.access_scope import AccessView, access_view
from bot.listeners.commands.registry import CommandRequest, subcommand
from bot.listeners.context import AppContext
from bot.listeners.questions.rule_wishes import WHEN
from bot.listeners.understanding import fetch_mentioned_users, understand
from bot.query.by_id import with_labels
from bot.query.keys import Key, without_shape
from bot.query.parser import say, words
from bot.services.export import Export, spool_beside, write_csv
from bot.store.database import Tx

SCOPE = "files:write"
AT_ONCE = 1  # each holds a read transaction for as long as it writes its file
_NOT_ALLOWED = frozenset({"missing_scope", "not_allowed_token_type", "no_permission"})
_UPLOADS_OFF = frozenset({"file_uploads_disabled", "file_uploads_except_images_disabled"})
_turn = asyncio.Semaphore(AT_ONCE)

log = structlog.get_logger(__name__)

_FORMAT = re.compile(r"\b(?:as|to|in|into) (?:an? )?(?:csv|excel|xlsx?|spreadsheet)(?: file)?\b", re.IGNORECASE)


@subcommand(
    "export [query]",
    "Sessions as a file for spreadsheets",
    examples=("export outcome:failed since:30d",),
    more="A CSV file with every session that matches and that you may see, sent to you alone as a direct message; "
    "`criteria:yes` adds the criteria.",
    takes_query=True,
    takes=lambda words: WHEN.search(words) is None,  # "export failed every monday" is a digest
    asks_itself=True,  # it changes nothing; who exported what is in the audit log
)
async def export(ctx: AppContext, request: CommandRequest) -> Message:
    """Sends the file, and says so once Slack has completed it."""
    await fetch_mentioned_users(ctx, request.words)
    now, asked = ctx.clock.now(), _FORMAT.sub(" ", request.words).strip()
    user_id = request.viewer.slack_user_id

    def work(tx: Tx, out: IO[bytes], access: AccessView) -> tuple[int, str, str, str, str]:
        meant = understand(tx, access, asked, "export", now)
        rows_by = [f"{Key.BY}:{term.value}" for term in meant.query.terms if term.key is Key.BY]
        made = Export(tx, meant.query, access.scope, meant.known, access.directory, now, access.zone)
        text = TextIOWrapper(out, encoding="utf-8", newline="")
        rows = write_csv(text, made)
        text.detach()  # flushes, and leaves the file open
        known_as = words(with_labels(without_shape(meant.query), meant.known))
        covered = f"{covers(access.coverage)} " if access.coverage else ""
        poll = tx.polls.state()
        return (
            rows,
            known_as,
            say(meant.query),
            not_used((*meant.unused, *rows_by)),
            covered + age(poll.last_good_at, now, poll.corrected_at),
        )

    try:
        async with _turn:
            access = await _access_of(ctx, user_id)  # who waited for their turn may have lost rights
            with spool_beside(ctx.store.path) as file:
                rows, known_as, query, left_out, about = await ctx.store.read(lambda tx: work(tx, file, access))
                typed = escape(clip(f"export {query}".rstrip(), 1_500))
                read_as = f"Read as `{ctx.command} {typed}`{left_out}. {about}"
                if not rows:
                    return notice(f"Nothing to export: {format_query_text(known_as, 800)}. No file was made.", read_as)
                if (await _access_of(ctx, user_id)).scope != access.scope:
                    raise NotPossibleNow("what you may see has changed while the file was made; ask again")
                await _deliver(ctx, user_id, file, rows)
    except NoRoom as error:
        log.error("export.failed", reason=str(error))
        raise NotPossibleNow("there is no room for the file where Spotter runs; its log says where") from error
    sessions = count(rows, "session")
    return notice(
        f"Sent to you as a direct message: {sessions} in a CSV file: {format_query_text(known_as, 800)}.", read_as
    )


async def _access_of(ctx: AppContext, user_id: str) -> AccessView:
    """What a user may see now. Raises NotAllowed or NotPossibleNow if that is nothing."""
    viewer = await ctx.contacts.viewer(user_id)
    return await ctx.store.read(lambda tx: access_view(tx, viewer))


async def _deliver(ctx: AppContext, user_id: str, file: IO[bytes], rows: int) -> None:
    """Sends the file to a user's direct message. Raises NotPossibleNow if Slack did not complete it.

    The audit log has the export before Slack gets it: afterwards a lost answer would hide that data has left.
    """
    now = ctx.clock.now()
    await ctx.store.transact(lambda tx: tx.audit_log.write(user_id, "export", f"sessions:{rows}", now))
    by_hand = "the command line gives the same file: spotter sessions QUERY --csv"
    try:
        place = await ctx.messenger.open_dm(user_id)
        await ctx.messenger.upload(
            place, file, name=f"sessions-{now:%Y-%m-%d}.csv", title=f"Sessions ({rows:,})", comment="Your export."
        )
    except MessengerRefused as refusal:
        if refusal.code in _NOT_ALLOWED:
            reason = f"Spotter may not send files yet; an admin of Slack can grant it the scope {SCOPE}, and {by_hand}"
        elif refusal.code in _UPLOADS_OFF:
            reason = f"this workspace does not allow files; {by_hand}"
        else:
            reason = f"Slack did not take the file ({refusal.code}); {by_hand}"
        raise NotPossibleNow(reason) from refusal
    except MessengerUnavailable as problem:
        raise NotPossibleNow(
            "Slack did not confirm the file; see whether it is in your direct messages before you ask again"
        ) from problem
