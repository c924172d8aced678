"""The audit log: its entries hold ids, and their lines for readers names."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """Who did what and when: ids and numbers only. `old` and `new`: the value before and after, "" for none."""

    at: datetime
    who: str
    verb: str
    subject: str
    old: str = ""
    new: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditLine:
    """Who did what, to what, and the value before and after it, "" for none. The names in it are other people's text.

    `slack_user_id`: the account of who did it, None for the operator and Spotter itself. `channel_id`: the channel that
    `what` names first, None if it names none.
    """

    at: datetime
    who: str
    slack_user_id: str | None
    verb: str
    what: str
    old: str
    new: str
    channel_id: str | None = None

    @property
    def change(self) -> str:
        """`80 % → 85 %`, "" if the entry has no value."""
        return f"{self.old or 'none'} → {self.new or 'none'}" if self.old or self.new else ""
