"""An export: the file that its asker gets, what is said of it, and what is written of it."""

import asyncio
import csv
import io

import pytest

from bot.demo.slack import faults
from bot.domain.viewers import Viewer
from bot.slack.contacts import SlackContacts
from tests.listeners.office import ADMIN, DETAILS, EMMA, FOREIGN, LOW, NORTH, SAM, Office

pytestmark = pytest.mark.virtual_time


def rows_of(office: Office) -> list[dict[str, str]]:
    [upload] = office.slack.workspace.uploads.values()
    assert upload.content is not None and upload.content.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(upload.content.decode("utf-8-sig"), newline="")))


async def test_an_export_is_a_file_in_the_askers_direct_message(office: Office) -> None:
    answer = await office.ask(EMMA, "export completed")
    assert "Sent to you as a direct message: 2 sessions in a CSV file: sessions completed" in answer.text
    assert "Read as `/ojt export outcome:completed`" in answer.text
    rows = rows_of(office)
    assert [row["id"] for row in rows] == [LOW.session_id, "20bb0000-0000-4000-8000-000000000000"]
    first = rows[0]
    assert (first["outcome"], first["result"], first["target"]) == ("Below target", "72.0", "80.0")
    assert (first["employee"], first["employee_email"]) == ("Emma Employee", "emma@shop.example")
    assert first["department"] == "Bakery / North / Kiosk 7"
    assert first["completed"].endswith("+00:00")
    assert "criteria" not in first
    [dm] = [one for one in office.slack.workspace.channels.values() if one.is_im and one.user == EMMA]
    [message] = office.slack.messages(dm.id)
    assert [one["name"] for one in message.files] == [f"sessions-{office.clock.now():%Y-%m-%d}.csv"]
    assert not any(message.files for message in office.slack.messages(NORTH))
    assert await office.audit_log() == [(EMMA, "export", "sessions:2")]


async def test_criteria_are_added_if_they_are_asked_for(office: Office) -> None:
    await office.ask(ADMIN, "export emma criteria:yes")
    criteria = {row["id"]: row["criteria"] for row in rows_of(office)}
    assert criteria[LOW.session_id] == "Counts the float: 1/5; Greets every customer: 5/5; Wears gloves: skipped"
    assert DETAILS.total == 3


async def test_an_export_holds_every_row_of_its_scope(office: Office) -> None:
    await office.ask(ADMIN, "export")
    assert len(rows_of(office)) == 6
    assert FOREIGN.session_id in {row["id"] for row in rows_of(office)}


class LosesRights(SlackContacts):
    """Slack says of whoever is asked about a second time that they are a guest now."""

    asked = 0

    async def viewer(self, user_id: str) -> Viewer:
        self.asked += 1
        if self.asked == 2:
            await self.doubt({"id": user_id, "team_id": "T0SPOTTER", "is_restricted": True})
        return await super().viewer(user_id)


async def test_who_loses_rights_while_their_export_is_made_gets_no_file(office: Office) -> None:
    contacts = LosesRights(office.ctx.messenger, office.store, office.clock, {ADMIN})
    office.slack.workspace.users[SAM].is_restricted = True
    said = (await office.with_store(office.store, contacts).ask(SAM, "export")).text
    assert contacts.asked == 2 and not office.slack.workspace.uploads
    assert "guest" in said


async def test_who_loses_rights_while_another_export_is_made_gets_no_file(office: Office) -> None:
    assert "found" in (await office.ask(SAM, "results")).text
    office.slack.faults.order("files.getUploadURLExternal", faults.hang(5))
    beside = office.with_store(office.store)
    first = asyncio.create_task(beside.ask(ADMIN, "export"))
    await asyncio.sleep(1)
    second = asyncio.create_task(office.ask(SAM, "export"))
    await asyncio.sleep(1)
    office.slack.workspace.users[SAM].is_restricted = True
    await office.ctx.contacts.doubt({"id": SAM, "team_id": "T0SPOTTER", "is_restricted": True})
    assert "guest" in (await second).text
    assert "see whether it is in your direct messages" in (await first).text
    assert not any(upload.content for upload in office.slack.workspace.uploads.values())


async def test_without_the_scope_only_export_is_missing(office: Office) -> None:
    office.slack.workspace.app.scopes.remove("files:write")
    answer = await office.ask(ADMIN, "export")
    assert "may not send files yet" in answer.text and "files:write" in answer.text
    assert "Sent to you" not in answer.text
    assert not office.slack.workspace.uploads
    assert "6 found" in (await office.ask(ADMIN, "results")).text


async def test_success_is_said_only_once_slack_completed_it(office: Office) -> None:
    office.slack.faults.order("files.completeUploadExternal", faults.error_after(500))
    answer = await office.ask(ADMIN, "export")
    assert "Slack did not confirm the file" in answer.text
    assert "Sent to you" not in answer.text


async def test_nothing_to_export_makes_no_file(office: Office) -> None:
    assert "Nothing to export" in (await office.ask(EMMA, "export since:today")).text
    assert not office.slack.workspace.uploads
