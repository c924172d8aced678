"""Who a rule is kept for, as far as is stored: Slack is not asked."""

from collections.abc import Set as AbstractSet

from bot.domain.model import OPERATOR, Viewer
from bot.domain.permissions import OPERATOR_VIEWER
from bot.store.database import Tx


def stored_viewer(tx: Tx, owner: str, admins: AbstractSet[str]) -> Viewer:
    """The operator, or a Slack user as last seen; a user known to be no full member has no rights, in `admins` or
    not."""
    if owner == OPERATOR:
        return OPERATOR_VIEWER
    seen = tx.people.slack_user(owner)
    is_full_member = seen is None or seen[0].is_full_member
    return Viewer(
        slack_user_id=owner,
        person_id=tx.people.linked_person(owner) if is_full_member else None,
        is_admin=is_full_member and owner in admins,
        reason="the person it is posted for is not linked to a person in iSpring",
    )
