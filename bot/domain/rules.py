"""Rules: which sessions go where, when and in which form."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.domain.notifications import Destination
from bot.domain.reasons import ReasonCode
from bot.domain.text import digest_of

ORPHANED = frozenset({ReasonCode.OWNER_GONE, ReasonCode.OWNER_ERASED})  # why a rule waits for another owner
OPERATOR = "operator"  # owner of what the command line or DEFAULT_CHANNEL made: counts as admin


class RuleState(StrEnum):
    PENDING = "pending"  # its intro is not posted yet
    ACTIVE = "active"
    PAUSED = "paused"  # its channel can't be reached; resumes when the bot is back
    ENDED = "ended"


class RuleForm(StrEnum):
    """What a rule sends."""

    RESULTS = "results"  # a card for each completed session
    DIGEST = "digest"  # the figures of a period
    REMINDER = "reminder"  # what is planned or unfinished


class NamesShown(StrEnum):
    """How the messages of a rule call people."""

    FULL = "full"
    INITIALS = "initials"


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleOptions:
    """What a rule sends, when and how.

    `schedule`: in its canonical form, `weekly mon 09:00`, in the IANA zone `zone`; None for at once. `edits`: whether a
    correction changes the cards that were posted; what the owner may not see any more is redacted in any case.
    `only_to_act`: a digest comes only when action is needed, and once a month as a sign of life. `csv`: the sessions
    that it is about follow as a file in its thread.
    """

    form: RuleForm = RuleForm.RESULTS
    schedule: str | None = None
    zone: str | None = None
    edits: bool = True
    names: NamesShown = NamesShown.FULL
    only_to_act: bool = False
    csv: bool = True


DEFAULT_OPTIONS = RuleOptions()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What a channel or a person gets. It matches only listings requested after `active_since`, when its introduction
    was first tried; that of a person's rule is the answer to the command that made it.

    `owner` is a Slack user id or `OPERATOR`; `query` is canonical text of `bot.query` with people by id, ""
    for every completed session. `resumes_at`: the end of a pause made by a person. `offered_to`: the Slack user who
    may take it over. `scheduled_since`: when its schedule was set, None without one.
    """

    rule_id: int
    destination: Destination
    owner: str
    query: str
    state: RuleState
    created_at: datetime
    active_since: datetime | None = None
    reason_code: ReasonCode = ReasonCode.NONE
    reason: str = ""
    options: RuleOptions = DEFAULT_OPTIONS
    resumes_at: datetime | None = None
    offered_to: str | None = None
    scheduled_since: datetime | None = None


def basis_of(rule: Rule) -> str:
    """What is shown of a rule, as hex digits for each of its parts. A question about a rule carries it, so that the
    answer saves nothing if the rule was changed since."""
    return ".".join(digest_of(text)[:_PART] for text in _parts(rule).values())


def changed_since(rule: Rule, basis: str) -> list[str]:
    """The parts of a rule that differ from those that a question rested on; none if that can't be said, because the
    question was asked in an earlier version."""
    before, parts = basis.split("."), _parts(rule)
    if len(before) != len(parts):
        return []
    return [name for (name, text), one in zip(parts.items(), before, strict=True) if digest_of(text)[:_PART] != one]


_PART = 8  # hex digits of a part


def _parts(rule: Rule) -> dict[str, str]:
    options = rule.options
    return {
        "its conditions": rule.query,
        "its schedule": repr((str(options.form), options.schedule, options.zone, options.only_to_act)),
        "what corrections change": repr(options.edits),
        "how people are called": str(options.names),
        "where it posts": str(rule.destination),
        "its owner": rule.owner,
    }
