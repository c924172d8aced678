"""The audit log in words: the names of its ids, as they are known today."""

import re
from collections.abc import Iterable, Sequence
from typing import Required, TypedDict

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
NAMED = 3  # sessions of one entry
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
            old=names.value(one.old),
            new=names.value(one.new),
            **names.subject(one.subject),
        )
        for one in entries
    ]


class _What(TypedDict, total=False):
    """The fields of a line that a subject gives."""

    what: Required[str]
    channel_id: str | None
    about: str


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

    def value(self, text: str) -> str:
        """A value before or after: that of a rule's owner is an account, or the operator."""
        return _BY_THEMSELVES.get(text) or (self.account(text) if _SLACK_USER.fullmatch(text) else text)

    def with_destination(self, what: str, destination: Destination, query: str) -> _What:
        """A rule or a mute, with where it is and what it asks for."""
        about = self.query(query)
        match destination.kind:
            case DestinationKind.CHANNEL:
                return _What(what=what, channel_id=destination.id, about=about)
            case DestinationKind.PERSON:
                return _What(what=f"{what} for {self.person(destination.id)}", about=about)
            case DestinationKind.USER:
                return _What(what=f"{what} for {self.account(destination.id)}", about=about)

    def subject(self, subject: str) -> _What:
        kind, _, ident = subject.partition(":")
        if kind in ("rule", "mute") and ident.isdecimal() and len(ident) < 10:
            found = self._tx.rules.get(int(ident)) if kind == "rule" else self._tx.mutes.get(int(ident))
            if found is not None:
                return self.with_destination(f"{kind} {ident}", found.destination, found.query)
        if kind == "channel" and (shared := ident.partition(":session:"))[1]:
            ids = [one[:8] for one in shared[2].split(",session:")]
            more = f" and {len(ids) - NAMED} more" if len(ids) > NAMED else ""
            return _What(what=f"session {', '.join(ids[:NAMED])}{more}", channel_id=shared[0])
        return _What(what=self._text(subject, kind, ident))

    def _text(self, subject: str, kind: str, ident: str) -> str:
        match kind:
            case "rule" | "mute" | "day" | "sessions" | "delivery" | "channel":
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
