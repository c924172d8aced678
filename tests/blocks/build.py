"""A small company and its sessions, for views to show."""

from datetime import UTC, datetime, timedelta
from typing import Any

from bot.blocks.card_facts import CardFacts
from bot.domain.directory import Directory
from bot.domain.model import (
    AreaResult,
    CriterionResult,
    Details,
    DetailsState,
    Moment,
    Session,
    SessionFacts,
    SessionKey,
    SessionRecord,
)
from bot.domain.notifications import (
    Delivery,
    DeliveryState,
    Destination,
    DestinationKind,
    Notification,
    NotificationKind,
    StoredNotification,
)
from bot.domain.report_periods import By
from bot.domain.reports import Figures
from bot.domain.rules import Rule, RuleState
from bot.domain.staff import Department, Person
from bot.domain.whole_reports import OpenCounts, Overview

NOW = datetime(2026, 11, 23, 14, 2, tzinfo=UTC)
CHANNEL = Destination(DestinationKind.CHANNEL, "C0NORTH")
OBSERVER = Destination(DestinationKind.PERSON, "obs")
EMPLOYEE = Destination(DestinationKind.PERSON, "emp")

DETAILS = Details(
    areas=(AreaResult("a1", "Cash desk", 40.0), AreaResult("a2", "Greeting", 95.0), AreaResult("a3", "Safety", 70.0)),
    criteria=(
        CriterionResult("c1", "Counts the float", "a1", False, 1, 5),
        CriterionResult("c2", "Greets every customer", "a2", False, 5, 5),
        CriterionResult("c3", "Wears gloves", "a3", True),
        CriterionResult("c4", "Locks the back door", "a3", False, 3.5, 5),
    ),
)


def key_of(number: int = 1) -> SessionKey:
    """The key of the numbered session; its short id is `0000000n`-like."""
    return SessionKey(f"{number:08x}-aaaa-4bbb-8ccc-1234567890ab", "emp")


def session(
    number: int = 1,
    *,
    result: float | None = 72.0,
    target: float | None = 80.0,
    status: str = "PASSED",
    title: str = "Opening the store",
    details: DetailsState = DetailsState.FETCHED,
    points: tuple[float, float] | None = (36.0, 50.0),
    finished: Moment | None = None,
    missing_since: datetime | None = None,
) -> Session:
    return Session(
        facts=SessionFacts(
            key=key_of(number),
            checklist_id="chk",
            checklist_title=title,
            observer_id="obs",
            status=status,
            scheduled=Moment("2026-11-23 09:00:00", NOW - timedelta(hours=5)),
            started=Moment("2026-11-23 13:00:00", NOW - timedelta(minutes=62)),
            finished=finished or Moment("2026-11-23 14:00:00", NOW - timedelta(minutes=2)),
            result=result,
            points=points[0] if points else None,
            total_points=points[1] if points else None,
        ),
        version=1,
        target=target,
        first_seen_at=NOW,
        changed_at=NOW,
        missing_since=missing_since,
        details=details,
    )


def record(one: Session | None = None, **more: object) -> SessionRecord:
    one = one or session()
    given: dict[str, object] = {"session": one, "short_id": one.key.session_id[:8], "details": DETAILS, **more}
    return SessionRecord(**given)  # type: ignore[arg-type]  # a builder for tests: wrong keys fail at once


def directory(employee: str = "Maria Lopez", observer: str = "Ana Ruiz", site: str = "Store 12") -> Directory:
    return Directory.of(
        [
            Person(person_id="emp", name=employee, department_id="d12"),
            Person(person_id="obs", name=observer, department_id="d12"),
        ],
        [Department(department_id="d12", name=site)],
    )


def rule(number: int = 3, *, owner: str = "U0LND", query: str = "", reason: str = "") -> Rule:
    return Rule(
        rule_id=number,
        destination=CHANNEL,
        owner=owner,
        query=query,
        state=RuleState.PAUSED if reason else RuleState.ACTIVE,
        created_at=NOW,
        active_since=NOW,
        reason=reason,
    )


def facts(*records: SessionRecord, **more: object) -> CardFacts:
    given: dict[str, object] = {
        "records": {one.session.key: one for one in records},
        "directory": directory(),
        "rules": (rule(),),
        "data_as_of": NOW,
        **more,
    }
    return CardFacts(**given)  # type: ignore[arg-type]  # a builder for tests: wrong keys fail at once


def notification(
    kind: NotificationKind = NotificationKind.SESSION,
    *,
    key: SessionKey | None = None,
    to: Destination = CHANNEL,
    notified: dict[str, str | int | float | None] | None = None,
) -> StoredNotification:
    queued = Notification(
        kind=kind,
        destination=to,
        subject=f"{kind}:{key}",
        reason="rule 3 matches",
        session=key,
        rule_ids=(3,) if to is CHANNEL else (),
        facts=notified or {},
    )
    return StoredNotification(notification_id=1, notification=queued, created_at=NOW)


def delivery(*notifications: StoredNotification, to: Destination = CHANNEL, text_only: bool = False) -> Delivery:
    return Delivery(
        delivery_id="d1",
        destination=to,
        state=DeliveryState.SENDING,
        notifications=notifications,
        created_at=NOW,
        due_at=NOW,
        text_only=text_only,
    )


def delivery_of(*records: SessionRecord, to: Destination = CHANNEL) -> Delivery:
    return delivery(*(notification(key=one.session.key, to=to) for one in records), to=to)


def an_overview(**more: Any) -> Overview:
    """The last 30 days of a team without sessions, but for what is given."""
    given = {
        "by": By.DEPT,
        "days": 30,
        "total": Figures(),
        "units": (),
        "attention": (),
        "unacknowledged": 0,
        "open": OpenCounts(),
    }
    return Overview(**{**given, **more})
