from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.store.database import Store
from tests.environment import open_store
from tests.store.given import NOON


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "spotter.db"


@pytest.fixture
def db(path: Path) -> Iterator[Store]:
    database = open_store(path, now=NOON)
    yield database
    database.close()
