"""Each test gets a company of its own."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.app.env import Env
from tests.app.env import env as open_house


@pytest.fixture
async def env(tmp_path: Path) -> AsyncIterator[Env]:
    async with open_house(tmp_path) as opened:
        yield opened
