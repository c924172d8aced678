"""The people and departments of a company, as iSpring says."""

from dataclasses import dataclass
from enum import StrEnum


class PersonStatus(StrEnum):
    """iSpring's 1, 3 and 5; anything else is unknown and counts as not active."""

    ACTIVE = "active"
    INACTIVE = "inactive"
    LEFT = "left"
    UNKNOWN = "unknown"


class Subordination(StrEnum):
    """How a person's supervisor is determined."""

    MANUAL = "manual"
    INHERIT = "inherit"
    NONE = "no_supervisor"


class Supervision(StrEnum):
    """Whom a supervisor supervises: their people and in turn the people of these, or only their people."""

    CHAIN = "chain"
    DIRECT = "direct"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A person in iSpring. `email` is lower-case; `name` is what to show, never empty."""

    person_id: str
    name: str
    email: str | None = None
    job_title: str | None = None
    department_id: str | None = None
    status: PersonStatus = PersonStatus.ACTIVE
    subordination: Subordination = Subordination.INHERIT
    supervisor_id: str | None = None
    manages_departments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Department:
    """A place in the tree; the root has no parent. `supervisor_id` only where set by hand."""

    department_id: str
    name: str
    parent_id: str | None = None
    subordination: Subordination = Subordination.INHERIT
    supervisor_id: str | None = None
