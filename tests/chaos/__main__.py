"""`python -m tests.chaos --kills 300 --seed N`: the long storm, with its figures. Exits 1 on any violation."""

from __future__ import annotations

import argparse
import asyncio
import secrets
import sys
import tempfile
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from time import monotonic

from tests.chaos.mutants import MUTANTS, ordeal
from tests.chaos.storm import Figures, ruled, weathered
from tests.chaos.weather import KINDS

KILLS_IN_ONE_HOUSE = 25
HOUSES_AT_ONCE = 4
LONG = 100  # kills: in fewer, some weather may not be drawn


def main() -> int:
    asked = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    asked.add_argument("--kills", type=int, default=300, help="how many in all, 300 if not given")
    asked.add_argument("--seed", type=int, default=secrets.randbelow(1_000_000), help="chooses faults and moments")
    asked.add_argument("--houses", type=int, default=HOUSES_AT_ONCE, help="how many storms at once")
    asked.add_argument("--no-mutants", action="store_true", help="leave out the proof that a storm finds faults")
    given = asked.parse_args()
    say(f"The seed is {given.seed}.")
    began = monotonic()
    with tempfile.TemporaryDirectory(prefix="storm-") as folder:
        rules = asyncio.run(ruled(Path(folder) / "rules"))
        wrong = [] if given.no_mutants else asyncio.run(_survivors(Path(folder) / "mutants", rules))
        figures = asyncio.run(_raged(Path(folder), rules, given.kills, given.seed, given.houses))
    for line in table(figures, monotonic() - began):
        say(line)
    wrong += figures.wrong
    if 2 * figures.killed_sending < sum(figures.kills.values()):
        wrong.append("Fewer than half of the kills landed while a delivery was being sent.")
    if sum(figures.kills.values()) >= LONG:
        wrong += [f"The storm never met {kind}." for kind in KINDS if not figures.weather[kind]]
    for line in wrong:
        say(f"WRONG: {line}")
    say(f"{'Red' if wrong else 'Green'}. The seed is {given.seed}.")
    return 1 if wrong else 0


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def table(figures: Figures, seconds: float) -> Iterator[str]:
    """What happened, in lines."""
    killed = sum(figures.kills.values())
    yield f"{killed} kills in {seconds:.0f} s, by what the bot was doing:"
    for word, count in figures.kills.most_common():
        yield f"  {count:5} {word} ({count / killed:.0%})"
    yield f"  {figures.moments_missed:5} of them late: the moment they were meant for did not come"
    yield f"{sum(figures.faults.values())} faults were met:"
    for word, count in figures.faults.most_common():
        yield f"  {count:5} {word}"
    yield "weather that a long storm must meet:"
    for kind in KINDS:
        yield f"  {figures.weather[kind]:5} {kind}"
    yield f"{figures.sessions} sessions, {figures.cards} times told; settled within {figures.seconds:.0f} s"
    yield f"{figures.shown} times a result was shown, and each time it was judged who saw it"


async def _survivors(folder: Path, rules: Path) -> list[str]:
    """What is wrong with the storm itself: mutants it did not find, and what it found in the real Spotter."""
    asked = [None, *MUTANTS]
    found = await asyncio.gather(*(ordeal(folder / str(number), rules, one, say) for number, one in enumerate(asked)))
    wrong = [f"the ordeal finds in the real Spotter: {one}" for one in found[0]]
    return wrong + [
        f"the storm does not find the mutant {mutant.name!r}"
        for mutant, red in zip(MUTANTS, found[1:], strict=True)
        if not red
    ]


async def _raged(folder: Path, rules: Path, kills: int, seed: int, at_once: int) -> Figures:
    """Storms in one house after the other, so many at once; each with its own part of the kills."""
    total = Figures()
    left = deque(
        (f"{seed}:{number}", min(KILLS_IN_ONE_HOUSE, kills - start))
        for number, start in enumerate(range(0, kills, KILLS_IN_ONE_HOUSE))
    )

    async def live() -> None:
        while left:
            name, number = left.popleft()
            try:
                figures = await weathered(folder / name.replace(":", "-"), rules, name, number, is_quick=False, say=say)
            except AssertionError as failure:  # what the house itself demands, such as logs without secrets
                figures = Figures(wrong=[f"[{name}] {failure}"])
            total.add(figures)
            say(f"{sum(total.kills.values())} of {kills} kills done")

    async with asyncio.TaskGroup() as streets:
        for _ in range(at_once):
            streets.create_task(live())
    return total


if __name__ == "__main__":
    sys.exit(main())
