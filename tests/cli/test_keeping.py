"""What whoever looks after Spotter types: copies, people, the ledger."""

import json
import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import pytest
from click.testing import CliRunner, Result

from bot.cli import maintenance, people, switch
from bot.domain.staff import Person, PersonStatus
from bot.domain.viewers import DirectMessages, Preferences, SlackUser
from bot.store.database import Tx
from bot.store.schema import APPLICATION_ID
from tests.environment import open_store
from tests.store.given import NOON, a_session, baseline

T = TypeVar("T")
LONG_AFTER = datetime(2100, 1, 1, tzinfo=UTC)  # the command line has the machine's own clock


@dataclass
class AppContext:
    """A folder with a database, and a person who types beside it."""

    folder: Path

    @property
    def path(self) -> Path:
        return self.folder / "spotter.db"

    def type(self, verb: str, *words: str) -> Result:
        settings = {"DATABASE_URL": f"sqlite:///{self.path}"}
        module = {"pause": switch, "resume": switch, "shadow": switch, "people": people}.get(verb, maintenance)
        command = getattr(module, verb)
        return CliRunner().invoke(command, words, env=settings)

    def said(self, verb: str, *words: str) -> str:
        """What a verb prints that goes well."""
        result = self.type(verb, *words)
        assert result.exception is None, result.exception
        return result.output

    def refused(self, verb: str, *words: str) -> str:
        """Why a verb does not."""
        result = self.type(verb, *words)
        assert result.exception is not None, result.output
        return f"{result.exception} {result.output}"

    def within(self, work: Callable[[Tx], T]) -> T:
        database = open_store(self.path, now=NOON)
        try:
            return database._write_now(work)
        finally:
            database.close()


PEOPLE = (
    Person(person_id="ana", name="Ana Observer", email="ana@bakery.example"),
    Person(person_id="eve", name="Eve Employee", email="eve@bakery.example"),
    Person(person_id="joe", name="Joe Colleague", email="shop@bakery.example"),
    Person(person_id="kim", name="Kim Colleague", email="shop@bakery.example"),
    Person(person_id="eve2", name="Eve Employee"),
    Person(person_id="guest", name="Gus Guest", email="gus@bakery.example"),
    Person(person_id="off", name="Olga Off", email="olga@bakery.example"),
    Person(person_id="none", name="Nina Nobody", email="nina@bakery.example"),
    Person(person_id="left", name="Lea Left", status=PersonStatus.LEFT),
)


@pytest.fixture
def ctx(tmp_path: Path) -> AppContext:
    ctx = AppContext(tmp_path)

    def company(tx: Tx) -> None:
        baseline(tx, a_session(1), a_session(2), a_session(3, employee="joe"))
        tx.people.replace_directory(PEOPLE, (), NOON)
        for name in ("ana", "olga"):
            address = f"{name}@bakery.example"
            user = SlackUser(user_id=f"U0{name.upper()}", email=address, zone="UTC", is_full_member=True)
            tx.people.save_slack_user(user, NOON)
        guest = SlackUser(
            user_id="U0GUS", email="gus@bakery.example", zone="UTC", is_full_member=False, not_allowed_reason="guest"
        )
        tx.people.save_slack_user(guest, NOON)
        tx.people.link("U0OLGA", "off", "email", "olga@bakery.example", NOON)
        tx.people.set_preferences("U0OLGA", Preferences(as_observer=DirectMessages.NONE))
        tx.people.note_no_slack_user("nina@bakery.example", NOON)

    ctx.within(company)
    return ctx


# ---- copies --------------------------------------------------------------------------------------------------------


def test_a_copy_is_made_and_put_back(ctx: AppContext) -> None:
    copy = str(ctx.folder / "copy.db")
    assert "3 sessions" in ctx.said("backup", copy)
    ctx.said("erase", "joe", "--yes")
    notified = ctx.said("restore", copy)
    assert "Restored: 2 sessions" in notified
    assert "1 people who were erased since" in notified
    kept = re.search(r"kept as (\S+?);", notified)
    assert kept and Path(kept[1]).exists()


def test_a_copy_replaces_nothing_unless_forced(ctx: AppContext) -> None:
    copy = str(ctx.folder / "copy.db")
    ctx.said("backup", copy)
    assert "--force" in ctx.refused("backup", copy)
    assert "verified" in ctx.said("backup", copy, "--force")


def test_what_is_no_copy_is_refused_by_name(ctx: AppContext) -> None:
    diary = ctx.folder / "diary.txt"
    diary.write_text("Dear diary, " * 100)
    assert "diary.txt" in ctx.refused("restore", str(diary))
    assert "There is no file" in ctx.refused("restore", str(ctx.folder / "nowhere.db"))


def test_the_restore_drill_leaves_the_real_database_alone(ctx: AppContext, tmp_path: Path) -> None:
    copy = str(ctx.folder / "copy.db")
    ctx.said("backup", copy)
    before = ctx.path.read_bytes()
    drill = AppContext(tmp_path / "drill")
    drill.folder.mkdir()
    assert "Restored: 3 sessions" in drill.said("restore", copy)
    assert ctx.path.read_bytes() == before


def test_a_copy_from_before_a_migration_is_put_back_where_the_database_was_moved_away(tmp_path: Path) -> None:
    ctx = AppContext(tmp_path)
    with closing(sqlite3.connect(ctx.path)) as earlier:
        earlier.executescript((Path(__file__).parent.parent / "store" / "version_0_1.sql").read_text())
        earlier.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    ctx.within(lambda tx: None)
    [kept] = [one for one in tmp_path.glob("spotter.db.before-*") if one.suffix != ".part"]
    aside = tmp_path / "aside"
    aside.mkdir()
    for one in (ctx.path, *tmp_path.glob("spotter.db-*")):
        one.rename(aside / one.name)
    assert "Restored: " in ctx.said("restore", str(kept))
    assert ctx.path.exists()


# ---- people --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("asked", ["ana", "ANA@bakery.example", "ana observer"])
def test_a_person_is_erased_by_id_address_or_name(ctx: AppContext, asked: str) -> None:
    notified = ctx.said("erase", asked, "--yes")
    assert "3 as the observer stay without the name" in notified
    assert "1 Slack accounts are forgotten" in notified
    assert "Ana Observer" not in ctx.said("people", "--json")


def test_a_name_that_fits_several_is_not_guessed(ctx: AppContext) -> None:
    notified = ctx.refused("erase", "Eve Employee", "--yes")
    assert "2 people have that name or address" in notified
    assert "eve@bakery.example" in notified and "eve2" in notified
    assert ctx.said("audit").startswith("The audit log is empty")


def test_an_address_that_several_share_is_not_guessed(ctx: AppContext) -> None:
    assert "2 people have that name or address" in ctx.refused("erase", "shop@bakery.example", "--yes")


def test_a_name_that_nobody_has_names_those_that_are_near(ctx: AppContext) -> None:
    assert "Perhaps:\n  Joe Colleague" in ctx.refused("erase", "colleague", "--yes")


def test_nobody_is_erased_unasked(ctx: AppContext) -> None:
    assert "--yes" in ctx.refused("erase", "ana")
    assert ctx.said("audit").startswith("The audit log is empty")


def test_asked_again_it_says_what_is_left_and_does_nothing(ctx: AppContext) -> None:
    ctx.said("erase", "eve", "--yes")
    assert "No message in Slack has to be edited any more" in ctx.said("erase", "eve", "--yes")
    assert len(json.loads(ctx.said("audit", "--json"))) == 1


def test_somebody_whom_ispring_no_longer_names_can_be_erased(ctx: AppContext) -> None:
    ctx.within(lambda tx: tx.people.replace_directory(PEOPLE[:1], (), NOON))
    assert "2 sessions as the employee" in ctx.said("erase", "eve", "--yes")


def test_people_says_why_somebody_gets_no_direct_messages(ctx: AppContext) -> None:
    notified = {row["id"]: (row["slack"], row["why"]) for row in json.loads(ctx.said("people", "--json"))}
    assert notified == {
        "ana": ("U0ANA", "the same e-mail address"),
        "eve": (None, "Slack was not asked yet: nothing was to be sent to them"),
        "eve2": (None, "iSpring has no e-mail address for this person"),
        "joe": (None, "more than one person in iSpring has this e-mail address"),
        "kim": (None, "more than one person in iSpring has this e-mail address"),
        "guest": (None, "their Slack account is not a full member of this workspace (guest)"),
        "off": (None, "they turned direct messages off"),
        "none": (None, "no Slack account has this person's e-mail address"),
    }


def test_people_unmatched_shows_only_those(ctx: AppContext) -> None:
    notified = ctx.said("people", "--unmatched")
    assert "Ana Observer" not in notified
    assert "Nina Nobody" in notified
    assert "1 of 8 active people can get direct messages; 1 are not active in iSpring." in notified


# ---- the ledger ----------------------------------------------------------------------------------------------------


def test_the_audit_log_is_listed_newest_first_and_names_nobody_who_was_erased(ctx: AppContext) -> None:
    ctx.within(lambda tx: tx.audit_log.write("U0ANA", "subscribe", "rule:1", NOON))
    ctx.said("erase", "eve", "--yes")
    lines = ctx.said("audit").splitlines()
    assert lines[2].split()[2:] == ["the", "command", "line", "erase", "eve"]
    assert lines[3].split()[2:] == ["Ana", "Observer", "(U0ANA)", "subscribe", "rule", "1"]
    assert "Eve" not in "".join(lines)
    assert len(ctx.said("audit", "--limit", "1").splitlines()) == 3


def test_a_restore_lists_what_it_undoes(ctx: AppContext) -> None:
    copy = str(ctx.folder / "copy.db")
    ctx.within(lambda tx: tx.audit_log.write("U0ANA", "before the copy", "rule:1", NOON))
    ctx.said("backup", copy)
    ctx.within(
        lambda tx: tx.audit_log.write("U0ANA", "target", "checklist:opening", LONG_AFTER, old="80 %", new="85 %")
    )
    told = ctx.said("restore", copy)
    assert "Done since the copy was made, and undone by this (1" in told
    assert "Ana Observer (U0ANA)" in told and "checklist “Opening”" in told and "80 % → 85 %" in told
    assert "before the copy" not in told and "backup" not in told.split("undone by this")[1]


# ---- the switch ----------------------------------------------------------------------------------------------------


def test_all_sending_is_paused_and_goes_on(ctx: AppContext) -> None:
    assert "paused until: spotter resume" in ctx.said("pause")
    assert "paused before" in ctx.said("pause")
    assert ctx.within(lambda tx: tx.outbox.pause()) is not None
    assert ctx.said("resume").startswith("Sending goes on after")
    assert "not paused" in ctx.said("resume")
    entries = ctx.within(lambda tx: tx.audit_log.entries(9))
    assert [(entry.who, entry.verb) for entry in entries] == [("operator", "resume all"), ("operator", "pause all")]


def test_shadow_mode_is_started_and_ended(ctx: AppContext) -> None:
    assert "never was on" in ctx.said("shadow")
    assert "add --yes" in ctx.refused("shadow", "G0ADMINS"), "it asks, and nobody can answer"
    assert ctx.within(lambda tx: tx.shadow.mode()) is None
    assert "Shadow mode is on." in ctx.said("shadow", "G0ADMINS", "--yes")
    assert "on already" in ctx.refused("shadow", "G0OTHERS", "--yes")
    assert "in G0ADMINS: 0 messages shown" in ctx.said("shadow", "status")
    assert "add --yes" in ctx.refused("shadow", "off")
    assert "Spotter is live." in ctx.said("shadow", "off", "--yes")
    assert "off already" in ctx.said("shadow", "off", "--yes")
    assert "is off since" in ctx.said("shadow")
    entries = ctx.within(lambda tx: tx.audit_log.entries(9))
    assert [(entry.who, entry.verb, entry.new) for entry in entries] == [
        ("operator", "shadow", "off"),
        ("operator", "shadow", "on"),
    ]


@pytest.mark.parametrize("channel", ["#admins", "on", "U0ADMIN", "g0admins"])
def test_what_is_no_channel_is_named_with_what_is(ctx: AppContext, channel: str) -> None:
    assert "Give the id of a private channel" in ctx.refused("shadow", channel, "--yes")
