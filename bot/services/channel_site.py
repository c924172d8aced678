"""The one site that a channel seems to be of, by its name and by its rules, among what one person may see."""

import re
from collections.abc import Iterable, Sequence

from bot.domain.directory import Directory
from bot.domain.permissions import AccessScope
from bot.query.keys import Key, Query
from bot.query.name_index import NamedThing, NameIndex
from bot.query.names import Kind, Names
from bot.query.nearest import normalize

LONGEST_NAME = 80  # characters of a channel's name, as Slack allows
_SHORTEST = 3  # letters of a word that names a site alone: a number alone means nothing
_LIMITING = (Key.DEPT, Key.EMPLOYEE)


def site_of_channel(
    name: str, rules: Iterable[Query], query: Query, known: Names, directory: Directory, scope: AccessScope
) -> str | None:
    """The id of the department that a channel seems to be of, if a rule of `query` would post other people's sessions
    there too; None if nothing or more than one points to it.

    `name` is the channel's; `rules` are the queries of its rules; `known` and `scope` are what the asker may see.
    """
    if any(term.key in _LIMITING and not term.negated for term in query.terms):
        return None
    found = _by_name(name, NameIndex.of(known, directory)) or _by_rules(rules, known)
    if found is None or known.directory.departments[found].parent_id is None:  # the company itself
        return None
    within = known.directory.people_under(found)
    is_one_of_several = bool(scope.employees & within) and not scope.employees <= within
    return found if scope.everything or is_one_of_several else None


def _by_name(name: str, index: NameIndex) -> str | None:
    """The department that the longest run of a name's words names: "store-12-results" is of "Store 12 Harbour
    Street", and "stores" of none."""
    words = re.findall(r"\w+", normalize(re.sub(r"[-_.]", " ", name[:LONGEST_NAME])))
    for length in range(len(words), 0, -1):
        runs = [words[at : at + length] for at in range(len(words) - length + 1)]
        if length == 1:
            runs = [run for run in runs if len(run[0]) >= _SHORTEST and not run[0].isdecimal()]
        if found := {one.ident: one for run in runs for one in index.named(run) if one.kind is Kind.DEPARTMENT}:
            return _topmost(list(found.values()))
    return None


def _topmost(found: Sequence[NamedThing]) -> str | None:
    """The one that all others are below, None if there is none."""
    idents = {one.ident for one in found}
    top = [one.ident for one in found if idents.isdisjoint(one.above)]
    return top[0] if len(top) == 1 else None


def _by_rules(rules: Iterable[Query], known: Names) -> str | None:
    """The one department that rules of a channel ask for; what the asker may not see says nothing."""
    terms = [term for rule in rules for term in rule.terms if term.key is Key.DEPT and not term.negated]
    asked = frozenset[str]().union(*(known.meant(Kind.DEPARTMENT, term.value) for term in terms))
    seen = asked & known.directory.departments.keys()
    return next(iter(seen)) if len(seen) == 1 else None
