"""Where people's requests arrive, after Slack has been told that they did: fulfils `core.ports.Reception`."""

from collections.abc import Mapping

from bot.chat import home, lifecycle
from bot.chat.commands import answered, excused
from bot.chat.commands.settling import save_preferences
from bot.chat.desk import Desk
from bot.chat.presses import pressed_in
from bot.core.errors import NotAllowed, QueryError, StoreBusy
from bot.core.model import DirectMessages, Message, Preferences
from bot.core.ports import Command, Press, Reply, Submission, Tx
from bot.views import actions, answers, modals
from bot.views.settings import NO_MESSAGES

_CHOICE_EXPECTED = "Choose one from the list."
_NOBODY = f"Spotter does not know who you are in iSpring. {NO_MESSAGES}"


class FrontDesk:
    """Fulfils `core.ports.Reception`. What a person did wrong or may not do is answered; all else is raised."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def command(self, asked: Command, reply: Reply) -> None:
        await reply(await answered(self._desk, asked.user_id, asked.channel_id, asked.text))

    async def press(self, pressed: Press, reply: Reply) -> None:
        try:
            await pressed_in(self._desk, pressed, reply)
        except (QueryError, NotAllowed, StoreBusy) as problem:
            await reply(excused(self._desk, problem, pressed.user_id))

    async def submit(self, submitted: Submission) -> Mapping[str, str]:
        """Mistakes by input name; empty where all is well. Only the database is asked: Slack waits for the answer."""
        if submitted.form != actions.SETTINGS_FORM:
            return {}
        mistakes: dict[str, str] = {}
        chosen: dict[str, DirectMessages | None] = {}
        for name in (actions.INPUT_OBSERVER, actions.INPUT_EMPLOYEE):
            try:
                chosen[name] = modals.choice_of(submitted.values.get(name, ""))
            except ValueError:
                mistakes[name] = _CHOICE_EXPECTED
        if mistakes:
            return mistakes
        wanted = Preferences(chosen[actions.INPUT_OBSERVER], chosen[actions.INPUT_EMPLOYEE])

        def save(tx: Tx) -> dict[str, str]:
            if tx.people.linked_person(submitted.user_id) is None:
                return {actions.INPUT_OBSERVER: _NOBODY}
            save_preferences(self._desk, tx, submitted.user_id, wanted)
            return {}

        return await self._desk.store.transact(save)

    async def home(self, user_id: str) -> None:
        await home.publish(self._desk, user_id)

    async def said(self, user_id: str, channel_id: str, text: str, thread_ts: str | None) -> Message | None:
        """The answer to a mention or a direct message. In a channel it is how to ask where nobody reads along."""
        if not channel_id.startswith("D"):
            command = self._desk.command
            return answers.said(
                f"Results are private, so Spotter does not answer here. Type `{command}`: only you see the answer. "
                f"In a thread, where Slack knows no commands, write to Spotter directly."
            )
        return await answered(self._desk, user_id, channel_id, text.strip().removeprefix(self._desk.command))

    async def channel_changed(self, channel_id: str, says: str) -> None:
        await lifecycle.channel_changed(self._desk, channel_id, says)

    async def channel_moved(self, old_id: str, new_id: str) -> None:
        await lifecycle.channel_moved(self._desk, old_id, new_id)

    async def person_changed(self, user_id: str) -> None:
        await lifecycle.person_changed(self._desk, user_id)
