"""Links between Slack accounts and people in iSpring as admins make them: what a link would do, and making it."""

from dataclasses import dataclass
from datetime import datetime

from bot.domain.directory import Directory
from bot.domain.email_matching import is_shared_mailbox
from bot.domain.staff import Person
from bot.domain.text import count
from bot.domain.viewers import BY_EMAIL, SlackUser
from bot.store.database import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkPreview:
    """What a link would do. `sees_of`: how many other people's sessions the account could see then.

    `displaced`: accounts whose link to the same person it ends. `person_before`: id of the person whom the account is
    linked to now. `warnings`: sentences about addresses that several people may use.
    """

    user_id: str
    person: Person
    sees_of: int
    is_made: bool
    displaced: tuple[str, ...] = ()
    person_before: str | None = None
    warnings: tuple[str, ...] = ()

    @property
    def sees(self) -> str:
        """What the account could see then, in words."""
        if not self.sees_of:
            return "the sessions in which they are the employee or the observer"
        return f"their own sessions and those of {count(self.sees_of, 'person', 'people')} they supervise or manage"


def preview_link(tx: Tx, user: SlackUser, person: Person, directory: Directory) -> LinkPreview:
    """What linking a full member of the workspace to an active person would do; nothing is changed."""
    of_account, of_person = tx.people.link_of(user.user_id), tx.people.link_to(person.person_id)
    team = directory.supervised_by(person.person_id) | directory.managed_by(person.person_id)
    is_same = of_account is not None and of_account.person_id == person.person_id
    return LinkPreview(
        user_id=user.user_id,
        person=person,
        sees_of=len(team - {person.person_id}),
        is_made=is_same and of_account is not None and of_account.by != BY_EMAIL,
        displaced=() if of_person is None or of_person.slack_user_id == user.user_id else (of_person.slack_user_id,),
        person_before=None if of_account is None or is_same else of_account.person_id,
        warnings=tuple(_warnings(tx, user, person, directory)),
    )


def make_link(tx: Tx, preview: LinkPreview, by: str, now: datetime) -> None:
    """Makes the link that was previewed, by an admin or the operator, and writes it to the audit log."""
    user_id, person_id = preview.user_id, preview.person.person_id
    tx.people.link(user_id, person_id, by, None, now)
    tx.audit_log.write(by, "link", link_subject(user_id, person_id), now)
    for one in preview.displaced:
        tx.audit_log.write(by, "unlink", link_subject(one, person_id), now)


def link_subject(user_id: str, person_id: str) -> str:
    """A link as the subject of a line of the audit log."""
    return f"user:{user_id}:person:{person_id}"


def _warnings(tx: Tx, user: SlackUser, person: Person, directory: Directory) -> list[str]:
    """A mailbox that several people read proves no identity: each of them could sign in and see what the link shows."""
    found = []
    addresses = dict.fromkeys(address.lower() for address in (user.email, person.email) if address)
    for address in addresses:
        people = len(directory.with_email(address))
        accounts = [one for one in tx.people.slack_users_with(address) if one.not_allowed_reason != "deactivated"]
        if people > 1:
            found.append(f"{count(people, 'person', 'people')} in iSpring have the address {address}.")
        elif len(accounts) > 1:
            found.append(f"{count(len(accounts), 'Slack account')} have the address {address}.")
        elif is_shared_mailbox(address):
            found.append(f"{address} looks like a mailbox that several people use.")
    if len(addresses) > 1:
        found.append("The two accounts have different addresses: make sure that both belong to the same person.")
    return found
