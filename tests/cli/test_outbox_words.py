"""What the verbs of `outbox` say of what is owed, and what they leave in the ledger."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import pytest
from click.testing import CliRunner, Result

from bot.cli.outbox import outbox
from bot.domain.notifications import DeliveryState
from bot.domain.rules import OPERATOR, RuleState
from bot.domain.viewers import SlackUser
from bot.services.shadow import begin_shadow
from bot.store.database import Tx
from tests.environment import open_store
from tests.store.given import (
    NOON,
    OTHER_ROOM,
    ROOM,
    a_session,
    baseline,
    becomes,
    claim,
    enqueue,
    see,
    sent,
    session_id,
)

T = TypeVar("T")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "spotter.db"


def within(path: Path, work: Callable[[Tx], T]) -> T:
    database = open_store(path, now=NOON)
    try:
        return database._write_now(work)
    finally:
        database.close()


def typed(path: Path, *words: str, **settings: str) -> Result:
    """What comes of `outbox` with these words."""
    return CliRunner().invoke(outbox, words, env={"DATABASE_URL": f"sqlite:///{path}", **settings})


# ---- list ----------------------------------------------------------------------------------------------------------


def deliveries(result: Result) -> list[str]:
    """The delivery ids in the order they are listed."""
    assert result.exception is None, result.exception
    return [line.split()[0] for line in result.output.splitlines() if line.startswith("d")][1:]


def _dead(*names: str) -> Callable[[Tx], None]:
    def work(tx: Tx) -> None:
        for number, name in enumerate(names):
            enqueue(tx, a_session(number))
            becomes(tx, claim(tx, name=name), DeliveryState.FAILED, reason="msg_too_long")

    return work


def test_what_is_not_settled_is_listed_the_oldest_first_and_what_is_cut_is_counted(path: Path) -> None:
    within(path, _dead("d1", "d2", "d3", "d4"))
    assert deliveries(typed(path, "list")) == ["d1", "d2", "d3", "d4"]
    assert "more" not in typed(path, "list").output
    cut = typed(path, "list", "--limit", "2")
    assert deliveries(cut) == ["d1", "d2"]
    assert "and 2 newer ones; --limit shows more." in cut.output


def test_what_is_settled_is_listed_the_newest_first(path: Path) -> None:
    def work(tx: Tx) -> None:
        baseline(tx, a_session(1), a_session(2), a_session(3))
        for number in (1, 2, 3):
            enqueue(tx, a_session(number))
            sent(tx, claim(tx, name=f"d{number}"))

    within(path, work)
    cut = typed(path, "list", "--state", "sent", "--limit", "2")
    assert deliveries(cut) == ["d3", "d2"]
    assert "and 1 older ones" in cut.output


def test_what_shadow_mode_shows_is_listed_with_where(path: Path) -> None:
    def work(tx: Tx) -> None:
        enqueue(tx, a_session(1))
        begin_shadow(tx, OTHER_ROOM.id, OPERATOR, NOON)
        assert tx.outbox.claim(ROOM, NOON, 0.0, "d1", OTHER_ROOM) is not None

    within(path, work)
    assert f"{ROOM}, shown in {OTHER_ROOM} " in typed(path, "list").output


def test_an_empty_outbox_says_so(path: Path) -> None:
    within(path, lambda tx: None)
    assert typed(path, "list").output == typed(path).output == "Nothing is waiting.\n"


# ---- retry and drop ------------------------------------------------------------------------------------------------


def deeds(path: Path) -> list[tuple[str, str]]:
    return within(path, lambda tx: [(entry.verb, entry.subject) for entry in tx.audit_log.entries(9)])


@pytest.mark.parametrize("verb", ["retry", "drop"])
def test_the_audit_log_keeps_what_was_done_and_nothing_else(path: Path, verb: str) -> None:
    within(path, _dead("d1"))
    refused = typed(path, verb, "nope")
    assert refused.exception is not None and "nope" in str(refused.exception)
    assert deeds(path) == []
    assert typed(path, verb, "d1").exception is None
    assert deeds(path) == [(verb, "delivery:d1")]


# ---- why -----------------------------------------------------------------------------------------------------------


def test_a_guest_in_admins_is_called_no_admin(path: Path) -> None:
    guest = SlackUser(user_id="U0GUEST", email=None, zone="UTC", is_full_member=False, not_allowed_reason="guest")

    def work(tx: Tx) -> None:
        baseline(tx)
        see(tx, a_session(1))
        tx.people.save_slack_user(guest, datetime.now(UTC))  # the command line has the real clock
        tx.rules.add(ROOM, "U0GUEST", "", RuleState.ACTIVE, NOON)

    within(path, work)
    said = typed(path, "why", session_id(1)[:8], ADMINS="U0GUEST")
    assert said.exception is None, said.exception
    assert "not notified: rule 1" in said.output and "not linked" in said.output
