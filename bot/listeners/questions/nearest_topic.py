"""What a text is about that could not be read: a rule, a digest, a target. It is said so, with where that is done.

Only words for Spotter's own things decide, so that no text about sessions is answered this way.
"""

import re
from collections.abc import Callable, Sequence

from bot.listeners.questions.patterns import Elsewhere

_TOPICS: Sequence[tuple[re.Pattern[str], str, Sequence[str]]] = tuple(
    (re.compile(rf"\b(?:{pattern})\b", re.IGNORECASE), said, steps)
    for pattern, said, steps in (
        (
            r"digests?|weekly summary|summar(?:y|ies)|recaps?",
            "about digests. `rules digests` lists them with their numbers, `unsubscribe` and a number ends one, and"
            " `digest weekly mon 09:00` shows a new one before it is saved.",
            ("rules digests", "digest weekly mon 09:00"),
        ),
        (
            r"rules?|subscriptions?",
            "about rules. `rules` lists them with their numbers; a number goes behind `edit`, `pause`, `resume`,"
            " `handover` or `unsubscribe`.",
            ("rules", "rules all"),
        ),
        (
            r"targets?|pass(?:ing)? (?:mark|score|grade)|threshold",
            "about targets. `target` lists them; `target 85 Opening` sets one, and asks first.",
            ("target",),
        ),
        (
            r"mut(?:e|es|ed|ing)|quiet(?:er)?|silenced?|disturb(?:ed)?",
            "about what is held back. `mute 4h` holds the messages of this channel, `mute 4h for me`"
            " yours; `quiet` keeps"
            " your nights and weekends free.",
            ("rules mutes", "mute 4h for:me", "quiet"),
        ),
        (
            r"shadow(?: mode)?|go(?:ing|es)? live",
            "about shadow mode. `shadow` says whether it is on.",
            ("shadow", "status"),
        ),
        (
            r"(?:slack|ispring) (?:accounts?|users?|members?)|link(?:s|ed|ing)?|unlinked|match(?:es|ed"
            r"|ing)?|e-?mail address(?:es)?"
            r"|accounts?",
            "about who is who. `link` says who you are in iSpring; admins see everybody with `link list`.",
            ("link list", "link"),
        ),
        (
            r"audit|admins?",
            "about what was done in Spotter. Admins see who did what with `audit`; `status` names them.",
            ("audit", "status"),
        ),
        (
            r"csv|excel|spreadsheets?|xlsx?|download|export",
            "about a file. `export` and conditions, as `export failed last month`, sends you one.",
            ("export outcome:failed since:30d",),
        ),
        (
            r"sync(?:ed|ing)?|outbox|queue|connection|server",
            "about Spotter itself. `status` says whether it reads and sends.",
            ("status",),
        ),
        (
            r"(?:messages?|notifications?|dms?|pings?|alerts?) (?!of\b)|(?:messages?|notifications?|dms?"
            r"|pings?|alerts?)$",
            "about messages. `settings` is what you get as direct messages, `rules` what comes to this channel.",
            ("settings", "rules"),
        ),
        (
            r"<#\w+(?:\|[^<>]*)?>|this channel",
            "about a channel. `rules` says what is posted here; a rule is made with `subscribe` in the"
            " channel it posts to.",
            ("rules", "preview outcome:failed"),
        ),
    )
)
_MOST = 2


def nearest_topic(text: str, may: Callable[[str], bool]) -> Elsewhere | None:
    """What a text is about that nothing could read, with next steps of which `may` allows the verb; None if unknown."""
    for pattern, said, steps in _TOPICS:
        if pattern.search(text):
            allowed = [one for one in steps if may(one.split()[0]) and (one != "rules all" or may("audit"))]
            allowed = [one for one in allowed if one != "link list" or may("audit")]
            return Elsewhere(
                f"I could not read that as it stands; it seems to be {said} Nothing was changed.", allowed[:_MOST]
            )
    return None
