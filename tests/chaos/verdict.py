"""Whether everybody was told what they were owed: read from what Slack holds, and from nothing else."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from bot.demo.slack import Message
from tests.chaos.story import Company, Story

_COUNTED = re.compile(r"(\d+) sessions? came in late")
_PERCENT = re.compile(r"[\d.]+ %")
_SHORT_ID = re.compile(r"(?<!unknown person \()\b[0-9a-f]{8}\b")
"""Of a session, not of somebody whom iSpring had not named when the card was posted."""


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
    """What a message says of a session now, without what it was before."""
    return _result(message.text.split("\n"), story)


def _in_blocks(message: Message, story: Story) -> bool:
    lines: list[str] = []
    for text in _texts(message.blocks):
        words = text.replace("\u00a0", " ")  # a percentage is never broken
        # Under a bold first line all lines are about one session.
        lines += [words.replace("\n", " ")] if words.startswith("*") else words.split("\n")
    if not any(story.short_id in line for line in lines):
        return False
    said = _result(lines, story)
    return any(words in said for words in story.words)


def _texts(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "text" and isinstance(value, str):
                yield value
            else:
                yield from _texts(value)
    elif isinstance(node, (list, tuple)):
        for item in node:
            yield from _texts(item)


def _result(lines: list[str], story: Story) -> str:
    """What the lines say of a session now.

    A message about one session is all about it. One about several has one line for each: those that are not low stand
    under the word they share ("Met target 80 %:"), with their number alone.
    """
    lines = [line.replace("*", "").replace(", now ", ", ") for line in lines if not line.startswith("Result changed")]
    if len(set(_SHORT_ID.findall(" ".join(lines)))) == 1:
        return " ".join(lines)
    at = next(number for number, line in enumerate(lines) if story.short_id in line)
    heading = next((line for line in reversed(lines[:at]) if line.endswith(":")), "")
    if not heading:
        return lines[at]
    number = _PERCENT.search(lines[at])
    word = heading.partition(" ")[2].removesuffix(":").lower()
    return f"{number[0]}, {word}" if number else word


def _count(messages: list[Message]) -> int:
    return sum(int(found[1]) for message in messages if (found := _COUNTED.search(message.text)))


def _conversations(company: Company) -> Iterator[tuple[str, str, list[Message]]]:
    for name, place in company.conversations.items():
        yield name, place, company.env.slack.messages(place)
