"""What an app hears of its own doing: its messages in direct messages, and their edits, come back to it as events.

Apps that answer every `message` event talk to themselves because of this, so a stand-in has to do it too.
"""

from __future__ import annotations

from bot.demo.slack.acting import Acting
from bot.demo.slack.entities import Json, Message
from bot.demo.slack.wire import message_json
from bot.demo.slack.workspace import Happening


class Echoes(Acting):
    """Listens to the workspace on the app's behalf."""

    def _echo(self, happening: Happening) -> None:
        message = happening.subject
        if not isinstance(message, Message) or message.ephemeral_to is not None or message.bot_id is None:
            return
        channel = self.workspace.channels.get(message.channel)
        if channel is None or not channel.is_im or not self._to_app.is_reachable:
            return
        event: Json
        if happening.kind == "message_posted":
            event = {**message_json(message, self.workspace), "event_ts": message.ts}
        elif happening.kind == "message_edited":
            event = {"type": "message", "subtype": "message_changed", "hidden": True}
            event |= {"message": message_json(message, self.workspace), "ts": self._ctx.ts()}
        elif happening.kind == "message_deleted":
            event = {"type": "message", "subtype": "message_deleted", "hidden": True, "deleted_ts": message.ts}
            event["ts"] = self._ctx.ts()
        else:
            return
        event |= {"channel": channel.id, "channel_type": "im"}
        self._to_app.spawn(self._event(event, named="message.im", channel=channel))
