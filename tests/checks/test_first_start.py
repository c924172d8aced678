"""`check` before the first run: it makes no database, and looks at everything that the settings name."""

from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from tests.app.env import ADMIN, Env


async def test_channels_and_admins_are_looked_at_and_nothing_is_created(env: Env) -> None:
    (env.folder / ".env").write_text("SLACK_COMAND=/coaching\n")
    said = await env.say("check", DEFAULT_CHANNEL="C9999", OPS_CHANNEL="C8888", ADMINS=f"{ADMIN},U7777")
    assert said.code == 1
    for name in ("DEFAULT_CHANNEL C9999", "OPS_CHANNEL C8888"):
        [line] = [one for one in said.out.splitlines() if name in one]
        assert line.startswith("wrong") and "channel_not_found" in line
    assert "ADMINS: Slack knows no user U7777" in said.out
    assert "set DEFAULT_CHANNEL" not in said.out
    assert f"no database at {env.folder}/spotter.db" in said.out
    assert "SLACK_COMAND in .env is no setting" in said.out and "SLACK_COMMAND" in said.out
    assert "all understood" not in said.out
    assert not list(env.folder.glob("*.db*"))


class Monitor:
    """A heartbeat's monitor: it answers with `status`, and notes what was asked for."""

    def __init__(self) -> None:
        self.status = 200
        self.paths: list[str] = []
        self.url = ""

    async def answer(self, request: web.Request) -> web.Response:
        self.paths.append(request.raw_path)
        return web.Response(status=self.status, headers={"Location": "/elsewhere"})


@pytest.fixture
async def monitor() -> AsyncIterator[Monitor]:
    made = Monitor()
    app = web.Application()
    app.router.add_get("/{path:.*}", made.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}/ping/5f1c/?rid=%2F1"
    yield made
    await runner.cleanup()


@pytest.mark.parametrize("status", [200, 204, 301, 302, 307, 404, 500])
async def test_the_heartbeat_is_called_as_given_and_only_2xx_is_heard(env: Env, monitor: Monitor, status: int) -> None:
    monitor.status = status
    said = await env.say("check", HEARTBEAT_URL=monitor.url)
    is_heard = status < 300
    assert ("Heartbeat: heard" in said.out) is is_heard
    assert (f"Heartbeat: not heard (HTTP {status})" in said.out) is not is_heard
    assert monitor.paths == ["/ping/5f1c/?rid=%2F1"]


async def test_the_heartbeat_is_not_called_while_ispring_cant_be_read(env: Env, monitor: Monitor) -> None:
    said = await env.say("check", HEARTBEAT_URL=monitor.url, ISPRING_CLIENT_SECRET="mistyped")
    assert "Heartbeat: not called" in said.out and monitor.paths == []
