"""An exported cell starts no formula in a spreadsheet."""

import csv
import io
import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from bot.cli import spotter
from bot.services.export import COLUMNS, no_formula
from tests.environment import open_store
from tests.store.given import NOON, a_session, baseline, session_id

FORMULAS = [
    "=1+1",
    "+1",
    "-1+cmd|' /C calc'!A0",
    "@SUM(A1)",
    '=HYPERLINK("http://evil.example","x")',
    "=1;=2",
    "\t=1",
    "\r=1",
    "\n=1",
    "  =1",
    "\u200b=1",
    "\ufeff\u2066 @SUM(1)",
    "\uff1dcmd|calc",
    "\uff0b1",
    "\uff20x",
    "\uff0d1",
    "\u00a0=1",
]


@pytest.mark.promise("spreadsheet")
@pytest.mark.parametrize("text", FORMULAS)
def test_a_cell_that_begins_like_a_formula_is_text(text: str) -> None:
    out = io.StringIO()
    csv.writer(out).writerow([no_formula(text), no_formula("after")])
    [cell, after] = next(csv.reader(io.StringIO(out.getvalue(), newline="")))
    assert cell == "'" + text and after == "after"


def test_every_text_is_quoted_so_that_no_other_separator_splits_it(tmp_path: Path) -> None:
    path = tmp_path / "spotter.db"
    database = open_store(path, now=NOON)
    database._write_now(lambda tx: baseline(tx, a_session(1)._replace(checklist_title="Till;=cmd|calc")))
    database.close()
    said = CliRunner().invoke(spotter, ["sessions", "--csv"], env={"DATABASE_URL": f"sqlite:///{path}"})
    quoted = r'"(?:[^"]|"")*"'
    header, row, end = said.stdout_bytes.decode().split("\r\n")
    assert header.startswith("\ufeff") and re.fullmatch(rf"({quoted},?){{{len(COLUMNS)}}}", header[1:])
    assert re.fullmatch(rf"({quoted},){{2}}90\.0,80\.0,({quoted},?){{{len(COLUMNS) - 4}}}", row), row
    assert ',"Till;=cmd|calc",' in row and end == ""


def test_json_has_the_same_fields_and_whole_ids(tmp_path: Path) -> None:
    path = tmp_path / "spotter.db"
    database = open_store(path, now=NOON)
    database._write_now(lambda tx: baseline(tx, a_session(1), a_session(2)))
    database.close()
    said = CliRunner().invoke(spotter, ["sessions", "--json"], env={"DATABASE_URL": f"sqlite:///{path}"})
    rows = json.loads(said.stdout)
    assert [tuple(row) for row in rows] == [COLUMNS] * 2
    assert {row["id"] for row in rows} == {session_id(1), session_id(2)}
    assert {row["outcome"] for row in rows} == {"Met target"}


@pytest.mark.parametrize(
    "text",
    ["Ana Silva", "Opening; closing", "a|b;c", "3;4", "12=12", "Cash + desk", "a@b", "", "  two spaces", "'quoted"],
)
def test_other_text_is_left_alone(text: str) -> None:
    assert no_formula(text) == text


@pytest.mark.parametrize("value", [-5.0, 3, None])
def test_numbers_stay_numbers(value: float | None) -> None:
    assert no_formula(value) is value
