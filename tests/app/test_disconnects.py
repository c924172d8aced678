"""Slack ends a connection with a word of its own: commands work again by themselves."""

import asyncio

import pytest

from tests.demo.slack_room import ANA, SHOP
from tests.slack.front_desk import office


@pytest.mark.parametrize("reason", ["refresh_requested", "link_disabled"])
async def test_commands_work_again_after_slack_ended_the_connection(reason: str) -> None:
    async with office(http=False) as door:
        await door.slack.refresh_socket(reason)
        for connection in door.slack.sockets.connections:
            await connection.ws.close()
        while (await door.slack.command(ANA, SHOP, "/ojt", "help")).failure is not None:
            await asyncio.sleep(0.05)
