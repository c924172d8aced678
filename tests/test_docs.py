"""The documents say what the registries say; `python -m tests.docs` writes them."""

import pytest

from bot.config import Settings
from tests.docs import ROOT, TABLES, env_example, promises_page, promising_tests, roles_page, with_tables
from tests.promises import PROMISES


def test_the_example_settings_are_those_of_the_registry() -> None:
    assert (ROOT / ".env.example").read_text() == env_example()


@pytest.mark.parametrize("page", TABLES)
def test_the_tables_of_a_page_are_those_of_the_registries(page: str) -> None:
    text = (ROOT / page).read_text()
    assert text == with_tables(page, text)


def test_the_readme_is_read_in_five_minutes_and_names_every_setting() -> None:
    readme = (ROOT / "README.md").read_text()
    assert len(readme.encode()) <= 10_240
    assert [name for name in Settings.model_fields if f"`{name.upper()}`" not in readme] == []


def test_every_promise_has_tests_and_every_mark_a_promise() -> None:
    assert set(promising_tests()) == set(PROMISES)


def test_the_page_of_promises_is_written_from_the_marks() -> None:
    assert (ROOT / "tests" / "README.md").read_text() == promises_page()


def test_the_pages_of_the_roles_are_those_of_the_help() -> None:
    assert (ROOT / "deploy" / "roles.md").read_text() == roles_page()
