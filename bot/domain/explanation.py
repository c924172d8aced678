"""What `/ojt why` and `outbox why` say about one session: values only; `services.explain` fills them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from bot.domain.directory import Directory
from bot.domain.model import SessionRecord
from bot.domain.mutes import Mute
from bot.domain.notifications import Destination
from bot.domain.outbox import BlockedDestination, NotificationStatus, SendingPause
from bot.domain.permissions import Coverage
from bot.domain.routing import RoutingResult
from bot.domain.rules import Rule


@dataclass(frozen=True, slots=True)
class Judged:
    """What would be decided of a session today, for a rule (else for the observer or the employee). `coverage`: whose
    sessions the rule shows, None if all."""

    result: RoutingResult
    rule: Rule | None = None
    coverage: Coverage | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Everything there is to say. `judged` is today's judgement; `is_over`: there is a result to tell of; `directory`
    has the names of people; `paused`: all sending is; `shadow_closed`: why shadow mode, which is on, can show nothing;
    `mutes`: those that run, by number; `quiet`: when the quiet time of a reader ends that it is now. `links` leads to
    messages by delivery id, `rule_texts` says the queries of rules in words by number, as far as the reader may know
    them."""

    record: SessionRecord
    is_over: bool
    completed_seen_at: datetime | None
    baseline_at: datetime | None
    status: Sequence[NotificationStatus]
    blocked: Mapping[Destination, BlockedDestination]
    judged: Sequence[Judged]
    directory: Directory = field(default_factory=Directory)
    paused: SendingPause | None = None
    shadow_closed: str = ""
    mutes: Mapping[int, Mute] = field(default_factory=dict)
    quiet: Mapping[Destination, datetime] = field(default_factory=dict)
    links: Mapping[str, str] = field(default_factory=dict)
    rule_texts: Mapping[int, str] = field(default_factory=dict)
