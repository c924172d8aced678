"""People ask: through Socket Mode and through HTTP, whatever happens to the ways in between."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from bot.demo.ispring import ALWAYS
from tests.app.env import ACKNOWLEDGE_WITHIN, ADMIN, OBSERVER, RESULTS, SIGNING_SECRET, TIMEOUT, Env, Running, free_port

BODY = "command=%2Fojt&text=help&user_id=U0ADMIN&channel_id=C0RESULTS&team_id=T0SPOTTER&marker=unmistakable-body"


async def test_commands_are_acknowledged_while_ispring_is_down(env: Env) -> None:
    session = env.world.add_session(checklist=env.opening, employee=env.employee, observer=env.observer)
    bot = await env.started()
    env.ispring.quirks.hangs = ALWAYS
    answer = await env.slack.command(ADMIN, RESULTS, "/ojt", f"show {session.id[:8]}")
    assert answer.failure is None
    await bot.until(lambda: any("Opening" in one.text for one in env.slack.visible_to(ADMIN, RESULTS)), "an answer")
    await bot.terminate()


@pytest.mark.promise("socket_lost")
async def test_commands_work_again_after_a_socket_is_torn_and_after_one_goes_silent(env: Env) -> None:
    bot = await env.started()
    env.slack.abort_socket()
    await _is_answered_again(env, bot)
    await bot.until(lambda: len(env.slack.sockets.connections) == 1, "one socket")
    env.slack.silence_socket()
    await _is_answered_again(env, bot)


async def _is_answered_again(env: Env, bot: Running) -> None:
    env.slack.deliveries.acknowledge_within = 3.0  # a connection that is silent acknowledges nothing
    while (await env.slack.command(ADMIN, RESULTS, "/ojt", "help")).failure is not None:
        assert bot.is_alive, bot.log()[-3000:]
        await asyncio.sleep(0.1)
    env.slack.deliveries.acknowledge_within = ACKNOWLEDGE_WITHIN


@dataclass(frozen=True)
class Door:
    """The bot's own address."""

    base: str

    async def get(self, path: str) -> httpx.Response:
        async with httpx.AsyncClient(trust_env=False, timeout=TIMEOUT) as client:
            return await client.get(self.base + path)

    async def post(self, body: str | bytes, headers: Mapping[str, str]) -> int:
        form = {"Content-Type": "application/x-www-form-urlencoded", **headers}
        async with httpx.AsyncClient(trust_env=False, timeout=TIMEOUT) as client:
            return (await client.post(f"{self.base}/slack/events", content=body, headers=form)).status_code


async def test_over_http_commands_and_buttons_are_answered_and_strangers_are_not(env: Env) -> None:
    port = free_port()
    settings = {"SLACK_APP_TOKEN": "", "SLACK_SIGNING_SECRET": SIGNING_SECRET, "PORT": str(port)}
    session = env.begin()
    door = Door(f"http://127.0.0.1:{port}")
    bot = await env.run(**settings)
    await bot.has_logged("http.listening")
    await bot.has_logged("poll.completed", error=None)
    env.slack.deliveries.request_url = f"{door.base}/slack/events"

    answer = await env.slack.command(ADMIN, RESULTS, "/ojt", "help")
    assert answer.failure is None
    seen = await bot.until(lambda: env.slack.visible_to(ADMIN, RESULTS)[1:], "an answer")
    assert seen[0].ephemeral_to == ADMIN
    env.world.complete(session, percent=40)
    [card] = await bot.until(lambda: env.cards(session), "a card")
    action = await env.slack.press(ADMIN, card, _action(card.blocks, "Acknowledge"))
    assert action.failure is None
    await bot.until(lambda: f"<@{ADMIN}>" in card.text, "the card shows who has seen it")

    signed = env.slack.deliveries.signed(BODY)
    assert await door.post(BODY, {}) == 401
    assert await door.post(BODY, {**signed, "X-Slack-Signature": "v0=" + "0" * 64}) == 401
    assert await door.post(BODY, {**signed, "X-Slack-Request-Timestamp": "yesterday"}) == 401
    stale = env.slack.deliveries.signed(BODY, timestamp=str(int(time.time()) - 3600))
    assert await door.post(BODY, stale) == 401
    large = "text=" + "x" * (2 << 20)
    assert await door.post(large, env.slack.deliveries.signed(large)) == 413

    health = await door.get("/healthz")
    assert health.status_code == 200
    assert health.json()["status"] == "ok"
    assert health.json()["leader"] is True
    measures = {family.name: family for family in text_string_to_metric_families((await door.get("/metrics")).text)}
    assert measures["spotter_sessions"].samples[0].value == 1
    states = {sample.labels["state"]: sample.value for sample in measures["spotter_deliveries"].samples}
    assert states["sent"] >= 3
    assert states["failed"] == 0

    env.ispring.quirks.server_errors = ALWAYS
    env.slack.faults.token_revoked = True
    await bot.has_polled(good=False)
    unwell = await door.get("/healthz")
    assert (unwell.status_code, unwell.json()["status"]) == (200, "impaired"), "a restart would mend neither"

    await bot.terminate()
    assert bot.code == 0
    assert "unmistakable-body" not in bot.log()
    assert OBSERVER not in bot.log()


def _action(blocks: list[dict[str, object]], words: str) -> str:
    """The action of the button that says this."""
    for block in blocks:
        elements = block.get("elements")
        for element in elements if isinstance(elements, list) else []:
            if isinstance(element, dict) and element.get("type") == "button" and element["text"]["text"] == words:
                return str(element["action_id"])
    raise AssertionError(f"no button says {words}")
