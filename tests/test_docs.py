"""The documents say what the registries say; `python -m tests.docs` writes them anew."""

from tests.docs import ROOT, env_example, existing_tests, named_tests, with_tables


def test_env_example_names_every_setting_as_the_code_has_it() -> None:
    assert (ROOT / ".env.example").read_text() == env_example()


def test_the_readmes_tables_are_those_of_the_registries() -> None:
    readme = (ROOT / "README.md").read_text()
    assert readme == with_tables(readme)


def test_every_promise_in_the_readme_names_tests_that_exist() -> None:
    readme = (ROOT / "README.md").read_text()
    promises = [line for line in readme.partition("## What happens when…")[2].splitlines()[4:] if line]
    assert len(promises) > 40
    assert [line for line in promises if not named_tests(line)] == []
    assert sorted(set(named_tests(readme)) - existing_tests()) == []
