"""What people type, and what it means: each line is one dialog. Asked on Friday 27 November 2026."""

from datetime import date

import pytest

from bot.domain.errors import QueryError
from bot.query.free_words import ReadText, read_words
from bot.query.name_index import NamedThing, NameIndex
from bot.query.names import Kind

TODAY = date(2026, 11, 27)
CHECKLISTS = ("Opening the store", "Closing and cash-up", "Food safety line check", "Guest welcome and service")
DEPARTMENTS = (
    "Northwind Foods", "North region", "South region", "Store 12 Harbour Street", "Store 14 Mill Lane",
    "Store 21 Station Square", "Store 112 Far Away",
)  # fmt: skip
EMPLOYEES = ("Arjun Pillaikar", "Mei-Lin Zhuo", "Sofia Marchetelli", "May Winters", "Samir Qureshan", "Иван Петров")
OBSERVERS = ("Helena Vondráčka", "Rafael Montesdeoca")


def index_of(*, checklists: tuple[str, ...] = CHECKLISTS, employees: tuple[str, ...] = EMPLOYEES) -> NameIndex:
    kinds = (
        (Kind.CHECKLIST, checklists),
        (Kind.DEPARTMENT, DEPARTMENTS),
        (Kind.PERSON, employees + OBSERVERS),
    )
    things = [
        NamedThing(kind, f"{kind[0]}{number}", name) for kind, names in kinds for number, name in enumerate(names)
    ]
    return NameIndex(things)


INDEX = index_of()


def read(text: str, index: NameIndex = INDEX) -> ReadText:
    observers = {thing.ident for thing in index.things if thing.name in OBSERVERS}
    return read_words(text, index, TODAY, sessions_of=lambda one: (2, 0) if one in observers else (0, 2))


OPENING = 'checklist:"Opening the store"'
CLOSING = 'checklist:"Closing and cash-up"'
FOOD = 'checklist:"Food safety line check"'
STORE_12 = 'dept:"Store 12 Harbour Street"'
STORE_14 = 'dept:"Store 14 Mill Lane"'
NORTH = 'dept:"North region"'
ARJUN = 'employee:"Arjun Pillaikar"'
SOFIA = 'employee:"Sofia Marchetelli"'
HELENA = 'observer:"Helena Vondráčka"'

MEANINGS = {
    # conditions in words
    "failed": "outcome:failed",
    "who failed": "outcome:failed",
    "fails": "outcome:failed",
    "not passed": "outcome:failed",
    "who did not pass": "outcome:failed",
    "passed": "outcome:passed",
    "who passed opening": f"outcome:passed {OPENING}",
    "not failed": "outcome:passed",
    "below target": "outcome:below",
    "met target": "outcome:met",
    "planned": "outcome:planned",
    "not started": "outcome:planned",
    "in progress": "outcome:progress",
    "open": "outcome:planned outcome:progress",
    "completed": "outcome:completed",
    "-failed": "-outcome:failed",
    # names
    "opening": OPENING,
    "Opening the store": OPENING,
    "opening, closing": f"{OPENING} {CLOSING}",
    "opening or closing": f"{OPENING} {CLOSING}",
    "opening and closing": f"{OPENING} {CLOSING}",
    "not opening": f"-{OPENING}",
    "except opening": f"-{OPENING}",
    "everything except opening or closing": f"-{OPENING} -{CLOSING}",
    "arjun": ARJUN,
    "Arjun Pillaikar": ARJUN,
    "ARJUN pillaikar": ARJUN,
    "arjun or sofia": f"{ARJUN} {SOFIA}",
    "arjun's": ARJUN,
    "mei lin": 'employee:"Mei-Lin Zhuo"',
    "Иван": 'employee:"Иван Петров"',
    "store 12": STORE_12,
    "harbour street": STORE_12,
    "north": NORTH,
    "food": FOOD,
    "observed by helena": HELENA,
    "by Helena Vondracka": HELENA,
    "what did helena observe this week": f"{HELENA} since:2026-11-23",
    "<@U0ABC> failed": "employee:<@U0ABC> outcome:failed",
    "observed by <@U0ABC>": "observer:<@U0ABC>",
    # the asker
    "my results": "employee:me",
    "mine": "employee:me",
    "my failed results": "employee:me outcome:failed",
    "what did I observe yesterday": "observer:me since:2026-11-26 until:2026-11-26",
    "my observations": "observer:me",
    "observed by me": "observer:me",
    "employee:me": "employee:me",
    "my team failed": "outcome:failed",
    # several at once
    "who failed opening this week": f"outcome:failed {OPENING} since:2026-11-23",
    "failed food store 12 since monday": f"outcome:failed {FOOD} {STORE_12} since:2026-11-23",
    "only failed ones from store 12": f"outcome:failed {STORE_12}",
    "arjun or sofia except closing": f"{ARJUN} {SOFIA} -{CLOSING}",
    "under 80 opening": f"score:<80 {OPENING}",
    "failed outcome:failed": "outcome:failed",
    "opening dept:north failed": f"{OPENING} {NORTH} outcome:failed",
    "please show me all failed sessions of the north region": f"outcome:failed {NORTH}",
    # dates
    "today": "since:2026-11-27",
    "yesterday": "since:2026-11-26 until:2026-11-26",
    "this week": "since:2026-11-23",
    "last week": "since:2026-11-16 until:2026-11-22",
    "this month": "since:2026-11-01",
    "last month": "since:2026-10-01 until:2026-10-31",
    "last quarter": "since:2026-07-01 until:2026-09-30",
    "november": "since:2026-11-01 until:2026-11-30",
    "in december": "since:2025-12-01 until:2025-12-31",
    "nov 2025": "since:2025-11-01 until:2025-11-30",
    "Q4": "since:2026-10-01 until:2026-12-31",
    "since monday": "since:2026-11-23",
    "since last week": "since:2026-11-16",
    "on friday": "since:2026-11-27 until:2026-11-27",
    "last friday": "since:2026-11-20 until:2026-11-20",
    "20 nov": "since:2026-11-20 until:2026-11-20",
    "Nov 5": "since:2026-11-05 until:2026-11-05",
    "5.11.": "since:2026-11-05 until:2026-11-05",
    "5.11.2025": "since:2025-11-05 until:2025-11-05",
    "25/12/2025": "since:2025-12-25 until:2025-12-25",
    "2026-11-05": "since:2026-11-05 until:2026-11-05",
    "last 30 days": "since:2026-10-28",
    "30 days": "since:2026-10-28",
    "2 weeks": "since:2026-11-13",
    "before november": "until:2026-10-31",
    "after 5 nov": "since:2026-11-06",
    "until monday": "until:2026-11-23",
    "between 1.11. and 5.11.": "since:2026-11-01 until:2026-11-05",
    "from 1 nov to 5 nov": "since:2026-11-01 until:2026-11-05",
    "since:last week": "since:2026-11-16",
    "since:1.11.2026": "since:2026-11-01",
    'since:"20 Nov"': "since:2026-11-20",
    "since:today": "since:2026-11-27",
    "since:30d": "since:2026-10-28",
    "until:yesterday": "until:2026-11-26",
    # scores
    "below 60": "score:<60",
    "score<80": "score:<80",
    "score &lt; 80": "score:<80",
    "score : <80": "score:<80",
    "score:＜80": "score:<80",
    "above 90%": "score:>90",
    "at least 80 %": "score:>=80",
    "80 or more": "score:>=80",
    "between 60 and 80": "score:60..80",
    "60 - 80": "score:60..80",
    "score:60 - 80": "score:60..80",
    # keys by other names
    "site:12": STORE_12,
    "store:14": STORE_14,
    'department:"South region"': 'dept:"South region"',
    "dept:store 12 harbour failed": f"{STORE_12} outcome:failed",
    "dept:north": NORTH,
    "checklists:opening": OPENING,
    "checklist：Opening": OPENING,
    "checklist:opening,closing": f"{OPENING} {CLOSING}",
    "status:failed": "outcome:failed",
    'outcome:"not passed"': "outcome:failed",
    "outcome:passed": "outcome:passed",
    '-employee:"J. Doe"': '-employee:"J. Doe"',
    # order
    "worst 3": "sort:score limit:3",
    "last 5": "limit:5",
    "worst 3 this month": "sort:score limit:3 since:2026-11-01",
    "opening by month": f"{OPENING} by:month",
    # in answers: reports, exports and orders
    "weekly failed": "by:week outcome:failed",
    "failed last month": "outcome:failed since:2026-10-01 until:2026-10-31",
    "store 14": STORE_14,
    "sort:score limit:3": "sort:score limit:3",
    "sort:-score": "sort:-score",
    "failed criteria:yes": "outcome:failed criteria:yes",
    # markup
    "`since:30d`": "since:2026-10-28",
    "*failed* _opening_": f"outcome:failed {OPENING}",
    # nothing
    "": "",
    "everything": "",
}


@pytest.mark.parametrize("typed", MEANINGS, ids=lambda text: text or "nothing")
def test_what_is_typed_means(typed: str) -> None:
    reading = read(typed)
    assert (reading.text, reading.question) == (MEANINGS[typed], "")


@pytest.mark.parametrize("typed", MEANINGS, ids=lambda text: text or "nothing")
def test_what_was_understood_means_itself(typed: str) -> None:
    assert read(MEANINGS[typed]).text == MEANINGS[typed]


def options(reading: ReadText) -> list[str]:
    return [option.text for option in reading.options]


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("12", [STORE_12, "score:12", "limit:12"]),
        ("failed 60", ["outcome:failed score:60", "outcome:failed limit:60"]),
        ("05/11", ["since:2026-11-05 until:2026-11-05", "since:2026-05-11 until:2026-05-11"]),
        ("since:05/11", ["since:2026-11-05", "since:2026-05-11"]),
        ("failed region", [f"outcome:failed {NORTH}", 'outcome:failed dept:"South region"']),
    ],
)
def test_what_fits_several_things_asks(typed: str, offered: list[str]) -> None:
    reading = read(typed)
    assert reading.text == "" and reading.question and options(reading) == offered
    assert all(read(text).text == text for text in offered)


def test_a_keyword_comes_before_a_name_of_one_word_which_is_offered() -> None:
    reading = read("may")
    assert reading.text == "since:2026-05-01 until:2026-05-31"
    assert options(reading) == ['employee:"May Winters"']
    assert read("may winters").text == 'employee:"May Winters"'


def test_somebody_who_only_observes_is_offered_as_observer() -> None:
    reading = read("Vondracka")
    assert reading.text == 'employee:"Helena Vondráčka"'
    assert options(reading) == [HELENA]


def test_twelve_is_never_a_part_of_another_number() -> None:
    assert options(read("12"))[0] == STORE_12
    assert read("store 112").text == 'dept:"Store 112 Far Away"'


@pytest.mark.parametrize(
    ("typed", "nearest"),
    [("zofia", [SOFIA]), ("failed openning", [f"outcome:failed {OPENING}"]), ("qqqq", [])],
)
def test_what_fits_nothing_names_what_is_nearest(typed: str, nearest: list[str]) -> None:
    with pytest.raises(QueryError) as refused:
        read(typed)
    assert list(refused.value.suggestions)[:1] == nearest
    assert all(read(text).text == text for text in refused.value.suggestions)


def test_two_things_of_one_name_are_told_apart_by_their_ids() -> None:
    twice = index_of(employees=("Sofia Marchetelli", "Sofia Marchetelli"))
    reading = read("sofia", twice)
    assert options(reading) == ["employee:<id:p0>", "employee:<id:p1>"]
