"""Which person a Slack account belongs to by its e-mail address."""

from dataclasses import replace

import pytest

from bot.domain.directory import Directory
from bot.domain.email_matching import match_by_email
from bot.domain.model import Person
from bot.domain.viewers import SlackUser
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
