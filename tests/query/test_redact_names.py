"""A query that names somebody who is forgotten loses the name and nothing else."""

import pytest

from bot.query.parser import parse, say
from bot.query.redact_names import Naming

XENIA = Naming("Xenia Papas", ("x1", "U0XENIA"), ["Ana Papas", "Bo Li", "Xaver Kunz"])


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ('observer:"Xenia Papas"', 'observer:"erased person"'),
        ("observer:xen", 'observer:"erased person"'),
        ('observer:"Xenia P."', 'observer:"erased person"'),
        ("-employee:<@U0XENIA> outcome:failed", '-employee:"erased person" outcome:failed'),
        ('observer:"Xenia Papas" observer:"Bo Li"', 'observer:"erased person" observer:"Bo Li"'),
    ],
)
def test_what_means_them_and_nobody_else_is_replaced(text: str, left: str) -> None:
    assert XENIA.without(text) == say(parse(left))


@pytest.mark.parametrize(
    "text", ["observer:papas", "observer:x", 'employee:"Ana Papas"', "observer:<@U0BO>", 'checklist:"Xenia"', "", "((("]
)
def test_what_means_others_too_or_no_person_stays_as_it_is(text: str) -> None:
    assert XENIA.without(text) == text


@pytest.mark.parametrize("text", ["observer:papas", 'checklist:"Xenia"', "employee:<@U0XENIA>"])
def test_a_word_of_the_name_or_an_id_may_be_in_a_query(text: str) -> None:
    assert XENIA.may_be_in(text)


def test_whoever_has_no_name_here_is_known_by_their_ids_only() -> None:
    nameless = Naming("", ("x1", "U0XENIA"), ["Ana Papas"])
    assert nameless.without('observer:"Xenia Papas"') == 'observer:"Xenia Papas"'
    assert nameless.without("observer:<@U0XENIA>") == 'observer:"erased person"'
