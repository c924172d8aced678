"""How often a person gets which results in a role, as they type it."""

from datetime import time
from itertools import product

import pytest

from bot.domain.errors import QueryError
from bot.domain.preferences import DEFAULT_SCHEDULES, NOTHING, Choice, Often, Role, parse_choice
from bot.domain.schedules import Every, Schedule

AT_ONCE = Choice(Often.INSTANTLY)
FRIDAY = Schedule(Every.WEEK, time(7, 30), 4)
SCHEDULES: dict[Often, list[Schedule | None]] = {
    Often.INSTANTLY: [None],
    Often.DAILY: [DEFAULT_SCHEDULES[Often.DAILY], Schedule(Every.DAY, time(0))],
    Often.WEEKLY: [DEFAULT_SCHEDULES[Often.WEEKLY], FRIDAY],
}
WHICH: list[tuple[bool, float | None]] = [(False, None), (True, None), (True, 70.0), (True, 72.5), (True, 100.0)]
EVERY_CHOICE = [
    NOTHING,
    *(
        Choice(often, *which, schedule)
        for often, schedules in SCHEDULES.items()
        for schedule, which in product(schedules, WHICH)
    ),
]


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("choice", EVERY_CHOICE, ids=str)
def test_every_choice_comes_back_as_it_is_said(choice: Choice, role: Role) -> None:
    for before in (NOTHING, AT_ONCE, Choice(Often.WEEKLY, True, 55.0, FRIDAY)):
        said = str(choice) if choice.only_low or choice.often is Often.NEVER else f"{choice} all"
        assert parse_choice(said, before, role) == choice


DAILY_LOW = Choice(Often.DAILY, True, None, Schedule(Every.DAY, time(9)))


@pytest.mark.parametrize(
    ("before", "typed", "said"),
    [
        (AT_ONCE, "daily", "daily 09:00"),
        (AT_ONCE, "Daily at 8", "daily 08:00"),
        (AT_ONCE, "weekly", "weekly mon 09:00"),
        (AT_ONCE, "weekly fri", "weekly fri 09:00"),
        (AT_ONCE, "weekly 10:30", "weekly mon 10:30"),
        (AT_ONCE, "weekly on friday at 7:30 below 70%", "weekly fri 07:30 below 70 %"),
        (AT_ONCE, "below 70", "instantly below 70 %"),
        (AT_ONCE, "only below target", "instantly below target"),
        (AT_ONCE, "only results under 72,5 %", "instantly below 72.5 %"),
        (AT_ONCE, "<70", "instantly below 70 %"),
        (AT_ONCE, "off", "never"),
        (AT_ONCE, "stop", "never"),
        (NOTHING, "below 70", "instantly below 70 %"),
        (NOTHING, "at once", "instantly"),
        (DAILY_LOW, "weekly", "weekly mon 09:00 below target"),
        (DAILY_LOW, "all", "daily 09:00"),
        (DAILY_LOW, "daily 17:00", "daily 17:00 below target"),
        (DAILY_LOW, "instantly", "instantly below target"),
        (DAILY_LOW, "never", "never"),
    ],
)
def test_what_is_not_said_stays_as_it_was(before: Choice, typed: str, said: str) -> None:
    assert str(parse_choice(typed, before, Role.OBSERVER)) == said


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("below 0", "A percentage over 0 and up to 100"),
        ("below -5", "A percentage over 0 and up to 100"),
        ("below 101", "A percentage over 0 and up to 100"),
        ("below nan", "A percentage over 0 and up to 100"),
        ("below", "A percentage over 0 and up to 100"),
        ("never instantly", "“never” and “instantly” exclude each other"),
        ("daily weekly", "“daily” and “weekly” exclude each other"),
        ("never below 70", "“never” sends nothing"),
        ("never all", "“never” sends nothing"),
        ("daily 25:00", "“25:00” is no part of this setting"),
        ("weekly someday", "“someday” is no part of this setting"),
        ("loudly", "“loudly” is no part of this setting"),
        ("daily 09:00 Europe/Berlin", "is no part of this setting"),
    ],
)
def test_a_mistake_is_named_with_what_to_type_instead(typed: str, why: str) -> None:
    with pytest.raises(QueryError, match=why) as error:
        parse_choice(typed, AT_ONCE, Role.EMPLOYEE)
    assert error.value.suggestions
    for one in error.value.suggestions:
        parse_choice(one.removeprefix("settings employee"), AT_ONCE, Role.EMPLOYEE)
