"""The owners of rules, as Slack and iSpring know them now; and which rules pause because their owner is gone."""

import asyncio
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from datetime import datetime

from bot.domain.errors import MessengerError, MessengerRefused, StoreBusy
from bot.domain.ports import Contacts
from bot.domain.reasons import ReasonCode
from bot.domain.rules import OPERATOR, Rule, RuleState
from bot.domain.viewers import Viewer
from bot.services import pausing
from bot.services.owners import OwnerRights
from bot.store.database import Tx

ASKED_AT_ONCE = 8
BUDGET = 15.0  # seconds for all of them together; a look-up goes on for others, and its answer is found next time

# By Slack user id; None if it is not certain who they are: Slack or the database can't say.
Owners = Mapping[str, Viewer | None]


def owners_of(rules: Iterable[Rule]) -> set[str]:
    """The Slack users who own these rules; without the operator and erased people."""
    return {rule.owner for rule in rules if rule.reason_code is not ReasonCode.OWNER_ERASED} - {OPERATOR}


async def ask_about(contacts: Contacts, owners: Collection[str], *, anew: bool = False) -> Owners:
    """These users, asked about in parallel within one budget. `anew`: also those whose proof is not too old yet."""
    found: dict[str, Viewer | None] = dict.fromkeys(owners)
    slots = asyncio.Semaphore(ASKED_AT_ONCE)

    async def ask(owner: str) -> None:
        async with slots:
            found[owner] = await _ask_about(contacts, owner, anew)

    with suppress(TimeoutError):
        async with asyncio.timeout(BUDGET), asyncio.TaskGroup() as group:
            for owner in sorted(owners):
                group.create_task(ask(owner))
    return found


async def _ask_about(contacts: Contacts, owner: str, anew: bool) -> Viewer | None:
    try:
        try:
            await (contacts.prove(owner) if anew else contacts.user(owner))
        except MessengerError as error:
            if not (isinstance(error, MessengerRefused) and error.is_unknown_user):
                return None
        return await contacts.viewer(owner)
    except StoreBusy:  # out of the task group it would come as another error, which ends the process
        return None


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


def judge_stored_owners(tx: Tx, rights: OwnerRights) -> None:
    """As `judge_owners`, of the owners that what is stored proves; the others are asked about beside the poll."""
    rules = tx.rules.all((RuleState.ACTIVE, RuleState.PAUSED))
    stored = {owner: rights.of(tx, owner) for owner in owners_of(rules)}
    proved = {owner: viewer for owner, viewer in stored.items() if not rights.is_to_be_asked(tx, viewer)}
    judge_owners(tx, proved, rights.admins, rights.now)
