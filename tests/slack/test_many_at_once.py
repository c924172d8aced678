"""A hundred and fifty people at the same moment: the queue stands in front of the work, not of the acknowledgement."""

import asyncio

import aiohttp
import pytest
from structlog.testing import capture_logs

from bot.slack.task_pool import MOST_OF_ONE_USER
from tests.demo.slack_room import ANA, SHOP
from tests.slack.front_desk import Office, office

pytestmark = pytest.mark.virtual_time

AT_ONCE = 150
BODY = "command=%2Fojt&text=wait&user_id=U0ANA&channel_id=C0SHOP&team_id=T0SPOTTER"


async def over_http(desk: Office) -> list[bool]:
    headers = {"Content-Type": "application/x-www-form-urlencoded", **desk.slack.deliveries.signed(BODY)}
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

        async def send() -> bool:
            async with session.post(desk.url, data=BODY, headers=headers) as answer:
                return answer.status == 200

        return await asyncio.gather(*(send() for _ in range(AT_ONCE)))


async def over_a_socket(desk: Office) -> list[bool]:
    answers = await asyncio.gather(*(desk.slack.command(ANA, SHOP, "/ojt", "wait") for _ in range(AT_ONCE)))
    return [answer.failure is None for answer in answers]


@pytest.mark.parametrize("http", [True, False], ids=["http", "socket"])
async def test_everyone_is_acknowledged_while_nothing_is_answered_yet_and_nothing_is_cut_off(http: bool) -> None:
    with capture_logs() as logs:
        async with office(http=http) as desk:
            assert await (over_http(desk) if http else over_a_socket(desk)) == [True] * AT_ONCE
            assert len(desk.ctx.commands) <= MOST_OF_ONE_USER
            desk.ctx.gate.set()
            await desk.slack.until(lambda: len(desk.ctx.commands) == AT_ONCE)
    assert [one for one in logs if one["event"] == "request.dropped"] == []
