"""What `check` reports from the database: each state that a person must mend has its line and its remedy."""

from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bot.blocks.alerts import alert_sentence
from bot.checks import Level, database
from bot.config import Settings
from bot.domain.alerts import ALERTS, LEADER_SILENT
from bot.domain.changes import decide
from bot.domain.notifications import DeliveryState
from bot.domain.polling import PollReport
from bot.domain.reasons import ARCHIVED, ReasonCode
from bot.domain.rules import RuleState
from bot.domain.staff import Person
from bot.domain.viewers import BY_EMAIL, SlackUser
from bot.store.backup import back_up, restore
from bot.store.database import Store, Tx
from tests.environment import open_store
from tests.store.given import NOON, ROOM, TARGETS, a_session, baseline, becomes, claim, enqueue, minutes, see, sent

CHECKS = Path(database.__file__).parent
LATER = NOON + timedelta(days=2)
OLGA = Person(person_id="ana", name="Olga Observer", email="olga@bakery.example")


@pytest.fixture
async def db(tmp_path: Path) -> AsyncIterator[Store]:
    database = open_store(tmp_path / "spotter.db", now=NOON)
    await database.transact(_all_is_well)
    try:
        yield database
    finally:
        database.close()


def _all_is_well(tx: Tx) -> None:
    baseline(tx, a_session(1))
    tx.polls.record(PollReport(LATER, LATER))
    tx.people.replace_directory([OLGA], [], LATER)
    tx.rules.add(ROOM, "U0OWNER", "", RuleState.ACTIVE, NOON)
    tx.targets.set_initial(80)


async def results(db: Store, tmp_path: Path, leader: int | None = 1, signed_at: datetime | None = LATER) -> list[str]:
    """The results that are not fine, each with its remedy."""
    settings = Settings(_env_file=None, database_url=f"sqlite:///{tmp_path}/spotter.db")
    stored = await db.read(lambda tx: database.read_stored(tx, LATER))
    found = database.check_stored(stored, settings, LATER, leader, signed_at)
    return [f"{one.what} | {one.remedy}" for one in found if one.level is not Level.FINE]


async def test_a_healthy_database_has_only_fine_results(db: Store, tmp_path: Path) -> None:
    assert await results(db, tmp_path) == []


async def test_a_leader_without_a_sign_of_life_is_wrong_and_an_unknown_one_is_not(db: Store, tmp_path: Path) -> None:
    [wrong] = await results(db, tmp_path, leader=7, signed_at=LATER - LEADER_SILENT - timedelta(minutes=10))
    assert wrong.startswith(
        "Process: 7, which polls and sends, has given no sign of life for 12 min | If it was paused"
    )
    assert await results(db, tmp_path, leader=7, signed_at=LATER - LEADER_SILENT) == []
    assert await results(db, tmp_path, leader=7, signed_at=None) == []


def _failed(tx: Tx) -> None:
    enqueue(tx, a_session(2))
    becomes(tx, claim(tx), DeliveryState.FAILED, reason="msg_too_long")


def _ambiguous_after(tx: Tx) -> None:
    enqueue(tx, a_session(2))
    becomes(tx, claim(tx), DeliveryState.AMBIGUOUS)


def _edit_due(tx: Tx) -> None:
    enqueue(tx, a_session(1))
    sent(tx, claim(tx))
    see(tx, a_session(1, result=50.0))


def _unmatched(tx: Tx) -> None:
    tx.people.note_no_slack_user("olga@bakery.example", NOON)


def _address_changed(tx: Tx) -> None:
    tx.people.save_slack_user(
        SlackUser(user_id="U0OLGA", email="new@bakery.example", zone="UTC", is_full_member=True), NOON
    )
    tx.people.link("U0OLGA", "ana", BY_EMAIL, "olga@bakery.example", NOON)


CASES: dict[str, tuple[Callable[[Tx], object], str, str]] = {
    "a failed delivery": (_failed, "failed, because Slack rejects", "outbox retry ID"),
    "an app that Slack refuses": (lambda tx: tx.outbox.refuse_app("token_revoked"), "token_revoked", "reinstall"),
    "a message that waits": (lambda tx: enqueue(tx, a_session(2)), "has waited for 2 d", "outbox list"),
    "a message that may have been sent": (_ambiguous_after, "has waited for 2 d", "outbox list"),
    "a card that shows an old result": (_edit_due, "1 posted message out of date", "spotter run"),
    "a blocked channel": (
        lambda tx: tx.destinations.block(ROOM, ARCHIVED, NOON),
        "channel:C0001 can't be written to (the channel is archived)",
        "unarchive",
    ),
    "a rule whose owner is gone": (
        lambda tx: tx.rules.pause(1, ReasonCode.OWNER_GONE),
        "Rule 1: paused, its owner is gone",
        "takes it over",
    ),
    "a channel that turned public": (
        lambda tx: tx.rules.pause(1, ReasonCode.BECAME_PUBLIC),
        "Rule 1: paused, the channel has become public",
        "go on in public",
    ),
    "no rule at all": (lambda tx: tx.rules.set_state(1, RuleState.ENDED, "", NOON), "Rules: none", "/ojt subscribe"),
    "no target": (lambda tx: tx.targets.set(None, None, "U0ADMIN", NOON), "Target: none", "/ojt target 80"),
    "an observer without a Slack account": (_unmatched, "1 of 1 who observed", "spotter people --unmatched"),
    "a link that is suspended": (_address_changed, "1 link suspended", "/ojt link"),
    "people who were last read long ago": (
        lambda tx: tx.people.replace_directory([OLGA], [], NOON),
        "iSpring's people were read 2 d ago",
        "right to read users",
    ),
    "a poll that failed": (
        lambda tx: tx.polls.record(PollReport(LATER, LATER, error="iSpring did not answer.")),
        "Last poll: iSpring did not answer",
        "line about iSpring",
    ),
    "rows that were left out": (
        lambda tx: tx.polls.record(PollReport(LATER, LATER, rejected=2)),
        "2 rows could not be understood",
        "log names",
    ),
    "a socket that is down": (
        lambda tx: tx.alerts.begin("socket_disconnected", {"minutes": 7}, LATER - minutes(5)),
        "Alert: socket_disconnected for 5 min",
        "SLACK_APP_TOKEN",
    ),
    "a workspace that takes no messages": (
        lambda tx: tx.alerts.begin("workspace_throttled", {"why": "message_limit_exceeded"}, LATER - minutes(5)),
        "Alert: workspace_throttled for 5 min",
        "change the plan",
    ),
    "all sending paused by an admin": (
        lambda tx: tx.outbox.pause_all("U0ADMIN", LATER - minutes(5)),
        "Sending: all of it was paused by U0ADMIN 5 min ago",
        "spotter resume",
    ),
    "direct messages that Slack refuses": (
        lambda tx: tx.alerts.begin("direct_messages_closed", {"why": "messages_tab_disabled"}, LATER - minutes(5)),
        "Alert: direct_messages_closed for 5 min",
        "spotter manifest",
    ),
}


@pytest.mark.parametrize("name", CASES)
async def test_each_state_to_mend_is_reported_with_its_remedy(name: str, db: Store, tmp_path: Path) -> None:
    spoil, what, remedy = CASES[name]
    await db.transact(spoil)
    found = await results(db, tmp_path, leader=None if name == "a card that shows an old result" else 1)
    assert [one for one in found if what in one.partition(" | ")[0] and remedy in one.partition(" | ")[2]], found


def _unseen(done: int, pages: int) -> None:
    """Shows no progress."""


async def test_what_changes_wait_for_is_said_with_how_long(db: Store, tmp_path: Path) -> None:
    def store(tx: Tx) -> None:
        waiting = [ReasonCode.OBSERVER_UNNAMED, ReasonCode.OBSERVER_UNNAMED, ReasonCode.OWNER_UNKNOWN]
        for number, code in enumerate([*waiting, ReasonCode.PERSON_UNKNOWN]):
            change = decide(None, a_session(number + 2), now=NOON, targets=TARGETS)
            assert change is not None
            tx.sessions.save(change, b"fingered")
            tx.unrouted.add(change, ["observer"], code, NOON, NOON, 1)

    await db.transact(store)
    found = "\n".join(await results(db, tmp_path))
    assert "Routing: 2 changes of sessions wait for the name of the observer" in found
    assert "Routing: 1 change of sessions waits until people and departments are known" in found
    assert "Routing: 1 change of sessions waits until Slack says who owns a rule" in found
    assert found.count("after 7 days") == 2


async def test_a_target_set_in_slack_is_said_to_win_over_pass_target(db: Store, tmp_path: Path) -> None:
    settings = Settings(_env_file=None, database_url=f"sqlite:///{tmp_path}/spotter.db", pass_target=75)

    async def said() -> list[str]:
        stored = await db.read(lambda tx: database.read_stored(tx, LATER))
        found = database.check_stored(stored, settings, LATER, 1, LATER)
        return [one.what for one in found if one.what.startswith("Target: ")]

    assert await said() == []
    await db.transact(lambda tx: tx.targets.set(None, 80.0, "U0ADMIN", NOON))
    assert await said() == ["Target: the target 80 % for all was set in Slack and wins over PASS_TARGET"]
    await db.transact(lambda tx: tx.targets.set(None, None, "U0ADMIN", NOON))
    assert (await said())[0] == "Target: no target for all was set in Slack and wins over PASS_TARGET"


async def test_a_restored_copy_is_reported_until_a_poll_has_ended(db: Store, tmp_path: Path) -> None:
    copy, place = tmp_path / "copy.db", tmp_path / "other.db"
    back_up(tmp_path / "spotter.db", copy, overwrite=False, now=NOON, progress=_unseen)
    restore(place, copy, now=LATER, progress=_unseen)
    restored = Store.open(place, now=LATER)
    try:
        found = await results(restored, tmp_path)
    finally:
        restored.close()
    assert [one for one in found if "restored from a copy made 2 d ago" in one and "spotter run" in one], found


# A part of the line in which `check` reports each alert.
LINES = {
    "database_created": "Store: created",
    "baseline_done": "Last poll: none yet",
    "suspicious_listing": "are stored",
    "listing_incomplete": "that its list of sessions leaves out",
    "round_count": "which may be the limit of its list",
    "unknown_status": "uses a status Spotter does not know",
    "date_order": "can only be read with the order",
    "results_flapping": "Alert: ",
    "rows_rejected": "can't be understood",
    "rows_duplicated": "Alert: ",
    "observers_unnamed": "Alert: ",
    "parts_left_out": "can't be read as a whole",
    "people_unread": "can't be read (",
    "departments_unread": "can't be read (",
    "criteria_unread": "can't be read (",
    "areas_unread": "can't be read (",
    "checklists_unread": "that its checklists name can't be read",
    "people_shortened": "Alert: ",
    "departments_shortened": "Alert: ",
    "message_refused": "failed, because Slack rejects their content",
    "not_redacted": "Alert: ",
    "app_refused": "Sending: paused, Slack refuses the app",
    "destination_gone": "can't be written to",
    "training_refused": "iSpring: refuses",
    "poll_failing": "iSpring: can't be reached",
    "poll_stale": "Last good poll: ",
    "deliveries_stuck": "a message has waited for",
    "socket_disconnected": "Alert: ",
    "workspace_throttled": "Alert: ",
    "direct_messages_closed": "Alert: ",
    "shadow_closed": "Alert: ",
    "shadow_unresolved": "Alert: ",
    "shadow_week": "Alert: ",
    "directory_old": "Alert: ",
    "supervision_widened": "Alert: ",
    "filters_unreliable": "Alert: ",
    "full_listing_unread": "Alert: ",
    "corrections_late": "Alert: ",
    "leader_silent": "has given no sign of life for",
    "clock_wrong": "Clock: ",
    "disk_nearly_full": "left beside the database",
}


@pytest.mark.parametrize("code", [code for code, alert in ALERTS.items() if not alert.is_checked])
async def test_an_alert_whose_cause_check_does_not_test_itself_has_its_sentence(
    code: str, db: Store, tmp_path: Path
) -> None:
    await db.transact(lambda tx: tx.alerts.begin(code, {}, LATER - minutes(5)))
    [line] = await results(db, tmp_path)
    assert line.startswith(f"Alert: {code} for 5 min: {alert_sentence(code, {})} | ")
    assert LINES[code] == "Alert: "


@pytest.mark.promise("check")
def test_check_has_a_line_for_every_alert() -> None:
    source = "".join(module.read_text() for module in CHECKS.glob("*.py"))
    assert set(LINES) == set(ALERTS)
    assert [line for line in LINES.values() if line not in source] == []
