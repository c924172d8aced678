"""Rules: which query may be one, how one is made, and what its query means today, with the names known by now."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from bot.domain.errors import QueryError
from bot.domain.model import Destination, OutcomeKind, Rule, RuleState
from bot.domain.permissions import EVERYTHING
from bot.domain.routing import introduction
from bot.query.keys import OUTCOMES
from bot.query.parser import Filter, Key, Query, Term, mentioned, parse, resolve, say
from bot.store.database import Tx


def rule_query(text: str) -> Query:
    """The query of a rule to be made. Raises QueryError as `parse` does, and if the rule could match nothing because no
    completed session has such an outcome."""
    query = parse(text)
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


def make_rule(
    tx: Tx, destination: Destination, owner: str, query: Query, state: RuleState, now: datetime, *, audience: str = ""
) -> Rule:
    """Stores a rule, queues its introduction and writes the audit log; returns the rule.

    `audience` is PRIVATE or PUBLIC, "" if nothing is known of the channel yet.
    """
    rule = tx.rules.add(destination, owner, say(query), state, now)
    if audience:
        tx.rules.note_audience(rule.rule_id, audience)
    tx.notifications.enqueue(introduction(rule), now)
    tx.audit_log.write(owner, "subscribe", f"rule:{rule.rule_id}", now)
    return rule


def same_rule(tx: Tx, destination: Destination, query: Query) -> Rule | None:
    """The rule of a destination that has the same query; None if there is none."""
    return next((rule for rule in tx.rules.at(destination) if rule.query == say(query)), None)


def rule_filters(
    tx: Tx, rules: Iterable[Rule], now: datetime, titles: Mapping[str, str] | None = None
) -> Mapping[int, Filter]:
    """The filter of each rule by its number; a rule whose query can't be understood any more has none. `titles`:
    checklists by id that are not stored yet, or under another name."""
    titles, directory = {**tx.search.checklist_titles(EVERYTHING), **(titles or {})}, tx.people.directory()
    found = {}
    for rule in rules:
        try:
            query = parse(rule.query)
        except QueryError:
            continue
        people = {user: tx.people.linked_person(user) for user in mentioned(query)}
        found[rule.rule_id] = resolve(
            query,
            directory=directory,
            checklists=titles,
            mentions={user: person for user, person in people.items() if person is not None},
            now=now,
            zone=UTC,
        )
    return found
