"""Several sessions in one message: how many and how good on average, the failing ones first, one line each."""

from collections import Counter
from collections.abc import Callable, Sequence

from bot.blocks import actions
from bot.blocks.cards import UNTITLED, CardFacts, format_age, format_rules, short_id_of
from bot.blocks.elements import OPTION_TEXT, Block, context, header, lines, link_button, menu, option
from bot.blocks.elements import actions as buttons
from bot.blocks.markup import bare
from bot.blocks.results import verdict
from bot.domain.changes import outcome_of
from bot.domain.model import ChangeKind, Outcome, OutcomeKind, SessionKey, SessionRecord
from bot.domain.outcomes import mean, percent
from bot.domain.text import count

# 25 lines of these, with their ids and results, stay under what Slack takes for all blocks.
LINE_NAME = 30
LINE_TITLE = 40
LINE_SITE = 24

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
    format_outcome: Callable[[Outcome], str] = verdict,
    can_be_acknowledged: bool = True,
) -> list[Block]:
    """One message for several sessions.

    `whose` begins its heading ("You observed"), "" for a channel. `format_outcome` puts an outcome in words; if that is
    not the verdict, the counts by verdict are left out too.
    """
    ordered = _worst_first(keys, facts)
    outcomes = [outcome_of(record.session) for key in ordered if (record := facts.visible(key))]
    counts = [format_counts(outcomes)] if outcomes and format_outcome is verdict else []
    rows = [_row(number, key, facts, format_outcome) for number, key in enumerate(ordered, 1)]
    elements = _menus(ordered, facts, can_be_acknowledged=can_be_acknowledged)
    foot = " · ".join(filter(None, (format_rules(rule_ids), format_age(facts))))
    return [
        header(f"{whose} {count(len(keys), 'session')}".strip()),
        *lines(counts),
        *lines(rows),
        *([buttons(elements)] if elements else []),
        *([context(foot)] if foot else []),
    ]


def format_counts(outcomes: Sequence[Outcome]) -> str:
    """`2 below target, 3 met target · mean 81 %`, the failing ones first; the mean is of the scored ones."""
    kinds = Counter(outcome.kind for outcome in outcomes)
    parts = ", ".join(f"{kinds[kind]} {words}" for kind, words in _LABELS if kinds[kind])
    scores = [outcome.score for outcome in outcomes if outcome.is_over and outcome.score is not None]
    return f"{parts} · mean {percent(mean(scores))}" if scores else parts


def _worst_first(keys: Sequence[SessionKey], facts: CardFacts) -> list[SessionKey]:
    def rank(key: SessionKey) -> tuple[int, float]:
        record = facts.visible(key)
        if record is None:
            return 2, 0
        outcome = outcome_of(record.session)
        return 0 if outcome.is_failing else 1, outcome.score if outcome.score is not None else -1

    return sorted(keys, key=rank)


def _row(number: int, key: SessionKey, facts: CardFacts, format_outcome: Callable[[Outcome], str]) -> str:
    """One session in a line of plain text that ends with its short id."""
    record = facts.visible(key)
    short_id = bare(short_id_of(key, facts))
    if record is None:
        return f"{number}. No longer shown here · {short_id}"
    parts = [
        format_outcome(outcome_of(record.session)) + _before_correction(record),
        f"{bare(facts.directory.name_of(key.employee_id), LINE_NAME)}, {_short_site(facts.site_of(key))}",
        bare(record.session.facts.checklist_title, LINE_TITLE) or UNTITLED,
        "acknowledged" if record.acknowledgements else "",
        short_id,
    ]
    return f"{number}. {' · '.join(filter(None, parts))}"


def _menus(ordered: Sequence[SessionKey], facts: CardFacts, *, can_be_acknowledged: bool) -> list[Block]:
    """Menus rather than a button per line: 25 lines with buttons would be more blocks than a reader can scan."""
    numbered = [(number, record) for number, key in enumerate(ordered, 1) if (record := facts.visible(key))]
    failing = [(number, record) for number, record in numbered if outcome_of(record.session).is_failing]
    made = [menu(actions.DETAILS, "Details of…", [_choice(*one, facts) for one in numbered])]
    if can_be_acknowledged:
        made.append(menu(actions.ACKNOWLEDGE, "Acknowledge…", [_choice(*one, facts) for one in failing]))
    if facts.account_url and numbered:
        made.append(link_button(actions.OPEN, "Open in iSpring", facts.account_url))
    return [element for element in made if element.get("options") != []]


def _choice(number: int, record: SessionRecord, facts: CardFacts) -> Block:
    name = bare(facts.directory.name_of(record.session.key.employee_id), LINE_NAME)
    title = bare(record.session.facts.checklist_title, OPTION_TEXT)
    return option(f"{number}. {name}, {title}", actions.session_value(record.session.key))


def _before_correction(record: SessionRecord) -> str:
    """The result that a correction or a re-opening replaced, for readers who remember it: an edited message does not
    show it."""
    replacing = (ChangeKind.CORRECTED, ChangeKind.REOPENED)
    olds = [entry.old for entry in record.history if entry.kind in replacing and entry.old is not None]
    was = f" (was {percent(olds[-1].score)})" if olds and olds[-1].score is not None else ""
    is_again = record.session.completion > 1 and outcome_of(record.session).is_over
    return f"{was}, completed again" if is_again else was


def _short_site(name: str) -> str:
    """A department is named after the place above it ("Store 12, Kitchen"): the place if both are too long."""
    return bare(name if len(name) <= LINE_SITE else name.partition(", ")[0], LINE_SITE)
