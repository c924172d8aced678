"""How often Python looks for garbage in circles: seldom, for a listing makes millions of values and hardly a circle."""

import gc

BETWEEN_PASSES = 50_000  # values made and still alive; Python's own 700 costs a first listing a tenth of its time
YOUNG_PASSES, MIDDLE_PASSES = 20, 50  # until the next older ones are looked through too


def settle() -> None:
    """At the start, once everything is imported: what is there now is there for good and never looked through again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(BETWEEN_PASSES, YOUNG_PASSES, MIDDLE_PASSES)
