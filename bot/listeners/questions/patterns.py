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
