"""What is forgotten: people who ask for it, sessions older than they are kept, and what is of no use any more.

`core.ports.Tx` offers these rows as `keeping`.
"""

from dataclasses import dataclass
from datetime import timedelta

BETWEEN_REDACTIONS = timedelta(seconds=3)  # half the pace of edits: the other half is for what is new
ERASED_PERSON = "erased person"  # shown where an observer's name stood


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """What erasing a person did; asked again for the same person, what is left to do.

    `redactions` counts messages that still have to be edited, those included that may have been posted and are looked
    for first: a running Spotter does that. Of these, `held_back` stand where nobody can write for now; `out_of_reach`
    are those that Slack refuses to have edited; both by channel and ts. `rules_paused` were theirs; `rules_naming`
    named them in their query, which says "erased person" there now, or hold a word of the name for another reason; they
    are to be looked at by a person.
    """

    sessions: int = 0  # as the employee: gone but for their ids
    observed: int = 0  # as the observer: kept, their name is not shown any more
    dropped: int = 0  # notices that waited and will not be sent
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
    """What nobody needs any more: attempts of settled messages, ledger lines, Slack accounts nobody asked for."""

    attempts: int = 0
    audit_log: int = 0
    slack_users: int = 0
