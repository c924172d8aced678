"""How the interpreter shares its time, set once at the start of a process that reads long listings."""

import gc
import sys

BETWEEN_PASSES = 50_000  # values made and still alive; Python's own 700 costs a first listing a tenth of its time
YOUNG_PASSES, MIDDLE_PASSES = 20, 50  # until the next older ones are looked through too
LONGEST_TURN = 0.001  # seconds; each of the event loop's steps waits as long while a thread decodes rows


def tune_interpreter() -> None:
    """Garbage in circles is looked for seldom, for a listing makes millions of values and hardly a circle; what is
    imported by now is there for good and never looked through again. Threads give way to one another sooner."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(BETWEEN_PASSES, YOUNG_PASSES, MIDDLE_PASSES)
    sys.setswitchinterval(LONGEST_TURN)
