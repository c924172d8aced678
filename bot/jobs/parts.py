"""The alerts of iSpring's parts: which can't be read, and what of their answers was left out."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from bot.domain.alerts import Facts
from bot.domain.ports import Part, PartHealth
from bot.services.alerting import set_alert
from bot.store.database import Tx

FAILING_AFTER = timedelta(minutes=30)  # shorter outages end by themselves
LEFT_OUT = "parts_left_out"
SESSIONS = "sessions"  # the fact that counts rows of the listing, which is no part


def note_parts(tx: Tx, health: Mapping[Part, PartHealth], now: datetime) -> None:
    """Begins and ends the alerts of the parts that were asked for since this process began; those of other parts stay
    as they are. Called after each reading, by its reader."""
    for part, state in health.items():
        if not state.error and _is_never_read(tx, part):
            continue  # the first reading goes on, or is not believed
        if not state.error:
            set_alert(tx, f"{part}_unread", None, now)
        elif state.is_refused or _is_never_read(tx, part) or _is_failing_long(state, now):
            set_alert(tx, f"{part}_unread", {"reason": state.error}, now)
    note_left_out(tx, {str(part): state.left_out for part, state in health.items()}, now)


def note_left_out(tx: Tx, counts: Mapping[str, int], now: datetime) -> None:
    """Merges the numbers of rows that could not be read, or not as a whole, into the one alert that counts them."""
    before = next((alert.facts for alert in tx.alerts.all() if alert.code == LEFT_OUT), {})
    numbers = {name: value for name, value in before.items() if isinstance(value, int) and name != "rows"}
    numbers |= counts
    numbers = {name: number for name, number in sorted(numbers.items()) if number}
    facts: Facts = {
        **numbers,
        "rows": sum(numbers.values()),
        "parts": ", ".join(f"{name} {number:,}" for name, number in numbers.items()),
    }
    set_alert(tx, LEFT_OUT, facts if numbers else None, now)


def _is_never_read(tx: Tx, part: Part) -> bool:
    """Whether nothing can be known of a part yet, so that its first failure matters."""
    if part is Part.PEOPLE:
        return tx.people.directory_at() is None
    return part is Part.DEPARTMENTS and tx.people.departments_at() is None


def _is_failing_long(state: PartHealth, now: datetime) -> bool:
    return state.failing_since is not None and abs(now - state.failing_since) >= FAILING_AFTER
