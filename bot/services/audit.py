"""The audit log in words: the names of its ids, as they are known today."""

import re
from collections.abc import Iterable, Sequence

from bot.domain.audit import AuditEntry, AuditLine
from bot.domain.errors import QueryError
from bot.domain.model import SessionKey
from bot.domain.mutes import Mute
from bot.domain.notifications import Destination, DestinationKind
from bot.domain.permissions import EVERYTHING
from bot.domain.rules import OPERATOR, Rule
from bot.domain.text import count, digest_of
from bot.query.by_id import with_labels
from bot.query.names import Names
from bot.query.parser import parse, words
from bot.services.pausing import SPOTTER
from bot.store.database import Tx

_SLACK_USER = re.compile(r"[UW][A-Z0-9]{2,}")
_DIGITS = 10  # of a number that is stored, fewer than these
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
            old=names.value(one.old),
            new=names.value(one.new),
            channel_id=names.channel(one.subject),
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

    def value(self, value: str) -> str:
        """A value before or after: an account, or the operator, with its name; anything else as it is."""
        return _BY_THEMSELVES.get(value) or (self.account(value) if _SLACK_USER.fullmatch(value) else value)

    def channel(self, subject: str) -> str | None:
        """The channel that an entry is about, None if it is about none."""
        kind, _, ident = subject.partition(":")
        if kind == "channel":
            return ident.partition(":")[0] or None
        about = self._sending(kind, ident)
        is_channel = about is not None and about.destination.kind is DestinationKind.CHANNEL
        return about.destination.id if about is not None and is_channel else None

    def _sending(self, kind: str, number: str) -> Rule | Mute | None:
        """The rule or the mute of a number."""
        if not number.isdecimal() or len(number) >= _DIGITS:
            return None
        return self._tx.rules.get(int(number)) if kind == "rule" else self._tx.mutes.get(int(number))

    def place(self, destination: Destination) -> str:
        """A channel's id, or whose direct messages: "in C0STORE12", "for Ana López"."""
        match destination.kind:
            case DestinationKind.CHANNEL:
                return f"in {destination.id}"
            case DestinationKind.PERSON:
                return f"for {self.person(destination.id)}"
            case DestinationKind.USER:
                return f"for {self.account(destination.id)}"

    def subject(self, subject: str) -> str:
        kind, _, ident = subject.partition(":")
        match kind:
            case "rule" | "mute":
                about = self._sending(kind, ident)
                of = "" if about is None else f" {self.place(about.destination)}: {self.query(about.query)}"
                return f"{kind} {ident}{of}"
            case "channel":
                channel_id, _, more = ident.partition(":")
                shared = len(more.split(",")) if more.startswith("session:") else 0
                return f"{count(shared, 'session')} in {channel_id}" if shared else f"channel {ident}"
            case "day" | "sessions" | "delivery":
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
