"""The command line: thin shells over what the rooms below do.

Exit codes: 0 fine, 1 something is wrong, 2 the configuration or the command line is.
"""

import json
import os
import sys
from typing import NoReturn

import click

from bot.cli.rows import outbox, rules, sessions
from bot.cli.running import check, demo, poll, run
from bot.config import load
from bot.core.errors import ConfigError, SpotterError
from bot.slack.manifest import manifest as slack_manifest

__all__ = ["main"]


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def spotter() -> None:
    """Tells people in Slack what happens in iSpring Learn's on-the-job training."""


@spotter.command()
@click.option("--http", "http_url", metavar="URL", help="For HTTP mode: the bot's own address, https://bot.example.")
def manifest(http_url: str | None) -> None:
    """Print the Slack app's manifest (JSON), to be pasted into Slack."""
    click.echo(json.dumps(slack_manifest(load(os.environ).slack_command, http_url), indent=2))


for command in (run, poll, demo, check, rules, sessions, outbox):
    spotter.add_command(command)


def main() -> NoReturn:
    """Run one command; a person's mistake ends in one clear line, never in a traceback."""
    try:
        spotter(standalone_mode=False)
    except ConfigError as error:
        _say(f"The configuration has {_count(len(error.problems), 'problem')}:", *error.problems)
        sys.exit(2)
    except click.UsageError as error:
        error.show()
        sys.exit(2)
    except click.Abort:
        sys.exit(130)
    except click.exceptions.Exit as ended:
        sys.exit(ended.exit_code)
    except (SpotterError, click.ClickException) as error:
        _say(str(error))
        sys.exit(1)
    except BrokenPipeError:
        sys.stderr.close()  # whoever read our output has had enough; nothing is left to say to them
        sys.exit(0)
    sys.exit(0)


def _say(*lines: str) -> None:
    for line in lines:
        click.echo(line, err=True)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")
