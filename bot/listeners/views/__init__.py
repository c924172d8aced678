"""The forms that are submitted, and the settings form. It is answered before the acknowledgement, from the store."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_bolt.context.async_context import AsyncBoltContext

from bot.blocks import actions
from bot.blocks.settings import NO_MESSAGES
from bot.blocks.settings_form import submitted
from bot.listeners.after_ack import AfterAck
from bot.listeners.commands.quiet import save_quiet
from bot.listeners.commands.reminders import save_reminders
from bot.listeners.commands.settings import settings_of
from bot.listeners.context import AppContext
from bot.listeners.events import home
from bot.listeners.requests import Submission, read_submission, viewer_of
from bot.listeners.views import follow_up_form, rule_form
from bot.services import preferences
from bot.store.database import Tx

SUBMIT_TIMEOUT = 2.5  # seconds: Slack gives three

_NO_PERSON = f"Spotter does not know who you are in iSpring. {NO_MESSAGES}"


def register(app: AsyncApp, after_ack: AfterAck) -> None:
    """Registers the form."""

    async def submit_settings(ack: AsyncAck, body: dict[str, Any], context: AsyncBoltContext) -> None:
        submission = replace(read_submission(body), viewer=context.get("viewer"))
        async with asyncio.timeout(SUBMIT_TIMEOUT):
            mistakes = await _save_settings(after_ack.ctx, submission)
        if mistakes:
            await ack(response_action="errors", errors=submission.errors(mistakes))
            return
        await ack()
        after_ack.ctx.wake_sender()
        # The Home tab shows the choices too; publishing it takes Slack's network, so it follows the acknowledgement.
        after_ack.start("home", submission, lambda: home.publish(after_ack.ctx, submission))

    app.view(actions.SETTINGS_FORM, middleware=[after_ack.known_viewer])(submit_settings)
    rule_form.register(app, after_ack)
    follow_up_form.register(app, after_ack)


async def _save_settings(ctx: AppContext, submission: Submission) -> Mapping[str, str]:
    """Saves a user's settings; returns mistakes by the name of the input, none if all is saved."""
    viewer = await viewer_of(ctx, submission)
    first = next(iter(submission.values), actions.INPUT_OBSERVER)

    def work(tx: Tx) -> Mapping[str, str]:
        before = settings_of(ctx, tx, viewer)
        if not before.is_linked:
            return {first: _NO_PERSON}
        found = submitted(submission.values, before)
        if found.mistakes:
            return found.mistakes
        now, user_id = ctx.clock.now(), viewer.slack_user_id
        for one in before.roles:
            wanted = found.choices[one.role]
            if wanted != one.choice and not (wanted is None and one.is_default):
                preferences.choose(tx, viewer, one.role, wanted, now)
        own = replace(tx.people.preferences(user_id), own_actions=found.own_actions)
        preferences.save(tx, user_id, own, now)
        save_quiet(tx, user_id, found.quiet, now)
        save_reminders(tx, user_id, found.reminders, now)
        return {}

    return await ctx.store.transact(work)
