from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.store.database import Store
from tests.store.given import NOON


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "spotter.db"


@pytest.fixture
def db(path: Path) -> Iterator[Store]:
    database = Store.open(path, now=NOON)
    yield database
    database.close()
