"""Several sessions in one message: how many of them are low and where, the worst with their reason, then the others."""

from collections import Counter
from collections.abc import Sequence
from itertools import groupby

from bot.blocks import actions
from bot.blocks.card_facts import CardFacts
from bot.blocks.cards import UNTITLED, details_button, format_age, format_rules, short_id_of
from bot.blocks.charts import data_table
from bot.blocks.elements import (
    OPTION_TEXT,
    Block,
    button,
    context,
    header,
    inline,
    lines,
    menu,
    mrkdwn,
    option,
    overflow,
    section,
    with_fallback,
)
from bot.blocks.elements import actions as buttons
from bot.blocks.markup import bare, safe
from bot.blocks.results import EMOJI, format_times, unchecked, weakest_areas
from bot.domain.changes import outcome_of
from bot.domain.model import ChangeKind, Outcome, OutcomeKind, SessionKey, SessionRecord
from bot.domain.outcomes import exact, median, percent, score_and_word
from bot.domain.text import clip, count

# 25 lines of these, with their ids and results, stay under what Slack takes for all blocks.
LINE_NAME = 30
LINE_TITLE = 40
LINE_SITE = 24

WITH_REASON = 5  # of the worst
SITES = 4
AREAS = 2  # of one result
LINE_AREA = 24

_LISTED_BEHIND = (
    OutcomeKind.MET,
    OutcomeKind.COMPLETED,
    OutcomeKind.IN_PROGRESS,
    OutcomeKind.PLANNED,
    OutcomeKind.UNKNOWN,
)
_HEADINGS = {
    OutcomeKind.MET: "Met target",
    OutcomeKind.COMPLETED: "Completed",
    OutcomeKind.IN_PROGRESS: "In progress",
    OutcomeKind.PLANNED: "Planned",
    OutcomeKind.UNKNOWN: "Status unknown to Spotter",
}


def grouped_card(
    keys: Sequence[SessionKey],
    facts: CardFacts,
    rule_ids: tuple[int, ...] = (),
    *,
    whose: str = "",
    can_be_acknowledged: bool = True,
) -> list[Block]:
    """One message for several sessions. `whose` begins its heading ("You observed:"), "" for a channel."""
    records = sorted((record for key in keys if (record := facts.visible(key))), key=_worst_first)
    failing = [record for record in records if outcome_of(record.session).is_failing]
    others = records[len(failing) :]
    hidden = [hidden_row(key, facts) for key in keys if facts.visible(key) is None]
    foot = " · ".join(filter(None, (format_rules(rule_ids), format_age(facts))))
    goal = _shared_target(failing)
    return [
        header(_heading(failing, records, len(keys), whose, goal)),
        *([context(_places(failing, records, facts))] if records else []),
        *(_with_reason(number, record, facts, goal) for number, record in enumerate(failing[:WITH_REASON])),
        *_without_reason(failing[WITH_REASON:], facts, goal),
        *_listed_behind(others, facts),
        *lines(hidden),
        *([_buttons(records, failing, facts, can_be_acknowledged=can_be_acknowledged)] if records else []),
        *([context(foot)] if foot else []),
    ]


def _worst_first(record: SessionRecord) -> tuple[int, float]:
    outcome = outcome_of(record.session)
    rank = 0 if outcome.kind is OutcomeKind.CRITICAL else 1 if outcome.is_failing else 2
    return rank, outcome.score if outcome.score is not None else -1


# ---- how many, and where ---------------------------------------------------------------------------------------------


def _shared_target(failing: Sequence[SessionRecord]) -> float | None:
    """The target that all of these are below, which the heading then says for them; None if it is not the same one, or
    if one failed otherwise."""
    targets = {_outcome(record).target for record in failing if _kind(record) is OutcomeKind.BELOW}
    is_one = len(targets) == 1 and all(_kind(record) is OutcomeKind.BELOW for record in failing)
    return targets.pop() if is_one else None


def _heading(
    failing: Sequence[SessionRecord], records: Sequence[SessionRecord], sessions: int, whose: str, goal: float | None
) -> str:
    """`🔴 3 of 8 below target 80 %`, `✅ 8 sessions, all met target`, `8 sessions`."""
    start = f"{whose} " if whose else ""
    if failing:
        below = "below target" if goal is None else f"below target {exact(goal)}"
        words = " or ".join(dict.fromkeys(_low_word(record, below) for record in failing))
        return f"{EMOJI[outcome_of(failing[0].session).kind]} {start}{len(failing)} of {len(records)} {words}"
    number = count(sessions, "session")
    if records and len(records) == sessions and all(_kind(record) is OutcomeKind.MET for record in records):
        return f"{EMOJI[OutcomeKind.MET]} {start}{number}, all met target"
    return f"{start}{number}"


def _places(failing: Sequence[SessionRecord], records: Sequence[SessionRecord], facts: CardFacts) -> str:
    """`Store 14: 2 below of 4 · Store 21: 1 of 1 · median 87 %` for mrkdwn, the site with most low results first."""
    low, every = (Counter(_place(one, facts) for one in those) for those in (failing, records))
    sites = sorted(every, key=lambda name: (-low[name], -every[name], name))
    words = " or ".join(dict.fromkeys(_low_word(record, "below") for record in failing))
    parts = []
    for number, site in enumerate(sites[:SITES]):
        of = f"{low[site]}{f' {words}' if number == 0 else ''} of " if failing else ""
        parts.append(f"{safe(site, LINE_SITE)}: {of}{every[site]}")
    if len(sites) > SITES:
        parts.append(f"{count(len(sites) - SITES, 'more site')}")
    scores = [one.score for one in map(_outcome, records) if one.is_over and one.score is not None]
    return " · ".join([*parts, *([f"median {percent(median(scores))}"] if scores else [])])


def _low_word(record: SessionRecord, below: str) -> str:
    if _kind(record) is OutcomeKind.CRITICAL:
        return "critical"
    return below if _kind(record) is OutcomeKind.BELOW else "failed"


# ---- the sessions ----------------------------------------------------------------------------------------------------


def _with_reason(number: int, record: SessionRecord, facts: CardFacts, goal: float | None) -> Block:
    """One of the worst: its result, what and where, and why. Its last line ends with its short id."""
    title = safe(record.session.facts.checklist_title, LINE_TITLE) or UNTITLED
    what = f"{title} · {safe(_short_site(record, facts), LINE_SITE)}"
    last = _end(record, facts)
    reason = _reason(record, facts)
    text = f"*{safe(_first(record, facts, goal), 300)}*\n{what}" + (f"\n{reason} · {last}" if reason else f" · {last}")
    return section(mrkdwn(text), details_button(record, facts, number))


def _reason(record: SessionRecord, facts: CardFacts) -> str:
    """`Cash 20 %, Lock-up 45 %; third time below target` for mrkdwn; "" if nothing is known."""
    outcome, key = outcome_of(record.session), record.session.key
    expected = 100.0 if outcome.target is None else outcome.target
    weak = weakest_areas(record.details, AREAS, expected) if record.details is not None else []
    areas = ", ".join(f"{safe(area.title, LINE_AREA)} {percent(value, target=outcome.target)}" for area, value in weak)
    times = format_times(facts.times.get(key, 1), outcome) if key in facts.with_previous else ""
    again = times.removesuffix(" on this checklist.")
    return "; ".join(filter(None, (areas, again[:1].lower() + again[1:])))


def _without_reason(records: Sequence[SessionRecord], facts: CardFacts, goal: float | None) -> list[Block]:
    """The other low results, as a table with one row for each, or as lines of plain text that end with the short id."""
    if not records:
        return []
    header_row = ("Employee", "Result", "Checklist", "Site", "Session")
    table = data_table("The other low results", header_row, [_cells(record, facts, goal) for record in records])
    as_lines = lines([f"{EMOJI[_kind(record)]} {' · '.join(_cells(record, facts, goal))}" for record in records])
    return as_lines if table is None else [with_fallback([table], as_lines)]


def _cells(record: SessionRecord, facts: CardFacts, goal: float | None) -> tuple[str, str, str, str, str]:
    """Who, how it came out, what, where, and the end of the line, as plain text that may be untrusted."""
    key = record.session.key
    return (
        facts.name_of(key, LINE_NAME),
        _result(record, goal),
        bare(record.session.facts.checklist_title, LINE_TITLE) or UNTITLED,
        _short_site(record, facts),
        _end(record, facts),
    )


def _first(record: SessionRecord, facts: CardFacts, goal: float | None) -> str:
    return f"{EMOJI[_kind(record)]} {facts.name_of(record.session.key, LINE_NAME)} · {_result(record, goal)}"


def _result(record: SessionRecord, goal: float | None) -> str:
    """`72 %, below target 80 %`; `72 %` alone if the heading says the target."""
    found = score_and_word(_outcome(record))
    return bare(found.score if goal is not None else str(found)) + _before_correction(record)


def _end(record: SessionRecord, facts: CardFacts) -> str:
    """Whether it was acknowledged, and its short id: a line keeps its last part if it has to be shortened."""
    acknowledged = "acknowledged" if record.acknowledgements else ""
    end = bare(short_id_of(record.session.key, facts))
    return " · ".join(filter(None, (unchecked(record.session), acknowledged, end)))


def hidden_row(key: SessionKey, facts: CardFacts) -> str:
    """A session that may not be shown here any more, in a line of plain text."""
    return f"No longer shown here · {bare(short_id_of(key, facts))}"


def _listed_behind(records: Sequence[SessionRecord], facts: CardFacts) -> list[Block]:
    """The results that are not low, behind each other under the word they share."""
    by_word = sorted(records, key=lambda record: (_LISTED_BEHIND.index(_kind(record)), _outcome(record).target or 0))
    blocks: list[Block] = []
    for (kind, target), those in groupby(by_word, key=lambda record: (_kind(record), _outcome(record).target)):
        goal = f" {exact(target)}" if kind is OutcomeKind.MET and target is not None else ""
        blocks += inline([f"{EMOJI[kind]} *{_HEADINGS[kind]}{goal}:*", *(_short(record, facts) for record in those)])
    return blocks


def _short(record: SessionRecord, facts: CardFacts) -> str:
    """`Samir Qureshan 87 % · 285f0c77` for mrkdwn."""
    outcome = outcome_of(record.session)
    found = score_and_word(outcome)
    words = found.score or ("" if outcome.kind in (OutcomeKind.IN_PROGRESS, OutcomeKind.PLANNED) else bare(found.word))
    parts = f"{facts.name_of(record.session.key, LINE_NAME)} {clip(words, LINE_TITLE)}".strip()
    end = bare(short_id_of(record.session.key, facts))
    missing = unchecked(record.session)
    note = f" ({missing})" if missing else ""
    return f"{safe(parts + _before_correction(record) + note, 300)} · {safe(end)}"


def _before_correction(record: SessionRecord) -> str:
    """The result that a correction or a re-opening replaced, for readers who remember it: an edited message does not
    show it."""
    replacing = (ChangeKind.CORRECTED, ChangeKind.REOPENED)
    olds = [entry.old for entry in record.history if entry.kind in replacing and entry.old is not None]
    was = f" (was {percent(olds[-1].score)})" if olds and olds[-1].score is not None else ""
    is_again = record.session.completion > 1 and outcome_of(record.session).is_over
    return f"{was}, completed again" if is_again else was


# ---- buttons, menus and words ----------------------------------------------------------------------------------------


def _buttons(
    records: Sequence[SessionRecord], failing: Sequence[SessionRecord], facts: CardFacts, *, can_be_acknowledged: bool
) -> Block:
    """Acknowledge those that no one has acknowledged, open any that has no button, and a menu with the rest."""
    open_ones = [record for record in failing if not record.acknowledgements] if can_be_acknowledged else []
    choices = [option("Mute…", "mute")]
    if facts.account_url:
        choices.append(option("Open in iSpring", actions.OPEN, facts.account_url))
    return buttons(
        [
            *acknowledge_buttons(open_ones),
            *_menu(actions.DETAILS, "Details of…", [*failing[WITH_REASON:], *records[len(failing) :]], facts),
            overflow(actions.MORE, choices),
        ]
    )


def acknowledge_buttons(records: Sequence[SessionRecord]) -> list[Block]:
    """The button that acknowledges all of these results; no button for none, or for more ids than a value holds."""
    value = actions.encode(actions.Sessions(tuple(record.session.key for record in records)))
    if not records or not value:
        return []
    text = f"Acknowledge the {len(records)}" if len(records) > 1 else "Acknowledge it"
    return [button(actions.ACKNOWLEDGE_ALL, text, value, style="primary")]


def details_menu(records: Sequence[SessionRecord], facts: CardFacts) -> list[Block]:
    """A menu that opens each of these sessions; no block for none."""
    made = _menu(actions.DETAILS, "Details of…", records, facts)
    return [buttons(made)] if made else []


def age_line(facts: CardFacts) -> list[Block]:
    """How old the data is; no block if iSpring was never read in full."""
    age = format_age(facts)
    return [context(age)] if age else []


def _menu(action: str, placeholder: str, records: Sequence[SessionRecord], facts: CardFacts) -> list[Block]:
    """A menu rather than a button per line: 25 lines with buttons would be more blocks than a reader can scan."""
    made = menu(action, placeholder, [_choice(record, facts) for record in records])
    return [made] if made["options"] else []


def _choice(record: SessionRecord, facts: CardFacts) -> Block:
    score = score_and_word(outcome_of(record.session)).score
    who = f"{facts.name_of(record.session.key, LINE_NAME)} {score}".strip()
    title = bare(record.session.facts.checklist_title, OPTION_TEXT) or UNTITLED
    return option(f"{who}, {title}", actions.session_value(record.session.key))


def _outcome(record: SessionRecord) -> Outcome:
    return outcome_of(record.session)


def _kind(record: SessionRecord) -> OutcomeKind:
    return outcome_of(record.session).kind


def _place(record: SessionRecord, facts: CardFacts) -> str:
    """A department is named after the place above it ("Store 12, Kitchen"): the place."""
    return facts.site_of(record.session.key).partition(", ")[0]


def _short_site(record: SessionRecord, facts: CardFacts) -> str:
    """The whole name of a site, or the place alone if that is too long."""
    name = facts.site_of(record.session.key)
    return bare(name if len(name) <= LINE_SITE else _place(record, facts), LINE_SITE)
