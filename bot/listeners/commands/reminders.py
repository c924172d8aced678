"""What a person is reminded of."""

import re
from dataclasses import replace
from datetime import datetime

from bot.blocks.reminders import choices_shown
from bot.domain.errors import QueryError
from bot.domain.notifications import Message
from bot.domain.reminders import Choices
from bot.listeners.access_scope import access_view
from bot.listeners.commands.registry import CommandRequest, subcommand
from bot.listeners.context import AppContext
from bot.store.database import Tx

_CHOICE = re.compile(r"(planned\s+)?(on|off)", re.IGNORECASE)


async def _effect(_ctx: AppContext, request: CommandRequest) -> str:
    """Which reminders would begin or end."""
    found = _CHOICE.fullmatch(request.words.strip())
    if found is None:
        return "This changes what you are reminded of."
    what = "what is planned for you to observe" if found[1] else "what you observe and is late"
    return f"This turns your reminders of {what} {found[2].lower()}."


@subcommand(
    "reminders [on|off]",
    "What you are reminded of",
    examples=("reminders", "reminders off", "reminders planned on"),
    more="Late is what you observe and was not started a day after its planned time, or not finished two days after "
    "its start; a day later the employee's supervisor is reminded, then the operator's channel. `planned on` lists "
    "each morning what is planned for today and tomorrow.",
    effect=_effect,
)
async def reminders(ctx: AppContext, request: CommandRequest) -> Message:
    """A viewer's reminders, or another choice."""
    user_id, words = request.viewer.slack_user_id, request.words.strip()
    found = _CHOICE.fullmatch(words)
    if words and found is None:
        raise QueryError("Reminders are on or off.", ["reminders on", "reminders off", "reminders planned on"])

    def work(tx: Tx) -> Message:
        access_view(tx, request.viewer)
        choices = tx.reminders.choices(user_id)
        if found is None:
            return choices_shown(choices, command=ctx.command)
        is_on = found[2].lower() == "on"
        wanted = replace(choices, planned=is_on) if found[1] else replace(choices, late=is_on)
        save_reminders(tx, user_id, wanted, ctx.clock.now())
        return choices_shown(wanted, command=ctx.command, is_saved=True)

    return await ctx.store.transact(work)


def save_reminders(tx: Tx, user_id: str, wanted: Choices, now: datetime) -> None:
    """Saves what a user is reminded of; only a change is written to the audit log."""
    before = tx.reminders.choices(user_id)
    if wanted == before:
        return
    tx.reminders.set_choices(user_id, wanted)
    changed = [f"late {'on' if wanted.late else 'off'}"] if wanted.late != before.late else []
    if wanted.planned != before.planned:
        changed.append(f"planned {'on' if wanted.planned else 'off'}")
    tx.audit_log.write(user_id, "reminders", f"user:{user_id}", now, new=", ".join(changed))
