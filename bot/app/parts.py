"""The ways to iSpring and to Slack, each made from the settings."""

import random
from collections.abc import Callable
from pathlib import Path

from bot.config import Settings
from bot.domain.errors import TrainingError
from bot.domain.ports import Clock
from bot.ispring.client import Ispring
from bot.ispring.dates import DateOrder
from bot.slack.client import SlackMessenger


def ispring_reader(
    settings: Settings,
    clock: Clock,
    spool_folder: Path | None = None,
    failed: Callable[[TrainingError], None] | None = None,
) -> Ispring:
    """iSpring with the settings' key; a context to be entered. Listings are spooled beside the database, unless
    `spool_folder` is given. `failed` is called with each error that it raises."""
    return Ispring(
        settings.ispring_api_url,
        settings.ispring_client_id,
        settings.ispring_client_secret.get_secret_value(),
        zone=settings.zone,
        date_order=DateOrder(settings.ispring_date_order),
        spool_folder=spool_folder or settings.database_path.resolve().parent,
        clock=clock,
        jitter=random.random,
        account_url=settings.ispring_account_url,
        failed=failed,
        network=settings.network,
    )


def slack_messenger(settings: Settings, clock: Clock, failed: Callable[[str], None] | None = None) -> SlackMessenger:
    """Slack with the settings' bot token; a context to be entered. `failed` is called for each call without an
    answer."""
    return SlackMessenger(
        settings.slack_bot_token.get_secret_value(),
        clock,
        settings.slack_api_url,
        failed=failed,
        network=settings.network,
    )
