"""Reads what people type: free words and keys, mixed in any order, as a query in canonical text.

The words are read from left to right, each position in this order (`_step`):

1. a key (`checklist:opening`), whose name may go on over the words behind it;
2. a mention;
3. a name of two or more words, the longest first;
4. a place by its number ("store 12");
5. a keyword: an outcome, a score, an order, an operator ("not", "or"); or a period;
6. the asker ("I", "my results");
7. a name of one word;
8. a word that says nothing ("the", "results").

Nothing is guessed: a word that fits several things becomes a question, one that fits nothing an error with the nearest
names. Only names in the index are known, so that an answer says nothing about what its reader may not see.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from bot.domain.errors import QueryError
from bot.query.days import Period
from bot.query.keys import Key
from bot.query.keywords import key_named, read_keyword
from bot.query.name_index import NameIndex, words_of
from bot.query.names import Kind
from bot.query.position import Option, Position
from bot.query.questions import MOST_OPTIONS, Question, refuse, refuse_dangling_negation
from bot.query.small_words import (
    ALL,
    AUXILIARIES,
    GENERIC,
    IGNORED,
    JOINS,
    NEGATIONS,
    OBSERVING,
    OWN_TEAM,
    ROLE_NAMES,
    ROLES,
    SAYING,
)
from bot.query.tokens import Token, Unclosed, plain_spelling, tokenize
from bot.query.typed_keys import read_key, with_score_range
from bot.query.typed_names import read_long_name, read_mention, read_place, read_short_name
from bot.query.typed_periods import offer_one_word_name, read_free_period
from bot.query.typed_self import goes_through, read_own, show_both_ways

LONGEST_TEXT = 3_000  # characters: what a slash command carries
MOST_WORDS = 150
_DOTTED_DATE = re.compile(r"^\d{1,2}\.\d{1,2}\.")
_SAYS_NOTHING = IGNORED | GENERIC | AUXILIARIES
_ASKING_MORE = frozenset({"who", "whom", "when", "where", "how"})  # behind "and": a second question
_EMOJI = re.compile(r":[\w+'-]+:")


@dataclass(frozen=True, slots=True)
class ReadText:
    """What a text means: canonical query text, and what else some of its words fit.

    `question` is asked instead of running `text` if some words fit several things; `options` are its answers. Without
    a question, `options` are what the text may have meant beside what it was read as. `unused`: words that say
    something and are in no term. `period`: the time that free words name, whose end `text` may leave out.
    """

    text: str
    question: str = ""
    options: tuple[Option, ...] = ()
    unused: tuple[str, ...] = ()
    period: Period | None = None


def read_words(
    text: str,
    index: NameIndex,
    today: date,
    *,
    sessions_of: Callable[[str], tuple[int, int]] = lambda _: (0, 0),
    own_sessions: Callable[[], tuple[int, int]] = lambda: (0, 0),
    is_ahead: bool = False,
    more: int = 2,
) -> ReadText:
    """Reads a text. Raises QueryError, whose suggestions are whole queries.

    `today` is the day in the asker's zone. `sessions_of` says of a person's id in how many sessions that the asker
    may see they are the observer and in how many the employee, `own_sessions` of the asker, which says whose "my
    sessions" are. `is_ahead`: days without a year are those to come. `more`: how many mistakes a suggestion may
    correct.
    """
    if len(text) > LONGEST_TEXT:
        raise QueryError(f"The query is {len(text)} characters long; at most {LONGEST_TEXT} can be read.")
    plain = plain_spelling(text)
    try:
        tokens = list(tokenize(plain))
    except Unclosed as unclosed:
        message = f"The quote at character {unclosed.start + 1} is never closed."
        raise QueryError(message, [f'{plain.rstrip()}"']) from None
    tokens = [
        part for token in tokens for word in _without_key(_with_key(token), index) for part in _parts(word, index)
    ]
    if len(tokens) > MOST_WORDS:
        raise QueryError(f"The query has more than {MOST_WORDS} words. Leave some out.")
    try:
        return _read(Position(plain, tokens, index, today, sessions_of, own_sessions, is_ahead))
    except QueryError as error:
        fixes = [fix for one in error.suggestions if (fix := _mended(one, index, today, more)) is not None]
        raise QueryError(str(error), fixes) from None


def _mended(text: str, index: NameIndex, today: date, more: int) -> str | None:
    """A corrected text, a second mistake in it corrected too; None if it still can't be read. A suggestion runs."""
    if not more:
        return None
    text = _without_repeats(text)
    try:
        reading = read_words(text, index, today, more=more - 1)
    except QueryError as error:
        return error.suggestions[0] if error.suggestions else None
    return reading.text or (text if reading.question else None)  # of what was understood, and of nothing else


def _without_repeats(text: str) -> str:
    """A text in which no term with a key stands twice: two mistyped words may mean the same."""
    try:
        tokens = list(tokenize(text))
    except Unclosed:
        return text
    parts = [(text[one.start : one.end], one.key is not None) for one in tokens]
    return " ".join(part for at, (part, has_key) in enumerate(parts) if not has_key or (part, True) not in parts[:at])


_BETWEEN_WORDS = re.compile(r"(?<=[^\W\d_])[,;/+&](?=[^\W\d_])")


def _parts(token: Token, index: NameIndex) -> Sequence[Token]:
    """ "failed,opening" and "opening/closing" as their words, unless they are a name."""
    cuts = [found.start() for found in _BETWEEN_WORDS.finditer(token.value)]
    if not cuts or token.key is not None or token.quoted or index.named(words_of(token.value)):
        return (token,)
    starts, ends = [0, *(cut + 1 for cut in cuts)], [*(cut + 1 for cut in cuts), token.end - token.value_start]
    return [
        replace(
            token,
            start=token.start if not first else token.value_start + first,
            end=token.value_start + last,
            value=token.value[first:last].rstrip(",;/+&"),
            value_start=token.value_start + first,
            negated=token.negated and not first,
        )
        for first, last in zip(starts, ends, strict=True)
    ]


_KEYS_OF_TIME = frozenset({"date", "dates", "when", "day", "days", "period", "month", "year", "time"})
_NUMBERED = frozenset({"week", "quarter"})  # `week:47`


def _without_key(token: Token, index: NameIndex) -> Sequence[Token]:
    """What stands before a colon and is no key, as the words it is: "ingrid: closing", "date:yesterday", "16:00"."""
    key = (token.key or "").lower()
    if not key or key_named(key) is not None:
        return (token,)
    if key.isdigit():
        return (replace(token, key=None, value=f"{token.key}:{token.value}", value_start=token.start),)
    value = replace(token, start=token.value_start, key=None, negated=False)
    if key in _KEYS_OF_TIME:
        return (value,)
    if key not in _NUMBERED and not index.named(words_of(key)):
        return (token,)
    start = token.start + token.negated
    end = start + len(key) + 1
    word = replace(token, end=end, key=None, value=token.key or "", value_start=start, quoted=False)
    return (word, value) if token.value else (word,)


def _with_key(token: Token) -> Token:
    """`dept=store` as `dept:store`."""
    name, sign, value = token.value.partition("=")
    if token.key is not None or token.quoted or not sign or not value or key_named(name) is None:
        return token
    return replace(token, key=name, value=value, value_start=token.end - len(value))


def _read(here: Position) -> ReadText:
    """Reads from the position to the end of the text."""
    try:
        while here.at < len(here.tokens):
            _step(here)
        refuse_dangling_negation(here)
        show_both_ways(here)
    except Question as asked:
        return ReadText("", asked.question, asked.options)
    return ReadText(
        " ".join(dict.fromkeys(with_score_range(here.terms))),
        options=tuple(here.options[:MOST_OPTIONS]),
        unused=tuple(dict.fromkeys(here.unused)),
        period=here.period,
    )


def _step(here: Position) -> None:
    """Reads what begins at the position, and moves it behind that. Raises Question or QueryError."""
    token = here.tokens[here.at]
    if token.key is not None:
        read_key(here, token)
        return
    if token.negated and not token.value:  # a dash between two words
        here.at += 1
        return
    if token.negated:
        here.is_negated, here.negated_at = not here.is_negated, here.at
    readers = (read_mention, read_long_name, read_place, _keyword, read_own, read_short_name, _ignored)
    for reader in readers:
        if reader(here):
            return
    refuse(here)


def _keyword(here: Position) -> bool:
    words = here.free_words(8, joined=True)
    if any(_DOTTED_DATE.search(one.value) for one in here.loose(here.at, 2)) and read_free_period(here, words):
        return True
    if words and words[0] in _NEWEST and _names_checklist(here, words[1:4]):
        here.add(f"{Key.LIMIT}:1", 0)  # "my last closing" is one
        here.at += 1
        return True
    if words and (found := read_keyword(words)) is not None:
        offer_one_word_name(here, words, found.used)
        if not found.can_be_negated:
            refuse_dangling_negation(here)
        here.add_keyword(found)
        return True
    return (bool(words) and _operator(here, words)) or read_free_period(here, words)


_NEWEST = frozenset({"last", "latest", "newest"})


def _names_checklist(here: Position, words: Sequence[str]) -> bool:
    """Whether the next words name one checklist, in the singular."""
    found = next((one for length in (3, 2, 1) if (one := here.index.named(words[:length]))), ())
    return len(found) == 1 and found[0].kind is Kind.CHECKLIST


def _operator(here: Position, words: Sequence[str]) -> bool:
    word = words[0]
    if word == "but" and _only_joins(here, words[1:]):
        here.at += 1
    elif word in NEGATIONS or tuple(words[:2]) in (("other", "than"), ("apart", "from"), ("aside", "from")):
        here.is_negated, here.negated_at = True, here.at
        here.at += 1 if word in NEGATIONS else 2
    elif word in JOINS:
        here.note_join(word)
        here.at += 1
    elif word == "as" and _as_role(here, words):
        pass
    elif (role := ROLES.get(word)) is not None:
        here.role, here.at = role, here.at + 1
    elif word in OBSERVING:  # "observed by Ana": the person behind it says who
        here.at += 1
    else:
        return False
    return True


def _only_joins(here: Position, following: Sequence[str]) -> bool:
    """Whether "but" says no more than "and": "above 80 but below 90", unlike "all but opening"."""
    if not here.terms or not ALL.isdisjoint(here.words_before(1)):
        return False
    if following[:1] and following[0] in ("only", "just"):  # "sofia but only failed"
        return True
    return bool(following) and (following[0] in NEGATIONS or read_keyword(following) is not None)


def _as_role(here: Position, words: Sequence[str]) -> bool:
    """ "Oskar as observer": what the person before it is."""
    used = 2 if words[1:2] and words[1] in ("a", "an", "the") else 1
    role = ROLE_NAMES.get(words[used]) if len(words) > used else None
    if role is None or here.at != here.person_end:
        return False
    term = here.terms[-1]
    here.terms[-1] = f"{'-' * term.startswith('-')}{role}:{term.partition(':')[2]}"
    here.at += used + 1
    return True


def _ignored(here: Position) -> bool:
    token = here.tokens[here.at]
    words = here.words_of(token)
    if words and any(goes_through(before, words[0]) for before in here.words_before(1)):
        here.at += 1
        return True
    if words == ["times"] and here.words_before(2) == ["many", "how"]:  # the answer says how many there are
        here.at += 1
        return True
    is_emoji = _EMOJI.fullmatch(token.value) is not None
    if words and not is_emoji and not all(word in _SAYS_NOTHING for word in words):
        return False
    if here.is_negated and any(word.endswith("ed") for word in words):  # "not recorded in store 12" excludes no store
        refuse_dangling_negation(here)
    if here.at and words[:1] and words[0] in _ASKING_MORE and here.words_before(1) == ["and"]:
        here.skip_unused()
        return True
    is_team = here.at == here.person_end and here.at > 0 and not OWN_TEAM.isdisjoint(words)  # "Ana's team"
    if SAYING.isdisjoint(words) and not is_team:
        here.at += 1
    else:
        here.skip_unused()
    return True
