"""Which subcommand answers a text: the one it begins with, the one it asks for in other words, or `results`."""

import re
from collections.abc import AsyncIterator, Awaitable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from rapidfuzz.distance import OSA

from bot.blocks.answers import done_elsewhere, with_note, with_unused
from bot.blocks.coverage import team_note
from bot.blocks.elements import notice
from bot.domain.errors import AmbiguousQuery, NotAllowed, NotPossibleNow, QueryError, Remedy
from bot.domain.notifications import Message
from bot.domain.viewers import Viewer
from bot.listeners.access_scope import access_view, zone_of
from bot.listeners.commands import sessions, trends
from bot.listeners.commands.registry import Subcommand
from bot.listeners.context import AppContext
from bot.listeners.questions.asked import Question, question_of, wish_of
from bot.listeners.questions.elsewhere import elsewhere
from bot.listeners.questions.media import without_medium
from bot.listeners.questions.nearest_topic import nearest_topic
from bot.listeners.questions.parts import Named
from bot.listeners.questions.patterns import Intent, in_digits, plain_of
from bot.listeners.questions.small_talk import (
    ALL_SENDING,
    CONFIRMATION,
    GOES_ON,
    GREETING,
    HELP,
    MORE,
    REFERS,
    UNDO,
    UNDO_WITH,
    is_thanks,
    without_greeting,
)
from bot.listeners.questions.synonyms import in_common_words
from bot.listeners.questions.typing_mistakes import respelled
from bot.listeners.understanding import named_in
from bot.query.keys import KEYS, Key
from bot.query.name_index import words_of
from bot.query.nearest import alike
from bot.query.small_words import IGNORED

STANDS_ALONE = "Each question is read on its own: Spotter does not remember the one before."
MOST_NEXT_STEPS = 2  # that a refusal offers

_NAMED_SESSION = re.compile(
    r"(?:(?:show|open|see|details?|info)(?: me)? )?(?:(?:of|for|on|about|the|session|id) )+#?`?"
    r"((?=[0-9a-f-]*\d)[0-9a-f]{8}[0-9a-f-]*)`?",
    re.IGNORECASE,
)
_FOLLOW_UP = re.compile(r"^follow ?-?up (?:on )?(?=(?=[0-9a-f-]*\d)[0-9a-f]{8})", re.IGNORECASE)
_OWN_TEAM = re.compile(
    r"\bmy (?:(?:whole|entire) )?(?:team'?s?|people|staff|crew|guys|direct reports|store|site|department|branch)\b",
    re.IGNORECASE,
)
_NAMES_SOMETHING = re.compile(rf"\b(?:{'|'.join(one for one in Key if KEYS[one].kind is not None)}):")
_SAME_WORD = 78  # percent: "resluts" is "results", "trend" is not "target"
_SHORTEST_VERB = 3


class Run(Protocol):
    """Runs a subcommand with its words. `is_guess`: what was typed only means it, so it asks before it changes."""

    def __call__(self, verb: str, words: str, *, is_guess: bool = False) -> Awaitable[Message]: ...


@dataclass(frozen=True)
class Dispatch:
    """Finds the subcommand for a viewer's texts among those offered to the viewer. `admin_verbs`: admins' alone.

    In this order: small talk, what is done elsewhere, the subcommand that the text begins with, and what a question
    asks for (`questions/`). Raises QueryError with the nearest commands, and NotAllowed.
    """

    ctx: AppContext
    viewer: Viewer
    offered: Mapping[str, Subcommand]
    admin_verbs: Collection[str]
    run: Run

    async def answer(self, text: str) -> Message:
        """The answer to a text; one that is to come by e-mail or phone says that it comes in Slack."""
        wanted, medium = without_medium(text)
        if not medium or not wanted or await self._names_in(medium):
            return await self._answer(text)
        note = f"I did not use: “{medium}”. Spotter writes in Slack alone."
        try:
            return with_note(await self._answer(wanted), note)
        except AmbiguousQuery:
            raise
        except QueryError as error:
            raise QueryError(f"{note} {error}", error.suggestions) from None

    async def _answer(self, text: str) -> Message:
        """The answer to a text.

        A mistyped subcommand is taken for what it resembles only if that changes nothing and the text is no query.
        """
        plain = plain_of(text)
        if is_thanks(plain) and not await self._asks_for_something(without_greeting(text)):
            return notice("You're welcome.")
        is_asking_for_help = any(pattern.fullmatch(plain) for pattern in (GREETING, HELP))
        if is_asking_for_help or not any(letter.isalnum() for letter in text):
            return await self.run("help" if text else "", "")
        text = in_digits(without_greeting(text))
        plain = plain_of(text)
        if CONFIRMATION.fullmatch(plain):
            return notice("Nothing was done: what Spotter asks about is answered by its buttons. Press one there.")
        if MORE.fullmatch(plain):
            return notice(f"A list goes on with the buttons below it. {STANDS_ALONE}")
        if REFERS.fullmatch(plain):
            return notice(f"{STANDS_ALONE} Say which sessions, as in `results failed this week`.")
        if (found := ALL_SENDING.fullmatch(plain)) and self.viewer.is_admin:
            return await self.run("resume" if found["resume"] else "pause", "all", is_guess=True)
        if (place := elsewhere(text)) is not None and not _is_whole_name(text, await self._names_in(text)):
            return done_elsewhere(place.said, place.typed, place.instead, command=self.ctx.command)
        if UNDO.fullmatch(plain):
            possible = [one for one in UNDO_WITH if one in self.offered]
            raise QueryError("Say what is to end: each of these lists it.", possible)
        text = _FOLLOW_UP.sub("follow-up ", text)
        if found := _NAMED_SESSION.fullmatch(text):
            return await self.run("show", found[1])
        if sessions.is_session_id(text.strip("#")):
            return await self.run("show", text)
        first, words = _first_and_others(text)
        typed = first.strip("*_~`!.,?").lower()
        if typed in self.offered and self.offered[typed].takes(words):
            return await self._with_team(text, typed, await self.run(typed, words))
        if (goes_on := GOES_ON.match(text)) and not await self._begins_with_a_name(text):
            return with_note(await self._to_a_question(text[goes_on.end() :]), STANDS_ALONE)
        return await self._to_a_question(text)

    async def _with_team(self, text: str, verb: str, answer: Message) -> Message:
        """An answer about sessions; with what it covers if "my team" chose nothing in it."""
        if not self.offered[verb].takes_query or not _OWN_TEAM.search(text):
            return answer
        note = team_note(await self.ctx.store.read(lambda tx: access_view(tx, self.viewer).coverage))
        return with_note(answer, note) if note else answer

    async def _begins_with_a_name(self, text: str) -> bool:
        """Whether a name of several words stands first: the checklist "And now the drinks"."""
        begin = words_of(text)
        return any(
            len(name.words) > 1 and [*name.words] == begin[: len(name.words)] for name in await self._names_in(text)
        )

    async def _asks_for_something(self, text: str) -> bool:
        """Whether the words behind thanks ask: "thanks, and sofia's results"."""
        names = await self._names_in(text)
        return bool(names) or self._question(text, names).intent is not None

    async def _to_a_question(self, text: str) -> Message:
        """The answer to a question, read as it stands, then in Spotter's own words, then without what only asks."""
        names = await self._names_in(text)
        question = self._question(text, names)
        problem: QueryError | None = None
        async for said, reading in self._readings(text, question, names):
            try:
                return await self._answer_to(said, reading)
            except AmbiguousQuery:
                raise
            except QueryError as error:
                problem = error if problem is None or (error.suggestions and not problem.suggestions) else problem
        assert problem is not None
        asks_for_sessions = question.intent is None or question.intent.verb not in ("", *self.offered)
        if asks_for_sessions and (words := await trends.about_criterion(self.ctx, self.viewer, text)):
            return await self.run("trend", words)
        return await self._nearest(text, problem, asks_for_sessions=asks_for_sessions)

    async def _readings(
        self, text: str, question: Question, names: Sequence[Named]
    ) -> AsyncIterator[tuple[str, Question]]:
        """The ways to read a text, each made only when the one before it could not be answered."""
        yield text, question
        conditions = question.conditions
        common = in_common_words(text, {word for name in names for word in name.words})
        if common.casefold() != text.casefold():
            in_other_words = self._question(common, await self._names_in(common))
            yield common, in_other_words
            conditions = in_other_words.conditions if conditions is None else conditions
        if conditions is not None:
            yield conditions, Question()

    async def _answer_to(self, text: str, question: Question) -> Message:
        intent = question.intent
        if intent is not None and intent.verb in self.admin_verbs and intent.verb not in self.offered:
            raise NotAllowed(f"only admins of Spotter use “{intent.verb}”", Remedy.ADMIN)
        if intent is not None and intent.verb in ("", *self.offered):
            answer = await self.run(intent.verb, intent.words, is_guess=True)
            answer = with_unused(answer, intent.unused) if intent.unused else answer
            return await self._with_team(text, intent.verb, answer) if intent.verb else answer
        if question.is_empty:
            return await self.run("help", "")
        return await self._with_team(text, "results", await self.run("results", text))

    async def _nearest(self, text: str, problem: QueryError, *, asks_for_sessions: bool) -> Message:
        """The answer of the subcommand that a text begins with but for a typing mistake; what the text is about.

        Raises QueryError with the nearest commands.
        """
        first, others = _first_and_others(text)
        is_verb = asks_for_sessions and len(first) > _SHORTEST_VERB and first.lower() not in self.offered
        if is_verb and first.lower() in self.admin_verbs:
            raise NotAllowed(f"only admins of Spotter use “{first.lower()}”", Remedy.ADMIN)
        reading = tuple(verb for verb, entry in self.offered.items() if entry.only_reads)
        if is_verb and (like := alike(first, reading, 1, at_least=_SAME_WORD)):
            return await self.run(like[0], others)
        verbs = self._verbs_like(first) if asks_for_sessions else ()
        corrected = await self._respelled(text)
        near = nearest_topic(text, self.offered.__contains__) if asks_for_sessions and not verbs else None
        if near is not None and not corrected:
            return done_elsewhere(near.said, near.typed, near.instead, command=self.ctx.command)
        fixes = [*corrected, *(f"{one} {others}".strip() for one in verbs)]
        # A wish that was read knows better what to type than its words respelled do.
        named = [one for one in problem.suggestions if _NAMES_SOMETHING.search(one)]
        found = [*named, *fixes] or problem.suggestions if asks_for_sessions else [*problem.suggestions, *fixes]
        raise QueryError(str(problem), [*dict.fromkeys(found)][:MOST_NEXT_STEPS])

    def _verbs_like(self, typed: str) -> Sequence[str]:
        """The subcommands that are one typing mistake away: "mtue" is "mute"."""
        word = typed.lower()
        if len(word) <= _SHORTEST_VERB or word in IGNORED:
            return ()
        return [one for one in self.offered if one[0] == word[0] and OSA.distance(one, word, score_cutoff=1) <= 1]

    async def _respelled(self, text: str) -> Sequence[str]:
        """What a question asks for once its mistyped keywords are corrected; none if that makes it no question."""
        corrected = respelled(text)
        if corrected == text:
            return ()
        question = self._question(corrected, await self._names_in(corrected))
        intent = question.intent
        if intent is None or intent.verb not in self.offered or question.has_unknown:  # a suggestion has to run
            return ()
        return (f"{intent.verb} {intent.words}".rstrip(),)

    def _question(self, text: str, names: Sequence[Named]) -> Question:
        """What a text asks for. `names`: those in it that the viewer may see."""
        wish = wish_of(text)
        if wish is not None and not _is_in_a_name(text, wish, names):
            return Question(wish)
        return question_of(text, names, self.ctx.clock.now().astimezone(zone_of(self.viewer)).date())

    async def _names_in(self, text: str) -> Sequence[Named]:
        """The names in a text; none for a viewer who may see nothing."""
        try:
            return await self.ctx.store.read(lambda tx: named_in(tx, access_view(tx, self.viewer), text))
        except (NotAllowed, NotPossibleNow):
            return ()


def _is_whole_name(text: str, names: Sequence[Named]) -> bool:
    """Whether a text is one of these names and nothing else: the checklist "Conduct training"."""
    return [list(one.words) for one in names] == [words_of(text)]


def _is_in_a_name(text: str, wish: Intent, names: Sequence[Named]) -> bool:
    """Whether the words of a wish belong to a longer name: the checklist "Stop messages" ends nothing."""
    asking = set(words_of(text)) - set(words_of(wish.words)) - set(words_of(wish.unused))
    return any(len(name.words) > 1 and asking.intersection(name.words) for name in names)


def _first_and_others(text: str) -> tuple[str, str]:
    first, *others = text.split(maxsplit=1)
    return first, "".join(others).strip()
