"""What `GET /metrics` tells: counts of what happened in this process, and how things stand in the rows.

No label holds an id, a name or anything that came from outside, so there are never more series than are made here.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import get_args

from prometheus_client import CollectorRegistry, Counter, Gauge, Info, generate_latest

from bot import VERSION
from bot.domain.alerts import ALERTS, ActiveAlert
from bot.domain.delivery import EditResult, PostResult, ReadBackResult
from bot.domain.errors import TrainingError, TrainingRefused, TrainingUnavailable
from bot.domain.outbox import OutboxCounts
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
    """What happened since this process started: counted up only, so that a monitor can take rates of it."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._polls = self._counter("polls", "Looks at iSpring by result", "result", POLLS)
        self._tries = {
            "post": self._counter("sends", "Posts to Slack by outcome", "outcome", SENDS),
            "edit": self._counter("edits", "Edits of posted messages by outcome", "outcome", EDITS),
            "read_back": self._counter("looks", "Conversations read back by outcome", "outcome", READ_BACKS),
        }
        self._errors = Counter(
            "spotter_api_errors",
            "Calls that brought no answer, by API and kind",
            ["api", "kind"],
            registry=self.registry,
        )
        for api, kinds in (("slack", SLACK_ERRORS), ("ispring", ISPRING_ERRORS)):
            for kind in kinds:  # a series that begins at its first error hides that error from a rate
                self._errors.labels(api, kind)

    def polled(self, report: PollReport) -> None:
        """One poll has ended."""
        self._polls.labels("failed" if report.error else "unchanged" if report.unchanged else "changed").inc()

    def tried(self, what: str, result: str) -> None:
        """One attempt of a delivery has ended: what was tried and what came of it, in the words of `core.ports`."""
        self._tries[what].labels(result).inc()

    def slack_failed(self, kind: str) -> None:
        """One call of Slack's Web API brought no answer we can use."""
        self._errors.labels("slack", kind).inc()

    def ispring_failed(self, error: TrainingError) -> None:
        """One question to iSpring brought no answer we can use, its quick repeats included."""
        kind = "unreadable"
        if isinstance(error, TrainingUnavailable):
            kind = "unavailable"
        elif isinstance(error, TrainingRefused):
            kind = "refused"
        self._errors.labels("ispring", kind).inc()

    def _counter(self, name: str, help_text: str, label: str, values: tuple[str, ...]) -> Counter:
        made = Counter(f"spotter_{name}", help_text, [label], registry=self.registry)
        for value in values:
            made.labels(value)
        return made


@dataclass(frozen=True, slots=True)
class Snapshot:
    """How things stand in the rows at one moment."""

    poll: PollState
    counts: OutboxCounts
    alerts: tuple[ActiveAlert, ...]
    observers: int
    unmatched: int


def snapshot_of(tx: Tx, now: datetime) -> Snapshot:
    """Read in one transaction, so that its figures fit together."""
    reached = observers(tx, now)
    return Snapshot(
        poll=tx.polls.state(),
        counts=tx.deliveries.counts(),
        alerts=tuple(tx.alerts.all()),
        observers=len(reached),
        unmatched=sum(one.is_unmatched for one in reached),
    )


def render_metrics(metrics: Metrics, snapshot: Snapshot, now: datetime, *, is_leader: bool) -> bytes:
    """Everything in Prometheus' text format."""
    return generate_latest(metrics.registry) + generate_latest(_measured(snapshot, now, is_leader))


def _measured(snapshot: Snapshot, now: datetime, is_leader: bool) -> CollectorRegistry:
    """What the rows tell: a restart loses no figure of it."""
    registry = CollectorRegistry()

    def gauge(name: str, help_text: str, value: float) -> None:
        Gauge(f"spotter_{name}", help_text, registry=registry).set(value)

    poll, counts = snapshot.poll, snapshot.counts
    Info("spotter_build", "Which Spotter this is", registry=registry).info({"version": VERSION})
    gauge("leader", "Whether this process polls and sends", is_leader)
    gauge("sessions", "Sessions remembered", poll.sessions)
    if poll.last_good_at:
        gauge("last_good_poll_timestamp_seconds", "When a poll last went well", poll.last_good_at.timestamp())
        gauge("lag_seconds", "Age of the data", (now - poll.last_good_at).total_seconds())
    if poll.last:
        took = (poll.last.ended_at - poll.last.started_at).total_seconds()
        gauge("last_poll_seconds", "How long the last poll took", took)
        gauge("last_poll_failed", "Whether the last poll failed", bool(poll.last.error))
    oldest = (now - counts.oldest_at).total_seconds() if counts.oldest_at else 0
    gauge("oldest_waiting_seconds", "Age of the oldest notice still waiting", oldest)
    gauge("edits_owed", "Cards that show less than is known", counts.edits)
    gauge("sending_paused", "Whether Slack refuses the app", bool(counts.app_refused))
    gauge("observers", "Active people who observed within 90 days", snapshot.observers)
    gauge("people_unmatched", "Those observers who have no Slack account that can be used", snapshot.unmatched)
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
    alerts = Gauge("spotter_trouble", "Whether a trouble is there now", ["code"], registry=registry)
    for code in (code for code, alert in ALERTS.items() if alert.resolved):
        alerts.labels(code).set(any(one.code == code for one in snapshot.alerts))
    return registry
