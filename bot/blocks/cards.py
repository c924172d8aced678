"""A session as a card: what it is about, how it came out, what was weak, and what a reader can do about it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bot.blocks import actions
from bot.blocks.elements import Block, button, context, fields, header, link_button, listing, mrkdwn, section
from bot.blocks.elements import actions as buttons
from bot.blocks.markup import NAME, TITLE, bare, date_token, moment_token, safe
from bot.blocks.results import (
    area_line,
    change_since_previous,
    completion_before,
    criterion_line,
    format_missing_details,
    format_points,
    history_line,
    lowest_criteria,
    verdict,
    weakest_areas,
)
from bot.domain.changes import outcome_of
from bot.domain.directory import Directory
from bot.domain.model import (
    NO_DATE,
    ChangeKind,
    DigestCounts,
    HistoryEntry,
    Rule,
    Session,
    SessionKey,
    SessionRecord,
)
from bot.domain.text import lasting

REDACTED_TEXT = "A result was here; it is no longer shown here, because who may see it has changed."
NO_LONGER_STORED = "A result was here; Spotter no longer stores this session."
UNTITLED = "checklist without a title"
MAX_ACKNOWLEDGEMENTS = 5
MAX_CORRECTIONS = 3
MAX_RULE_NUMBERS = 10


@dataclass(frozen=True, slots=True)
class CardFacts:
    """Everything a delivery's message is made of beside the delivery itself, as it is at the moment of rendering.

    `records` and `rules` are those that the delivery's notifications name; one that is missing is no longer stored.
    `hidden`: sessions that the rule's owner may not see any more, rendered without a name or result. `with_previous`:
    sessions beside which the employee's previous one may be shown. `data_as_of`: when iSpring was last read in full.
    `metrics`: the counts of each digest, by notification id. `queries`: those that introductions and shared lists say,
    in words with names that the rule's owner or the sharer may see, by notification id. `first_message`: nothing was
    sent to this person before, so the message says why it comes.
    """

    records: Mapping[SessionKey, SessionRecord] = field(default_factory=dict)
    directory: Directory = field(default_factory=Directory)
    rules: tuple[Rule, ...] = ()
    data_as_of: datetime | None = None
    account_url: str | None = None
    hidden: frozenset[SessionKey] = frozenset()
    with_previous: frozenset[SessionKey] = frozenset()
    command: str = "/ojt"
    metrics: Mapping[int, DigestCounts] = field(default_factory=dict)
    queries: Mapping[int, str] = field(default_factory=dict)
    first_message: bool = False

    def site_of(self, key: SessionKey) -> str:
        """The employee's site in words."""
        return self.directory.site_of(key.employee_id) or "site unknown"

    def visible(self, key: SessionKey | None) -> SessionRecord | None:
        """The record of a key; None if it may not be shown or is not stored any more."""
        return None if key is None or key in self.hidden else self.records.get(key)


def session_card(key: SessionKey, facts: CardFacts, rule_ids: tuple[int, ...] = ()) -> list[Block]:
    """One session's result for a channel."""
    record = facts.visible(key)
    if record is None:
        return redacted(key, facts)
    outcome, row = outcome_of(record.session), record.session.facts
    pairs = [
        ("Employee", safe(facts.directory.name_of(key.employee_id), NAME)),
        ("Observer", safe(facts.directory.name_of(row.observer_id), NAME)),
        ("Site", safe(facts.site_of(key), NAME)),
        *progress(record),
    ]
    return [
        card_header(card_verdict(record), row.checklist_title),
        fields(pairs),
        *weak_points(record),
        *remarks(record, facts),
        buttons(card_buttons(record, facts, is_failing=outcome.is_failing)),
        footer(key, facts, rule_ids),
    ]


def progress(record: SessionRecord) -> list[tuple[str, str]]:
    """When a session was done and its points; of one that is open (again) only what is known of that."""
    row = record.session.facts
    if not outcome_of(record.session).is_over:
        planned = [("Planned for", moment_token(row.scheduled))] if row.scheduled != NO_DATE else []
        return [*planned, *([("Started", moment_token(row.started))] if row.started != NO_DATE else [])]
    return [
        ("Points", format_points(record.session, record.details) or "not given"),
        ("Started", moment_token(row.started)),
        ("Finished", " · ".join(filter(None, (moment_token(row.finished), format_duration(record.session))))),
    ]


def card_verdict(record: SessionRecord) -> str:
    """The result in a heading; it says if this is not the first completion of the session."""
    outcome = outcome_of(record.session)
    return (
        f"{verdict(outcome)}, completed again"
        if outcome.is_over and record.session.completion > 1
        else verdict(outcome)
    )


def card_header(result: str, checklist_title: str) -> Block:
    """The result and the checklist in the largest letters."""
    return header(f"{result}: {bare(checklist_title, TITLE) or UNTITLED}")


def weak_points(record: SessionRecord) -> list[Block]:
    """The worst areas as bars and the lowest criteria, or why they are not there."""
    if record.details is None or not outcome_of(record.session).is_over:
        return missing_details(record)
    blocks = []
    if areas := weakest_areas(record.details):
        blocks.append(listing("Weakest competency areas", [area_line(area, value) for area, value in areas]))
    if criteria := lowest_criteria(record.details):
        blocks.append(listing("Lowest criteria", [criterion_line(one) for one, _ in criteria]))
    return blocks


def missing_details(record: SessionRecord) -> list[Block]:
    """Why a session's criteria are not shown; no block if it has none to show."""
    reason = format_missing_details(record.session)
    return [context(reason)] if reason else []


def remarks(record: SessionRecord, facts: CardFacts) -> list[Block]:
    """What happened around the result: corrections, the change since the previous session, acknowledgements."""
    changes = _corrections(record)
    missing_since = record.session.missing_since
    lines = [
        completion_before(record),
        *(f"Result changed: {history_line(entry)}" for entry in changes[-MAX_CORRECTIONS:]),
        change_since_previous(record) if record.session.key in facts.with_previous else "",
        f"iSpring no longer lists this session (noticed {date_token(missing_since)})." if missing_since else "",
        format_acknowledged(record),
    ]
    text = "\n".join(line for line in lines if line)
    return [section(mrkdwn(text))] if text else []


def _corrections(record: SessionRecord) -> list[HistoryEntry]:
    """The corrections of the completion that is shown; `completion_before` says what was before that."""
    found: list[HistoryEntry] = []
    for entry in record.history:
        if entry.kind is ChangeKind.CORRECTED:
            found.append(entry)
        elif entry.kind is ChangeKind.REOPENED:
            found.clear()
    return found


def format_acknowledged(record: SessionRecord) -> str:
    """Who acknowledged a result, and when, for mrkdwn; "" if no one did."""
    if not record.acknowledgements:
        return ""
    who = [f"<@{one.slack_user_id}> {date_token(one.at)}" for one in record.acknowledgements]
    more = len(who) - MAX_ACKNOWLEDGEMENTS
    lead = "Acknowledged" if outcome_of(record.session).is_over else "That result was acknowledged"
    return f"{lead} by {'; '.join(who[:MAX_ACKNOWLEDGEMENTS])}" + (f" and {more} more" if more > 0 else "")


def card_buttons(record: SessionRecord, facts: CardFacts, *, is_failing: bool) -> list[Block]:
    """Details, Acknowledge for a failing result (several people may), and a link to iSpring if its address is known."""
    key = record.session.key
    about = f"{bare(facts.directory.name_of(key.employee_id), 30)}, {bare(record.session.facts.checklist_title, 30)}"
    made = [button(actions.DETAILS, "Details", actions.session_value(key), label=f"Details: {about}")]
    if is_failing:
        made.append(acknowledge_button(record, label=f"Acknowledge: {about}"))
    if facts.account_url:
        made.append(link_button(actions.OPEN, "Open in iSpring", facts.account_url))
    return made


def acknowledge_button(record: SessionRecord, label: str = "") -> Block:
    """The button with which a user says that they have seen a failing result."""
    text = "Acknowledge too" if record.acknowledgements else "Acknowledge"
    return button(actions.ACKNOWLEDGE, text, actions.session_value(record.session.key), label=label)


def footer(key: SessionKey, facts: CardFacts, rule_ids: tuple[int, ...] = ()) -> Block:
    """The session's short id, the rules behind the card, and how old the data is."""
    parts = (f"Session {short_id_of(key, facts)}", format_rules(rule_ids), format_age(facts))
    return context(" · ".join(filter(None, parts)))


def format_rules(rule_ids: tuple[int, ...]) -> str:
    """`Rule 3`, `Rules 3, 5`; "" for none."""
    if not rule_ids:
        return ""
    numbers = ", ".join(str(number) for number in rule_ids[:MAX_RULE_NUMBERS])
    more = "…" if len(rule_ids) > MAX_RULE_NUMBERS else ""
    return f"Rule {numbers}" if len(rule_ids) == 1 else f"Rules {numbers}{more}"


def format_age(facts: CardFacts) -> str:
    """How old the data is, for mrkdwn; "" if iSpring was never read in full."""
    return f"Data as of {date_token(facts.data_as_of)}" if facts.data_as_of else ""


def short_id_of(key: SessionKey, facts: CardFacts) -> str:
    """The short id a session is shown by; the first 8 digits of its id if it is no longer stored."""
    record = facts.records.get(key)
    return safe_short_id(record) if record else safe(key.session_id[:8], NAME)


def redacted(key: SessionKey, facts: CardFacts) -> list[Block]:
    """A card without names and results: the session may not be shown here any more, or is not stored."""
    text = REDACTED_TEXT if key in facts.hidden else NO_LONGER_STORED
    return [section(mrkdwn(text)), context(f"Session {short_id_of(key, facts)}")]


def format_duration(session: Session) -> str:
    """How long a session took; "" if its dates do not say."""
    started, finished = session.facts.started.at, session.facts.finished.at
    if started is None or finished is None or finished < started:
        return ""
    return lasting(finished - started)


def safe_short_id(record: SessionRecord) -> str:
    """A session's short id, harmless in mrkdwn even if iSpring's ids are no UUIDs."""
    return safe(record.short_id, NAME)
