"""The owners of rules, and which rules pause because their owner is gone.

A poll takes them as they are stored: it must not wait for Slack. The regular checks ask Slack.
"""

from collections.abc import Collection, Iterable, Mapping
from collections.abc import Set as AbstractSet
from datetime import datetime

from bot.domain.errors import MessengerRefused, MessengerUnavailable
from bot.domain.model import OPERATOR, Rule, RuleState, Viewer
from bot.domain.ports import Contacts
from bot.domain.reasons import ReasonCode
from bot.domain.routing import MATCHABLE_STATES
from bot.services import pausing
from bot.services.owners import stored_viewer
from bot.store.database import Tx

Owners = Mapping[str, Viewer | None]  # by Slack user id; None if Slack does not say for certain who they are


def owners_of(rules: Iterable[Rule]) -> set[str]:
    """The Slack users who own these rules; without the operator and erased people."""
    return {rule.owner for rule in rules if rule.reason_code is not ReasonCode.OWNER_ERASED} - {OPERATOR}


def stored_owners(tx: Tx, admins: AbstractSet[str]) -> Owners:
    """The owners of all rules that match, as they were last known."""
    return {owner: stored_viewer(tx, owner, admins) for owner in owners_of(tx.rules.all(MATCHABLE_STATES))}


def misjudged(tx: Tx, owners: Owners) -> bool:
    """Whether `judge_owners` would change a rule."""
    if tx.people.directory_at() is None:
        return False
    directory = tx.people.directory()
    gone = {name: bool(pausing.gone_reason(owner, directory)) for name, owner in owners.items() if owner is not None}
    rules = tx.rules.all((RuleState.ACTIVE, RuleState.PAUSED))
    return any(rule.owner in gone and gone[rule.owner] is not pausing.is_orphan(rule) for rule in rules)


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
