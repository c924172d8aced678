"""Numbers of reports as text: rounded half up, and never so that the text says what is not so."""

import math
from collections.abc import Sequence
from fractions import Fraction

_HALF = Fraction(1, 2)
_MOST_DECIMALS = 6
MINUS = "\u2212"


def rounded(value: Fraction, decimals: int = 0) -> str:
    """A number rounded half up (away from zero), as text; never "-0"."""
    scale = 10**decimals
    whole = math.floor(abs(value) * scale + _HALF)
    sign = "-" if value < 0 and whole else ""
    text = f"{whole // scale}" + (f".{whole % scale:0{decimals}}".rstrip("0").rstrip(".") if decimals else "")
    return sign + text


def format_percent(value: Fraction) -> str:
    """A percentage rounded half up; with decimals only if it would else read 0 % or 100 % without being so."""
    return f"{_apart(value, (Fraction(0), Fraction(100)))} %"


def shown_percent(value: Fraction) -> float:
    """The number of `format_percent`: a chart shows what the text says."""
    return float(_shown(value))


def format_against(now: int, then: int, when: str) -> str:
    """A number beside the one before: "none the week before", "no change", "3 the week before"; "" if both are 0."""
    if now == then:
        return "no change" if now else ""
    return f"{then:,} {when}" if then else f"none {when}"


def format_change(now: Fraction | None, then: Fraction | None, shown: tuple[Fraction, Fraction] | None = None) -> str:
    """The change from one percentage to another in points: "+3 points", "−1 point", "no change", "none before".

    It is the difference of the two numbers as they are shown, so that who subtracts finds the same; if these are equal
    although there was a change, "up by less than 1 point". `shown`: the two, where they do not read as `format_percent`
    writes them.
    """
    if now is None or then is None:
        return "none before"
    if now == then:
        return "no change"
    new, old = shown or (_shown(now), _shown(then))
    if new == old:
        return f"{'up' if now > then else 'down'} by less than 1 point"
    text = rounded(abs(new - old), _MOST_DECIMALS)
    return f"{'+' if new > old else MINUS}{text} {'point' if text == '1' else 'points'}"


def _shown(percent: Fraction) -> Fraction:
    return Fraction(_apart(percent, (Fraction(0), Fraction(100))))


def _apart(value: Fraction, others: Sequence[Fraction]) -> str:
    for decimals in range(_MOST_DECIMALS):
        text = rounded(value, decimals)
        if all(value == other or Fraction(text) != other for other in others):
            return text
    return rounded(value, _MOST_DECIMALS)
