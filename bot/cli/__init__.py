"""The command line: one click command per verb, each a thin shell over `app`, `checks`, `services` and `store`.

Exit codes: 0 fine, 1 something is wrong, 2 the configuration or the command line is wrong.
"""

import os
import sys
from importlib import import_module
from typing import NoReturn

import click

from bot import VERSION
from bot.cli.terminal import OutputFailed, discard_output, echo, output_name, prepare_streams
from bot.domain.errors import ConfigError, SpotterError

__all__ = ["VERBS", "main"]

VERBS = {
    "run": "bot.cli.run",
    "poll": "bot.cli.run",
    "demo": "bot.cli.run",
    "check": "bot.cli.run",
    "health": "bot.cli.run",
    "rules": "bot.cli.rules",
    "sessions": "bot.cli.sessions",
    "outbox": "bot.cli.outbox",
    "pause": "bot.cli.switch",
    "resume": "bot.cli.switch",
    "shadow": "bot.cli.switch",
    "manifest": "bot.cli.run",
    "people": "bot.cli.people",
    "audit": "bot.cli.maintenance",
    "backup": "bot.cli.maintenance",
    "restore": "bot.cli.maintenance",
    "erase": "bot.cli.maintenance",
}
"""The module of each verb, which holds the verb's command under the same name; in the order of the help page."""


class Verbs(click.Group):
    """Imports a verb's module only when that verb is used, so that help does not load Slack's libraries."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in VERBS:
            return None
        try:
            found = getattr(import_module(VERBS[cmd_name]), cmd_name)
        except OSError:
            # aiohttp makes a TLS context when it is imported, which opens SSLKEYLOGFILE. `load` names that variable,
            # with every other mistake in the settings.
            from bot.config import Needs, load

            load(os.environ, *(Needs if VERBS[cmd_name] == VERBS["run"] else (Needs.SLACK,)))
            raise
        assert isinstance(found, click.Command)
        return found


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(VERSION, prog_name="spotter", message="%(prog)s %(version)s")
def spotter() -> None:
    """Tells people in Slack what happens in iSpring Learn's on-the-job training."""


def main() -> NoReturn:
    """Runs one command and ends the process with its exit code; an error is one line, never a traceback."""
    prepare_streams()
    try:
        code = _run()
        sys.stdout.flush()
    except OutputFailed as failed:
        code = 0
        if not isinstance(failed.__cause__, BrokenPipeError):  # a reader that has gone wants no more
            reason = getattr(failed.__cause__, "strerror", None) or "unknown reason"
            echo(f"The output can't be written to {output_name()} ({reason}): make room there.", err=True)
            code = 1
        discard_output()
    sys.exit(code)


def _run() -> int:
    """Runs the command and returns its exit code."""
    try:
        spotter(standalone_mode=False)
    except ConfigError as error:
        problems = "\n".join(error.problems)
        number = len(error.problems)
        echo(f"The configuration has {number} problem{'' if number == 1 else 's'}:\n{problems}", err=True)
        if error.hint:
            echo(error.hint, err=True)
        return 2
    except click.UsageError as error:
        error.show(sys.stderr)
        return 2
    except (click.Abort, KeyboardInterrupt):
        return 130
    except click.exceptions.Exit as exit_:
        return exit_.exit_code
    except click.ClickException as error:
        echo(error.format_message(), err=True)
        return 1
    except SpotterError as error:
        echo(str(error), err=True)
        return 1
    except OutputFailed:
        raise
    except Exception as error:
        # Python's own traceback ends with the exception's message, which may quote a name or a token.
        from bot.app.logs import type_and_lines

        echo(f"This is an error in Spotter itself: please report this line. {type_and_lines(error)}", err=True)
        return 1
    return 0
