"""Counts the work of a piece of code, instead of measuring the time that it takes."""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any


class Calls:
    """The number of calls of Python's and of C's functions, which does not depend on the machine's speed."""

    def __init__(self) -> None:
        self.number = 0

    @contextmanager
    def of_this_thread(self) -> Iterator[None]:
        """Counts the calls of this thread while the block runs."""
        before = sys.getprofile()
        sys.setprofile(self._count)
        try:
            yield
        finally:
            sys.setprofile(before)

    @contextmanager
    def of_new_threads(self) -> Iterator[None]:
        """Counts the calls of each thread that starts while the block runs, as long as that thread lives."""
        before = threading.getprofile()
        threading.setprofile(self._count)
        try:
            yield
        finally:
            threading.setprofile(before)

    def _count(self, _frame: FrameType, event: str, _argument: Any) -> None:
        self.number += event in ("call", "c_call")
