"""The Bolt app: its middleware, every listener by name, one fallback and one place for errors.

No network call comes before an acknowledgement: `authorize` answers from the auth.test of the start.
"""

import logging
import re
from collections.abc import Callable, Sequence
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.context.async_context import AsyncBoltContext
from slack_sdk.web.async_client import AsyncWebClient

from bot.domain.ports import Reply
from bot.listeners import actions, commands, events, views
from bot.listeners.after_ack import AfterAck, ReplyFor
from bot.listeners.context import AppContext
from bot.listeners.middleware import KnownViewer, SkipRepeatedEvents
from bot.listeners.requests import ActionRequest, OutdatedButton
from bot.slack.answers import BotIdentity
from bot.slack.task_pool import TaskPool

ANYTHING = re.compile(r".*", re.DOTALL)
LISTENERS = (commands.register, actions.register, views.register, events.register)

# Bolt logs whole bodies: at INFO for a wrong signature, at WARNING for a request without a listener.
_quiet = logging.getLogger("spotter.bolt")
_quiet.setLevel(logging.ERROR)


def build_app(
    ctx: AppContext,
    client: AsyncWebClient,
    identity: BotIdentity,
    pool: TaskPool,
    reply_for: ReplyFor,
    listeners: Sequence[Callable[[AsyncApp, AfterAck], None]] = LISTENERS,
) -> AsyncApp:
    """The app with all listeners registered; both transports hand their requests to it."""

    async def authorize(enterprise_id: str | None, team_id: str | None) -> AuthorizeResult:
        return AuthorizeResult(
            enterprise_id=enterprise_id,
            team_id=team_id,
            bot_token=client.token,
            bot_id=identity.bot_id,
            bot_user_id=identity.bot_user_id,
        )

    app = AsyncApp(
        name="spotter",  # else Bolt searches the call stack for one
        client=client,
        authorize=authorize,
        logger=_quiet,
        # `http_endpoint` checks signatures, and a socket is authenticated: Bolt would only log bodies.
        request_verification_enabled=False,
    )
    app.middleware(SkipRepeatedEvents())
    after_ack = AfterAck(ctx, pool, reply_for, KnownViewer(ctx.contacts))
    for register in listeners:
        register(app, after_ack)
    _register_fallback(app, after_ack)
    app.error(after_ack.on_error)
    return app


def _register_fallback(app: AsyncApp, after_ack: AfterAck) -> None:
    """Registers one listener for everything that has no other: it acknowledges, and answers commands and buttons."""
    # A command that was renamed in Slack's settings, but not in ours.
    answer_command = after_ack.command(commands.answer)
    answer_action = after_ack.action(_outdated)

    async def fallback(ack: AsyncAck, body: dict[str, Any], context: AsyncBoltContext) -> None:
        if "command" in body:
            await answer_command(ack, body, context)
        elif body.get("type") == "block_actions":
            await answer_action(ack, body, context)
        else:
            await ack()

    for listens in (app.command, app.action, app.view, app.view_closed, app.shortcut, app.options, app.event):
        listens(ANYTHING)(fallback)


async def _outdated(ctx: AppContext, action: ActionRequest, reply: Reply) -> None:
    raise OutdatedButton
