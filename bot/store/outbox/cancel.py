"""How notifications and rules end, and what ends with them in the same transaction."""

import sqlite3
from collections.abc import Collection
from datetime import datetime

from bot.domain.notifications import NotificationKind
from bot.domain.reasons import ReasonCode
from bot.store.columns import from_json, listed, to_json, to_ms, value_of
from bot.store.sqlite import IN_LIST, json_field

# The rules that are introduced by a notification of the delivery and are not introduced yet.
_INTRODUCED = (
    "state = 'pending' AND rule_id IN"
    f" (SELECT {json_field('rule_ids', 0)} FROM notifications WHERE delivery = ? AND kind = ?)"
)


def cancel_notifications(
    connection: sqlite3.Connection,
    ids: Collection[int],
    reason: str,
    *,
    in_hand: bool,
    code: ReasonCode = ReasonCode.CANCELLED,
) -> None:
    """Cancels notifications; a delivery left without any is cancelled too.

    `in_hand`: a delivery in state sending is the caller's own claim and not posted yet, so it may be cancelled. An
    ambiguous delivery is still read back, but not sent again.
    """
    numbers = to_json([*ids])
    rows = connection.execute(
        f"SELECT DISTINCT delivery FROM notifications WHERE id {IN_LIST} AND delivery IS NOT NULL",
        (numbers,),
    ).fetchall()
    connection.execute(
        "UPDATE notifications SET cancelled_reason = ?, cancelled_code = ?"
        f" WHERE id {IN_LIST} AND cancelled_reason IS NULL",
        (reason, code, numbers),
    )
    _end_rules_introduced_by(connection, numbers, reason)
    states = listed(("pending", "sending") if in_hand else ("pending",))
    for row in rows:
        if not is_wanted(connection, row["delivery"]):
            connection.execute(
                "UPDATE deliveries SET state = 'cancelled', reason = ?, reason_code = ? WHERE id = ?"
                f" AND state {IN_LIST}",
                (reason, code, row["delivery"], states),
            )


def is_wanted(connection: sqlite3.Connection, delivery: int) -> bool:
    """Whether a delivery still carries a notification that is not cancelled."""
    sql = "SELECT EXISTS (SELECT 1 FROM notifications WHERE delivery = ? AND cancelled_reason IS NULL)"
    return bool(value_of(connection, sql, (delivery,)))


def end_rule(connection: sqlite3.Connection, rule_id: int, reason: str) -> None:
    """Ends a rule and cancels what is pending only for it.

    Notifications shared with another rule are kept, and sent messages go on being corrected. Deliveries that are being
    sent or ambiguous are handled by `cancel_orphans`.
    """
    connection.execute("UPDATE rules SET state = 'ended', reason = ? WHERE rule_id = ?", (reason, rule_id))
    living = _living_rules(connection)
    rows = connection.execute(
        "SELECT notifications.id, notifications.rule_ids FROM rules JOIN notifications USING (destination)"
        " LEFT JOIN deliveries ON deliveries.id = notifications.delivery"
        " WHERE rules.rule_id = ? AND notifications.cancelled_reason IS NULL"
        " AND (notifications.delivery IS NULL OR deliveries.state = 'pending')",
        (rule_id,),
    ).fetchall()
    orphans = []
    for row in rows:
        rules = from_json(row["rule_ids"], tuple[int, ...])
        if rule_id in rules and not living.intersection(rules):
            orphans.append(row["id"])
    if orphans:
        cancel_notifications(connection, orphans, reason, in_hand=False)


def cancel_orphans(connection: sqlite3.Connection, delivery: int) -> None:
    """Cancels what a delivery carries only for rules that ended while it was being sent: it was not posted."""
    living = _living_rules(connection)
    rows = connection.execute(
        "SELECT id, rule_ids FROM notifications WHERE delivery = ? AND cancelled_reason IS NULL", (delivery,)
    ).fetchall()
    for row in rows:
        rules = from_json(row["rule_ids"], tuple[int, ...])
        if rules and not living.intersection(rules):
            connection.execute(
                "UPDATE notifications SET cancelled_code = ?,"
                " cancelled_reason = coalesce((SELECT reason FROM rules WHERE rule_id = ?), '') WHERE id = ?",
                (ReasonCode.CANCELLED, rules[-1], row["id"]),
            )


def start_matching(connection: sqlite3.Connection, delivery: int, now: datetime) -> None:
    """A rule matches from the first try of its introduction, which may be posted before that is known."""
    connection.execute(
        "UPDATE rules SET active_since = ? WHERE active_since IS NULL AND " + _INTRODUCED,
        (to_ms(now), delivery, NotificationKind.INTRO),
    )


def activate_introduced(connection: sqlite3.Connection, delivery: int, now: datetime) -> None:
    """A rule is active once its introduction is posted."""
    connection.execute(
        "UPDATE rules SET state = 'active', active_since = coalesce(active_since, ?), reason = '' WHERE " + _INTRODUCED,
        (to_ms(now), delivery, NotificationKind.INTRO),
    )


def cancel_unintroduced_rules(connection: sqlite3.Connection, delivery: int, reason: str) -> None:
    """Ends the rules whose introduction a delivery carries and can't post, and the introduction with them."""
    rows = connection.execute(
        "SELECT id FROM notifications WHERE delivery = ? AND kind = ?", (delivery, NotificationKind.INTRO)
    ).fetchall()
    if rows:
        cancel_notifications(connection, [row["id"] for row in rows], reason, in_hand=True)


def _living_rules(connection: sqlite3.Connection) -> set[int]:
    return {row["rule_id"] for row in connection.execute("SELECT rule_id FROM rules WHERE state <> 'ended'")}


def _end_rules_introduced_by(connection: sqlite3.Connection, numbers: str, reason: str) -> None:
    """Ends the rules whose introduction is among these notifications (a JSON list of ids) and was not posted."""
    rows = connection.execute(
        "SELECT rules.rule_id FROM notifications"
        f" JOIN rules ON rules.rule_id = {json_field('notifications.rule_ids', 0)}"
        f" WHERE notifications.id {IN_LIST} AND notifications.kind = ?"
        " AND rules.state = 'pending'",
        (numbers, NotificationKind.INTRO),
    ).fetchall()
    for row in rows:
        end_rule(connection, row["rule_id"], reason)
