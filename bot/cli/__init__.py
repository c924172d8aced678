"""The command line: thin shells over what the rooms below do.

Exit codes: 0 fine, 1 something is wrong, 2 the configuration or the command line is.
"""

import os
import sys
from importlib import import_module
from typing import NoReturn

import click

from bot.cli.terminal import echo
from bot.domain.errors import ConfigError, SpotterError

__all__ = ["VERBS", "main"]

VERBS = {
    "run": "bot.cli.run",
    "poll": "bot.cli.run",
    "demo": "bot.cli.demo",
    "check": "bot.cli.check",
    "rules": "bot.cli.rules",
    "sessions": "bot.cli.sessions",
    "outbox": "bot.cli.outbox",
    "manifest": "bot.cli.manifest",
    "people": "bot.cli.maintenance",
    "audit": "bot.cli.maintenance",
    "backup": "bot.cli.maintenance",
    "restore": "bot.cli.maintenance",
    "erase": "bot.cli.maintenance",
}
"""Each verb and the module that holds it under the same name, in the order help shows them."""


class Verbs(click.Group):
    """Imports a verb's module when the verb is used: listing rules waits for neither Slack's libraries nor the demo."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in VERBS:
            return None
        found = getattr(import_module(VERBS[cmd_name]), cmd_name)
        assert isinstance(found, click.Command)
        return found


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"]})
def spotter() -> None:
    """Tells people in Slack what happens in iSpring Learn's on-the-job training."""


def main() -> NoReturn:
    """Run one command; a person's mistake ends in one clear line, never in a traceback."""
    try:
        code = _run()
        sys.stdout.flush()  # here a reader that has gone is noticed in time
    except BrokenPipeError:
        # Whoever read our output has had enough. Python flushes once more at the end: into nothing.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    sys.exit(code)


def _run() -> int:
    """Runs the command and answers its exit code."""
    try:
        spotter(standalone_mode=False)
    except ConfigError as error:
        problems = "\n".join(error.problems)
        echo(f"The configuration has {_count(len(error.problems), 'problem')}:\n{problems}", err=True)
        return 2
    except click.UsageError as error:
        error.show()
        return 2
    except (click.Abort, KeyboardInterrupt):
        return 130
    except click.exceptions.Exit as ended:
        return ended.exit_code
    except click.ClickException as error:
        echo(error.format_message(), err=True)
        return 1
    except SpotterError as error:
        echo(str(error), err=True)
        return 1
    except BrokenPipeError:
        raise
    except Exception as error:
        # Python's own traceback ends in the exception's words, which may quote a name or a token.
        from bot.app.logs import kind_and_places

        echo(
            f"Spotter broke, which is a mistake of its own: please report this line. {kind_and_places(error)}", err=True
        )
        return 1
    return 0


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")
