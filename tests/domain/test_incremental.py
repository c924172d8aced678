"""How polls are planned that do not list everything."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.incremental import (
    DAY,
    RETRY_FULL,
    Account,
    ByteBudget,
    Doubt,
    PollingState,
    Reading,
    Sweep,
    after_size,
    held_until,
    ignored,
    is_held,
    is_suspicious,
    left_out,
    names_in_order,
    next_sweep,
    oldest_swept,
    reading_of,
    tick_bytes,
)
from bot.domain.polling import PollMode

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
INCREMENTAL = PollingState(mode=PollMode.INCREMENTAL, since=NOW, full_at=NOW, verified_at=NOW)


def test_the_mode_changes_after_three_polls_in_a_row_and_by_a_fifth_above_the_limit() -> None:
    state = PollingState()
    for size in (121, 119, 121, 121):
        state = after_size(state, size, 100, NOW)
        assert state.mode is PollMode.FULL
    state = after_size(state, 121, 100, NOW)
    assert (state.mode, state.full_at) == (PollMode.INCREMENTAL, None)
    for size in (100, 101, 100, 100):
        state = after_size(state, size, 100, NOW)
        assert state.mode is PollMode.INCREMENTAL
    assert after_size(state, 100, 100, NOW).mode is PollMode.FULL


def test_what_the_next_poll_reads() -> None:
    def read(state: PollingState, after: timedelta = timedelta(minutes=1), outage: bool = False) -> Reading:
        return reading_of(state, NOW + after, is_after_outage=outage)

    assert read(PollingState()) is Reading.FULL
    assert read(replace(INCREMENTAL, full_at=None)) is Reading.FULL
    assert read(INCREMENTAL) is Reading.INCREMENT
    assert read(INCREMENTAL, outage=True) is Reading.FULL
    assert read(replace(INCREMENTAL, is_full_due=True)) is Reading.FULL
    assert read(INCREMENTAL, DAY) is Reading.VERIFIED
    assert read(INCREMENTAL, -DAY) is Reading.VERIFIED  # a clock that was set back
    lying = ignored(INCREMENTAL, NOW)
    assert read(lying) is Reading.FULL
    lying = replace(lying, is_full_due=False)
    assert read(lying) is Reading.NOTHING
    assert read(lying, timedelta(minutes=15)) is Reading.FULL
    assert read(replace(lying, full_seconds=180.0), timedelta(minutes=29)) is Reading.NOTHING
    assert read(replace(lying, full_seconds=180.0), timedelta(minutes=30)) is Reading.FULL
    lacking = left_out(INCREMENTAL, NOW, is_proven=True)
    assert (read(lacking), read(lacking, timedelta(minutes=15))) == (Reading.INCREMENT, Reading.VERIFIED)
    unread = replace(INCREMENTAL, is_full_due=True, full_not_before=NOW + RETRY_FULL)
    assert (read(unread), read(unread, RETRY_FULL)) == (Reading.INCREMENT, Reading.FULL)
    assert read(unread, outage=True) is Reading.INCREMENT  # while both fail, no full listing is tried at each poll
    assert read(unread, RETRY_FULL, outage=True) is Reading.FULL
    # A comparison whose full listing was read just now.
    assert read(replace(INCREMENTAL, full_at=NOW + DAY), DAY) is Reading.INCREMENT


def test_a_call_that_fails_for_longer_than_a_moment_brings_a_full_listing_now_and_then() -> None:
    minutes = [0, 14, 15, 29, 30]
    failing = replace(INCREMENTAL, full_at=NOW - DAY, failing_since=NOW)
    read = [reading_of(failing, NOW + timedelta(minutes=one), is_after_outage=False) for one in minutes]
    assert read == [Reading.INCREMENT, Reading.INCREMENT, Reading.FULL, Reading.FULL, Reading.FULL]
    since = replace(failing, full_at=NOW + timedelta(minutes=15))
    read = [reading_of(since, NOW + timedelta(minutes=one), is_after_outage=False) for one in minutes[2:]]
    assert read == [Reading.INCREMENT, Reading.INCREMENT, Reading.FULL]
    assert (failing.fails_alone(), since.fails_alone()) == (False, True)


def test_a_step_that_fails_waits_ten_times_as_long_as_it_took_and_at_most_an_hour() -> None:
    assert held_until(NOW, NOW + timedelta(seconds=3)) == NOW + timedelta(seconds=33)
    assert held_until(NOW, NOW + timedelta(minutes=9)) == NOW + timedelta(minutes=69)
    until = NOW + timedelta(minutes=30)
    assert is_held(until, NOW)
    assert not is_held(None, NOW)
    assert not is_held(until, until)
    assert not is_held(until, NOW - DAY)  # a clock that was set back


def test_rows_that_are_left_out_once_are_no_proof_and_twice_within_an_hour_are() -> None:
    once = left_out(INCREMENTAL, NOW)
    assert not once.is_doubted(NOW)
    assert not left_out(once, NOW + timedelta(hours=2)).is_doubted(NOW + timedelta(hours=2))
    twice = left_out(once, NOW + timedelta(minutes=59))
    assert twice.doubt is Doubt.LEFT_OUT
    assert twice.is_doubted(NOW + timedelta(hours=24))
    assert not twice.is_doubted(NOW + timedelta(hours=25))
    assert left_out(ignored(INCREMENTAL, NOW), NOW, is_proven=True).doubt is Doubt.IGNORED


@pytest.mark.parametrize(("gone", "known", "suspicious"), [(49, 100, False), (50, 100, True), (50, 500, False)])
def test_many_sessions_gone_at_once_are_suspicious(gone: int, known: int, suspicious: bool) -> None:
    assert is_suspicious(gone, known) is suspicious


@given(st.lists(st.lists(st.integers(0, 5_000), max_size=4), max_size=40), st.integers(100, 5_000))
def test_what_answers_cost_beyond_their_share_is_paid_later(polls: list[list[int]], total: int) -> None:
    debts: dict[str, int] = {}
    spent = 0
    for sizes in polls:
        budget = ByteBudget(total, debts)
        for account, size in zip(Account, sizes, strict=False):
            if budget.allowance(account) > 0:
                budget.spend(account, size)
                spent += size
        debts = budget.debts
    assert spent <= total * len(polls) + sum(debts.values()) + 2 * len(polls)
    assert all(debt >= 0 for debt in debts.values())


def test_what_one_account_leaves_is_the_next_ones() -> None:
    budget = ByteBudget(800, {})
    assert [budget.allowance(one) for one in (Account.PLANNED, Account.NAMES, Account.RECENT)] == [400, 200, 100]
    budget.spend(Account.PLANNED, 50)
    budget.spend(Account.NAMES, 40)
    assert budget.allowance(Account.SWEEP) == 710
    assert tick_bytes(2_000_000, 60, 120) == 1_000_000
    assert tick_bytes(2_000_000, 300, 120) == 2_000_000


def test_in_a_round_each_checklist_is_named_once_the_most_active_first() -> None:
    sweeps = [
        Sweep("quiet"),
        Sweep("busy", active_at=NOW),
        Sweep("asked", named_round=1, active_at=NOW),
        Sweep("", sessions=3),
    ]
    ordered, current = names_in_order(sweeps, 1)
    assert ([one.checklist_id for one in ordered], current) == (["busy", "quiet"], 1)
    ordered, current = names_in_order([replace(one, named_round=1) for one in sweeps], 1)
    assert (len(ordered), current) == (3, 2)


def test_a_comparison_in_parts_goes_on_and_then_the_oldest_is_next() -> None:
    sweeps = [
        Sweep("old", swept_at=NOW - DAY, sessions=1),
        Sweep("never", sessions=1),
        Sweep("parts", swept_at=NOW, cursor="5", sessions=9),
        Sweep(""),
    ]
    order: list[str] = []
    while sweep := next_sweep(sweeps, order):
        order.append(sweep.checklist_id)
    assert order == ["parts", "never", "old"]
    assert oldest_swept(sweeps, NOW) == NOW
    assert oldest_swept(sweeps, NOW - 2 * DAY) == NOW - 2 * DAY
    assert oldest_swept([replace(sweeps[1], swept_at=NOW), *sweeps[::2]], NOW - 2 * DAY) == NOW - DAY
