"""Mutes: what each holds back at a destination, and the one recap that comes when it ends."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from bot.domain.changes import outcome_of
from bot.domain.filters import Filter, matches
from bot.domain.model import Outcome, SessionFacts
from bot.domain.mutes import Mute
from bot.domain.notifications import Destination, DestinationKind, Notification, NotificationKind
from bot.domain.permissions import scope_of
from bot.domain.viewers import Viewer
from bot.services.rules import filters_of
from bot.store.database import Tx

SPOTTER = "spotter"  # who did it, in the audit log


class Muted:
    """Which of these mutes hold a session back. `titles`: checklists by id that are not stored yet."""

    def __init__(self, tx: Tx, mutes: Sequence[Mute], now: datetime, titles: Mapping[str, str] | None = None) -> None:
        self._by_destination: dict[Destination, list[Mute]] = {}
        for mute in mutes:
            self._by_destination.setdefault(mute.destination, []).append(mute)
        # One that can't be read any more holds everything: its reader asked for silence.
        self._filters: Mapping[int, Filter] = filters_of(tx, {mute.mute_id: mute.query for mute in mutes}, now, titles)

    def held_by(self, destination: Destination, facts: SessionFacts, outcome: Outcome) -> tuple[int, ...]:
        """The numbers of the mutes that hold a session back there."""
        return tuple(
            mute.mute_id
            for mute in self._by_destination.get(destination, ())
            if matches(self._filters.get(mute.mute_id, Filter()), facts, outcome)
        )

    def with_mutes(self, summary: Notification) -> Notification:
        """A summary, held by the mutes of everything: one of only some sessions does not hold a count of others."""
        found = self._by_destination.get(summary.destination, ())
        return replace(summary, mutes=tuple(mute.mute_id for mute in found if not mute.query))


def may_mute(tx: Tx, viewer: Viewer, destination: Destination) -> bool:
    """Whether a viewer may mute a destination: admins and the owners of its rules a channel, everybody themselves. Who
    may see nothing mutes nothing, although a rule of theirs may be left from before."""
    if scope_of(viewer, tx.people.directory()).is_empty:
        return False
    if destination.kind is not DestinationKind.CHANNEL:
        return destination.id == viewer.person_id
    return viewer.is_admin or any(rule.owner == viewer.slack_user_id for rule in tx.rules.at(destination))


def may_unmute(tx: Tx, viewer: Viewer, one: Mute) -> bool:
    """Whether a viewer may end a mute: users who may mute its destination, and always the user who made it."""
    return one.created_by == viewer.slack_user_id or may_mute(tx, viewer, one.destination)


def mute(
    tx: Tx, destination: Destination, query: str, ends_at: datetime, who: str, reason: str, now: datetime
) -> tuple[Mute, int]:
    """Mutes a destination; returns the mute and how many messages that were pending it holds back at once."""
    made = tx.mutes.add(destination, query, ends_at, who, reason, now)
    muted = Muted(tx, [made], now)
    held: set[int] = set()
    for one in tx.recaps.pending_at(destination):
        if one.session is None:
            if not query:
                held.add(one.notification_id)
            continue
        session = tx.sessions.get(one.session)
        if session is not None and muted.held_by(destination, session.facts, outcome_of(session)):
            held.add(one.notification_id)
    tx.recaps.hold(made.mute_id, sorted(held))
    tx.audit_log.write(who, "mute", f"mute:{made.mute_id}", now)
    return made, len(held)


def unmute(tx: Tx, one: Mute, who: str, now: datetime) -> int:
    """Ends a mute before its time; returns how much its recap brings."""
    tx.audit_log.write(who, "unmute", f"mute:{one.mute_id}", now)
    return _end(tx, one, now, who)


def end_over(tx: Tx, now: datetime) -> int:
    """Ends the mutes whose time is over; returns how many there were."""
    over = tx.mutes.over(now)
    for one in over:
        tx.audit_log.write(SPOTTER, "unmute", f"mute:{one.mute_id}", now)
        _end(tx, one, now, None)
    return len(over)


def _end(tx: Tx, one: Mute, now: datetime, who: str | None) -> int:
    tx.mutes.end(one.mute_id, now, who)
    recap = Notification(
        kind=NotificationKind.RECAP,
        destination=one.destination,
        subject=f"recap:{one.mute_id}",
        reason=f"mute {one.mute_id} has ended",
        facts={
            "mute": one.mute_id,
            "from": int(one.created_at.timestamp()),
            "to": int(min(now, one.ends_at).timestamp()),
        },
    )
    return tx.recaps.enqueue(recap, one.mute_id, now)
