"""How notices and rules end, and what ends with them: in the transaction that ended the first."""

import sqlite3
from collections.abc import Collection
from datetime import datetime

from bot.domain.model import NotificationKind
from bot.store.columns import from_json, listed, to_json, to_ms, value_of
from bot.store.outbox.deliveries import refresh_due
from bot.store.outbox.eligibility import settle

_UNTRIED = ("waiting", "held")
_INTRODUCED = (
    "state = 'pending' AND rule_id IN"
    " (SELECT json_extract(rule_ids, '$[0]') FROM notifications WHERE delivery = ? AND kind = ?)"
)


def cancel_notifications(connection: sqlite3.Connection, ids: Collection[int], reason: str, *, in_hand: bool) -> None:
    """Ends notices; a delivery left without any is dropped. `in_hand`: what is `sending` is the caller's own claim and
    not posted yet, so it may be dropped too. What is unsure is still looked for, but no longer sent again."""
    numbers = to_json([*ids])
    rows = connection.execute(
        "SELECT DISTINCT destination, delivery FROM notifications WHERE id IN (SELECT value FROM json_each(?))",
        (numbers,),
    ).fetchall()
    connection.execute(
        "UPDATE notifications SET cancelled_reason = ? WHERE id IN (SELECT value FROM json_each(?)) AND cancelled_reason IS NULL",
        (reason, numbers),
    )
    _end_intros(connection, numbers, reason)
    states = (*_UNTRIED, "sending") if in_hand else _UNTRIED
    for row in rows:
        if row["delivery"] is not None and not is_wanted(connection, row["delivery"]):
            connection.execute(
                "UPDATE deliveries SET state = 'dropped', reason = ? WHERE id = ?"
                " AND state IN (SELECT value FROM json_each(?))",
                (reason, row["delivery"], listed(states)),
            )
        refresh_due(connection, row["destination"])


def is_wanted(connection: sqlite3.Connection, delivery: int) -> bool:
    """Whether a delivery still carries a notice."""
    return bool(
        value_of(
            connection,
            "SELECT EXISTS (SELECT 1 FROM notifications WHERE delivery = ? AND cancelled_reason IS NULL)",
            (delivery,),
        )
    )


def end_rule(connection: sqlite3.Connection, rule_id: int, reason: str) -> None:
    """Ends a rule, and what waits only for it. A notice that another rule carries stays, and rests where that one does;
    so do sent messages, which go on being corrected. Of what is on its way nobody knows whether it stands there: see
    `end_orphans`."""
    connection.execute("UPDATE rules SET state = 'ended', reason = ? WHERE rule_id = ?", (reason, rule_id))
    living = _living(connection)
    waiting = connection.execute(
        "SELECT notifications.id, notifications.rule_ids FROM rules JOIN notifications USING (destination)"
        " LEFT JOIN deliveries ON deliveries.id = notifications.delivery"
        " WHERE rules.rule_id = ? AND notifications.cancelled_reason IS NULL"
        " AND (notifications.delivery IS NULL OR deliveries.state IN (SELECT value FROM json_each(?)))",
        (rule_id, listed(_UNTRIED)),
    ).fetchall()
    orphans = []
    for row in waiting:
        rules = from_json(row["rule_ids"], tuple[int, ...])
        if rule_id in rules and not living.intersection(rules):
            orphans.append(row["id"])
    if orphans:
        cancel_notifications(connection, orphans, reason, in_hand=False)
    for (destination,) in connection.execute("SELECT destination FROM rules WHERE rule_id = ?", (rule_id,)).fetchall():
        settle(connection, destination, None)


def cancel_orphans(connection: sqlite3.Connection, delivery: int) -> None:
    """Ends what a message carries only for rules that ended while it was on its way: it is known not to stand there."""
    living = _living(connection)
    rows = connection.execute(
        "SELECT id, rule_ids FROM notifications WHERE delivery = ? AND cancelled_reason IS NULL", (delivery,)
    ).fetchall()
    for row in rows:
        rules = from_json(row["rule_ids"], tuple[int, ...])
        if rules and not living.intersection(rules):
            connection.execute(
                "UPDATE notifications SET cancelled_reason = coalesce((SELECT reason FROM rules WHERE rule_id = ?), '') WHERE id = ?",
                (rules[-1], row["id"]),
            )


def _living(connection: sqlite3.Connection) -> set[int]:
    return {row["rule_id"] for row in connection.execute("SELECT rule_id FROM rules WHERE state <> 'ended'")}


def collect_for_rules(connection: sqlite3.Connection, delivery: int, now: datetime) -> None:
    """A rule begins to listen when its intro is first tried: it may stand there before that is known."""
    connection.execute(
        "UPDATE rules SET active_since = ? WHERE active_since IS NULL AND " + _INTRODUCED,
        (to_ms(now), delivery, NotificationKind.INTRO),
    )


def begin_rules(connection: sqlite3.Connection, delivery: int, now: datetime) -> bool:
    """A rule is active when its intro has arrived; whether one became so, and what it collected may go."""
    begun = connection.execute(
        "UPDATE rules SET state = 'active', active_since = coalesce(active_since, ?), reason = '' WHERE " + _INTRODUCED,
        (to_ms(now), delivery, NotificationKind.INTRO),
    )
    return begun.rowcount > 0


def cancel_unintroduced_rules(connection: sqlite3.Connection, delivery: int, reason: str) -> None:
    """A rule whose intro can't arrive ends, and so does the intro."""
    rows = connection.execute(
        "SELECT id FROM notifications WHERE delivery = ? AND kind = ?", (delivery, NotificationKind.INTRO)
    ).fetchall()
    if rows:
        cancel_notifications(connection, [row["id"] for row in rows], reason, in_hand=True)


def _end_intros(connection: sqlite3.Connection, numbers: str, reason: str) -> None:
    """Ends the rules whose intro is among these notices (a JSON list of ids) and has not been posted."""
    rows = connection.execute(
        "SELECT rules.rule_id FROM notifications JOIN rules ON rules.rule_id = json_extract(notifications.rule_ids, '$[0]')"
        " WHERE notifications.id IN (SELECT value FROM json_each(?)) AND notifications.kind = ? AND rules.state = 'pending'",
        (numbers, NotificationKind.INTRO),
    ).fetchall()
    for row in rows:
        end_rule(connection, row["rule_id"], reason)
