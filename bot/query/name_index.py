"""Finds the names that a person's words may mean: whole words, in order, without case and diacritics."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from bot.query.names import Kind, Names
from bot.query.nearest import normalize


@dataclass(frozen=True, slots=True)
class NamedThing:
    """One checklist, department or person, by the id that iSpring gave it and the name that people read."""

    kind: Kind
    ident: str
    name: str


@dataclass(frozen=True)
class NameIndex:
    """The names that one asker may ask for. For them, nothing else exists."""

    things: Sequence[NamedThing]

    @classmethod
    def of(cls, names: Names) -> "NameIndex":
        """All the names that a viewer may ask for."""
        return cls([NamedThing(kind, ident, name) for kind in Kind for ident, name in names.all(kind).items()])

    def named(self, words: Sequence[str]) -> tuple[NamedThing, ...]:
        """Everything whose name holds these normalized words, one behind the other; only those of exactly this name if
        there are any. In the order of kinds, then of names."""
        phrase = tuple(words)
        if not phrase:
            return ()
        found = [at for at in self._holding(phrase) if _holds(self._words[at], phrase)]
        exact = [at for at in found if self._words[at] == phrase]
        return tuple(self.things[at] for at in sorted(exact or found, key=self._rank))

    def _holding(self, phrase: Sequence[str]) -> Iterable[int]:
        """Positions of the names that hold the rarest word of a phrase."""
        return min((self._by_word.get(word, ()) for word in phrase), key=len)

    def _rank(self, at: int) -> tuple[int, str, str]:
        thing = self.things[at]
        return _KINDS[thing.kind], thing.name.casefold(), thing.ident

    @cached_property
    def _words(self) -> Sequence[tuple[str, ...]]:
        return [tuple(words_of(thing.name)) for thing in self.things]

    @cached_property
    def _by_word(self) -> Mapping[str, Sequence[int]]:
        found: dict[str, list[int]] = {}
        for at, words in enumerate(self._words):
            for word in dict.fromkeys(words):
                found.setdefault(word, []).append(at)
        return found


_PUNCTUATION = "\"'.,;:()[]&/|!?#@*`“”„«»"
_KINDS = {Kind.CHECKLIST: 0, Kind.DEPARTMENT: 1, Kind.PERSON: 2}


def words_of(text: str) -> list[str]:
    """The normalized words of a name: letters and digits, without the punctuation around them."""
    return [word for part in normalize(text).split() if (word := part.removesuffix("'s").strip(_PUNCTUATION))]


def _holds(words: Sequence[str], phrase: Sequence[str]) -> bool:
    length = len(phrase)
    return any(tuple(words[at : at + length]) == tuple(phrase) for at in range(len(words) - length + 1))
