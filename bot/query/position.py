"""The position in a typed text: its tokens, the terms read before it, and what the words there mean as one term."""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import takewhile

from bot.query.days import Period
from bot.query.keys import Key
from bot.query.name_index import NamedThing, NameIndex, words_of
from bot.query.names import LONGEST_NAME as LONGEST_VALUE
from bot.query.names import ME, Kind, id_value
from bot.query.nearest import normalize
from bot.query.outcome_words import Keyword
from bot.query.small_words import BEFORE_VERBS, BEING, DOING, GRADING, IGNORED, JOINS, OBSERVATIONS, OBSERVING, SCORING
from bot.query.tokens import Token, quote

LONGEST_NAME = 8  # words
MOST_LOOSE = 12  # words that may belong to one value
_SPAN = re.compile(r"(\d{1,3})%?[-–—](\d{1,3}%?)")


@dataclass(frozen=True, slots=True)
class Option:
    """Another way to read a text: what it means in words, and the whole query to run instead."""

    label: str
    text: str


@dataclass
class Position:
    """The position in a text, and what was read before it."""

    text: str
    tokens: Sequence[Token]
    index: NameIndex
    today: date
    sessions_of: Callable[[str], tuple[int, int]]  # of a person, as observer and as employee
    own_sessions: Callable[[], tuple[int, int]] = lambda: (0, 0)  # of the asker, as observer and as employee
    is_ahead: bool = False  # whether days without a year are those to come
    at: int = 0
    terms: list[str] = field(default_factory=list)
    options: list[Option] = field(default_factory=list)
    unused: list[str] = field(default_factory=list)  # words with a meaning of their own that no term holds
    is_negated: bool = False
    negated_at: int = 0  # the position of the word that negates
    role: Key | None = None
    period: Period | None = None  # what the words so far name
    places: list[NamedThing] = field(default_factory=list)  # read so far
    place_end: int = -1  # the position behind a place that ends with a number: "store 12"
    person_end: int = -1  # the position behind a person
    person: NamedThing | None = None  # the last one read by name
    name_end: int = -1  # the position behind a name
    _words: dict[str, list[str]] = field(default_factory=dict)
    is_default_role: bool = False  # whether no word before the last person says what they are
    or_behind: int = 0  # how many terms stand before an "or" that no term followed yet

    def loose(self, at: int, most: int = MOST_LOOSE) -> Sequence[Token]:
        """The next words from a position on that have no key and no quotes."""
        return list(
            takewhile(
                lambda one: one.key is None and not one.quoted and not (one.negated and one.value),
                self.tokens[at : at + most],
            )
        )

    def words_of(self, token: Token) -> list[str]:
        """The normalized words of a token, made once: each is looked at from several positions."""
        if (found := self._words.get(token.value)) is None:
            found = self._words[token.value] = words_of(token.value)
        return found

    def free_words(self, most: int = LONGEST_NAME, *, joined: bool = False) -> list[str]:
        """The normalized words from here on, one for each token, up to a key or a quote. `joined`: "&" is "and"."""
        found = []
        for number, token in enumerate(self.tokens[self.at : self.at + most]):
            words = ["and"] if joined and token.value == "&" else self._words_in(token)
            if token.key is not None or token.quoted or (token.negated and token.value and number) or len(words) != 1:
                break
            found.append(words[0])
            if self.text[token.end - 1] in ",;":
                break
        return found

    def _words_in(self, token: Token) -> list[str]:
        """The normalized words of a token; a lone dash is one, and so is "70-80", as "70..80"."""
        if not token.value:
            return ["-"]
        if span := _SPAN.fullmatch(token.value):
            return [f"{span[1]}..{span[2]}"]
        return self.words_of(token)

    def name_words(self, most: int = LONGEST_NAME) -> list[list[str]]:
        """The normalized words of each token from here on that may belong to one name, up to a key, a quote or a comma:
        a hyphen inside a token makes two words of it."""
        found: list[list[str]] = []
        for number, token in enumerate(self.tokens[self.at : self.at + most]):
            words = self.words_of(token)
            if token.key is not None or token.quoted or (token.negated and number) or not words or is_span(token):
                break
            found.append(words)
            if self.text[token.end - 1] in ",;":
                break
        return found

    def words_before(self, most: int) -> list[str]:
        """The words in front of the position, the nearest first, without the punctuation around them."""
        before = reversed(self.tokens[max(0, self.at - most) : self.at])
        return [token.value.lower().strip(".,;:!?()") for token in before]

    def typed(self, used: int) -> str:
        last = self.tokens[min(self.at + used, len(self.tokens)) - 1]
        return self.text[self.tokens[self.at].value_start : last.end].strip(',; "')

    def with_term(self, term: str, used: int) -> str:
        """The whole text with a term in place of the next tokens."""
        end = self.tokens[min(self.at + used, len(self.tokens)) - 1].end
        return " ".join(filter(None, (*self.terms, term, self.text[end:].strip())))

    def person_role(self, length: int) -> Key:
        """What the person is of whom the next tokens are the name: who is observed, unless the words say otherwise."""
        if self.role is not None:
            return self.role
        behind = self._words_behind(length)
        before_verb = [*takewhile(lambda word: word in BEING or word in BEFORE_VERBS, behind)]
        is_being = not BEING.isdisjoint(before_verb)  # "has Tomasz been observing"
        after = behind[len(before_verb) : len(before_verb) + 2]
        is_observing = after[:1] and (
            after[0] in OBSERVING or after[0] in GRADING or self._counts_observations(after[0])
        )
        if after in (["did", "with"], ["does", "with"]):  # "what Samir did with Amara"
            return Key.OBSERVER
        if is_observing and after[1:] != ["by"] and not self._is_passive(after[0], is_being=is_being):
            return Key.OBSERVER
        is_whom = self.words_before(2)[1:] in (["who"], ["whom"])
        if not SCORING.isdisjoint(after[:1]) and (is_whom or self._is_person(after[1:])):
            return Key.OBSERVER  # "what did Ana score Leila", "who did Ana fail"
        if self.words_before(1) == ["with"] and f"{Key.EMPLOYEE}:{ME}" in self.terms:  # "my sessions with Priya"
            return Key.OBSERVER
        return self._joined_role() or Key.EMPLOYEE

    def _is_person(self, words: Sequence[str]) -> bool:
        found = self.index.named(words)
        return bool(found) and all(one.kind is Kind.PERSON for one in found)

    def _counts_observations(self, verb: str) -> bool:
        """ "how many observations did Oskar do": a verb that says nothing, of what only an observer does."""
        return verb in DOING and any(token.value.lower() in OBSERVATIONS for token in self.tokens[: self.at])

    def counts_deeds(self, length: int) -> bool:
        """ "how many did Oskar do", "is Oskar doing his observations", of whom the next tokens are the name."""
        does = (DOING | {"doing", "finishing"}).intersection(self._words_behind(length)[:1])
        is_many = any(token.value.lower() == "many" for token in self.tokens[: self.at])
        return bool(does) and (is_many or any(token.value.lower() in OBSERVATIONS for token in self.tokens))

    def _words_behind(self, length: int) -> list[str]:
        behind = self.tokens[self.at + length : self.at + length + 4]
        return [token.value.lower().strip(".,;!?") for token in behind]

    def _is_passive(self, verb: str, *, is_being: bool) -> bool:
        """ "was Sofia observed", "has Sofia been observed": she is not who observes."""
        return verb.endswith(("ed", "en")) and (is_being or not BEING.isdisjoint(self.words_before(3)))

    def _joined_role(self) -> Key | None:
        """ "observed by Oskar or Lukasz": what the person is whom only "or", "and" or a comma stands before."""
        if self.person_end < 0 or not self.terms:
            return None
        between = [token.value.lower() for token in self.tokens[self.person_end : self.at]]
        is_joined = bool(between) or self.text[self.tokens[self.at - 1].end - 1] in ",;"
        if not is_joined or any(words_of(one) and one not in JOINS for one in between):
            return None
        key = self.terms[-1].removeprefix("-").partition(":")[0]
        return Key(key) if key in (Key.OBSERVER, Key.EMPLOYEE) else None

    def is_joined_to_employee(self) -> bool:
        """Whether only a join stands between the position and a person who is observed."""
        return self._joined_role() is Key.EMPLOYEE and not self.terms[-1].endswith(f":{ME}")

    def is_with_employee(self) -> bool:
        """Whether "with", and what says nothing, stand between the position and somebody who is observed, by name."""
        between = (
            [token.value.lower() for token in self.tokens[self.person_end : self.at]] if self.person_end > 0 else []
        )
        is_with = between[-1:] == ["with"] and IGNORED.issuperset(between)
        return is_with and self.terms[-1].startswith(f"{Key.EMPLOYEE}:") and not self.terms[-1].endswith(f":{ME}")

    def add_person(self, term: str, used: int) -> None:
        if self.words_before(2) == ["of", "team"]:
            self.unused.append("team")
        is_me = self.tokens[self.at].value.lower() == ME  # "Jamie and me"; "what did Jamie and I observe"
        if (
            not is_me
            and term.startswith(Key.OBSERVER)
            and self.role is None
            and self.is_default_role
            and self._joined_role()
        ):
            self.terms[-1] = self.terms[-1].replace(Key.EMPLOYEE, Key.OBSERVER, 1)  # "what did Ana and Bo observe"
        self.is_default_role = self.role is None
        self.add(self.signed(term), used)
        if self.at < len(self.tokens) and self.tokens[self.at].value.lower() in OBSERVING | GRADING:
            self.at += 1
        self.person_end = self.at

    def note_join(self, word: str) -> None:
        """Notes an "or": between two conditions on different things it is named as not used, for both have to hold."""
        if word == "or" and self.terms and not self.is_negated:
            self.or_behind = len(self.terms)

    def skip_unused(self) -> None:
        """Leaves a word out, to be named in the answer."""
        self.unused.append(self.typed(1))
        self.at += 1

    def add_keyword(self, found: Keyword) -> None:
        if self._begins_anew(found):
            self.is_negated = False
        for term in found.terms:
            self.add(self.signed(term) if found.can_be_negated else term, 0)
        self.at += found.used
        if found.can_be_negated:
            self.is_negated = False

    def _begins_anew(self, found: Keyword) -> bool:
        """ "neither opening nor closing, failed": behind a comma, a condition on something else is not negated."""
        if not self.terms or not self.terms[-1].startswith("-") or not found.terms or not self.at:
            return False
        follows_comma = self.text[self.tokens[self.at - 1].end - 1] in ",;"
        return follows_comma and _key_in(self.terms[-1]) != _key_in(found.terms[0])

    def signed(self, term: str) -> str:
        return f"-{term}" if self.is_negated else term

    def add(self, term: str, used: int) -> None:
        if self.or_behind and self.or_behind == len(self.terms) and _key_in(self.terms[-1]) != _key_in(term):
            self.unused.append("or")
        self.or_behind = 0
        self.terms.append(term)
        self.at += used
        if used:
            self.role, self.name_end = None, self.at
            following = self.tokens[self.at] if self.at < len(self.tokens) else None
            joined = following is not None and self.words_of(following)[:1] and self.words_of(following)[0] in JOINS
            if not joined and not (used and self.text[self.tokens[self.at - 1].end - 1] in ",;"):
                self.is_negated = False


def _key_in(term: str) -> str:
    """The key of a term; both ends of a time are one."""
    key = term.removeprefix("-").partition(":")[0]
    return Key.SINCE if key == Key.UNTIL else key


def is_span(token: Token) -> bool:
    return _SPAN.fullmatch(token.value) is not None


def term_of(key: Key, thing: NamedThing, index: NameIndex) -> str:
    """The term for one thing: its name; where another thing of the kind has the same name, a department's name behind
    that of the one above it, else its id."""
    same = index.alike(thing)
    if len(same) <= 1:
        return f"{key}:{quote(thing.name)}"
    is_plain = 0 < len(thing.path) <= LONGEST_VALUE and not index.named(words_of(thing.path))
    if thing.above and is_plain and sum(normalize(one.path) == normalize(thing.path) for one in same) == 1:
        return f"{key}:{quote(thing.path)}"
    return f"{key}:{id_value(thing.ident)}"


def key_of(thing: NamedThing, role: Key) -> Key:
    match thing.kind:
        case Kind.CHECKLIST:
            return Key.CHECKLIST
        case Kind.DEPARTMENT:
            return Key.DEPT
        case Kind.PERSON:
            return role


def label_of(thing: NamedThing) -> str:
    return f"{thing.name} ({thing.kind})"


def labels_of(found: Sequence[NamedThing]) -> list[tuple[NamedThing, str]]:
    """Things with their names; with what they are if they are of several kinds, and where if two have one name."""
    is_mixed, often = len({one.kind for one in found}) > 1, Counter(one.name for one in found)
    names = [one.path if one.path and often[one.name] > 1 else one.name for one in found]
    return [(one, f"{name} ({one.kind})" if is_mixed else name) for one, name in zip(found, names, strict=True)]
