"""The owners of rules, as Slack and iSpring know them now; and which rules pause because their owner is gone.

Looked up before a transaction, because Slack can't be asked inside one. An owner who made or took over a rule meanwhile
is not among them; such a rule must not miss the listing for it.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from bot.domain.errors import MessengerRefused, MessengerUnavailable, StoreBusy
from bot.domain.model import OPERATOR, Rule, RuleState, Viewer
from bot.domain.ports import Contacts
from bot.domain.reasons import ReasonCode
from bot.services import pausing
from bot.store.database import Tx

Owners = Mapping[str, Viewer | None]  # by Slack user id; None if Slack does not say for certain who they are


class OwnersChanged(StoreBusy):
    """A rule has an owner who was not asked about: nothing was written, ask and try again."""


def owners_of(rules: Iterable[Rule]) -> set[str]:
    """The Slack users who own these rules; without the operator and erased people."""
    return {rule.owner for rule in rules if rule.reason_code is not ReasonCode.OWNER_ERASED} - {OPERATOR}


async def ask_about(contacts: Contacts, owner: str) -> Viewer | None:
    """The owner of a rule, None if Slack does not say for certain."""
    try:
        await contacts.user(owner)
    except MessengerRefused as refusal:
        if not refusal.is_unknown_user:
            return None
    except MessengerUnavailable:
        return None
    return await contacts.viewer(owner)


def judge_owners(tx: Tx, owners: Owners, admins: Collection[str], now: datetime) -> None:
    """Pauses rules whose owner is gone (they still match, and their notifications wait); resumes those whose owner is
    back."""
    if tx.people.directory_at() is None:
        return  # until iSpring's people are read, every owner would seem to be gone
    directory = tx.people.directory()
    for rule in tx.rules.all((RuleState.ACTIVE, RuleState.PAUSED)):
        owner = owners.get(rule.owner)
        if owner is not None:
            pausing.judge_owner(tx, rule, pausing.gone_reason(owner, directory), admins, now)
