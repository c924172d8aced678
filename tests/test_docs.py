"""The documents say what the registries say; `python -m tests.docs` writes them anew."""

from tests.docs import ROOT, env_example, with_tables


def test_env_example_names_every_setting_as_the_code_has_it() -> None:
    assert (ROOT / ".env.example").read_text() == env_example()


def test_the_readmes_tables_are_those_of_the_registries() -> None:
    readme = (ROOT / "README.md").read_text()
    assert readme == with_tables(readme)
