"""May this viewer see this session, and why; which person a Slack account belongs to."""

from dataclasses import replace

import pytest

from bot.domain.directory import Directory
from bot.domain.model import Person, SlackUser, Viewer
from bot.domain.permissions import (
    EVERYTHING,
    NOTHING,
    OPERATOR_VIEWER,
    AccessScope,
    as_admin,
    match_by_email,
    may_see,
    scope_of,
)
from tests.domain.build import DIRECTORY, facts

OF_JOE = facts("PASSED", 72.0)  # of Joe (bakery of store 12), observed by Ana
OF_KIM = facts("PASSED", 72.0, key=OF_JOE.key._replace(employee_id="kim"), observer_id="joan")


def viewer(person_id: str | None, *, is_admin: bool = False, reason: str = "") -> Viewer:
    return Viewer(slack_user_id="U1", person_id=person_id, is_admin=is_admin, reason=reason)


@pytest.mark.parametrize(
    ("asker", "allowed", "reason"),
    [
        (viewer("joe"), True, "your own session"),
        (viewer("ana"), True, "you are its observer"),
        (viewer("boss"), True, "you manage this employee's department"),
        (viewer("kim"), False, "neither observe, supervise nor manage"),
        (viewer("gone"), False, "not active"),
        (viewer(None), False, "not linked"),
        (viewer(None, reason="a guest"), False, "a guest"),
        (viewer(None, is_admin=True), True, "an admin"),
        (OPERATOR_VIEWER, True, "an admin"),
    ],
)
def test_who_may_see_a_session(asker: Viewer, allowed: bool, reason: str) -> None:
    verdict = may_see(asker, OF_JOE, DIRECTORY)
    assert verdict.allowed is allowed
    assert reason in verdict.reason
    assert scope_of(asker, DIRECTORY).covers(OF_JOE) is allowed


def test_a_supervisor_sees_their_people() -> None:
    assert may_see(viewer("ana"), OF_KIM, DIRECTORY).reason == "you supervise this employee"
    assert scope_of(viewer("ana"), DIRECTORY).covers(OF_KIM)


def test_a_manager_does_not_see_another_site() -> None:
    assert not may_see(viewer("boss"), OF_KIM, DIRECTORY).allowed
    assert not scope_of(viewer("boss"), DIRECTORY).covers(OF_KIM)


@pytest.mark.parametrize(
    ("what", "is_empty"), [(NOTHING, True), (EVERYTHING, False), (AccessScope(person_id="joe"), False)]
)
def test_a_reach_is_empty_where_nothing_can_be_seen(what: AccessScope, is_empty: bool) -> None:
    assert what.is_empty is is_empty


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
def test_a_tie_by_email(user: SlackUser, same_address: int, person: str | None, reason: str) -> None:
    email_match = match_by_email(user, same_address, DIRECTORY)
    assert (email_match.person.person_id if email_match.person else None) == person
    assert reason in email_match.reason


@pytest.mark.promise("address_changed")
def test_a_shared_mailbox_ties_nobody() -> None:
    shop = Directory.of([Person(person_id=each, name=each, email="shop@shop.test") for each in "ab"], [])
    assert match_by_email(replace(MEMBER, email="shop@shop.test"), 1, shop).person is None


def test_admin_is_who_is_named_in_the_settings_and_nobody_else() -> None:
    assert as_admin(viewer("joe"), frozenset({"U1"})).is_admin
    assert not as_admin(viewer("joe", is_admin=True), frozenset({"U2"})).is_admin
