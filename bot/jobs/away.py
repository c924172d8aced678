"""What is said after an outage, and what waited through one."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from bot.core.model import Delivery, Destination, Notice, NoticeKind
from bot.core.outage import outage_of
from bot.core.ports import Tx
from bot.jobs.gather import House

GRACE = timedelta(minutes=3)  # that a summary waits for the other half of the same outage


def away_summary(
    place: Destination,
    code: str,
    *,
    since: datetime | None,
    until: datetime,
    follow: int = 0,
    rules: Iterable[int] = (),
) -> Notice:
    """The summary of an outage at one destination; where nobody knows since when, it began with the oldest of what is
    counted. `follow` says how many cards come after it."""
    facts: dict[str, str | int | float | None] = {"code": code, "to": int(until.timestamp()), "follow": follow}
    if since is not None:
        facts["from"] = int(since.timestamp())
    return Notice(
        kind=NoticeKind.AWAY,
        destination=place,
        subject=f"away:{until.isoformat()}",
        reason=f"Spotter was away until {until:%Y-%m-%d %H:%M} UTC",
        rule_ids=tuple(sorted(rules)),
        facts=facts,
    )


def claim_next(
    tx: Tx, destination: Destination, now: datetime, slack_time: float, new_id: str, house: House
) -> Delivery | None:
    """The next message for a destination. What waited there too long without a try (Slack was away, or refused the app,
    or the channel was gone) is counted in a summary first instead of flooding the channel with old news."""
    since = tx.outbox.waits_since(destination)
    if since is not None and now - since > house.catch_up:
        state = tx.sessions.poll_state()
        # iSpring has not been read since either: the look that is to come has more to say of the same outage.
        is_half = outage_of(state.last_good_at, now, house.interval, tx.sessions.catch_up()) is not None
        summary = away_summary(destination, "away", since=None, until=now)
        tx.outbox.fold_late(summary, now - house.catch_up, now, now + GRACE if is_half else None)
    return tx.outbox.claim(destination, now, slack_time, new_id)
