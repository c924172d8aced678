"""A session as a card: what it is about, how it came out, what was weak, and what a reader can do about it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bot.blocks import actions
from bot.blocks.elements import (
    NAME,
    TITLE,
    Block,
    bare,
    button,
    context,
    date_token,
    fields,
    format_moment,
    header,
    instant,
    lasting,
    link_button,
    listing,
    moment_token,
    mrkdwn,
    safe,
    section,
)
from bot.blocks.elements import actions as buttons
from bot.blocks.results import (
    area_line,
    change_since_previous,
    criterion_line,
    format_missing_details,
    format_points,
    format_weak,
    history_lines,
    lowest_criteria,
    verdict,
    weakest_areas,
)
from bot.domain.changes import outcome_of
from bot.domain.directory import Directory
from bot.domain.model import DigestCounts, Rule, Session, SessionKey, SessionRecord

REDACTED_TEXT = "A result was here; it is no longer shown here, because who may see it has changed."
NO_LONGER_STORED = "A result was here; Spotter no longer stores this session."
MAX_ACKNOWLEDGEMENTS = 5


@dataclass(frozen=True)
class CardFacts:
    """Everything a delivery's message is made of beside the delivery itself, as it is at the moment of rendering.

    `records` and `rules` are those the delivery's notices name (what is absent is told as no longer known). `hidden`:
    sessions the rule's owner may not see any more, rendered without a word about anybody. `with_previous`: sessions
    beside which the employee's previous one may be shown. `data_as_of`: when iSpring was last read in full.
    `tallies`: what each summary counts, by notice id. `first_message`: nothing was sent to this person before, so the
    message says why it comes.
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
    first_message: bool = False

    def site_of(self, key: SessionKey) -> str:
        """The employee's site in words."""
        return self.directory.site_of(key.employee_id) or "site unknown"

    def visible(self, key: SessionKey | None) -> SessionRecord | None:
        """The record behind a key, None where it may not be shown or is not stored any more."""
        return None if key is None or key in self.hidden else self.records.get(key)


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a message: its plain text and its blocks."""

    text: str
    blocks: tuple[Block, ...]


def session_card(key: SessionKey, facts: CardFacts, rule_ids: tuple[int, ...] = ()) -> Part:
    """One session's result for a channel."""
    record = facts.visible(key)
    if record is None:
        return redacted(key, facts)
    session, outcome = record.session, outcome_of(record.session)
    row = session.facts
    title = bare(row.checklist_title, TITLE) or "checklist without a title"
    pairs = [
        ("Employee", safe(facts.directory.name_of(key.employee_id), NAME)),
        ("Observer", safe(facts.directory.name_of(row.observer_id), NAME)),
        ("Site", safe(facts.site_of(key), NAME)),
        ("Points", format_points(session, record.details) or "not given"),
        ("Started", moment_token(row.started)),
        ("Finished", " · ".join(filter(None, (moment_token(row.finished), format_duration(session))))),
    ]
    blocks = [
        header(f"{verdict(outcome)}: {title}"),
        fields(pairs),
        *weak_points(record),
        *remarks(record, facts),
        buttons(card_buttons(record, facts, bad=outcome.is_failing)),
        footer(short_id_of(key, facts), facts, rule_ids),
    ]
    return Part(card_text(record, facts), tuple(blocks))


def card_text(record: SessionRecord, facts: CardFacts) -> str:
    """A session's card in one paragraph: who, what, result, when, changes, and the short id at the end."""
    session, row = record.session, record.session.facts
    directory = facts.directory
    sentences = [
        f"{safe(verdict(outcome_of(session)))}: {safe(row.checklist_title) or 'checklist without a title'}",
        f"{safe(directory.name_of(row.key.employee_id), NAME)}, {safe(facts.site_of(row.key), NAME)}; "
        f"observed by {safe(directory.name_of(row.observer_id), NAME)}",
        format_points(session, record.details),
        format_weak(record.details),
        f"Finished {format_moment(row.finished)}",
        *(f"Result changed: {line}" for line in history_lines(record.history, as_token=False)),
        change_since_previous(record, as_token=False) if row.key in facts.with_previous else "",
        "No longer listed by iSpring" if session.missing_since else "",
        format_acknowledged(record, as_token=False),
    ]
    return ". ".join(filter(None, sentences)) + f". Session {safe_short_id(record)}"


def weak_points(record: SessionRecord) -> list[Block]:
    """The worst areas as bars and the lowest criteria, or why they are not there."""
    if record.details is None:
        reason = format_missing_details(record.session)
        return [context(reason)] if reason else []
    areas, criteria = weakest_areas(record.details), lowest_criteria(record.details)
    text = []
    if areas:
        text.append(listing("Weakest competency areas", [area_line(area, value) for area, value in areas]))
    if criteria:
        text.append(listing("Lowest criteria", [criterion_line(one) for one, _ in criteria]))
    return text


def remarks(record: SessionRecord, facts: CardFacts) -> list[Block]:
    """What happened around the result: corrections, the change since the previous session, who has seen it."""
    text = [
        *(f"Result changed: {line}" for line in history_lines(record.history, as_token=True)),
        change_since_previous(record, as_token=True) if record.session.key in facts.with_previous else "",
        f"iSpring no longer lists this session (noticed {date_token(record.session.missing_since)})."
        if record.session.missing_since
        else "",
        format_acknowledged(record, as_token=True),
    ]
    text = [line for line in text if line]
    return [section(mrkdwn("\n".join(text)))] if text else []


def format_acknowledged(record: SessionRecord, *, as_token: bool) -> str:
    """Who said they have seen it, and when; "" where nobody has."""
    seen = record.acknowledgements
    if not seen:
        return ""
    who = [f"<@{one.slack_user_id}> {(date_token if as_token else instant)(one.at)}" for one in seen]
    more = len(who) - MAX_ACKNOWLEDGEMENTS
    return f"Acknowledged by {'; '.join(who[:MAX_ACKNOWLEDGEMENTS])}" + (f" and {more} more" if more > 0 else "")


def card_buttons(record: SessionRecord, facts: CardFacts, *, bad: bool) -> list[Block]:
    """Details, Acknowledge on a bad result (several people may), and a way into iSpring where we know its address."""
    key = record.session.key
    about = f"{bare(facts.directory.name_of(key.employee_id), 30)}, {bare(record.session.facts.checklist_title, 30)}"
    value = actions.session_value(key)
    made = [button(actions.DETAILS, "Details", value, label=f"Details: {about}")]
    if bad:
        text = "Acknowledge too" if record.acknowledgements else "Acknowledge"
        made.append(button(actions.ACKNOWLEDGE, text, value, label=f"Acknowledge: {about}"))
    if facts.account_url:
        made.append(link_button(actions.OPEN, "Open in iSpring", facts.account_url))
    return made


def footer(short_id: str, facts: CardFacts, rule_ids: tuple[int, ...]) -> Block:
    """The session's short id, the rule behind the card, and how old the data is."""
    return context(" · ".join(filter(None, (f"Session {short_id}", format_rules(rule_ids), format_age(facts)))))


def format_rules(rule_ids: tuple[int, ...]) -> str:
    """`Rule 3`, `Rules 3, 5`, "" for none."""
    if not rule_ids:
        return ""
    shown = ", ".join(str(number) for number in rule_ids[:10]) + ("…" if len(rule_ids) > 10 else "")
    return f"Rule {shown}" if len(rule_ids) == 1 else f"Rules {shown}"


def format_age(facts: CardFacts) -> str:
    """How old the data is, for mrkdwn; "" where iSpring was never read in full."""
    return f"Data as of {date_token(facts.data_as_of)}" if facts.data_as_of else ""


def short_id_of(key: SessionKey, facts: CardFacts) -> str:
    """The short id a session is shown by; for one no longer stored the first 8 digits of its id."""
    record = facts.records.get(key)
    return safe_short_id(record) if record else safe(key.session_id[:8], NAME)


def redacted(key: SessionKey, facts: CardFacts) -> Part:
    """A card that says nothing about anybody: the session may not be shown here any more, or is not stored."""
    words = REDACTED_TEXT if key in facts.hidden else NO_LONGER_STORED
    short_id = short_id_of(key, facts)
    return Part(f"{words} Session {short_id}", (section(mrkdwn(words)), context(f"Session {short_id}")))


def format_duration(session: Session) -> str:
    """How long a session took, "" where its dates do not say."""
    started, finished = session.facts.started.at, session.facts.finished.at
    if started is None or finished is None or finished < started:
        return ""
    return lasting(finished - started)


def safe_short_id(record: SessionRecord) -> str:
    """A session's short id, harmless in mrkdwn whatever iSpring's ids are made of."""
    return safe(record.short_id, NAME)
