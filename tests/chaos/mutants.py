"""Spotters with one safeguard taken out each: a storm that they survive would prove nothing."""

from __future__ import annotations

import asyncio
import shutil
from dataclasses import dataclass
from pathlib import Path

from bot.demo.slack import faults
from tests.app.env import BAKERY, RESULTS, SHOP
from tests.app.forking import REPOSITORY
from tests.chaos import kills
from tests.chaos.kills import Killer, Moment
from tests.chaos.storm import BORN_WITHIN, ROUND_AT_MOST, Say, storm
from tests.chaos.weather import POST

TURNS = 6
TOLD_WITHIN = 1.5
"""Seconds in which a turn is told as a rule, if it is; where it comes later, the same card shows the next turn."""


@dataclass(frozen=True)
class Change:
    """Exact text of one file, and what stands there instead."""

    file: str
    text: str
    instead: str


@dataclass(frozen=True)
class Mutant:
    name: str
    changes: tuple[Change, ...]

    def made_in(self, folder: Path) -> Path:
        """A folder for PYTHONPATH that holds the changed program. Each text must stand in its file exactly once."""
        shutil.copytree(REPOSITORY / "bot", folder / "bot", ignore=shutil.ignore_patterns("__pycache__"))
        for change in self.changes:
            path = folder / change.file
            source = path.read_text()
            assert source.count(change.text) == 1, f"{self.name}: {change.file} has changed, so must this mutant"
            path.write_text(source.replace(change.text, change.instead))
        return folder


NO_LOOK = Mutant(
    "no look: what is unsure is sent again at once",
    (
        Change(
            "bot/domain/delivery.py",
            "    later = replace(tried, due_at=now + FIRST_READ_BACK)\n"
            "    return _becomes(later, DeliveryState.AMBIGUOUS, ReasonCode.AMBIGUOUS, text)\n",
            "    return _becomes(replace(tried, due_at=now), DeliveryState.PENDING, ReasonCode.NOT_SENT, text)\n",
        ),
    ),
)
SEND_BEFORE_COMMIT = Mutant(
    "send before commit: a claim is written down only with its outcome",
    (
        Change(
            "bot/jobs/sender.py",
            "        try:\n            return await self._store.transact(claim_checked), None\n",
            "        try:\n"
            "            claimed = []\n"
            "            def claim_for_now(tx):\n"
            "                claimed.append(claim(tx))\n"
            "                raise LookupError\n"
            "            try:\n"
            "                await self._store.transact(claim_for_now)\n"
            "            except LookupError:\n"
            "                return claimed[-1], None\n",
        ),
        Change(
            "bot/jobs/sender.py",
            "            tx.outbox.save(decided, attempt)\n            self._consequences(",
            "            tx.outbox.claim(delivery.destination, started, delivery.slack_time, delivery.delivery_id)\n"
            "            tx.outbox.save(decided, attempt)\n            self._consequences(",
        ),
    ),
)
SENDING_RESET = Mutant(
    "reset: what was being sent when a bot died waits again",
    (
        Change(
            "bot/store/outbox/outbox.py",
            "            write(self._connection, after_crash(delivery_of(self._connection, row), now=now))\n",
            "            stopped = delivery_of(self._connection, row)\n"
            "            write(self._connection, replace(stopped, state=DeliveryState.PENDING, due_at=now))\n",
        ),
    ),
)
GUESTS_ARE_TOLD = Mutant(
    "guests: whoever has an observer's address is told",
    (
        Change(
            "bot/slack/answers.py",
            '        (bool(user.get("is_restricted")) or bool(user.get("is_ultra_restricted")), "guest"),\n',
            "",
        ),
    ),
)
EVERY_TURN_IS_TOLD = Mutant(
    "turns: a result that goes up and down is told each time",
    (
        Change(
            "bot/store/outbox/duplicates.py", "ONE_REGRESSION = timedelta(hours=24)", "ONE_REGRESSION = timedelta(0)"
        ),
    ),
)
SLOTS_FORGOTTEN = Mutant(
    "digests: nothing remembers which local day's was queued",
    (
        Change(
            "bot/store/slots.py",
            "        return None if row is None else _slot(row)\n\n    def has_unsent",
            "        return None\n\n    def has_unsent",
        ),
        Change(
            "bot/store/slots.py",
            "        found = [_slot(row) for row in rows]\n        return {",
            "        found = []\n        return {",
        ),
        Change(
            "bot/store/slots.py",
            "ON CONFLICT (rule_id, day) DO NOTHING",
            "ON CONFLICT (rule_id, day) DO UPDATE SET recorded_at = excluded.recorded_at",
        ),
        Change(
            "bot/jobs/digest_slots.py",
            "return tx.notifications.enqueue(digest_notification(rule, one.schedule, one.zone, slot), now)",
            "made = digest_notification(rule, one.schedule, one.zone, slot)\n"
            "        return tx.notifications.enqueue(replace(made, subject=f'{made.subject}:{now.timestamp()}'), now)",
        ),
    ),
)
MUTANTS = (NO_LOOK, SEND_BEFORE_COMMIT, SENDING_RESET, GUESTS_ARE_TOLD, EVERY_TURN_IS_TOLD, SLOTS_FORGOTTEN)


async def ordeal(folder: Path, rules: Path, mutant: Mutant | None, say: Say = print) -> list[str]:
    """A storm of certain blows: a guest observes, a result goes up and down, a reply is lost, and a death between
    Slack's taking a message and its answer.

    Answers what was wrong in the end: [] for the real Spotter (`mutant` None), something for each mutant.
    """
    python_path = ""
    if mutant is not None:
        program = folder / "program"
        program.mkdir(parents=True)
        python_path = str(mutant.made_in(program))
    async with storm(folder / "house", rules, "ordeal", is_quick=True, python_path=python_path, say=say) as made:
        env, company = made.env, made.company
        bot = await made.bot()
        company.complete(company.plan(company.people.guest), percent=60)
        flapping = company.flap()
        await bot.until(lambda: env.cards(flapping.session), "a card to turn")
        for _ in range(TURNS):
            company.flap()
            await bot.until(company.all_is_seen, "the poll that sees a turn")
            await asyncio.sleep(TOLD_WITHIN)
        # Else a slot that is forgotten with the death was never recorded before it.
        await bot.until(lambda: all(company.digests_in(place) for place in (SHOP, BAKERY)), "the digests that are due")
        env.slack.faults.order(POST, faults.reply_lost(), channel=RESULTS)
        lost = company.complete(percent=90)
        await bot.until(lambda: env.cards(lost.session), "a card whose reply is lost")
        killed = Killer(env, bot, Moment(POST, 1, 0.0))
        company.complete(percent=60)
        assert await killed.killed(BORN_WITHIN, ROUND_AT_MOST), "the bot posts the other one"
        doing = kills.what_it_was_doing(env, made.born)
        wrong = await made.settle()
        say(f"{mutant.name if mutant else 'the real one'}; killed while {doing}: {'; '.join(wrong) or 'all is well'}")
        return wrong


__all__ = ["MUTANTS", "Mutant", "ordeal"]
