"""Digests: the figures of a period, at a time of day, in a channel or for oneself; and one at once."""

import re

from bot.blocks.digest_rules import answer
from bot.domain.errors import QueryError
from bot.domain.notifications import Message
from bot.domain.schedules import DAYS, EXAMPLES, Every, begins_schedule, parse_schedule
from bot.listeners import digesting
from bot.listeners.access_scope import access_view
from bot.listeners.commands.registry import CommandRequest, subcommand
from bot.listeners.context import AppContext
from bot.listeners.questions.asked import wish_of
from bot.listeners.questions.rule_wishes import WHEN
from bot.listeners.understanding import fetch_mentioned_users, is_readable, understand
from bot.query.nearest import alike
from bot.services.digests import digest_now, digest_query
from bot.store.database import Tx

SCHEDULE_WORDS = (*Every, "everyday", "every", "each", *DAYS)
_SAME_WORD = 75  # percent: "montly" is "monthly"
_NOW = re.compile(r"now\b[ ,:]*", re.IGNORECASE)


def _is_wish(words: str) -> bool:
    """Whether words behind the verb say a wish in other words: "digest off", "digest north every friday"."""
    intent = wish_of(f"digest {words}")
    return intent is not None and (intent.verb == "unsubscribe" or WHEN.search(words) is not None)


@subcommand(
    "digest SCHEDULE [query]",
    "Figures at a time: daily, weekly or monthly, here or for yourself",
    examples=("digest weekly mon 09:00", "digest daily 18:00", "digest now"),
    more="`digest now` shows one at once. In a direct message, or with `for:me`, a digest is for you alone. It is shown"
    " before it is saved; it names its zone and the days it covers, and its figures are of what you may see. Its"
    " sessions follow as a file in its thread, unless you add `csv:off`.",
    on_menu="Digest",
    takes_query=True,
    asks_itself=True,
    takes=lambda words: begins_schedule(words) or not _is_wish(words),
)
async def digest(ctx: AppContext, request: CommandRequest) -> Message:
    """A digest at once, or the question whether to save one with a schedule."""
    if found := _NOW.match(request.words):
        return await _now(ctx, request, request.words[found.end() :])
    if not begins_schedule(request.words):
        raise await _without_schedule(ctx, request)
    return await digesting.propose(ctx, request.viewer, request.channel_id, request.words)


async def _without_schedule(ctx: AppContext, request: CommandRequest) -> QueryError:
    """What to answer to words that begin with no schedule: a mistyped one corrected, else some before the query."""
    first, _, others = request.words.partition(" ")
    like = alike(first, SCHEDULE_WORDS, 1, at_least=_SAME_WORD) if first else ()
    for word in like if first.lower() not in SCHEDULE_WORDS else ():
        text = f"{word} {others}".rstrip()
        try:
            schedule, zone, query = parse_schedule(text)
            return QueryError(
                f"“{first}” is no schedule.", [f"digest {schedule} {zone} {query}".replace("  ", " ").rstrip()]
            )
        except QueryError as error:
            return QueryError(f"“{first}” is no schedule. {error}", [f"digest {one}" for one in error.suggestions])
    is_query = await is_readable(ctx, request.viewer, request.words, "digest")
    remaining = f" {request.words}" if request.words and is_query else ""
    return QueryError(
        "How often? A digest has a schedule: daily, weekly or monthly, and a time.",
        [f"digest {one}{remaining}" for one in EXAMPLES[:2]] + [f"digest now{remaining}"],
    )


async def _now(ctx: AppContext, request: CommandRequest, text: str) -> Message:
    await fetch_mentioned_users(ctx, text)
    now = ctx.clock.now()

    def work(tx: Tx) -> Message:
        access = access_view(tx, request.viewer)
        query = digesting.read_query(lambda: digest_query(understand(tx, access, text, "digest now", now).query), "now")
        return answer(digest_now(tx, query, access.viewer, access.directory, now, access.zone))

    return await ctx.store.read(work)
