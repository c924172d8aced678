"""Once a day what is old is forgotten, in the ledger as in the log by numbers only."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from bot.demo.slack import SlackStandIn
from bot.domain.alerts import Facts
from bot.jobs.retention import AT_ONCE, AUDIT_LOG_RETENTION, RetentionJob
from bot.slack.client import SlackMessenger
from bot.store.database import Store, Tx
from tests.clock import NOON, FakeClock
from tests.demo.slack_room import stand_in
from tests.environment import messenger_of, open_store
from tests.settings import settings_of
from tests.store.given import OTHER_ROOM, a_session, baseline, claim, enqueue, sent

pytestmark = pytest.mark.virtual_time

DAY = timedelta(days=1)
YEAR = 365 * DAY


@dataclass
class KeptRoom:
    """A database with a baseline, and its retention job."""

    store: Store
    clock: FakeClock
    slack: SlackStandIn
    slacks: FakeClock
    messenger: SlackMessenger
    wakes: list[str] = field(default_factory=list)

    def retention(self, keep: timedelta | None = YEAR) -> RetentionJob:
        return RetentionJob(
            self.store,
            self.messenger,
            self.clock,
            settings_of(keep_days=keep and keep.days),
            wake=lambda: self.wakes.append("deliver"),
        )

    async def listed(self, *ages: timedelta) -> None:
        facts = [a_session(number, finished=NOON - age) for number, age in enumerate(ages)]
        await self.store.transact(lambda tx: baseline(tx, *facts, now=NOON))

    async def known(self) -> int:
        return (await self.store.read(lambda tx: tx.polls.state())).sessions

    def pass_time(self, by: timedelta) -> None:
        self.clock.advance(by)
        self.slacks.advance(by)

    async def alerts(self) -> dict[str, Facts]:
        return {one.code: one.facts for one in await self.store.read(lambda tx: tx.alerts.all())}

    async def audit_log(self) -> list[tuple[str, str, str]]:
        entries = await self.store.read(lambda tx: tx.audit_log.entries(10))
        return [(entry.who, entry.verb, entry.subject) for entry in entries]


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[KeptRoom]:
    store = open_store(tmp_path / "spotter.db", now=NOON, ops_channel="C0OPS")
    clock, slacks = FakeClock(), FakeClock()
    slack = stand_in(slacks)
    async with messenger_of(slack, clock) as messenger:
        yield KeptRoom(store, clock, slack, slacks, messenger)
    store.close()


@pytest.mark.promise("retention")
async def test_what_is_older_than_it_is_kept_is_erased_and_reported(room: KeptRoom) -> None:
    await room.listed(YEAR + DAY, YEAR + 2 * DAY, YEAR - DAY)
    assert await room.retention().when_due()
    assert await room.known() == 1
    assert await room.audit_log() == [("spotter", "retention", "sessions:2")]


async def test_what_was_erased_stands_in_no_log_of_the_database_any_more(room: KeptRoom) -> None:
    await room.listed(YEAR + DAY)
    log = room.store.path.with_name("spotter.db-wal")
    assert log.stat().st_size > 0
    await room.retention().when_due()
    assert log.stat().st_size == 0


async def test_without_a_setting_every_session_is_kept(room: KeptRoom) -> None:
    await room.listed(20 * YEAR)
    assert await room.retention(keep=None).when_due()
    assert (await room.known(), await room.audit_log()) == (1, [])


async def test_it_tidies_once_a_day_whatever_rings_and_restarts(room: KeptRoom) -> None:
    await room.listed(DAY)
    assert await room.retention().when_due()
    room.pass_time(DAY - timedelta(seconds=1))
    assert not await room.retention().when_due()
    room.pass_time(timedelta(seconds=1))
    assert await room.retention().when_due()


@pytest.mark.parametrize("has_answered", [True, False])
@pytest.mark.parametrize("jump", [20 * YEAR, timedelta(hours=2)])
async def test_nothing_is_erased_by_a_clock_that_jumped_ahead(
    room: KeptRoom, jump: timedelta, has_answered: bool
) -> None:
    await room.listed(YEAR + DAY, DAY)
    if has_answered:
        await room.messenger.identify()
    room.clock.jump(jump)
    assert not await room.retention().when_due()
    assert await room.known() == 2
    assert await room.alerts() == {"clock_wrong": {"hours": round(jump / timedelta(hours=1))}}
    room.clock.jump(-jump)
    assert await room.retention().when_due()
    assert (await room.known(), await room.alerts()) == (1, {})


async def test_a_clock_that_slack_has_not_proved_erases_nothing_yet(room: KeptRoom) -> None:
    await room.listed(YEAR + DAY)
    room.slack.faults.order("auth.test", "request_lost")
    assert not await room.retention().when_due()
    assert await room.known() == 1
    assert await room.retention().when_due()
    assert await room.known() == 0


async def test_a_clock_set_back_does_not_stop_it_for_long(room: KeptRoom) -> None:
    await room.listed(DAY)
    assert await room.retention().when_due()
    room.pass_time(-30 * DAY)
    assert await room.retention().when_due()


async def test_nothing_is_tidied_before_the_first_listing_is_stored(room: KeptRoom) -> None:
    assert not await room.retention().when_due()


async def test_many_old_sessions_are_erased_in_steps(room: KeptRoom) -> None:
    await room.listed(*[2 * YEAR] * (2 * AT_ONCE + 1), DAY)
    assert await room.retention().when_due()
    assert await room.known() == 1


@pytest.mark.promise("retention")
async def test_what_was_posted_about_them_is_edited(room: KeptRoom) -> None:
    await room.listed(2 * YEAR, 2 * YEAR)

    def post(tx: Tx) -> None:
        enqueue(tx, a_session(0), now=NOON)
        sent(tx, claim(tx, now=NOON, name="d0"), NOON)
        enqueue(tx, a_session(1), destination=OTHER_ROOM, now=NOON)
        sent(tx, claim(tx, OTHER_ROOM, NOON, name="d1"), NOON)

    await room.store.transact(post)
    await room.retention().when_due()
    assert (await room.store.read(lambda tx: tx.deliveries.counts())).edits == 2
    assert room.wakes == ["deliver"]
    assert (await room.audit_log())[0][2] == "sessions:2,redactions:2"


async def test_the_audit_log_keeps_more_than_a_year_whatever_the_setting(room: KeptRoom) -> None:
    await room.listed(DAY)

    def write(tx: Tx) -> None:
        tx.audit_log.write("U1", "old", "it", NOON - AUDIT_LOG_RETENTION - DAY)
        tx.audit_log.write("U1", "young", "it", NOON - AUDIT_LOG_RETENTION + DAY)

    await room.store.transact(write)
    await room.retention(keep=30 * DAY).when_due()
    assert [verb for _, verb, _ in await room.audit_log()] == ["retention", "young"]


async def test_a_busy_database_is_tidied_later(room: KeptRoom, tmp_path: Path) -> None:
    store = open_store(tmp_path / "busy.db", now=NOON, busy_seconds=0.05)
    other = Store.open(tmp_path / "busy.db", now=NOON)
    room = KeptRoom(store, room.clock, room.slack, room.slacks, room.messenger)
    await room.listed(2 * YEAR)
    other._writer.execute("BEGIN IMMEDIATE")
    assert not await room.retention().when_due()
    other._writer.execute("ROLLBACK")
    assert await room.retention().when_due()
    other.close()
    store.close()
