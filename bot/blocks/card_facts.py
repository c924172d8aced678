"""Everything that the messages of deliveries are made of, read from the database before they are rendered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from bot.blocks.markup import NAME, bare
from bot.domain.digests import DigestView
from bot.domain.directory import Directory
from bot.domain.model import SessionKey, SessionRecord
from bot.domain.mutes import Mute
from bot.domain.notifications import SummaryCounts
from bot.domain.permissions import Coverage
from bot.domain.reminders import ReminderView
from bot.domain.rules import Rule
from bot.domain.setup import SetupLine


@dataclass(frozen=True, slots=True)
class CardBefore:
    """The message that showed a session before the one with its correction. `link`: "" if it can't be known without
    asking Slack."""

    posted_at: datetime
    link: str = ""


@dataclass(frozen=True, slots=True)
class CardFacts:
    """Everything a delivery's message is made of beside the delivery itself, as it is at the moment of rendering.

    `records` and `rules` are those that the delivery's notifications name; one that is missing is no longer stored.
    `hidden`: sessions that the rule's owner may not see any more, rendered without a name or result. `with_previous`:
    sessions beside which the employee's previous one may be shown. `data_as_of`: when iSpring was last read in full.
    `metrics`: the counts of each digest, by notification id. `queries`: those that introductions and shared lists say,
    in words with names that the rule's owner or the sharer may see, by notification id. `first_message`: nothing was
    sent to this person before, so the message says why it comes. `times`: the how many-th result of its kind (below
    target, failed) a session is for its employee and checklist, among those the rule's owner may see. `cards_before`:
    of the sessions that this message tells a second time. `digests`: what rules' digests say, by notification id;
    `reminders` likewise. `mutes`: those whose recap this message is, by number. `coverages`: whose sessions a rule
    shows, by number, if its owner does not see all. `setup`: the check-list of a first run. `meant_for`: what the
    channel or person is called that shadow mode shows it instead of; "" if not known, or if it shows nothing.
    """

    records: Mapping[SessionKey, SessionRecord] = field(default_factory=dict)
    directory: Directory = field(default_factory=Directory)
    rules: tuple[Rule, ...] = ()
    data_as_of: datetime | None = None
    account_url: str | None = None
    hidden: frozenset[SessionKey] = frozenset()
    with_previous: frozenset[SessionKey] = frozenset()
    command: str = "/ojt"
    metrics: Mapping[int, SummaryCounts] = field(default_factory=dict)
    queries: Mapping[int, str] = field(default_factory=dict)
    first_message: bool = False
    times: Mapping[SessionKey, int] = field(default_factory=dict)
    cards_before: Mapping[SessionKey, CardBefore] = field(default_factory=dict)
    digests: Mapping[int, DigestView] = field(default_factory=dict)
    reminders: Mapping[int, ReminderView] = field(default_factory=dict)
    mutes: Mapping[int, Mute] = field(default_factory=dict)
    coverages: Mapping[int, Coverage] = field(default_factory=dict)
    setup: Sequence[SetupLine] = ()
    meant_for: str = ""

    def name_of(self, key: SessionKey, limit: int = NAME) -> str:
        """The employee's name, for plain text."""
        return bare(self.directory.name_of(key.employee_id), limit)

    def site_of(self, key: SessionKey) -> str:
        """The employee's site in words."""
        return self.directory.site_of(key.employee_id) or "site unknown"

    def visible(self, key: SessionKey | None) -> SessionRecord | None:
        """The record of a key; None if it may not be shown or is not stored any more."""
        return None if key is None or key in self.hidden else self.records.get(key)
