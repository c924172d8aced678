"""A second process beside the first: it answers, waits for its turn, and its rows are acted on."""

import asyncio
import csv
import io
import json
import signal
import sqlite3
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.domain.notifications import Destination, DestinationKind, Notification, NotificationKind
from bot.store.database import Store
from bot.store.lock import Leadership
from tests.app.env import ADMIN, BAKERY, ELSEWHERE, OPS, RESULTS, Env, Running, short


@pytest.mark.promise("two_processes")
async def test_a_second_run_answers_while_the_first_leads_and_takes_over_when_it_is_killed(env: Env) -> None:
    session = env.begin()
    first = await env.started()
    second = await env.run()
    following = await second.has_logged("leader.awaited")
    assert following["leader"] == first.pid
    await second.has_logged("socket.connected")
    assert not second.events("poll.completed")
    for _ in range(2):  # Slack gives each open connection its turn
        answer = await env.slack.command(ADMIN, RESULTS, "/ojt", "status")
        assert answer.failure is None

    await first.kill()
    env.world.complete(session, percent=90)
    await second.has_logged("leader.acquired")
    await second.until(lambda: env.cards(session), "the card")
    await second.has_polled()
    assert len(env.cards(session)) == 1
    await second.terminate()


@pytest.mark.promise("two_processes")
async def test_nobody_leads_while_a_stopped_bot_still_waits_to_write(env: Env) -> None:
    bot = await env.started(POLL_INTERVAL="60")
    await bot.until(lambda: len(env.texts(OPS)) == 2 and env.texts(RESULTS), "all that the start owes")
    store = Store.open(env.folder / "spotter.db", now=datetime.now(UTC))
    other_program = sqlite3.connect(store.path, isolation_level=None)
    follower = Leadership(store.path)
    place, now = Destination(DestinationKind.CHANNEL, OPS), datetime.now(UTC)
    soon = Notification(
        kind=NotificationKind.OPS, destination=place, subject="soon", reason="a test", facts={"code": "over"}
    )
    try:
        await store.transact(lambda tx: tx.notifications.enqueue(soon, now, now + timedelta(seconds=2)))
        other_program.execute("BEGIN IMMEDIATE")
        await asyncio.sleep(2.5)  # the notice is due: the bot waits for the database, for up to five seconds
        bot.process.send_signal(signal.SIGTERM)
        while not follower.try_acquire():
            await asyncio.sleep(0.01)
        assert not _has_open(bot, store.path), "what it wanted to write could still be written"
        assert await bot.cancelled() == 0
    finally:
        follower.release()
        other_program.close()
        store.close()


def _has_open(bot: Running, path: Path) -> bool:
    """True if the process has the file open; False if it has ended."""
    with suppress(FileNotFoundError):
        return any(one.readlink() == path for one in Path(f"/proc/{bot.pid}/fd").iterdir())
    return False


async def test_polling_beside_a_running_bot_says_who_leads(env: Env) -> None:
    bot = await env.started()
    said = await env.say("poll")
    assert said.code == 1
    assert f"Process {bot.pid} leads" in said.err


async def test_polling_alone_reads_sends_and_ends(env: Env) -> None:
    session = env.begin()
    assert (await env.say("poll")).code == 0
    env.world.complete(session, percent=90)
    said = await env.say("poll")
    assert (said.code, said.out) == (0, "Polled: 1 of 1 sessions new or changed.\n")
    assert len(env.cards(session)) == 1
    assert len(env.direct_messages(session)) == 1
    assert (await env.say("poll")).out == "Polled: nothing new.\n"

    env.ispring.quirks.no_rights = True
    refused = await env.say("poll")
    assert refused.code == 1
    assert "Account Owner" in refused.err


async def test_a_rule_made_on_the_command_line_is_introduced_at_once_and_ended_by_number(env: Env) -> None:
    bot = await env.started()
    added = await env.say("rules", "add", BAKERY, "outcome:failed")
    assert added.code == 0
    await bot.until(lambda: env.texts(BAKERY), "the introduction")
    assert (await env.say("rules", "add", BAKERY, "outcome:failed")).out == "Rule 2 says the same already.\n"
    assert "outcome:failed" in (await env.say("rules", "list")).out

    session = env.begin()
    await bot.has_polled()
    env.world.complete(session, percent=20)
    await bot.until(lambda: env.cards(session, BAKERY), "a low one is told there")
    assert (await env.say("rules", "remove", "2")).code == 0
    another = env.begin()
    env.world.complete(another, percent=20)
    await bot.until(lambda: env.cards(another), "told in the other channel")
    await bot.has_polled()
    assert not env.cards(another, BAKERY)

    assert (await env.say("rules", "remove", "2")).code == 1
    assert (await env.say("rules", "remove", "99")).code == 1
    wrong = await env.say("rules", "add", BAKERY, "outcom:failed")
    assert wrong.code == 2
    assert "outcome:failed" in wrong.err
    assert (await env.say("rules", "add", "#bakery")).code == 2


async def test_what_is_queued_can_be_listed_explained_dropped_and_retried(env: Env) -> None:
    bot = await env.started(OPS_CHANNEL="")
    await env.say("rules", "add", ELSEWHERE)
    await bot.until(
        lambda: [one for one in bot.events("delivery.attempted") if ELSEWHERE in one["to"]], "a refused intro"
    )
    session, dropped = env.begin(), env.begin()
    env.slack.faults.order("chat.postMessage", "no_text", times=4, channel=RESULTS)
    env.world.complete(session, percent=90)
    await bot.has_logged("delivery.attempted", state="failed", times=1)
    env.world.complete(dropped, percent=90)
    await bot.has_logged("delivery.attempted", state="failed", times=2)

    listed = await env.say("outbox", "list", "--state", "dead")
    ids = [line.split()[0] for line in listed.out.splitlines()[2:]]
    assert len(ids) == 2
    reason = (await env.say("outbox", "why", short(session))).out
    assert f"Session {short(session)}" in reason
    assert "no_text" in reason
    assert "sent" in reason, "the observer was told"
    [retried] = [one for one in ids if one in reason]
    [gone] = [one for one in ids if one != retried]

    assert (await env.say("outbox", "drop", gone)).code == 0
    assert (await env.say("outbox", "retry", retried)).code == 0
    await bot.until(lambda: env.cards(session), "the retried card")
    assert not env.cards(dropped)
    assert (await env.say("outbox", "retry", gone)).code == 1
    assert (await env.say("outbox", "drop", "no-such-delivery")).code == 1
    assert (await env.say("outbox", "why", "ffffffffffff")).code == 1


async def test_sessions_are_shown_as_a_table_json_and_csv_that_no_spreadsheet_runs(env: Env) -> None:
    trap = env.world.add_checklist('=HYPERLINK("http://trap.example";"Open")\nsecond line')
    low = env.world.add_session(checklist=env.opening, employee=env.employee, observer=env.observer, percent=40)
    risky = env.world.add_session(checklist=trap, employee=env.employee, observer=env.observer, percent=95)
    assert (await env.say("poll")).code == 0

    table = await env.say("sessions", "outcome:failed")
    assert short(low) in table.out
    assert short(risky) not in table.out
    assert "1 of 1" in table.out
    rows = json.loads((await env.say("sessions", "--json")).out)
    assert {row["id"] for row in rows} == {low.id, risky.id}
    assert {row["employee"] for row in rows} == {"Ottoline Feverstone"}
    found = list(csv.DictReader(io.StringIO((await env.say("sessions", "--csv")).out.removeprefix("\ufeff"))))
    titles = {row["id"]: row["checklist"] for row in found}
    assert titles[risky.id].startswith("'=HYPERLINK")
    assert titles[low.id] == "Opening"
    assert len((await env.say("sessions")).out.splitlines()) == 5, "a title breaks no line of the table"
    assert json.loads((await env.say("sessions", "--json", "score:<1")).out) == []
    assert (await env.say("sessions", "--limit", "1")).out.splitlines()[-1].startswith("1 of 2")


@pytest.mark.promise("database_locked")
async def test_a_database_that_another_program_locks_for_a_while_costs_nothing(env: Env) -> None:
    session = env.begin()
    bot = await env.started()
    await bot.until(lambda: len(env.texts(OPS)) == 2 and env.texts(RESULTS), "all that the start owes")
    lock = sqlite3.connect(env.folder / "spotter.db", isolation_level=None)
    try:
        lock.execute("BEGIN IMMEDIATE")
        env.world.complete(session, percent=90)
        await bot.until(lambda: "locked" in bot.log() or "busy" in bot.log(), "somebody notices")
        answer = await env.slack.command(ADMIN, RESULTS, "/ojt", "status")
        assert answer.failure is None
    finally:
        lock.close()
    await bot.until(lambda: env.cards(session), "the card")
    assert len(env.cards(session)) == 1
    assert bot.is_alive
