"""Whatever iSpring's names and titles hold: nothing pings, formats, links or breaks Slack's limits."""

import re
import unicodedata
from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.blocks import details as details_view
from bot.blocks.actions import Subscribe
from bot.blocks.answers import did_you_mean, not_allowed
from bot.blocks.home import Home, Own, home
from bot.blocks.markup import bare, safe
from bot.blocks.notifications import render
from bot.blocks.rule_lists import rules_list
from bot.blocks.rule_preview import Shown
from bot.blocks.rules import format_rule, proposal
from bot.blocks.session_lists import Page, RenderContext, results, show
from bot.blocks.settings import RoleSetting, Settings
from bot.blocks.settings_form import settings_form
from bot.blocks.to_do_lists import to_do
from bot.domain.changes import outcome_of
from bot.domain.model import AreaResult, ChangeKind, CriterionResult, Details, HistoryEntry, Moment, SessionRecord
from bot.domain.notifications import Destination, Message
from bot.domain.preferences import Choice, Often, Role
from bot.domain.reports import CriterionCost, Figures, ReportRow
from bot.domain.text import clean, clip
from bot.domain.whole_reports import UnitRow
from tests.blocks.build import (
    CHANNEL,
    EMPLOYEE,
    NOW,
    OBSERVER,
    an_overview,
    delivery_of,
    directory,
    facts,
    record,
    rule,
    session,
)
from tests.blocks.limits import assert_fits_slack, marked_up, texts, units

WORST = [
    "<!channel> <!here> <!everyone|x>",
    "<@U0VICTIM> <#C0SECRET> <https://evil.example|Open in iSpring>",
    "*bold* _it_ ~gone~ `code` ```block``` > quote",
    "https://evil.example/x www.evil.example mailto:a@evil.example :tada: :100:",
    "\u202egnp.exe\u2066 \u200bzero\u200b\ufeff\u00ad",
    "line\nbreak\r\n\x00\x07\x1b[31m\u2028\u2029 tab\t",
    "مرحبا بالعالم שלום",
    "👩‍🚀🧑🏽‍🌾" * 30,
    "&amp;<>&lt;" * 40,
    "A" * 10_000,
    "&" * 10_000,
    "😀" * 10_000,
    "\u202e" * 10_000,
    " ",
    "",
    "\ud800lone",
]
hostile = st.one_of(
    st.sampled_from(WORST),
    st.text(max_size=300),
    st.lists(st.sampled_from([*"&<>*_~`:@|\n\u202e\u200b😀", "<!channel>", "http://x.example"]), max_size=80).map(
        "".join
    ),
)
# What may still stand between < and >: our date tokens, and mentions of ids that came from Slack.
OURS = re.compile(
    r"<!date\^\d+\^\{date_short_pretty\}(, \{time\}\|[^<>|]* UTC|\|\d{1,2} [A-Z][a-z]{2} \d{4})>|<@U\w+>|<#C\w+>"
)
ENTITY = re.compile(r"&(amp|lt|gt);")


def assert_harmless(texts_in_markup: list[str]) -> None:
    for text in texts_in_markup:
        rest = OURS.sub("", text)
        assert "<" not in rest, rest
        assert ">" not in rest, rest
        assert "&" not in ENTITY.sub("", rest), rest
        assert "://" not in rest, rest
        assert "```" not in rest, rest
        assert not re.search(r"(^|\s)_\w", rest), rest
        assert not re.search(r":(?!\d\d(?:-\d\d)?:)[\w+'-]+:", rest), rest


def assert_legible(notified: list[str]) -> None:
    for text in notified:
        odd = [c for c in text if unicodedata.category(c) in {"Cc", "Cf", "Cs"} and c not in "\n\u200c\u200d"]
        assert not odd, odd


def a_record(title: str, area: str, criterion: str, status: str, date: str) -> SessionRecord:
    one = session(title=title, status=status, finished=Moment(date, None))
    details = Details(
        areas=tuple(AreaResult(f"a{n}", area, float(n)) for n in range(20)),
        criteria=tuple(CriterionResult(f"c{n}", criterion, f"a{n % 20}", False, 1, 5) for n in range(300)),
    )
    odd = replace(one, facts=one.facts._replace(status="<!channel> *X*"))
    notified = tuple(
        HistoryEntry(at=NOW, version=n, kind=kind, old=outcome_of(odd), new=outcome_of(one))
        for n, kind in enumerate([*ChangeKind] * 3)
    )
    return record(one, details=details, history=notified, previous=session(2, result=64.0, points=None))


def check(message: Message) -> None:
    assert_fits_slack(message)
    assert_harmless([message.text, *marked_up(message.blocks)])
    assert_legible([message.text, *texts(message.blocks)])


@settings(max_examples=30)
@given(hostile, hostile, hostile, hostile, hostile, hostile, st.sampled_from([CHANNEL, OBSERVER, EMPLOYEE]))
@example(name="x", site="x", title="x", criterion="x", status=":tada", date="x", to=CHANNEL)  # a colon of ours follows
def test_a_card_stays_a_card(
    name: str, site: str, title: str, criterion: str, status: str, date: str, to: Destination
) -> None:
    one = a_record(title, title, criterion, status or "PASSED", date)
    who = directory(name or "?", name or "?", site or "?")
    message = render(delivery_of(one, to=to), facts(one, directory=who, with_previous=frozenset({one.session.key})))
    check(message)
    assert message.blocks
    assert message.text.count("Session 00000001") == 1
    assert units(message.text) < 3_900, "nothing of it had to be cut"


@settings(max_examples=15)
@given(hostile, hostile, hostile, st.sampled_from([CHANNEL, OBSERVER, EMPLOYEE]))
def test_a_grouped_card_keeps_every_session(name: str, site: str, title: str, to: Destination) -> None:
    many = [record(session(n, title=title)) for n in range(1, 26)]
    message = render(delivery_of(*many, to=to), facts(*many, directory=directory(name or "?", name or "?", site)))
    check(message)
    assert message.blocks
    for one in many:
        assert message.text.count(one.short_id) == 1


@settings(max_examples=15)
@given(hostile, hostile, hostile, hostile)
@example(
    name="&amp;<>&lt;" * 40,
    title="<!channel> <!here> <!everyone|x>",
    criterion="<!channel> <!here> <!everyone|x>",
    typed="&amp;<>&lt;" * 40,
)  # the labels that are read out count too
def test_answers_stay_within_limits(name: str, title: str, criterion: str, typed: str) -> None:
    who = directory(name or "?", name or "?", title)
    one = a_record(title, title, criterion, "PASSED", typed)
    shown = RenderContext(directory=who, short_ids={one.session.key: one.short_id}, data_as_of=NOW)
    many = [session(n, title=title) for n in range(1, 26)]
    page = Page(sessions=many, figures=Figures(sessions=100), offset=25, size=25, query=typed, words=typed)
    check(results(page, shown))
    check(results(replace(page, sessions=(), figures=Figures(), offset=0), shown))
    check(show(one, shown, with_previous=True))
    check(to_do([session(n, title=title, status="IN_PROGRESS") for n in range(40)], shown, now=NOW))
    check(did_you_mean(typed, [typed] * 7, command="/ojt"))
    check(not_allowed(typed))
    check(
        rules_list(
            [rule(n, query=typed, reason=typed) for n in range(1, 60)],
            dict.fromkeys(range(60), typed),
            may_end=range(60),
            command="/ojt",
        )
    )
    check(proposal(CHANNEL, Subscribe("C0NORTH", typed), typed, Shown({}, hints=[typed]), is_public=True))


@settings(max_examples=12)
@given(hostile, hostile, hostile)
def test_views_stay_within_limits(name: str, title: str, typed: str) -> None:
    who = directory(name or "?", name or "?", title)
    one = a_record(title, title, title, "PASSED", typed)
    shown = RenderContext(directory=who, short_ids={}, data_as_of=NOW)
    mine = Settings(
        roles=[RoleSetting(role=role, choice=Choice(Often.INSTANTLY)) for role in Role],
        rules=[(format_rule(rule(), typed), NOW)] * 3,
        who=name,
    )
    many = [session(n, title=title) for n in range(1, 60)]
    rules = [rule(n) for n in range(1, 60)]
    units = [UnitRow(name=name, figures=ReportRow(group=name, now=Figures(), before=Figures())) for _ in range(40)]
    known = Home(
        shown=shown,
        settings=mine,
        now=NOW,
        own=Own(to_do=many, planned=many, results=many, observed=many),
        overview=an_overview(
            units=units,
            attention=many[:5],
            costly=[CriterionCost(title=title, graded=9, failed=3, lost=7, total=45)] * 3,
        ),
        rules=rules,
        rule_texts={one.rule_id: format_rule(one, typed) for one in rules},
        may_end={one.rule_id for one in rules},
    )
    for view in (
        details_view.details(one, who, with_previous=True),
        settings_form(mine),
        details_view.refused(typed),
        home(known),
        home(replace(known, sees=False, settings=replace(mine, is_linked=False, who=typed))),
    ):
        assert_fits_slack(view)
        assert_harmless(list(marked_up(view)))
        assert_legible(list(texts(view)))


@pytest.mark.parametrize("text", WORST)
def test_safe_text_is_harmless_and_short(text: str) -> None:
    assert_harmless([safe(text, 50)])
    assert_legible([safe(text, 50), bare(text, 50)])
    assert units(safe(text, 50)) <= 50
    assert units(bare(text, 50)) <= 50
    assert not set("*~`@\n") & set(safe(text, 50))


@given(st.text(alphabet="&<>ab😀", max_size=80), st.integers(2, 60))
def test_a_cut_never_leaves_half_an_entity(text: str, limit: int) -> None:
    cut = safe(text, limit)
    assert "&" not in ENTITY.sub("", cut)
    assert units(cut) <= limit


def test_ordinary_names_and_titles_stay_as_they_are() -> None:
    for name in ("Zoë O'Brien-Nuñez", "J. Doe", "Opening: cash desk (v2.1)", "09:30:15", "नमस्ते क्‍ष", "می‌خواهم"):
        assert safe(name) == name
        assert bare(name) == name


def test_cutting_marks_that_it_cut() -> None:
    assert clip("abcdef", 4) == "abc…"
    assert clip("abcd", 4) == "abcd"
    assert clip("in <#C0123|shop> and <@U0123>", 20) == "in <#C0123|shop> an…"
    assert clip("in <#C0123|shop>", 12) == "in…"
    assert clip("5 < 7 and more", 10) == "5 < 7 and…"
    assert clean(" a\n\tb\u202e ") == "a b"
