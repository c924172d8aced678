"""What a rule would have sent in the last 30 days, before it is saved or changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from bot.blocks import actions
from bot.blocks.card_facts import CardFacts
from bot.blocks.cards import session_card
from bot.blocks.elements import BUTTON_TEXT, BUTTON_VALUE, Block, button, context, divider, mrkdwn, section
from bot.blocks.markup import MONTHS, NAME, bare, safe
from bot.domain.model import SessionKey
from bot.domain.text import count

HINT = 300  # characters of a hint at most
_LEVELS = "▁▂▃▄▅▆▇█"
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@dataclass(frozen=True, slots=True)
class Shown:
    """`days`: results by day, the oldest first. `samples`: sessions to show as cards, among `facts`. `overlaps`: how
    many of the results other rules of the destination send, by number. `own`: how many come to this person anyway.
    `hints`: whole sentences, the names in which are not escaped. `scope`: whose sessions were looked at."""

    days: Mapping[date, int]
    samples: Sequence[SessionKey] = ()
    facts: CardFacts = field(default_factory=CardFacts)
    overlaps: Mapping[int, int] = field(default_factory=dict)
    own: int = 0
    hints: Sequence[str] = ()
    scope: str = ""

    @property
    def total(self) -> int:
        return sum(self.days.values())


@dataclass(frozen=True, slots=True)
class OnlySite:
    """The site that a channel seems to be of, and the command that proposes the same rule for it alone."""

    name: str
    command: str

    @property
    def fits(self) -> bool:
        """Whether a button holds the command."""
        return len(self.command) <= BUTTON_VALUE

    @property
    def question(self) -> str:
        """For mrkdwn."""
        return (
            f"It covers all sites that you see, while this looks like the channel of *{safe(self.name, NAME)}*. Shall "
            "it be for that site alone?"
        )

    @property
    def button(self) -> Block:
        return button(actions.RUN, bare(f"Only {self.name}", BUTTON_TEXT), self.command, style="primary")


def preview_blocks(shown: Shown) -> list[Block]:
    """How much a rule would have sent, and the newest as cards."""
    return [*amount_blocks(shown), *sample_blocks(shown)]


def amount_blocks(shown: Shown) -> list[Block]:
    """How much it would have been, on which days, and what comes there anyway."""
    lines = [_amount(shown), _by_day(shown), *_overlaps(shown), *(safe(hint, HINT) for hint in shown.hints)]
    blocks: list[Block] = [section(mrkdwn("\n".join(filter(None, lines))))]
    if shown.scope:
        blocks.append(context(shown.scope))
    return blocks


def sample_blocks(shown: Shown) -> list[Block]:
    """The newest of what it would have been, as cards without buttons; no block without any."""
    if not shown.samples:
        return []
    number = len(shown.samples)
    blocks = [section(mrkdwn("*The last one, as a card:*" if number == 1 else f"*The last {number}, as cards:*"))]
    for key in shown.samples:
        blocks += [divider(), *_sample(key, shown.facts)]
    return blocks


def _amount(shown: Shown) -> str:
    if not shown.total:
        return "In the last 30 days it would have posted nothing."
    busy = [day for day, number in shown.days.items() if number]
    most = max(shown.days, key=lambda day: (shown.days[day], day))
    return (
        f"In the last 30 days it would have posted {count(shown.total, 'session')}, "
        f"{shown.days[most]:,} on the busiest day ({_day(most)}), on {count(len(busy), 'day')} in all."
    )


def _by_day(shown: Shown) -> str:
    """`29 Oct ▁▃█▁… 27 Nov`: one sign per day, as high as its results."""
    if not shown.total:
        return ""
    most = max(shown.days.values())
    bars = "".join(_LEVELS[0 if not number else max(1, -(-number * 7 // most))] for number in shown.days.values())
    first, last = min(shown.days), max(shown.days)
    return f"{_day(first)} `{bars}` {_day(last)}"


def _overlaps(shown: Shown) -> list[str]:
    of = f"of these {shown.total:,}" if shown.total > 1 else "of it"
    found = [
        f"{number:,} {of} {'is' if number == 1 else 'are'} already sent here by rule {rule_id}: "
        "such a session is posted once, for both rules."
        for rule_id, number in sorted(shown.overlaps.items())
    ]
    if shown.own:
        come = "comes" if shown.own == 1 else "come"
        found.append(f"{shown.own:,} {of} {come} to you anyway, as your own or those you observed: each is sent once.")
    return found


def _sample(key: SessionKey, facts: CardFacts) -> list[Block]:
    """A card without its buttons: nothing in a preview acknowledges anything."""
    blocks = [block for block in session_card(key, facts) if block["type"] != "actions"]
    return [{name: part for name, part in block.items() if name != "accessory"} for block in blocks]


def _day(day: date) -> str:
    return f"{_WEEKDAYS[day.weekday()]} {day.day} {MONTHS[day.month - 1]}"
