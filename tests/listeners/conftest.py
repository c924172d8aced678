"""The office, opened anew for each test; and the demo's company, opened once for a file that only asks."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.listeners.demo_office import DemoOffice, open_demo_office
from tests.listeners.office import Office, open_office


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    async with open_office(tmp_path) as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def company(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[DemoOffice]:
    async with open_demo_office(tmp_path_factory.mktemp("company")) as opened:
        yield opened
