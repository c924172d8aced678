"""Subscriptions."""

import sqlite3
from collections.abc import Collection, Sequence
from datetime import datetime

from bot.domain.model import Destination, Rule, RuleState
from bot.store.columns import from_ms, from_ms_or_none, listed, to_ms, value_of
from bot.store.outbox import eligibility
from bot.store.outbox.cancel import end_rule


class Rules:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def add(self, destination: Destination, owner: str, query: str, state: RuleState, now: datetime) -> Rule:
        active_since = now if state is RuleState.ACTIVE else None
        number = self._connection.execute(
            "INSERT INTO rules (destination, owner, query, state, created_at, active_since) VALUES (?, ?, ?, ?, ?, ?)",
            (str(destination), owner, query, state, to_ms(now), None if active_since is None else to_ms(active_since)),
        ).lastrowid
        rule = self.get(number or 0)
        assert rule is not None  # just written, in this transaction
        return rule

    def get(self, rule_id: int) -> Rule | None:
        row = self._connection.execute("SELECT * FROM rules WHERE rule_id = ?", (rule_id,)).fetchone()
        return None if row is None else _rule(row)

    def all(self, states: Collection[RuleState] = ()) -> Sequence[Rule]:
        """By number; every state where none is named."""
        rows = self._connection.execute(
            "SELECT * FROM rules WHERE state IN (SELECT value FROM json_each(?)) ORDER BY rule_id",
            (listed(states or RuleState),),
        )
        return [_rule(row) for row in rows]

    def at(self, destination: Destination) -> Sequence[Rule]:
        """The rules of a destination that are not ended."""
        rows = self._connection.execute(
            "SELECT * FROM rules WHERE destination = ? AND state <> 'ended' ORDER BY rule_id", (str(destination),)
        )
        return [_rule(row) for row in rows]

    def set_state(self, rule_id: int, state: RuleState, reason: str, now: datetime) -> None:
        """Becoming active the first time sets `active_since`; a pause and its end leave it."""
        if state is RuleState.ENDED:
            end_rule(self._connection, rule_id, reason)
            return
        self._connection.execute(
            "UPDATE rules SET state = ?, reason = ?, active_since = coalesce(active_since, ?) WHERE rule_id = ?",
            (state, reason, to_ms(now) if state is RuleState.ACTIVE else None, rule_id),
        )

    def rest(self, rule_id: int, reason: str) -> None:
        """Pauses one rule while others of its channel go on: what only it carries waits until it is resumed."""
        self._connection.execute("UPDATE rules SET state = 'paused', reason = ? WHERE rule_id = ?", (reason, rule_id))
        self._record_result(rule_id, None)

    def resume(self, rule_id: int, now: datetime) -> None:
        """Goes on with a paused rule; where its destination is held, together with that."""
        # Where its channel can't be written to, it goes on with the channel.
        self._connection.execute(
            "UPDATE rules SET state = CASE WHEN blocked_reason IS NULL THEN 'active' ELSE 'paused' END, reason = coalesce(blocked_reason, '')"
            " FROM (SELECT (SELECT blocked_reason FROM rules JOIN destinations USING (destination) WHERE rule_id = ?) AS blocked_reason)"
            " WHERE rule_id = ? AND state = 'paused'",
            (rule_id, rule_id),
        )
        self._record_result(rule_id, now)

    def take_over(self, rule_id: int, owner: str, now: datetime) -> None:
        """As `resume`, with another owner."""
        self._connection.execute("UPDATE rules SET owner = ? WHERE rule_id = ?", (owner, rule_id))
        self.resume(rule_id, now)

    def _record_result(self, rule_id: int, now: datetime | None) -> None:
        rule = self.get(rule_id)
        if rule is not None:
            eligibility.settle(self._connection, str(rule.destination), now)

    def audience(self, rule_id: int) -> str:
        """ "private" or "public": what its owner knows its channel to be; "" while that was not noted."""
        return value_of(self._connection, "SELECT audience FROM rules WHERE rule_id = ?", (rule_id,)) or ""

    def note_audience(self, rule_id: int, audience: str) -> None:
        self._connection.execute("UPDATE rules SET audience = ? WHERE rule_id = ?", (audience, rule_id))

    def default_channel_made(self, channel_id: str) -> bool:
        """Whether DEFAULT_CHANNEL's rule was ever made for this channel."""
        return bool(
            value_of(self._connection, "SELECT count(*) FROM default_channels WHERE channel_id = ?", (channel_id,))
        )

    def note_default_channel(self, channel_id: str) -> None:
        self._connection.execute("INSERT OR IGNORE INTO default_channels (channel_id) VALUES (?)", (channel_id,))


def _rule(row: sqlite3.Row) -> Rule:
    return Rule(
        rule_id=row["rule_id"],
        destination=Destination.parse(row["destination"]),
        owner=row["owner"],
        query=row["query"],
        state=RuleState(row["state"]),
        created_at=from_ms(row["created_at"]),
        active_since=from_ms_or_none(row["active_since"]),
        reason=row["reason"],
    )
