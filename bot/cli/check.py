"""`check`: prints what the doctor finds, one thing a line, each with its remedy."""

import asyncio
import os
import sys

import click

from bot.app.clock import SystemClock
from bot.app.logs import configure_logs
from bot.checks import Level, examine
from bot.cli.terminal import echo
from bot.config import Needs, load
from bot.domain.errors import SpotterError

_CHECK_MARKS = {Level.FINE: "fine     ", Level.WARNING: "warning  ", Level.WRONG: "wrong    "}


@click.command()
def check() -> None:
    """Look at everything that can be wrong and say what to do about it."""
    settings = load(os.environ, Needs.ISPRING, Needs.SLACK, Needs.CONVERSATION)
    configure_logs("CRITICAL", settings.log_format)  # each finding is printed; a log line would say it twice

    async def run() -> int:
        wrong = 0
        async for finding in examine(settings, os.environ, SystemClock(settings.clock_offset), _show_progress):
            _show_progress("")
            echo(f"{_CHECK_MARKS[finding.level]} {finding.what}")
            if finding.remedy:
                echo(f"          {finding.remedy}")
            wrong += finding.level is Level.WRONG
        return wrong

    wrong = asyncio.run(run())
    if wrong:
        raise SpotterError(f"{wrong} thing{'s' if wrong > 1 else ''} to mend.")
    echo("All is well.")


def _show_progress(doing: str) -> None:
    """What is being done, in a line that the next one replaces; only for somebody who watches."""
    if sys.stderr.isatty():
        click.echo(f"\r\033[K{doing}", nl=False, err=True)
