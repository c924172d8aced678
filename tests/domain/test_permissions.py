"""May this viewer see this session, and why."""

import pytest

from bot.domain.permissions import EVERYTHING, NOTHING, OPERATOR_VIEWER, AccessScope, as_admin, may_see, scope_of
from bot.domain.viewers import Viewer
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
    assert may_see(viewer("ana"), OF_KIM, DIRECTORY).reason == "Ana López supervises Kim O'Neill"
    assert scope_of(viewer("ana"), DIRECTORY).covers(OF_KIM)


def test_a_manager_does_not_see_another_site() -> None:
    assert not may_see(viewer("boss"), OF_KIM, DIRECTORY).allowed
    assert not scope_of(viewer("boss"), DIRECTORY).covers(OF_KIM)


@pytest.mark.parametrize(
    ("what", "is_empty"), [(NOTHING, True), (EVERYTHING, False), (AccessScope(person_id="joe"), False)]
)
def test_a_scope_is_empty_where_nothing_can_be_seen(what: AccessScope, is_empty: bool) -> None:
    assert what.is_empty is is_empty


def test_only_users_named_in_the_settings_are_admins() -> None:
    assert as_admin(viewer("joe"), frozenset({"U1"})).is_admin
    assert not as_admin(viewer("joe", is_admin=True), frozenset({"U2"})).is_admin
