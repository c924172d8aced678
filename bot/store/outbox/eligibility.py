"""The eligibility pass: what may be sent when, for all destinations at once or for one.

Pending notifications are grouped by destination, rules and kind, which one index answers; `domain.eligibility` decides
per group. Nothing is copied into rows: a rule that resumes or a destination that is unblocked counts at the next pass.
"""

import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from bot.domain.eligibility import WaitCode, wait_code
from bot.domain.kinds import KINDS
from bot.domain.notifications import NotificationKind
from bot.domain.outbox import SendingPause, ShadowMode
from bot.domain.rules import RuleState
from bot.store.columns import State, from_json, from_ms, to_json, to_ms_up, value_of
from bot.store.quiet import QuietTimes
from bot.store.sqlite import by_index

# Neither claimed by a delivery nor cancelled.
PENDING = "notifications.delivery IS NULL AND notifications.cancelled_reason IS NULL"
# A group's key as SQL: notifications with equal keys wait or go together.
GROUP_KEY = (
    "notifications.destination || ' ' || notifications.rule_ids || ' ' || notifications.kind || ' ' ||"
    " notifications.mutes || ' ' || coalesce(notifications.recap, 0)"
)


@dataclass(frozen=True, slots=True)
class Group:
    """Pending notifications of one destination, set of rules and kind. Times in ms; `waits`: None if they may go.
    `is_quiet`: the quiet time of their reader holds them, until `due_at`. `shadow`: the channel that shadow mode would
    show them in, None if they would go to their destination."""

    key: str
    destination: str
    number: int
    due_at: int
    oldest_at: int
    waits: WaitCode | None
    is_quiet: bool = False
    shadow: str | None = None


@dataclass(frozen=True, slots=True)
class Retry:
    """A pending delivery: made before, and not sent yet. `waits`: None if one of its notifications may go. `is_quiet`
    and `shadow`: as for a group."""

    delivery: int
    destination: str
    due_at: int
    created_at: int
    waits: WaitCode | None
    is_quiet: bool = False
    shadow: str | None = None


class Eligibility:
    """The facts of one pass. `destination`: the only one that is asked about, None for all. `now`: None if no
    quiet time is asked about. `if_it_could_be_sent`: as if no destination was blocked and sending not paused."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        destination: str | None = None,
        now: datetime | None = None,
        *,
        if_it_could_be_sent: bool = False,
    ) -> None:
        self._connection = connection
        self._where = "" if destination is None else " AND {}.destination = ?"
        self._parameters = () if destination is None else (destination,)
        rules = connection.execute("SELECT rule_id, state, query FROM rules WHERE state <> 'ended'").fetchall()
        self._rules: Mapping[int, RuleState] = {row["rule_id"]: RuleState(row["state"]) for row in rules}
        self._queries = {row["rule_id"]: row["query"] for row in rules}
        self._blocked = {
            row["destination"]
            for row in connection.execute("SELECT destination FROM destinations WHERE blocked_reason IS NOT NULL")
        }
        self._is_all_paused = sending_pause(connection) is not None
        self._shadow_mode = shadow_mode(connection)
        if if_it_could_be_sent:
            self._blocked, self._is_all_paused = set(), False
        self._if_it_could_be_sent = if_it_could_be_sent
        self._quiet = QuietTimes(connection).of_destinations() if now is not None else {}
        self._now = now
        # Until a mute is marked as ended: that queues the recap in the same transaction.
        mutes = connection.execute("SELECT mute_id, destination, query FROM mutes WHERE ended_at IS NULL").fetchall()
        self._mutes = {row["mute_id"] for row in mutes}
        self._muted = {(row["destination"], row["query"]) for row in mutes}
        self._recaps = {
            row["id"]
            for row in connection.execute(
                f"SELECT id FROM notifications WHERE {PENDING} AND kind = '{NotificationKind.RECAP}'"
            )
        }

    def groups(self) -> Iterator[Group]:
        """Every group of pending notifications."""
        rows = self._connection.execute(
            "SELECT destination, rule_ids, kind, mutes, recap, count(*) AS number, min(due_at) AS due_at,"
            " min(created_at) AS oldest_at"
            f" FROM notifications WHERE {PENDING}{self._where.format('notifications')}"
            " GROUP BY destination, rule_ids, kind, mutes, recap",
            self._parameters,
        )
        for row in rows:
            due_at, shadow = self._due_at(row), self._shadow(row)
            yield Group(
                f"{row['destination']} {row['rule_ids']} {row['kind']} {row['mutes']} {row['recap'] or 0}",
                row["destination"],
                row["number"],
                due_at,
                row["oldest_at"],
                self._wait_code(row, shadow),
                is_quiet=due_at > row["due_at"],
                shadow=shadow,
            )

    def retries(self) -> Iterator[Retry]:
        """Every pending delivery, the one that is due first before the others."""
        rows = self._connection.execute(
            "SELECT deliveries.id, deliveries.destination, shadow, deliveries.due_at, deliveries.created_at, kind,"
            " rule_ids, mutes, NULL AS recap"  # it has been claimed with its recap, or the recap is over
            f" FROM deliveries {by_index('deliveries_pending')}"
            " JOIN notifications ON notifications.delivery = deliveries.id AND cancelled_reason IS NULL"
            f" WHERE state = 'pending'{self._where.format('deliveries')} ORDER BY deliveries.due_at, deliveries.id",
            self._parameters,
        )
        found: dict[int, Retry] = {}
        for row in rows:
            known = found.get(row["id"])
            if known is None or known.waits is not None:
                due_at = self._due_at(row)
                found[row["id"]] = Retry(
                    row["id"],
                    row["destination"],
                    due_at,
                    row["created_at"],
                    self._wait_code(row, row["shadow"]),
                    is_quiet=due_at > row["due_at"],
                    shadow=row["shadow"],
                )
        yield from found.values()

    def due_times(self) -> Mapping[tuple[str, str | None], int]:
        """When each destination that may get something gets it next, in ms; apart what is shown in a shadow channel.

        A delivery that was tried before holds up new ones: the channel that refused it would refuse them too, and cards
        stay in order. An ambiguous delivery holds up nothing.
        """
        retries: dict[tuple[str, str | None], int] = {}
        for retry in self.retries():
            if retry.waits is None:
                retries.setdefault((retry.destination, retry.shadow), retry.due_at)
        times: dict[tuple[str, str | None], int] = {}
        for group in self.groups():
            if group.waits is None:
                queue = group.destination, group.shadow
                times[queue] = min(group.due_at, times.get(queue, group.due_at))
        return times | retries

    def waiting_keys(self) -> list[str]:
        """Keys of the groups that may not go now."""
        return [group.key for group in self.groups() if group.waits is not None]

    def _due_at(self, row: sqlite3.Row) -> int:
        """When a row's notifications may go at the earliest: not in the quiet time of their reader."""
        due_at: int = row["due_at"]
        quiet = self._quiet.get(row["destination"])
        if quiet is None or self._now is None or KINDS[NotificationKind(row["kind"])].ignores_quiet:
            return due_at
        end = quiet.held_until(max(from_ms(due_at), self._now))
        return due_at if end is None else max(due_at, to_ms_up(end))

    def _shadow(self, row: sqlite3.Row) -> str | None:
        """The channel that shadow mode would show a row's notifications in, None if they would go where they belong."""
        if self._shadow_mode is None or not KINDS[NotificationKind(row["kind"])].is_shadowed:
            return None
        shadow = str(self._shadow_mode.destination)
        return shadow if shadow != row["destination"] else None

    def _wait_code(self, row: sqlite3.Row, shadow: str | None) -> WaitCode | None:
        return wait_code(
            NotificationKind(row["kind"]),
            from_json(row["rule_ids"], tuple[int, ...]),
            self._rules,
            is_blocked=row["destination"] in self._blocked,
            is_all_paused=self._is_all_paused,
            is_shadow_closed=shadow is not None and self._is_closed(shadow),
            is_muted=self._is_muted(row),
            is_in_recap=row["recap"] in self._recaps,
        )

    def _is_closed(self, shadow: str) -> bool:
        """Whether shadow mode can show nothing in a channel now."""
        return not self._if_it_could_be_sent and (shadow in self._blocked or shadow in self._public)

    @cached_property
    def _public(self) -> frozenset[str]:
        """Channels that were public when they were seen last."""
        rows = self._connection.execute("SELECT destination FROM destinations WHERE is_public = 1")
        return frozenset(row["destination"] for row in rows)

    def _is_muted(self, row: sqlite3.Row) -> bool:
        if not KINDS[NotificationKind(row["kind"])].waits_for_mutes:
            return not self._mutes.isdisjoint(from_json(row["mutes"], tuple[int, ...]))
        queries = {self._queries.get(rule_id, "") for rule_id in from_json(row["rule_ids"], tuple[int, ...])}
        return any((row["destination"], query) in self._muted for query in {"", *queries})


_PAUSE = "sending_pause"  # the name of the fact; it stays after its end, for the summary of what was pending


def sending_pause(connection: sqlite3.Connection) -> SendingPause | None:
    """The pause of all sending, None if there is none now."""
    last = last_sending_pause(connection)
    return last if last is not None and last.until is None else None


def last_sending_pause(connection: sqlite3.Connection) -> SendingPause | None:
    """The last pause of all sending, which may have ended; None if there never was one."""
    stored = State(connection).get(_PAUSE)
    return None if stored is None else from_json(stored, SendingPause)


def store_sending_pause(connection: sqlite3.Connection, pause: SendingPause) -> None:
    State(connection).set(_PAUSE, to_json(pause))


_SHADOW = "shadow_mode"  # the name of the fact; it stays after its end


def shadow_mode(connection: sqlite3.Connection) -> ShadowMode | None:
    """The shadow mode that is on, None if none is."""
    last = last_shadow_mode(connection)
    return last if last is not None and last.until is None else None


def last_shadow_mode(connection: sqlite3.Connection) -> ShadowMode | None:
    """The last shadow mode, which may have ended; None if there never was one."""
    stored = State(connection).get(_SHADOW)
    return None if stored is None else from_json(stored, ShadowMode)


def store_shadow_mode(connection: sqlite3.Connection, mode: ShadowMode) -> None:
    State(connection).set(_SHADOW, to_json(mode))


def is_blocked(connection: sqlite3.Connection, destination: str) -> bool:
    """Whether nothing can be sent to a destination for now."""
    sql = "SELECT EXISTS (SELECT 1 FROM destinations WHERE destination = ? AND blocked_reason IS NOT NULL)"
    return bool(value_of(connection, sql, (destination,)))
