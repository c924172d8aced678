"""The audit log in words: the names of its ids, as they are known today."""

import re
from collections.abc import Iterable, Sequence

from bot.domain.audit import AuditEntry, AuditLine
from bot.domain.errors import QueryError
from bot.domain.model import SessionKey
from bot.domain.notifications import Destination, DestinationKind
from bot.domain.permissions import EVERYTHING
from bot.domain.rules import OPERATOR
from bot.domain.text import digest_of
from bot.query.by_id import with_labels
from bot.query.names import Names
from bot.query.parser import parse, words
from bot.services.pausing import SPOTTER
from bot.store.database import Tx

_SLACK_USER = re.compile(r"[UW][A-Z0-9]{2,}")
_BY_THEMSELVES = {OPERATOR: "the command line", SPOTTER: "Spotter"}


def in_words(tx: Tx, entries: Iterable[AuditEntry]) -> Sequence[AuditLine]:
    """The entries in their order. An id that is not known any more stays an id."""
    names = _Names(tx)
    return [
        AuditLine(
            at=one.at,
            who=_BY_THEMSELVES.get(one.who) or names.account(one.who),
            slack_user_id=one.who if _SLACK_USER.fullmatch(one.who) else None,
            verb=one.verb,
            what=names.subject(one.subject),
            old=one.old,
            new=one.new,
        )
        for one in entries
    ]


class _Names:
    def __init__(self, tx: Tx) -> None:
        self._tx = tx
        self._people = tx.people.directory()
        self._titles = tx.search.checklist_titles(EVERYTHING)

    def person(self, person_id: str) -> str:
        known = self._people.people.get(person_id)
        return known.name if known is not None else person_id

    def account(self, user_id: str) -> str:
        """A Slack account with the name of the person who has it, or whose only account has the same e-mail address."""
        link, seen = self._tx.people.link_of(user_id), self._tx.people.slack_user(user_id)
        if link is not None:
            return f"{self.person(link.person_id)} ({user_id})"
        named = self._people.with_email(seen[0].email) if seen is not None and seen[0].email else ()
        return f"{named[0].name} ({user_id})" if len(named) == 1 else user_id

    def query(self, text: str) -> str:
        """A stored query in words, with the names of its ids."""
        try:
            return words(with_labels(parse(text), Names(self._people, self._titles)))
        except QueryError:
            return text

    def _place(self, destination: Destination) -> str:
        """Where a rule or a mute is: a channel's id, or a person's name."""
        if destination.kind is DestinationKind.CHANNEL:
            return f"in {destination.id}"
        return f"for {self.person(destination.id)}"

    def subject(self, subject: str) -> str:
        kind, _, ident = subject.partition(":")
        match kind:
            case "rule" if ident.isdecimal() and len(ident) < 10:
                rule = self._tx.rules.get(int(ident))
                return f"rule {ident}" + (f" {self._place(rule.destination)}: {self.query(rule.query)}" if rule else "")
            case "mute" if ident.isdecimal() and len(ident) < 10:
                mute = self._tx.mutes.get(int(ident))
                return f"mute {ident}" + (f" {self._place(mute.destination)}: {self.query(mute.query)}" if mute else "")
            case "day" | "sessions" | "delivery" | "channel":
                return f"{kind} {ident}"
            case "checklist":
                return "every checklist" if ident == "all" else f"checklist “{self._titles.get(ident, ident)}”"
            case "criterion":
                checklist_id, _, digest = ident.rpartition(":")
                known = (
                    *self._tx.targets.criteria_of([checklist_id]).get(checklist_id, ()),
                    *self._tx.targets.current().critical.get(checklist_id, ()),
                )
                title = next((one.title for one in known if digest_of(one.title) == digest), digest)
                return f"criterion “{title}” of “{self._titles.get(checklist_id, checklist_id)}”"
            case "session":
                session_id, _, employee_id = ident.partition(":")
                short = self._tx.search.short_id(SessionKey(session_id, employee_id))
                return f"session {short} of {self.person(employee_id)}"
            case "user":
                user_id, _, person = ident.partition(":person:")
                return f"{self.account(user_id)} and {self.person(person)}" if person else self.account(user_id)
            case "person":
                return self.person(ident)
        return subject
