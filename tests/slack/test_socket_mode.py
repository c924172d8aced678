"""Socket Mode comes back by itself, whatever happens to the connection."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from structlog.testing import capture_logs

from bot.app.clock import SystemClock
from bot.slack.socket_mode import SocketMode
from tests.clock import FakeClock
from tests.demo.slack_room import ANA, SHOP
from tests.environment import APP_TOKEN
from tests.slack.front_desk import Office, office


@pytest.fixture
async def door() -> AsyncIterator[Office]:
    async with office(http=False) as opened:
        yield opened


async def works(door: Office) -> bool:
    answer = await door.slack.command(ANA, SHOP, "/ojt", "help")
    return answer.failure is None and (await answer.first()).text == "you said help"


async def comes_back(door: Office) -> None:
    """Asks until a command is answered again."""
    door.slack.deliveries.acknowledge_within = 2.0  # a silent connection acknowledges nothing
    while not await works(door):
        await asyncio.sleep(0.05)


async def test_an_aborted_socket_is_replaced(door: Office) -> None:
    assert await works(door)
    door.slack.abort_socket()
    await comes_back(door)


async def test_a_socket_that_went_silent_is_noticed_and_replaced(door: Office) -> None:
    assert await works(door)
    door.slack.silence_socket()
    await comes_back(door)


async def test_slacks_request_to_come_again_is_followed(door: Office) -> None:
    await door.slack.refresh_socket("warning")
    await comes_back(door)


COMMAND = {"command": "/ojt", "user_id": ANA, "channel_id": SHOP, "team_id": "T0SPOTTER", "text": "help"}


async def test_an_envelope_that_comes_again_is_done_once(door: Office) -> None:
    assert await works(door)
    envelope = {"type": "slash_commands", "envelope_id": "same", "payload": COMMAND}
    (connection,) = door.slack.sockets.connections
    for _ in range(3):
        await connection.ws.send_json(envelope)
    assert await works(door)
    await connection.ws.send_json(envelope)
    assert await works(door)
    assert len(door.ctx.commands) == 4, "three that asked whether it works, and one"


@pytest.mark.parametrize(
    "odd",
    [
        "no JSON",
        "null",
        "[]",
        '{"type": null}',
        '{"type": "new_kind", "envelope_id": "e1", "payload": {}}',
        '{"type": "events_api", "envelope_id": "e2", "payload": null}',
        '{"type": "events_api", "envelope_id": "e3", "payload": {"event": null}}',
        '{"type": "events_api", "envelope_id": "e4", "payload": {"event": {"type": "message", "user": 5}}}',
        '{"type": "interactive", "envelope_id": "e5", "payload": {"type": "block_actions", "actions": []}}',
        '{"type": "slash_commands", "envelope_id": 5, "payload": {}}',
        '{"type": "disconnect"}',
        '{"type": "disconnect", "reason": "a_new_reason"}',
        '{"type": "goodbye"}',
    ],
)
async def test_an_envelope_that_nobody_knows_stops_nothing(door: Office, odd: str) -> None:
    (connection,) = door.slack.sockets.connections
    await connection.ws.send_str(odd)
    await comes_back(door)


async def test_a_slack_that_was_away_is_found_again(door: Office) -> None:
    await door.slack.refuse_connections()
    door.slack.abort_socket()
    await door.slack.until(lambda: not door.slack.sockets.connections)
    await door.slack.up()
    await comes_back(door)


async def test_a_command_that_is_not_acknowledged_keeps_no_connection_open_for_ever() -> None:
    came, may_go_on = asyncio.Event(), asyncio.Event()
    async with office(http=False, close_timeout=0.05) as door:

        async def hold(next_: Callable[[], Awaitable[None]]) -> None:
            came.set()
            await may_go_on.wait()
            await next_()

        door.app.middleware(hold)
        asking = asyncio.create_task(door.slack.command(ANA, SHOP, "/ojt", "help"))
        await came.wait()
    assert (await asking).failure is not None
    may_go_on.set()


async def test_it_says_whether_it_is_connected() -> None:
    async with office(http=True) as door:
        socket = SocketMode(door.app, APP_TOKEN, SystemClock(), ping_interval=0.3)
        assert not socket.is_connected
        running = asyncio.create_task(socket.run())
        await door.slack.until(lambda: socket.is_connected)
        assert socket.disconnected_for() == 0.0
        await door.slack.refuse_connections()
        door.slack.abort_socket()
        await door.slack.until(lambda: not socket.is_connected)
        await door.slack.until(lambda: socket.disconnected_for() > 0.0)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        assert not door.slack.sockets.connections


async def test_a_refused_app_token_is_tried_ever_more_seldom_until_it_is_good() -> None:
    async with office(http=True) as door:
        door.slack.faults.order("apps.connections.open", "invalid_auth", times=1_000)
        clock = FakeClock(speed=30.0)
        socket = SocketMode(door.app, APP_TOKEN, clock, ping_interval=1.0)
        running = asyncio.create_task(socket.run())
        with capture_logs() as logs:
            await door.slack.until(lambda: sum(line["event"] == "socket.replaced" for line in logs) >= 3)
        assert any(line.get("slack_answer") == "invalid_auth" for line in logs)
        assert sum(call.method == "apps.connections.open" for call in door.slack.calls) <= 9
        door.slack.faults.clear()
        await door.slack.until(lambda: socket.is_connected)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
