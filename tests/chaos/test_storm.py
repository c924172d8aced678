"""Killed again and again while everything misbehaves, Spotter tells each session once; and the storm can tell."""

import asyncio
import sys
from pathlib import Path

import pytest

from tests.chaos.mutants import MUTANTS, ordeal
from tests.chaos.storm import Figures, ruled, weathered

SEED = 20
HOUSES, KILLS_IN_EACH = 4, 5
KILLS = HOUSES * KILLS_IN_EACH


@pytest.mark.promise("killed_while_sending")
@pytest.mark.timeout(1200)
async def test_twenty_kills_lose_nothing_and_tell_nothing_twice(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rules = await ruled(tmp_path / "rules")
    # All at once: most of the time is spent waiting for the second look, half a minute after an attempt.
    async with asyncio.TaskGroup() as at_once:
        storms = [
            at_once.create_task(weathered(tmp_path / str(env), rules, f"{SEED}:{env}", KILLS_IN_EACH, is_quick=True))
            for env in range(HOUSES)
        ]
        real = at_once.create_task(ordeal(tmp_path / "real", rules, None))
        mutants = {one: at_once.create_task(ordeal(tmp_path / one.name[:5], rules, one)) for one in MUTANTS}
    figures = Figures()
    for one in storms:
        figures.add(one.result())
    with capsys.disabled():
        sys.stdout.write(f" seed {SEED}, killed while {dict(figures.kills)}, {figures.faults.total()} faults met ")
    assert not figures.wrong, "\n".join(figures.wrong)
    assert figures.kills.total() == KILLS
    assert figures.killed_sending >= KILLS / 2
    assert figures.faults["chat.postMessage accepted_late"], "this seed has to draw it"
    assert not real.result()
    for mutant, red in mutants.items():
        assert red.result(), f"the storm does not find the mutant {mutant.name!r}"
