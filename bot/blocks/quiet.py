"""Answers about quiet time and holidays."""

from collections.abc import Sequence
from datetime import date, tzinfo

from bot.blocks.elements import notice
from bot.blocks.markup import MONTHS, safe
from bot.domain.notifications import Message
from bot.domain.quiet import NEVER, Quiet

HOLIDAYS_SHOWN = 40


def quiet_shown(quiet: Quiet, zone: tzinfo, holidays: Sequence[date], *, command: str) -> Message:
    """A person's quiet time."""
    example = f"`{command} quiet 20:00-07:00 weekend`"
    if quiet == NEVER:
        return notice("You have no quiet time: direct messages come at any time.", f"{example} sets one.")
    days = f" Holidays to come: {_days(holidays)}." if quiet.holidays and holidays else ""
    return notice(f"{describe(quiet, zone)}{days}", f"{example} changes it, `{command} quiet off` ends it.")


def quiet_set(quiet: Quiet, zone: tzinfo, *, command: str) -> Message:
    """A quiet time was saved."""
    if quiet == NEVER:
        return notice("Saved: direct messages come at any time.")
    return notice(f"Saved. {describe(quiet, zone)}", f"`{command} quiet off` ends it.")


def would_be_quiet(quiet: Quiet, zone: tzinfo) -> str:
    """What saving a quiet time would change, in a sentence."""
    if quiet == NEVER:
        return "This ends your quiet time: direct messages come at any time."
    return describe(quiet, zone).replace("Your quiet time is", "Your quiet time would be", 1)


def describe(quiet: Quiet, zone: tzinfo) -> str:
    """A quiet time in whole sentences."""
    when = "holidays" if str(quiet) == "off" else f"{quiet}{' and holidays' if quiet.holidays else ''}"
    return (
        f"Your quiet time is {when} ({safe(str(zone), 40)}, from your Slack profile). What comes meanwhile is held, and"
        " sent afterwards as it is then. Channels are not affected."
    )


def holidays_list(holidays: Sequence[date], *, command: str) -> Message:
    """All holidays."""
    hint = f"`{command} holidays add 2026-12-25` adds one, `{command} holidays remove 2026-12-25` removes it."
    if not holidays:
        return notice("There are no holidays yet.", hint)
    return notice(f"Holidays: {_days(holidays)}.", hint)


def _days(holidays: Sequence[date]) -> str:
    named = ", ".join(f"{day.day} {MONTHS[day.month - 1]} {day.year}" for day in holidays[:HOLIDAYS_SHOWN])
    return f"{named} and {len(holidays) - HOLIDAYS_SHOWN:,} more" if len(holidays) > HOLIDAYS_SHOWN else named
