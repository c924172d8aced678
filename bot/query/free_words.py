"""Reads what people type: free words and keys, mixed in any order, as a query in canonical text.

The words are read from left to right, each position in this order (design rules (a) to (h)):

1. a key (`checklist:opening`), whose name may go on over the words behind it;
2. a name of two or more words, the longest first;
3. a keyword: an outcome, a score, a date, an order;
4. a name of one word;
5. a word that says nothing ("the", "results").

Nothing is guessed: a word that fits several things becomes a question, one that fits nothing an error with the nearest
names. Only names in the index are known, so that an answer says nothing about what its reader may not see.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import takewhile

from bot.domain.errors import QueryError
from bot.query.keys import KEYS, Key
from bot.query.keywords import (
    IGNORED,
    JOINS,
    NEGATIONS,
    OBSERVING,
    OWN,
    OWN_TEAM,
    ROLES,
    GIVING,
    Keyword,
    key_named,
    read_keyword,
)  # fmt: skip
from bot.query.name_index import NamedThing, NameIndex, words_of
from bot.query.names import MENTION, Kind, id_value
from bot.query.nearest import nearest
from bot.query.periods import Period, read_period
from bot.query.spelling import plain_spelling
from bot.query.tokens import Token, Unclosed, quote, tokenize

LONGEST_TEXT = 3_000  # characters: what a slash command carries
MOST_WORDS = 150
MOST_OPTIONS = 3
LONGEST_NAME = 8  # words
_DOTTED_DATE = re.compile(r"^\d{1,2}\.\d{1,2}\.")
_KIND_OF = {Key.CHECKLIST: Kind.CHECKLIST, Key.DEPT: Kind.DEPARTMENT}
_KIND_OF |= dict.fromkeys((Key.EMPLOYEE, Key.OBSERVER), Kind.PERSON)


@dataclass(frozen=True, slots=True)
class Option:
    """Another way to read a text: what it means in words, and the whole query to run instead."""

    label: str
    text: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What a text means: canonical query text, and what else some of its words fit.

    `question` is asked instead of running `text` if some words fit several things; `options` are its answers. Without
    a question, `options` are what the text may have meant beside what it was read as.
    """

    text: str
    question: str = ""
    options: tuple[Option, ...] = ()


def read_words(
    text: str, index: NameIndex, today: date, only_observes: Callable[[str], bool] = lambda _: False
) -> Reading:
    """Reads a text. Raises QueryError, whose suggestions are whole queries.

    `today` is the day in the asker's zone. `only_observes` says of a person's id whether the asker may see sessions
    that they observed, and none in which they are the employee.
    """
    if len(text) > LONGEST_TEXT:
        raise QueryError(f"The query is {len(text)} characters long; at most {LONGEST_TEXT} can be read.")
    plain = plain_spelling(text)
    try:
        tokens = list(tokenize(plain))
    except Unclosed as unclosed:
        message = f"The quote at character {unclosed.start + 1} is never closed."
        raise QueryError(message, [f'{plain.rstrip()}"']) from None
    if len(tokens) > MOST_WORDS:
        raise QueryError(f"The query has more than {MOST_WORDS} words. Leave some out.")
    return _Reader(plain, tokens, index, today, only_observes).read()


class _Asked(Exception):
    """Some words fit several things."""

    def __init__(self, question: str, options: Sequence[Option]) -> None:
        super().__init__(question)
        self.question = question
        self.options = tuple(options)


@dataclass
class _Reader:
    """The position in a text, and what was read before it."""

    text: str
    tokens: Sequence[Token]
    index: NameIndex
    today: date
    only_observes: Callable[[str], bool]
    at: int = 0
    terms: list[str] = field(default_factory=list)
    options: list[Option] = field(default_factory=list)
    is_negated: bool = False
    role: Key | None = None

    def read(self) -> Reading:
        try:
            while self.at < len(self.tokens):
                self._step()
        except _Asked as asked:
            return Reading("", asked.question, asked.options)
        return Reading(" ".join(dict.fromkeys(self.terms)), options=tuple(self.options[:MOST_OPTIONS]))

    def _step(self) -> None:
        token = self.tokens[self.at]
        if token.key is not None:
            self._read_key(token)
            return
        if token.negated and not token.value:  # a dash between two words
            self.at += 1
            return
        self.is_negated ^= token.negated
        for reader in (self._mention, self._long_name, self._keyword, self._own, self._short_name, self._ignored):
            if reader():
                return
        self._refuse()

    # ---- keys ----------------------------------------------------------------------------------------------------

    def _read_key(self, token: Token) -> None:
        key = key_named(token.key or "")
        if key is None:
            like = nearest(token.key or "", list(Key), at_least=60)
            fixes = [self._with_term(f"{'-' * token.negated}{one}:{quote(token.value)}", 1) for one in like]
            raise QueryError(f"“{token.key}:” is nothing to ask for. There are {', '.join(Key)}.", fixes)
        sign = "-" if token.negated else ""
        following = self._loose(self.at + 1)
        if key in (Key.SINCE, Key.UNTIL):
            if self._read_date_key(key, token, following):
                return
        elif (kind := _KIND_OF.get(key)) is not None:
            self._read_name_key(key, kind, token, following)
            return
        spec = KEYS[key]
        joined = following if spec.joins and not token.quoted else []
        typed = [token.value, *(self.text[one.start : one.end].rstrip(",;") for one in joined)]
        for used in range(min(len(typed), 5), 0, -1):
            try:
                value = spec.read(" ".join(typed[:used]))
            except ValueError as error:
                reason = str(error)
                continue
            self._add(f"{sign}{key}:{quote(value) if ' ' in value else value}", used)
            return
        values = token.value.split(",")
        if not token.quoted and len(values) > 1:
            for value in values:
                self._add(f"{sign}{key}:{quote(spec.read(value.strip()))}", 0)
            self.at += 1
            return
        like = nearest(token.value, spec.choices) if token.value else spec.choices[:MOST_OPTIONS]
        fixes = [self._with_term(f"{sign}{key}:{quote(one)}", 1) for one in like]
        raise QueryError(f"“{token.key}:{token.value}” can't be read: {reason}.", fixes)

    def _read_date_key(self, key: Key, token: Token, following: Sequence[Token]) -> bool:
        """A date behind `since:` or `until:`; the words behind it belong to it as far as they make one date."""
        typed = [*_date_words(token.value)]
        own = len(typed)
        if not token.quoted:
            typed += [word for one in following for word in _date_words(one.value)]
        found = read_period(typed, 0, self.today)
        if found is None or found.used < own or any(_bound(one, key) is None for one in found.periods):
            return False
        sign = "-" if token.negated else ""
        used = 1 + found.used - own
        choices = [(f"{sign}{key}:{_bound(one, key)}", f"{key} {_bound(one, key)}") for one in found.periods]
        if len(choices) > 1:
            raise self._asks(f"“{token.value}” fits {len(choices)} days.", choices, used)
        self._add(choices[0][0], used)
        return True

    def _read_name_key(self, key: Key, kind: Kind, token: Token, following: Sequence[Token]) -> None:
        """A name behind a key; the words behind it belong to it as far as they make one name."""
        sign = "-" if token.negated else ""
        if token.value.lower() in ("me", "myself") and kind is Kind.PERSON:
            self._add(f"{sign}{key}:me", 1)
            return
        longest = 0 if token.quoted else min(len(following), LONGEST_NAME)
        for more in range(longest, -1, -1):
            typed = " ".join([token.value, *(one.value for one in following[:more])])
            found = [one for one in self.index.named(words_of(typed)) if one.kind is kind]
            if len(found) == 1:
                self._add(f"{sign}{_term(key, found[0], self.index)}", 1 + more)
                return
            if found and more:
                self._add(f"{sign}{key}:{quote(typed)}", 1 + more)
                return
        if not token.quoted and "," in token.value:
            for value in filter(None, (one.strip() for one in token.value.split(","))):
                found = [one for one in self.index.named(words_of(value)) if one.kind is kind]
                self._add(
                    f"{sign}{_term(key, found[0], self.index) if len(found) == 1 else f'{key}:{quote(value)}'}", 0
                )
            self.at += 1
            return
        value = token.value if MENTION.fullmatch(token.value) or token.value.startswith("<") else quote(token.value)
        self._add(f"{sign}{key}:{value}", 1)

    # ---- free words ----------------------------------------------------------------------------------------------

    def _mention(self) -> bool:
        token = self.tokens[self.at]
        if not MENTION.fullmatch(token.value):
            return False
        self._add_person(f"{self._person_role(1)}:{token.value}", 1)
        return True

    def _long_name(self) -> bool:
        token = self.tokens[self.at]
        if token.quoted:
            return self._name(1, words_of(token.value), self._unknown_name)
        words = self._free_words()
        for length in range(min(len(words), LONGEST_NAME), 1, -1):
            phrase = words[:length]
            ends = (phrase[0], phrase[-1])
            if not any(word in IGNORED or word in JOINS for word in ends) and self._name(length, phrase):
                return True
        return len(words_of(token.value)) > 1 and self._name(1, words_of(token.value))

    def _short_name(self) -> bool:
        words = self._free_words(1)
        if not words or words[0] in IGNORED or words[0] in JOINS:
            return False
        if words[0].isdigit():
            raise self._asks_number(words[0])
        return self._name(1, words)

    def _name(self, length: int, words: Sequence[str], otherwise: Callable[[], None] | None = None) -> bool:
        """Reads a name of so many tokens. Asks if it fits several things."""
        found = self._fitting(self.index.named(words))
        if not found:
            if otherwise is not None:
                otherwise()
            return False
        role = self._person_role(length)
        if len(found) > 1:
            typed = self._typed(length)
            choices = [(_term(_key_of(one, role), one, self.index), _label(one)) for one in found]
            raise self._asks(f"“{typed}” fits {len(found)} things that you may see.", choices, length)
        thing = found[0]
        term = _term(_key_of(thing, role), thing, self.index)
        if thing.kind is Kind.PERSON:
            if role is Key.EMPLOYEE and self.role is None and self.only_observes(thing.ident):
                other = _term(Key.OBSERVER, thing, self.index)
                self.options.append(Option(f"Observed by {thing.name}", self._with_term(other, length)))
            self._add_person(term, length)
        else:
            self._add(self._signed(term), length)
        return True

    def _fitting(self, found: Sequence[NamedThing]) -> Sequence[NamedThing]:
        """Only people where a word before says so ("observed by", "of")."""
        people = [one for one in found if one.kind is Kind.PERSON]
        return people if self.role is not None and people else found

    def _keyword(self) -> bool:
        words = self._free_words(6)
        if any(_DOTTED_DATE.search(one.value) for one in self._loose(self.at)[:2]) and self._period(words):
            return True
        if words and (found := read_keyword(words)) is not None:
            self._offer_one_word_name(words, found.used)
            self._add_keyword(found)
            return True
        return (bool(words) and self._operator(words)) or self._period(words)

    def _operator(self, words: Sequence[str]) -> bool:
        word = words[0]
        if word in NEGATIONS:
            self.is_negated, self.at = True, self.at + 1
        elif word in JOINS:
            self.at += 1
        elif (role := ROLES.get(word)) is not None:
            self.role, self.at = role, self.at + 1
        elif word in OBSERVING:  # "observed by Ana": the person behind it says who
            self.at += 1
        else:
            return False
        return True

    def _own(self) -> bool:
        """ "my results", "what did I observe", "observed by me"."""
        words = self._free_words(4)
        before = self.tokens[self.at - 1].value.lower() if self.at else ""
        if not words or words[0] not in OWN or before in GIVING:
            return False
        if len(words) > 1 and words[1] in OWN_TEAM:
            self.at += 2
            return True
        role = self.role or (Key.OBSERVER if any(word in OBSERVING for word in words[1:3]) else Key.EMPLOYEE)
        self._add_person(f"{role}:me", 1)
        while self.at < len(self.tokens) and self.tokens[self.at].value.lower() in OBSERVING:
            self.at += 1
        return True

    def _period(self, words: Sequence[str]) -> bool:
        typed = [word for token in self._loose(self.at)[:9] for word in _date_words(token.value)]
        found = read_period(typed, 0, self.today)
        if found is None or found.used == 0:
            return False
        self._offer_one_word_name(words, found.used)
        choices = [(_period_terms(one), _period_terms(one)) for one in found.periods]
        if len(choices) > 1:
            raise self._asks(f"“{self._typed(found.used)}” fits {len(choices)} days.", choices, found.used)
        self._add(choices[0][0], found.used)
        self.is_negated = False
        return True

    def _ignored(self) -> bool:
        words = words_of(self.tokens[self.at].value)
        if words and not all(word in IGNORED for word in words):
            return False
        self.at += 1
        return True

    def _offer_one_word_name(self, words: Sequence[str], used: int) -> None:
        """ "may" is a month before it is a person: the person becomes an option."""
        if used != 1:
            return
        for thing in self.index.named(words[:1])[:MOST_OPTIONS]:
            term = _term(_key_of(thing, Key.EMPLOYEE), thing, self.index)
            self.options.append(Option(_label(thing), self._with_term(term, used)))

    # ---- what can't be read --------------------------------------------------------------------------------------

    def _asks_number(self, number: str) -> _Asked:
        places = [one for one in self.index.named([number]) if one.kind is not Kind.PERSON]
        choices = [(_term(_key_of(one, Key.EMPLOYEE), one, self.index), _label(one)) for one in places[:MOST_OPTIONS]]
        if int(number) <= 100:
            choices += [
                (f"{Key.SCORE}:{number}", f"A score of {number} %"),
                (f"{Key.LIMIT}:{number}", f"The newest {number}"),
            ]
        if not choices:
            self._refuse()
        return self._asks(f"“{number}” can mean several things.", choices, 1)

    def _refuse(self) -> None:
        typed = self._typed(1)
        names = [thing.name for thing in self.index.things]
        by_name = {thing.name: thing for thing in reversed(self.index.things)}
        fixes = [
            self._with_term(_term(_key_of(thing, self._person_role(1)), thing, self.index), 1)
            for name in nearest(typed, names, at_least=60)
            if (thing := by_name[name])
        ]
        raise QueryError(f"“{typed}” is no checklist, site or person that you may see, and no condition.", fixes)

    def _unknown_name(self) -> None:
        self._refuse()

    def _asks(self, question: str, choices: Sequence[tuple[str, str]], used: int) -> _Asked:
        """The question for words that fit several things; `choices` are pairs of terms and what they mean."""
        options = [Option(label, self._with_term(self._signed(term), used)) for term, label in choices[:MOST_OPTIONS]]
        more = len(choices) - len(options)
        return _Asked(question + (f" The first {len(options)} are offered." if more > 0 else ""), options)

    # ---- tokens --------------------------------------------------------------------------------------------------

    def _loose(self, at: int) -> Sequence[Token]:
        """The words from a position on that have no key and no quotes."""
        return list(
            takewhile(
                lambda one: one.key is None and not one.quoted and not (one.negated and one.value), self.tokens[at:]
            )
        )

    def _free_words(self, most: int = LONGEST_NAME) -> list[str]:
        """The normalized words from here on, one for each token, up to a key or a quote."""
        found = []
        for number, token in enumerate(self.tokens[self.at : self.at + most]):
            words = words_of(token.value) if token.value else ["-"]
            if token.key is not None or token.quoted or (token.negated and token.value and number) or len(words) != 1:
                break
            found.append(words[0])
            if self.text[token.end - 1] in ",;":
                break
        return found

    def _typed(self, used: int) -> str:
        last = self.tokens[min(self.at + used, len(self.tokens)) - 1]
        return self.text[self.tokens[self.at].value_start : last.end].strip(',; "')

    def _with_term(self, term: str, used: int) -> str:
        """The whole text with a term in place of the next tokens."""
        end = self.tokens[min(self.at + used, len(self.tokens)) - 1].end
        return " ".join(filter(None, (*self.terms, term, self.text[end:].strip())))

    def _person_role(self, length: int) -> Key:
        following = self.tokens[self.at + length].value.lower() if self.at + length < len(self.tokens) else ""
        return self.role or (Key.OBSERVER if following in OBSERVING else Key.EMPLOYEE)

    def _add_person(self, term: str, used: int) -> None:
        self._add(self._signed(term), used)
        if self.at < len(self.tokens) and self.tokens[self.at].value.lower() in OBSERVING:
            self.at += 1

    def _add_keyword(self, found: Keyword) -> None:
        for term in found.terms:
            self._add(self._signed(term) if found.can_be_negated else term, 0)
        self.at += found.used
        self.is_negated = False

    def _signed(self, term: str) -> str:
        return f"-{term}" if self.is_negated else term

    def _add(self, term: str, used: int) -> None:
        self.terms.append(term)
        self.at += used
        if used:
            self.role = None
            following = self.tokens[self.at] if self.at < len(self.tokens) else None
            joined = following is not None and words_of(following.value)[:1] and words_of(following.value)[0] in JOINS
            if not joined and not (used and self.text[self.tokens[self.at - 1].end - 1] in ",;"):
                self.is_negated = False


def _term(key: Key, thing: NamedThing, index: NameIndex) -> str:
    """The term for one thing: its name, or its id where another thing of the kind has the same name."""
    alike = [one for one in index.named(words_of(thing.name)) if one.kind is thing.kind]
    return f"{key}:{quote(thing.name)}" if len(alike) <= 1 else f"{key}:{id_value(thing.ident)}"


def _key_of(thing: NamedThing, role: Key) -> Key:
    match thing.kind:
        case Kind.CHECKLIST:
            return Key.CHECKLIST
        case Kind.DEPARTMENT:
            return Key.DEPT
        case Kind.PERSON:
            return role


def _label(thing: NamedThing) -> str:
    return f"{thing.name} ({thing.kind})"


def _bound(period: Period, key: Key) -> date | None:
    """What `since:` or `until:` takes of a period: its first or its last day."""
    if key is Key.SINCE:
        return period.since
    return period.until or period.since


def _period_terms(period: Period) -> str:
    since = f"{Key.SINCE}:{period.since}" if period.since else ""
    until = f"{Key.UNTIL}:{period.until}" if period.until and not period.is_current else ""
    return " ".join(filter(None, (since, until)))


def _date_words(text: str) -> list[str]:
    """The words of a date: the punctuation inside it stays."""
    return [word for one in text.lower().split() if (word := one.strip(",;()\"'“”"))]
