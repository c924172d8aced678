"""Where people's requests arrive, after Slack has been told that they did: fulfils `core.ports.Reception`."""

from collections.abc import Mapping

from bot.blocks import actions
from bot.blocks.elements import notice
from bot.blocks.settings import NO_MESSAGES, choice_of
from bot.domain.errors import NotAllowed, QueryError, StoreBusy
from bot.domain.model import DirectMessages, Message, Preferences
from bot.domain.ports import ActionRequest, Command, Reply, Submission
from bot.listeners import home, lifecycle
from bot.listeners.actions import is_in_message
from bot.listeners.commands import answered, excused
from bot.listeners.commands.settings import save_preferences
from bot.listeners.context import AppContext
from bot.store.database import Tx

_CHOICE_EXPECTED = "Choose one from the list."
_NOBODY = f"Spotter does not know who you are in iSpring. {NO_MESSAGES}"


class EventHandlers:
    """Fulfils `core.ports.Reception`. What a person did wrong or may not do is answered; all else is raised."""

    def __init__(self, ctx: AppContext) -> None:
        self._ctx = ctx

    async def command(self, request: Command, reply: Reply) -> None:
        await reply(await answered(self._ctx, request.user_id, request.channel_id, request.text))

    async def press(self, action: ActionRequest, reply: Reply) -> None:
        try:
            await is_in_message(self._ctx, action, reply)
        except (QueryError, NotAllowed, StoreBusy) as problem:
            await reply(excused(self._ctx, problem, action.user_id))

    async def submit(self, submitted: Submission) -> Mapping[str, str]:
        """Mistakes by input name; empty where all is well. Only the database is asked: Slack waits for the answer."""
        if submitted.form != actions.SETTINGS_FORM:
            return {}
        mistakes: dict[str, str] = {}
        chosen: dict[str, DirectMessages | None] = {}
        for name in (actions.INPUT_OBSERVER, actions.INPUT_EMPLOYEE):
            try:
                chosen[name] = choice_of(submitted.values.get(name, ""))
            except ValueError:
                mistakes[name] = _CHOICE_EXPECTED
        if mistakes:
            return mistakes
        wanted = Preferences(chosen[actions.INPUT_OBSERVER], chosen[actions.INPUT_EMPLOYEE])

        def save(tx: Tx) -> dict[str, str]:
            if tx.people.linked_person(submitted.user_id) is None:
                return {actions.INPUT_OBSERVER: _NOBODY}
            save_preferences(self._ctx, tx, submitted.user_id, wanted)
            return {}

        return await self._ctx.store.transact(save)

    async def home(self, user_id: str) -> None:
        await home.publish(self._ctx, user_id)

    async def said(self, user_id: str, channel_id: str, text: str, thread_ts: str | None) -> Message | None:
        """The answer to a mention or a direct message. In a channel it is how to ask where nobody reads along."""
        if not channel_id.startswith("D"):
            command = self._ctx.command
            return notice(
                f"Results are private, so Spotter does not answer here. Type `{command}`: only you see the answer. "
                f"In a thread, where Slack knows no commands, write to Spotter directly."
            )
        return await answered(self._ctx, user_id, channel_id, text.strip().removeprefix(self._ctx.command))

    async def channel_changed(self, channel_id: str, says: str) -> None:
        await lifecycle.channel_changed(self._ctx, channel_id, says)

    async def channel_moved(self, old_id: str, new_id: str) -> None:
        await lifecycle.channel_moved(self._ctx, old_id, new_id)

    async def person_changed(self, user_id: str) -> None:
        await lifecycle.person_changed(self._ctx, user_id)
