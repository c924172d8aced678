"""What a message to Slack shows: its data from the store, and its text and blocks."""

from collections.abc import Awaitable, Callable
from collections.abc import Set as AbstractSet
from typing import TypeVar

import structlog

from bot.blocks.card_facts import CardFacts
from bot.config import Settings
from bot.domain.delivery import EditResult, MessageRefused, PostResult
from bot.domain.errors import StoreError
from bot.domain.notifications import Delivery, Message
from bot.domain.ports import Clock, Contacts
from bot.jobs.message_data import MessageData, load_message_data
from bot.jobs.retrying_store import RetryingStore
from bot.jobs.rule_owners import ask_about
from bot.store.database import Tx

Sending = TypeVar("Sending", PostResult, EditResult)
Render = Callable[[Delivery, CardFacts], Message]
OWNER_ASKED_AGAIN = 60.0  # seconds

log = structlog.get_logger(__name__)


class Renderer:
    def __init__(
        self, store: RetryingStore, contacts: Contacts, clock: Clock, settings: Settings, render: Render
    ) -> None:
        self._store = store
        self._contacts = contacts
        self._clock = clock
        self._settings = settings
        self._render = render
        self._asked_about: dict[str, float] = {}  # monotonic, by owner

    async def data(self, delivery: Delivery) -> MessageData | MessageRefused:
        """What a message shows; owners whose rights need it are looked up first."""

        def load(tx: Tx) -> MessageData:
            return load_message_data(tx, delivery, self._settings, self._clock.now())

        try:
            data = await self._store.read(load)
            if data.to_ask and await self._proved_any(data.to_ask):
                data = await self._store.read(load)
            return data
        except StoreError:
            raise
        except Exception as problem:  # one message whose facts don't fit together must not stop all the others
            log.error("delivery.data_failed", delivery=delivery.delivery_id, exc_info=problem)
            return MessageRefused(f"Spotter could not gather its facts ({type(problem).__name__})")

    def render(self, delivery: Delivery, facts: CardFacts) -> Message | MessageRefused:
        """The message, or why it can't be put into words."""
        try:
            return self._render(delivery, facts)
        except Exception as problem:  # one message that can't be put into words must not stop all the others
            log.error("delivery.render_failed", delivery=delivery.delivery_id, exc_info=problem)
            return MessageRefused(f"Spotter could not put it into words ({type(problem).__name__})")

    async def with_newest_blocks(self, message: Message, send: Callable[[Message], Awaitable[Sending]]) -> Sending:
        """The result of sending a message, with Slack's newest blocks where our workspace takes them. If it does not,
        the message goes without them, in the same attempt, and that is remembered for a day."""
        plain = Message(message.text, message.blocks)
        if not message.rich or not await self._store.read(
            lambda tx: tx.deliveries.takes_newest_blocks(self._clock.now())
        ):
            return await send(plain)
        result = await send(Message(message.text, message.rich))
        if not isinstance(result, MessageRefused):
            return result
        without = await send(plain)
        if not isinstance(without, MessageRefused):  # else they were not the reason
            log.warning("blocks.refused", reason=result.reason)
            await self._store.transact(lambda tx: tx.outbox.note_blocks_refused(self._clock.now()))
        return without

    async def _proved_any(self, owners: AbstractSet[str]) -> bool:
        """Asks Slack about owners, unless that was done within the last minute; whether it answered of any."""
        now = self._clock.monotonic()
        self._asked_about = {owner: at for owner, at in self._asked_about.items() if now - at < OWNER_ASKED_AGAIN}
        unasked = owners - self._asked_about.keys()
        self._asked_about |= dict.fromkeys(unasked, now)
        return any((await ask_about(self._contacts, unasked)).values())
