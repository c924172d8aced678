"""Whether everybody was told what they were owed: read from what Slack holds, and from nothing else."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator

from bot.demo.slack import Message
from tests.chaos.story import Company, Story

_COUNTED = re.compile(r"(\d+) sessions? came in late")
_SHORT_ID = re.compile(r"\b[0-9a-f]{8}\b")


def violations(company: Company) -> list[str]:
    """What is wrong, once everything is settled: one sentence each, none where all is well."""
    return [*wrong_now(company), *_told_too_seldom(company), *_told_wrongly(company)]


def wrong_now(company: Company) -> list[str]:
    """What is wrong at any moment, settled or not: cards nobody was owed, and results shown to people who may not see
    them."""
    return [*company.eyes.wrong, *_told_too_often(company)]


def _told_too_often(company: Company) -> list[str]:
    """Cards nobody was owed."""
    found = []
    for name, place, messages in _conversations(company):
        for story in company.stories:
            notified = sum(message.text.count(story.short_id) for message in messages)
            if notified > story.cards[place]:
                found.append(f"#{name} tells of {story.short_id} {notified} times, and is owed {story.cards[place]}")
        counted = _count(messages)
        if counted > company.counted[place]:
            found.append(f"#{name} counts {counted} sessions that came late, and there are {company.counted[place]}")
        # Whatever a delivery carries, introductions and words for admins included, it stands there once.
        ids = Counter((one.metadata or {}).get("event_payload", {}).get("delivery") for one in messages)
        found += [f"#{name} holds delivery {one} {times} times" for one, times in ids.items() if one and times > 1]
    return found


def _told_too_seldom(company: Company) -> Iterator[str]:
    for name, place, messages in _conversations(company):
        if place in company.given_up:
            continue
        for story in company.stories:
            cards = [message for message in messages if story.short_id in message.text]
            if len(cards) < story.least(place):
                yield f"#{name} has {len(cards)} cards of {story.short_id}, and is owed {story.least(place)}"
        if (counted := _count(messages)) < company.counted[place]:
            yield f"#{name} counts {counted} sessions that came late, and there are {company.counted[place]}"


def _told_wrongly(company: Company) -> Iterator[str]:
    """Cards that do not show the current result, in their text or in their blocks."""
    for name, place, messages in _conversations(company):
        for story in company.stories if place not in company.given_up else ():
            for message in messages:
                if story.short_id not in message.text:
                    continue
                if not any(words in _line(message, story) for words in story.words):
                    yield f"#{name} says of {story.short_id}: {_line(message, story)!r}, and it is {story.words!r}"
                elif message.blocks and not _in_blocks(message, story):
                    yield f"#{name}: the blocks about {story.short_id} do not say {story.words!r}"


def _line(message: Message, story: Story) -> str:
    """What a message says of a session now, without what it was before.

    A message about one session is all about it; a message about several has one line for each.
    """
    lines = [line for line in message.text.split("\n") if not line.startswith("Result changed")]
    if len(_SHORT_ID.findall(message.text)) == 1:
        return " ".join(lines)
    return next(line for line in lines if story.short_id in line)


def _in_blocks(message: Message, story: Story) -> bool:
    notified = json.dumps(message.blocks, ensure_ascii=False).replace("\u00a0", " ")  # a percentage is never broken
    return story.short_id in notified and any(words in notified for words in story.words)


def _count(messages: list[Message]) -> int:
    return sum(int(found[1]) for message in messages if (found := _COUNTED.search(message.text)))


def _conversations(company: Company) -> Iterator[tuple[str, str, list[Message]]]:
    for name, place in company.conversations.items():
        yield name, place, company.env.slack.messages(place)
