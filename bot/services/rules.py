"""Rules: which query may be one, how one is made, and what its query means today, with the names known by now."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from bot.domain.directory import Directory
from bot.domain.errors import QueryError
from bot.domain.filters import Filter
from bot.domain.model import OutcomeKind
from bot.domain.notifications import Destination, DestinationKind
from bot.domain.permissions import EVERYTHING, AccessScope
from bot.domain.routing import introduction
from bot.domain.rules import DEFAULT_OPTIONS, OPERATOR, Rule, RuleForm, RuleOptions, RuleState
from bot.query.by_id import MOST_IDS, by_id, kept_as_text, same_meaning, with_labels
from bot.query.keys import SHAPE
from bot.query.parser import Key, Names, Query, Term, is_text, parse, resolve, say, unmatched, words
from bot.query.values import OUTCOMES
from bot.services.visible_names import visible_names
from bot.store.database import Tx

_TIMES = (Key.SINCE, Key.UNTIL)
_FROM_NOW_ON = {
    "rule": "it posts what is completed from now on, until it ends",
    "mute": "it holds back what is completed from now on, until its end",
}
NOT_READABLE = "sessions by a condition that names what you may not see"
UNREADABLE = "a query that can't be read any more"


def rule_query(text: str) -> Query:
    """The query of a rule to be made. Raises QueryError as `parse` and `fit_for_rule` do."""
    return fit_for_rule(parse(text))


def fit_for_rule(query: Query) -> Query:
    """The query, if a rule may ask it. Raises QueryError if it names a time or says how an answer is made, or if the
    rule could match nothing because no completed session has such an outcome."""
    without_times(query)
    matched = {kind for kind in OutcomeKind if kind.is_over}
    asked = [term for term in query.terms if term.key is Key.OUTCOME]
    if wanted := [OUTCOMES[term.value][1] for term in asked if not term.negated]:
        matched.intersection_update(frozenset().union(*wanted))
    matched.difference_update(*(OUTCOMES[term.value][1] for term in asked if term.negated))
    if matched:
        return query
    others = [term for term in query.terms if term not in asked]
    raise QueryError(
        "A rule posts completed sessions only, so one with this outcome would never post anything.",
        [say(Query((*others, Term(Key.OUTCOME, outcome)))) for outcome in ("completed", "failed")],
    )


def without_times(query: Query, what: str = "rule") -> Query:
    """The query, if it names no time and says nothing of how an answer is made. Raises QueryError with one that does
    not. `what`: "rule" or "mute"."""
    past = [term for term in query.terms if term.key in (*_TIMES, *SHAPE)]
    if not past:
        return query
    allowed = Query(tuple(term for term in query.terms if term not in past))
    named = " and ".join(dict.fromkeys(f"“{term.key}”" for term in past))
    is_time = any(term.key in _TIMES for term in past)
    why = f"{_FROM_NOW_ON[what]}. Leave it out; “results” lists a time" if is_time else "that says how a list is made"
    raise QueryError(f"A {what} takes no {named}: {why}.", [say(allowed)])


def make_rule(
    tx: Tx,
    destination: Destination,
    owner: str,
    query: Query,
    state: RuleState,
    now: datetime,
    *,
    audience: str = "",
    options: RuleOptions = DEFAULT_OPTIONS,
) -> Rule:
    """Stores a rule, queues its introduction and writes the audit log; returns the rule. `query` names people by id.

    `audience` is PRIVATE or PUBLIC, "" if nothing is known of the channel yet. A person's rule needs no introduction:
    who made it is its only reader.
    """
    rule = tx.rules.add(destination, owner, say(query), state, now, options)
    if audience:
        tx.rules.note_audience(rule.rule_id, audience)
    if destination.kind is DestinationKind.CHANNEL:
        tx.notifications.enqueue(introduction(rule), now)
    tx.audit_log.write(owner, "subscribe", f"rule:{rule.rule_id}", now)
    return rule


def edit_rule(tx: Tx, rule: Rule, query: str, options: RuleOptions, who: str, now: datetime) -> Rule:
    """Stores what a rule asks for from now on, and how it sends; returns the rule."""
    tx.rules.edit(rule.rule_id, query, options, now)
    update_introduction(tx, rule, now)
    tx.audit_log.write(who, "edit", f"rule:{rule.rule_id}", now)
    return tx.rules.get(rule.rule_id) or rule


def update_introduction(tx: Tx, rule: Rule, now: datetime) -> None:
    """Makes the message that introduced a rule say how the rule is now."""
    tx.outbox.request_edit(rule.destination, introduction(rule).subject, now)


def end_rule(tx: Tx, rule: Rule, who: str, reason: str, now: datetime) -> Rule:
    """Ends a rule on request; returns it."""
    tx.rules.set_state(rule.rule_id, RuleState.ENDED, reason, now)
    update_introduction(tx, rule, now)
    tx.audit_log.write(who, "unsubscribe", f"rule:{rule.rule_id}", now)
    return tx.rules.get(rule.rule_id) or rule


def same_rule(tx: Tx, destination: Destination, query: Query, names: Names) -> Rule | None:
    """The rule of a destination that asks for the same, by these names; None if there is none."""
    return next((rule for rule in tx.rules.at(destination) if _asks_for(rule, query, names)), None)


def _asks_for(rule: Rule, query: Query, names: Names) -> bool:
    found = read(rule.query) if rule.options.form is RuleForm.RESULTS else None
    return found is not None and same_meaning(found, query, names)


def read(text: str) -> Query | None:
    """The query of a stored text, None if it can't be read any more."""
    try:
        return parse(text)
    except QueryError:
        return None


def rule_text(tx: Tx, query: str, scope: AccessScope, directory: Directory) -> str:
    """A stored query in words, with the names that those may see who see this much."""
    found = read(query)
    return UNREADABLE if found is None else words(found, visible_names(tx, scope, directory, found))


def text_for_reader(tx: Tx, query: str, scope: AccessScope, directory: Directory) -> str:
    """A stored query in words for others than its owner; without its names if it names what they may not see."""
    found = read(query)
    if found is None:
        return UNREADABLE
    known = visible_names(tx, scope, directory, found)
    return NOT_READABLE if not scope.everything and unmatched(found, known) else words(found, known)


def rule_canonical(tx: Tx, query: str) -> str:
    """A stored query for the operator: canonical text, but with the names of its ids."""
    found = read(query)
    return query if found is None else say(with_labels(found, _all_names(tx, [found])))


def rule_filters(
    tx: Tx, rules: Iterable[Rule], now: datetime, titles: Mapping[str, str] | None = None
) -> Mapping[int, Filter]:
    """The filter of each rule by its number; a rule whose query can't be understood any more has none. `titles`:
    checklists by id that are not stored yet, or under another name."""
    return filters_of(tx, {rule.rule_id: rule.query for rule in rules}, now, titles)


def filters_of(
    tx: Tx, texts: Mapping[int, str], now: datetime, titles: Mapping[str, str] | None = None
) -> Mapping[int, Filter]:
    """As `rule_filters`, of stored queries by any number."""
    if not texts:
        return {}
    queries = {number: query for number, text in texts.items() if (query := read(text)) is not None}
    names = _all_names(tx, queries.values(), titles)
    return {number: _rule_filter(query, names, now) for number, query in queries.items()}


def _rule_filter(query: Query, names: Names, now: datetime) -> Filter:
    """The filter, and which names in it the directory had to know: an id needs none."""
    named = {term.key for term in query.terms if is_text(term)}
    return replace(
        resolve(query, names, now=now, zone=UTC),
        by_department=any(term.key is Key.DEPT for term in query.terms),
        by_employee=Key.EMPLOYEE in named,
        by_observer=Key.OBSERVER in named,
    )


def name_people_by_id(tx: Tx) -> None:
    """Stores ids in the operator's rules that were made before anybody was known, with names kept as typed."""
    rules = [rule for rule in tx.rules.all() if rule.owner == OPERATOR]
    queries = {rule.rule_id: query for rule in rules if (query := read(rule.query)) is not None}
    names = _all_names(tx, queries.values())
    for number, query in queries.items():
        if (now_by_id := by_id(query, names)) != query:
            tx.rules.set_query(number, say(now_by_id))


def names_kept(query: Query, names: Names) -> Sequence[str]:
    """A sentence for each name of a person that a new rule keeps as text: whom it means, as far as its owner may see.
    The names are not escaped."""
    return [
        f"“{name}” is the name of {found} people, more than the {MOST_IDS} that a rule names one by one: it posts all "
        "whose name contains it, who come later too."
        if found
        else f"“{name}” is the name of nobody now: the rule posts nothing of them until somebody has this name."
        for name, found in kept_as_text(query, names)
    ]


def _all_names(tx: Tx, queries: Iterable[Query], titles: Mapping[str, str] | None = None) -> Names:
    checklists = {**tx.search.checklist_titles(EVERYTHING), **(titles or {})}
    return Names(tx.people.directory(), checklists, tx.people.mentions_in(*queries))
