"""Documents made from the registries: `python -m tests.docs` writes them, a test compares.

A page holds each of its tables between `<!-- name -->` and `<!-- /name -->`.
"""

import ast
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

from pydantic import SecretStr

from bot.blocks.role_pages import ROLE_PAGES, Ask, RolePage, asks_for, gets_lines
from bot.config import Settings
from bot.listeners.commands import registry
from bot.slack.manifest import SCOPES
from tests.promises import PROMISES

ROOT = Path(__file__).parent.parent
PROMISES_HEAD = """# What Spotter does when…

Every promise with the tests that hold it. This page is written by `python -m tests.docs` from `tests/promises.py` and
the marks `@pytest.mark.promise(...)`; a promise without a test fails.

The tests lie beside what they test: `tests/<package>/` for `bot/<package>/`. They use the simulators of `bot/demo` over
real HTTP and WebSockets, the real SDKs and real SQLite files, all opened by `environment.py`. `clock.py` has the one
fake clock; `virtual_time.py` lets its waits end at once, and only when nothing else can happen. `app/env.py` starts
whole processes, as forks of one that has imported the bot (`app/forking.py`). `tests/chaos` kills the bot while
everything misbehaves (`make storm`), `tests/bench` measures (`make bench`).

| when | then | tests |
|---|---|---|"""

ROLES_HEAD = """# A page for each role

The same pages are in Slack: `/ojt help manager` shows one, with your own checklists and sites. This page is written by
`python -m tests.docs` from `bot/blocks/role_pages.py`; "Opening" and "Store 12" stand for yours.
"""


def _settings() -> Iterator[tuple[str, str, str, str]]:
    """Yields (name, default, description, example) of every setting, in the order of the fields."""
    for name, field in Settings.model_fields.items():
        default = field.default
        if isinstance(default, SecretStr | frozenset) or default is None:
            shown = ""
        elif isinstance(default, bool):
            shown = str(default).lower()
        elif isinstance(default, float):
            shown = f"{default:g}"
        else:
            shown = str(default)
        yield name.upper(), shown, field.description or "", str((field.examples or [""])[0])


def env_example() -> str:
    """Every setting with what it is for; those with a default are shown with it, commented out."""
    lines = ["# Copy this file to .env and fill in what applies. A blank setting counts as unset.", ""]
    for name, default, description, example in _settings():
        lines.append(f"# {description}" + (f" Example: {example}" if example else ""))
        lines.append(f"#{name}={default}" if default else f"{name}=")
        lines.append("")
    return "\n".join(lines)


def settings_table() -> str:
    rows = ["| setting | default | what it is |", "|---|---|---|"]
    for name, default, description, _ in _settings():
        rows.append(f"| `{name}` | {f'`{default}`' if default else ''} | {description} |")
    return "\n".join(rows)


def commands_table(*, admins_only: bool) -> str:
    rows = ["| type | to learn or settle |", "|---|---|"]
    for topic in (entry.topic for entry in registry() if entry.admins_only is admins_only):
        usage = topic.usage.replace("|", r"\|")  # else it ends the cell
        rows.append(f"| `/ojt {usage}` | {topic.summary} |")
    return "\n".join(rows)


def scopes_table() -> str:
    rows = ["| scope | what for |", "|---|---|"]
    for grant in SCOPES:
        rows.append(f"| `{grant.scope}` | {grant.reason}{' (optional)' if grant.optional else ''} |")
    return "\n".join(rows)


def roles_page() -> str:
    """deploy/roles.md: what each role gets, asks and presses."""
    verbs = {entry.verb for entry in registry()}
    return "\n".join(
        [
            ROLES_HEAD,
            *(_role(page, asks_for(page, ["Opening"], ["Store 12"], verbs, is_own=True)) for page in ROLE_PAGES),
        ]
    )


def _role(page: RolePage, asks: Sequence[Ask]) -> str:
    gets = [f"- {line}" for line in gets_lines(page, employees_notified=False)]
    if page.if_employees_notified:
        gets.append(f"- With `NOTIFY_EMPLOYEES`: {page.if_employees_notified}")
    rows = [f"| `/ojt {one.text}` | {one.about} |" for one in asks]
    return "\n".join(
        [
            f"## {page.title}",
            "",
            f"`/ojt {page.command}`. Without asking you get:",
            "",
            *gets,
            "",
            "| type | to learn or settle |",
            "|---|---|",
            *rows,
            "",
            f"**Press** {page.press}",
            "",
            f"**Get less** {page.less}",
            "",
        ]
    )


TABLES: dict[str, dict[str, Callable[[], str]]] = {
    "README.md": {"settings": settings_table, "commands": partial(commands_table, admins_only=False)},
    "deploy/README.md": {"scopes": scopes_table, "admin commands": partial(commands_table, admins_only=True)},
}  # by page


def promising_tests() -> dict[str, list[str]]:
    """The tests that hold each promise, by its key, as `folder/test_file.py::test_name` under `tests/`."""
    found: dict[str, list[str]] = {}
    tests = ROOT / "tests"
    for module in sorted(tests.rglob("test_*.py")):
        for node in ast.parse(module.read_text()).body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                for key in _promises_of(node):
                    found.setdefault(key, []).append(f"{module.relative_to(tests).as_posix()}::{node.name}")
    return found


def _promises_of(test: ast.FunctionDef | ast.AsyncFunctionDef) -> list[str]:
    return [
        argument.value
        for mark in test.decorator_list
        if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.promise"
        for argument in mark.args
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
    ]


def promises_page() -> str:
    """tests/README.md: every promise with the tests that hold it."""
    held = promising_tests()
    rows = [
        f"| {promise.when} | {promise.then} | {' '.join(map(_link, held[key]))} |" for key, promise in PROMISES.items()
    ]
    return "\n".join([PROMISES_HEAD, *rows, ""])


def _link(test: str) -> str:
    path, name = test.split("::")
    return f"[{name.removeprefix('test_').replace('_', ' ')}]({path})"


def with_tables(page: str, text: str) -> str:
    """A page with each of its tables as the registries have it now."""
    for name, table in TABLES[page].items():
        parts = re.split(rf"(?<=<!-- {name} -->\n)(.*?)(?=\n<!-- /{name} -->)", text, flags=re.DOTALL)
        if len(parts) != 3:
            raise SystemExit(f"{page} must hold the table {name} once, between its two marks.")
        text = parts[0] + table() + parts[2]
    return text


def main() -> None:
    (ROOT / ".env.example").write_text(env_example())
    (ROOT / "tests" / "README.md").write_text(promises_page())
    (ROOT / "deploy" / "roles.md").write_text(roles_page())
    for page in TABLES:
        (ROOT / page).write_text(with_tables(page, (ROOT / page).read_text()))
    sys.stdout.write(
        "Written: .env.example, tests/README.md, deploy/roles.md and the tables of README.md and deploy/README.md.\n"
    )


if __name__ == "__main__":
    main()
