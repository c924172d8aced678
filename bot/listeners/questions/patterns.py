"""What patterns of questions are made of: the subcommand that is meant, what is left of a text, and common words."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Intent:
    """A subcommand, the words for it, and those that the text holds beside and the answer can't use."""

    verb: str
    words: str
    unused: str = ""


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Where something is done, in mrkdwn of ours; what to ask Spotter instead; and what to type in that channel."""

    said: str
    instead: Sequence[str] = ()
    typed: str = ""


Reader = Callable[[re.Match[str]], Intent | None]  # None: the words are about something else


def meant(verb: str, words: str = "") -> Reader:
    """The subcommand with these words alone."""
    return lambda _: Intent(verb, words)


def left_of(found: re.Match[str]) -> str:
    """What a pattern did not take of its text."""
    return " ".join(f"{found.string[: found.start()]} {found.string[found.end() :]}".split())


def straight(text: str) -> str:
    """A text with plain apostrophes, as patterns and phrases have them."""
    return text.replace("’", "'").replace("‘", "'")


_QUOTED = re.compile(r'["“”„«][^"“”„«»]+["“”»]')
_FIRST_NAME = 0xE000  # a character that nobody types stands for each name in quotes
_NAME = re.compile(r"[\uE000-\uF8FF]")


def without_names(text: str) -> tuple[str, Sequence[str]]:
    """A text in which one character stands for each name in quotes, and these names as typed: the words in a name
    wish nothing."""
    names: list[str] = []

    def sign(found: re.Match[str]) -> str:
        names.append(found[0])
        return chr(_FIRST_NAME + len(names) - 1)

    return _QUOTED.sub(sign, _NAME.sub("", text)), names


def with_names(text: str, names: Sequence[str]) -> str:
    """A text with the names in quotes that `without_names` took out."""
    return _NAME.sub(lambda found: names[ord(found[0]) - _FIRST_NAME], text)


def in_quotes(text: str) -> str:
    """A name in quotes, once."""
    return text if _NAME.fullmatch(text) else f'"{text}"'


_NUMBERS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_NUMBER = rf"(?:\d{{1,9}}|{'|'.join(_NUMBERS)})(?![\w:.])"
_OF_RULE = re.compile(
    rf"\b(?P<rule>rule|subscription) (?:(?:number|no\.?|nr\.?) )?#?(?P<number>{_NUMBER})", re.IGNORECASE
)
_BEHIND_VERB = re.compile(
    r"^(?P<verb>pause|resume|unsubscribe|edit|handover) (?:(?:rule|number|no\.?|nr\.?) )*#?(?:from )?"
    rf"(?P<number>{_NUMBER})(?! ?(?:min|hour|day|week|month)s?)",
    re.IGNORECASE,
)
_CLOCK = re.compile(
    rf"\b(?:(?:an? )?(?P<part>half|quarter) (?P<side>past|to|after|before) )?(?P<hour>{_NUMBER})"
    r"(?P<clock> o'?clock)?(?! ?%)(?P<half> ?[ap]\.?m\b\.?)?",
    re.IGNORECASE,
)
_MINUTES = {"half": 30, "quarter": 15}


def in_digits(text: str) -> str:
    """A text with the numbers of rules and the times of day in digits: "pause rule four" as "pause 4", "half past
    eight" as "8:30"."""
    plain, names = without_names(text)
    plain = _OF_RULE.sub(lambda found: f"{found['rule']} {_digits(found['number'])}", plain)
    plain = _BEHIND_VERB.sub(lambda found: f"{found['verb']} {_digits(found['number'])}", plain)
    if _OF_TARGET.search(plain):
        plain = _PERCENTAGE.sub(_percentage, plain)
    return with_names(_CLOCK.sub(_clock_time, plain), names)


_OF_TARGET = re.compile(r"\b(?:targets?|pass(?:ing)?[ -]?(?:mark|score|grade)|threshold)\b", re.IGNORECASE)
_TENS = {word: str(10 * number) for number, word in enumerate(
    ("fifty", "sixty", "seventy", "eighty", "ninety", "hundred"), 5)}  # fmt: skip
_PERCENTAGE = re.compile(
    rf"\b(?:an? |one )?({'|'.join(_TENS)})(?:[ -]({'|'.join(_NUMBERS[:9])}))?(?!\w)", re.IGNORECASE
)


def _percentage(found: re.Match[str]) -> str:
    return str(int(_TENS[found[1].lower()]) + (int(_digits(found[2])) if found[2] else 0))


def _digits(number: str) -> str:
    return number if number.isdecimal() else str(_NUMBERS.index(number.lower()) + 1)


def _clock_time(found: re.Match[str]) -> str:
    """A time in digits; what is no time of a clock as typed."""
    is_half = found["half"] is not None and not found["hour"].isdecimal()  # "six pm"
    if not (found["part"] or found["clock"] or is_half) or int(_digits(found["hour"])) > 23:
        return found[0]
    minutes = _MINUTES[found["part"].lower()] if found["part"] else 0
    is_after = not found["part"] or found["side"].lower() in ("past", "after")
    at = (int(_digits(found["hour"])) * 60 + (minutes if is_after else -minutes)) % (24 * 60)
    half = (found["half"] or "").replace(".", "").strip()
    return f"{(at // 60 or 12) if half else at // 60}:{at % 60:02}{half}"


def plain_of(text: str) -> str:
    """A text as whole phrases are compared: lower case, one blank between words, no sign around it. One of signs alone
    stays."""
    return " ".join(straight(text).lower().strip(" !?.,").split()) or text.strip()


# ---- words --------------------------------------------------------------------------------------------------------

PLEASE = (
    r"(?:(?:please|pls|can you|could you|would you|can i|i want you to|i want to|i'?d like to|i would like to|i need to"
    r"|let me|how (?:do|can) (?:i|we)) )*"
)  # in front of what somebody wants
SEND = (
    r"(?:(?:can you |could you |please |pls )*(?:send|give|get|post|e-?mail|mail|i want|i need)(?: me| us)? )?"
    r"(?:an? |the |my )?"
)
MESSAGES = r"(?:messages?|notifications?|alerts?|posts?|cards?|dms?|updates?|pings?|e-?mails?|spam|noise)"
I_AM = r"(?:i(?:'?m| am|'?ll be| will be))"
GONE = r"(?:on (?:vacation|holidays?|leave)|ooo|out of(?: the)? office|(?:holiday|vacation) mode)"
