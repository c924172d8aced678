"""Who a rule is kept for, as far as is stored: Slack is not asked."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.domain.directory import Directory
from bot.domain.directory_readings import RIGHTS_MAX_AGE
from bot.domain.permissions import OPERATOR_VIEWER, Coverage, coverage_of
from bot.domain.rules import OPERATOR
from bot.domain.viewers import Proof, Viewer, is_identity_proved
from bot.store.database import Tx


@dataclass(frozen=True, slots=True)
class OwnerRights:
    """How rights are judged from stored rows: who are admins, at what time, and how old a reading of iSpring's people
    and departments may be."""

    admins: AbstractSet[str]
    now: datetime
    max_age: timedelta = RIGHTS_MAX_AGE

    def of(self, tx: Tx, owner: str) -> Viewer:
        """The operator, or a Slack user as last seen; a user known to be no full member has no rights, in `admins` or
        not. One whom Slack has to be asked about first has no proved identity."""
        if owner == OPERATOR:
            return OPERATOR_VIEWER
        seen = tx.people.slack_user(owner)
        proof = tx.people.ages().proof(
            self.now, self.max_age, identity=seen is not None and is_identity_proved(seen[1], self.now)
        )
        is_full_member = self.is_full_member(tx, owner)
        link = tx.people.link_of(owner)
        linked = tx.people.linked_person(owner) if proof.identity else link.person_id if link is not None else None
        return Viewer(
            slack_user_id=owner,
            person_id=linked if is_full_member else None,
            is_admin=is_full_member and owner in self.admins,
            reason="the person it is posted for is not linked to a person in iSpring",
            proof=proof,
        )

    def is_full_member(self, tx: Tx, user_id: str) -> bool:
        """Whether nothing proves that a Slack user is a guest, a bot, a stranger, or gone."""
        seen = tx.people.slack_user(user_id)
        return seen is None or seen[0].is_full_member or not is_identity_proved(seen[1], self.now)

    def no_recipient(self, tx: Tx, user_id: str, *, is_for_admins: bool) -> str:
        """Why a Slack user gets no message about Spotter itself any more, "" if they do."""
        if not self.is_full_member(tx, user_id):
            return "its recipient is no full member of the workspace any more"
        return "its recipient is no admin any more" if is_for_admins and user_id not in self.admins else ""

    def coverage(self, tx: Tx, owner: str, directory: Directory) -> Coverage | None:
        """Whose sessions the rules of an owner show; None if all, or none."""
        return coverage_of(self.of(tx, owner), directory)

    def person(self, tx: Tx, person_id: str, reason: str) -> Viewer:
        """An iSpring person whose account is looked up when a message goes to them."""
        proof = tx.people.ages().proof(self.now, self.max_age)
        return Viewer(slack_user_id="", person_id=person_id, is_admin=False, reason=reason, proof=proof)

    def collecting(self, tx: Tx, owner: str) -> Viewer:
        """As `of`, for routing: what a right that is not proved now would get is collected, and judged when it is
        sent."""
        viewer = self.of(tx, owner)
        if self.is_to_be_asked(tx, viewer) and viewer.person_id is None:
            return replace(OPERATOR_VIEWER, slack_user_id=owner)
        return replace(viewer, proof=Proof())

    def is_to_be_asked(self, tx: Tx, viewer: Viewer) -> bool:
        """Whether Slack has to be asked about an owner before anything is decided: their identity is not proved, or
        they are a member whose e-mail address may link them."""
        if viewer.slack_user_id == OPERATOR:
            return False
        seen = tx.people.slack_user(viewer.slack_user_id)
        is_member = seen is None or seen[0].is_full_member
        return not viewer.proof.identity or (is_member and viewer.person_id is None and not viewer.is_admin)
