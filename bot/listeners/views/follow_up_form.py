"""The form that takes a follow-up on a session: filled in, and saved before the acknowledgement, from the store."""

import asyncio
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_bolt.context.async_context import AsyncBoltContext

from bot.blocks import actions
from bot.blocks import follow_ups as views
from bot.blocks.cards import card_title
from bot.blocks.markup import NAME, bare
from bot.domain.errors import NotAllowed, NotPossibleNow, QueryError
from bot.domain.follow_ups import NOTE, criterion_of, missed_criteria
from bot.domain.model import SessionKey
from bot.domain.viewers import Viewer
from bot.listeners.access_scope import zone_of
from bot.listeners.after_ack import AfterAck
from bot.listeners.context import AppContext
from bot.listeners.requests import Submission, read_submission, viewer_of
from bot.services import follow_ups
from bot.store.database import Tx

SUBMIT_TIMEOUT = 2.5  # seconds: Slack gives three


def register(app: AsyncApp, after_ack: AfterAck) -> None:
    """Registers the form."""
    ctx = after_ack.ctx

    async def submit(ack: AsyncAck, body: dict[str, Any], context: AsyncBoltContext) -> None:
        submission = replace(read_submission(body), viewer=context.get("viewer"))
        async with asyncio.timeout(SUBMIT_TIMEOUT):
            viewer = await viewer_of(ctx, submission)
            mistakes, view = await _save(ctx, viewer, submission)
        if mistakes:
            await ack(response_action="errors", errors=submission.errors(mistakes))
            return
        await ack(response_action="update", view=view)
        ctx.wake_sender()

    app.view(actions.FOLLOW_UP_FORM, middleware=[after_ack.known_viewer])(submit)


def form(tx: Tx, viewer: Viewer, key: SessionKey, now: datetime) -> dict[str, Any]:
    """The form of a session. Raises NotAllowed, and QueryError if there is nothing to follow up."""
    record, directory = follow_ups.record_to_follow_up(tx, viewer, key), tx.people.directory()
    own = next((one for one in record.follow_ups if one.is_open and one.owner == viewer.slack_user_id), None)
    title = card_title(record, bare(directory.name_of(key.employee_id), NAME))
    return views.follow_up_form(record, title, missed_criteria(record), own, now.astimezone(zone_of(viewer)).date())


async def _save(
    ctx: AppContext, viewer: Viewer, submission: Submission
) -> tuple[dict[str, str], dict[str, Any] | None]:
    """Stores what the form says: mistakes by the name of the input, or the view that follows. Every condition is
    checked again: a value proves nothing."""
    key, values = actions.session_of(submission.metadata), submission.values
    try:
        due = date.fromisoformat(values.get(actions.INPUT_FOLLOW_UP_DUE, ""))
    except ValueError:
        return {actions.INPUT_FOLLOW_UP_DUE: "Choose a day."}, None

    def work(tx: Tx) -> tuple[dict[str, str], dict[str, Any] | None]:
        if key is None:
            raise NotAllowed("this form is of no session")
        record, now = follow_ups.record_to_follow_up(tx, viewer, key), ctx.clock.now()
        try:
            chosen = views.chosen_criterion(values.get(actions.INPUT_FOLLOW_UP_WHAT, ""), missed_criteria(record))
        except ValueError:
            return {actions.INPUT_FOLLOW_UP_WHAT: "Choose one from the list."}, None
        note = " ".join(values.get(actions.INPUT_FOLLOW_UP_NOTE, "").split())[:NOTE]
        today = now.astimezone(zone_of(viewer)).date()
        taken = follow_ups.take(tx, viewer, key, criterion_of(chosen), due, note, today, now)
        return {}, views.taken(taken, ctx.command)

    try:
        return await ctx.store.transact(work)
    except QueryError as problem:
        return {actions.INPUT_FOLLOW_UP_DUE: str(problem)}, None
    except (NotAllowed, NotPossibleNow) as problem:
        return {actions.INPUT_FOLLOW_UP_WHAT: f"{str(problem)[:1].upper()}{str(problem)[1:]}."}, None
