"""The words for a subcommand that a question asks for: the conditions that it names, and what its concepts say."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from bot.listeners.questions.concepts import ASKING, OF_SESSIONS, C, Concept, joined
from bot.listeners.questions.meanings import Meaning
from bot.listeners.questions.parts import Part
from bot.listeners.questions.patterns import Intent
from bot.query.numbers import count_at
from bot.query.units import GROUPING_WORDS, plural_of

COMPARED = "compare"  # a trend of these words is by what they name
COUNT = "count"  # a trend of these words shows the numbers of sessions alone

_BY = frozenset({"by", "on", "until", "before", "next", "tomorrow"})  # begin a day by which something is to be done
_ORDERED = (
    C.BEST | C.WORST | C.MOST | C.LEAST | C.MISTAKE | C.RANKING | C.UNIT | C.PEOPLE | C.UPCOMING
)  # beside a number of rows
_DAYS = ("day", "days")  # by which a trend has no rows
_SAY_NOTHING = (  # beside what a question asks for
    ASKING | OF_SESSIONS | C.AS_OBSERVER | C.PER | C.TREND | C.CRITERION | C.LAST | C.THAN | C.MISTAKE
)

_TO_ME = frozenset({"me", "my", "i"})
_KEEPS = frozenset({"keep", "keeps", "kept", "repeat", "repeated"})
Filled = tuple[str, Sequence[int]]  # what a placeholder says, and which parts that uses up


def worded(meaning: Meaning, parts: Sequence[Part]) -> Intent:
    """The subcommand of a meaning with its words: its placeholders filled, then what the question names beside them."""
    return _Question(parts).intent(meaning)


@dataclass(frozen=True)
class _Question:
    parts: Sequence[Part]

    @cached_property
    def every(self) -> Concept:
        """All concepts of the question."""
        return joined(part.concept for part in self.parts)

    def intent(self, meaning: Meaning) -> Intent:
        said, used = meaning.words, set[int]()
        unused: dict[int, str] = {}  # by place in the question
        for place, fill in _PLACES.items():
            if place in said:
                words, parts_used = fill(self)
                used.update(parts_used)
                said = said.replace(place, "" if place in _LEFT_OUT else words)
                if words and place in _LEFT_OUT:
                    unused[min(parts_used)] = words
        left = [*self._conditions(meaning, used, unused)]
        if "by:" not in said:
            left += [f"by:{self._unit(at)}" for at in self._grouping() if at not in used]
        if COMPARED in meaning.words:
            left += self._other_time()
        asked = " ".join([*said.split(), *left])
        return Intent(meaning.verb, asked, " ".join(unused[at] for at in sorted(unused)))

    def _conditions(self, meaning: Meaning, used: Collection[int], unused: dict[int, str]) -> Iterator[str]:
        """What the question names beside its meaning. Adds to `unused` what the answer says nothing of."""
        says = _SAY_NOTHING | meaning.drops | (C.AVERAGE | C.MET if meaning.verb == "trend" else C(0))
        for concept in meaning.has:
            says |= concept
        for at, part in enumerate(self.parts):
            is_grouping = part.concept is C.UNIT and at in self._grouping()
            if at in used:
                if part.typed.lower() in _DAYS:
                    unused[at] = f"{self.parts[at - 1].typed} {part.typed}"
            elif not meaning.takes_conditions:
                if (part.is_condition or not part.concept) and part.concept is not C.FILLER:
                    unused[at] = part.typed
            elif part.is_condition and not part.concept & meaning.drops:
                yield f"by {part.typed}" if self._observes(at) else part.typed
            elif part.concept is C.UNIT and f"by:{self._unit(at)}" in meaning.words:
                continue
            elif (part.is_condition and part.concept & C.NAME) or (not part.concept & says and not is_grouping):
                unused[at] = part.typed

    def _at(self, concept: Concept) -> int | None:
        """Where the first part with a concept stands."""
        return next((at for at, part in enumerate(self.parts) if part.concept & concept), None)

    def _unit(self, at: int) -> str:
        word = self.parts[at].typed.lower().removesuffix("'s").strip(",")
        return GROUPING_WORDS.get(word, "week")

    def _grouping(self) -> Sequence[int]:
        """Where the units stand that the question groups by: "per site"."""
        return [
            at
            for at in range(1, len(self.parts))
            if self.parts[at].concept is C.UNIT and self.parts[at - 1].concept is C.PER
        ]

    # ---- placeholders ----------------------------------------------------------------------------------------------

    def unit(self) -> Filled:
        """What the rows are of: the unit behind "by", else the first that is named; people if none is."""
        units = [at for at, part in enumerate(self.parts) if part.concept is C.UNIT]
        at = next(iter([*self._grouping(), *units]), None)
        if at is None:
            return "employee", ()
        named = [at, *(one for one in units if one == at + 2 and self.parts[at + 1].typed == "and")]
        return " by:".join(self._unit(one) for one in named), named

    def doer(self) -> Filled:
        """As `unit`; observers if the question asks who does something to others."""
        unit, at = self.unit()
        verb, me = self._at(C.OBSERVE), self._at(C.ME)
        if at:
            return unit, at
        if verb is None:
            return ("observer" if self.every & C.ACTIVE and not self.every & C.PEOPLE else unit), ()
        if self._observes(verb - 1):
            return unit, ()
        return (unit if self._is_passive(verb) or (me is not None and me < verb) else "observer"), ()

    def beside(self) -> Filled:
        """What is compared with the others: people, or places if one is named."""
        unit, at = self.unit()
        return ("dept" if not at and self.every & C.PLACE else unit), at

    def rows(self) -> Filled:
        """What the silent are, as typed; in a year, if they never did something."""
        _, at = self.unit()
        is_ever = not self.every & C.PERIOD and any(part.typed.lower() == "never" for part in self.parts)
        return " ".join(["365d"] * is_ever + [plural_of(self.parts[one].typed.lower()) for one in at]), at

    def ever(self) -> Filled:
        """A year, for a question who never did something, unless it says since when."""
        _, at = self.unit()
        return ("365d" if self.every & C.NAME and not self.every & C.PERIOD else ""), at

    def limit(self) -> Filled:
        """The number of rows: "top 5", "the 3 worst"."""
        for at, part in enumerate(self.parts):
            beside = self.parts[max(at - 1, 0) : at + 2]
            if part.concept is C.NUMBER and any(one.concept & _ORDERED for one in beside):
                count = count_at(part.typed.lower().split(), 0)
                return f" limit:{count[0] if count else part.typed}", (at,)
        return "", ()

    def best(self) -> Filled:
        """The order of the best; the worst come first anyway."""
        return (" sort:-score" if self.every & C.BEST and not self.every & (C.WORST | C.BADLY) else ""), ()

    def most(self) -> Filled:
        """The order by number."""
        return ("count" if self.every & C.LEAST else "-count"), ()

    def score(self) -> Filled:
        """The number as a score."""
        at = self._at(C.NUMBER)
        return ("", ()) if at is None else (f"score:{self.parts[at].typed.rstrip('%')}", (at,))

    def id(self) -> Filled:
        """The id of one session."""
        at = self._at(C.ID)
        return ("", ()) if at is None else (self.parts[at].typed, (at,))

    def bound(self) -> Filled:
        """ "more than 3": the answer shows how many each has."""
        at = [one for one in (self._at(C.THAN), self._at(C.NUMBER)) if one is not None]
        return " ".join(self.parts[one].typed for one in at), at

    def again(self) -> Filled:
        """ "twice": the answer shows how often each did."""
        at = self._at(C.AGAIN)
        return ("", ()) if at is None or self.parts[at].typed.lower() in _KEEPS else (self.parts[at].typed, (at,))

    def due(self) -> Filled:
        """By when something is to be done, which is asked for when it is done."""
        for at, part in enumerate(self.parts):
            before = self.parts[at - 1].typed.lower() if at else ""
            is_due = part.concept & C.FUTURE or before in _BY or part.typed.lower().split()[:1][0] in _BY
            if part.concept & C.PERIOD and is_due:
                return (f"{before} {part.typed}" if before in _BY else part.typed), (at,)
        return "", ()

    def mine(self) -> Filled:
        """Whose sessions a question with "I" or "my" is about: those that the asker observed, or had."""
        me, verb = self._at(C.ME), self._at(C.OBSERVE | C.GAVE)
        if me is None:
            return "", ()
        if self.every & C.AS_OBSERVER:
            return "observer:me", ()
        if verb is None:
            return ("my session" if self.every & C.SESSION else "my"), ()
        return ("employee:me" if verb < me or self._is_passive(verb) else "observer:me"), ()

    def theirs(self) -> Filled:
        """As `mine`; not for a question about people, which "my" says belong to the asker."""
        return self.mine() if self.every & C.OBSERVE or self.unit()[0] != "employee" else ("", ())

    def sessions(self) -> Filled:
        """The asker's own, of either role."""
        return ("my sessions" if any(part.typed.lower() == "my" for part in self.parts) else ""), ()

    def own(self) -> Filled:
        """What the asker is to observe."""
        return ("observed by me" if self.every & C.ME else ""), ()

    def for_me(self) -> Filled:
        """A rule for the asker alone, unless it is to post here."""
        is_me = any(word in _TO_ME for part in self.parts for word in part.typed.lower().split())
        return ("for:me" if is_me else ""), ()

    def ahead(self) -> Filled:
        """What the asker is to observe, or to be observed in."""
        return ("mine" if self.every & C.ME else ""), ()

    def _observes(self, at: int) -> bool:
        """Whether a part names who observes: "who does Priya observe most"."""
        is_person = at >= 0 and bool(self.parts[at].concept & C.PERSON)
        is_verb = at + 1 < len(self.parts) and bool(self.parts[at + 1].concept & C.OBSERVE)
        return is_person and is_verb and not self._is_passive(at + 1)

    def _is_passive(self, verb: int) -> bool:
        is_active = self.parts[verb].typed.lower().endswith("ing")  # "is observing"
        return not is_active and any(part.concept is C.BEING for part in self.parts[:verb])

    def _other_time(self) -> Sequence[str]:
        """The time that a question compares with without naming it: "better than last month" is about this one."""
        times = [part.typed.lower().split() for part in self.parts if part.concept & C.PERIOD]
        kinds = [part.concept & (C.PERSON | C.PLACE) for part in self.parts if part.concept & C.NAME]
        if len(set(kinds)) < len(kinds) or len(times) != 1 or len(times[0]) < 2:
            return ()
        which, unit = times[0][-2:]
        if which in ("last", "previous"):
            return ("and", "this", unit)
        return ("and", "last", unit) if which == "this" and self.every & C.LAST else ()


_LEFT_OUT = frozenset({"{bound}", "{again}", "{due}"})  # said as not used
_PLACES: Mapping[str, Callable[[_Question], Filled]] = {
    f"{{{fill.__name__}}}": fill
    for fill in (
        _Question.unit, _Question.doer, _Question.beside, _Question.rows, _Question.ever, _Question.limit,
        _Question.best, _Question.most, _Question.score, _Question.id, _Question.bound, _Question.again, _Question.due,
        _Question.mine, _Question.sessions, _Question.own, _Question.ahead, _Question.for_me, _Question.theirs,
    )
}  # fmt: skip
