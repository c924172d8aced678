"""The language: what people type, what is made of it, and what helps them when it is nothing."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from bot.domain.errors import QueryError
from bot.domain.filters import Accepted, Condition, Filter, Range, ShownScore
from bot.domain.model import OutcomeKind
from bot.query.keys import KEYS
from bot.query.parser import (
    Key,
    Names,
    Query,
    Term,
    mentioned,
    parse,
    pin,
    resolve,
    say,
    unmatched,
    words,
)
from tests.domain.build import CHECKLISTS, DIRECTORY, NOW

MADRID = ZoneInfo("Europe/Madrid")
NAMES = Names(DIRECTORY, CHECKLISTS)


def meant(text: str, zone: ZoneInfo = MADRID, now: datetime = NOW) -> Filter:
    return resolve(parse(text), Names(DIRECTORY, CHECKLISTS, {"U1": "ana"}), now=now, zone=zone)


def only(*wanted: tuple[str, Accepted]) -> Filter:
    """The filter with these conditions, each by the name of its column, with a minus if it is negated."""
    columns = {spec.column.name: spec.column for spec in KEYS.values() if spec.column}
    return Filter(
        tuple(Condition(columns[name.lstrip("-")], accepted, name.startswith("-")) for name, accepted in wanted)
    )


def only_since(moment: datetime, sign: str = "") -> Filter:
    return only((f"{sign}happened", (Range(low=moment),)))


def refused(text: str) -> QueryError:
    with pytest.raises(QueryError) as caught:
        parse(text)
    return caught.value


# ---- reading -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "canonical"),
    [
        ("", ""),
        ("  \n ", ""),
        ('checklist:"Opening" dept:"Store 12" score:<80', 'checklist:Opening dept:"Store 12" score:<80'),
        ("CheckList:Opening OUTCOME:Failed", "checklist:Opening outcome:failed"),
        ("dept:“Store 12”", 'dept:"Store 12"'),
        ("dept:„Store 12“", 'dept:"Store 12"'),
        ("dept:«Store 12»", 'dept:"Store 12"'),
        ("dept:'Store 12'", 'dept:"Store 12"'),
        ("dept:‘Store 12’", 'dept:"Store 12"'),
        ('dept: "Store 12"', 'dept:"Store 12"'),
        ("employee:O'Neill", 'employee:"O\'Neill"'),
        (r'checklist:"say \"hi\" \\ bye"', r'checklist:"say \"hi\" \\ bye"'),
        ("observer:@ana", "observer:ana"),
        ("observer:<@U12ab|Ana L>", "observer:<@U12AB>"),
        ('observer:"<@U12AB>"', "observer:<@U12AB>"),
        ("observer:@<@U12ab|ana>", "observer:<@U12AB>"),
        ("observer:\u2066<@U12ab|ana>", "observer:<@U12AB>"),
        ('observer:"&lt;@U12ab|ana&gt;"', "observer:<@U12AB>"),
        ("dept:<#C1|store-12>", "dept:store-12"),
        ("-employee:ana", "-employee:ana"),
        ("–employee:ana", "-employee:ana"),
        ("—employee:ana", "-employee:ana"),
        ("−employee:ana", "-employee:ana"),
        ("outcome:in progress", "outcome:progress"),
        ("outcome:IN_PROGRESS", "outcome:progress"),
        ("outcome:scheduled", "outcome:planned"),
        ("score: < 80 %", "score:<80"),
        ("score:≤80", "score:<=80"),
        ("score:&lt;80", "score:<80"),
        ("score:>=79,5%", "score:>=79.5"),
        ("score:=80", "score:80"),
        ("score:080.50", "score:80.5"),
        ("score:60..80", "score:60..80"),
        ("score:60…80", "score:60..80"),
        ("score:80..60", "score:60..80"),
        ("score:60-80", "score:60..80"),
        ("score:60 - 80", "score:60..80"),
        ("score:60 % – 80 % outcome:met", "score:60..80 outcome:met"),
        ("since:30d", "since:30d"),
        ("since:2 weeks", "since:2w"),
        ("since:Monday", "since:mon"),
        ("since:last week outcome:met", 'since:"last week" outcome:met'),
        ("since:last 30 days", "since:30d"),
        ("since:Last 2 weeks -dept:North", "since:2w -dept:North"),
        ("since:2026-01-05", "since:2026-01-05"),
        ("since:5 Jan 2026", "since:2026-01-05"),
        ("since:05 january 2026 outcome:met", "since:2026-01-05 outcome:met"),
        ("since:Jan 5, 2026", "since:2026-01-05"),
        ('since:"Sept 5, 2026"', "since:2026-09-05"),
        ("since:2026-01-05T10:00Z", "since:2026-01-05T10:00:00+00:00"),
        ("until:last month outcome:met", 'until:"last month" outcome:met'),
        ("until:5 Jan 2026", "until:2026-01-05"),
        ("outcome:failed, since:7d", "outcome:failed since:7d"),
        ("checklist:R&amp;amp;D", "checklist:R&D"),
        ('checklist:"outcome:failed"', 'checklist:"outcome:failed"'),
        ("employee:<id:4f2a-91c0>", "employee:<id:4f2a-91c0>"),
        ("-observer: <id:ana>", "-observer:<id:ana>"),
        ('employee:"&lt;id:ana&gt;"', "employee:<id:ana>"),
        ('checklist:"<id:till%20check>"', "checklist:<id:till%20check>"),
        ("dept:<id:%7e%zz>", "dept:<id:~%25zz>"),
        ("checklist:a:b", 'checklist:"a:b"'),
        ('checklist:"Opening"outcome:met', "checklist:Opening outcome:met"),
    ],
)
def test_what_people_type(typed: str, canonical: str) -> None:
    query = parse(typed)
    assert say(query) == canonical
    assert parse(canonical) == query


@pytest.mark.parametrize(
    ("typed", "says", "first_fix"),
    [
        ("chklist:Opening", "“chklist:” (at character 1)", "checklist:Opening"),
        ("since:7d -emplyee:ana", "“emplyee:” (at character 11)", "since:7d -employee:ana"),
        ("outcome:faled since:3d", "“faled” (at character 9)", "outcome:failed since:3d"),
        ("since:yestreday", "“yestreday” (at character 7)", "since:yesterday"),
        ("outcome: since:3d", "“outcome:” can't be read", "outcome:planned since:3d"),
        ("Opening", "“Opening” (at character 1) stands alone", "checklist:Opening"),
        ("faild", "stands alone", "outcome:failed"),
        ("-faild", "stands alone", "-outcome:failed"),
        ("dept:Store 12 score:<80", "“12” (at character 12) stands alone", 'dept:"Store 12" score:<80'),
        ('dept:"Store 12', "The quote at character 6 is never closed.", 'dept:"Store 12"'),
        ("checklist:Till check - evening", "“check” (at character 16)", 'checklist:"Till check - evening"'),
        ("checklist:Opening, late shift", "“late” (at character 20)", 'checklist:"Opening, late shift"'),
        ("Till check, evening since:7d", "“Till” (at character 1)", 'checklist:"Till check, evening" since:7d'),
        ("<@U1|ana> since:7d", "stands alone", "employee:<@U1|ana> since:7d"),
        ("outcome:faled Kiosk 7", "“faled Kiosk 7” (at character 9)", "outcome:failed"),
        ("outcome:faled -Kiosk", "“faled” (at character 9)", "outcome:failed -checklist:Kiosk"),
        ("since:last 30 dayz", "“last 30 dayz” (at character 7)", "since:today"),
        ("chklist:Opening outcome:faled", "“chklist:” (at character 1)", "checklist:Opening outcome:failed"),
        ("score:60 80", "“80” (at character 10) stands alone", None),
        ('dept:Store "12"', "“12” (at character 12) stands alone", 'dept:"Store 12"'),
        ("outcome:met or outcome:below", "“or” (at character 13)", None),
        ("checklist:", "“checklist:” can't be read: there is no name", None),
        ("checklist:@", "there is no name", None),
        ("score:abc", "a score is written 80, <80, >=80 or 60..80", None),
        ("score:", "a score is written", None),
        ("since:2026-02-30", "a date is written", None),
        ("since:30 Feb 2026", "“30 Feb 2026” (at character 7) can't be read: a date is written", None),
        ("since:5 Foo 2026", "a date is written", None),
        ("since:0d", "from 1 to 3650", None),
        ("since:99999d", "a date is written", None),
        ("since:1066-10-14", "between 2000 and 2100", None),
        ("employee:" + "x" * 201, "at most 200 letters", None),
        ("x" * 3001, "at most 3000", None),
        ("outcome:met " * 51, "more than 50 parts", None),
        ("outcome:met " * 200, "more than 50 parts", None),
        ("-", "stands alone", None),
        (":", "stands alone", None),
    ],
)
def test_what_is_no_query_is_named_and_mended(typed: str, says: str, first_fix: str | None) -> None:
    error = refused(typed)
    assert says in str(error)
    assert len(error.suggestions) <= 3
    if first_fix is not None:
        assert error.suggestions[0] == first_fix


@pytest.mark.parametrize(
    "typed",
    [
        "chklist:Opening",
        "outcome:faled",
        "since:lastweek",
        "Opening",
        "Opening shift",
        'dept:"Store 12',
        "since:last 30 dayz",
        "since:last 30 days ago",
        "checklist:Opening - late",
        "chklist:Opening outcome:faled",
        "-faild since:lastweek",
    ],
)
def test_every_suggestion_is_ready_to_run(typed: str) -> None:
    suggestions = refused(typed).suggestions
    assert suggestions
    assert all(parse(fix).terms for fix in suggestions)


@pytest.mark.parametrize(
    "typed",
    ["since:5 Jn 2026", "since:2026-02-30", "10:30", "score:abc", "score:60 80", "score:<80 - 90", "outcome:xyz"],
)
def test_nothing_is_suggested_that_is_not_like_what_was_typed(typed: str) -> None:
    assert refused(typed).suggestions == ()


def test_every_key_has_an_example_that_reads() -> None:
    assert [parse(spec.example).terms[0].key for spec in KEYS.values()] == list(KEYS)
    assert set(KEYS) == set(Key)


# ---- saying ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "all sessions"),
        (
            'checklist:Opening dept:"Store 12" outcome:failed since:30d',
            "sessions on “Opening” in Store 12, with a low result, in the last 30 days",
        ),
        ("observer:<@U1> employee:joe employee:kim", "sessions observed by Ana of joe or kim"),
        ("-employee:joe", "sessions not of joe"),
        ("-outcome:failed -outcome:below", "sessions neither with a low result nor below target"),
        ("score:<80 score:90..95.5", "sessions scored below 80 % or from 90 % to 95.5 %"),
        ("score:>=80", "sessions scored at least 80 %"),
        ("score:79", "sessions scored 79 % when rounded"),
        ("score:79.5", "sessions scored 79.5 %"),
        ("score:100", "sessions scored 100 %"),
        ("since:1w", "sessions in the last week"),
        ("since:mon", "sessions since Monday"),
        ("since:yesterday", "sessions since yesterday"),
        ("since:2026-01-05", "sessions since 5 Jan 2026"),
        ("since:2026-01-05T10:00Z", "sessions since 5 Jan 2026, 10:00 UTC"),
        ("since:2026-01-05T10:00", "sessions since 5 Jan 2026, 10:00"),
        ("since:2w until:yesterday", "sessions in the last 2 weeks, until the end of yesterday"),
        ("until:mon", "sessions until the end of Monday"),
        ("since:2026-11-29 until:2026-11-29", "sessions on 29 Nov 2026"),
        ("until:mon since:mon outcome:passed", "sessions completed without a low result, on Monday"),
        ("dept:12 since:yesterday until:yesterday", "sessions in 12, yesterday"),
        ("since:2026-11-28 until:2026-11-29", "sessions since 28 Nov 2026, until the end of 29 Nov 2026"),
        ("since:7d until:7d", "sessions in the last 7 days, until the end of the day 7 days ago"),
        ("-since:today until:today", "sessions not since today, until the end of today"),
        ("until:1m", "sessions until the end of the day 1 month ago"),
        ("-until:2026-01-05", "sessions not until the end of 5 Jan 2026"),
        ("until:2026-01-05T10:00", "sessions before 5 Jan 2026, 10:00"),
        ("outcome:progress outcome:planned", "sessions in progress or planned"),
    ],
)
def test_a_query_in_words(typed: str, said: str) -> None:
    assert words(parse(typed), name_of=lambda user_id: {"U1": "Ana"}[user_id]) == said


def test_a_mention_is_said_as_a_mention_where_nobody_names_it() -> None:
    assert words(parse("observer:<@U1>")) == "sessions observed by <@U1>"


def test_who_is_mentioned() -> None:
    assert mentioned(parse("observer:<@U1> -employee:<@U2|kim> employee:joe")) == {"U1", "U2"}


# ---- understanding -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "resolve_value"),
    [
        ("", Filter()),
        ("checklist:opening", only(("checklist", frozenset({"open"})))),  # exactly, though two begin so
        ("checklist:Clo", only(("checklist", frozenset({"close"})))),  # the only one that begins so
        ("checklist:Open", only(("checklist", frozenset({"open", "open-late"})))),
        ("checklist:cafe", only(("checklist", frozenset({"cafe"})))),  # no accents needed
        ("checklist:ing", only(("checklist", frozenset({"open", "open-late", "close"})))),
        ("checklist:nothing", only(("checklist", frozenset()))),
        ('checklist:"-"', only(("checklist", frozenset()))),
        ("-checklist:nothing", only(("-checklist", frozenset()))),
        ("checklist:Clo checklist:cafe", only(("checklist", frozenset({"close", "cafe"})))),
        ("observer:<@U1>", only(("observer", frozenset({"ana"})))),
        ("observer:<@U2>", only(("observer", frozenset()))),
        ("observer:<id:ana>", only(("observer", frozenset({"ana"})))),
        ("employee:<id:left> employee:doe", only(("employee", frozenset({"left", "joe", "joan"})))),  # known or not
        ("checklist:<id:till%20check>", only(("checklist", frozenset({"till check"})))),
        ("dept:<id:store-12>", only(("employee", frozenset({"ana", "joe"})))),
        ("employee:jo", only(("employee", frozenset({"joan"})))),  # "J. Doe" does not begin so
        ("employee:doe", only(("employee", frozenset({"joe", "joan"})))),
        ("-employee:LOPEZ", only(("-employee", frozenset({"ana"})))),
        ("employee:O’Neill", only(("employee", frozenset({"kim"})))),
        ('dept:"store 12"', only(("employee", frozenset({"ana", "joe"})))),  # with its bakery
        ("dept:store-12", only(("employee", frozenset({"ana", "joe"})))),
        ("dept:bakery", only(("employee", frozenset({"joe"})))),
        (
            'dept:"store 12" employee:doe',
            only(("employee", frozenset({"ana", "joe"})), ("employee", frozenset({"joe", "joan"}))),
        ),
        (
            'dept:"store 12" employee:kim',
            only(("employee", frozenset({"ana", "joe"})), ("employee", frozenset({"kim"}))),
        ),
        ("-dept:bakery -employee:kim", only(("-employee", frozenset({"joe"})), ("-employee", frozenset({"kim"})))),
        ("outcome:failed", only(("outcome", frozenset({OutcomeKind.BELOW, OutcomeKind.CRITICAL, OutcomeKind.FAILED})))),
        ("outcome:critical", only(("outcome", frozenset({OutcomeKind.CRITICAL})))),
        ("outcome:below", only(("outcome", frozenset({OutcomeKind.BELOW})))),
        ("outcome:met outcome:planned", only(("outcome", frozenset({OutcomeKind.MET, OutcomeKind.PLANNED})))),
        (
            "-outcome:completed",
            only(
                (
                    "-outcome",
                    frozenset(
                        {
                            OutcomeKind.COMPLETED,
                            OutcomeKind.MET,
                            OutcomeKind.BELOW,
                            OutcomeKind.CRITICAL,
                            OutcomeKind.FAILED,
                        }
                    ),
                )
            ),
        ),
        ("score:<80", only(("score", (Range(high=80, high_included=False),)))),
        ("score:<=80 score:>90", only(("score", (Range(high=80), Range(low=90, low_included=False))))),
        ("-score:80", only(("-score", (ShownScore(80),)))),
        ("score:79.5", only(("score", (Range(low=79.5, high=79.5),)))),
        ("score:60..80", only(("score", (Range(low=60, high=80),)))),
    ],
)
def test_what_a_query_means(typed: str, resolve_value: Filter) -> None:
    assert meant(typed) == resolve_value


@pytest.mark.parametrize(
    ("typed", "begins"),
    [
        ("today", "2026-03-10T23:00"),  # midnight in Madrid, UTC+1
        ("yesterday", "2026-03-09T23:00"),
        ("7d", "2026-03-03T23:00"),
        ("2w", "2026-02-24T23:00"),
        ("1m", "2026-02-10T23:00"),
        ("3m", "2025-12-10T23:00"),
        ("mon", "2026-03-08T23:00"),
        ("wed", "2026-03-10T23:00"),  # today
        ("thu", "2026-03-04T23:00"),
        ('"this week"', "2026-03-08T23:00"),
        ('"last week"', "2026-03-01T23:00"),
        ('"this month"', "2026-02-28T23:00"),
        ('"last month"', "2026-01-31T23:00"),
        ("2026-01-05", "2026-01-04T23:00"),
        ("2025-07-01", "2025-06-30T22:00"),  # summer time
        ("2026-01-05T10:30", "2026-01-05T09:30"),
        ("2026-01-05T10:30Z", "2026-01-05T10:30"),
    ],
)
def test_since_when(typed: str, begins: str) -> None:
    assert meant(f"since:{typed}") == only_since(datetime.fromisoformat(begins).replace(tzinfo=UTC))


@pytest.mark.parametrize(
    ("typed", "ends"),
    [
        ("today", "2026-03-11T23:00"),  # midnight in Madrid, UTC+1
        ("7d", "2026-03-04T23:00"),
        ("mon", "2026-03-09T23:00"),
        ('"this week"', "2026-03-15T23:00"),
        ('"last week"', "2026-03-08T23:00"),
        ('"this month"', "2026-03-31T22:00"),  # summer time has begun
        ('"last month"', "2026-02-28T23:00"),
        ("2026-01-05", "2026-01-05T23:00"),
        ("2026-03-29", "2026-03-29T22:00"),  # a day of 23 hours
        ("2026-01-05T10:30", "2026-01-05T09:30"),
    ],
)
def test_until_includes_the_day_and_excludes_the_instant(typed: str, ends: str) -> None:
    end = datetime.fromisoformat(ends).replace(tzinfo=UTC)
    assert meant(f"until:{typed}") == only(("happened", (Range(high=end, high_included=False),)))


def test_either_of_two_dates_is_enough() -> None:
    begins = datetime(2026, 3, 10, 23, tzinfo=UTC), datetime(2026, 3, 3, 23, tzinfo=UTC)
    assert meant("since:today since:7d") == only(("happened", tuple(Range(low=each) for each in begins)))


def test_a_month_ago_is_the_last_day_of_a_shorter_month() -> None:
    on_the_31st = meant("since:1m", ZoneInfo("UTC"), datetime(2026, 3, 31, tzinfo=UTC))
    assert on_the_31st == only_since(datetime(2026, 2, 28, tzinfo=UTC))


def test_not_since_is_before() -> None:
    assert meant("-since:today") == only_since(datetime(2026, 3, 10, 23, tzinfo=UTC), "-")


def test_a_pinned_query_means_the_same_in_every_zone() -> None:
    query = parse("outcome:failed since:7d -since:today")
    pinned = pin(query, now=NOW, zone=MADRID)
    assert parse(say(pinned)) == pinned
    in_tokyo = resolve(pinned, NAMES, now=NOW, zone=ZoneInfo("Asia/Tokyo"))
    assert in_tokyo == meant("outcome:failed since:7d -since:today")


def test_a_typing_mistake_in_a_name_gets_the_nearest_names_of_those_given() -> None:
    query = parse('checklist:Oppening employee:"Kim Oneil" observer:ana dept:"Stoer 7" employee:<@U9> score:<80')
    assert unmatched(query, NAMES) == (
        (Term(Key.CHECKLIST, "Oppening"), ("Opening", "Opening, late shift", "Closing")),
        (Term(Key.EMPLOYEE, "Kim Oneil"), ("Kim O'Neill",)),
        (Term(Key.DEPT, "Stoer 7"), ("Store 7", "Store 12")),
        (Term(Key.EMPLOYEE, "<@U9>"), ()),
    )


def test_nothing_is_suggested_that_was_not_given() -> None:
    assert unmatched(parse("employee:kimm"), Names()) == ((Term(Key.EMPLOYEE, "kimm"), ()),)


def test_a_department_without_people_is_known_all_the_same() -> None:
    assert unmatched(Query((Term(Key.DEPT, "Company"),)), NAMES) == ()


def test_only_the_first_three_mistyped_names_are_measured() -> None:
    query = parse("employee:kimm employee:anna employee:joean employee:kimmm")
    assert [len(names) > 0 for _, names in unmatched(query, NAMES)] == [True, True, True, False]
