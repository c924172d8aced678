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

    `slack_user_id`: the account of who did it, None for the operator and Spotter itself. `channel_id`: where it was
    done, None if in no channel. `about`: the query of a rule or mute, in words.
    """

    at: datetime
    who: str
    slack_user_id: str | None
    verb: str
    what: str
    old: str
    new: str
    channel_id: str | None = None
    about: str = ""

    @property
    def text(self) -> str:
        """What it was done to, for a terminal."""
        place = f" in {self.channel_id}" if self.channel_id else ""
        return f"{self.what}{place}{self.about and f': {self.about}'}"

    @property
    def change(self) -> str:
        """`80 % → 85 %`, "" if the entry has no value."""
        return f"{self.old or 'none'} → {self.new or 'none'}" if self.old or self.new else ""
