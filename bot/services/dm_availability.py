"""Whether a person can be sent direct messages, and why not: from stored rows, without asking Slack."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.directory import Directory
from bot.domain.email_matching import match_by_email
from bot.domain.notifications import Destination, DestinationKind
from bot.domain.staff import Person
from bot.domain.viewers import BY_EMAIL, DirectMessages, Preferences
from bot.store.accounts import KnownAccounts
from bot.store.database import Tx

OBSERVED_WITHIN = timedelta(days=90)  # a person who observed nothing for longer gets no direct message soon


@dataclass(frozen=True, slots=True)
class Reachability:
    """The Slack account of a person's direct messages, None if there is none, and why.

    `is_unmatched`: they are known to have none that can be used, so that an admin may want to link one.
    """

    slack_user_id: str | None
    reason: str
    is_unmatched: bool = False


def observers(tx: Tx, now: datetime) -> list[Reachability]:
    """One for each of the `recent_observers`."""
    return reachability(tx, recent_observers(tx, now), tx.people.directory())


def recent_observers(tx: Tx, now: datetime) -> list[Person]:
    """Each active person who observed within the last 90 days; none before the first listing is stored."""
    if tx.polls.state().baseline_at is None:
        return []  # the index that makes this cheap is made last
    directory = tx.people.directory()
    ids = tx.people.observers_since(now - OBSERVED_WITHIN)
    return [person for one in ids if (person := directory.people.get(one)) is not None]


def reachability(tx: Tx, people: Sequence[Person], directory: Directory) -> list[Reachability]:
    """One for each of these active people of the directory, in their order."""
    known = tx.accounts.of([one.person_id for one in people])
    return [_of(tx, one, known, directory) for one in people]


def _of(tx: Tx, person: Person, known: KnownAccounts, directory: Directory) -> Reachability:
    if person.person_id in known.linked:
        return _linked(tx, person, known)
    if person.person_id in known.links:
        return _unmatched("the link by e-mail is suspended: one of the two addresses has changed or is missing")
    if not person.email:
        return _unmatched("iSpring has no e-mail address for this person")
    if len(directory.with_email(person.email)) > 1:
        return _unmatched("more than one person in iSpring has this e-mail address")
    users = known.with_address.get(person.email.lower(), ())
    if not users:
        if person.email.lower() in known.missed:
            return _unmatched("no Slack account has this person's e-mail address")
        return Reachability(None, "Slack was not asked yet: nothing was to be sent to them")
    accounts = [user for user in users if user.not_allowed_reason != "deactivated"] or users
    user = accounts[0]
    if user.user_id in known.blocked:
        return _unmatched("an admin ended the link with this Slack account")
    if not user.is_full_member:
        return _unmatched(f"their Slack account is not a full member of this workspace ({user.not_allowed_reason})")
    email_match = match_by_email(user, len(accounts), directory)
    if email_match.person is None:
        return _unmatched("more than one Slack account has this e-mail address")
    return Reachability(user.user_id, "the same e-mail address")


def _linked(tx: Tx, person: Person, known: KnownAccounts) -> Reachability:
    link = known.links[person.person_id]
    seen = known.users.get(link.slack_user_id)
    if seen is not None and not seen.is_full_member:
        return _unmatched(f"their Slack account is not a full member of this workspace ({seen.not_allowed_reason})")
    wishes = known.preferences.get(link.slack_user_id, Preferences())
    wants_none = wishes.as_observer is DirectMessages.NONE and wishes.as_employee in (None, DirectMessages.NONE)
    if wants_none and not tx.rules.at(Destination(DestinationKind.PERSON, person.person_id)):
        return Reachability(None, "they turned direct messages off")
    return Reachability(
        link.slack_user_id, "the same e-mail address" if link.by == BY_EMAIL else f"linked by {link.by}"
    )


def _unmatched(reason: str) -> Reachability:
    return Reachability(None, reason, is_unmatched=True)
