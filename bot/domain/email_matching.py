"""Which iSpring person a Slack account belongs to by its e-mail address, and the reasons shown for or against a
link."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain.directory import Directory
from bot.domain.staff import Person, PersonStatus
from bot.domain.viewers import Link, SlackUser

# Why an account is matched to a person, or is not; shown to the account's user.
LINKED_BY_ADMIN = "an admin linked your Slack account to your iSpring account"
LINKED_ELSEWHERE = "an admin linked the iSpring account with your e-mail address to another Slack account"
LINK_REJECTED = "you said that the iSpring account with your e-mail address is not yours"
NO_NEW_LINKS = "iSpring's people could not be read for a day, so no account is linked until they are"
UNLINKED_BY_ADMIN = "an admin unlinked your Slack account from iSpring"


def no_member(user: SlackUser) -> str:
    """Why a person who is no full member sees nothing."""
    return f"your Slack account is not a full member of this workspace ({user.not_allowed_reason})"


@dataclass(frozen=True, slots=True)
class EmailMatch:
    """The person a Slack account belongs to, or None, and why."""

    person: Person | None
    reason: str


def match_by_email(user: SlackUser, same_address: int, directory: Directory) -> EmailMatch:
    """Which person an account belongs to by its e-mail alone; `same_address` counts the Slack accounts that have it.

    A shop's shared mailbox proves nothing, so the address must be of exactly one account and one active person.
    """
    if not user.is_full_member:
        return EmailMatch(None, no_member(user))
    if not user.email:
        return EmailMatch(None, "Slack does not show your e-mail address")
    people = directory.with_email(user.email)
    if not people:
        return EmailMatch(None, "no active person in iSpring has the e-mail address of your Slack account")
    if len(people) > 1 or same_address > 1:
        return EmailMatch(None, "more than one person shares the e-mail address of your Slack account")
    return EmailMatch(people[0], "your Slack account and your iSpring account have the same e-mail address")


def is_unproved(link: Link, user: SlackUser, directory: Directory) -> bool:
    """Whether a link by e-mail is only not proved now, by an answer that lacks the person, their status or either
    address. It gives no right meanwhile; what ends with it stays, for the next answer may be whole.

    Another address, a person who is not active, or one who was erased ends it.
    """
    person = directory.people.get(link.person_id)
    if link.person_id in directory.erased or user.email not in (None, "", link.email):
        return False
    if person is None:
        return True
    if person.email not in (None, link.email) or person.status not in (PersonStatus.ACTIVE, PersonStatus.UNKNOWN):
        return False
    return not user.email or person.email is None or person.status is PersonStatus.UNKNOWN


NOT_ASKED = "Slack was not asked yet"  # it is once something is to be sent to them, or when they ask something


def why_unmatched(
    person: Person, accounts: Sequence[SlackUser], *, has_no_account: bool, link_blocks: bool, directory: Directory
) -> str:
    """Why an active person has no link, as shown to an admin.

    `accounts` are the known Slack accounts with their address, the deactivated ones included; `has_no_account`: Slack
    said that no account has it; `link_blocks`: an account of these was unlinked, or rejected the match.
    """
    if not person.email:
        return "no e-mail address in iSpring"
    if len(directory.with_email(person.email)) > 1:
        return "shares an e-mail address in iSpring"
    if link_blocks:
        return "was unlinked, or said not to be the one"
    members = [one for one in accounts if one.is_full_member]
    if len(members) > 1:
        return "shares an e-mail address in Slack"
    if accounts and not members:
        return f"is no full member in Slack ({accounts[0].not_allowed_reason})"
    if has_no_account:
        return "no Slack account has this e-mail address"
    return NOT_ASKED


_PLACE_OR_JOB = re.compile(
    r"""
    accounts|admin|all|bar|branch|cafe|contact|crew|desk|filiale|front|frontdesk|hello|help|hotel|hr|info|jobs|kitchen|
    kontakt|lager|laden|mail|managers?|markt|office|post|reception|restaurant|sales|service|shift|shop|site|staff|
    standort|stores?|support|team|training|warehouse
    """,
    re.VERBOSE,
)
_PARTS = re.compile(r"[^\W\d_]+")


def is_shared_mailbox(address: str) -> bool:
    """Whether an address sounds like a place or a job and not like a person: info@, store12@, front-desk.3@."""
    local = address.partition("@")[0].partition("+")[0].lower()
    parts = _PARTS.findall(local)  # none in a personnel number
    return bool(parts) and all(_PLACE_OR_JOB.fullmatch(part) for part in parts)
