"""Finds the names that a person's words may mean: whole words, in order, without case and diacritics."""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cached_property
from itertools import chain

from bot.domain.directory import Directory
from bot.query.names import Kind, Names
from bot.query.nearest import alike, nearest, normalize


@dataclass(frozen=True, slots=True)
class NamedThing:
    """One checklist, department or person, by the id that iSpring gave it and the name that people read."""

    kind: Kind
    ident: str
    name: str
    above: tuple[str, ...] = ()  # the ids of the departments above a department, the nearest first
    path: str = ""  # a department's name behind that of the one above it: "Store 12, Kitchen"


class NameIndex:
    """The names that one asker may ask for. For them, nothing else exists."""

    def __init__(self, *parts: "Sequence[NamedThing] | _Seen") -> None:
        self._parts = [part if isinstance(part, _Seen) else _Seen(_Part(part)) for part in parts]
        self._near: dict[tuple[str, int], Sequence[NamedThing]] = {}  # a text is read again for each suggestion

    @classmethod
    def of(cls, names: Names, directory: Directory | None = None) -> "NameIndex":
        """All the names that a viewer may ask for. `directory` has at least the people and departments of theirs: the
        words of its names are kept with it, and only those that the viewer may see are found."""
        whole = directory or names.directory
        ids = None if whole is names.directory else names.directory.people.keys() | names.directory.departments.keys()
        return cls(_Seen(whole.derived(_part_of), ids), _things(Kind.CHECKLIST, names.checklists))

    @property
    def things(self) -> Sequence[NamedThing]:
        return [*chain.from_iterable(part.things for part in self._parts)]

    def named(self, words: Sequence[str]) -> tuple[NamedThing, ...]:
        """Everything whose name holds these normalized words, one behind the other; only those of exactly this name if
        there are any. In the order of kinds, then of names."""
        phrase = tuple(words)
        if not phrase:
            return ()
        found = [one for part in self._parts for one in part.holding(phrase)]
        if not found:
            found = [(one, False) for part in self._parts for one in part.spelled_as_one("".join(phrase))]
        exact = [thing for thing, is_exact in found if is_exact]
        return tuple(sorted(exact or (thing for thing, _ in found), key=_rank))

    def near(self, typed: str, limit: int) -> Sequence[NamedThing]:
        """The things one of whose words, or whose whole name, is a typing mistake away, the nearest first. Things that
        share their name with others are left out: a name would not tell them apart."""
        if (typed, limit) not in self._near:
            self._near[typed, limit] = self._nearest(typed, limit)
        return self._near[typed, limit]

    def _nearest(self, typed: str, limit: int) -> Sequence[NamedThing]:
        words = words_of(typed)
        if len(words) == 1:
            like = {word for part in self._parts for word in alike(words[0], part.words, limit)}
            found = [thing for word in alike(words[0], sorted(like), limit) for thing in self.named([word])]
        else:
            by_name = {thing.name: thing for thing in self.things}
            found = [by_name[name] for name in nearest(typed, by_name, limit, at_least=_LIKE_A_NAME)]
        return [one for one in dict.fromkeys(found) if len(self.alike(one)) == 1][:limit]

    def alike(self, thing: NamedThing) -> Sequence[NamedThing]:
        """The things of a kind that have the same name, the given one among them."""
        return [one for one in self.named(words_of(thing.name)) if one.kind is thing.kind]


_LIKE_A_NAME = 80.0  # percent, for names of several words


@dataclass(frozen=True)
class _Part:
    """Some names, and which of them hold a word."""

    things: Sequence[NamedThing]

    def holding(self, phrase: tuple[str, ...]) -> Iterable[tuple[NamedThing, bool]]:
        """The things whose name holds a phrase, and whether it is the whole name."""
        for at in min((self.by_word.get(word, ()) for word in phrase), key=len):
            if _holds(self._words[at], phrase):
                yield self.things[at], self._words[at] == phrase

    def spelled_as_one(self, word: str) -> Iterable[NamedThing]:
        """The things of whose name a part with a hyphen or apostrophe is a word without it: "meilin", "ohanrahan"."""
        return (self.things[at] for at in self._as_one.get(_without_apostrophes(word), ()))

    @cached_property
    def _as_one(self) -> Mapping[str, Sequence[int]]:
        found: dict[str, list[int]] = {}
        for at, thing in enumerate(self.things):
            for part in thing.name.split():
                words = words_of(part)
                if len(words) > 1 or "'" in "".join(words):
                    found.setdefault(_without_apostrophes("".join(words)), []).append(at)
        return found

    @cached_property
    def _words(self) -> Sequence[tuple[str, ...]]:
        return [tuple(words_of(thing.name)) for thing in self.things]

    @cached_property
    def words(self) -> Sequence[str]:
        return sorted(self.by_word)

    @cached_property
    def by_word(self) -> Mapping[str, Sequence[int]]:
        found: dict[str, list[int]] = {}
        for at, words in enumerate(self._words):
            for word in dict.fromkeys(words):
                found.setdefault(word, []).append(at)
        return found


@dataclass(frozen=True)
class _Seen:
    """The part of some names that one asker may see; all of them if `ids` is None."""

    part: _Part
    ids: Set[str] | None = None

    def holding(self, phrase: tuple[str, ...]) -> Iterable[tuple[NamedThing, bool]]:
        found = self.part.holding(phrase)
        return found if self.ids is None else (one for one in found if one[0].ident in self.ids)

    def spelled_as_one(self, word: str) -> Iterable[NamedThing]:
        found = self.part.spelled_as_one(word)
        return found if self.ids is None else (one for one in found if one.ident in self.ids)

    @property
    def things(self) -> Sequence[NamedThing]:
        if self.ids is None:
            return self.part.things
        return [thing for thing in self.part.things if thing.ident in self.ids]

    @cached_property
    def words(self) -> Sequence[str]:
        """Every word of a name that the asker may see, in order."""
        by_word, ids, things = self.part.by_word, self.ids, self.part.things
        if ids is None:
            return self.part.words
        return sorted(word for word, places in by_word.items() if any(things[at].ident in ids for at in places))


def _part_of(directory: Directory) -> _Part:
    names = Names(directory)
    return _Part(
        [*_things(Kind.PERSON, names.all(Kind.PERSON)), *(_place(directory, one) for one in directory.departments)]
    )


def _place(directory: Directory, ident: str) -> NamedThing:
    path = directory.department_path(ident)
    above = tuple(one.department_id for one in path[1:])
    return NamedThing(Kind.DEPARTMENT, ident, path[0].name, above, ", ".join(one.name for one in reversed(path[:2])))


def _things(kind: Kind, names: Mapping[str, str]) -> Sequence[NamedThing]:
    return [NamedThing(kind, ident, name) for ident, name in names.items()]


def _rank(thing: NamedThing) -> tuple[int, str, str]:
    return _KINDS[thing.kind], thing.name.casefold(), thing.ident


_PUNCTUATION = "\"'.,;:()[]&/|!?#@*`“”„«»…№"
_KINDS = {Kind.CHECKLIST: 0, Kind.DEPARTMENT: 1, Kind.PERSON: 2}


def words_of(text: str) -> list[str]:
    """The normalized words of a name: letters and digits, without the punctuation around them."""
    words = (part.removesuffix("'s").strip(_PUNCTUATION) for part in normalize(text).split())
    return [word for word in words if any(letter.isalnum() for letter in word)]


def _without_apostrophes(word: str) -> str:
    return word.replace("'", "")


def _holds(words: Sequence[str], phrase: Sequence[str]) -> bool:
    length = len(phrase)
    return any(tuple(words[at : at + length]) == tuple(phrase) for at in range(len(words) - length + 1))
