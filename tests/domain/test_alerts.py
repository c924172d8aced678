"""What counts as trouble, by what can be seen."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

from bot.domain.alerts import DISK_ENOUGH, DISK_LEFT, Facts, MonitorInput, monitored
from bot.domain.polling import is_round

NOW = datetime(2026, 3, 18, 12, 0, tzinfo=UTC)
WELL = MonitorInput(
    now=NOW,
    reading_since=NOW - timedelta(days=1),
    last_poll_at=NOW - timedelta(minutes=2),
    poll_interval=120,
    waiting_since=None,
    waiting=0,
    app_refused="",
    disconnected_for=0,
    disk_left=10 * DISK_ENOUGH,
)


def alerts(seen: MonitorInput, before: Mapping[str, Facts] = MappingProxyType({})) -> dict[str, Facts]:
    """The active ones."""
    return {code: facts for code, facts in monitored(seen, before).items() if facts is not None}


def test_all_is_well() -> None:
    assert alerts(WELL) == {}


def test_a_poll_is_stale_after_fifteen_minutes_or_five_intervals() -> None:
    late = replace(WELL, last_poll_at=NOW - timedelta(minutes=16))
    assert alerts(late) == {"poll_stale": {"minutes": 16}}
    assert alerts(replace(late, poll_interval=600)) == {}


def test_a_process_that_just_began_is_given_time_for_its_first_poll() -> None:
    fresh = replace(WELL, reading_since=NOW - timedelta(minutes=1), last_poll_at=NOW - timedelta(days=3))
    assert alerts(fresh) == {}
    assert alerts(replace(fresh, reading_since=NOW - timedelta(minutes=20))) == {"poll_stale": {"minutes": 20}}


def test_messages_are_stuck_after_half_an_hour_unless_a_refused_app_explains_it() -> None:
    stuck = replace(WELL, waiting=12, waiting_since=NOW - timedelta(minutes=31))
    assert alerts(stuck) == {"deliveries_stuck": {"messages": 12, "minutes": 31}}
    assert alerts(replace(stuck, app_refused="token_revoked")) == {"app_refused": {"reason": "token_revoked"}}
    assert alerts(replace(stuck, waiting_since=NOW - timedelta(minutes=29))) == {}


def test_a_socket_is_deaf_after_two_minutes() -> None:
    assert alerts(replace(WELL, disconnected_for=119)) == {}
    assert alerts(replace(WELL, disconnected_for=185)) == {"socket_disconnected": {"minutes": 3}}


def test_a_nearly_full_disk_stays_trouble_until_there_is_enough_space() -> None:
    low, between = replace(WELL, disk_left=DISK_LEFT - 1), replace(WELL, disk_left=DISK_LEFT + 1)
    assert alerts(low) == {"disk_nearly_full": {"megabytes": 199}}
    assert alerts(between) == {}
    assert alerts(between, alerts(low)) == {"disk_nearly_full": {"megabytes": 200}}
    assert alerts(replace(WELL, disk_left=DISK_ENOUGH), alerts(low)) == {}
    assert alerts(replace(WELL, disk_left=None)) == {}


def test_only_numbers_at_which_somebody_would_set_a_limit_are_round() -> None:
    assert [n for n in (1_000, 2_000, 5_000, 10_000, 50_000, 100_000, 1_000_000) if not is_round(n)] == []
    assert [n for n in (0, 100, 999, 1_001, 3_000, 12_000, 15_000) if is_round(n)] == []


def test_what_was_there_ends_only_on_proof() -> None:
    just_began = replace(
        WELL, reading_since=NOW, last_poll_at=NOW - timedelta(hours=1), disconnected_for=20.0, disk_left=None
    )
    before: dict[str, Facts] = {
        "poll_stale": {"minutes": 59},
        "socket_disconnected": {"minutes": 5},
        "disk_nearly_full": {"megabytes": 100},
    }
    assert alerts(just_began) == {}
    assert alerts(just_began, before) == before | {"poll_stale": {"minutes": 60}}
    proven = replace(just_began, last_poll_at=NOW, disconnected_for=0, disk_left=DISK_ENOUGH)
    assert alerts(proven, before) == {}
