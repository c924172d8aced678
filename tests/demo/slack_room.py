"""A small company on the Slack stand-in, and the real clients that talk to it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.demo.slack import Channel, SlackStandIn, User, Workspace
from bot.domain.ports import Clock
from tests.environment import APP_TOKEN, BOT_TOKEN, SECRET, slack_simulator

ANA, BEN, GUEST, LEFT, STRANGER = "U0ANA", "U0BEN", "U0GUEST", "U0LEFT", "U0STRANGER"
SHOP, OFFICE, ELSEWHERE, ATTIC, NOTICES = "C0SHOP", "G0OFFICE", "C0ELSEWHERE", "C0ATTIC", "C0NOTICES"
SECRET_ROOM = "G0SECRET"
BOT = "U0SPOTTER"


def company() -> Workspace:
    """Two people, a guest, a leaver and a stranger; channels with and without the app."""
    workspace = Workspace()
    workspace.add_user(User(id=ANA, name="ana", real_name="Ana Silva", email="ana@bakery.example", is_admin=True))
    workspace.add_user(User(id=BEN, name="ben", real_name="Ben Ito", email="ben@bakery.example", tz="Asia/Tokyo"))
    workspace.add_user(User(id=GUEST, name="guest", real_name="Guy Guest", email="g@x.example", is_restricted=True))
    workspace.add_user(User(id=LEFT, name="left", real_name="Lee Left", email="lee@bakery.example", deleted=True))
    workspace.add_user(User(id=STRANGER, name="eve", real_name="Eve", is_stranger=True, team_id="T0PARTNER"))
    workspace.add_channel(Channel(id=SHOP, name="shop", members=[ANA, BEN, BOT]))
    workspace.add_channel(Channel(id=OFFICE, name="office", is_private=True, members=[ANA, BOT]))
    workspace.add_channel(Channel(id=ELSEWHERE, name="elsewhere", members=[ANA, BEN]))
    workspace.add_channel(Channel(id=SECRET_ROOM, name="secret", is_private=True, members=[ANA]))
    workspace.add_channel(Channel(id=ATTIC, name="attic", members=[ANA, BOT], is_archived=True))
    workspace.add_channel(Channel(id=NOTICES, name="notices", members=[ANA, BOT], is_read_only=True))
    return workspace


def stand_in(clock: Clock, **options: Any) -> SlackStandIn:
    """The stand-in with that company, not started yet."""
    return slack_simulator(company(), clock, **options)


def web_client(slack: SlackStandIn, token: str = BOT_TOKEN, timeout: int = 10) -> AsyncWebClient:
    """Slack's own client, without its retries."""
    return AsyncWebClient(token, base_url=slack.api_url, retry_handlers=[], timeout=timeout)


def bolt_app(slack: SlackStandIn, **options: Any) -> AsyncApp:
    """Slack's own framework, as the bot uses it."""
    return AsyncApp(client=web_client(slack), signing_secret=SECRET, **options)


@asynccontextmanager
async def connected(
    slack: SlackStandIn, app: AsyncApp, ping_interval: float = 5
) -> AsyncIterator[AsyncSocketModeHandler]:
    """The app through Socket Mode."""
    handler = AsyncSocketModeHandler(app, APP_TOKEN, ping_interval=ping_interval)
    already = len(slack.sockets.connections)
    await handler.connect_async()  # type: ignore[no-untyped-call]  # Bolt leaves it untyped
    await slack.connected(already + 1)
    try:
        yield handler
    finally:
        await handler.close_async()  # type: ignore[no-untyped-call]  # Bolt leaves it untyped


@asynccontextmanager
async def listening(slack: SlackStandIn, app: AsyncApp) -> AsyncIterator[None]:
    """The app behind a request address."""

    async def events(request: web.Request) -> web.Response:
        return await to_aiohttp_response(await app.async_dispatch(await to_bolt_request(request)))

    server = web.Application()
    server.router.add_post("/slack/events", events)
    runner = web.AppRunner(server)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    slack.deliveries.request_url = f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events"
    try:
        yield
    finally:
        slack.deliveries.request_url = None
        await runner.cleanup()


async def refused(client: AsyncWebClient, method: str, **args: Any) -> str:
    """The error string that this call gets."""
    with pytest.raises(SlackApiError) as refusal:
        await client.api_call(method, json=args)
    return str(refusal.value.response["error"])


def section(text: str = "Ben: Opening", **more: Any) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}, **more}


def button(action_id: str, value: str = "1", text: str = "Details") -> dict[str, Any]:
    label = {"type": "plain_text", "text": text}
    return {"type": "button", "action_id": action_id, "value": value, "text": label}


def actions(*elements: dict[str, Any]) -> dict[str, Any]:
    return {"type": "actions", "elements": list(elements)}


def modal(*blocks: dict[str, Any], **more: Any) -> dict[str, Any]:
    title, submit = {"type": "plain_text", "text": "Settings"}, {"type": "plain_text", "text": "Save"}
    return {
        "type": "modal",
        "callback_id": "settings",
        "title": title,
        "submit": submit,
        "blocks": list(blocks),
        **more,
    }


def question(block_id: str, element: dict[str, Any], **more: Any) -> dict[str, Any]:
    label = {"type": "plain_text", "text": block_id.title()}
    return {"type": "input", "block_id": block_id, "label": label, "element": element, **more}


def menu(action_id: str, *values: str, kind: str = "static_select") -> dict[str, Any]:
    options = [{"text": {"type": "plain_text", "text": one.title()}, "value": one} for one in values]
    return {"type": kind, "action_id": action_id, "options": options}
