"""A stand-in for the bot while the page is tested: says what it is asked to, through Slack's own protocols."""

import asyncio
import os
import signal
from typing import Any

from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

Json = dict[str, Any]


def words(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def marked(text: str) -> Json:
    return {"type": "mrkdwn", "text": text}


def button(text: str, action_id: str, **more: object) -> Json:
    return {"type": "button", "text": words(text), "action_id": action_id, **more}


def card() -> list[Json]:
    option = [{"text": words(f"Choice {number}"), "value": str(number)} for number in range(3)]
    return [
        {"type": "header", "text": words(":red_circle: Below target, 52 % (target 80 %)")},
        {
            "type": "section",
            "text": marked(
                "*Food safety line check* at _Store 12_ &lt;b&gt;not bold&lt;/b&gt; <https://example.com|report>"
            ),
            "fields": [
                marked("*Employee*\nJamie Doherne"),
                marked("*Observer*\nOskar Halvorsrud"),
                marked("*Points*\n26 of 50"),
            ],
            "accessory": {"type": "overflow", "action_id": "more", "options": option},
        },
        {
            "type": "section",
            "text": marked(
                "Completed <!date^1790000000^{date_short_pretty} at {time}|some day, UTC>\n`████░░░░` Allergens 48 %"
            ),
        },
        {"type": "divider"},
        {
            "type": "actions",
            "elements": [
                button("Details", "details", value="1"),
                button("Acknowledge", "acknowledge", style="primary", value="1"),
                button(
                    "Drop",
                    "drop",
                    style="danger",
                    value="1",
                    confirm={
                        "title": words("Drop it?"),
                        "text": words("For good."),
                        "confirm": words("Drop"),
                        "deny": words("Keep"),
                    },
                ),
                {"type": "static_select", "action_id": "pick", "placeholder": words("Mute…"), "options": option},
            ],
        },
        {"type": "context", "elements": [marked("`7f3a91c2` · rule 1 · read 3 s ago")]},
    ]


def form() -> Json:
    return {
        "type": "modal",
        "callback_id": "target",
        "title": words("Target"),
        "submit": words("Save"),
        "blocks": [
            {
                "type": "input",
                "block_id": "percent",
                "label": words("Percent"),
                "element": {"type": "plain_text_input", "action_id": "percent"},
            },
            {
                "type": "input",
                "block_id": "note",
                "optional": True,
                "label": words("Note"),
                "element": {"type": "plain_text_input", "action_id": "note", "multiline": True},
            },
        ],
    }


async def main() -> None:
    client = AsyncWebClient(os.environ["SLACK_BOT_TOKEN"], base_url=os.environ["SLACK_API_URL"], retry_handlers=[])
    app = AsyncApp(client=client)

    @app.command("/ojt")
    async def answer(ack: Any, command: Json, respond: Any) -> None:
        await ack()
        if command["text"] == "target":
            await client.views_open(trigger_id=command["trigger_id"], view=form())
            return
        if command["text"] == "show":
            lines = {"type": "section", "text": marked("\n".join(f"Criterion {number}" for number in range(80)))}
            end = {"type": "actions", "elements": [button("Acknowledge", "acknowledge_shown")]}
            view = {"type": "modal", "title": words("Session"), "blocks": [*card()[:1], lines, end]}
            await client.views_open(trigger_id=command["trigger_id"], view=view)
            return
        if command["text"] == "post":
            await client.chat_postMessage(channel=command["channel_id"], text="Below target", blocks=card())
            return
        rows = (
            ("Who", "Result", "Acknowledged", "Checklist", "Department"),
            ("Jamie", "52 %", "Yesterday", "Receiving", "Groceries"),
        )
        cells = [[{"type": "raw_text", "text": one} for one in row] for row in rows]
        table = {"type": "data_table", "caption": "Results", "page_size": 15, "rows": cells}
        await respond(
            text=f"You asked: {command['text']}",
            blocks=[{"type": "section", "text": marked(f"You asked: *{command['text']}*")}, table],
        )

    @app.action("details")
    async def details(ack: Any, respond: Any) -> None:
        await ack()
        await respond(text="Nine criteria, three of them low", response_type="ephemeral", replace_original=False)

    @app.action("acknowledge")
    async def acknowledge(ack: Any, body: Json) -> None:
        await ack()
        blocks = [*card()[:-1], {"type": "context", "elements": [marked(f"Acknowledged by <@{body['user']['id']}>")]}]
        await client.chat_update(
            channel=body["channel"]["id"], ts=body["message"]["ts"], text="Acknowledged", blocks=blocks
        )

    @app.action("drop")
    @app.action("more")
    @app.action("pick")
    async def drop(ack: Any, body: Json, respond: Any) -> None:
        await ack()
        await respond(text=f"Took {body['actions'][0]['action_id']}", response_type="ephemeral", replace_original=False)

    @app.view("target")
    async def saved(ack: Any, view: Json) -> None:
        percent = view["state"]["values"]["percent"]["percent"]["value"]
        await (
            ack() if percent.isdigit() else ack(response_action="errors", errors={"percent": "A number from 0 to 100"})
        )

    @app.event("app_home_opened")
    async def home(event: Json) -> None:
        blocks = [
            {"type": "header", "text": words("Hello")},
            {"type": "actions", "elements": [button("Refresh", "acknowledge_home")]},
        ]
        await client.views_publish(user_id=event["user"], view={"type": "home", "blocks": blocks})

    @app.event("message")
    async def heard(event: Json) -> None:
        await client.chat_postMessage(channel=event["channel"], thread_ts=event["ts"], text="Heard you")

    cancelled = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, cancelled.set)
    handler: Any = AsyncSocketModeHandler(app, os.environ["SLACK_APP_TOKEN"])
    await handler.connect_async()
    await cancelled.wait()
    await handler.close_async()


asyncio.run(main())
