"""A roll knows which session ids it holds."""

from bot.domain.id_set import IdSet


def test_a_roll_holds_what_was_added_and_nothing_else() -> None:
    ids = IdSet(["b", "a"])
    assert "a" in ids and "b" in ids and "c" not in ids
    ids.add(["c"])
    assert "c" in ids and "d" not in ids


def test_an_id_that_comes_twice_counts_once() -> None:
    ids = IdSet(["a", "b", "a"])
    ids.add(["b", "c"])
    assert len(ids) == 3


def test_an_empty_roll_holds_nothing() -> None:
    assert len(IdSet()) == 0
    assert "a" not in IdSet()
