"""Somebody is erased: what stands in the channels names them no more, wherever the name came from."""

import sqlite3
from pathlib import Path

import pytest

from bot.blocks.actions import Share, encode
from bot.domain.notifications import Destination, DestinationKind, Notification, NotificationKind
from bot.domain.routing import subject_of
from bot.listeners.events.lifecycle import channel_changed
from tests.listeners.office import ADMIN, FOREIGN, NORTH, SAM, Office, everything_in
from tests.listeners.test_sharing import share

pytestmark = pytest.mark.virtual_time


async def erase(office: Office, person_id: str) -> None:
    await office.store.transact(lambda tx: tx.erasure.erase(person_id, office.clock.now()))
    await office.deliver.once(limit_seconds=200.0)


def said(office: Office) -> list[str]:
    """Every message of the channel with its blocks, the oldest first."""
    return [everything_in({"text": one.text, "blocks": one.blocks}) for one in office.slack.messages(NORTH)]


def rows_with(folder: Path, word: str) -> list[str]:
    """The columns of the database that hold a word."""
    connection = sqlite3.connect(f"file:{folder / 'spotter.db'}?mode=ro", uri=True)
    tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    found = []
    for table in tables:
        rows = connection.execute(f"SELECT * FROM {table}")
        columns = [column[0] for column in rows.description]
        found += [
            f"{table}.{name}" for row in rows for name, value in zip(columns, row, strict=True) if word in str(value)
        ]
    connection.close()
    return found


@pytest.mark.promise("erased")
async def test_an_erased_observer_is_named_in_no_shared_list_and_no_introduction(
    office: Office, tmp_path: Path
) -> None:
    await share(office, ADMIN, encode(Share(query='observer:"Xenia Papas"')))
    await office.subscribe(ADMIN, 'observer:"Xenia Papas" outcome:failed')
    assert ["Xenia Papas" in text for text in said(office)] == [True, True]
    await erase(office, "xenia")
    listed, introduced = said(office)
    for text in (listed, introduced):
        assert "Xenia" not in text and "Papas" not in text and "erased person" in text
    assert "2 sessions" in listed, "the sessions are the employees'"
    assert rows_with(tmp_path, "Papas") == []


async def test_a_list_that_was_shared_without_somebody_does_not_say_whom_once_they_are_erased(office: Office) -> None:
    await share(office, ADMIN, encode(Share(query='-employee:"Zoltan Kovacs" outcome:failed')))
    assert "Zoltan" in said(office)[0]
    await erase(office, "zoltan")
    assert "Zoltan" not in said(office)[0] and "Emma Employee" in said(office)[0]


@pytest.mark.promise("erased_outside")
async def test_what_another_company_could_read_of_somebody_erased_is_taken_back(office: Office) -> None:
    rule = await office.rule(NORTH)
    notification = Notification(
        kind=NotificationKind.SESSION,
        destination=Destination(DestinationKind.CHANNEL, NORTH),
        subject=subject_of(FOREIGN),
        reason="completed",
        session=FOREIGN,
        rule_ids=(rule.rule_id,),
    )
    await office.store.transact(lambda tx: tx.notifications.enqueue(notification, office.clock.now()))
    await office.send()
    assert "Zoltan Kovacs" in said(office)[0]
    office.slack.workspace.channels[NORTH].is_ext_shared = True
    await channel_changed(office.ctx, NORTH, "shared_outside")
    await erase(office, "zoltan")
    assert "Zoltan" not in said(office)[0] and "no longer stores" in said(office)[0]


@pytest.mark.promise("erased_outside")
async def test_a_correction_is_not_shown_to_another_company_and_is_there_once_the_channel_is_ours(
    office: Office,
) -> None:
    await share(office, ADMIN, encode(Share(session=FOREIGN)))
    office.slack.workspace.channels[NORTH].is_ext_shared = True
    await channel_changed(office.ctx, NORTH, "shared_outside")
    await office.store.transact(lambda tx: tx.sessions.acknowledge(FOREIGN, ADMIN, office.clock.now()))
    await office.deliver.once(limit_seconds=200.0)
    assert "Zoltan" not in said(office)[0] and "Acknowledged" not in said(office)[0]
    office.slack.workspace.channels[NORTH].is_ext_shared = False
    await channel_changed(office.ctx, NORTH, "")
    await office.deliver.once(limit_seconds=200.0)
    assert "Zoltan Kovacs" in said(office)[0] and "Acknowledged" in said(office)[0]


async def test_a_rule_about_somebody_erased_keeps_its_text_and_says_an_erased_person(office: Office) -> None:
    await office.rule(NORTH, "observer:<id:xenia> outcome:failed", owner=SAM)
    await erase(office, "xenia")
    [rule] = await office.store.read(lambda tx: tx.rules.all())
    assert rule.query == "observer:<id:xenia> outcome:failed"
    for viewer in (SAM, ADMIN):
        assert "observed by an erased person, with a low result" in (await office.ask(viewer, "rules")).text
        assert "observed by an erased person, with a low result" in everything_in(await office.home(viewer))
    assert "observed by an erased person" in (await office.ask(SAM, "unsubscribe 1")).text
