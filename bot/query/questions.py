"""Questions for words that fit several things, and errors for those that fit nothing, with the nearest names."""

from collections.abc import Sequence
from typing import NoReturn

from bot.domain.errors import QueryError
from bot.query.keys import Key
from bot.query.keywords import SPELLINGS, meanings_like, read_keyword
from bot.query.names import Kind
from bot.query.nearest import alike
from bot.query.period_terms import period_terms
from bot.query.periods import read_period
from bot.query.position import Option, Position, key_of, term_of
from bot.query.small_words import ASKING, IGNORED, OWN, SUBJECTS

MOST_OPTIONS = 3
_LONG_IGNORED = sorted(word for word in IGNORED if len(word) > 5)
_LIKE_A_KEYWORD = 82.0  # percent: "faild" is "failed", "test" is not "latest"


class Question(Exception):
    """Some words fit several things."""

    def __init__(self, question: str, options: Sequence[Option]) -> None:
        super().__init__(question)
        self.question = question
        self.options = tuple(options)


def question(here: Position, question: str, choices: Sequence[tuple[str, str]], used: int) -> Question:
    """The question for words that fit several things; `choices` are pairs of terms and what they mean."""
    options = [Option(label, here.with_term(here.signed(term), used)) for term, label in choices[:MOST_OPTIONS]]
    more = len(choices) - len(options)
    return Question(question + (f" The first {len(options)} are offered." if more > 0 else ""), options)


def number_question(here: Position, number: str) -> Question:
    places = [one for one in here.index.named([number]) if one.kind is not Kind.PERSON]
    choices = [(term_of(key_of(one, Key.EMPLOYEE), one, here.index), one.name) for one in places[:MOST_OPTIONS]]
    if int(number) <= 100:
        choices.append((f"{Key.SCORE}:{number}", f"A score of {number} %"))
    if 1 <= int(number) <= 100 and not here.is_negated:
        choices.append((f"{Key.LIMIT}:{number}", f"The newest {number}"))
    if not choices:
        refuse(here)
    return question(here, f"“{number}” can mean several things.", choices, 1)


def refuse(here: Position, used: int = 1) -> NoReturn:
    """Raises QueryError with the nearest: words of like meaning, then names, then keywords by their spelling."""
    typed = here.typed(used)
    words = here.free_words(1)
    terms = [*meanings_like(words[0])] if words else []
    terms += [
        term_of(key_of(thing, here.person_role(used)), thing, here.index)
        for thing in here.index.near(typed, MOST_OPTIONS)
    ]
    terms += [_canonical(here, word) for one in words for word in alike(one, SPELLINGS, at_least=_LIKE_A_KEYWORD)]
    fixes = [here.with_term(here.signed(term), used) for term in dict.fromkeys(terms)][:MOST_OPTIONS]
    is_sentence = any(token.value.lower() in ASKING for token in here.tokens) and not _is_wish(here)
    is_ignored = any(alike(one, _LONG_IGNORED, 1, at_least=_LIKE_A_KEYWORD) for one in words)  # "resluts"
    is_fragment = not any(token.value.lower() in SUBJECTS | OWN for token in here.tokens)  # "baristas under 80"
    if not fixes and not here.is_negated and (is_sentence or is_ignored or is_fragment):
        fixes = [here.with_term("", used)]
    raise QueryError(f"“{typed}” is no name that you may see, and no condition.", fixes)


def _is_wish(here: Position) -> bool:
    """Whether the word that was not understood is a request: "cancel my session" without it is another question."""
    return not here.terms and all(token.value.lower() in SUBJECTS for token in here.tokens[: here.at])


def _canonical(here: Position, word: str) -> str:
    """What a keyword means alone; the word itself if it means nothing without the words behind it."""
    if (found := read_keyword([word])) is not None:
        return " ".join(found.terms) or word
    period = read_period([word], 0, here.today)
    return word if period is None or not period.used else period_terms(period.periods[0])


def refuse_dangling_negation(here: Position) -> None:
    """ "not scored": to leave the "not" out would answer the opposite."""
    if not here.is_negated:
        return
    here.at = here.negated_at
    typed = here.typed(len(here.tokens) - here.at)
    raise QueryError(f"“{typed}” excludes nothing that Spotter knows: name a checklist, site, person or outcome.", [])
