"""A rule is edited while a listing is read, or while a change waits: what both queries ask for is not lost."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.domain.notifications import NotificationKind
from bot.domain.rules import NamesShown, Rule
from bot.services.rules import edit_rule
from tests.jobs.room import Room
from tests.jobs.test_parts import OTHER, mend, refuse, waiting

pytestmark = pytest.mark.virtual_time

INITIALS = {"names": NamesShown.INITIALS}


async def edit(room: Room, number: int, query: str | None = None, **options: Any) -> None:
    def work(tx: Any) -> Rule:
        rule = tx.rules.get(number)
        changed = replace(rule.options, **options)
        return edit_rule(tx, rule, rule.query if query is None else query, changed, "U0ANA", room.clock.now())

    await room.store.transact(work)


class EditsMeanwhile:
    """iSpring, while somebody edits a rule between the request of a listing and its answer."""

    def __init__(self, room: Room, number: int, query: str | None) -> None:
        self._room, self._number, self._query = room, number, query

    def __getattr__(self, name: str) -> Any:
        return getattr(self._room.ispring, name)

    @asynccontextmanager
    async def list_sessions(self) -> AsyncIterator[Any]:
        async with self._room.ispring.list_sessions() as listing:
            self._room.clock.advance(timedelta(seconds=5))
            await edit(self._room, self._number, self._query, **INITIALS)
            yield listing


@pytest.mark.parametrize("query", [None, "score:<50"], ids=["options", "query"])
async def test_an_edit_while_a_listing_is_read_loses_nothing(room: Room, query: str | None) -> None:
    rule = await room.subscribe("score:<80", destination=OTHER)
    room.world.add_session(percent=40)
    room.poller = room.poller_with(room.settings, EditsMeanwhile(room, rule.rule_id, query))
    await room.poll()
    assert len(await room.queued(NotificationKind.SESSION, OTHER)) == 1


@pytest.mark.parametrize("query", [None, 'dept:"Store 12" score:<80'], ids=["options", "query"])
async def test_an_edit_while_a_change_waits_for_departments_loses_nothing(room: Room, query: str | None) -> None:
    refuse(room, "departments")
    eve = room.world.add_person("Eve Employee", department=room.world.add_department("Store 12"))
    rule = await room.subscribe('dept:"Store 12"', destination=OTHER)
    room.world.add_session(employee=eve, percent=40)
    await room.poll()
    assert await waiting(room) == 1
    room.clock.advance(timedelta(minutes=5))
    await edit(room, rule.rule_id, query, **INITIALS)
    mend(room)
    room.clock.advance(timedelta(hours=1, minutes=1))
    await room.directory.when_due()
    await room.poll()
    assert (await waiting(room), len(await room.queued(NotificationKind.SESSION, OTHER))) == (0, 1)
