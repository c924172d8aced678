"""What a typed query means to one viewer: free words and keys, read among the names that they may see."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache

from bot.domain.errors import AmbiguousQuery, QueryError
from bot.domain.permissions import EVERYTHING, AccessScope
from bot.domain.text import count
from bot.domain.viewers import Viewer
from bot.listeners.access_scope import AccessView, access_view, refuse_unknown
from bot.listeners.context import AppContext
from bot.listeners.questions.concepts import Concept
from bot.listeners.questions.parts import Named
from bot.query.days import Period
from bot.query.free_words import MOST_WORDS, ReadText, read_words
from bot.query.keys import KEYS, Key, Term
from bot.query.name_index import NamedThing, NameIndex, words_of
from bot.query.names import MENTION, Kind, id_of
from bot.query.parser import Names, Query, parse
from bot.query.position import LONGEST_NAME, Option
from bot.services.visible_names import all_visible_names
from bot.store.conditions import Where, as_employee, as_observer, asked_for
from bot.store.database import Tx

_MOST_COMPARED = 200  # sessions of one person: who observes more is known by then
MOST_COUNTED = 1_000  # sessions of one option: an exact count of a million is no help in choosing

Counting = Callable[[Tx, Where], int]


@dataclass(frozen=True, slots=True)
class Understood:
    """A query, the names it was read among, what some of its words could mean beside what they were read as, the words
    that it leaves out, and the time that free words name."""

    query: Query
    known: Names
    options: tuple[Option, ...] = ()
    unused: tuple[str, ...] = ()
    period: Period | None = None


async def fetch_mentioned_users(ctx: AppContext, text: str) -> None:
    """Looks up the Slack users that a text mentions: a user unknown to Spotter has no link yet."""
    for user_id in sorted({found[1] for found in MENTION.finditer(text)}):
        await ctx.contacts.viewer(user_id)


def count_sessions(tx: Tx, where: Where) -> int:
    """How many sessions meet a condition, counted up to MOST_COUNTED + 1."""
    return tx.search.count(where, MOST_COUNTED + 1)


def understand(
    tx: Tx,
    access: AccessView,
    text: str,
    verb: str,
    now: datetime,
    *,
    counting: Counting = count_sessions,
    is_ahead: bool = False,
) -> Understood:
    """What a viewer's text means.

    Raises QueryError if it means nothing, AmbiguousQuery if it means several things; the suggestions are whole commands
    that begin with `verb`, "" on the command line. `counting` says how many sessions the command would show.
    `is_ahead`: it is about days to come.
    """
    users = {found[1].upper() for found in MENTION.finditer(text)}
    known = all_visible_names(tx, access.scope, access.directory, users, access.viewer.person_id)
    own = cache(lambda: _sessions_of(tx, access.viewer.person_id, EVERYTHING, MOST_COUNTED))  # each scope holds them
    others = cache(lambda person_id: _sessions_of(tx, person_id, access.scope, _MOST_COMPARED))
    reader = _Reader(tx, access, known, now, counting, others, own, is_ahead=is_ahead)
    try:
        reading = reader.read(text)
        query = parse(reading.text)
    except QueryError as error:
        raise QueryError(str(error), [f"{verb} {one}".lstrip() for one in error.suggestions]) from None
    if reading.question:
        raise AmbiguousQuery(
            f"{reading.question} Which do you mean?",
            [f"{verb} {one.text}".lstrip() for one in reading.options],
            reader.labels(reading.options),
        )
    refuse_unknown(query, known, verb)
    options = reader.with_sessions(reading.options)
    return Understood(query, known, options, reading.unused, reading.period)


def to_its_end(meant: Understood) -> Understood:
    """The same up to the end of the time that it names: what is still to come this week is asked for until Sunday,
    while results of this week need no end."""
    if meant.period is None or meant.period.until is None or any(term.key is Key.UNTIL for term in meant.query.terms):
        return meant
    end = Term(Key.UNTIL, meant.period.until.isoformat())
    return replace(meant, query=Query((*meant.query.terms, end)))


_SHORTEST_POSSESSIVE = 3  # letters
_CONCEPTS = {Kind.PERSON: Concept.PERSON, Kind.DEPARTMENT: Concept.PLACE}


def named_in(tx: Tx, access: AccessView, text: str) -> Sequence[Named]:
    """The names in a text that a viewer may see, each in whole or in part: the longest at each word."""
    index = NameIndex.of(
        all_visible_names(tx, access.scope, access.directory, (), access.viewer.person_id), access.directory
    )
    words, found, at = words_of(text)[:MOST_WORDS], [], 0
    while at < len(words):
        for length in range(min(len(words) - at, LONGEST_NAME), 0, -1):
            if things := index.named(words[at : at + length]) or _possessive(index, words[at : at + length]):
                kinds = {thing.kind for thing in things}
                concept = _CONCEPTS.get(kinds.pop(), Concept.NAME) if len(kinds) == 1 else Concept.NAME
                found.append(Named(tuple(words[at : at + length]), concept))
                at += length - 1
                break
        at += 1
    return found


def _possessive(index: NameIndex, words: Sequence[str]) -> Sequence[NamedThing]:
    """ "leilas": a person by one word with an s behind it."""
    if len(words) > 1 or not words[0].endswith("s") or len(words[0]) <= _SHORTEST_POSSESSIVE:
        return ()
    found = index.named([words[0][:-1]])
    return found if all(one.kind is Kind.PERSON for one in found) else ()


async def is_readable(ctx: AppContext, viewer: Viewer, text: str, verb: str) -> bool:
    """Whether a text can be read as a query, or asks which of several things is meant: a suggestion has to run."""
    now = ctx.clock.now()
    try:
        await ctx.store.read(lambda tx: understand(tx, access_view(tx, viewer), text, verb, now))
    except AmbiguousQuery:
        return True
    except QueryError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads texts for one viewer, and says what other ways to read them would find."""

    tx: Tx
    access: AccessView
    known: Names
    now: datetime
    counting: Counting
    sessions_of: Callable[[str], tuple[int, int]]
    own_sessions: Callable[[], tuple[int, int]]
    is_ahead: bool = False

    def read(self, text: str) -> ReadText:
        today = self.now.astimezone(self.access.zone).date()
        return read_words(
            text,
            NameIndex.of(self.known, self.access.directory),
            today,
            sessions_of=self.sessions_of,
            own_sessions=self.own_sessions,
            is_ahead=self.is_ahead,
        )

    def labels(self, options: Sequence[Option]) -> Sequence[str]:
        """Each option with the sessions that it would find: "Store 12 Harbour Street · 14 sessions"."""
        names = self._names(options)
        return [f"{name}{_found(self._count(one))}" for name, one in zip(names, options, strict=True)]

    def with_sessions(self, options: Sequence[Option]) -> tuple[Option, ...]:
        """The options that would find sessions, their labels with the number of these."""
        counted = [(option, self._count(option)) for option in options]
        return tuple(Option(f"{one.label}{_found(found)}", one.text) for one, found in counted if found != 0)

    def _count(self, option: Option) -> int | None:
        """How many sessions an option would find; None if its text has another question."""
        try:
            query = parse(self.read(option.text).text)
        except QueryError:
            return None
        if option.text and not query.terms:
            return None
        found = self.counting(self.tx, asked_for(query, self.access.scope, self.known, self.now, self.access.zone))
        limits = [int(term.value) for term in query.terms if term.key is Key.LIMIT]
        return min(found, *limits) if limits else found

    def _names(self, options: Sequence[Option]) -> Sequence[str]:
        """The labels of options, with the site of each person if two of them have the same name."""
        often = Counter(one.label for one in options)
        return [one.label if often[one.label] == 1 else f"{one.label}{self._site(one)}" for one in options]

    def _site(self, option: Option) -> str:
        try:
            terms = parse(self.read(option.text).text).terms
        except QueryError:
            return ""
        people = [id_of(term.value) for term in terms if KEYS[term.key].kind is Kind.PERSON]
        sites = [self.access.directory.site_of(one) for one in people if one is not None]
        return f", {sites[0] or 'site unknown'}" if sites else ""


def _sessions_of(tx: Tx, person_id: str | None, scope: AccessScope, most: int) -> tuple[int, int]:
    """How many sessions of a scope a person observed, and in how many they were observed, counted up to
    `most` + 1."""
    if person_id is None:
        return 0, 0
    roles = (as_observer(person_id, scope), as_employee(person_id, scope))
    observed, own = (tx.search.count(where, most + 1) for where in roles)
    return observed, own


def _found(number: int | None) -> str:
    if number is None:
        return ""
    if number > MOST_COUNTED:
        return f" · over {MOST_COUNTED:,} sessions"
    return f" · {count(number, 'session')}" if number else " · no session"
