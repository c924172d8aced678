"""Where notices stand, for people who ask: `why`, `outbox list`, counts."""

import sqlite3
from collections.abc import Collection, Sequence
from dataclasses import replace

from bot.core.model import DeliveryState, Destination, SessionKey
from bot.core.ports import Attempt, Held, OutboxCounts, Told
from bot.store.columns import from_ms, from_ms_or_none, listed, value_of
from bot.store.deliveries import delivery_of, notice_of
from bot.store.resting import FOR_NOW_NEVER

_FINAL = ("dead", "dropped")
_IS_HELD = f"destinations.held IS NOT NULL OR notices.due_at = {FOR_NOW_NEVER}"
# A notice stands where its delivery stands; one that no delivery carries yet, where its destination does. What a
# summary counts is in no list: the summary is.
_STATE = (
    "CASE WHEN notices.counted_in IS NOT NULL THEN 'counted' WHEN deliveries.id IS NOT NULL THEN deliveries.state"
    " WHEN notices.ended IS NOT NULL THEN 'dropped'"
    f" WHEN {_IS_HELD} THEN 'held' ELSE 'waiting' END"
)
_JOINED = (
    "FROM notices LEFT JOIN deliveries ON deliveries.id = notices.delivery"
    " LEFT JOIN destinations ON destinations.destination = notices.destination"
)
_IN_STATES = f"WHERE {_STATE} IN (SELECT value FROM json_each(?))"

# What is on its way waits as well, above all what is unsure: it may stay so while Slack can't be read.
OLDEST_TRIED = (
    "SELECT min(created_at) FROM deliveries LEFT JOIN destinations USING (destination)"
    " WHERE state IN ('waiting', 'sending', 'unsure') AND held IS NULL"
)


def find(connection: sqlite3.Connection, destination: Destination, subject: str) -> Told | None:
    row = connection.execute(
        "SELECT * FROM notices WHERE destination = ? AND subject = ?", (str(destination), subject)
    ).fetchone()
    return None if row is None else _told(connection, row)


def in_states(
    connection: sqlite3.Connection, states: Collection[DeliveryState], limit: int, *, newest_first: bool
) -> Sequence[Told]:
    rows = connection.execute(
        f"SELECT notices.* {_JOINED} {_IN_STATES} ORDER BY notices.id {'DESC' if newest_first else 'ASC'} LIMIT ?",
        (listed(states), limit),
    )
    return [_told(connection, row) for row in rows]


def number_in(connection: sqlite3.Connection, states: Collection[DeliveryState]) -> int:
    return int(value_of(connection, f"SELECT count(*) {_JOINED} {_IN_STATES}", (listed(states),)))


def of_session(connection: sqlite3.Connection, key: SessionKey) -> Sequence[Told]:
    rows = connection.execute(
        "SELECT * FROM notices WHERE session_id = ? AND employee_id = ? ORDER BY id", (key.session_id, key.employee_id)
    )
    return [_told(connection, row) for row in rows]


def _told(connection: sqlite3.Connection, notice: sqlite3.Row) -> Told:
    if notice["counted_in"] is not None:
        summary = connection.execute("SELECT * FROM notices WHERE id = ?", (notice["counted_in"],)).fetchone()
        there = _told(connection, summary)
        return replace(there, notice=notice_of(notice), owed_at=from_ms(notice["owed_at"]), counted_in=there.notice)
    row = connection.execute("SELECT * FROM deliveries WHERE id = ?", (notice["delivery"],)).fetchone()
    ended = notice["ended"] or ""
    if not ended and row is not None and row["state"] in _FINAL:
        ended = row["why"]
    return Told(
        notice=notice_of(notice),
        owed_at=from_ms(notice["owed_at"]),
        delivery=None if row is None else delivery_of(connection, row),
        ended=ended,
        attempts=_attempts(connection, notice["delivery"]),
    )


def _attempts(connection: sqlite3.Connection, delivery: int | None) -> Sequence[Attempt]:
    rows = connection.execute(
        "SELECT started_at, ended_at, what, result, why FROM attempts WHERE delivery = ? ORDER BY id", (delivery,)
    )
    return [
        Attempt(started_at=from_ms(started), ended_at=from_ms(ended), what=what, result=result, why=why)
        for started, ended, what, result, why in rows
    ]


def counts(connection: sqlite3.Connection, app_refused: str) -> OutboxCounts:
    by_state: dict[str, int] = dict(
        tuple(row) for row in connection.execute("SELECT state, count(*) FROM deliveries GROUP BY state")
    )
    unclaimed = connection.execute(
        f"SELECT count(*) AS all_of_them, total({_IS_HELD}) AS held,"
        f" min(owed_at) FILTER (WHERE NOT ({_IS_HELD})) AS oldest FROM notices"
        " LEFT JOIN destinations USING (destination) WHERE delivery IS NULL AND ended IS NULL"
    ).fetchone()
    oldest_tried = value_of(connection, OLDEST_TRIED)
    oldest = min((at for at in (unclaimed["oldest"], oldest_tried) if at is not None), default=None)
    return OutboxCounts(
        waiting=by_state.get("waiting", 0) + unclaimed["all_of_them"] - int(unclaimed["held"]),
        sending=by_state.get("sending", 0),
        unsure=by_state.get("unsure", 0),
        held=by_state.get("held", 0) + int(unclaimed["held"]),
        dead=by_state.get("dead", 0),
        sent=by_state.get("sent", 0),
        edits=value_of(connection, "SELECT count(*) FROM deliveries WHERE edit_due_at IS NOT NULL AND state = 'sent'"),
        oldest_at=from_ms_or_none(oldest),
        app_refused=app_refused,
    )


def held(connection: sqlite3.Connection) -> Sequence[Held]:
    """Destinations that can't be written to for now, the longest so first, and how many notices wait for each."""
    rows = connection.execute(
        "SELECT destination, held, held_at, (SELECT count(*) FROM notices"
        " LEFT JOIN deliveries ON deliveries.id = notices.delivery"
        " WHERE notices.destination = destinations.destination AND notices.ended IS NULL"
        " AND (notices.delivery IS NULL OR deliveries.state = 'held')) AS waiting"
        " FROM destinations WHERE held IS NOT NULL ORDER BY held_at, destination"
    )
    return [
        Held(
            destination=Destination.parse(row["destination"]),
            why=row["held"],
            since=from_ms_or_none(row["held_at"]),
            waiting=row["waiting"],
        )
        for row in rows
    ]
