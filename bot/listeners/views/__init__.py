"""The forms that are submitted, and the settings form. It is answered before the acknowledgement, from the store."""

import asyncio
from collections.abc import Mapping
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.blocks import actions
from bot.blocks.settings import NO_MESSAGES, choice_of
from bot.domain.viewers import DirectMessages, Preferences
from bot.listeners.after_ack import AfterAck
from bot.listeners.commands.settings import save_preferences
from bot.listeners.context import AppContext
from bot.listeners.events import home
from bot.listeners.requests import Submission, read_submission
from bot.listeners.views import follow_up_form, rule_form
from bot.store.database import Tx

SUBMIT_TIMEOUT = 2.5  # seconds: Slack gives three

_CHOICE_EXPECTED = "Choose one from the list."
_NO_PERSON = f"Spotter does not know who you are in iSpring. {NO_MESSAGES}"


def register(app: AsyncApp, after_ack: AfterAck) -> None:
    """Registers the form."""

    async def submit_settings(ack: AsyncAck, body: dict[str, Any]) -> None:
        submission = read_submission(body)
        async with asyncio.timeout(SUBMIT_TIMEOUT):
            mistakes = await _save_settings(after_ack.ctx, submission)
        if mistakes:
            await ack(response_action="errors", errors=submission.errors(mistakes))
            return
        await ack()
        # The Home tab shows the choices too; publishing it takes Slack's network, so it follows the acknowledgement.
        after_ack.start("home", submission, lambda: home.publish(after_ack.ctx, submission))

    app.view(actions.SETTINGS_FORM)(submit_settings)
    rule_form.register(app, after_ack)
    follow_up_form.register(app, after_ack)


async def _save_settings(ctx: AppContext, submission: Submission) -> Mapping[str, str]:
    """Saves a user's choices; returns mistakes by the name of the input, none if all is saved."""
    mistakes: dict[str, str] = {}
    chosen: dict[str, DirectMessages | None] = {}
    for name in (actions.INPUT_OBSERVER, actions.INPUT_EMPLOYEE):
        try:
            chosen[name] = choice_of(submission.values.get(name, ""))
        except ValueError:
            mistakes[name] = _CHOICE_EXPECTED
    if mistakes:
        return mistakes
    wanted = Preferences(chosen[actions.INPUT_OBSERVER], chosen[actions.INPUT_EMPLOYEE])

    def work(tx: Tx) -> dict[str, str]:
        if tx.people.linked_person(submission.user_id) is None:
            return {actions.INPUT_OBSERVER: _NO_PERSON}
        save_preferences(ctx, tx, submission.user_id, wanted)
        return {}

    return await ctx.store.transact(work)
