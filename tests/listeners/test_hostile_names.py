"""Names and titles that would ping, format, hide or flood, in every answer of every subcommand and on Home."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from bot.domain.notifications import Message
from bot.ispring.wire import LONGEST_NAME, LONGEST_TITLE
from bot.store.database import Tx
from tests.blocks.limits import assert_fits_slack, marked_up, texts
from tests.blocks.test_untrusted_text import assert_harmless, assert_legible
from tests.clock import NOON
from tests.listeners.office import ADMIN, DETAILS, EMMA, LOW, SAM, fill, open_office
from tests.listeners.test_access import ASKED, with_foreign_rules

pytestmark = pytest.mark.virtual_time

NAMES = {
    "pings and markup": "<!channel> <@U0ADMIN> <#C0SECRET> <https://evil.example|Open> *b* _l_ ~g~ `c` ```d``` :tada:",
    "signs nobody sees": "\u202egnp.exe\u2066 \u200bzero\u200b\ufeff مرحبا a\nb\r\n\x00\x1b[31m\u2028c",
    "long": "&<W>" * 500,
    "nothing": "\u200b\u2060",
}
WITH_CODE_OF_OURS = {"setup"}  # the text to announce Spotter with stands in a block to copy


def check(message: Message) -> None:
    assert_fits_slack(message)
    # A private channel's id comes from Slack, as a public one's does.
    assert_harmless([re.sub(r"<#G\w+>", "", one) for one in (message.text, *marked_up(message.blocks))])
    assert_legible([message.text, *texts(message.blocks)])


def company_called(name: str) -> Callable[[Tx], None]:
    def company(tx: Tx) -> None:
        fill(tx)
        known, title = tx.people.directory(), name[:LONGEST_TITLE]
        people = [
            replace(one, name=name[:LONGEST_NAME], job_title=name[:LONGEST_NAME]) for one in known.people.values()
        ]
        places = [replace(one, name=name[:LONGEST_NAME]) for one in known.departments.values()]
        tx.people.replace_directory(people, places, NOON)
        tx._connection.execute("UPDATE sessions SET checklist_title = ?", (title,))
        tx._connection.execute("UPDATE checklists SET title = ?", (title,))
        areas = tuple(replace(one, title=title) for one in DETAILS.areas)
        criteria = tuple(replace(one, title=title) for one in DETAILS.criteria)
        tx.details.save(LOW, replace(DETAILS, areas=areas, criteria=criteria), NOON)

    return company


@pytest.mark.promise("hostile_name")
@pytest.mark.parametrize("name", NAMES)
async def test_every_answer_fits_and_is_harmless(tmp_path: Path, name: str) -> None:
    async with open_office(tmp_path, company=company_called(NAMES[name])) as office:
        await with_foreign_rules(office)
        for viewer in (ADMIN, SAM, EMMA):
            for text in (text for verb, listed in ASKED.items() if verb not in WITH_CODE_OF_OURS for text in listed):
                check(await office.ask(viewer, text))
            await office.home(viewer)
