"""The results of erasing a person, and of retention."""

from dataclasses import dataclass
from datetime import timedelta

BETWEEN_REDACTIONS = timedelta(seconds=3)  # half the pace of edits: the other half is for what is new
ERASED_PERSON = "erased person"  # shown where an observer's name stood


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """What erasing a person did; for a person erased before, what is left to do.

    `redactions` counts messages that still have to be edited, including those that may have been posted and are read
    back first: a running Spotter does that. Of these, `held_back` are in destinations that can't be written to for now;
    `out_of_reach` are those that Slack refuses to have edited; both by channel and ts. `rules_paused` were theirs;
    `rules_naming` name them in their query: by id, which is shown as "an erased person" now, or by a text that means
    them too, which stays as it is: a person has to look at them.
    """

    sessions: int = 0  # as the employee: gone but for their ids
    observed: int = 0  # as the observer: kept, their name is not shown any more
    dropped: int = 0  # pending notifications that will not be sent
    redactions: int = 0
    held_back: tuple[str, ...] = ()
    out_of_reach: tuple[str, ...] = ()
    slack_users: tuple[str, ...] = ()  # ids of the accounts that were forgotten
    rules_paused: tuple[int, ...] = ()
    rules_naming: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Expired:
    """One step of the retention: sessions erased, and posted messages that are to be edited because of it."""

    sessions: int
    redactions: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgotten:
    """Deleted rows of no use any more: attempts of finished deliveries, audit log entries, unused Slack accounts."""

    attempts: int = 0
    audit_log: int = 0
    slack_users: int = 0
