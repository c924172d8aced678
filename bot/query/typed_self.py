"""What the asker says of themselves: "my results", "sessions I did", "what did I give Jamie", "did I pass"."""

from collections.abc import Sequence
from itertools import pairwise

from bot.query.keys import Key
from bot.query.names import Kind
from bot.query.position import Option, Position
from bot.query.small_words import (
    ASKING_LEAVE,
    BEFORE_VERBS,
    BEING,
    DOING,
    GIVING,
    GRADING,
    OBSERVATIONS,
    OBSERVING,
    OWN,
    OWN_RESULTS,
    OWN_SESSIONS,
    OWN_TEAM,
    RECORDING,
    ROLE_NAMES,
    SCORING,
    SEEING,
    SPEAKING,
)


def read_own(here: Position) -> bool:
    """ "my results", "what did I observe", "observed by me"."""
    words = here.free_words(5)
    before = here.words_before(3)
    if not words or words[0] not in OWN:
        return False
    giver = before[1:2] if before[:1] == ["to"] else before[:1]  # "show me", "show to me"
    if words[0] == "me" and giver and giver[0] in GIVING and here.at != here.person_end:
        return False
    if words[0] == "i" and _only_speaks(words[1:], before):
        here.at += 1
        return True
    if words[1:3] == ["direct", "reports"]:
        here.at += 3
        return True
    if len(words) > 1 and words[1] in OWN_TEAM:
        here.at += 2
        return True
    if _names_ones_observer(here, words):
        here.at += 2
        return True
    is_said = here.role is Key.OBSERVER or words[0] not in (
        "my",
        "mine",
        "i",
    )  # "of my sessions" says no more than "my"
    role = here.role if here.role is not None and is_said else _own_role(here, words, before)
    here.add_person(f"{role}:me", 1)
    while here.at < len(here.tokens) and here.tokens[here.at].value.lower() in OBSERVING | GRADING:
        here.at += 1
    return True


def _names_ones_observer(here: Position, words: Sequence[str]) -> bool:
    """ "did my trainer record my score": that one's sessions have an observer adds nothing to "my score"."""
    following = [token.value.lower().strip("?!.,") for token in here.tokens[here.at + 2 :]]
    return words[0] == "my" and ROLE_NAMES.get("".join(words[1:2])) is Key.OBSERVER and not OWN.isdisjoint(following)


_VIEW_VERBS = frozenset({"see", "look", "view", "check", "read", "know", "find", "act", "worry"})


def _only_speaks(following: Sequence[str], before: Sequence[str]) -> bool:
    """Whether "I" only says who asks: "I want to see …", "can I get …", "I need the results of …"."""
    if following[:1] and following[0] in SPEAKING:
        return True
    if (
        following[:1]
        and following[0] in ("should", "must", "can", "could")
        and not _VIEW_VERBS.isdisjoint(following[1:3])
    ):
        return True
    asks = following[:1] == ["need"] and not SEEING.isdisjoint(following[1:3])
    return asks or (bool(before) and before[0] in ASKING_LEAVE and not SEEING.isdisjoint(following[:2]))


_PEOPLE = frozenset({"people", "person", "who", "whom", "those", "ones", "everyone", "everybody", "anyone", "anybody"})


def _own_role(here: Position, words: Sequence[str], before: Sequence[str]) -> Key:
    """Whether the asker observes or is observed: "was I observed", "how many observations have I done", "what did I
    give Jamie". Of "my sessions" the sessions decide that the asker has; the other role becomes an option."""
    typed = [token.value.lower().strip("?!.,") for token in here.tokens]
    verbs = OBSERVING | OBSERVATIONS | (GRADING if words[0] == "i" else frozenset())  # "my grade" is no verb
    verb = next((word for word in words[1:3] if word in verbs), "")
    if before[:1] == ["and"] and here.is_joined_to_employee():  # "Jamie and me": what an observer has with Jamie
        observed, own = here.own_sessions()
        return _role_had(here, Key.OBSERVER) if observed > own else Key.EMPLOYEE
    if verb.endswith(("ed", "en")) and not BEING.isdisjoint((*before, *words[1:2])):
        return Key.EMPLOYEE
    if (verb and verb not in OBSERVATIONS) or _does_to_others(here, words, before, typed):
        return Key.OBSERVER
    counts = words[0] == "i" and not OBSERVATIONS.isdisjoint(typed[: here.at])
    if verb or counts or not RECORDING.isdisjoint(typed) or any(map(goes_through, typed, typed[1:])):
        return _role_had(here, Key.OBSERVER)
    noun = next(
        (word for word in words[1:] if word in OWN_SESSIONS | OBSERVATIONS | OWN_RESULTS), ""
    )  # "my last 5 sessions"
    is_of_quality = ("how" in typed and "many" not in typed) or not {"well", "badly", "wrong"}.isdisjoint(typed)
    does = words[0] == "i" and not DOING.isdisjoint(words[1:2]) and not is_of_quality
    is_done = words[0] == "i" and not OWN_SESSIONS.isdisjoint(before[:1])  # "sessions I …"
    if words[0] == "mine" or noun in OWN_SESSIONS | OBSERVATIONS or does or is_done:
        observed, own = here.own_sessions()
        return _role_had(here, Key.OBSERVER if observed > own else Key.EMPLOYEE)
    if noun in OWN_RESULTS and here.own_sessions()[0]:
        _offer(here, Key.OBSERVER)
    return Key.EMPLOYEE


def _does_to_others(here: Position, words: Sequence[str], before: Sequence[str], typed: Sequence[str]) -> bool:
    """Whether the asker did to another what only an observer does: "what did I do with Jamie", "who did I fail", "what
    did I score Jamie", "what did Jamie get from me", "my average score given"."""
    if words[0] == "my":
        return not {"given", "gave"}.isdisjoint(typed)
    if words[0] == "me":
        return before[:1] == ["from"] and not {"get", "got"}.isdisjoint(typed)
    behind = [word for word in words[1:] if word not in BEFORE_VERBS] if words[0] == "i" else []
    follows = behind[0] if behind else ""
    return (
        (follows in DOING and "with" in typed[here.at + 2 :])
        or (follows != "" and before[1:2] in (["who"], ["whom"]))
        or (follows in SCORING and not _PEOPLE.isdisjoint(before[:1]))
        or (follows in SCORING | DOING and any(one.kind is Kind.PERSON for one in here.index.named(behind[1:2])))
    )


def goes_through(word: str, following: str) -> bool:
    """Whether two words are of "did it go through"; "november 1 through 15" is a time."""
    return following == "through" and word in ("go", "went", "gone", "going", "come", "came")


def _role_had(here: Position, likely: Key) -> Key:
    """The likely role of the asker if they have a session in it, else the one in which they have; with sessions in both
    the other one is an option."""
    had = dict(zip((Key.OBSERVER, Key.EMPLOYEE), here.own_sessions(), strict=True))
    other = Key.EMPLOYEE if likely is Key.OBSERVER else Key.OBSERVER
    if not had[likely] and had[other]:
        return other
    if had[likely] and had[other]:
        _offer(here, other)
    return likely


def _offer(here: Position, role: Key) -> None:
    label = "Sessions that you observed" if role is Key.OBSERVER else "Sessions in which you were observed"
    here.options.append(Option(label, here.with_term(here.signed(f"{role}:me"), 1)))


# ---- yes or no -----------------------------------------------------------------------------------------------------

_YES_OR_NO = frozenset({"did", "does", "do", "has", "have", "had", "is", "am", "was", "were"})
_SOME = frozenset(
    {"any", "anything", "some", "something", "ever", "many", "which", "all", "every", "everything", "what"}
)
_LOW_OR_MET = frozenset({"failed", "low", "failing", "passed", "successful", "unsuccessful"})
_SEVERAL = frozenset({"sessions", "results", "scores", "grades", "ones", "observations", "checks", "tests", "visits"})
_VERDICTS = frozenset(f"{Key.OUTCOME}:{one}" for one in ("passed", "failed", "met", "below"))


def show_both_ways(here: Position) -> None:
    """ "did Jamie pass opening" asks for the fact: the results with their verdicts, not only those of one kind, which
    would hide the failed ones."""
    typed = [token.value.lower().strip("?!.,") for token in here.tokens]
    people = [one for one in here.terms if one.startswith(f"{Key.EMPLOYEE}:")]
    begins = typed[1:2] if typed[:1] and typed[0] in ("so", "and", "ok", "but") else typed[:1]
    if _YES_OR_NO.isdisjoint(begins) or not people or not _SOME.isdisjoint(typed):
        return
    if any(token.key is not None for token in here.tokens):
        return
    if any(one in _LOW_OR_MET and named in _SEVERAL for one, named in pairwise(typed)):
        return  # "do I have failed sessions" asks for these alone
    here.terms = [one for one in here.terms if one.removeprefix("-") not in _VERDICTS]
