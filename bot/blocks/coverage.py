"""Whose sessions an answer or a rule shows where it shows only part of all: one sentence, without how many others there
are."""

from collections.abc import Sequence

from bot.blocks.elements import Block, context
from bot.blocks.markup import NAME, safe
from bot.domain.permissions import Coverage
from bot.domain.text import count

MOST_DEPARTMENTS = 3  # named


def coverage_blocks(coverage: Coverage | None) -> list[Block]:
    """What an answer covers, as a line under its heading; none if it covers everything."""
    return [] if coverage is None else [context(covers(coverage))]


def covers(coverage: Coverage) -> str:
    """ "Covers sessions of the 14 people you supervise, yourself included, and those you observe." """
    return f"Covers {_whose(coverage, '')}."


def team_note(coverage: Coverage | None) -> str:
    """What an answer says of "my team" where that chooses nothing: the answer covers everything, or somebody who
    supervises nobody asked; "" where its coverage says enough."""
    if coverage is None:
        return "“My” team or site chooses nothing here: the answer covers everybody. Name a site or people."
    if coverage.supervised or coverage.departments:
        return ""
    return "You supervise nobody in iSpring: the answer covers no team and no site of yours."


def rule_shows(coverage: Coverage, owner: str = "") -> str:
    """ "Shows sessions of the 14 people that <@U1> supervises, <@U1> included, and those <@U1> observes." `owner`: how
    the rule's owner is mentioned, "" where the text is for them."""
    return f"Shows {_whose(coverage, owner)}."


def _whose(coverage: Coverage, who: str) -> str:
    you_supervise, included = (
        (f"that {who} supervises", f"{who} included") if who else ("you supervise", "yourself included")
    )
    if coverage.supervised:
        first = f"sessions of the {count(coverage.supervised, 'person', 'people')} {you_supervise}, {included}"
        first += f" (and {coverage.former:,} no longer active)" if coverage.former else ""
    else:
        first = f"{who}’s own sessions" if who else "your own sessions"
    parts = [first]
    if coverage.departments:
        parts.append(f"those of {_departments(coverage)}")
    if coverage.observed:
        parts.append(f"those that {who} observes" if who else "those you observe")
    if len(parts) == 1:
        return f"only {first}"
    comma = "," if len(parts) > 2 or coverage.supervised else ""
    return f"{', '.join(parts[:-1])}{comma} and {parts[-1]}"


def _departments(coverage: Coverage) -> str:
    """ "Store 14 and its departments"."""
    names: Sequence[str] = [safe(one, NAME) for one in coverage.departments[:MOST_DEPARTMENTS]]
    more = len(coverage.departments) - len(names)
    last = [f"{more} more"] if more else []
    several = [*names, *last]
    named = several[0] if len(several) == 1 else f"{', '.join(several[:-1])} and {several[-1]}"
    if not coverage.below:
        return named
    return f"{named}, with their departments" if len(several) > 1 else f"{named} and its departments"
