"""What is exported starts no formula in a spreadsheet, however it is dressed."""

import csv
import io
import re
import unicodedata
from pathlib import Path

import pytest
from click.testing import CliRunner

from bot.cli import spotter
from bot.cli.sessions import no_formula
from bot.store.database import Store
from tests.store.given import NOON, a_session, baseline

FORMULAS = [
    "=1+1",
    "+1",
    "-1+cmd|' /C calc'!A0",
    "@SUM(A1)",
    '=HYPERLINK("http://evil.example","x")',
    "  =1",
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


ELSEWHERE_CELLS = {
    "\t=1": "'\t'=1",
    "\r=1": "'\r'=1",
    "\n=1": "'\n'=1",
    "Till;=cmd|calc": "Till;'=cmd|calc",
    "Till; =cmd": "Till;' =cmd",
    'Till;"=cmd"': 'Till;\'"=cmd"',
    "Till|+1": "Till|'+1",
    "Till\t-1": "Till\t'-1",
    "Till\n@SUM(A1)": "Till\n'@SUM(A1)",
    "Till;\u202e＝1;ok;−1": "Till;'\u202e＝1;ok;'−1",
    "=1;=2": "'=1;'=2",
}


@pytest.mark.parametrize("text", ELSEWHERE_CELLS)
def test_what_would_be_a_cell_of_its_own_for_another_separator_begins_no_formula(text: str) -> None:
    assert no_formula(text) == ELSEWHERE_CELLS[text]
    for separator in ";|\t":
        for line in str(no_formula(text)).splitlines():
            for cell in next(csv.reader([line], delimiter=separator)):
                assert not cell.lstrip(' "\u202e').startswith(tuple("=+-@＝−")), cell


def test_every_text_is_quoted_so_that_no_other_separator_cuts_it(tmp_path: Path) -> None:
    path = tmp_path / "spotter.db"
    database = Store.open(path, now=NOON)
    database._write_now(lambda tx: baseline(tx, a_session(1)._replace(checklist_title="Till;=cmd|calc")))
    database.close()
    said = CliRunner().invoke(spotter, ["sessions", "--csv"], env={"DATABASE_URL": f"sqlite:///{path}"})
    quoted = r'"(?:[^"]|"")*"'
    assert re.fullmatch(rf"({quoted},?){{8}}\n({quoted},){{2}}90\.0,({quoted},?){{5}}\n", said.output), said.output
    assert ',"Till;\'=cmd|calc",' in said.output


@pytest.mark.parametrize(
    "text",
    ["Ana Silva", "Opening; closing", "a|b;c", "3;4", "12=12", "Cash + desk", "a@b", "", "  two spaces", "'quoted"],
)
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
