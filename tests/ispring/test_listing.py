"""A listing cut into slices: whatever its size and shape, the same rows come out, or a reason why none do."""

import contextlib
import io
import json
from collections.abc import Iterator, Sequence
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.errors import TrainingUnreadable
from bot.domain.model import SessionFacts
from bot.ispring.dates import LONGEST_DATE, DateOrder, Dates
from bot.ispring.listing import MOST_SET_ASIDE, PIECE, SpooledListing
from bot.ispring.tolerant import LONGEST_ID
from bot.ispring.wire import LONGEST_STATUS, LONGEST_TITLE
from tests.clock import NOON
from tests.work import Calls

TITLES = ("Opening", '"},{"', "},{", "}, {", '\\"},', "[{]}", "Käse\n\t🧀", "\\")


def row(number: int, **given: Any) -> dict[str, Any]:
    return {
        "checklistId": "11111111-1111-4111-8111-111111111111",
        "checklistTitle": TITLES[number % len(TITLES)],
        "sessionId": f"22222222-2222-4222-8222-{number:012d}",
        "sessionStatus": "PASSED",
        "startDate": "14-08-2024, 09:00:00",
        "completionDate": "14-08-2024, 09:41:55",
        "result": 83.33,
        "totalPoints": 6,
        "points": 5,
        "employeeId": "33333333-3333-4333-8333-333333333333",
        "observerId": "44444444-4444-4444-8444-444444444444",
    } | given


def listing(text: bytes, order: DateOrder = DateOrder.DMY, digest: bytes = b"digest") -> SpooledListing:
    return SpooledListing(io.BytesIO(text), digest, len(text), NOON, Dates(ZoneInfo("UTC"), order))


def listed(rows: Any, **given: Any) -> SpooledListing:
    return listing(json.dumps(rows, **given).encode())


def facts_of(spooled: SpooledListing) -> list[SessionFacts]:
    return [piece.facts(index) for piece in spooled.slices() for index in range(len(piece.rows))]


def titles_of(spooled: SpooledListing) -> list[str]:
    return [facts.checklist_title for facts in facts_of(spooled)]


def fingerprints(spooled: SpooledListing) -> list[bytes]:
    return [fingerprint for piece in spooled.slices() for _, _, fingerprint in piece.rows]


def rejected(spooled: SpooledListing) -> list[str]:
    return [line for piece in spooled.slices() for line in piece.rejected]


def without_parts(spooled: SpooledListing) -> int:
    return sum(piece.without_parts for piece in spooled.slices())


def many(number: int, **given: Any) -> Iterator[dict[str, Any]]:
    return (row(one, **given) for one in range(number))


PIECES = 90
"""Rows that are several pieces long where each is `WIDE`: as thin ones, they would be 9,000 to read."""
WIDE = {"pad": "x" * (PIECE // 24)}


@pytest.mark.parametrize(
    "style",
    [
        {},
        {"indent": 2},
        {"separators": (",", ":")},
        {"separators": (" , ", " : ")},
        {"separators": ("\n,\n", ":")},
        {"ensure_ascii": False},
        {"sort_keys": True},
    ],
)
def test_rows_are_the_same_however_the_json_is_laid_out(style: dict[str, Any]) -> None:
    rows = list(many(9_000))
    spooled = listed(rows, **style)
    assert titles_of(spooled) == [one["checklistTitle"] for one in rows]
    assert len(list(spooled.slices())) > 2


def test_nested_objects_under_unknown_keys_are_no_row_ends() -> None:
    rows = list(many(3_000, extra=[{"a": [{}, {"b": "},{"}]}, {"c": 1}] * 20))
    assert titles_of(listed(rows)) == [one["checklistTitle"] for one in rows]


def test_a_row_longer_than_a_piece_is_read_whole() -> None:
    rows = [row(1, extra="},{" * PIECE), row(2, extra=[{}] * PIECE), row(3)]
    assert len(facts_of(listed(rows))) == 3


def test_a_single_object_is_a_list_of_one() -> None:
    assert len(facts_of(listed(row(1)))) == 1


def test_a_list_inside_a_response_is_the_list() -> None:
    assert len(facts_of(listed({"response": [row(1), row(2)]}))) == 2
    assert len(facts_of(listed({"response": row(1)}))) == 1


def test_an_empty_list_is_an_empty_listing() -> None:
    assert facts_of(listing(b" [ ] ")) == []


def test_a_byte_order_mark_is_overlooked() -> None:
    for before in (b"\xef\xbb\xbf", b"\n\xef\xbb\xbf ", b"\xef\xbb\xbf" * 2):
        for rows in ([row(1)], row(1), {"response": [row(1)]}):
            assert len(facts_of(listing(before + json.dumps(rows).encode()))) == 1


def test_null_means_absent_and_unknown_keys_are_ignored() -> None:
    with_nulls = row(1, result=None, points=None, totalPoints=None, completionDate=None, surprise={"a": [1]})
    absent = {key: value for key, value in with_nulls.items() if value is not None and key != "surprise"}
    assert facts_of(listed([with_nulls])) == facts_of(listed([absent]))


def test_numbers_may_be_texts() -> None:
    assert facts_of(listed([row(1, result="83.33", points="5", totalPoints="6")])) == facts_of(listed([row(1)]))


@pytest.mark.parametrize("number", ["NaN", "inf", "-Infinity"])
def test_a_text_that_is_no_number_to_us_is_no_result(number: str) -> None:
    assert facts_of(listed([row(1, result=number)]))[0].result is None


def test_ids_are_compared_in_lower_case() -> None:
    upper = row(1, sessionId="AB" * 16, employeeId="CD" * 16, observerId="EF" * 16, checklistId="0A" * 16)
    facts = facts_of(listed([upper]))[0]
    assert (facts.key.session_id, facts.key.employee_id) == ("ab" * 16, "cd" * 16)
    assert (facts.observer_id, facts.checklist_id) == ("ef" * 16, "0a" * 16)


def test_a_fingerprint_knows_no_order_of_keys_no_spaces_and_no_case_of_ids() -> None:
    one = row(1, employeeId="ab" * 16)
    other = dict(reversed((one | {"employeeId": "AB" * 16, "result": "83.33", "new": 1}).items()))
    assert fingerprints(listed([one])) == fingerprints(listed([other], indent=1))
    assert len(fingerprints(listed([one]))[0]) == 8


@pytest.mark.parametrize(
    "change",
    [
        {"result": 83.34},
        {"points": 4},
        {"checklistTitle": "x"},
        {"startDate": "x"},
        {"sessionStatus": "X"},
        {"observerId": "x"},
    ],
)
def test_a_fingerprint_changes_with_every_field(change: dict[str, Any]) -> None:
    assert fingerprints(listed([row(1)])) != fingerprints(listed([row(1, **change)]))


def test_a_later_version_reads_an_unchanged_listing_again() -> None:
    """It may understand rows that an earlier one set aside."""
    earlier = SpooledListing(io.BytesIO(b"[]"), b"digest", 2, NOON, Dates(ZoneInfo("UTC"), DateOrder.DMY), "0.0.1")
    assert earlier.digest != listing(b"[]").digest


def test_digest_and_fingerprints_cover_how_dates_are_read() -> None:
    text = json.dumps([row(1)]).encode()
    day_first, month_first = listing(text), listing(text, DateOrder.MDY)
    assert day_first.digest != month_first.digest
    assert fingerprints(day_first) != fingerprints(month_first)
    assert day_first.digest != listing(text, digest=b"other").digest
    assert day_first.digest == listing(text).digest


def test_a_mistyped_row_is_set_aside_with_its_place_and_the_others_go_on() -> None:
    rows: list[Any] = list(many(9_000))
    rows[4_000] = row(4_000, employeeId=["x"], checklistTitle="Anna Smith")
    rows[8_000] = None
    spooled = listed(rows)
    assert len(facts_of(spooled)) == 8_998
    lines = rejected(spooled)
    assert [line.split(":")[0] for line in lines] == ["row 4001", "row 8001"]
    assert "employeeId" in lines[0]
    assert "Anna" not in "".join(lines)


@pytest.mark.parametrize("missing", ["sessionId", "employeeId", "sessionStatus"])
def test_a_row_without_what_it_is_known_by_is_set_aside(missing: str) -> None:
    broken = row(1)
    del broken[missing]
    assert len(rejected(listed([broken, row(2, **{missing: ""}), row(3)]))) == 2


# What no character is, as it may stand in a text, and what becomes of it.
BROKEN = {
    "a byte": (b"Caf\xe9", "Caf\ufffd"),
    "bytes cut short": (b"\xf0\x9f\xa7", "\ufffd"),
    "the first half of an escaped pair": (rb"Great job \ud83d", "Great job \ufffd"),
    "the first half before text": (rb"\uD83Dd", "\ufffdd"),
    "the first half before an escape": (rb"\ud83d\u0041", "\ufffdA"),
    "the first half before a pair": (rb"\ud83d\ud83e\uddc0", "\ufffd\U0001f9c0"),
    "the second half": (rb"\uddc0 x", "\ufffd x"),
    "a half behind backslashes": (rb"\\\ud83d", "\\\ufffd"),
    "a half behind what looks like one": (rb"\\ud83d\uddc0", "\\ud83d\ufffd"),
    "a half as bytes": (b"\xed\xa0\xbd", "\ufffd\ufffd\ufffd"),
    "a bare control character": (b"one\ntwo\x00", "one two "),
}


def with_text(text: bytes, key: str = "checklistTitle", rows: Sequence[dict[str, Any]] | None = None) -> bytes:
    """A listing of several pieces whose middle row has exactly this between the quotation marks of one value."""
    rows = rows or list(many(PIECES, **WIDE))
    number = len(rows)
    rows[number // 2][key] = "HERE"
    return json.dumps(rows).encode().replace(b"HERE", text)


@pytest.mark.parametrize("broken", BROKEN)
@pytest.mark.parametrize("number", [1, PIECES])
def test_a_broken_character_hurts_its_title_and_nothing_else(number: int, broken: str) -> None:
    text, shown = BROKEN[broken]
    spooled = listing(with_text(text, rows=list(many(number, **WIDE))))
    titles = [TITLES[one % len(TITLES)] for one in range(number)]
    titles[number // 2] = shown
    assert titles_of(spooled) == titles
    assert rejected(spooled) == []


def test_a_broken_character_in_a_lone_object_hurts_nothing_else() -> None:
    assert titles_of(listing(json.dumps(row(1, checklistTitle="HERE")).encode().replace(b"HERE", b"\xff"))) == [
        "\ufffd"
    ]
    half = json.dumps({"response": [row(1, checklistTitle="\ud83d"), row(4)]}).encode()
    assert titles_of(listing(half)) == ["\ufffd", TITLES[4]]


@pytest.mark.parametrize("key", ["sessionId", "employeeId", "sessionStatus"])
@pytest.mark.parametrize("text", [b"\xff", rb"\ud83d"])
def test_a_row_known_by_a_broken_character_is_set_aside_and_the_others_go_on(text: bytes, key: str) -> None:
    spooled = listing(with_text(text, key))
    assert len(facts_of(spooled)) == PIECES - 1
    assert [line.split(":")[0] for line in rejected(spooled)] == [f"row {PIECES // 2 + 1}"]


@pytest.mark.parametrize("broken", BROKEN)
def test_a_mistyped_row_beside_a_broken_character_hides_nothing(broken: str) -> None:
    rows: list[Any] = list(many(PIECES, **WIDE))
    rows[10] = row(10, employeeId=["x"], **WIDE)
    rows[20]["checklistTitle"] = "HERE"
    assert len(json.dumps(rows[:21])) < PIECE, "they are not beside each other"
    spooled = listing(json.dumps(rows).encode().replace(b"HERE", BROKEN[broken][0]))
    assert len(facts_of(spooled)) == PIECES - 1
    assert [line.split(":")[0] for line in rejected(spooled)] == ["row 11"]


def test_rows_beside_a_broken_character_keep_their_fingerprints() -> None:
    whole = fingerprints(listing(with_text(b"Till")))
    hurt = fingerprints(listing(with_text(b"\xff")))
    assert [one == other for one, other in zip(whole, hurt, strict=True)].count(False) == 1


def test_a_listing_cut_off_in_the_middle_of_a_pair_is_named_for_that() -> None:
    for text in (rb'[{"sessionId":"\ud83d', rb'[{"sessionId":"\ud83d\ud', b'[{"sessionId":"\xf0\x9f'):
        with pytest.raises(TrainingUnreadable, match="cut off"):
            list(listing(text).slices())


@pytest.mark.parametrize("missing", ["checklistTitle", "observerId", "startDate"])
def test_a_row_without_what_is_only_shown_is_read(missing: str) -> None:
    assert len(facts_of(listed([row(1, **{missing: None})]))) == 1


def test_what_is_only_shown_is_cut_to_a_length_that_costs_nobody_time() -> None:
    much = "x" * (1 << 20)
    (facts,) = facts_of(listed([row(1, checklistTitle=much, sessionStatus=much, completionDate=much)]))
    assert (len(facts.checklist_title), len(facts.status)) == (LONGEST_TITLE, LONGEST_STATUS)
    assert (facts.finished.raw, facts.finished.at) == (much[:LONGEST_DATE], None)


def test_a_fingerprint_tells_apart_what_is_cut_alike() -> None:
    title = "x" * LONGEST_TITLE
    one, other = row(1, checklistTitle=f"{title}a"), row(1, checklistTitle=f"{title}b")
    assert fingerprints(listed([one])) != fingerprints(listed([other]))


@pytest.mark.promise("oversized_names")
@pytest.mark.parametrize("key", ["sessionId", "employeeId"])
def test_a_row_whose_id_is_too_long_is_set_aside_and_not_cut(key: str) -> None:
    longest, longer = row(1, **{key: "x" * LONGEST_ID}), row(2, **{key: "x" * (LONGEST_ID + 1)})
    spooled = listed([longest, longer])
    assert len(facts_of(spooled)) == 1
    assert [line.split(":")[0] for line in rejected(spooled)] == ["row 2"]


@pytest.mark.parametrize("key", ["checklistId", "observerId"])
@pytest.mark.parametrize("text", [b"\xff", rb"\ud83d", b"x" * (LONGEST_ID + 1)])
def test_an_id_that_identifies_no_row_costs_only_itself(text: bytes, key: str) -> None:
    spooled = listing(with_text(text, key))
    assert [len(facts_of(spooled)), without_parts(spooled), rejected(spooled)] == [PIECES, 1, []]
    assert [
        getattr(facts, {"checklistId": "checklist_id", "observerId": "observer_id"}[key]) for facts in facts_of(spooled)
    ].count("") == 1


ODD = {
    "": None, "80": 80.0, "80%": 80.0, "80,5": 80.5, " 80 % ": 80.0, "1,234.5": 1234.5, "1.234,5": 1234.5, "-3": -3.0,
    "\u00a080\u00a0%": 80.0, "1e1": 10.0, "NaN": None,
}  # fmt: skip


@pytest.mark.parametrize("text", ODD)
def test_a_readable_number_is_read_and_nothing_is_left_out(text: str) -> None:
    spooled = listed([row(1, result=text), row(2)])
    assert [facts.result for facts in facts_of(spooled)] == [ODD[text], 83.33]
    assert (rejected(spooled), without_parts(spooled)) == ([], 0)


@pytest.mark.parametrize("key", ["checklistTitle", "observerId", "checklistId", "startDate", "result", "totalPoints"])
@pytest.mark.parametrize("value", [[], {}, [1], {"a": 1}, True])
def test_an_optional_part_in_any_shape_costs_only_itself_and_is_counted(key: str, value: object) -> None:
    spooled = listed([row(1, **{key: value}), row(2)])
    assert (len(facts_of(spooled)), rejected(spooled), without_parts(spooled)) == (2, [], 1)


@pytest.mark.parametrize("value", [None, ""])
@pytest.mark.parametrize("key", ["checklistTitle", "observerId", "checklistId", "startDate", "result", "totalPoints"])
def test_an_optional_part_that_is_null_or_empty_is_absent(key: str, value: object) -> None:
    spooled = listed([row(1, **{key: value}), row(2)])
    assert (len(facts_of(spooled)), rejected(spooled), without_parts(spooled)) == (2, [], 0)


@pytest.mark.parametrize("spelled", ["NaN", "Infinity", "-Infinity", "nan", "-nan", "inf", "NAN"])
@pytest.mark.parametrize("number", [1, 4_000])
def test_a_number_that_json_does_not_know_is_absent_and_costs_nothing_else(spelled: str, number: int) -> None:
    """As Python, Java and C write 0 / 0. The text beside it that looks alike stays as it is."""
    title = 'NaN, Infinity: " -nan, \\'
    rows = [json.dumps(row(each)) for each in range(number)]
    rows[0] = json.dumps(row(0, checklistTitle=title)).replace("83.33", spelled)
    rows[-1] = json.dumps(row(number, checklistTitle=title)).replace("83.33", spelled)
    facts = facts_of(listing(f"[{','.join(rows)}]".encode()))
    assert len(facts) == number
    assert [(one.result, one.checklist_title) for one in (facts[0], facts[-1])] == [(None, title)] * 2
    assert all(one.result == 83.33 for one in facts[1:-1])


def test_ids_and_texts_may_be_numbers() -> None:
    odd = row(1, sessionId=17, employeeId=18.0, checklistId=19, observerId=20, checklistTitle=2026, sessionStatus=3)
    (facts,) = facts_of(listed([odd]))
    assert (facts.key.session_id, facts.key.employee_id, facts.checklist_id) == ("17", "18", "19")
    assert (facts.observer_id, facts.checklist_title, facts.status) == ("20", "2026", "3")
    assert rejected(listed([odd])) == []


def test_a_row_of_odd_parts_only_keeps_its_ids() -> None:
    odd: dict[str, Any] = {key: [{}] for key in row(1)} | {
        "sessionId": "s",
        "employeeId": "e",
        "sessionStatus": "PASSED",
    }
    assert [facts.key for facts in facts_of(listed([odd]))] == [("s", "e")]
    assert without_parts(listed([odd])) == 1, "a row counts once"


def test_an_odd_spelling_changes_no_fingerprint() -> None:
    assert fingerprints(listed([row(1, result="83,33 %", points="5,0")])) == fingerprints(listed([row(1)]))


def test_rows_without_number_that_say_nothing_are_not_all_held() -> None:
    rows = b"{}," * (MOST_SET_ASIDE + 1)
    with pytest.raises(TrainingUnreadable, match="More than"):
        list(listing(b"[" + rows + json.dumps(row(1)).encode() + b"]").slices())


@pytest.mark.parametrize(
    ("text", "word"),
    [
        (b"", "empty"),
        (b"  \n ", "empty"),
        (b"<!DOCTYPE html><html>", "web page"),
        (b"\n<html lang='en'>", "web page"),
        (b"<?xml version='1.0'?><response/>", "XML"),
        (b"<response/>", "XML"),
        (b"[", "cut off"),
        (json.dumps(list(many(PIECES, **WIDE))).encode()[:3_000_000], "cut off"),
        (json.dumps([row(1), row(2)]).encode()[:-2], "cut off"),
        (b'[{"a":"' + b"x" * 40_000_000, "no end of a row"),
        (b"[" * 100_000 + b"]" * 100_000, "deeply"),
        (b"[1,2,3]", "Not one row"),
        (b'[["a"]]', "Not one row"),
        (b'{"code":400,"message":"no"}', "Not one row"),
        (b"null", "contract"),
        (b'"text"', "contract"),
        (json.dumps([row(1)]).encode() + b"[]", "contract"),
        (json.dumps(list(many(PIECES, **WIDE))).encode().replace(b'"PASSED"', b"PASSED", 1), "contract"),
        (json.dumps(list(many(PIECES, **WIDE))).encode()[:-1] + b",]", "contract"),
        (json.dumps(list(many(PIECES, **WIDE))).encode()[:-1] + b"," + b" " * PIECE + b"]", "contract"),
    ],
    ids=range(20),
)
def test_what_is_no_list_of_sessions_is_named_for_what_it_is(text: bytes, word: str) -> None:
    with pytest.raises(TrainingUnreadable, match=word):
        list(listing(text).slices())


def test_no_content_makes_cutting_slow() -> None:
    plain = json.dumps(list(many(6_000))).encode()
    hostile = json.dumps(list(many(6_000, result=[], extra=[{"a": "},{" * 3}, {"b": {}}]))).encode() + b" "
    broken = plain.replace(b'"PASSED"', b'"PASSED', 1) * 3
    halves = with_text(rb"\\},{\ud83d" * 20, rows=list(many(6_000))).replace(b"Opening", rb"},{\ud83d\ude00")

    def work(text: bytes) -> float:
        """The calls of functions for each byte."""
        calls = Calls()
        with calls.of_this_thread(), contextlib.suppress(TrainingUnreadable):
            list(listing(text).slices())
        return calls.number / len(text)

    usual = work(plain)
    assert work(hostile) < 2 * usual
    assert work(broken) < 2 * usual
    assert work(halves) < 2 * usual


VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(alphabet='{}[],:"\\ aä\n', max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(alphabet='{}"a,', max_size=3), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(
    extras=st.lists(VALUES, min_size=1, max_size=12),
    style=st.sampled_from([{}, {"indent": 1}, {"separators": (" ,\n", ":")}]),
    ascii_only=st.booleans(),
)
def test_any_json_between_the_rows_is_cut_between_the_rows(
    extras: Sequence[Any], style: dict[str, Any], ascii_only: bool
) -> None:
    rows = [row(number, extra=extra, pad="x" * 200_000) for number, extra in enumerate(extras)]
    spooled = listed(rows, ensure_ascii=ascii_only, **style)
    assert [facts.key.session_id for facts in facts_of(spooled)] == [one["sessionId"] for one in rows]


@pytest.mark.parametrize("blank", [" ", "\t", "\u00a0", "\n "])
def test_ids_are_compared_without_the_blanks_around_them(blank: str) -> None:
    """Otherwise one session is two: told twice, and missing at the next listing."""
    plain = row(1, sessionId="AB" * 16, employeeId="cd" * 16)
    names = ("sessionId", "employeeId", "observerId", "checklistId", "sessionStatus")
    padded = plain | {name: f"{blank}{plain[name]}{blank}" for name in names}
    assert facts_of(listed([padded])) == facts_of(listed([plain]))
    (piece,) = listed([padded]).slices()
    assert [one[:2] for one in piece.rows] == [("ab" * 16, "cd" * 16)]
    assert piece.spelled == {"ab" * 16: "AB" * 16}, "asked for as spelled, without what surrounds it"


@pytest.mark.parametrize("name", ["sessionId", "employeeId"])
@pytest.mark.parametrize("other", [{}, {"result": [1]}], ids=["whole", "beside an odd row"])
def test_a_row_whose_id_is_blank_is_set_aside_alone(name: str, other: dict[str, Any]) -> None:
    rows = [row(1), row(2, **{name: " \t"}), row(3, **other)]
    assert len(facts_of(listed(rows))) == 2
    (reason,) = rejected(listed(rows))
    assert reason.startswith("row 2:") and "blank" in reason
