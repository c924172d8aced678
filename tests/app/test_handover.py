"""A new process comes up before the old one goes: whoever types meanwhile notices nothing."""

import asyncio
import signal

import pytest

from bot.demo.slack.answers import Answer
from tests.app.env import ACKNOWLEDGE_WITHIN, ADMIN, RESULTS, Env
from tests.demo.slack_room import ANA, SHOP
from tests.slack.front_desk import office

EVERY = 0.2  # seconds between two commands


@pytest.mark.promise("handover")
async def test_no_command_is_lost_or_answered_twice_while_one_process_takes_over_from_another(env: Env) -> None:
    first = await env.started()
    answers: list[Answer] = []
    is_over = asyncio.Event()

    async def ask(number: int) -> None:
        for _ in range(3):  # lets Slack read first what has reached it: that a connection was closed, above all
            await asyncio.sleep(0)
        answers.append(await env.slack.command(ADMIN, RESULTS, "/ojt", f"results score:<{number + 1}"))

    async def keep_asking(group: asyncio.TaskGroup) -> None:
        number = 0
        while not is_over.is_set():
            group.create_task(ask(number % 90))
            number += 1
            await asyncio.sleep(EVERY)

    async with asyncio.TaskGroup() as group:
        group.create_task(keep_asking(group))
        for _ in range(2):
            second = await env.run()
            await second.has_logged("socket.connected")
            first.process.send_signal(signal.SIGTERM)
            await second.has_logged("leader.acquired")
            await first.cancelled()
            assert first.code == 0
            first = second
        await asyncio.sleep(5 * EVERY)
        is_over.set()

    await first.until(lambda: all(one.uses for one in answers), "an answer to every command")
    await first.terminate()
    assert [one.failure for one in answers if one.failure] == []
    assert {one.uses for one in answers} == {1}
    assert len(answers) > 10


async def test_commands_that_have_come_are_acknowledged_before_the_connection_is_closed() -> None:
    async with office(http=False) as door:
        door.slack.deliveries.acknowledge_within = ACKNOWLEDGE_WITHIN
        asked = [asyncio.create_task(door.slack.command(ANA, SHOP, "/ojt", f"number {one}")) for one in range(60)]
        while not any(one.waiting for one in door.slack.sockets.connections):
            await asyncio.sleep(0)  # no longer: all of them would be acknowledged meanwhile
    answers = await asyncio.gather(*asked)
    assert [one.failure for one in answers if one.failure] == []
    assert len(door.ctx.commands) == 60
