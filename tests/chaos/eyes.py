"""Whether anybody gets, or can read, a result that they may not see: told from what Slack shows, as it shows it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from time import monotonic
from typing import TYPE_CHECKING

from bot.demo.slack import Channel, Happening, Message, View
from tests.app.env import ADMIN

if TYPE_CHECKING:
    from tests.chaos.story import Company, Story

_SHOWN = ("message_posted", "message_edited")
_VIEWED = ("home_published", "view_opened", "view_updated")


class Eyes:
    """Looks at every message and view of the bot at the moment it is shown. `wrong` has a sentence for each result that
    somebody saw who may not: these are wrong at any moment, whatever follows."""

    def __init__(self, company: Company) -> None:
        self.wrong: list[str] = []
        self.looked_at = 0
        self._company = company
        self._closed_from: dict[str, float] = {}  # conversation or person -> monotonic seconds
        company.env.slack.workspace.listen(self._hear)

    def close(self, place: str, after: float) -> None:
        """From so many seconds on, no result may be shown in this conversation, or to this person, any more."""
        self._closed_from.setdefault(place, monotonic() + after)

    def _hear(self, happening: Happening) -> None:
        shown = happening.subject
        if happening.kind in _SHOWN and isinstance(shown, Message) and shown.bot_id is not None:
            text = shown.text + json.dumps(shown.blocks, ensure_ascii=False)
            self._look(text, shown.channel, shown.ephemeral_to)
        elif happening.kind in _VIEWED and isinstance(shown, View):
            self._look(json.dumps(shown.payload, ensure_ascii=False), "", shown.user_id)

    def _look(self, text: str, place: str, alone: str | None) -> None:
        channel = self._company.env.slack.workspace.channels.get(place)
        for story in self._company.stories:
            if story.short_id in text:
                self.looked_at += 1
                self.wrong += self._verdict(story, channel, alone)

    def _verdict(self, story: Story, channel: Channel | None, alone: str | None) -> Iterator[str]:
        reader = alone or (channel.user if channel is not None and channel.is_im else None)
        if reader is not None and not self._company.may_see(reader, story.session):
            yield f"{reader} is shown {story.short_id}, and may not see it"
        if alone is None and channel is not None:
            owner = self._company.owners.get(channel.id)
            if owner is not None and not self._company.may_see(owner, story.session):
                yield f"#{channel.name} is shown {story.short_id}, which the rule's owner may not see"
        for place in (channel.id if channel is not None and alone is None else None, reader):
            if place is not None and monotonic() > self._closed_from.get(place, float("inf")):
                yield f"{place} is closed, and is shown {story.short_id}"


def is_admin(user_id: str) -> bool:
    """Whether the settings say that a person may see everything."""
    return user_id == ADMIN
