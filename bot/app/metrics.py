"""The figures of `GET /metrics`: counters of this process, and gauges computed from the database.

No label holds an id, a name or any text from outside, so the number of series is fixed.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import get_args

from prometheus_client import CollectorRegistry, Counter, Gauge, Info, generate_latest

from bot import VERSION
from bot.domain.alerts import ALERTS, ActiveAlert
from bot.domain.delivery import EditResult, PostResult, ReadBackResult
from bot.domain.errors import TrainingError, TrainingRefused, TrainingUnavailable
from bot.domain.outbox import CardDelay, OutboxCounts
from bot.domain.polling import PollReport, PollState
from bot.services.dm_availability import observers
from bot.store.database import Tx

SENDS = tuple(result.kind for result in get_args(PostResult))
EDITS = tuple(result.kind for result in get_args(EditResult))
READ_BACKS = tuple(result.kind for result in get_args(ReadBackResult))
SLACK_ERRORS = ("rate limited", "not sent", "ambiguous", "app refused", "refused")
ISPRING_ERRORS = ("unavailable", "refused", "unreadable")
POLLS = ("changed", "unchanged", "failed")


class Metrics:
    """Counters since this process started. They only rise, so that a monitor can compute rates."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._polls = self._counter("polls", "Polls of iSpring by result", "result", POLLS)
        self._tries = {
            "post": self._counter("sends", "Posts to Slack by result", "outcome", SENDS),
            "edit": self._counter("edits", "Edits of posted messages by result", "outcome", EDITS),
            "read_back": self._counter("read_backs", "Read-backs of conversations by result", "outcome", READ_BACKS),
        }
        self._errors = Counter(
            "spotter_api_errors",
            "Calls that failed, by API and kind of error",
            ["api", "kind"],
            registry=self.registry,
        )
        for api, kinds in (("slack", SLACK_ERRORS), ("ispring", ISPRING_ERRORS)):
            for kind in kinds:  # a series that begins with its first error hides that error from a rate
                self._errors.labels(api, kind)

    def polled(self, report: PollReport) -> None:
        """One poll has ended."""
        self._polls.labels("failed" if report.error else "unchanged" if report.unchanged else "changed").inc()

    def tried(self, what: str, result: str) -> None:
        """One attempt has ended. `what`: post, edit or read_back; `result`: the `kind` of its result class."""
        self._tries[what].labels(result).inc()

    def slack_failed(self, kind: str) -> None:
        """One call of Slack's Web API failed. `kind`: one of SLACK_ERRORS."""
        self._errors.labels("slack", kind).inc()

    def ispring_failed(self, error: TrainingError) -> None:
        """One request to iSpring failed, its immediate retries included."""
        kind = "unreadable"
        if isinstance(error, TrainingUnavailable):
            kind = "unavailable"
        elif isinstance(error, TrainingRefused):
            kind = "refused"
        self._errors.labels("ispring", kind).inc()

    def _counter(self, name: str, help_text: str, label: str, values: tuple[str, ...]) -> Counter:
        counter = Counter(f"spotter_{name}", help_text, [label], registry=self.registry)
        for value in values:
            counter.labels(value)
        return counter


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What the gauges are computed from. `unmatched`: those of the `observers` without a usable Slack account."""

    poll: PollState
    counts: OutboxCounts
    alerts: tuple[ActiveAlert, ...]
    observers: int
    unmatched: int
    card_delay: CardDelay | None = None


def snapshot_of(tx: Tx, now: datetime) -> Snapshot:
    """Reads it in one transaction, so that the figures fit together."""
    recent_observers = observers(tx, now)
    return Snapshot(
        poll=tx.polls.state(),
        counts=tx.deliveries.counts(now),
        alerts=tuple(tx.alerts.all()),
        observers=len(recent_observers),
        unmatched=sum(one.is_unmatched for one in recent_observers),
        card_delay=tx.deliveries.card_delay(),
    )


def render_metrics(
    metrics: Metrics, snapshot: Snapshot, now: datetime, *, is_leader: bool, leader_signed_at: datetime | None = None
) -> bytes:
    """Returns all figures in Prometheus' text format. `leader_signed_at`: the last sign of life of the process that
    leads."""
    return generate_latest(metrics.registry) + generate_latest(_gauges(snapshot, now, is_leader, leader_signed_at))


def _gauges(snapshot: Snapshot, now: datetime, is_leader: bool, leader_signed_at: datetime | None) -> CollectorRegistry:
    """Gauges are computed at each request: they are right after a restart too."""
    registry = CollectorRegistry()

    def gauge(name: str, help_text: str, value: float) -> None:
        Gauge(f"spotter_{name}", help_text, registry=registry).set(value)

    poll, counts = snapshot.poll, snapshot.counts
    Info("spotter_build", "Version of Spotter", registry=registry).info({"version": VERSION})
    gauge("leader", "1 if this process polls and sends", is_leader)
    if leader_signed_at:
        age = (now - leader_signed_at).total_seconds()
        gauge("leader_sign_age_seconds", "Age of the last sign of life of the process that polls and sends", age)
    gauge("sessions", "Sessions stored", poll.sessions)
    if poll.last_good_at:
        gauge("last_good_poll_timestamp_seconds", "Time of the last good poll", poll.last_good_at.timestamp())
        gauge("lag_seconds", "Age of the data", (now - poll.last_good_at).total_seconds())
        corrected_at = poll.corrected_at or poll.last_good_at
        gauge("corrections_lag_seconds", "Age of the oldest completed sessions", (now - corrected_at).total_seconds())
    if poll.last:
        took = (poll.last.ended_at - poll.last.started_at).total_seconds()
        gauge("last_poll_seconds", "Duration of the last poll", took)
        gauge("last_poll_incremental", "1 if the last poll read only what may have changed", poll.last.mode != "full")
        gauge("last_poll_bytes", "Bytes about sessions that the last poll read, decoded", poll.last.size)
        gauge("last_poll_wire_bytes", "The same as they came over the network", poll.last.wire_size)
        gauge("last_poll_failed", "1 if the last poll failed", bool(poll.last.error))
    oldest = (now - counts.oldest_at).total_seconds() if counts.oldest_at else 0
    gauge("oldest_waiting_seconds", "Age of the oldest message that waits to be sent", oldest)
    if snapshot.card_delay:
        delay = Gauge(
            "spotter_card_delay_seconds",
            "From the poll that found a result to its card in a channel, newest cards",
            ["quantile"],
            registry=registry,
        )
        delay.labels("0.5").set(snapshot.card_delay.median)
        delay.labels("0.95").set(snapshot.card_delay.p95)
    gauge("edits_owed", "Posted messages that are out of date", counts.edits)
    gauge("sending_paused", "1 if Slack refuses the app", bool(counts.app_refused))
    gauge("all_paused", "1 if an admin paused all sending", counts.paused is not None)
    gauge(
        "shadow_mode", "1 if everything is shown in one channel instead of where it belongs", counts.shadow is not None
    )
    gauge("observers", "Active people who observed within 90 days", snapshot.observers)
    gauge("people_unmatched", "Those of the observers without a usable Slack account", snapshot.unmatched)
    deliveries = Gauge("spotter_deliveries", "Deliveries by state", ["state"], registry=registry)
    for state, number in (
        ("pending", counts.pending),
        ("sending", counts.sending),
        ("ambiguous", counts.ambiguous),
        ("blocked", counts.blocked),
        ("failed", counts.failed),
        ("sent", counts.sent),
    ):
        deliveries.labels(state).set(number)
    alerts = Gauge("spotter_trouble", "1 if the alert is active", ["code"], registry=registry)
    for code in (code for code, alert in ALERTS.items() if alert.resolved):
        alerts.labels(code).set(any(one.code == code for one in snapshot.alerts))
    return registry
