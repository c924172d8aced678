"""Queries that are stored, as those of rules: ids instead of names, so that nothing is rewritten when a person is
renamed or erased."""

from collections.abc import Sequence
from dataclasses import replace

from bot.domain.errors import QueryError
from bot.query.keys import KEYS, Key, Query, Term
from bot.query.names import LONGEST_NAME, Kind, Names, id_of, id_value
from bot.query.nearest import normalize
from bot.query.parser import LONGEST_TEXT, MOST_TERMS, is_text, parse, say

MOST_IDS = 10  # that one name may mean to be stored as ids


def by_id(query: Query, names: Names, at_most: int = MOST_IDS) -> Query:
    """The query with ids for the names in it, among those given.

    A person's name or mention becomes the ids it means if these are 1 to `at_most`; a checklist or department becomes
    one only by its whole name. Every other name stays as typed and is resolved when the query is. So do names whose ids
    would make the query longer than can be read.
    """
    ids = {at: found for at, term in enumerate(query.terms) if 1 <= len(found := _ids(term, names)) <= at_most}
    terms = [[term] for term in query.terms]
    for at in sorted(ids, key=lambda at: len(ids[at])):  # the names of one person first
        before, terms[at] = terms[at], [replace(query.terms[at], value=value) for value in ids[at]]
        if sum(map(len, terms)) > MOST_TERMS or len(say(_joined(terms))) > LONGEST_TEXT:
            terms[at] = before
    return _joined(terms)


def _joined(terms: Sequence[Sequence[Term]]) -> Query:
    return Query(tuple(dict.fromkeys(term for replaced in terms for term in replaced)))


def _ids(term: Term, names: Names) -> Sequence[str]:
    """The ids that stand for the name in a term, as values; none if it has no name, or one whose id is too long."""
    kind = KEYS[term.key].kind
    if kind is None or id_of(term.value) is not None:
        return ()
    meant = names.meant(kind, term.value) if kind is Kind.PERSON else names.exactly(kind, term.value)
    values = [id_value(ident) for ident in sorted(meant)]
    return values if all(len(value) <= LONGEST_NAME for value in values) else ()


def kept_as_text(query: Query, names: Names) -> Sequence[tuple[str, int]]:
    """The people's names that a stored query holds as text, each with how many people it means."""
    people = [term for term in query.terms if is_text(term) and KEYS[term.key].kind is Kind.PERSON]
    return [(term.value, len(names.meant(Kind.PERSON, term.value))) for term in people]


def people_in(text: str, names: Names) -> frozenset[str]:
    """The ids of the people whom a stored text names, by id or by name; none if it can't be read any more."""
    try:
        query = parse(text)
    except QueryError:
        return frozenset()
    people = [term.value for term in query.terms if KEYS[term.key].kind is Kind.PERSON]
    return frozenset[str]().union(*(names.meant(Kind.PERSON, value) for value in people))


def same_meaning(one: Query, other: Query, names: Names) -> bool:
    """Whether two queries ask for the same, whatever the order and spelling of their terms, and whether they name
    people by name or by id."""
    return _terms_of(one, names) == _terms_of(other, names)


def _terms_of(query: Query, names: Names) -> frozenset[tuple[Key, str, bool]]:
    return frozenset(
        (term.key, normalize(term.value) if is_text(term) else term.value, term.negated)
        for term in by_id(query, names).terms
    )


def with_labels(query: Query, names: Names) -> Query:
    """The query with the names of its ids, to be shown and not to be read again."""
    return Query(tuple(_with_label(term, names) for term in query.terms))


def _with_label(term: Term, names: Names) -> Term:
    kind, ident = KEYS[term.key].kind, id_of(term.value)
    return term if kind is None or ident is None else replace(term, value=names.label(kind, ident))
