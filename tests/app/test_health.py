"""`/metrics`, `/healthz` and the request to HEARTBEAT_URL after each good poll."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import MISSING, fields
from typing import get_args

import pytest
from aiohttp import web
from prometheus_client.parser import text_string_to_metric_families

from bot import VERSION
from bot.app.metrics import Metrics, Snapshot, render_metrics
from bot.demo.ispring import ALWAYS
from bot.demo.slack import faults
from bot.domain.alerts import ALERTS
from bot.domain.delivery import EditResult, PostResult, ReadBackResult, Throttled
from bot.domain.outbox import OutboxCounts
from bot.domain.polling import PollState
from bot.jobs.attempts import attempt_of
from tests.app.env import BOT_TOKEN, CLIENT_SECRET, OPS, RESULTS, Env, free_port, get
from tests.domain.build import NOW
from tests.leaks import leaks

SECRET_PART = "check-7f3a91"


async def test_the_metrics_parse_and_change(env: Env) -> None:
    port = free_port()
    session = env.begin()
    stranger = env.world.add_person("Zoltan Kovacs", email="zoltan@bakery.example")
    bot = await env.started(PORT=str(port))
    before = await _figures(port)
    assert before["spotter_build_info", ("version", VERSION)] == 1
    assert before["spotter_polls_total", ("result", "failed")] == 0
    assert before["spotter_api_errors_total", ("api", "ispring"), ("kind", "unavailable")] == 0
    assert before["spotter_people_unmatched",] == 0

    env.slack.faults.order("chat.postMessage", faults.rate_limited(1), channel=RESULTS)
    env.world.complete(session, percent=90)
    await bot.until(lambda: env.cards(session), "the card")
    env.world.add_session(checklist=env.opening, employee=env.employee, observer=stranger, percent=70)
    await bot.has_logged("delivery.dropped")  # nobody in Slack has the stranger's address
    env.ispring.quirks.server_errors = ALWAYS
    await bot.has_logged("poll.completed", level="error")
    after = await _figures(port)
    moved = {key for key, value in after.items() if value > before.get(key, 0)}
    assert ("spotter_sends_total", ("outcome", "sent")) in moved
    assert ("spotter_polls_total", ("result", "changed")) in moved
    assert ("spotter_polls_total", ("result", "failed")) in moved
    assert ("spotter_api_errors_total", ("api", "ispring"), ("kind", "unavailable")) in moved
    assert ("spotter_sends_total", ("outcome", "rate limited")) in moved
    assert ("spotter_api_errors_total", ("api", "slack"), ("kind", "rate limited")) in moved
    assert (after["spotter_observers",], after["spotter_people_unmatched",]) == (2, 1)
    assert not [key for key, value in before.items() if str(key[0]).endswith("_total") and after[key] < value]


async def _figures(port: int) -> Mapping[tuple[object, ...], float]:
    """Every sample by its name and labels."""
    answer = await get(port, "metrics")
    assert answer.status_code == 200
    assert not leaks(answer.text, [BOT_TOKEN, CLIENT_SECRET, RESULTS, OPS])
    return {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


RESULTS_OF = {"post": PostResult, "edit": EditResult, "read_back": ReadBackResult}


@pytest.mark.parametrize("what", RESULTS_OF)
def test_every_result_of_an_attempt_has_its_series_from_the_start(what: str) -> None:
    metrics = Metrics()
    before = _samples(metrics)
    for kind in get_args(RESULTS_OF[what]):
        needed = [field for field in fields(kind) if field.default is MISSING]
        made = Throttled(1) if kind is Throttled else kind(*["C0X"] * len(needed))
        metrics.tried(what, attempt_of(what, made, NOW, NOW).result)
    assert _samples(metrics) == before


def _samples(metrics: Metrics) -> int:
    """The number of series without the times at which they were created."""
    return sum(
        not sample.name.endswith("_created") for family in metrics.registry.collect() for sample in family.samples
    )


def test_every_alert_that_can_end_has_its_series() -> None:
    poll = PollState(last=None, last_good_at=None, baseline_at=None, sessions=0, created_at=NOW)
    counts = OutboxCounts(pending=0, sending=0, ambiguous=0, blocked=0, failed=0, sent=0, edits=0, oldest_at=None)
    snapshot = Snapshot(poll=poll, counts=counts, alerts=(), observers=0, unmatched=0)
    text = render_metrics(Metrics(), snapshot, NOW, is_leader=True).decode()
    missing = [
        code for code, alert in ALERTS.items() if alert.resolved and f'spotter_trouble{{code="{code}"}}' not in text
    ]
    assert missing == []


@pytest.mark.promise("token_refused_at_start")
async def test_a_bot_that_slack_refuses_reports_its_disconnected_time(env: Env) -> None:
    port = free_port()
    env.slack.faults.token_revoked = True
    bot = await env.run(PORT=str(port), OPS_CHANNEL="", DEFAULT_CHANNEL="")  # nothing to send, so no refused post
    await bot.has_logged("slack.not_identified", times=2)
    code, refused = await _health(port)
    assert (code, refused["status"]) == (200, "impaired")
    assert isinstance(refused["seconds_deaf"], int) and refused["seconds_deaf"] >= 1

    env.slack.faults.token_revoked = False
    await bot.has_logged("socket.connected")
    while (await _health(port))[1]["seconds_deaf"] != 0:  # it looks at its socket every second
        await asyncio.sleep(0.1)


async def _health(port: int) -> tuple[int, dict[str, object]]:
    answer = await get(port, "healthz")
    return answer.status_code, answer.json()


# ---- heartbeat -----------------------------------------------------------------------------------------------------


class Monitor:
    """A monitor that expects requests; it answers with `status`, at once or without an end."""

    def __init__(self) -> None:
        self.calls = 0
        self.status = 200
        self.never_ends = False

    async def called(self, request: web.Request) -> web.StreamResponse:
        self.calls += 1
        if not self.never_ends:
            return web.Response(status=self.status)
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b".")
            await asyncio.sleep(0.1)


@asynccontextmanager
async def _monitor(port: int) -> AsyncIterator[Monitor]:
    monitor = Monitor()
    app = web.Application()
    app.add_routes([web.get(f"/{SECRET_PART}", monitor.called)])
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        yield monitor
    finally:
        await runner.cleanup()


@pytest.mark.promise("heartbeat")
async def test_the_heartbeat_url_is_requested_after_good_polls_only(env: Env) -> None:
    port = free_port()
    async with _monitor(port) as monitor:
        bot = await env.started(HEARTBEAT_URL=f"http://127.0.0.1:{port}/{SECRET_PART}")
        await bot.until(lambda: monitor.calls >= 2, "a call after the second poll")
        env.ispring.quirks.server_errors = ALWAYS
        await bot.has_logged("poll.completed", level="error")
        calls, good = monitor.calls, [one for one in bot.events("poll.completed") if one["error"] is None]
        assert calls == len(good)
        await bot.has_logged("poll.completed", level="warning")
        assert monitor.calls == calls
        env.ispring.quirks.server_errors = 0
        await bot.until(lambda: monitor.calls > calls, "a call once iSpring is back")

        monitor.status = 500
        refused = await bot.has_logged("heartbeat.failed")
        assert (refused["level"], refused["reason"]) == ("warning", "HTTP 500")
    gone = await bot.has_logged("heartbeat.failed", reason="ConnectError")
    assert gone["level"] == "warning"
    assert SECRET_PART not in bot.log()
    assert bot.is_alive


@pytest.mark.promise("slow_heartbeat")
async def test_a_heartbeat_answer_that_never_ends_delays_no_poll(env: Env) -> None:
    port = free_port()
    async with _monitor(port) as monitor:
        monitor.never_ends = True
        bot = await env.started(HEARTBEAT_URL=f"http://127.0.0.1:{port}/{SECRET_PART}")
        await bot.has_polled()
        assert monitor.calls >= 2
        assert bot.events("heartbeat.failed") == []


@pytest.mark.promise("slow_heartbeat")
async def test_a_heartbeat_answer_that_never_begins_delays_a_poll_by_seconds(env: Env) -> None:
    async def drip(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """A header that grows letter by letter."""
        writer.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        with closing(writer), suppress(ConnectionError):
            while True:
                writer.write(b".")
                await writer.drain()
                await asyncio.sleep(0.1)

    server = await asyncio.start_server(drip, "127.0.0.1", 0)
    try:
        port = server.sockets[0].getsockname()[1]
        bot = await env.run(HEARTBEAT_URL=f"http://127.0.0.1:{port}/{SECRET_PART}")
        late = await bot.has_logged("heartbeat.failed")
        assert (late["level"], late["reason"]) == ("warning", "TimeoutError")
        await bot.has_logged("poll.completed", times=2, error=None)
        await bot.terminate()  # so that no client reads the drip any more
    finally:
        server.close()


@pytest.mark.parametrize("serves", [False, True], ids=["without PORT", "with PORT"])
async def test_the_command_for_health_checks_says_whether_a_spotter_runs(env: Env, serves: bool) -> None:
    port = {"PORT": str(free_port())} if serves else {}
    assert (await env.say("health", **port)).code == 1
    bot = await env.started(**port)
    said = await env.say("health", **port)
    assert said.code == 0 and said.out == "Spotter runs.\n"
    if serves:
        other = await env.say("health", PORT=str(free_port()))  # it runs, and nothing listens where it should
        assert other.code == 1 and "does not answer" in other.err
    await bot.kill()
    assert (await env.say("health", **port)).code == 1
