"""What a typed query means to one viewer: free words and keys, read among the names that they may see."""

from dataclasses import dataclass
from datetime import datetime

from bot.domain.errors import QueryError
from bot.listeners.access_scope import AccessView, refuse_unknown
from bot.listeners.context import AppContext
from bot.query.free_words import Option, read_words
from bot.query.name_index import NameIndex
from bot.query.names import MENTION
from bot.query.parser import Names, Query, parse
from bot.services.visible_names import all_visible_names
from bot.store.database import Tx


@dataclass(frozen=True, slots=True)
class Understood:
    """A query, the names it was read among, and what some of its words could mean beside what they were read as."""

    query: Query
    known: Names
    options: tuple[Option, ...] = ()


async def look_up_mentioned(ctx: AppContext, text: str) -> None:
    """Looks up the Slack users that a text mentions: a user unknown to Spotter has no link yet."""
    for user_id in sorted({found[1] for found in MENTION.finditer(text)}):
        await ctx.contacts.viewer(user_id)


def understand(tx: Tx, access: AccessView, text: str, verb: str, now: datetime) -> Understood:
    """What a viewer's text means.

    Raises QueryError if it can mean nothing or several things; its suggestions are whole commands that begin with
    `verb`, "" on the command line.
    """
    users = {found[1].upper() for found in MENTION.finditer(text)}
    known = all_visible_names(tx, access.scope, access.directory, users, access.viewer.person_id)
    today = now.astimezone(access.zone).date()
    try:
        reading = read_words(
            text, NameIndex.of(known), today, lambda person_id: tx.search.only_observes(person_id, access.scope)
        )
        query = parse(reading.text)
    except QueryError as error:
        raise QueryError(str(error), [f"{verb} {one}".lstrip() for one in error.suggestions]) from None
    if reading.question:
        raise QueryError(
            f"{reading.question} Which do you mean?", [f"{verb} {one.text}".lstrip() for one in reading.options]
        )
    refuse_unknown(query, known, verb)
    return Understood(query, known, reading.options)
