"""What whoever looks after Spotter types: copies, people, the ledger."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import pytest
from click.testing import CliRunner, Result

from bot.cli import keeping
from bot.core.model import DirectMessages, Person, PersonStatus, Preferences, SlackUser
from bot.core.ports import Tx
from bot.store.database import Database
from tests.store.given import NOON, a_session, baseline

T = TypeVar("T")


@dataclass
class Desk:
    """A folder with a database, and a person who types beside it."""

    folder: Path

    @property
    def path(self) -> Path:
        return self.folder / "spotter.db"

    def type(self, verb: str, *words: str) -> Result:
        settings = {"DATABASE_URL": f"sqlite:///{self.path}"}
        command = getattr(keeping, verb)
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
        database = Database.open(self.path, now=NOON)
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
def desk(tmp_path: Path) -> Desk:
    desk = Desk(tmp_path)

    def company(tx: Tx) -> None:
        baseline(tx, a_session(1), a_session(2), a_session(3, employee="joe"))
        tx.people.replace_directory(PEOPLE, (), NOON)
        for name in ("ana", "olga"):
            address = f"{name}@bakery.example"
            user = SlackUser(user_id=f"U0{name.upper()}", email=address, zone="UTC", is_full_member=True)
            tx.people.save_slack_user(user, NOON)
        guest = SlackUser(
            user_id="U0GUS", email="gus@bakery.example", zone="UTC", is_full_member=False, why_not="guest"
        )
        tx.people.save_slack_user(guest, NOON)
        tx.people.link("U0OLGA", "off", "email", "olga@bakery.example", NOON)
        tx.people.set_preferences("U0OLGA", Preferences(as_observer=DirectMessages.NONE))
        tx.people.note_no_slack_user("nina@bakery.example", NOON)

    desk.within(company)
    return desk


# ---- copies --------------------------------------------------------------------------------------------------------


def test_a_copy_is_made_and_put_back(desk: Desk) -> None:
    copy = str(desk.folder / "copy.db")
    assert "3 sessions" in desk.said("backup", copy)
    desk.said("erase", "joe", "--yes")
    told = desk.said("restore", copy)
    assert "Restored: 2 sessions" in told
    assert "1 people who were erased since" in told
    kept = re.search(r"kept as (\S+?);", told)
    assert kept and Path(kept[1]).exists()


def test_a_copy_replaces_nothing_unless_forced(desk: Desk) -> None:
    copy = str(desk.folder / "copy.db")
    desk.said("backup", copy)
    assert "--force" in desk.refused("backup", copy)
    assert "verified" in desk.said("backup", copy, "--force")


def test_what_is_no_copy_is_refused_by_name(desk: Desk) -> None:
    diary = desk.folder / "diary.txt"
    diary.write_text("Dear diary, " * 100)
    assert "diary.txt" in desk.refused("restore", str(diary))
    assert "There is no file" in desk.refused("restore", str(desk.folder / "nowhere.db"))


# ---- people --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("asked", ["ana", "ANA@bakery.example", "ana observer"])
def test_a_person_is_erased_by_id_address_or_name(desk: Desk, asked: str) -> None:
    told = desk.said("erase", asked, "--yes")
    assert "3 as the observer stay without the name" in told
    assert "1 Slack accounts are forgotten" in told
    assert "Ana Observer" not in desk.said("people", "--json")


def test_a_name_that_fits_several_is_not_guessed(desk: Desk) -> None:
    told = desk.refused("erase", "Eve Employee", "--yes")
    assert "2 people are called that" in told
    assert "eve@bakery.example" in told and "eve2" in told
    assert desk.said("audit").startswith("Nobody has done anything")


def test_an_address_that_several_share_is_not_guessed(desk: Desk) -> None:
    assert "2 people are called that" in desk.refused("erase", "shop@bakery.example", "--yes")


def test_a_name_that_nobody_has_names_those_that_are_near(desk: Desk) -> None:
    assert "Perhaps:\n  Joe Colleague" in desk.refused("erase", "colleague", "--yes")


def test_nobody_is_erased_unasked(desk: Desk) -> None:
    assert "--yes" in desk.refused("erase", "ana")
    assert desk.said("audit").startswith("Nobody has done anything")


def test_asked_again_it_says_what_is_left_and_does_nothing(desk: Desk) -> None:
    desk.said("erase", "eve", "--yes")
    assert "No message in Slack has to be edited any more" in desk.said("erase", "eve", "--yes")
    assert len(json.loads(desk.said("audit", "--json"))) == 1


def test_somebody_whom_ispring_no_longer_names_can_be_erased(desk: Desk) -> None:
    desk.within(lambda tx: tx.people.replace_directory(PEOPLE[:1], (), NOON))
    assert "2 sessions as the employee" in desk.said("erase", "eve", "--yes")


def test_people_says_why_somebody_gets_no_direct_messages(desk: Desk) -> None:
    told = {row["id"]: (row["slack"], row["why"]) for row in json.loads(desk.said("people", "--json"))}
    assert told == {
        "ana": ("U0ANA", "the same e-mail address"),
        "eve": (None, "Slack was not asked yet: nothing was to be sent to them"),
        "eve2": (None, "iSpring has no e-mail address for this person"),
        "joe": (None, "more than one person in iSpring has this e-mail address"),
        "kim": (None, "more than one person in iSpring has this e-mail address"),
        "guest": (None, "their Slack account is not a full member of this workspace (guest)"),
        "off": (None, "they turned direct messages off"),
        "none": (None, "nobody in Slack has this person's e-mail address"),
    }


def test_people_unmatched_shows_only_those(desk: Desk) -> None:
    told = desk.said("people", "--unmatched")
    assert "Ana Observer" not in told
    assert "Nina Nobody" in told
    assert "1 of 8 active people can get direct messages; 1 are not active in iSpring." in told


# ---- the ledger ----------------------------------------------------------------------------------------------------


def test_the_ledger_is_told_newest_first_without_a_name(desk: Desk) -> None:
    desk.within(lambda tx: tx.ledger.write("U0ANA", "subscribe", "rule:1", NOON))
    desk.said("erase", "eve", "--yes")
    lines = desk.said("audit").splitlines()
    assert lines[2].split()[2:] == ["operator", "erase", "person:eve"]
    assert lines[3].split()[2:] == ["U0ANA", "subscribe", "rule:1"]
    assert "Eve" not in "".join(lines)
    assert len(desk.said("audit", "--limit", "1").splitlines()) == 3
