"""Whether everybody was told what they were owed: read from what Slack holds, and from nothing else."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from bot.demo.slack import Message
from tests.chaos.people import MUTED
from tests.chaos.story import FOLLOW_UPS, Company, Story

_COUNTED = re.compile(r"(\d+) sessions? came in late")
_RECAPPED = re.compile(r"(\d+) more sessions? (?:is|are) counted here")
_GROUPED = re.compile(r"\d+ of \d+ (below target [\d.]+ %)")
_WORDED = re.compile(r"%, [a-z]|\(target ")  # a number with its word
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
            notified = sum(message.text.count(story.short_id) for message in _cards(messages))
            if notified > story.cards[place]:
                found.append(f"#{name} tells of {story.short_id} {notified} times, and is owed {story.cards[place]}")
        counted = _count(messages)
        if counted > company.counted[place]:
            found.append(f"#{name} counts {counted} sessions that came late, and there are {company.counted[place]}")
        for digest, times in company.digests_in(place).items():
            if times > (company.digests.get(digest) == place):
                found.append(f"#{name} holds the digest of rule {digest[0]} of {digest[1]} {times} times")
        # Whatever a delivery carries, introductions and words for admins included, it stands there once.
        ids = Counter((one.metadata or {}).get("event_payload", {}).get("delivery") for one in messages)
        found += [f"#{name} holds delivery {one} {times} times" for one, times in ids.items() if one and times > 1]
    for user_id in company.reminded:
        if (times := company.reminders_of(user_id)) > 1:
            found.append(f"{user_id} is reminded of the same follow-up {times} times")
    return found


def _told_too_seldom(company: Company) -> Iterator[str]:
    for (number, day), place in company.digests.items():
        if place not in company.given_up and not company.digests_in(place)[number, day]:
            yield f"#{place} lacks the digest of rule {number} of {day}"
    for user_id in company.reminded:
        if not company.reminders_of(user_id):
            yield f"{user_id} is not reminded of a follow-up"
    for name, place, messages in _conversations(company):
        if place in company.given_up:
            continue
        if place == MUTED:
            yield from _lost_in_a_mute(company, name, messages)
            continue
        for story in company.stories:
            cards = [message for message in _cards(messages) if story.short_id in message.text]
            if len(cards) < story.least(place):
                yield f"#{name} has {len(cards)} cards of {story.short_id}, and is owed {story.least(place)}"
        if (counted := _count(messages)) < company.counted[place]:
            yield f"#{name} counts {counted} sessions that came late, and there are {company.counted[place]}"


def _lost_in_a_mute(company: Company, name: str, messages: list[Message]) -> Iterator[str]:
    """What came while a channel was muted stands in its recap: card by card, the rest as a number."""
    short_of = company.counted[MUTED] - _count(messages)
    for story in company.stories:
        cards = sum(story.short_id in message.text for message in _cards(messages))
        short_of += max(0, story.least(MUTED) - cards)
    recapped = sum(int(found[1]) for message in messages if (found := _RECAPPED.search(message.text)))
    if short_of > recapped:
        yield f"#{name} lacks {short_of} results that came while it was muted, and counts {recapped}"


def _told_wrongly(company: Company) -> Iterator[str]:
    """Cards that do not show the current result, in their text or in their blocks."""
    for name, place, messages in _conversations(company):
        for story in company.stories if place not in company.given_up else ():
            for message in _cards(messages):
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
            if node.get("type") == "data_table":
                yield from (" · ".join(cell["text"] for cell in row) for row in node["rows"])
                return
            if key == "text" and isinstance(value, str):
                yield value
            else:
                yield from _texts(value)
    elif isinstance(node, (list, tuple)):
        for item in node:
            yield from _texts(item)


def _result(lines: list[str], story: Story) -> str:
    """What the lines say of a session now.

    A message about one session is all about it. One about several has one line for each: the low ones stand under the
    heading that says their target, those that are not low under the word they share ("Met target 80 %:"), with their
    number alone.
    """
    lines = [line.replace("*", "").replace(", now ", ", ") for line in lines if not line.startswith("Result changed")]
    if len(set(_SHORT_ID.findall(" ".join(lines)))) == 1:
        return " ".join(lines)
    at = next(number for number, line in enumerate(lines) if story.short_id in line)
    above = [line for line in lines[:at] if not line.endswith("As they are now:")]  # the head of a recap
    heading = next((line for line in reversed(above) if line.endswith(":")), "")
    if not heading:
        target = next((found[1] for line in reversed(above) if (found := _GROUPED.search(line))), "")
        number = None if _WORDED.search(lines[at]) else _PERCENT.search(lines[at])
        return f"{number[0]}, {target}" if target and number else lines[at]
    number = _PERCENT.search(lines[at])
    word = heading.partition(" ")[2].removesuffix(":").lower()
    return f"{number[0]}, {word}" if number else word


def _count(messages: list[Message]) -> int:
    return sum(int(found[1]) for message in messages if (found := _COUNTED.search(message.text)))


def _cards(messages: list[Message]) -> list[Message]:
    """Those that tell of results: a list of follow-ups names their sessions, and is judged by itself."""
    return [message for message in messages if not FOLLOW_UPS.search(message.text)]


def _conversations(company: Company) -> Iterator[tuple[str, str, list[Message]]]:
    for name, place in company.conversations.items():
        yield name, place, company.env.slack.messages(place)
