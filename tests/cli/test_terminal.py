"""Text from outside sends no control sequence to the operator's terminal and adds no line, with any command."""

import asyncio
import csv
import io
import json
import os
import sys
import unicodedata
from pathlib import Path

import pytest
from aiohttp import web
from click.testing import CliRunner

from bot.cli import spotter
from bot.domain.notifications import Destination, DestinationKind
from bot.domain.routing import introduction
from bot.domain.rules import OPERATOR, RuleState
from bot.domain.staff import Person
from bot.store.database import Tx
from tests.app.forking import REPOSITORY
from tests.environment import open_store
from tests.store.given import NOON, a_session, baseline

CONTROLS = "\x1b[2J\x1b]0;owned\x07\x9b31m\x7f\r\nFAKE  admin@bakery.example\u202egnp\u2066"
EVE = Person(person_id="eve", name=f"Eve{CONTROLS}", email=f"e{CONTROLS}@bakery.example")
EVA = Person(person_id="eva", name=f"Eva{CONTROLS}")
TITLE, STATUS = f"Opening{CONTROLS}", f"PASSED{CONTROLS}"


def _visible(folder: Path, *words: str) -> str:
    """The output of a command that succeeds."""
    result = CliRunner().invoke(spotter, words, env=_settings(folder))
    assert result.exception is None, result.exception
    return result.output


async def _refused(folder: Path, *words: str, **more: str) -> str:
    """The output of the whole program for a command that fails."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", *words),
        cwd=folder,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(REPOSITORY)} | _settings(folder) | more,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert process.returncode == 1 and b"Traceback" not in err, err
    return (out + err).decode()


def _settings(folder: Path) -> dict[str, str]:
    return {"DATABASE_URL": f"sqlite:///{folder}/spotter.db"}


def _is_harmless(text: str) -> bool:
    """True if every character is printable and no line comes from the hostile text."""
    return all(line.isprintable() and not line.lstrip().startswith("FAKE") for line in text.split("\n"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a database in which every text from outside is hostile."""

    def company(tx: Tx) -> None:
        session = a_session(1)._replace(checklist_title=TITLE)
        baseline(tx, session, a_session(2, employee="eva")._replace(checklist_title=TITLE, status=STATUS))
        tx.people.replace_directory((EVE, EVA, Person(person_id="ana", name="Ana Observer")), (), NOON)
        rule = tx.rules.add(
            Destination(DestinationKind.CHANNEL, "C0SHOP"), "U0ANA", f'employee:"Eve{CONTROLS}"', RuleState.PAUSED, NOON
        )
        tx.rules.set_state(rule.rule_id, RuleState.PAUSED, f"not_in_channel{CONTROLS}", NOON)
        tx.notifications.enqueue(introduction(rule), NOON)
        tx.audit_log.write(OPERATOR, "subscribe", f"rule:{CONTROLS}", NOON)

    database = open_store(tmp_path / "spotter.db", now=NOON)
    database._write_now(company)
    database.close()
    return tmp_path


@pytest.mark.promise("terminal")
@pytest.mark.parametrize(
    ("typed", "shows"),
    [
        ("people", "Eve"),
        ("people --json", "Eve"),
        ("people --unmatched", "Eve"),
        ("sessions", "Opening"),
        ("sessions --json", "Opening"),
        ("outbox list", "rule"),
        ("outbox why c4ca", "Session"),
        ("outbox why c81e", "Session"),
        ("rules list", "Eve"),
        ("audit", "subscribe"),
        ("audit --json", "subscribe"),
    ],
)
def test_shown_text_contains_no_control_sequences(folder: Path, typed: str, shows: str) -> None:
    said = _visible(folder, *typed.split())
    assert shows in said and _is_harmless(said), repr(said)


async def test_candidates_for_erasing_contain_no_control_sequences(folder: Path) -> None:
    said = await _refused(folder, "erase", "bakery", "--yes")
    assert "Perhaps" in said and "Eve" in said
    assert _is_harmless(said), repr(said)


async def test_the_nearest_names_contain_no_control_sequences(folder: Path) -> None:
    said = await _refused(folder, "sessions", "employee:eveadmin")
    assert "Did you mean" in said and "Eve" in said
    assert _is_harmless(said), repr(said)


def test_json_keeps_the_stored_text(folder: Path) -> None:
    [eve] = [one for one in json.loads(_visible(folder, "people", "--json")) if one["id"] == "eve"]
    assert (eve["name"], eve["email"]) == (EVE.name, EVE.email)
    assert {row["checklist"] for row in json.loads(_visible(folder, "sessions", "--json"))} == {TITLE}


def test_csv_keeps_text_and_lines_without_control_characters(folder: Path) -> None:
    said = _visible(folder, "sessions", "--csv")
    titles = {row["checklist"] for row in csv.DictReader(io.StringIO(said, newline=""))}
    assert titles == {"Opening[2J]0;owned31m\nFAKE  admin@bakery.example\u202egnp\u2066"}
    assert {sign for sign in said if unicodedata.category(sign) == "Cc"} == {"\n"}


async def test_the_text_of_a_refusal_by_ispring_contains_no_control_sequences(tmp_path: Path) -> None:
    async def token(_: web.Request) -> web.Response:
        return web.json_response({"access_token": "token", "expires_in": 1800})

    async def refused(_: web.Request) -> web.Response:
        return web.json_response({"code": 403, "message": f"Away{CONTROLS}"}, status=403)

    app = web.Application()
    app.add_routes([web.post("/api/v3/token", token), web.route("*", "/{anything:.*}", refused)])
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        ispring = {"ISPRING_API_URL": url, "ISPRING_CLIENT_ID": "id", "ISPRING_CLIENT_SECRET": "secret"}
        slack = {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1", "SLACK_API_URL": f"{url}/api/"}
        said = await _refused(tmp_path, "check", **ispring, **slack)
    finally:
        await runner.cleanup()
    assert 'iSpring says: "Away' in said and _is_harmless(said), repr(said)
