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
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from itertools import takewhile
from typing import NoReturn

from bot.domain.errors import QueryError
from bot.query.keys import KEYS, Key
from bot.query.keywords import (
    GENERIC,
    GIVING,
    IGNORED,
    JOINS,
    NEGATIONS,
    OBSERVING,
    OWN,
    OWN_TEAM,
    PLACES,
    ROLES,
    SPELLINGS,
    Keyword,
    key_named,
    meanings_like,
    read_keyword,
)  # fmt: skip
from bot.query.name_index import NamedThing, NameIndex, words_of
from bot.query.names import MENTION, Kind, id_value
from bot.query.nearest import alike, nearest
from bot.query.periods import Period, read_period
from bot.query.spelling import plain_spelling
from bot.query.tokens import Token, Unclosed, quote, tokenize
from bot.query.values import format_since, format_until

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
    text: str,
    index: NameIndex,
    today: date,
    only_observes: Callable[[str], bool] = lambda _: False,
    *,
    more: int = 2,
) -> Reading:
    """Reads a text. Raises QueryError, whose suggestions are whole queries.

    `today` is the day in the asker's zone. `only_observes` says of a person's id whether the asker may see sessions
    that they observed, and none in which they are the employee. `more`: how many mistakes a suggestion may correct.
    """
    if len(text) > LONGEST_TEXT:
        raise QueryError(f"The query is {len(text)} characters long; at most {LONGEST_TEXT} can be read.")
    plain = plain_spelling(text)
    try:
        tokens = list(tokenize(plain))
    except Unclosed as unclosed:
        message = f"The quote at character {unclosed.start + 1} is never closed."
        raise QueryError(message, [f'{plain.rstrip()}"']) from None
    tokens = [_with_key(token) for token in tokens]
    if len(tokens) > MOST_WORDS:
        raise QueryError(f"The query has more than {MOST_WORDS} words. Leave some out.")
    try:
        return _Reader(plain, tokens, index, today, only_observes).read()
    except QueryError as error:
        fixes = [fix for one in error.suggestions if (fix := _mended(one, index, today, more)) is not None]
        raise QueryError(str(error), fixes) from None


def _mended(text: str, index: NameIndex, today: date, more: int) -> str | None:
    """A corrected text, a second mistake in it corrected too; None if it still can't be read. A suggestion runs."""
    if not more:
        return None
    try:
        read_words(text, index, today, more=more - 1)
    except QueryError as error:
        return error.suggestions[0] if error.suggestions else None
    return text


def _with_key(token: Token) -> Token:
    """`dept=store` as `dept:store`."""
    name, sign, value = token.value.partition("=")
    if token.key is not None or token.quoted or not sign or not value or key_named(name) is None:
        return token
    return replace(token, key=name, value=value, value_start=token.end - len(value))


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
    negated_at: int = 0  # the position of the word that negates
    role: Key | None = None
    period: Period | None = None  # what the words so far name
    place_end: int = -1  # the position behind a place that ends with a number: "store 12"

    def read(self) -> Reading:
        try:
            while self.at < len(self.tokens):
                self._step()
            self._refuse_dangling_negation()
        except _Asked as asked:
            return Reading("", asked.question, asked.options)
        return Reading(" ".join(dict.fromkeys(_score_range(self.terms))), options=tuple(self.options[:MOST_OPTIONS]))

    def _step(self) -> None:
        token = self.tokens[self.at]
        if token.key is not None:
            self._read_key(token)
            return
        if token.negated and not token.value:  # a dash between two words
            self.at += 1
            return
        if token.negated:
            self.is_negated, self.negated_at = not self.is_negated, self.at
        readers = (
            self._mention,
            self._long_name,
            self._place,
            self._keyword,
            self._own,
            self._short_name,
            self._ignored,
        )
        for reader in readers:
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
        bounds = [str(_bound(one, key)) for one in found.periods]
        choices = [(f"{sign}{key}:{one}", KEYS[key].say(one)[0]) for one in bounds]
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
        if token.quoted and words_of(token.value):
            return self._name(1, words_of(token.value), self._unknown_name)
        words = self._free_words()
        for length in range(min(len(words), LONGEST_NAME), 1, -1):
            phrase = words[:length]
            ends = (phrase[0], phrase[-1])
            if not any(word in IGNORED or word in JOINS for word in ends) and self._name(length, phrase):
                return True
        return len(words_of(token.value)) > 1 and not _is_span(token) and self._name(1, words_of(token.value))

    def _place(self) -> bool:
        """ "site 21", "stores 12 and 14", "store12", "store #14": a place by its number, whatever its name calls it."""
        words = self._free_words(2)
        if not words:
            return False
        glued = _GLUED.fullmatch(words[0])
        if glued and glued[1] in PLACES:
            number, used = glued[2], 1
        elif len(words) > 1 and words[0] in PLACES and (found := _PLACE_NUMBER.fullmatch(words[1])):
            number, used = found[1], 2
        elif self._follows_place() and words[0].isdigit():
            number, used = words[0], 1
        else:
            return False
        places = [one for one in self.index.named([number]) if one.kind is Kind.DEPARTMENT]
        if not places:
            self._refuse(used)
        choices = [(_term(Key.DEPT, one, self.index), one.name) for one in places]
        if len(choices) > 1:
            raise self._asks(f"“{self._typed(used)}” fits {len(choices)} places that you may see.", choices, used)
        self._add(self._signed(choices[0][0]), used)
        self.place_end = self.at
        return True

    def _follows_place(self) -> bool:
        """Whether only "and" or a comma stands between here and a place with a number."""
        if self.place_end < 0:
            return False
        before = [token.value.lower() for token in self.tokens[self.place_end : self.at]]
        joined = bool(before) or self.text[self.tokens[self.at - 1].end - 1] in ",;&/"
        return joined and all(one in JOINS or not words_of(one) for one in before)

    def _short_name(self) -> bool:
        words = self._free_words(1)
        if not words or words[0] in IGNORED or words[0] in JOINS:
            return False
        if words[0].isdigit():
            raise self._asks_number(words[0])
        return self._name(1, words) or self._singular(words[0])

    def _singular(self, word: str) -> bool:
        """ "openings", "sofias results": a name of one word with an s behind it."""
        is_plural = word.endswith("s") and len(word) > _SHORTEST_PLURAL and word not in GENERIC
        return is_plural and self._name(1, [word[:-1]])

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
            choices = [(_term(_key_of(one, role), one, self.index), label) for one, label in _labels(found)]
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
            if thing.kind is Kind.DEPARTMENT and words[-1].isdigit():
                self.place_end = self.at
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
            self.is_negated, self.negated_at, self.at = True, self.at, self.at + 1
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
        typed = [word for token in self._loose(self.at)[:9] for word in _date_words(token.value) or ["-"]]
        found = read_period(typed, 0, self.today)
        if found is None or found.used == 0:
            return False
        self._offer_one_word_name(words, found.used)
        choices = [(_period_terms(one), _period_words(one)) for one in found.periods]
        if len(choices) > 1:
            raise self._asks(f"“{self._typed(found.used)}” fits {len(choices)} days.", choices, found.used)
        self._add_period(found.periods[0], found.used)
        self.is_negated = False
        return True

    def _add_period(self, period: Period, used: int) -> None:
        """Adds a period; "yesterday and today" is one. Asks which is meant if there is a gap between two."""
        terms = _period_terms(period)
        if self.period is not None and _is_closed(self.period) and _is_closed(period):
            both = _union(self.period, period)
            first = _period_terms(self.period)
            self.terms = [term for term in self.terms if term not in first.split()]
            if both is None:
                choices = [(first, _period_words(self.period)), (terms, _period_words(period))]
                raise self._asks("One question covers one time, and this names two.", choices, used)
            period = both
        self.period = period
        for term in _period_terms(period).split():
            self._add(term, 0)
        self.at += used

    def _ignored(self) -> bool:
        token = self.tokens[self.at]
        words = words_of(token.value)
        is_emoji = _EMOJI.fullmatch(token.value) is not None
        if words and not is_emoji and not all(word in IGNORED or word in GENERIC for word in words):
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
        choices = [(_term(_key_of(one, Key.EMPLOYEE), one, self.index), one.name) for one in places[:MOST_OPTIONS]]
        if int(number) <= 100:
            choices += [
                (f"{Key.SCORE}:{number}", f"A score of {number} %"),
                (f"{Key.LIMIT}:{number}", f"The newest {number}"),
            ]
        if not choices:
            self._refuse()
        return self._asks(f"“{number}” can mean several things.", choices, 1)

    def _refuse(self, used: int = 1) -> NoReturn:
        """Raises QueryError with the nearest: words of like meaning, then names, then keywords by their spelling."""
        typed = self._typed(used)
        words = self._free_words(1)
        terms = [*meanings_like(words[0])] if words else []
        terms += [
            _term(_key_of(thing, self._person_role(used)), thing, self.index)
            for thing in self.index.near(typed, MOST_OPTIONS)
        ]
        terms += [self._canonical(word) for one in words for word in alike(one, SPELLINGS, at_least=_LIKE_A_KEYWORD)]
        fixes = [self._with_term(self._signed(term), used) for term in dict.fromkeys(terms)][:MOST_OPTIONS]
        raise QueryError(f"“{typed}” is no checklist, site or person that you may see, and no condition.", fixes)

    def _canonical(self, word: str) -> str:
        """What a keyword means alone; the word itself if it means nothing without the words behind it."""
        if (found := read_keyword([word])) is not None:
            return " ".join(found.terms) or word
        period = read_period([word], 0, self.today)
        return word if period is None or not period.used else _period_terms(period.periods[0])

    def _refuse_dangling_negation(self) -> None:
        """ "not scored": to leave the "not" out would answer the opposite."""
        if not self.is_negated:
            return
        self.at = self.negated_at
        typed = self._typed(len(self.tokens) - self.at)
        raise QueryError(
            f"“{typed}” excludes nothing that Spotter knows: name a checklist, site, person or outcome.", []
        )

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
            words = _words_in(token)
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


_GLUED = re.compile(r"([a-z]+)[-#]?(\d{1,4})")
_PLACE_NUMBER = re.compile(r"(?:no|nr)?\.?(\d{1,4})")
_EMOJI = re.compile(r":[\w+'-]+:")
_SPAN = re.compile(r"(\d{1,3})%?[-–—](\d{1,3}%?)")
_SHORTEST_PLURAL = 3
_LIKE_A_KEYWORD = 82.0  # percent: "faild" is "failed", "test" is not "latest"


def _is_span(token: Token) -> bool:
    return _SPAN.fullmatch(token.value) is not None


def _words_in(token: Token) -> list[str]:
    """The normalized words of a token; a lone dash is one, and so is "70-80", as "70..80"."""
    if not token.value:
        return ["-"]
    if span := _SPAN.fullmatch(token.value):
        return [f"{span[1]}..{span[2]}"]
    return words_of(token.value)


def _score_range(terms: Sequence[str]) -> Sequence[str]:
    """The terms with one lower and one upper bound of the score as one range: `score:>80..<90`."""
    bounds = [term for term in dict.fromkeys(terms) if _BOUND.fullmatch(term)]
    scores = [term for term in dict.fromkeys(terms) if term.startswith(f"{Key.SCORE}:")]
    lower = [one for one in bounds if ">" in one]
    if len(scores) != 2 or len(bounds) != 2 or len(lower) != 1:
        return terms
    low = lower[0].partition(":")[2]
    high = next(one for one in bounds if one != lower[0]).partition(":")[2]
    if float(low.strip("<>=")) > float(high.strip("<>=")):
        return terms
    both = f"{Key.SCORE}:{low.removeprefix('>=')}..{high.removeprefix('<=')}"
    return [both if term == scores[0] else term for term in terms if term != scores[1]]


_BOUND = re.compile(r"score:[<>]=?[\d.]+")


def _union(one: Period, other: Period) -> Period | None:
    """Two closed periods that touch or overlap as one; None if there is a gap."""
    first, last = sorted((one, other), key=lambda period: period.since or date.min)
    assert first.until is not None and last.since is not None and last.until is not None
    if last.since > first.until + timedelta(days=1):
        return None
    return Period(first.since, max(first.until, last.until), is_current=first.is_current or last.is_current)


def _is_closed(period: Period) -> bool:
    return period.since is not None and period.until is not None


def _term(key: Key, thing: NamedThing, index: NameIndex) -> str:
    """The term for one thing: its name, or its id where another thing of the kind has the same name."""
    return f"{key}:{quote(thing.name)}" if len(index.alike(thing)) <= 1 else f"{key}:{id_value(thing.ident)}"


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


def _labels(found: Sequence[NamedThing]) -> list[tuple[NamedThing, str]]:
    """Things with their names; with what they are if they are of several kinds."""
    is_mixed = len({one.kind for one in found}) > 1
    return [(one, _label(one) if is_mixed else one.name) for one in found]


def _bound(period: Period, key: Key) -> date | None:
    """What `since:` or `until:` takes of a period: its first or its last day."""
    if key is Key.SINCE:
        return period.since
    return period.until or period.since


def _period_terms(period: Period) -> str:
    since = f"{Key.SINCE}:{period.since}" if period.since else ""
    until = f"{Key.UNTIL}:{period.until}" if period.until and not period.is_current else ""
    return " ".join(filter(None, (since, until)))


def _period_words(period: Period) -> str:
    """A period in words: "5 Nov 2026" for one day."""
    if period.since and period.since == period.until:
        return format_since(str(period.since)).removeprefix("since ")
    said = (format_since(str(period.since)) if period.since else "", format_until(str(period.until or "")))
    return ", ".join(filter(None, said[: 2 if period.until else 1]))


def _date_words(text: str) -> list[str]:
    """The words of a date: the punctuation inside it stays."""
    words = (one.strip(",;()\"'“”?!…") for one in text.lower().split())
    return [word.rstrip(".") if word[:-1].isalpha() else word for word in words if word]
