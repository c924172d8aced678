"""The six checklists of the demo's company: (title, published, areas); an area is (title, [(criterion, points)])."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

AreaText: TypeAlias = tuple[str, Sequence[tuple[str, int]]]
ChecklistText: TypeAlias = tuple[str, bool, tuple[AreaText, ...]]

CHECKLISTS: tuple[ChecklistText, ...] = (
    (
        "Opening the store",
        True,
        (
            (
                "Security and safety",
                (("Alarm off and doors checked in order", 3), ("Fire exits clear", 5), ("Cold room logged", 5)),
            ),
            (
                "Front of house",
                (("Floor swept and dry", 3), ("Till float counted by two people", 5), ("Menus and prices match", 3)),
            ),
            (
                "Kitchen",
                (("Probe calibrated", 5), ("Labels show today's date", 5), ("Handwash stations stocked", 4)),
            ),
        ),
    ),
    (
        "Closing and cash-up",
        True,
        (
            (
                "Cash",
                (("Till counted out of sight", 5), ("Difference explained in writing", 4), ("Safe drop sealed", 5)),
            ),
            ("Cleaning", (("Fryers drained and covered", 4), ("Drains flushed", 3), ("Bins out and lids shut", 3))),
            ("Lock-up", (("Gas isolated", 5), ("Last walk with a second person", 4), ("Alarm set", 5))),
        ),
    ),
    (
        "Food safety line check",
        True,
        (
            (
                "Temperatures",
                (("Hot hold above 63 °C", 5), ("Chilled below 5 °C", 5), ("Core temperature probed", 5)),
            ),
            (
                "Allergens",
                (("Chart at the pass and current", 5), ("Separate board and knife", 5), ("Order repeated aloud", 4)),
            ),
            (
                "Personal hygiene",
                (("Hands washed at every change of task", 5), ("Hair and jewellery", 3), ("Clean apron", 2)),
            ),
            ("Storage", (("Raw below cooked", 5), ("First in, first out", 4))),
            ("Records", (("Line sheet signed", 3), ("Corrective action written down", 4))),
        ),
    ),
    (
        "Guest welcome and service",
        True,
        (
            (
                "Welcome",
                (("Eye contact within ten seconds", 3), ("Greets in own words", 3), ("Says how long the wait is", 4)),
            ),
            (
                "Order",
                (
                    ("Asks about allergies", 5),
                    ("Offers the day's special", 2),
                    ("Reads the order back", 4),
                    ("Notes seat numbers", 3),
                ),
            ),
            (
                "At the table",
                (
                    ("Checks back after two bites", 3),
                    ("Clears from the right side", 2),
                    ("Handles a complaint: listen, own, mend", 5),
                ),
            ),
            ("Farewell", (("Bill correct the first time", 4), ("Thanks the guest", 2))),
        ),
    ),
    (
        "Espresso bar",
        True,
        (
            (
                "Set-up",
                (("Grinder dialled in and tasted", 5), ("Milk dated and cold", 4), ("Group heads flushed", 3)),
            ),
            (
                "Making",
                (
                    ("Dose within half a gram", 4),
                    ("Shot between 25 and 30 seconds", 5),
                    ("Milk silky, below 68 °C", 5),
                    ("Steam wand wiped at once", 4),
                    ("Two drinks worked in parallel", 3),
                ),
            ),
        ),
    ),
    (
        "Delivery bay handover (old form)",
        False,
        (
            ("Receiving", (("Driver's papers compared", 3), ("Chilled goods probed", 5), ("Damage noted", 4))),
            ("Putting away", (("Cold goods in ten minutes", 5), ("Heavy below waist", 4), ("Lifting posture", 4))),
            ("Bay", (("Floor marked and clear", 3), ("Doors shut", 3))),
        ),
    ),
)

# Four criteria of 25 points: every whole percentage can be reached with whole points.
PLAIN_AREAS: Sequence[AreaText] = (
    ("Preparation", (("Tools ready", 25), ("Area safe", 25))),
    ("Work", (("Steps in order", 25), ("Leaves it clean", 25))),
)
