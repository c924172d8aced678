"""Queries that name an erased person: which they are, and how they read without the name."""

import re
from collections.abc import Collection, Iterable
from dataclasses import replace

from bot.domain.errors import QueryError
from bot.domain.filters import ids_named
from bot.domain.retention import ERASED_PERSON
from bot.query.keys import KEYS, MENTION, Key, Query, Term
from bot.query.nearest import normalize
from bot.query.parser import parse, say

_THEM = ""  # not an id of any person
_SHORTEST = 3  # letters: a shorter word of a name is in too many others
_BY_NAME = frozenset({Key.OBSERVER, Key.EMPLOYEE})


class Naming:
    """One person, as queries may name them: by `name` ("" if unknown), by the words of it, or by an id."""

    def __init__(self, name: str, ids: Collection[str], others: Iterable[str]) -> None:
        """`others` are the names of everybody else: what means them too is left as it is."""
        self._text = {word for word in re.findall(r"\w+", name.casefold()) if len(word) >= _SHORTEST}
        self._ids = {ident.casefold() for ident in ids}
        self._people = [(normalize(other), other) for other in others]
        if name:
            self._people.append((normalize(name), _THEM))

    def may_be_in(self, text: str) -> bool:
        """Whether a query holds a word of the name, or an id."""
        return bool((self._text | self._ids) & set(re.findall(r"[\w-]+|\w+", text.casefold())))

    def without(self, text: str) -> str:
        """The query with "erased person" for every value that means only this person. It matches the same sessions,
        because their name matches no one any more."""
        try:
            query = parse(text)
        except QueryError:
            return text
        unnamed = Query(tuple(self._unnamed(term) for term in query.terms))
        return text if unnamed == query else say(unnamed)

    def _unnamed(self, term: Term) -> Term:
        if term.key not in _BY_NAME or not self._is_meant(term.value):
            return term
        return replace(term, value=KEYS[term.key].read(ERASED_PERSON))

    def _is_meant(self, value: str) -> bool:
        if mention := MENTION.fullmatch(value):
            return mention[1].casefold() in self._ids
        meant = ids_named(normalize(value), self._people)
        return meant == {_THEM} or (not meant and self.may_be_in(value))
