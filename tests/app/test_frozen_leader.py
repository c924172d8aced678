"""A leader that is stopped keeps its lock: the process that waits for its turn sees it, and says so everywhere."""

import asyncio
import signal
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.app.env import ADMIN, OPS, RESULTS, SIGNING_SECRET, Env, Running, free_port, get

FROZEN_FOR = 1000  # seconds


@pytest.mark.promise("two_processes")
async def test_a_frozen_leader_is_named_and_works_on_when_it_goes_on(env: Env) -> None:
    session = env.begin()
    # Through HTTP, so that Slack has no socket to a process that hears nothing.
    leader = await env.run(SLACK_APP_TOKEN="", SLACK_SIGNING_SECRET=SIGNING_SECRET, PORT=str(free_port()))
    await leader.has_logged("poll.completed", error=None)
    await leader.until(lambda: len(env.texts(OPS)) == 2 and env.texts(RESULTS), "all that the start owes")
    lock = env.folder / "spotter.db.lock"
    signed = lock.read_text()
    await leader.until(lambda: lock.read_text() != signed, "another sign of life")
    port, later = free_port(), str(FROZEN_FOR)
    beside = await env.run(PORT=str(port))
    await beside.has_logged("leader.awaited")
    await beside.has_logged("socket.connected")
    well = (await get(port, "healthz")).json()
    assert (well["status"], well["leader"], well["impairments"]) == ("ok", False, [])
    await beside.terminate()

    await freeze(env, leader)
    try:
        beside = await env.run(PORT=str(port), CLOCK_OFFSET=later)
        await beside.has_logged("alert.raised", code="leader_silent", process=leader.pid)
        answer = await get(port, "healthz")
        assert (answer.status_code, answer.json()["status"]) == (200, "impaired")
        assert answer.json()["seconds_since_leader_sign"] >= FROZEN_FOR
        [reason] = answer.json()["impairments"]
        assert reason == f"process {leader.pid}, which polls and sends, gives no sign of life"
        metrics = (await get(port, "metrics")).text
        assert 'spotter_trouble{code="leader_silent"} 1.0' in metrics
        [age] = [line for line in metrics.splitlines() if line.startswith("spotter_leader_sign_age_seconds ")]
        assert float(age.split()[1]) >= FROZEN_FOR
        await beside.has_logged("socket.connected")
        said = await env.slack.command(ADMIN, RESULTS, "/ojt", "status")
        assert (
            f"Process {leader.pid}, which polls and sends, has given no sign of life since" in (await said.first()).text
        )
        checked = await env.say("check", CLOCK_OFFSET=later)
        assert f"wrong     Process: {leader.pid}, which polls and sends, has given no sign of life for 1" in checked.out
        assert checked.code == 1
        await beside.terminate()
    finally:
        leader.process.send_signal(signal.SIGCONT)

    env.world.complete(session, percent=90)
    await leader.until(lambda: env.cards(session), "the card")
    await leader.until(lambda: any("works again" in text for text in env.texts(OPS)), "the end of the alert")
    await leader.has_polled()
    assert len(env.cards(session)) == 1
    assert f"Process: {leader.pid} polls and sends (last sign of life" in (await env.say("check")).out


async def freeze(env: Env, leader: Running) -> None:
    """Stops the leader while it writes nothing: the lock of a write that never ends lets no other process begin."""
    while True:
        leader.process.send_signal(signal.SIGSTOP)
        while Path(f"/proc/{leader.pid}/stat").read_text().rpartition(")")[2].split()[0] != "T":
            await asyncio.sleep(0.01)
        with closing(sqlite3.connect(env.folder / "spotter.db", timeout=0, isolation_level=None)) as database:
            try:
                database.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                leader.process.send_signal(signal.SIGCONT)
                await asyncio.sleep(0.01)
            else:
                database.execute("ROLLBACK")
                return
