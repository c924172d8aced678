"""Which subcommand a question asks for if it names none: "who hasn't been observed" is `silent`.

A whole text that is a common phrase, a wish that a pattern reads with its numbers and times, or what the concepts of
its words ask for together.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from bot.listeners.questions.about_spotter import ABOUT_SPOTTER
from bot.listeners.questions.change_wishes import CHANGES
from bot.listeners.questions.concepts import ASKING, OF_SESSIONS, C
from bot.listeners.questions.ending_wishes import ENDINGS
from bot.listeners.questions.meanings import meaning_of
from bot.listeners.questions.parts import Named, parts_of
from bot.listeners.questions.patterns import (
    Intent,
    Reader,
    plain_of,
    straight,
    with_names,
    without_names,
)
from bot.listeners.questions.rule_wishes import RULE_WISHES
from bot.listeners.questions.wording import worded
from bot.query.units import GROUPING_WORDS

__all__ = ["Intent", "Question", "is_grouped", "question_of", "wish_of"]

_LONGEST = 200  # characters: a longer text is no question in passing
_WISHES: Sequence[tuple[re.Pattern[str], Reader]] = tuple(
    (re.compile(rf"(?<![\w:\"“])(?:{pattern})(?![\w:])", re.IGNORECASE), make)
    for pattern, make in (*ENDINGS, *ABOUT_SPOTTER, *RULE_WISHES, *CHANGES)
)
_SAID: Sequence[tuple[Intent, Sequence[str]]] = (
    (Intent("", ""), ("menu", "start", "home", "main menu")),
    (Intent("link", ""), ("who am i", "whoami", "my account", "my link")),
    (Intent("status", ""), (
        "are you alive", "are you there", "is it working", "alive", "ping", "are you ok", "health",
        "errors", "show errors", "alerts", "warnings", "problems", "any problems", "any errors", "is anything broken",
        "is anything wrong", "what is broken", "what's broken", "diagnostics", "troubleshoot",
        "what is misconfigured", "what's misconfigured", "is anything misconfigured", "what is wrong with spotter",
        "version", "what version", "which version", "which version is this", "what version is this", "about",
        "admins", "list admins", "show admins", "who are the admins", "who is the admin", "who is admin",
        "who is an admin", "who's the admin", "who runs this", "who can help me",
    )),
    (Intent("link", "list"), (
        "unmatched people", "unmatched", "people --unmatched",
        "people —unmatched", "unlinked people", "unlinked", "not linked", "who is not linked",
        "who isn't linked", "who is unlinked", "who has no link", "people without a link", "who is not matched",
        "who is linked", "links", "list links", "all links", "show links",
    )),
    (Intent("results", "since:yesterday"), (
        "what did i miss", "what have i missed", "anything new", "any news", "whats new", "what's new", "what is new",
        "news", "any updates", "updates",
    )),
    (Intent("trend", "by:employee"), ("employees", "people", "staff", "all employees", "list employees")),
    (Intent("todo", ""), ("tasks", "task list")),
    (Intent("upcoming", ""), ("next", "whats next")),
    (Intent("target", ""), (
        "targets", "show targets", "what is the target", "what are the targets", "my target", "my targets",
        "what is my target", "what's my target", "what are my targets",
    )),
    (Intent("target", "critical"), (
        "which criteria are critical", "what criteria are critical", "which ones are critical",
        "what are the critical criteria",
    )),
    (Intent("rules", ""), ("what are the rules", "what are our rules", "what are my rules")),
    (Intent("follow-ups", ""), ("follow ups", "followups", "my follow-ups", "my follow ups")),
    (Intent("settings", ""), ("my settings", "preferences", "notifications")),
)  # fmt: skip
_WHOLE = {text: intent for intent, texts in _SAID for text in texts}  # whole texts


def is_grouped(text: str) -> bool:
    """Whether a text asks for figures of groups: "by store", `by:month`."""
    return _GROUPED.search(_QUOTED.sub(" ", text)) is not None


_GROUPS = rf"(?:day|quarter|form|{'|'.join(sorted(GROUPING_WORDS, key=len, reverse=True))})"
_GROUPED = re.compile(
    rf"(?<![\w:])(?:(?:by|per) (?:{_GROUPS}s?|people|persons?|criteri(?:on|a)|questions?)|by:\w+)(?!\w)", re.IGNORECASE
)
_QUOTED = re.compile(r'["“”][^"“”]*["“”]')


@dataclass(frozen=True, slots=True)
class Question:
    """A text as a question.

    `intent`: the subcommand that it asks for; None if it asks for sessions. `conditions`: those among its words, if
    the other words only ask; None if leaving these out would leave something out. `is_empty`: it names nothing.
    `has_unknown`: it has words that say nothing to Spotter.
    """

    intent: Intent | None = None
    conditions: str | None = None
    is_empty: bool = False
    has_unknown: bool = False


def question_of(text: str, names: Collection[Named], today: date) -> Question:
    """What a text asks for. `names`: those in it that the asker may see."""
    if len(text) > _LONGEST:
        return Question()
    parts = parts_of(text, names, today)
    meaning = meaning_of([part.concept for part in parts])
    if meaning is not None:
        return Question(worded(meaning, parts), has_unknown=any(not part.concept for part in parts))
    kept = [part.typed for part in parts if part.is_condition or part.concept & (C.ME | C.OBSERVE)]
    is_whole = all(part.concept & (ASKING | OF_SESSIONS) or (part.is_condition and part.concept) for part in parts)
    is_empty = bool(parts) and all(part.concept & _EMPTY and part.typed.lower() not in _ALL for part in parts)
    return Question(None, " ".join(kept) if is_whole else None, is_empty)


_EMPTY = C.FILLER | C.WHAT | C.HOW | C.IT | C.BEING | C.WHO | C.WHEN
_ALL = frozenset({"all", "everything", "any", "new", "recent", "recently", "details", "data", "list"}) | frozenset(
    f"{whose} {place}"
    for whose in ("my", "our", "this")
    for place in ("store", "site", "department", "location", "region", "branch")
)


def wish_of(text: str) -> Intent | None:
    """The subcommand of a common phrase, or of a wish that a pattern reads; None for any other text."""
    plain = plain_of(text)
    if plain in _WHOLE:
        return _WHOLE[plain]
    if len(text) > _LONGEST:
        return None
    typed, names = without_names(straight(text).strip(" ?!."))
    for pattern, make in _WISHES:
        found = pattern.search(typed)
        if found is not None and (intent := make(found)) is not None:
            return Intent(intent.verb, with_names(intent.words, names), with_names(intent.unused, names))
    return None
