"""A roll of session ids, to find out whom one of iSpring's answers names and another leaves out."""

from array import array
from bisect import bisect_left
from collections.abc import Iterable
from itertools import groupby


class IdSet:
    """Many session ids, each kept as a number of eight bytes: a million of them take 8 MB, as texts they took 90.

    Two ids that share a number would count as one: among a million the chance is one in thirty million.
    """

    def __init__(self, session_ids: Iterable[str] = ()) -> None:
        """Ids in lower case; one that comes twice counts once."""
        self._numbers = array("q")
        self._is_sorted = True
        self.add(session_ids)

    def add(self, session_ids: Iterable[str]) -> None:
        self._numbers.extend(map(hash, session_ids))
        self._is_sorted = False

    def __contains__(self, session_id: str) -> bool:
        number, numbers = hash(session_id), self._sorted()
        place = bisect_left(numbers, number)
        return place < len(numbers) and numbers[place] == number

    def __len__(self) -> int:
        return len(self._sorted())

    def _sorted(self) -> "array[int]":
        if not self._is_sorted:
            self._numbers = array("q", (number for number, _ in groupby(sorted(self._numbers))))
            self._is_sorted = True
        return self._numbers
