from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.store.database import Database
from tests.store.given import NOON


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "spotter.db"


@pytest.fixture
def db(path: Path) -> Iterator[Database]:
    database = Database.open(path, now=NOON)
    yield database
    database.close()
