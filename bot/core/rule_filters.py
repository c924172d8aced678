"""What the queries of rules mean today: their names and mentions looked up in what is known by now."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from bot.core.access import EVERYTHING
from bot.core.errors import QueryError
from bot.core.model import Rule
from bot.core.ports import Tx
from bot.core.query import Filter, mentioned, parse, resolve


def rule_filters(tx: Tx, rules: Iterable[Rule], now: datetime) -> Mapping[int, Filter]:
    """The filter of each rule by its number; a rule whose query can't be understood any more has none."""
    titles, directory = tx.sessions.checklist_titles(EVERYTHING), tx.people.directory()
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
