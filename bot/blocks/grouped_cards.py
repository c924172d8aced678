"""Several sessions in one message: how many and how good on average, the bad ones first, one line each."""

from collections import Counter
from collections.abc import Callable, Sequence

from bot.blocks import actions
from bot.blocks.cards import CardFacts, Part, format_age, format_rules, short_id_of
from bot.blocks.elements import OPTION_TEXT, Block, bare, context, count, header, lines, link_button, menu, option, safe
from bot.blocks.elements import actions as buttons
from bot.blocks.results import verdict
from bot.domain.changes import outcome_of
from bot.domain.model import ChangeKind, Outcome, OutcomeKind, SessionKey, SessionRecord
from bot.domain.outcomes import percent

# 25 lines of these, with their ids and results, stay under what Slack takes for a text and for all blocks.
LINE_NAME = 30
LINE_TITLE = 40
LINE_SITE = 24
LINE_VERDICT = 45

_LABELS = (
    (OutcomeKind.FAILED, "failed"),
    (OutcomeKind.BELOW, "below target"),
    (OutcomeKind.MET, "met target"),
    (OutcomeKind.COMPLETED, "completed"),
    (OutcomeKind.IN_PROGRESS, "in progress"),
    (OutcomeKind.PLANNED, "planned"),
    (OutcomeKind.UNKNOWN, "with a status unknown to Spotter"),
)


def grouped_card(
    keys: Sequence[SessionKey],
    facts: CardFacts,
    rule_ids: tuple[int, ...] = (),
    *,
    whose: str = "",
    said: Callable[[Outcome], str] = verdict,
    acknowledgeable: bool = True,
) -> Part:
    """One message for several sessions.

    `whose` begins its heading ("You observed"), "" for a channel; `said` puts an outcome in words (where that is not
    the verdict, the counts by verdict are left out too).
    """
    ordered = _worst_first(keys, facts)
    shown = [record for key in ordered if (record := facts.visible(key))]
    outcomes = [outcome_of(record.session) for record in shown]
    heading = f"{whose} {count(len(keys), 'session')}".strip()
    summary = format_counts(outcomes) if said is verdict else ""
    text = [_line(number, key, facts, said) for number, key in enumerate(ordered, 1)]
    blocks: list[Block] = [header(heading), *lines([summary] if summary else []), *lines(text)]
    elements = _menus(ordered, facts, acknowledgeable=acknowledgeable)
    if elements:
        blocks.append(buttons(elements))
    foot = " · ".join(filter(None, (format_rules(rule_ids), format_age(facts))))
    if foot:
        blocks.append(context(foot))
    head = f"{heading}: {summary}" if summary else heading
    return Part("\n".join([head, *(_text_line(key, facts, said) for key in ordered)]), tuple(blocks))


def format_counts(outcomes: Sequence[Outcome]) -> str:
    """`2 below target, 3 met target · mean 81 %`, the bad ones first; the mean is of the scored ones."""
    kinds = Counter(outcome.kind for outcome in outcomes)
    parts = ", ".join(f"{kinds[kind]} {words}" for kind, words in _LABELS if kinds[kind])
    scores = [outcome.score for outcome in outcomes if outcome.is_over and outcome.score is not None]
    return f"{parts} · mean {percent(sum(scores) / len(scores))}" if scores else parts


def _worst_first(keys: Sequence[SessionKey], facts: CardFacts) -> list[SessionKey]:
    def rank(key: SessionKey) -> tuple[int, float]:
        record = facts.visible(key)
        if record is None:
            return 2, 0
        outcome = outcome_of(record.session)
        return 0 if outcome.is_failing else 1, outcome.score if outcome.score is not None else -1

    return sorted(keys, key=rank)


def _line(number: int, key: SessionKey, facts: CardFacts, said: Callable[[Outcome], str]) -> str:
    record = facts.visible(key)
    short_id = bare(short_id_of(key, facts))
    if record is None:
        return f"{number}. No longer shown here · {short_id}"
    return (
        f"{number}. {said(outcome_of(record.session))}{_before(record)} · {_who_and_what(record, facts)} · {short_id}"
    )


def _text_line(key: SessionKey, facts: CardFacts, said: Callable[[Outcome], str]) -> str:
    record = facts.visible(key)
    if record is None:
        return f"No longer shown here, session {short_id_of(key, facts)}"
    format_key = (
        safe(said(outcome_of(record.session)), LINE_VERDICT) + _before(record),
        safe(facts.directory.name_of(key.employee_id), LINE_NAME),
        safe(record.session.facts.checklist_title, LINE_TITLE) or "checklist without a title",
    )
    return f"{', '.join(format_key)}{_seen(record, ', ')}, session {short_id_of(key, facts)}"


def _menus(ordered: Sequence[SessionKey], facts: CardFacts, *, acknowledgeable: bool) -> list[Block]:
    """Menus rather than a button per line: 25 lines with buttons would be more blocks than a reader can scan."""
    numbered = [(number, record) for number, key in enumerate(ordered, 1) if (record := facts.visible(key))]
    choices = [_choice(number, record, facts) for number, record in numbered]
    bad = [_choice(number, record, facts) for number, record in numbered if outcome_of(record.session).is_failing]
    made = [menu(actions.DETAILS, "Details of…", choices)] if choices else []
    if bad and acknowledgeable:
        made.append(menu(actions.ACKNOWLEDGE, "Acknowledge…", bad))
    if facts.account_url and made:
        made.append(link_button(actions.OPEN, "Open in iSpring", facts.account_url))
    return [element for element in made if element.get("options") != []]


def _choice(number: int, record: SessionRecord, facts: CardFacts) -> Block:
    name = bare(facts.directory.name_of(record.session.key.employee_id), LINE_NAME)
    title = bare(record.session.facts.checklist_title, OPTION_TEXT)
    return option(f"{number}. {name}, {title}", actions.session_value(record.session.key))


def _who_and_what(record: SessionRecord, facts: CardFacts) -> str:
    key = record.session.key
    who = bare(facts.directory.name_of(key.employee_id), LINE_NAME)
    what = bare(record.session.facts.checklist_title, LINE_TITLE) or "checklist without a title"
    return f"{who}, {_short_site(facts.site_of(key))} · {what}{_seen(record, ' · ')}"


def _before(record: SessionRecord) -> str:
    """The result that a correction replaced, for people who remember it; an edit shows no trace else."""
    olds = [entry.old for entry in record.history if entry.kind is ChangeKind.CORRECTED and entry.old is not None]
    old = olds[-1] if olds else None
    return f" (was {percent(old.score)})" if old is not None and old.score is not None else ""


def _seen(record: SessionRecord, before: str) -> str:
    return f"{before}acknowledged" if record.acknowledgements else ""


def _short_site(name: str) -> str:
    """A department is named after the place above it ("Store 12, Kitchen"): where both are too long, the place."""
    return bare(name if len(name) <= LINE_SITE else name.partition(", ")[0], LINE_SITE)
