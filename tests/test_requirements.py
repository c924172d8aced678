"""What the sources import is declared in pyproject.toml with bounds, and what is declared is pinned."""

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

ROOT = Path(__file__).parent.parent
DECLARED = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]


def name_of(requirement: str) -> str:
    """The package that a requirement names, in the one spelling that all of its spellings stand for.

    Source: https://packaging.python.org/en/latest/specifications/name-normalization/
    """
    return re.sub(r"[-_.]+", "-", re.split(r"[^\w.-]", requirement.strip(), maxsplit=1)[0]).lower()


def pinned() -> dict[str, str]:
    """Each package in requirements.txt with its version."""
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    return {name_of(line): line.partition("==")[2] for line in lines if line and not line.startswith("#")}


def imported() -> set[str]:
    """The first names of all modules that the sources import, wherever in a file they do."""
    nodes = [node for module in (ROOT / "bot").rglob("*.py") for node in ast.walk(ast.parse(module.read_text()))]
    plain = {name.name for node in nodes if isinstance(node, ast.Import) for name in node.names}
    froms = {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module and not node.level}
    return {name.partition(".")[0] for name in plain | froms}


def test_every_package_that_is_imported_is_declared() -> None:
    packages = packages_distributions()
    foreign = imported() - sys.stdlib_module_names - {"bot", "_typeshed"}  # only type checkers know _typeshed
    assert len(foreign) > 10
    needed = {name_of(package) for name in foreign for package in packages[name]}
    assert sorted(needed - {name_of(one) for one in DECLARED}) == []


def test_every_package_that_is_declared_is_pinned_within_its_bounds() -> None:
    versions = pinned()
    assert [one for one in DECLARED if not versions.get(name_of(one))] == []
    assert [one for one in DECLARED if not _is_within(versions[name_of(one)], one)] == []


def test_the_lower_bounds_are_the_versions_that_the_tests_run_with() -> None:
    versions = pinned()
    assert [one for one in DECLARED if re.split("[,<]", one.partition(">=")[2])[0] != versions[name_of(one)]] == []


def _is_within(version: str, requirement: str) -> bool:
    """Whether a version keeps the bounds of a requirement such as `name>=1.2,<2`."""
    bounds = re.findall(r"(>=|<)([\d.]+)", requirement)
    assert bounds, f"{requirement} has no bounds"
    return all(
        _parts(version) >= _parts(bound) if sign == ">=" else _parts(version) < _parts(bound) for sign, bound in bounds
    )


def _parts(version: str) -> list[int]:
    return [int(part) for part in version.split(".")]
