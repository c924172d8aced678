"""Alerts and notices for OPS_CHANNEL, in the transaction that finds their reason.

`tx.ops_channel` is the channel of the setting. If it is "", alerts are only stored (`/ojt status` shows them) and
notices are dropped.
"""

from datetime import datetime

import structlog

from bot.domain.alerts import ALERTS, RESOLVED, ActiveAlert, Facts, Severity
from bot.domain.notifications import Destination, DestinationKind, Notification, NotificationKind
from bot.store.database import Tx

log = structlog.get_logger(__name__)


def set_alert(tx: Tx, code: str, facts: Facts | None, now: datetime) -> bool:
    """Begins an alert of `domain.alerts`, updates the facts of an active one, or clears it if `facts` is None. Returns
    True if that enqueued a message: an update enqueues none."""
    if facts is None:
        return clear_alert(tx, code, now)
    begun = tx.alerts.begin(code, facts, now)
    if begun is None:
        return False
    write = log.error if ALERTS[code].severity is Severity.ERROR else log.warning
    write("alert.raised", code=code, **{name: value for name, value in facts.items() if name != "reason"})
    known_facts = {name: value for name, value in facts.items() if value is not None}
    return notify_ops(tx, code, _begin_of(begun), now, **known_facts)


def clear_alert(tx: Tx, code: str, now: datetime) -> bool:
    """Ends an alert if it is active. Returns True if that enqueued a message."""
    resolved = tx.alerts.end(code)
    if resolved is None:
        return False
    log.info("alert.resolved", code=code)
    if tx.ops_channel:
        # What could not be posted while it was so (the token was revoked) would come after its end, as if it were still
        # so: the message about the end says both.
        begin = _notification(tx, code, _begin_of(resolved))
        tx.notifications.cancel_unsent(begin, "it was over before it could be posted; the next message says so")
    facts: dict[str, str | int | float] = {
        "code_before": code,
        "minutes": int((now - resolved.since).total_seconds() // 60),
        "from": int(resolved.since.timestamp()),
        "to": int(now.timestamp()),
    }
    if reason := resolved.facts.get("reason"):
        facts["reason"] = reason
    return notify_ops(tx, RESOLVED, f"{code}:{resolved.since.isoformat()}", now, **facts)


def notify_ops(tx: Tx, code: str, subject: str, now: datetime, **facts: str | int | float) -> bool:
    """Enqueues a message to OPS_CHANNEL once per code and subject. Returns True if it is new and the channel is set."""
    if not tx.ops_channel:
        return False
    return tx.notifications.enqueue(_notification(tx, code, subject, **facts), now)


def _begin_of(alert: ActiveAlert) -> str:
    return f":{alert.since.isoformat()}"


def _notification(tx: Tx, code: str, subject: str, **facts: str | int | float) -> Notification:
    return Notification(
        kind=NotificationKind.OPS,
        destination=Destination(DestinationKind.CHANNEL, tx.ops_channel),
        subject=f"ops:{code}:{subject}",
        reason=code,
        facts={"code": code, **facts},
    )


def ops_destinations(tx: Tx) -> list[Destination]:
    """Returns OPS_CHANNEL as a list of one destination, or an empty list if it is not set."""
    return [Destination(DestinationKind.CHANNEL, tx.ops_channel)] if tx.ops_channel else []
