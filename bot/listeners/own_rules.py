"""Which rules a viewer may end and change, found by the number that they typed or pressed."""

from bot.domain.errors import NotAllowed, QueryError
from bot.domain.notifications import Destination, DestinationKind
from bot.domain.permissions import scope_of
from bot.domain.rules import Rule, RuleForm, RuleState
from bot.domain.viewers import Viewer
from bot.listeners.access_scope import AccessView, may_read
from bot.query.nearest import nearest
from bot.query.parser import Names, Query
from bot.services.rules import NOT_READABLE, rule_text, text_for_reader
from bot.store.database import Tx

CURRENT = (RuleState.PENDING, RuleState.ACTIVE, RuleState.PAUSED)
_DIGITS = 10  # of a rule's number at most
_DOES = {"unsubscribe": "end", "pause": "pause", "resume": "resume", "edit": "edit", "handover": "hand over"}


def ends(viewer: Viewer, rule: Rule) -> bool:
    """Whether a viewer may end a rule: its owner, the person it sends to, and admins."""
    return viewer.is_admin or is_theirs(viewer, rule)


def is_theirs(viewer: Viewer, rule: Rule) -> bool:
    """Whether a viewer made a rule, or it sends to them: they may have another account than when it was made."""
    return rule.owner == viewer.slack_user_id or (
        viewer.person_id is not None and rule.destination == Destination(DestinationKind.PERSON, viewer.person_id)
    )


def own_rule_text(tx: Tx, viewer: Viewer, rule: Rule) -> str:
    """The query of a rule that a viewer may end, in words; without names that they may not see if they did not make
    it."""
    directory = tx.people.directory()
    read = rule_text if rule.owner == viewer.slack_user_id else text_for_reader
    return read(tx, rule.query, scope_of(viewer, directory), directory)


def refuse_unreadable(access: AccessView, rule: Rule, query: Query, known: Names) -> None:
    """Raises NotAllowed if a rule was made by another user and names what the viewer may not see."""
    if rule.owner != access.viewer.slack_user_id and not may_read(access, query, known):
        raise NotAllowed(f"it posts {NOT_READABLE}")


def own_rule(tx: Tx, viewer: Viewer, typed: str, verb: str, remaining: str = "") -> Rule:
    """The rule of a number that a viewer may end or change. Raises QueryError, with the nearest that there are;
    `remaining` follows the number in a suggestion."""
    # Owners who lost their access may still end their rules: the answer names only what they may see.
    mine = [rule for rule in tx.rules.all(CURRENT) if ends(viewer, rule)]
    found = next((rule for rule in mine if typed == str(rule.rule_id)), None)
    if found is not None and verb == "edit" and found.options.form is RuleForm.DIGEST:
        raise QueryError(
            f"Rule {typed} sends a digest: end it, and save another one.",
            [f"unsubscribe {typed}", f"digest {found.options.schedule}"],
        )
    if found is not None:
        return found
    # Only their own are suggested: a wrong number of an admin's is no wish to end or change somebody else's.
    numbers = nearest(typed, [str(rule.rule_id) for rule in mine if is_theirs(viewer, rule)], at_least=0)
    listed = "rules all" if viewer.is_admin else "rules"
    suggested = [f"{verb} {number} {remaining}".rstrip() for number in numbers]
    raise QueryError(_why_none(tx, viewer, typed, verb), suggested or [listed])


def _why_none(tx: Tx, viewer: Viewer, typed: str, verb: str) -> str:
    """Why a viewer may end or change no rule of a number. Only admins learn whether others have it."""
    known = tx.rules.get(int(typed)) if typed.isdecimal() and len(typed) < _DIGITS else None
    if known is not None and ends(viewer, known):
        return f"Rule {typed} has ended."
    if not typed.isdecimal():
        return f"“{typed}” is no number of a rule."
    if viewer.is_admin:
        return f"There is no rule {typed}."
    what = _DOES.get(verb, "change")
    return f"You have no rule “{typed}” that you may {what}: only its owner and admins of Spotter may."
