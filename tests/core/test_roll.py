"""A roll knows which session ids it holds."""

from bot.core.roll import Roll


def test_a_roll_holds_what_was_added_and_nothing_else() -> None:
    roll = Roll(["b", "a"])
    assert "a" in roll and "b" in roll and "c" not in roll
    roll.add(["c"])
    assert "c" in roll and "d" not in roll


def test_an_id_that_comes_twice_counts_once() -> None:
    roll = Roll(["a", "b", "a"])
    roll.add(["b", "c"])
    assert len(roll) == 3


def test_an_empty_roll_holds_nothing() -> None:
    assert len(Roll()) == 0
    assert "a" not in Roll()
