"""A message's text is derived from its blocks: what push notifications show and screen readers read."""

import pytest

from bot.blocks.elements import (
    Block,
    actions,
    button,
    context,
    divider,
    fields,
    header,
    lines,
    listing,
    message,
    mrkdwn,
    section,
)
from bot.blocks.markup import TEXT_LIMIT, date_token, plain_text
from bot.blocks.session_lists import Page, RenderContext, results
from bot.domain.reports import Figures
from tests.blocks.build import NOW, directory, key_of, session
from tests.blocks.limits import assert_fits_slack


@pytest.mark.parametrize(
    ("block", "text"),
    [
        (header("✓ Met target, 86 %"), "✓ Met target, 86 %"),
        (section(mrkdwn("*Rule 3* in <#C0NORTH>, by <@U0LND>")), "Rule 3 in <#C0NORTH>, by <@U0LND>"),
        (section(mrkdwn("one\ntwo"), button("run", "Press")), "one\ntwo"),
        (section(mrkdwn("*Opening*\nMaria · 1a2b")), "Opening: Maria · 1a2b"),
        (section(mrkdwn("*Opening* and\nmore")), "Opening and\nmore"),
        (
            listing("Lowest", ["• Counts: 1 of 5", "████░░░░░░ 40 % Cash desk"]),
            "Lowest: Counts: 1 of 5; 40 % Cash desk",
        ),
        (fields([("Site", "Store 12"), ("Points", "")]), "Site: Store 12\nPoints: –"),
        (context(f"Data as of {date_token(NOW)}", "second"), "Data as of 23 Nov 2026, 14:02 UTC\nsecond"),
        (actions([button("run", "Press", "x")]), ""),
        (divider(), ""),
    ],
)
def test_each_block_has_its_words_and_buttons_have_none(block: Block, text: str) -> None:
    assert plain_text([block]) == text


def test_text_that_formats_nothing_in_its_block_formats_nothing_in_the_text() -> None:
    assert plain_text([header("<!channel> *x* & y"), *lines(["a <@U1>", "https://x.example"])]).splitlines() == [
        "&lt;!channel&gt; ∗x∗ &amp; y",
        "a &lt;＠U1&gt;",
        "https∶//x․example",
    ]


def test_a_text_that_is_too_long_keeps_the_end_of_each_line() -> None:
    rows = [f"{number}. {'x' * 200} · {number:08x}" for number in range(30)]
    text = message(lines(rows)).text
    assert len(text) <= TEXT_LIMIT
    assert [line.rpartition(" · ")[2] for line in text.splitlines()] == [f"{number:08x}" for number in range(30)]


def test_every_session_of_a_full_page_has_its_short_id_in_the_text() -> None:
    many = [session(number, title="T" * 200, status="S" * 100) for number in range(1, 26)]
    shown = RenderContext(
        directory=directory(employee="N" * 200),
        short_ids={key_of(number): f"{number:08x}" for number in range(1, 26)},
        data_as_of=NOW,
    )
    answer = results(
        Page(sessions=many, figures=Figures(sessions=25), offset=0, size=25, query="", words="all sessions"), shown
    )
    assert_fits_slack(answer)
    assert all(answer.text.count(f"{number:08x}") == 1 for number in range(1, 26))
