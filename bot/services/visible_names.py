"""The names that a viewer may ask for, and read in a rule: those that occur in what they may see."""

from collections.abc import Collection

from bot.domain.directory import Directory
from bot.domain.permissions import AccessScope
from bot.query.keys import KEYS
from bot.query.parser import Names, Query, mentioned
from bot.store.database import Tx

SESSIONS_FOR_NAMES = 3_000  # the newest that a viewer may see: their observers and employees may be asked for


def visible_names(tx: Tx, scope: AccessScope, directory: Directory, query: Query, me: str | None = None) -> Names:
    """The people, departments, checklists and mentioned users within a scope; read only if the query holds a name."""
    if all(KEYS[term.key].kind is None for term in query.terms):
        return Names(directory, me=me)
    return all_visible_names(tx, scope, directory, mentioned(query), me)


def all_visible_names(
    tx: Tx, scope: AccessScope, directory: Directory, users: Collection[str] = (), me: str | None = None
) -> Names:
    """All people, departments and checklists within a scope, and who of the mentioned Slack users is within it.

    `me` is the viewer's own person id.
    """
    within = directory if scope.everything else _directory_of(tx, scope, directory)
    linked = {user: tx.people.linked_person(user) for user in users}
    mentions = {user: person for user, person in linked.items() if person is not None and person in within.people}
    return Names(within, tx.search.checklist_titles(scope), mentions, me)


def _directory_of(tx: Tx, scope: AccessScope, directory: Directory) -> Directory:
    """The part of the directory that occurs in what lies within a scope."""
    people = set(scope.employees)
    if scope.person_id is not None:
        people.add(scope.person_id)
    if not scope.is_empty:
        people |= tx.search.people_in(scope, SESSIONS_FOR_NAMES)
    known = [person for one in people if (person := directory.people.get(one)) is not None]
    departments = {
        department.department_id: department
        for one in {person.department_id for person in known}
        for department in directory.department_path(one)
    }
    return Directory.of(known, departments.values(), directory.erased)
