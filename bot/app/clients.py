"""The database and the clients of iSpring and Slack, opened as the settings say."""

import random
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bot.app.database import opened_store
from bot.app.metrics import Metrics
from bot.config import Settings
from bot.domain.errors import TrainingError
from bot.domain.ports import Clock
from bot.ispring.client import Ispring
from bot.ispring.dates import DateOrder
from bot.slack.client import SlackMessenger
from bot.slack.contacts import SlackContacts
from bot.store.database import Store
from bot.store.lock import Leadership


@dataclass(frozen=True, slots=True)
class Clients:
    """What a process that polls or answers keeps open. `leadership` is not acquired yet; `metrics` counts the failed
    calls of both APIs."""

    leadership: Leadership
    store: Store
    training: Ispring
    messenger: SlackMessenger
    contacts: SlackContacts
    metrics: Metrics
    clock: Clock


@asynccontextmanager
async def open_clients(settings: Settings, clock: Clock) -> AsyncIterator[Clients]:
    """Opens everything and closes it in the reverse order. Raises StoreError."""
    metrics = Metrics()
    async with AsyncExitStack() as opened:
        leadership = Leadership(settings.database_path)
        # Released last, once the database is closed: a transaction that still runs must not commit while another
        # process leads.
        opened.callback(leadership.release)
        store = await opened.enter_async_context(opened_store(settings, clock))
        training = await opened.enter_async_context(ispring_reader(settings, clock, failed=metrics.ispring_failed))
        messenger = await opened.enter_async_context(slack_messenger(settings, clock, metrics.slack_failed))
        contacts = SlackContacts(messenger, store, clock, settings.admins, settings.rights_valid_for)
        yield Clients(leadership, store, training, messenger, contacts, metrics, clock)


def ispring_reader(
    settings: Settings,
    clock: Clock,
    spool_folder: Path | None = None,
    failed: Callable[[TrainingError], None] | None = None,
) -> Ispring:
    """Returns the client of iSpring, a context to be entered. Listings are spooled beside the database, unless
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
    """Returns the client of Slack, a context to be entered. `failed` is called with the kind of each failed call."""
    return SlackMessenger(
        settings.slack_bot_token.get_secret_value(),
        clock,
        settings.slack_api_url,
        failed=failed,
        network=settings.network,
    )
