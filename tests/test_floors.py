"""The import contracts of pyproject.toml, checked like everything else."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from importlinter.api import read_configuration
from importlinter.cli import lint_imports

ROOT = Path(__file__).parent.parent
PYPROJECT = ROOT / "pyproject.toml"
CONTRACTS = {contract["id"]: contract["name"] for contract in read_configuration(str(PYPROJECT))["contracts_options"]}
ASKS_THE_CLOCK = {"now", "utcnow", "today", "fromtimestamp"}


@pytest.mark.parametrize("contract", CONTRACTS)
def test_the_contract_is_kept(
    contract: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    broken = lint_imports(config_filename=str(PYPROJECT), limit_to_contracts=(contract,), no_cache=True, no_logo=True)
    assert not broken, f"broken: {CONTRACTS[contract]}\n{capsys.readouterr().out}"


@pytest.mark.parametrize(
    ("package", "line", "broken"),
    [
        ("domain", "import time", "domain, query and blocks know no I/O"),
        ("blocks", "import os.path", "domain, query and blocks know no I/O"),
        ("domain", "from bot.blocks import late", "Each package imports only from the layers below it"),
        ("jobs", "from bot.listeners import late", "Each package imports only from the layers below it"),
        ("app", "import bot.demo", "Each package imports only from the layers below it"),
        ("jobs", "import httpx", "jobs and services reach iSpring"),
        ("listeners", "import bot.ispring", "listeners are Bolt's"),
        ("listeners", "import sqlite3", "Only store knows SQL"),
        ("stray", "", "Each package imports only from the layers below it"),
    ],
)
def test_a_forbidden_import_is_noticed(tmp_path: Path, package: str, line: str, broken: str) -> None:
    (tmp_path / "pyproject.toml").write_text(PYPROJECT.read_text())
    packages = [
        "cli",
        "demo",
        "app",
        "listeners",
        "jobs",
        "ispring",
        "slack",
        "store",
        "services",
        "query",
        "blocks",
        "domain",
    ]
    for name in ["", *packages]:
        (tmp_path / "bot" / name).mkdir(parents=True)
        (tmp_path / "bot" / name / "__init__.py").touch()
    for name in ["__main__", "checks", "config"]:
        (tmp_path / "bot" / f"{name}.py").touch()
    (tmp_path / "bot" / "query" / "nearest.py").write_text("import rapidfuzz\n")
    (tmp_path / "bot" / "blocks" / "actions.py").write_text("import msgspec\n")
    assert _lint(tmp_path).returncode == 0
    for name in ["blocks", "listeners"]:
        (tmp_path / "bot" / name / "late.py").touch()

    (tmp_path / "bot" / package).mkdir(exist_ok=True)
    (tmp_path / "bot" / package / "__init__.py").write_text(f"{line}\n")

    answer = _lint(tmp_path)
    assert answer.returncode == 1
    verdict = next(row for row in answer.stdout.splitlines() if row.startswith(broken))
    assert "BROKEN" in answer.stdout[answer.stdout.index(verdict) :].split("\n\n")[0]


def _lint(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache", "--no-logo"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_every_folder_of_modules_is_a_package() -> None:
    folders = {module.parent for module in (ROOT / "bot").rglob("*.py")}
    assert [str(folder) for folder in folders if not (folder / "__init__.py").exists()] == []


@pytest.mark.parametrize("package", ["domain", "query", "blocks"])
def test_nothing_pure_asks_what_time_it_is(package: str) -> None:
    asked = [
        f"{module.name}:{node.lineno}"
        for module in (ROOT / "bot" / package).rglob("*.py")
        for node in ast.walk(ast.parse(module.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ASKS_THE_CLOCK
    ]
    assert asked == []
