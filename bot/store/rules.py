"""Rules: which sessions go to which channel, and on behalf of which owner."""

import sqlite3
from collections.abc import Collection, Sequence
from datetime import datetime

from bot.domain.notifications import Destination
from bot.domain.reasons import ReasonCode
from bot.domain.rules import DEFAULT_OPTIONS, Rule, RuleOptions, RuleState
from bot.store.columns import from_row, to_ms, to_ms_or_none, to_row, value_of
from bot.store.outbox.cancel import end_rule

# A rule counts as paused while its destination is blocked. That is computed here and stored nowhere else.
_SELECT = "SELECT rules.*, destinations.blocked_reason FROM rules LEFT JOIN destinations USING (destination)"


class Rules:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def add(
        self,
        destination: Destination,
        owner: str,
        query: str,
        state: RuleState,
        now: datetime,
        options: RuleOptions = DEFAULT_OPTIONS,
    ) -> Rule:
        """Stores a new rule and returns it."""
        row = to_row(
            options,
            destination=str(destination),
            owner=owner,
            query=query,
            state=state,
            created_at=to_ms(now),
            active_since=to_ms(now) if state is RuleState.ACTIVE else None,
            scheduled_since=to_ms(now) if options.schedule else None,
        )
        number = value_of(
            self._connection,
            f"INSERT INTO rules ({', '.join(row)}) VALUES ({', '.join('?' * len(row))}) RETURNING rule_id",
            row.values(),
        )
        rule = self.get(number)
        assert rule is not None  # just written, in this transaction
        return rule

    def get(self, rule_id: int) -> Rule | None:
        """The rule of that number, None if there never was one."""
        row = self._connection.execute(f"{_SELECT} WHERE rules.rule_id = ?", (rule_id,)).fetchone()
        return None if row is None else _rule(row)

    def all(self, states: Collection[RuleState] = ()) -> Sequence[Rule]:
        """The rules in these states by number; those of every state if none is named."""
        found = [_rule(row) for row in self._connection.execute(f"{_SELECT} ORDER BY rules.rule_id")]
        return [rule for rule in found if not states or rule.state in states]

    def at(self, destination: Destination) -> Sequence[Rule]:
        """The rules of a destination that are not ended."""
        sql = f"{_SELECT} WHERE rules.destination = ? AND rules.state <> 'ended' ORDER BY rules.rule_id"
        return [_rule(row) for row in self._connection.execute(sql, (str(destination),))]

    def set_state(self, rule_id: int, state: RuleState, reason: str, now: datetime) -> None:
        """Becoming active the first time sets `active_since`; a pause and its end leave it."""
        if state is RuleState.ENDED:
            end_rule(self._connection, rule_id, reason)
            return
        self._connection.execute(
            "UPDATE rules SET state = ?, reason = ?, active_since = coalesce(active_since, ?) WHERE rule_id = ?",
            (state, reason, to_ms(now) if state is RuleState.ACTIVE else None, rule_id),
        )

    def pause(self, rule_id: int, code: ReasonCode, until: datetime | None = None) -> None:
        """Pauses one rule while others of its channel go on: what only it carries waits until it is resumed."""
        self._connection.execute(
            "UPDATE rules SET state = 'paused', reason = ?, reason_code = ?, resumes_at = ? WHERE rule_id = ?",
            (code, code, to_ms_or_none(until), rule_id),
        )

    def due_to_resume(self, now: datetime) -> Sequence[Rule]:
        """The rules that a person paused until a moment, if it is over by now. Another reason to pause them since does
        not end with it."""
        sql = (
            f"{_SELECT} WHERE rules.state = 'paused' AND rules.reason_code = ? AND rules.resumes_at <= ?"
            " ORDER BY rules.rule_id"
        )
        return [_rule(row) for row in self._connection.execute(sql, (ReasonCode.PAUSED_BY_PERSON, to_ms(now)))]

    def resume(self, rule_id: int) -> None:
        """Ends the pause of a rule; if its destination is blocked, it goes on once that is unblocked."""
        self._connection.execute(
            "UPDATE rules SET state = 'active', reason = '', reason_code = '', resumes_at = NULL"
            " WHERE rule_id = ? AND state = 'paused'",
            (rule_id,),
        )

    def has_times_after(self, now: datetime) -> bool:
        """Whether a rule became active, or got its schedule, at a time that is still to come."""
        sql = "SELECT EXISTS (SELECT 1 FROM rules WHERE state <> 'ended' AND (active_since > ? OR scheduled_since > ?))"
        return bool(value_of(self._connection, sql, (to_ms(now), to_ms(now))))

    def clamp_times(self, now: datetime) -> None:
        """Moves such times to now: they were written before the clock was set back, and until they come no listing
        would be one that was requested after the rule was saved."""
        for name in ("active_since", "scheduled_since"):
            self._connection.execute(f"UPDATE rules SET {name} = ? WHERE {name} > ?", (to_ms(now), to_ms(now)))

    def set_query(self, rule_id: int, query: str) -> None:
        """Stores another text for what a rule asks for."""
        self._connection.execute("UPDATE rules SET query = ? WHERE rule_id = ?", (query, rule_id))

    def edit(self, rule_id: int, query: str, options: RuleOptions, now: datetime) -> None:
        """Stores what a rule asks for from now on. `active_since` stays: what a listing that was requested before this
        shows, and a change that waits, is matched by the new query; with a later time the rule would lose it."""
        self.set_query(rule_id, query)
        self.set_options(rule_id, options, now)

    def set_options(self, rule_id: int, options: RuleOptions, now: datetime) -> None:
        """Stores when a rule sends, in which form, and how. What another schedule had before now is not due."""
        row = to_row(options)
        self._connection.execute(
            f"UPDATE rules SET {', '.join(f'{name} = ?' for name in row)}, scheduled_since ="
            " CASE WHEN schedule IS ? AND zone IS ? THEN scheduled_since ELSE ? END WHERE rule_id = ?",
            (*row.values(), options.schedule, options.zone, to_ms(now), rule_id),
        )

    def offer(self, rule_id: int, user_id: str | None) -> None:
        """Stores who may take a rule over; None for no user."""
        self._connection.execute("UPDATE rules SET offered_to = ? WHERE rule_id = ?", (user_id, rule_id))

    def set_owner(self, rule_id: int, owner: str) -> None:
        """A rule has another owner from now on."""
        self._connection.execute("UPDATE rules SET owner = ?, offered_to = NULL WHERE rule_id = ?", (owner, rule_id))

    def take_over(self, rule_id: int, owner: str) -> None:
        """Resumes a rule under another owner."""
        self.set_owner(rule_id, owner)
        self.resume(rule_id)

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
        self._connection.execute(
            "INSERT INTO default_channels (channel_id) VALUES (?) ON CONFLICT (channel_id) DO NOTHING", (channel_id,)
        )


def _rule(row: sqlite3.Row) -> Rule:
    state, reason = RuleState(row["state"]), row["reason"]
    if state is RuleState.ACTIVE and row["blocked_reason"] is not None:
        state, reason = RuleState.PAUSED, row["blocked_reason"]
    return from_row(Rule, row, state=state, reason=reason, options=from_row(RuleOptions, row))
