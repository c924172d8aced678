"""The version is said in two places, because a platform may run the sources without installing them."""

import tomllib
from pathlib import Path

from bot import VERSION


def test_the_sources_and_the_package_have_one_version() -> None:
    project = tomllib.loads((Path(__file__).parent.parent / "pyproject.toml").read_text())
    assert project["project"]["version"] == VERSION
