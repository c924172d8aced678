"""Mutes: what holds a destination's messages of rules back until a chosen moment."""

from dataclasses import dataclass
from datetime import datetime

from bot.domain.notifications import Destination


@dataclass(frozen=True, slots=True, kw_only=True)
class Mute:
    """Holds what matches `query` back at a destination until `ends_at`.

    `query` is canonical with people by id, "" for everything. `created_by` and `ended_by` are Slack users; `ended_by`
    is None if it ended at its time. `ended_at` is None until its recap is queued.
    """

    mute_id: int
    destination: Destination
    query: str
    ends_at: datetime
    created_by: str
    reason: str
    created_at: datetime
    ended_at: datetime | None = None
    ended_by: str | None = None
