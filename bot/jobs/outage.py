"""The summary after an outage, and of cards that waited too long without an attempt."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from bot.config import Settings
from bot.domain.notifications import Delivery, Destination, Notification, NotificationKind
from bot.domain.outage import outage_of
from bot.store.database import Tx

DAY = timedelta(days=1)  # after which what still waits does not wait because of a pause
GRACE = timedelta(minutes=3)  # that a summary waits for the other half of the same outage


def outage_summary(
    destination: Destination,
    code: str,
    *,
    since: datetime | None,
    until: datetime,
    follow: int = 0,
    rules: Iterable[int] = (),
) -> Notification:
    """The summary of an outage at one destination; if its beginning is not known, it began with the oldest counted
    session. `follow`: how many cards come after it."""
    facts: dict[str, str | int | float | None] = {"code": code, "to": int(until.timestamp()), "follow": follow}
    if since is not None:
        facts["from"] = int(since.timestamp())
    return Notification(
        kind=NotificationKind.OUTAGE,
        destination=destination,
        subject=f"away:{until.isoformat()}",
        reason=f"Spotter was away until {until:%Y-%m-%d %H:%M} UTC",
        rule_ids=tuple(sorted(rules)),
        facts=facts,
    )


def claim_next(
    tx: Tx,
    destination: Destination,
    now: datetime,
    slack_time: float,
    new_id: str,
    settings: Settings,
    shadow: Destination | None = None,
) -> Delivery | None:
    """Claims the next message of a destination; with `shadow` the next that this channel shows instead. Cards that
    waited there too long without an attempt (Slack was away, or refused the app, or the channel was gone) are counted
    in a summary first instead of flooding the channel."""
    since = tx.summaries.pending_since(destination)
    if since is not None and now - since > (limit := settings.catch_up + _quiet_since(tx, destination, since, now)):
        state = tx.polls.state()
        # iSpring has not been read since either: the next poll adds to the summary of the same outage.
        interval = tx.polling.state().interval(settings.poll_interval, now)
        is_half = outage_of(state.last_good_at, now, interval, tx.polls.restored_from()) is not None
        pause = tx.outbox.last_pause()
        is_pause = pause is not None and pause.until is not None and since <= pause.until <= now < pause.until + DAY
        summary = outage_summary(destination, "paused" if is_pause else "away", since=None, until=now)
        tx.summaries.add_overdue(summary, now - limit, now, now + GRACE if is_half else None)
    return tx.outbox.claim(destination, now, slack_time, new_id, shadow)


def _quiet_since(tx: Tx, destination: Destination, since: datetime, now: datetime) -> timedelta:
    """How long a destination's quiet time held pending notifications back since then: that is no outage."""
    reader = tx.quiet_times.of_destination(destination)
    return timedelta() if reader is None else reader.within(since, now)
