"""Killed again and again while everything misbehaves, Spotter tells each session once; and the storm can tell."""

import asyncio
import sys
from pathlib import Path

import pytest

from tests.storm.mutants import MUTANTS, Mutant, ordeal
from tests.storm.storm import Figures, weathered

SEED = 20
HOUSES, KILLS_IN_EACH = 4, 5


@pytest.mark.timeout(300)
async def test_twenty_kills_lose_nothing_and_tell_nothing_twice(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    storms = [
        weathered(tmp_path / str(house), f"{SEED}:{house}", KILLS_IN_EACH, is_quick=True) for house in range(HOUSES)
    ]
    figures = Figures()
    for one in await asyncio.gather(*storms):
        figures.add(one)
    with capsys.disabled():
        sys.stdout.write(
            f" seed {SEED}, killed while {dict(figures.kills)}, met {sum(figures.faults.values())} faults "
        )
    assert not figures.wrong, "\n".join(figures.wrong)
    assert sum(figures.kills.values()) == HOUSES * KILLS_IN_EACH
    assert figures.killed_sending >= HOUSES * KILLS_IN_EACH / 2
    assert figures.faults["chat.postMessage accepted_late"], "this seed has to draw it"


@pytest.mark.timeout(300)
async def test_the_storm_tells_the_real_spotter_from_each_mutant(tmp_path: Path) -> None:
    asked: list[Mutant | None] = [None, *MUTANTS]
    real, *mutants = await asyncio.gather(*(ordeal(tmp_path / str(number), one) for number, one in enumerate(asked)))
    assert not real
    for mutant, wrong in zip(MUTANTS, mutants, strict=True):
        assert wrong, f"the storm does not find the mutant {mutant.name!r}"
