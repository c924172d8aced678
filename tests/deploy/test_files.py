"""Every path, command, setting, version and metric that the files for rolling out name exists."""

import configparser
import contextlib
import re
import shlex
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import click
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from bot import VERSION
from bot.app.metrics import Metrics, Snapshot, render_metrics
from bot.app.stopping import STOP_LIMIT
from bot.cli import VERBS
from bot.config import Settings
from bot.domain.outbox import OutboxCounts
from bot.domain.polling import PollReport, PollState
from bot.store.database import Store
from tests.domain.build import NOW

ROOT = Path(__file__).parent.parent.parent
DEPLOY = ROOT / "deploy"
PAGES = (*sorted(DEPLOY.glob("*.md")), ROOT / "CHANGELOG.md")


# ---- the Dockerfile ----------------------------------------------------------------------------------------------


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile's instructions in order, each with its arguments on one line."""
    text = re.sub(r"^#.*\n", "", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE).replace("\\\n", " ")
    split = [line.split(maxsplit=1) for line in text.splitlines() if line.strip()]
    return [(name, " ".join(rest.split())) for name, rest in split]


def given(name: str) -> list[str]:
    return [rest for one, rest in instructions() if one == name]


def test_the_image_is_made_from_a_slim_python_of_one_version_in_two_stages() -> None:
    [python] = given("ARG")
    assert re.fullmatch(r"PYTHON=3\.\d+\.\d+-slim-\w+", python)
    assert given("FROM") == ["python:${PYTHON} AS build", "python:${PYTHON}"]


def test_the_image_gets_only_files_that_exist_and_that_may_enter_it() -> None:
    ignored, *allowed = [
        line for line in (ROOT / ".dockerignore").read_text().splitlines() if not line.startswith(("#", "**/"))
    ]
    assert ignored == "*"
    copied = [path for one in given("COPY") if not one.startswith("--from=") for path in one.split()[:-1]]
    assert copied
    for path in copied:
        assert (ROOT / path).exists() and f"!{path}" in allowed
    assert [one for one in allowed if not (ROOT / one.removeprefix("!")).exists()] == []


def test_the_image_runs_without_rights_and_writes_its_volume_only() -> None:
    stages = [position for position, (name, _) in enumerate(instructions()) if name == "FROM"]
    last = instructions()[stages[-1] :]
    [user] = [rest for name, rest in last if name == "USER"]
    number, _, group = user.partition(":")
    assert int(number) > 0 and int(group) > 0
    [volume] = given("VOLUME")
    assert ("WORKDIR", volume) in last
    assert any(name == "RUN" and f"--owner={number}" in rest and rest.endswith(volume) for name, rest in last)
    assert f"DATABASE_URL=sqlite:///{volume}/spotter.db" in given("ENV")[0].split()


def test_the_image_starts_and_is_checked_by_commands_that_exist() -> None:
    entry, start = given("ENTRYPOINT"), given("CMD")
    assert_exists([*yaml.safe_load(entry[0]), *yaml.safe_load(start[0])])
    [check] = given("HEALTHCHECK")
    assert_exists(yaml.safe_load(check.partition("CMD ")[2]))


# ---- the compose file --------------------------------------------------------------------------------------------


def service() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]["spotter"]
    return found


def test_the_compose_file_takes_rights_away_and_keeps_the_database() -> None:
    spotter = service()
    assert spotter["read_only"] is True and spotter["cap_drop"] == ["ALL"] and spotter["tmpfs"] == ["/tmp"]
    assert spotter["security_opt"] == ["no-new-privileges:true"] and spotter["restart"] == "unless-stopped"
    [volume] = given("VOLUME")
    [mounted] = spotter["volumes"]
    name, _, where = mounted.partition(":")
    assert where == volume
    assert name in yaml.safe_load((DEPLOY / "compose.yaml").read_text())["volumes"]
    assert spotter["environment"]["DATABASE_URL"].startswith(f"sqlite:///{volume}/")
    assert float(spotter["stop_grace_period"].removesuffix("s")) > STOP_LIMIT


def test_the_compose_file_names_what_exists() -> None:
    spotter = service()
    assert spotter["image"] == f"spotter:{VERSION}"
    context = (DEPLOY / spotter["build"]["context"]).resolve()
    assert context == ROOT and (context / spotter["build"]["dockerfile"]).is_file()
    assert [(DEPLOY / one).resolve() for one in spotter["env_file"]] == [ROOT / ".env"]
    assert [name for name in spotter["environment"] if name.lower() not in Settings.model_fields] == []


# ---- the systemd unit --------------------------------------------------------------------------------------------


def unit() -> configparser.ConfigParser:
    read = configparser.ConfigParser(interpolation=None)
    read.optionxform = str  # type: ignore[assignment, method-assign]
    read.read_string((DEPLOY / "spotter.service").read_text())
    return read


def test_the_unit_starts_a_command_that_exists_where_its_settings_are() -> None:
    part = unit()["Service"]
    assert_exists(shlex.split(part["ExecStart"]))
    assert part["WorkingDirectory"] == f"/var/lib/{part['StateDirectory']}"
    assert part["User"] not in ("", "root")
    assert part["RestartPreventExitStatus"] == "2"  # what a mistake in the settings ends with
    assert float(part["TimeoutStopSec"]) > STOP_LIMIT


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="this machine has no systemd")
def test_systemd_understands_the_unit(tmp_path: Path) -> None:
    # The command is not installed here: another program stands in its place.
    text = (DEPLOY / "spotter.service").read_text()
    copy = tmp_path / "spotter.service"
    copy.write_text(re.sub(r"(?m)^ExecStart=\S+", f"ExecStart={sys.executable}", text))
    said = subprocess.run(["systemd-analyze", "verify", str(copy)], capture_output=True, text=True, check=False)
    about_it = [line for line in said.stderr.splitlines() if "spotter.service" in line]
    assert about_it == []


# ---- the pages ---------------------------------------------------------------------------------------------------


def commands(page: Path) -> Iterator[list[str]]:
    """The words of each command of ours on a page, in a block or within a sentence."""
    text = page.read_text()
    blocks = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines()]
    quoted = re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
    for line in [*lines, *quoted]:
        for part in line.partition(" #")[0].split("&&"):
            # As the name of a user or a container it is followed by no word.
            if found := re.search(r"(?:^|\s|/bin/)spotter (?!spotter)((?:--)?[a-z][^;|]*)", part):
                yield ["spotter", *shlex.split(found[1])]


def assert_exists(words: list[str]) -> None:
    """Fails if a command, one of its subcommands or an option does not exist."""
    assert Path(words[0]).name == "spotter"
    if words[1] in ("--version", "--help"):
        return
    assert words[1] in VERBS, words
    found: click.Command = getattr(import_module(VERBS[words[1]]), words[1])
    rest = words[2:]
    if isinstance(found, click.Group) and rest and rest[0] in found.commands:
        found, rest = found.commands[rest[0]], rest[1:]
    options = {option for one in found.params for option in one.opts} | {"--help"}
    assert [one for one in rest if one.startswith("--") and one not in options] == [], words


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_names_only_commands_that_exist(page: Path) -> None:
    for words in commands(page):
        assert_exists(words)


def test_the_commands_of_the_pages_are_found() -> None:
    found = [words[1] for page in PAGES for words in commands(page)]
    assert {"check", "backup", "restore", "people", "health", "erase", "sessions", "manifest"} <= set(found)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_links_only_to_files_that_exist_and_names_only_settings_that_do(page: Path) -> None:
    text = page.read_text()
    links = [one for one in re.findall(r"\]\(([^)]+)\)", text) if not one.startswith("https://")]
    assert [one for one in links if not (page.parent / one).is_file()] == []
    # DATABASE_URL, POLL_INTERVAL: in capitals with a low line. STEP and FILE stand for something.
    named = set(re.findall(r"`([A-Z]+(?:_[A-Z]+)+)\b", text))
    assert [one for one in named if one.lower() not in Settings.model_fields] == []


def test_the_changelog_begins_with_this_version() -> None:
    assert re.findall(r"(?m)^## \[([^\]]+)\]", (ROOT / "CHANGELOG.md").read_text())[0] == VERSION


# ---- the alert rules ---------------------------------------------------------------------------------------------


def test_every_metric_of_the_alert_rules_exists_with_its_labels() -> None:
    poll = PollState(last=PollReport(NOW, NOW), last_good_at=NOW, baseline_at=NOW, sessions=1, created_at=NOW)
    counts = OutboxCounts(pending=0, sending=0, ambiguous=0, blocked=0, failed=0, sent=0, edits=0, oldest_at=None)
    snapshot = Snapshot(poll=poll, counts=counts, alerts=(), observers=1, unmatched=0)
    text = render_metrics(Metrics(), snapshot, NOW, is_leader=True, leader_signed_at=NOW)
    series = [one for family in text_string_to_metric_families(text.decode()) for one in family.samples]
    [group] = yaml.safe_load((DEPLOY / "alerts.yml").read_text())["groups"]
    for rule in group["rules"]:
        assert rule["annotations"]["summary"] and rule["labels"]["severity"]
        named = re.findall(r"\b(spotter_\w+)(?:\{([^}]*)\})?", rule["expr"])
        assert named
        for name, labels in named:
            wanted = dict(re.findall(r'(\w+)="([^"]*)"', labels))
            assert any(one.name == name and wanted.items() <= one.labels.items() for one in series), (name, labels)
        for command in re.findall(r'"spotter ([^"]+)"', rule["annotations"]["description"]):
            assert_exists(["spotter", *command.split()])


# ---- data protection ---------------------------------------------------------------------------------------------


def test_the_page_on_data_protection_names_every_table(tmp_path: Path) -> None:
    Store.open(tmp_path / "spotter.db", now=NOW).close()
    with contextlib.closing(sqlite3.connect(tmp_path / "spotter.db")) as connection:
        rows = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    tables = {name for (name,) in rows if not name.startswith("sqlite_")}
    page = (DEPLOY / "data-protection.md").read_text()
    stored = page[page.index("| what | tables | from |") : page.index("Secrets (")]
    assert set(re.findall(r"`(\w+)`", stored)) == tables
