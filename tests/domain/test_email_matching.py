"""Which person a Slack account belongs to by its e-mail address."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.domain.directory import Directory
from bot.domain.email_matching import is_unproved, match_by_email
from bot.domain.staff import Person, PersonStatus
from bot.domain.viewers import BY_EMAIL, Link, SlackUser
from tests.domain.build import DIRECTORY

MEMBER = SlackUser(user_id="U1", email="ana@shop.test", zone="UTC", is_full_member=True)


@pytest.mark.parametrize(
    ("user", "same_address", "person", "reason"),
    [
        (MEMBER, 1, "ana", "the same e-mail address"),
        (MEMBER, 2, None, "more than one person shares"),
        (replace(MEMBER, is_full_member=False, not_allowed_reason="guest"), 1, None, "(guest)"),
        (replace(MEMBER, email=None), 1, None, "does not show"),
        (replace(MEMBER, email="who@shop.test"), 1, None, "no active person in iSpring"),
    ],
)
def test_a_match_by_email(user: SlackUser, same_address: int, person: str | None, reason: str) -> None:
    email_match = match_by_email(user, same_address, DIRECTORY)
    assert (email_match.person.person_id if email_match.person else None) == person
    assert reason in email_match.reason


@pytest.mark.promise("address_changed")
def test_a_shared_mailbox_matches_no_person() -> None:
    shop = Directory.of([Person(person_id=each, name=each, email="shop@shop.test") for each in "ab"], [])
    assert match_by_email(replace(MEMBER, email="shop@shop.test"), 1, shop).person is None


ANA = Person(person_id="ana", name="Ana", email="ana@shop.test")
LINK = Link(
    slack_user_id="U1", person_id="ana", by=BY_EMAIL, email="ana@shop.test", at=datetime(2026, 3, 1, tzinfo=UTC)
)


@pytest.mark.parametrize(
    ("address", "person", "unproved"),
    [
        ("ana@shop.test", None, True),
        ("ana@shop.test", replace(ANA, email=None), True),
        ("ana@shop.test", replace(ANA, status=PersonStatus.UNKNOWN), True),
        (None, ANA, True),
        ("", None, True),
        ("ana@shop.test", ANA, False),  # nothing is missing: it is shared, or somebody else's
        ("a.silva@shop.test", None, False),
        ("ana@shop.test", replace(ANA, email="a.silva@shop.test"), False),
        (None, replace(ANA, email="a.silva@shop.test"), False),
        (None, replace(ANA, status=PersonStatus.LEFT), False),
        ("ana@shop.test", replace(ANA, status=PersonStatus.INACTIVE, email=None), False),
    ],
)
def test_a_link_is_unproved_while_an_answer_lacks_a_part_and_none_contradicts_it(
    address: str | None, person: Person | None, unproved: bool
) -> None:
    directory = Directory.of([person] if person else [], [])
    assert is_unproved(LINK, replace(MEMBER, email=address), directory) is unproved
    erased = Directory.of([], [], {"ana"})
    assert not is_unproved(LINK, replace(MEMBER, email=address), erased)
