"""A question in parts, each with what it is about: words of the lexicon, names, days, outcomes, scores, numbers."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from bot.listeners.questions.concepts import ASKING, LEXICON, LONGEST_PHRASE, C, Concept
from bot.listeners.questions.patterns import straight
from bot.query.keywords import read_score
from bot.query.name_index import words_of
from bot.query.numbers import count_at
from bot.query.outcome_words import read_outcome
from bot.query.periods import read_period

_CONTRACTIONS = (
    (re.compile(r"\bwon'?t\b", re.IGNORECASE), "will not"),
    (re.compile(r"\bcan'?t\b|\bcannot\b", re.IGNORECASE), "can not"),
    (
        re.compile(r"\b(is|are|was|were|do|does|did|has|have|had|would|could|should|must|need)n'?t\b", re.IGNORECASE),
        r"\1 not",
    ),
    (re.compile(r"\b(who|what|how|when|where|it|that|there|he|she|here)'s\b", re.IGNORECASE), r"\1 is"),
    (re.compile(r"\b(who|what|how|when|where)s\b", re.IGNORECASE), r"\1 is"),
    (re.compile(r"\b(who|what|how|when|where)'d\b", re.IGNORECASE), r"\1 did"),
    (re.compile(r"\b(?:i'm|im)\b", re.IGNORECASE), "i am"),
    (re.compile(r"\b(you|we|they)'re\b", re.IGNORECASE), r"\1 are"),
    (re.compile(r"\b(i|you|we|they)'?ve\b", re.IGNORECASE), r"\1 have"),
    (re.compile(r"\b(i|you|we|they|he|she|it)'ll\b", re.IGNORECASE), r"\1 will"),
    (re.compile(r"\b(i|you|we|they|he|she)'d\b", re.IGNORECASE), r"\1 would"),
)
_OUTCOMES = (
    (frozenset({"failed", "below", "critical"}), C.LOW),
    (frozenset({"passed", "met"}), C.MET),
    (frozenset({"planned", "progress"}), C.OPEN),
    (frozenset({"completed"}), C.COMPLETE),
)
_JOINING = frozenset({"and", "or"})
_ROLES = frozenset({"not", "without", "by", "of", "for", "from", "with", "on", "in", "at", "about"})
_ID = re.compile(r"(?=[0-9a-f-]*\d)[0-9a-f]{8}[0-9a-f-]*")
_SINGLE_QUOTES = re.compile(r"(?<!\w)'([^'\"]+ [^'\"]+)'(?!\w)")  # around several words
_TOKEN = re.compile(r'(?:[^\s"]*"[^"]*"[^\s"]*|\S+)')


@dataclass(frozen=True, slots=True)
class Part:
    """Some words of a question: as typed, and what they are about; nothing (0) if that is unknown."""

    typed: str
    concept: Concept
    is_condition: bool  # of the query: a name, a day, an outcome, or unknown words


@dataclass(frozen=True, slots=True)
class Named:
    """The normalized words of a name in a text, and whether it is a person's or a place's."""

    words: tuple[str, ...]
    concept: Concept


def parts_of(text: str, names: Collection[Named], today: date) -> Sequence[Part]:
    """The parts of a question in their order. `names`: those in it that the asker may see."""
    plain = _SINGLE_QUOTES.sub(r'"\1"', straight(text))
    for pattern, full in _CONTRACTIONS:
        plain = pattern.sub(full, plain)
    typed: list[str] = []
    words: list[str] = []
    for token in _TOKEN.findall(plain):
        if ":" in token[:-1] or '"' in token:
            typed.append(token)
            words.append(token)
            continue
        shown = token.strip("?!.;:()…*_")
        for number, word in enumerate(_words(shown)):
            typed.append("" if number else shown)
            words.append(word)
    found: list[Part] = []
    at = 0
    while at < len(typed):
        part, used = _part_at(typed, words, at, names, today)
        found.append(part)
        at += used
    return _joined(found)


def _words(token: str) -> Sequence[str]:
    return [one for word in words_of(token) for one in word.replace("-", " ").split()]


def _joined(parts: Sequence[Part]) -> Sequence[Part]:
    """The same where a word that limits what follows it stays a condition: "by Oskar", "except Opening"."""
    found: list[Part] = []
    for at, part in enumerate(parts):
        following = parts[at + 1] if at + 1 < len(parts) else None
        word = part.typed.lower()
        if part.concept & C.PERIOD and at and parts[at - 1].concept & (C.COMPARE | C.THAN):
            part = Part(part.typed, part.concept | C.EARLIER, part.is_condition)
        is_before_name = following is not None and bool(following.concept & C.NAME)
        is_kept = word in _JOINING or part.concept is C.EXCEPT or (is_before_name and word in _ROLES)
        found.append(Part(part.typed, C.FILLER, is_condition=True) if is_kept else part)
    return found


def _part_at(
    typed: Sequence[str], words: Sequence[str], at: int, names: Collection[Named], today: date
) -> tuple[Part, int]:
    """The part that begins at a word, and how many words it has."""

    def part(used: int, concept: Concept, *, is_condition: bool = False) -> tuple[Part, int]:
        return Part(" ".join(filter(None, typed[at : at + used])), concept, is_condition), used

    if ":" in words[at][:-1] or '"' in words[at]:
        return part(1, C.KEY, is_condition=True)
    named = next((one for one in names if list(words[at : at + len(one.words)]) == list(one.words)), None)
    if named is not None and len(named.words) > 1:
        return part(len(named.words), C.NAME | named.concept, is_condition=True)
    longest = min(LONGEST_PHRASE, len(words) - at)
    phrase = next((n for n in range(longest, 1, -1) if tuple(words[at : at + n]) in LEXICON), 0)
    if phrase and LEXICON[tuple(words[at : at + phrase])] is C.FILLER and _is_cut(words, at, phrase):
        phrase = 0
    period = read_period(words, at, today)
    if period is not None and period.used > phrase and not (phrase and words[at] in _FILLERS):
        is_ahead = bool(period.periods) and (period.periods[0].since or date.min) > today
        return part(period.used, C.PERIOD | (C.FUTURE if is_ahead else C(0)), is_condition=True)
    if _ID.fullmatch(words[at]):
        return part(1, C.ID, is_condition=True)
    score = read_score(words[at:])
    if score is not None and score.used > phrase:
        return part(score.used, C.RESULT, is_condition=True)
    outcome = read_outcome(words[at:])
    if phrase and (outcome is None or phrase >= outcome.used):
        return part(phrase, LEXICON[tuple(words[at : at + phrase])])
    if outcome is not None:
        kinds = {term.partition(":")[2] for term in outcome.terms}
        concept = next((one for those, one in _OUTCOMES if kinds & those), C.FILLER)
        return part(outcome.used, concept, is_condition=True)
    count = None if words[at] in _NO_NUMBERS else count_at(words, at)
    if count is not None:
        if words[at + count[1] : at + count[1] + 1] in (["times"], ["x"]):
            return part(count[1] + 1, C.AGAIN)
        return part(count[1], C.NUMBER, is_condition=True)
    known = LEXICON.get((words[at],))
    if named is not None and (known is None or _is_a_name(typed[at], at, named, known)):
        return part(1, C.NAME | named.concept, is_condition=True)
    return part(1, C(0) if known is None else known, is_condition=known is None)


def _is_cut(words: Sequence[str], at: int, used: int) -> bool:
    """Whether a phrase that asks begins inside the next words and ends behind them: "i need" of "i need to improve"."""
    return any(
        LEXICON.get(tuple(words[start : start + length]), C.FILLER) is not C.FILLER
        for start in range(at + 1, at + used)
        for length in range(at + used - start + 1, min(LONGEST_PHRASE, len(words) - start) + 1)
    )


def _is_a_name(typed: str, at: int, named: Named, known: Concept) -> bool:
    """Whether a word that also asks for something is a name: "Mark" of a person, "Will" or "Training" in capitals."""
    is_capital = typed[:1].isupper() and at > 0
    return is_capital or (named.concept is C.PERSON and not known & ASKING)


_NO_NUMBERS = frozenset({"one", "a", "an"})
_FILLERS = frozenset({"in", "on", "at", "during", "for", "from", "within", "over", "the", "of", "this"})
