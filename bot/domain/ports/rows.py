"""What else the database holds: rules, people, troubles, the ledger."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.domain.directory import Directory
from bot.domain.model import Department, Destination, Link, Person, Preferences, Rule, RuleState, SlackUser


class RuleRows(Protocol):
    def add(self, destination: Destination, owner: str, query: str, state: RuleState, now: datetime) -> Rule: ...

    def get(self, rule_id: int) -> Rule | None: ...

    def all(self, states: Collection[RuleState] = ()) -> Sequence[Rule]:
        """By number; every state where none is named."""
        ...

    def at(self, destination: Destination) -> Sequence[Rule]:
        """The rules of a destination that are not ended."""
        ...

    def set_state(self, rule_id: int, state: RuleState, reason: str, now: datetime) -> None:
        """Becoming active the first time sets `active_since`; a pause and its end leave it."""
        ...

    def rest(self, rule_id: int, reason: str) -> None:
        """Pauses one rule while others of its channel go on: what only it carries waits until it is resumed."""
        ...

    def resume(self, rule_id: int, now: datetime) -> None:
        """Goes on with a paused rule; where its destination is held, together with that."""
        ...

    def take_over(self, rule_id: int, owner: str, now: datetime) -> None:
        """As `resume`, with another owner."""
        ...

    def audience(self, rule_id: int) -> str:
        """ "private" or "public": what its owner knows its channel to be; "" while that was not noted."""
        ...

    def note_audience(self, rule_id: int, audience: str) -> None: ...

    def default_channel_made(self, channel_id: str) -> bool:
        """Whether DEFAULT_CHANNEL's rule was ever made for this channel."""
        ...

    def note_default_channel(self, channel_id: str) -> None: ...


class PeopleRows(Protocol):
    """iSpring's people and places, Slack's users, and the ties between them."""

    def replace_directory(self, people: Sequence[Person], departments: Sequence[Department], now: datetime) -> None: ...

    def directory(self) -> Directory:
        """Kept in memory and read anew only when it changed."""
        ...

    def directory_at(self) -> datetime | None: ...

    def observers_since(self, since: datetime) -> Collection[str]:
        """Ids of the active people who observed a session completed since then."""
        ...

    def save_slack_user(self, user: SlackUser, now: datetime) -> None: ...

    def slack_user(self, user_id: str) -> tuple[SlackUser, datetime] | None:
        """As last seen, and when."""
        ...

    def slack_users_with(self, email: str) -> Sequence[SlackUser]: ...

    def note_no_slack_user(self, email: str, now: datetime) -> None: ...

    def no_slack_user_since(self, email: str) -> datetime | None: ...

    def link(self, slack_user_id: str, person_id: str, by: str, email: str | None, now: datetime) -> None: ...

    def unlink(self, slack_user_id: str) -> None: ...

    def linked_person(self, slack_user_id: str) -> str | None: ...

    def linked_user(self, person_id: str) -> str | None: ...

    def links(self) -> Sequence[Link]:
        """Every link, by Slack user id; those that rest because an address changed too."""
        ...

    def link_of(self, slack_user_id: str) -> Link | None: ...

    def link_to(self, person_id: str) -> Link | None: ...

    def block_link(self, slack_user_id: str, by: str, now: datetime) -> None:
        """Ends an account's link, and ties it to nobody by e-mail until an admin links it again."""
        ...

    def link_blocked_by(self, slack_user_id: str) -> str | None:
        """Who said that an account's e-mail address ties it to nobody, None where nobody did."""
        ...

    def preferences(self, slack_user_id: str) -> Preferences: ...

    def set_preferences(self, slack_user_id: str, preferences: Preferences) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ActiveAlert:
    """Something that is wrong now: its code, since when, and what its sentence needs."""

    code: str
    since: datetime
    facts: Mapping[str, str | int | float | None]


class TroubleRows(Protocol):
    """What is wrong at the moment, one row per code."""

    def begin(self, code: str, facts: Mapping[str, str | int | float | None], now: datetime) -> ActiveAlert | None:
        """Remembers a trouble with its newest facts; answers it where it is new, None where it was there before."""
        ...

    def end(self, code: str) -> ActiveAlert | None:
        """Forgets a trouble; answers it, None where there was none."""
        ...

    def all(self) -> Sequence[ActiveAlert]:
        """The oldest first."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """Who did what and when: ids only."""

    at: datetime
    who: str
    verb: str
    subject: str


class AuditRows(Protocol):
    def write(self, who: str, verb: str, subject: str, now: datetime) -> None: ...

    def entries(self, limit: int) -> Sequence[AuditEntry]:
        """Newest first."""
        ...
