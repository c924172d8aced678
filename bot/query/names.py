"""Names as values: how one is read, what it means among the names that are known, and how an id stands for it.

A stored query holds ids instead of names: `employee:<id:1f2e3d4c>`. So a person is renamed or erased without rewriting
any query.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

from bot.domain.directory import Directory
from bot.domain.filters import ids_named
from bot.domain.retention import ERASED_PERSON
from bot.domain.text import clip
from bot.query.nearest import normalize, positions_nearest

MENTION = re.compile(r"<@([A-Za-z0-9]+)(?:\|[^<>]*)?>")
_ID = re.compile(r"<id:([A-Za-z0-9_.~%-]+)>")
_ENCODED = re.compile(r"[^A-Za-z0-9_.~-]+")
_PERCENT = re.compile(r"(?:%[0-9A-Fa-f]{2})+")
_CHANNEL = re.compile(r"<#[A-Za-z0-9]+\|([^<>]+)>")
_ESCAPES = {"&amp;": "&", "&lt;": "<", "&gt;": ">"}
ME = "me"  # the asker, before any name
LONGEST_NAME = 200
_LONGEST_LABEL = 120
_NO_MARKUP = str.maketrans("<>", "‹›")


class Kind(StrEnum):
    """What a name is the name of."""

    PERSON = "person"
    DEPARTMENT = "department"
    CHECKLIST = "checklist"


# ---- reading -----------------------------------------------------------------------------------------------------


def read_name(text: str) -> str:
    """Canonical text of a name, or of an id (see `id_value`). Raises ValueError."""
    if len(text) > LONGEST_NAME:
        raise ValueError(f"a name has at most {LONGEST_NAME} letters")
    name = ""
    while name != text:
        name, text = text, _plainer(text)
    if not name:
        raise ValueError("there is no name behind the colon")
    ident = id_of(name)
    return name if ident is None else id_value(ident)


def read_person(text: str) -> str:
    """As `read_name`; a mention of a Slack user becomes `<@U0123>`. Raises ValueError."""
    name = read_name(text)  # a mention may come with an @ before it, invisible signs around it, or in entities
    mention = MENTION.fullmatch(name)
    if mention:
        return f"<@{mention[1].upper()}>"
    return ME if name.lower() in (ME, "myself") else name


def _plainer(text: str) -> str:
    """One step towards what was meant: until nothing changes, so that canonical text reads as itself."""
    text = _CHANNEL.sub(r"\1", text)
    text = re.sub("&(?:amp|lt|gt);", lambda found: _ESCAPES[found[0]], text)
    text = "".join(c for c in unicodedata.normalize("NFC", text) if c.isprintable() or c.isspace())
    return " ".join(text.split()).lstrip("@ ")


# ---- ids ---------------------------------------------------------------------------------------------------------


def id_value(ident: str) -> str:
    """An id as a value of a query: `<id:1f2e3d4c>`; what is no letter or digit of ASCII is percent-encoded."""
    return f"<id:{_ENCODED.sub(lambda found: _percent_encoded(found[0]), ident)}>"


def id_of(value: str) -> str | None:
    """The id that a value stands for; None for a name or a mention."""
    found = _ID.fullmatch(value)
    return None if found is None else _PERCENT.sub(lambda escapes: _percent_decoded(escapes[0]), found[1])


def _percent_encoded(text: str) -> str:
    return "".join(f"%{byte:02X}" for byte in text.encode("utf-8", "replace"))


def _percent_decoded(escapes: str) -> str:
    return bytes.fromhex(escapes.replace("%", "")).decode("utf-8", "replace")


# ---- what is known -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Names:
    """The names that a value can mean, for one viewer: nothing else exists for them.

    `checklists` maps ids to titles, `mentions` Slack user ids to person ids. `me` is the viewer's own person id, None
    if they are no one in iSpring.
    """

    directory: Directory = field(default_factory=Directory)
    checklists: Mapping[str, str] = field(default_factory=dict)
    mentions: Mapping[str, str] = field(default_factory=dict)
    me: str | None = None

    def all(self, kind: Kind) -> Mapping[str, str]:
        """The names of a kind by id."""
        match kind:
            case Kind.PERSON:
                return self.directory.derived(_people)
            case Kind.DEPARTMENT:
                return {ident: department.name for ident, department in self.directory.departments.items()}
            case Kind.CHECKLIST:
                return self.checklists

    def meant(self, kind: Kind, value: str) -> frozenset[str]:
        """The ids that a value means. An id means itself, known or not: who has left iSpring keeps their sessions."""
        if (ident := id_of(value)) is not None:
            return frozenset({ident})
        if mention := MENTION.fullmatch(value):
            person = self.mentions.get(mention[1]) if kind is Kind.PERSON else None
            return frozenset() if person is None else frozenset({person})
        if value == ME and kind is Kind.PERSON:
            return frozenset() if self.me is None else frozenset({self.me})
        if kind is Kind.DEPARTMENT and "," in value and (found := self.exactly(kind, value)):
            return found
        return ids_named(normalize(value), self._pairs(kind))

    def exactly(self, kind: Kind, value: str) -> frozenset[str]:
        """The ids whose whole name a value is; of departments also that behind the one above: "Store 12, Kitchen"."""
        wanted = normalize(value)
        found = frozenset(ident for name, ident in self._pairs(kind) if wanted and name == wanted)
        if found or kind is not Kind.DEPARTMENT or "," not in wanted:
            return found
        return frozenset(ident for path, ident in self.directory.derived(_normalized_paths) if path == wanted)

    def nearest(self, kind: Kind, value: str) -> tuple[str, ...]:
        """The names of a kind that are most like a value, each once, the best first."""
        # One name of each spelling: many people may be called alike.
        distinct = dict(zip((name for name, _ in self._pairs(kind)), self.all(kind).values(), strict=True))
        found = positions_nearest(value, [*distinct])
        shown = [*distinct.values()]
        return tuple(shown[at] for at in found)

    def known(self, kind: Kind, value: str) -> bool:
        """Whether a value means something that is known."""
        return not self.meant(kind, value).isdisjoint(self.all(kind))

    def in_departments(self, departments: frozenset[str]) -> frozenset[str]:
        """The people of departments, with their sub-departments."""
        return frozenset[str]().union(*(self.directory.people_under(one) for one in departments))

    def label(self, kind: Kind, ident: str) -> str:
        """What to show for an id. Names are iSpring's, so nothing in one can be read as a mention."""
        if kind is Kind.PERSON and ident in self.directory.erased:
            return f"an {ERASED_PERSON}"
        name = self.all(kind).get(ident)
        if kind is Kind.DEPARTMENT and name and len(self.exactly(kind, name)) > 1:  # Kitchens, each of another store
            name = ", ".join(one.name for one in reversed(self.directory.department_path(ident)[:2]))
        return clip((name or f"unknown {kind} ({ident[:8]})").translate(_NO_MARKUP), _LONGEST_LABEL)

    def _pairs(self, kind: Kind) -> Sequence[tuple[str, str]]:
        """(normalized name, id) pairs of a kind."""
        match kind:
            case Kind.PERSON:
                return self.directory.derived(_normalized_people)
            case Kind.DEPARTMENT:
                return self.directory.derived(_normalized_departments)
            case Kind.CHECKLIST:
                return self._checklist_pairs

    @cached_property
    def _checklist_pairs(self) -> Sequence[tuple[str, str]]:
        return _normalized(self.checklists)


def _normalized(names: Mapping[str, str]) -> Sequence[tuple[str, str]]:
    return [(normalize(name), ident) for ident, name in names.items()]


def _people(directory: Directory) -> Mapping[str, str]:
    return {ident: person.name for ident, person in directory.people.items()}


def _normalized_people(directory: Directory) -> Sequence[tuple[str, str]]:
    return _normalized(directory.derived(_people))


def _normalized_paths(directory: Directory) -> Sequence[tuple[str, str]]:
    """(normalized path, id) pairs of the departments that have one above."""
    paths = {ident: directory.department_path(ident)[:2] for ident in directory.departments}
    return _normalized(
        {ident: ", ".join(one.name for one in reversed(path)) for ident, path in paths.items() if len(path) > 1}
    )


def _normalized_departments(directory: Directory) -> Sequence[tuple[str, str]]:
    return _normalized({ident: department.name for ident, department in directory.departments.items()})
