"""`manifest`: what Slack is asked for, to be pasted there."""

import json
import os
import re

import click

from bot.config import load
from bot.slack.http_endpoint import PATH
from bot.slack.manifest import manifest as slack_manifest


def _own_address(_context: click.Context, _parameter: click.Parameter, value: str | None) -> str | None:
    """The address without the path that the manifest adds to it."""
    if value is None:
        return None
    address = value.strip().rstrip("/").removesuffix(PATH)
    if not re.fullmatch(r"https://[\w.-]+(:\d+)?(/[!-~]*)?", address, re.ASCII):
        raise click.BadParameter("must be the bot's own address, which begins with https:// (Slack calls no other).")
    return address


@click.command()
@click.option(
    "--http",
    "http_url",
    metavar="URL",
    callback=_own_address,
    help="For HTTP mode: the bot's own address, https://bot.example.",
)
def manifest(http_url: str | None) -> None:
    """Print the Slack app's manifest (JSON), to be pasted into Slack."""
    click.echo(json.dumps(slack_manifest(load(os.environ).slack_command, http_url), indent=2))
