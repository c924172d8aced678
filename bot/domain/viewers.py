"""Who asks in Slack, what links them to iSpring, and what they want as direct messages."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bot.domain.errors import Remedy


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackUser:
    """A Slack account. `email` is lower-case; `zone` an IANA name. `is_full_member`: of our own team, a person, not a
    guest, not deactivated, e-mail not known to be unconfirmed."""

    user_id: str
    email: str | None
    zone: str
    is_full_member: bool
    not_allowed_reason: str = (
        ""  # why it is no full member: "guest", "bot", "deactivated", "another company", "e-mail unconfirmed"
    )


BY_EMAIL = "email"  # how a link came about; anything else names the admin who confirmed it


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """That a Slack account is an iSpring person's. `by` is BY_EMAIL or the Slack id of the admin who confirmed it;
    `email` is the address both had when it was tied by e-mail, else None."""

    slack_user_id: str
    person_id: str
    by: str
    email: str | None
    at: datetime


IDENTITY_VALID_FOR = timedelta(hours=24)  # since Slack last described a user


def is_identity_proved(seen_at: datetime, now: datetime) -> bool:
    """Whether Slack described a user recently enough. A time that is still to come is of a clock that was ahead."""
    return abs(now - seen_at) < IDENTITY_VALID_FOR


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What is proved of a viewer now. `identity`: Slack said within a day who they are, and no event doubts it since.
    `people`, `departments`: iSpring's were read recently enough for the rights that rest on them."""

    identity: bool = True
    people: bool = True
    departments: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """Who asks, and what ties them to iSpring. `reason` says how the link came about or why there is none, `remedy` who
    could change that there is none. `proof`: what a right may rest on; without it, it waits."""

    slack_user_id: str
    person_id: str | None
    is_admin: bool
    zone: str = "UTC"
    reason: str = ""
    remedy: Remedy = Remedy.LINK
    proof: Proof = Proof()


class DirectMessages(StrEnum):
    """What a person wants as direct messages about sessions they are in."""

    ALL = "all"
    BELOW = "below"  # only below target, critical or failed; with a percentage, only a lower score
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Wants:
    """What a person gets at once about sessions they are in, as observer or as employee. `below`: only a score below
    this percentage. `own_actions`: also about what they completed or acknowledged themselves."""

    kind: DirectMessages = DirectMessages.ALL
    below: float | None = None
    own_actions: bool = True


@dataclass(frozen=True, slots=True)
class Preferences:
    """A person's own choices; None means the default of the settings. What they get later, as a digest, and as
    supervisor is a rule of theirs."""

    as_observer: DirectMessages | None = None
    as_employee: DirectMessages | None = None
    observer_below: float | None = None
    employee_below: float | None = None
    own_actions: bool = True

    def observer_wants(self, default: DirectMessages = DirectMessages.ALL) -> Wants:
        return Wants(self.as_observer or default, self.observer_below, self.own_actions)

    def employee_wants(self, default: DirectMessages) -> Wants:
        return Wants(self.as_employee or default, self.employee_below, self.own_actions)
