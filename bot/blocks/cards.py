"""A session as a card: who and how it came out, where, why it is low, since when, and what a reader can do about it.

A result that met its target is three lines. A correction that is a card of its own says what changed, and names the
card before it instead of repeating it.
"""

from collections.abc import Sequence

from bot.blocks import actions
from bot.blocks.card_facts import CardBefore, CardFacts
from bot.blocks.elements import (
    Block,
    button,
    context,
    header,
    mrkdwn,
    option,
    overflow,
    section,
)
from bot.blocks.elements import actions as buttons
from bot.blocks.follow_ups import follow_up_button, format_follow_ups
from bot.blocks.history import completion_before, corrected_headline, corrections_of, history_line, is_said_by_headline
from bot.blocks.markup import NAME, TITLE, bare, date_token, escape, moment_token, safe
from bot.blocks.results import (
    change_since_previous,
    failed_by,
    format_missing_details,
    format_points_short,
    format_skipped,
    format_times,
    headline,
    observed_by,
    reasons,
    unchecked,
)
from bot.domain.changes import outcome_of
from bot.domain.model import NO_DATE, ChangeKind, Session, SessionKey, SessionRecord
from bot.domain.text import lasting
from bot.query.names import id_value

REDACTED_TEXT = "A result was here; it is no longer shown here, because who may see it has changed."
NO_LONGER_STORED = "A result was here; Spotter no longer stores this session."
UNTITLED = "checklist without a title"
MAX_ACKNOWLEDGEMENTS = 5
MAX_CORRECTIONS = 3
MAX_RULE_NUMBERS = 10


def session_card(
    key: SessionKey, facts: CardFacts, rule_ids: tuple[int, ...] = (), *, to_observer: bool = False
) -> list[Block]:
    """One session's result for a channel, or for its observer, who need not acknowledge it."""
    record = facts.visible(key)
    if record is None:
        return redacted(key, facts)
    outcome, corrections = outcome_of(record.session), corrections_of(record)
    observer = "" if to_observer else facts.directory.name_of(record.session.facts.observer_id)
    title = card_title(record, facts.name_of(key))
    if outcome.is_over and not outcome.is_failing:
        line = f"*{safe(title, 400)}*\n{about(record, facts, since_last_time(record, facts))}"
        return [
            section(mrkdwn(line), more_menu(record, facts, with_details=True)),
            *remarks(record, facts),
            context(f"{observed(record, observer)} · {foot_line(key, facts, rule_ids)}"),
        ]
    card_before = facts.cards_before.get(key) if outcome.is_over and corrections else None
    if card_before is not None:
        verb = "corrected" if corrections[-1].kind is ChangeKind.CORRECTED else "criteria read"
        when = f"{verb} {date_token(corrections[-1].at)} · {format_card_before(card_before)}"
        body = [
            section(mrkdwn(about(record, facts, when))),
            *weak_points(record, briefly=True),
            *_said([format_unchecked(record), format_acknowledged(record), format_follow_ups(record)]),
        ]
    else:
        body = [
            section(mrkdwn(about(record, facts))),
            context(course(record, observer)),
            *weak_points(record),
            *remarks(record, facts, since_last_time(record, facts)),
        ]
    may_acknowledge = outcome.is_failing and not to_observer
    elements = card_buttons(record, facts, may_acknowledge=may_acknowledge, may_follow_up=outcome.is_failing)
    return [header(title), *body, buttons(elements), context(foot_line(key, facts, rule_ids))]


def card_title(record: SessionRecord, name: str) -> str:
    """Who, how much, and against which target, as plain text: first that it was corrected, last that it is not the
    first completion of the session."""
    outcome, corrections = outcome_of(record.session), corrections_of(record)
    is_corrected = bool(corrections) and corrections[-1].kind is ChangeKind.CORRECTED and outcome.is_over
    title = corrected_headline(name, corrections[-1]) if is_corrected else headline(name, outcome)
    return f"{title}, completed again" if outcome.is_over and record.session.completion > 1 else title


def about(record: SessionRecord, facts: CardFacts, *more: str) -> str:
    """The checklist and the site, and what else belongs to that line, for mrkdwn."""
    title = safe(record.session.facts.checklist_title, TITLE) or UNTITLED
    return " · ".join(filter(None, (f"*{title}*", safe(facts.site_of(record.session.key), NAME), *more)))


def course(record: SessionRecord, observer: str) -> str:
    """Who observed it ("" if the reader did), when, for how long, and its points, for mrkdwn; of a session that is open
    (again) only what is known of that."""
    row = record.session.facts
    if not outcome_of(record.session).is_over:
        who = _by(observer)
        planned = f"planned for {moment_token(row.scheduled)}" if row.scheduled != NO_DATE else ""
        started = f"started {moment_token(row.started)}" if row.started != NO_DATE else ""
        return " · ".join(filter(None, (who, planned, started)))
    finished = moment_token(row.finished) if row.finished != NO_DATE else "date not given"
    points = format_points_short(record.session, record.details) or "points not given"
    return " · ".join(filter(None, (_by(observer), finished, format_duration(record.session), points)))


def observed(record: SessionRecord, observer: str) -> str:
    """Who observed it ("" if the reader did), when, and how many criteria were answered if some were skipped: all that
    a result that met its target needs beside its number."""
    row = record.session.facts
    finished = moment_token(row.finished) if row.finished != NO_DATE else "date not given"
    return " · ".join(filter(None, (_by(observer), finished, format_skipped(record.details))))


def _by(observer: str) -> str:
    return observed_by(observer, begins=True) if observer else "Observed by you"


def weak_points(record: SessionRecord, *, briefly: bool = False) -> list[Block]:
    """Why a result is low, or why that is not known; no block for a result that is not. `briefly`: the areas alone."""
    outcome = outcome_of(record.session)
    if not outcome.is_failing:
        return []
    rule = safe(failed_by(record.session), TITLE + NAME)
    heading = f"*Why ({rule})*" if rule else "*Why*"
    found = [] if record.details is None else reasons(record.details, outcome, briefly=briefly)
    if record.details is None:
        return [*([context(f"Why: {rule}")] if rule else []), *missing_details(record)]
    return [section(mrkdwn("\n".join([heading, *found])))] if found or rule else []


def missing_details(record: SessionRecord) -> list[Block]:
    """Why a session's criteria are not shown; no block if it has none to show."""
    reason = format_missing_details(record.session)
    return [context(reason)] if reason else []


def since_last_time(record: SessionRecord, facts: CardFacts) -> str:
    """How the result changed since the employee's previous one, and the how many-th low one it is; "" if that may not
    be said."""
    key = record.session.key
    if key not in facts.with_previous or not outcome_of(record.session).is_over:
        return ""
    times = format_times(facts.times.get(key, 1), outcome_of(record.session))
    return " ".join(filter(None, (change_since_previous(record), times)))


def format_card_before(card: CardBefore) -> str:
    """`the card of 23 Nov, 05:58 has the rest`, with a link if it is known, for mrkdwn."""
    when = date_token(card.posted_at)
    return f"<{escape(card.link)}|the card before> ({when})" if card.link else f"the rest is on the card of {when}"


def remarks(record: SessionRecord, facts: CardFacts, *first: str, is_titled: bool = True) -> list[Block]:
    """What happened around the result: corrections, an earlier completion, acknowledgements. `is_titled`: they stand
    under `card_title`, which gives a verdict."""
    missing_since = record.session.missing_since
    before = facts.cards_before.get(record.session.key)
    return _said(
        [
            *first,
            format_unchecked(record),
            completion_before(record),
            *_format_corrections(record, is_titled),
            f"Shown before: {format_card_before(before)}." if before is not None else "",
            f"iSpring no longer lists this session (noticed {date_token(missing_since)})." if missing_since else "",
            format_acknowledged(record),
            format_follow_ups(record),
        ]
    )


def _format_corrections(record: SessionRecord, is_titled: bool) -> list[str]:
    """The newest corrections for mrkdwn; of what the title says only the time."""
    corrections = corrections_of(record)
    lines = [
        f"Result changed: {history_line(entry, with_verdict=is_titled)}" for entry in corrections[-MAX_CORRECTIONS:]
    ]
    if is_titled and corrections and outcome_of(record.session).is_over and is_said_by_headline(corrections[-1]):
        lines[-1] = f"Corrected {date_token(corrections[-1].at)}."
    return lines


def format_unchecked(record: SessionRecord) -> str:
    """That critical criteria were not judged; "" if they were, or there are none. Our own words."""
    found = unchecked(record.session)
    return f"{found[0].upper()}{found[1:]}." if found else ""


def _said(lines: Sequence[str]) -> list[Block]:
    text = "\n".join(line for line in lines if line)
    return [section(mrkdwn(text))] if text else []


def format_acknowledged(record: SessionRecord) -> str:
    """Who acknowledged a result, and when, for mrkdwn; "" if no one did."""
    if not record.acknowledgements:
        return ""
    who = [f"<@{one.slack_user_id}> {date_token(one.at)}" for one in record.acknowledgements]
    more = len(who) - MAX_ACKNOWLEDGEMENTS
    lead = "Acknowledged" if outcome_of(record.session).is_over else "That result was acknowledged"
    return f"{lead} by {'; '.join(who[:MAX_ACKNOWLEDGEMENTS])}" + (f" and {more} more" if more > 0 else "")


def card_buttons(
    record: SessionRecord, facts: CardFacts, *, may_acknowledge: bool, may_follow_up: bool = False
) -> list[Block]:
    """Acknowledge and Follow up for a failing result (several people may), Details, and a menu with the rest."""
    key = record.session.key
    about = f"{facts.name_of(key, 30)}, {bare(record.session.facts.checklist_title, 30)}"
    made = [acknowledge_button(record, label=f"Acknowledge: {about}")] if may_acknowledge else []
    made += [follow_up_button(key, about)] if may_follow_up else []
    made.append(details_button(record, facts))
    return [*made, more_menu(record, facts)]


def details_button(record: SessionRecord, facts: CardFacts, suffix: int | None = None) -> Block:
    """The button that opens a session; `suffix` keeps look-alike ones apart."""
    key = record.session.key
    about = f"{facts.name_of(key, 30)}, {bare(record.session.facts.checklist_title, 30)}"
    action = actions.DETAILS if suffix is None else actions.action_id(actions.DETAILS, suffix)
    return button(action, "Details", actions.session_value(key), label=f"Details: {about}")


def more_menu(record: SessionRecord, facts: CardFacts, *, with_details: bool = False) -> Block:
    """The menu with what a card has no button for."""
    details = option("Details", f"{actions.DETAILS} {actions.session_value(record.session.key)}")
    choices = [
        *([details] if with_details else []),
        option("History", f"history employee:{id_value(record.session.key.employee_id)}"),
        option("Mute…", "mute"),
        option("Why here?", f"why {record.short_id}"),
        *([option("Open in iSpring", actions.OPEN, facts.account_url)] if facts.account_url else []),
    ]
    return overflow(actions.MORE, choices)


def acknowledge_button(record: SessionRecord, label: str = "") -> Block:
    """The button with which a user says that they have seen a failing result."""
    text = "Acknowledge too" if record.acknowledgements else "Acknowledge"
    value = actions.session_value(record.session.key)
    return button(actions.ACKNOWLEDGE, text, value, label=label, style="" if record.acknowledgements else "primary")


def foot_line(key: SessionKey, facts: CardFacts, rule_ids: tuple[int, ...] = ()) -> str:
    """The session's short id, the rules behind the card, and how old the data is, for mrkdwn."""
    parts = (f"Session {short_id_of(key, facts)}", format_rules(rule_ids), format_age(facts))
    return " · ".join(filter(None, parts))


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
