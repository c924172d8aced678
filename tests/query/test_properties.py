"""What holds for every query, every text and every session."""

from collections.abc import Callable
from datetime import UTC, date, timedelta

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bot.domain.errors import QueryError
from bot.domain.model import Moment, Outcome, SessionFacts, SessionKey
from bot.domain.outcomes import judge, score_and_word
from bot.query.by_id import by_id, same_meaning
from bot.query.names import id_of, id_value
from bot.query.parser import Key, Names, Query, Term, matches, parse, pin, resolve, say, unmatched, words
from bot.query.values import OUTCOMES
from tests.domain.build import CHECKLISTS, DIRECTORY, NOW, facts
from tests.work import Calls

PEOPLE = {"ana": "Ana López", "joe": "J. Doe", "kim": "Kim O'Neill"}
IN_STORE_12 = {"ana", "joe"}

# ---- queries -----------------------------------------------------------------------------------------------------


NAMES = Names(DIRECTORY, CHECKLISTS)


def readable(key: Key) -> Callable[[str], bool]:
    def reads(value: str) -> bool:
        try:
            return parse(f"{key}:{_in_quotes(value)}").terms == (Term(key, value),)
        except QueryError:
            return False

    return reads


def _in_quotes(value: str) -> str:
    escaped = "".join(f"\\{c}" if c in '\\"“”„«»' else c for c in value)
    return f'"{escaped}"'


names = st.one_of(
    st.sampled_from(["Store 12", "J. Doe", "O'Neill", "a:b", "-x", '5" tap', "“Opening”", "\\", "a\\", "&", ",", "é"]),
    st.text(min_size=1, max_size=30),
).map(lambda text: " ".join(text.split()))
ids = st.one_of(
    st.sampled_from(["ana", "joe", "open", "store-12", "left", "4f2a91c0-0000-4000-8000-000000000000"]),
    st.text(st.characters(codec="utf-8"), min_size=1, max_size=12),
).map(id_value)
mentions = st.from_regex(r"<@U[A-Z0-9]{1,10}>", fullmatch=True)
number = st.one_of(st.integers(0, 120).map(str), st.sampled_from(["79.5", "0.25", "99.999999"]))
scores = st.one_of(
    st.tuples(st.sampled_from(["", "<", "<=", ">", ">="]), number).map("".join),
    st.tuples(st.integers(0, 60), st.integers(60, 100)).map(lambda ends: f"{ends[0]}..{ends[1]}"),
)
dates = st.one_of(
    st.sampled_from(["today", "yesterday", "this week", "last week", "this month", "last month", "mon", "sun"]),
    st.tuples(st.integers(1, 120).map(str), st.sampled_from("dwm")).map("".join),
    st.dates(date(2000, 1, 1), date(2100, 12, 31)).map(lambda day: day.isoformat()),
)


def terms_of(key: Key, values: st.SearchStrategy[str]) -> st.SearchStrategy[Term]:
    return st.builds(Term, st.just(key), values, st.booleans())


queries = st.lists(
    st.one_of(
        terms_of(Key.CHECKLIST, st.one_of(names.filter(readable(Key.CHECKLIST)), ids)),
        terms_of(Key.DEPT, st.one_of(names.filter(readable(Key.DEPT)), ids)),
        terms_of(Key.OBSERVER, st.one_of(names.filter(readable(Key.OBSERVER)), mentions, ids)),
        terms_of(Key.EMPLOYEE, st.one_of(names.filter(readable(Key.EMPLOYEE)), mentions, ids)),
        terms_of(Key.OUTCOME, st.sampled_from([*OUTCOMES])),
        terms_of(Key.SCORE, scores),
        terms_of(Key.SINCE, dates),
        terms_of(Key.UNTIL, dates),
    ),
    max_size=12,
).map(lambda terms: Query(tuple(terms)))


@given(queries)
@settings(suppress_health_check=[HealthCheck.filter_too_much])
def test_a_query_said_and_read_again_is_the_same(query: Query) -> None:
    assert parse(say(query)) == query


@given(queries)
@settings(suppress_health_check=[HealthCheck.filter_too_much])
def test_every_query_can_be_said_in_words_resolved_and_pinned(query: Query) -> None:
    assert words(query)
    pinned = pin(query, now=NOW, zone=UTC)
    assert parse(say(pinned)) == pinned
    resolve(pinned, NAMES, now=NOW, zone=UTC)
    for _, nearest_names in unmatched(query, NAMES):
        assert len(nearest_names) <= 3


@given(queries)
@settings(suppress_health_check=[HealthCheck.filter_too_much])
def test_a_query_by_id_is_read_again_says_the_same_and_means_the_same(query: Query) -> None:
    stored = by_id(query, NAMES)
    assert parse(say(stored)) == stored
    assert by_id(stored, NAMES) == stored
    assert same_meaning(stored, query, NAMES)
    assert same_meaning(Query(stored.terms[::-1]), query, NAMES)
    assert words(stored, NAMES)


@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=60))
def test_any_id_can_stand_in_a_query(ident: str) -> None:
    assert id_of(id_value(ident)) == ident


# ---- any text ----------------------------------------------------------------------------------------------------

MOST_CALLS = 50_000  # for one text of 3,000 characters; the worst of these needs 18,000

fragments = st.sampled_from(
    [
        *Key,
        ":",
        '"',
        "'",
        "“",
        "”",
        "‘",
        "\\",
        "<@",
        "<@U1>",
        "<#C1|x>",
        "<id:",
        "<id:ana>",
        "-",
        "—",
        " ",
        "\n",
        "&amp;",
        "&",
        "..",
        "<",
    ]
)
texts = st.one_of(
    st.text(max_size=3000),
    st.lists(st.one_of(fragments, st.characters()), max_size=600).map(lambda parts: "".join(parts)[:3000]),
    fragments.map(lambda part: (part * 3000)[:3000]),
    st.tuples(fragments, fragments).map(lambda pair: ("".join(pair) * 3000)[:3000]),
)


@given(texts)
@example('"' + "\\" * 2999)
@example('checklist:"' + '\\"' * 1494)
@example("checklist:" + "<#C1|" * 590 + "x" + ">" * 30)
@example("checklist:" + "&amp;" * 590)
@example("since:" + "9" * 2900)
@example("score:" + "9" * 2900)
@settings(max_examples=150)
def test_any_text_ends_quickly_with_a_query_or_a_reason(text: str) -> None:
    calls = Calls()
    with calls.of_this_thread():
        try:
            query = parse(text)
        except QueryError as error:
            assert str(error)
            assert len(error.suggestions) <= 3
            assert all(parse(fix).terms for fix in error.suggestions)
        else:
            assert parse(say(query)) == query
    assert calls.number < MOST_CALLS


# What a query is made of, and what people put around it without seeing it or meaning it.
typed_values = st.sampled_from(
    [
        *("ana", '"Store 12"', "“J. Doe”", "'Till check'", "O'Neill", "<@U1>", "<@u12ab|joe>", "<#C1|store-12>", "a:b"),
        *("failed", "in progress", "<80", "&lt;80", "60..80", "60 - 80", "≥ 79,5 %"),
        *("7d", "mon", "last week", "last 30 days", "2026-01-05", "5 Jan 2026", "Jan 5, 2026"),
        *("<id:ana>", "&lt;id:till%20check&gt;", '"<id:%41na> "', "<id:%ff>", "<id:>", "<id:a b>"),
        *('"&lt;@U1|x&gt;"', '"<@U1|x> "', "2026-01-05T10:00Z", '"2026-01-05T10:00"', "&amp;lt;@U1&amp;gt;"),
    ]
)
junk = st.sampled_from(
    ["", "", "", "@", "\u200b", "\u00ad", "\u2066", " ", "\u00a0", ",", ";", "\\", "\u0301", "&", "-", ".", ">", "<"]
)
typed_terms = st.tuples(
    st.sampled_from(["", "-", "—"]),
    st.sampled_from([*Key, *(key.upper() for key in Key)]),
    st.sampled_from([":", ": "]),
    junk,
    typed_values,
    junk,
).map("".join)
typed = st.lists(typed_terms, min_size=1, max_size=4).map(" ".join)


@given(typed)
@example("observer:@<@U123|joe>")
@example("observer:\u200b<@U123>")
@example('employee:"&lt;@U1|x&gt;"')
@settings(max_examples=500)
def test_what_was_understood_means_the_same_when_it_is_said_and_read_again(text: str) -> None:
    try:
        query = parse(text)
    except QueryError as error:
        assert all(parse(fix).terms for fix in error.suggestions)
    else:
        assert parse(say(query)) == query


# ---- any session -------------------------------------------------------------------------------------------------

moments = st.one_of(
    st.just(Moment()),
    st.integers(-60, 5).map(lambda days: Moment("some day", NOW + timedelta(days=days, minutes=7))),
)
sessions = st.builds(
    lambda status, result, observer, employee, checklist, finished, scheduled: facts(
        status,
        result,
        key=SessionKey("5e55107a", employee),
        observer_id=observer,
        checklist_id=checklist,
        finished=finished,
        scheduled=scheduled,
    ),
    st.sampled_from(["PASSED", "FAILED", "IN_PROGRESS", "NOT_STARTED", "OVERDUE"]),
    st.one_of(st.none(), st.sampled_from([0.0, 59.9, 60.0, 72.5, 79.96, 80.0, 80.1, 100.0])),
    st.sampled_from([*PEOPLE]),
    st.sampled_from([*PEOPLE]),
    st.sampled_from(["open", "close"]),
    moments,
    moments,
)
exact_terms = st.one_of(
    terms_of(Key.CHECKLIST, st.sampled_from(["Opening", "Closing"])),
    terms_of(Key.DEPT, st.just("Store 12")),
    terms_of(Key.OBSERVER, st.sampled_from([*PEOPLE.values()])),
    terms_of(Key.EMPLOYEE, st.sampled_from([*PEOPLE.values()])),
    terms_of(Key.OUTCOME, st.sampled_from([*OUTCOMES])),
    terms_of(Key.SCORE, st.sampled_from(["<60", "<=60", ">80", ">=80", "72.5", "60..80", "80"])),
    terms_of(Key.SINCE, st.sampled_from(["2026-02-01", "2026-03-01", "2026-03-11"])),
    terms_of(Key.UNTIL, st.sampled_from(["2026-02-01", "2026-03-01", "2026-03-11"])),
    terms_of(Key.ID, st.sampled_from(["1000", "00000000", "abcd"])),
)


@given(
    st.lists(exact_terms, max_size=6),
    sessions,
    st.sampled_from([None, 60.0, 80.0]),
    st.sampled_from([(), ("Cold room logged",)]),
)
@settings(max_examples=400)
def test_a_filter_matches_what_a_reader_of_the_query_would_pick(
    terms: list[Term], row: SessionFacts, target: float | None, critical: tuple[str, ...]
) -> None:
    outcome = judge(row, target, critical)
    wanted = resolve(Query(tuple(terms)), NAMES, now=NOW, zone=UTC)
    assert matches(resolve(by_id(Query(tuple(terms)), NAMES), NAMES, now=NOW, zone=UTC), row, outcome) is matches(
        wanted, row, outcome
    )
    picked = all(
        any(_holds(term, row, outcome) for term in terms if term.key is key and not term.negated)
        for key in {term.key for term in terms if not term.negated}
    ) and not any(_holds(term, row, outcome) for term in terms if term.negated)
    assert matches(wanted, row, outcome) is picked


def _holds(term: Term, row: SessionFacts, outcome: Outcome) -> bool:
    kind = outcome.kind
    match term.key:
        case Key.CHECKLIST:
            return CHECKLISTS[row.checklist_id] == term.value
        case Key.DEPT:
            return row.key.employee_id in IN_STORE_12
        case Key.OBSERVER:
            return PEOPLE[row.observer_id] == term.value
        case Key.EMPLOYEE:
            return PEOPLE[row.key.employee_id] == term.value
        case Key.OUTCOME:
            return {
                "planned": kind == "planned",
                "progress": kind == "in_progress",
                "completed": row.status in ("PASSED", "FAILED"),
                "passed": kind in ("completed", "met"),
                "met": kind == "met",
                "below": kind == "below",
                "critical": kind == "critical",
                "failed": kind in ("below", "critical", "failed"),
                "unknown": row.status == "OVERDUE",
            }[term.value]
        case Key.SCORE:
            if term.value == "80":
                return outcome.kind.is_over and score_and_word(outcome).score == "80 %"
            return outcome.score is not None and _score_holds(term.value, outcome.score)
        case Key.SINCE:
            when = row.finished.at or row.scheduled.at
            return when is not None and when.date().isoformat() >= term.value
        case Key.UNTIL:
            when = row.finished.at or row.scheduled.at
            return when is not None and when.date().isoformat() <= term.value
        case Key.ID:
            return row.key.session_id.startswith(term.value)
        case Key.SORT | Key.LIMIT | Key.BY | Key.CRITERIA:
            raise AssertionError("it selects nothing")


def _score_holds(value: str, score: float) -> bool:
    return {
        "<60": score < 60,
        "<=60": score <= 60,
        ">80": score > 80,
        ">=80": score >= 80,
        "72.5": score == 72.5,
        "60..80": 60 <= score <= 80,
    }[value]
