"""What is exported starts no formula in a spreadsheet, however it is dressed."""

import csv
import io
import unicodedata

import pytest

from bot.cli.sessions import no_formula

FORMULAS = [
    "=1+1",
    "+1",
    "-1+cmd|' /C calc'!A0",
    "@SUM(A1)",
    '=HYPERLINK("http://evil.example","x")',
    "  =1",
    "\t=1",
    "\r=1",
    "\n=1",
    "\u00a0=1",
    "\u3000=1",
    "\u200b=1",
    "\ufeff=1",
    "\x00=1",
    "\u202e=1",
    "＝1",
    "＋1",
    "－1",
    "＠SUM",
    " ＝1",
    "﹦1",
    "−1",
]


@pytest.mark.parametrize("text", FORMULAS)
def test_a_cell_that_begins_like_a_formula_is_text(text: str) -> None:
    out = io.StringIO()
    csv.writer(out).writerow([no_formula(text), no_formula("after")])
    [cell, after] = next(csv.reader(io.StringIO(out.getvalue(), newline="")))
    assert cell == "'" + text and after == "after"


@pytest.mark.parametrize("text", ["Ana Silva", "12=12", "Cash + desk", "a@b", "", "  two spaces", "'quoted"])
def test_other_text_is_left_alone(text: str) -> None:
    assert no_formula(text) == text


@pytest.mark.parametrize("value", [-5.0, 3, None])
def test_numbers_stay_numbers(value: float | None) -> None:
    assert no_formula(value) is value


def test_no_sign_that_a_spreadsheet_folds_to_a_formula_slips_through() -> None:
    for code in range(0x110000):
        sign = chr(code)
        if unicodedata.normalize("NFKC", sign)[:1] in ("=", "+", "-", "@") and sign.isprintable():
            assert no_formula(sign + "1") == f"'{sign}1", hex(code)
