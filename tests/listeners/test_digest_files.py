"""The file of a digest: in its thread, once, with what its owner may see and the channel may read."""

import csv
import io
import resource
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from bot.blocks import actions
from bot.demo.slack import Message as Posted
from bot.demo.slack import faults
from bot.jobs.digest_files import DigestFiles
from tests.listeners.office import ADMIN, COLLEAGUE, LOW, NORTH, SAM, Office, buttons_of, facts
from tests.listeners.test_digests import MONDAY, add, go_to, job, posted, read_ispring, subscribed
from tests.settings import settings_of

pytestmark = pytest.mark.virtual_time


def files_job(office: Office) -> DigestFiles:
    settings = settings_of(admins=frozenset({ADMIN}))
    return DigestFiles(office.store, office.ctx.messenger, office.ctx.contacts, office.clock, settings)


def files(office: Office, channel: str = NORTH) -> list[Posted]:
    return [one for one in office.slack.messages(channel) if one.files]


def rows(office: Office, number: int = 0) -> list[dict[str, str]]:
    upload = list(office.slack.workspace.uploads.values())[number]
    assert upload.content is not None
    return list(csv.DictReader(io.StringIO(upload.content.decode("utf-8-sig"), newline="")))


async def with_digest(office: Office, text: str = "weekly mon 09:00", user: str = SAM) -> Posted:
    await subscribed(office, text, user)
    await go_to(office, MONDAY)
    await job(office).once()
    (digest,) = await posted(office)
    return digest


async def test_a_file_needs_no_place_but_the_one_beside_the_database(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", "/nowhere")  # a read-only system
    await with_digest(office)
    assert await files_job(office).once() == 1
    assert "Sent to you" in (await office.ask(SAM, "export")).text


async def test_a_full_disk_puts_a_file_off_and_an_export_says_so(office: Office) -> None:
    await with_digest(office)
    with capture_logs() as logs, a_full_disk():  # what is printed goes to a file, too
        assert await files_job(office).once() == 0
        assert "no room for the file" in (await office.ask(SAM, "export")).text
    assert [one["event"] for one in logs if "make room there" in one["reason"]] == [
        "digest_file.postponed",
        "export.failed",
    ]
    assert files(office) == []
    assert await files_job(office).once() == 1


@contextmanager
def a_full_disk() -> Iterator[None]:
    """No file may grow meanwhile."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (16, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


async def test_the_sessions_of_a_digest_are_a_file_in_its_thread_once(office: Office) -> None:
    digest = await with_digest(office)
    assert await files_job(office).once() == 1
    (file,) = files(office)
    assert file.thread_ts == digest.ts
    assert [one["name"] for one in file.files] == ["digest-2026-03-23.csv"]
    found = {row["id"]: row for row in rows(office)}
    # Completed in the week: Emma's and Yves's. Planned and overdue: Emma's. Zoltan is none of Sam's people.
    assert {row["employee"] for row in found.values()} == {"Emma Employee", "Yves Colleague"}
    assert found[LOW.session_id]["outcome"] == "Below target"
    assert "Planned" in {row["outcome"] for row in found.values()}
    assert not {"employee_email", "observer_email", "employee_id", "observer_id"} & rows(office)[0].keys()
    assert ("spotter", "digest_file", "rule:1") in await office.audit_log()
    for again in (files_job(office), files_job(office)):  # after a restart
        assert await again.once() == 0
    assert len(files(office)) == 1


async def test_a_digest_with_initials_has_initials_in_its_file(office: Office) -> None:
    await with_digest(office, "weekly mon 09:00 names:initials")
    await files_job(office).once()
    text = str(rows(office))
    assert "E. E." in text and not any(name in text for name in ("Emma", "Yves", "Olga"))


async def test_a_digest_may_have_no_file(office: Office) -> None:
    office.sends_meanwhile()
    shown = await office.ask(SAM, "digest weekly mon 09:00")
    assert "follow as a file in its thread" in shown.text
    shown = await office.ask(SAM, "digest weekly mon 09:00 csv:off")
    assert "follow as a file" not in shown.text
    for one in buttons_of(shown)[:2]:
        value = actions.decode(actions.SaveDigest, one["value"])
        assert value is not None and not value.csv
    await with_digest(office, "weekly mon 09:00 csv:off")
    assert "without a file" in (await office.ask(SAM, "rules")).text
    assert await files_job(office).once() == 0
    assert not office.slack.workspace.uploads


async def test_text_that_a_spreadsheet_would_run_is_text(office: Office) -> None:
    await add(office, facts(COLLEAGUE._replace(session_id="77cc"), "olga", result=50.0, days_ago=-1, checklist="=1+1"))
    await with_digest(office)
    await files_job(office).once()
    assert "'=1+1" in {row["checklist"] for row in rows(office)}


@pytest.mark.parametrize(
    ("method", "fault", "then"),
    [
        ("files.getUploadURLExternal", faults.error_before(503), 1),  # surely not there: tried again
        ("files.completeUploadExternal", faults.rate_limited(1), 1),
        ("files.completeUploadExternal", faults.error_after(500), 1),  # it may be there, and it is
        ("files.completeUploadExternal", faults.request_lost(), 0),  # it may be there: never tried again
        ("files.completeUploadExternal", "internal_error", 0),
    ],
)
async def test_a_file_that_fails_costs_the_digest_nothing_and_comes_at_most_once(
    office: Office, method: str, fault: faults.Fault | str, then: int
) -> None:
    digest = await with_digest(office)
    office.slack.faults.order(method, fault)
    for _ in range(4):
        await files_job(office).once()
        office.clock.advance(timedelta(minutes=1))
        await read_ispring(office)
    assert len(files(office)) == then
    assert [one.ts for one in await posted(office)] == [digest.ts]


async def test_without_the_scope_there_is_a_digest_and_no_file(office: Office) -> None:
    office.slack.workspace.app.scopes.remove("files:write")
    await with_digest(office)
    sending = files_job(office)
    for _ in range(3):
        assert await sending.once() == 0
    assert len([call for call in office.slack.calls if call.method == "files.getUploadURLExternal"]) == 1
    assert len(await posted(office)) == 1


async def test_a_process_that_dies_while_it_sends_leaves_no_second_file(office: Office) -> None:
    await with_digest(office)
    ((slot, _),) = await office.store.read(lambda tx: tx.slots.files_due(MONDAY - timedelta(days=1)))
    assert await office.store.transact(lambda tx: tx.slots.claim_file(slot))
    assert await files_job(office).once() == 0
    assert files(office) == []


async def test_no_file_goes_into_a_channel_that_other_companies_read_or_that_is_muted(office: Office) -> None:
    await with_digest(office)
    office.clock.advance(timedelta(minutes=10))
    office.slack.workspace.channels[NORTH].is_ext_shared = True
    assert await files_job(office).once() == 0
    office.slack.workspace.channels[NORTH].is_ext_shared = False
    office.clock.advance(timedelta(minutes=10))
    await office.ask(SAM, "mute 1h", NORTH)
    assert await files_job(office).once() == 0
    assert files(office) == []
    office.clock.advance(timedelta(hours=2))
    await read_ispring(office)
    await posted(office)
    assert await files_job(office).once() == 1


async def test_no_file_comes_once_its_owner_may_see_nothing_or_the_rule_has_ended(office: Office) -> None:
    await with_digest(office)
    people = await office.store.read(lambda tx: tx.people.directory())
    left = [one for one in people.people.values() if one.person_id != "sam"]
    places = list(people.departments.values())
    await office.store.transact(lambda tx: tx.people.replace_directory(left, places, office.clock.now()))
    assert await files_job(office).once() == 0
    everybody = list(people.people.values())
    await office.store.transact(lambda tx: tx.people.replace_directory(everybody, places, office.clock.now()))
    await office.ask(SAM, "unsubscribe 1", NORTH)
    assert await files_job(office).once() == 0
    assert files(office) == []


async def test_a_file_waits_for_the_data_that_its_digest_lacked(office: Office) -> None:
    await subscribed(office)
    await go_to(office, MONDAY, is_read=False)
    people = await office.store.read(lambda tx: tx.people.directory())
    everybody, places = list(people.people.values()), list(people.departments.values())
    await office.store.transact(lambda tx: tx.people.replace_directory(everybody, places, office.clock.now()))
    office.clock.advance(timedelta(hours=1, minutes=1))
    await job(office).once()
    (digest,) = await posted(office)
    assert "could not be read" in digest.text
    assert await files_job(office).once() == 0
    await read_ispring(office)
    await job(office).once()
    assert await files_job(office).once() == 1
