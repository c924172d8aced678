"""What may stand in no log, metric, metadata or complaint: one list and one search, for every test."""

import re
from collections.abc import Iterable

# An address, a token of Slack's or of iSpring's, whatever its value.
_ANY = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+|xox[a-z]-[\w-]+|xapp-[\w-]+|Bearer \S+", re.ASCII)
# People of the worlds that tests are played in, by the whole name: a first name alone is a word like others.
PEOPLE = frozenset(
    {
        *("Emma Employee", "Yves Colleague", "Olga Observer", "Sam Supervisor", "Dana Manager"),
        *("Zoltan Kovacs", "Ulf Lind", "Xenia Papas", "Ana Silva", "Ben Ito", "Guy Guest"),
        *("Quillon Abernathy", "Zebulon Marchbanks", "Ottoline Feverstone"),
    }
)


def leaks(text: str, words: Iterable[str] = ()) -> list[str]:
    """The addresses, tokens, people and further words that a text tells, sorted."""
    found = set(_ANY.findall(text)) | {one for one in (*PEOPLE, *words) if one and one in text}
    return sorted(found)
