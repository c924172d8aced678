"""What stands in the answers to /ojt, on the Home tab and in details."""

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot import VERSION
from bot.blocks import actions, answers, details, help_pages, role_pages, rule_lists, rules, targets
from bot.blocks.answers import Needs, Topic
from bot.blocks.elements import notice
from bot.blocks.home import Home, Own, home
from bot.blocks.rule_preview import Shown
from bot.blocks.session_lists import Page, RenderContext, results, show, which_session
from bot.blocks.settings import RoleSetting, Settings, choice_of, choices_saved, settings
from bot.blocks.settings_form import settings_form
from bot.blocks.status import Status, status
from bot.blocks.to_do_lists import to_do
from bot.domain.errors import Remedy
from bot.domain.model import Acknowledgement, ChangeKind, HistoryEntry, Targets
from bot.domain.notifications import Destination, DestinationKind, Message
from bot.domain.outbox import CardDelay, OutboxCounts
from bot.domain.outcomes import judge
from bot.domain.polling import PollMode, PollReport, PollState
from bot.domain.preferences import NOTHING, Choice, Often, Role, parse_choice
from bot.domain.reports import Figures
from bot.domain.viewers import DirectMessages
from tests.blocks.build import NOW, directory, facts, key_of, record, rule, session
from tests.blocks.limits import assert_fits_slack, texts

TOPICS = (
    Topic(verb="results", usage="results [query]", summary="finds sessions", examples=("results since:30d",)),
    Topic(verb="todo", usage="todo", summary="what you have to conduct", on_menu="My to-do", needs=Needs.PERSON),
    Topic(verb="status", usage="status", summary="how Spotter does", on_menu="Status", needs=Needs.NOTHING),
    Topic(verb="target", usage="target 80", summary="sets the target", on_menu="Targets", admins_only=True),
)
ROWS_SHOWN = RenderContext(
    directory=directory(), short_ids={key_of(n): f"{n:08x}" for n in range(1, 30)}, data_as_of=NOW
)
MINE = Settings(
    roles=[
        RoleSetting(role=Role.OBSERVER, choice=Choice(Often.INSTANTLY, only_low=True)),
        RoleSetting(role=Role.EMPLOYEE, choice=NOTHING, is_default=True),
    ],
    who="You are Ana Ruiz in iSpring.",
)

ROOM = Destination(DestinationKind.CHANNEL, "C0NORTH")


def page(how_many: int, total: int, offset: int = 0) -> Page:
    many = [session(n) for n in range(1, how_many + 1)]
    return Page(
        sessions=many,
        figures=Figures(sessions=total, completed=total),
        offset=offset,
        size=10,
        query="since:30d",
        words="sessions in 30 days",
    )


def shown(what: Message | dict[str, Any]) -> str:
    """All its texts as they are read, no-break spaces as spaces."""
    return "\n".join(texts(what.blocks if isinstance(what, Message) else what)).replace("\u00a0", " ")


def values(what: Message | dict[str, Any], action: str) -> list[str]:
    """The values of all buttons that do a thing."""
    blocks: Any = what.blocks if isinstance(what, Message) else what["blocks"]
    elements = [e for b in blocks if b["type"] == "actions" for e in b["elements"]]
    elements += [b["accessory"] for b in blocks if "accessory" in b]
    return [e.get("value", "") for e in elements if actions.action_of(e["action_id"]) == action]


def a_status(**more: Any) -> Status:
    poll = PollState(PollReport(NOW, NOW, listed=600), NOW, NOW, 600, NOW)
    counts = OutboxCounts(pending=0, sending=0, ambiguous=0, blocked=0, failed=0, sent=9, edits=0, oldest_at=None)
    given = {
        "poll": poll,
        "outbox": counts,
        "rules": 2,
        "paused_rules": 0,
        "poll_interval": 120.0,
        "now": NOW + timedelta(minutes=2),
        "is_admin": True,
    }
    return Status(**{**given, **more})


def test_a_page_of_results_repeats_the_query_and_turns() -> None:
    message = results(page(10, 34, offset=10), ROWS_SHOWN)
    assert_fits_slack(message)
    assert message.text.startswith(
        "34 found: sessions in 30 days. Showing 11 to 20.\n34 completed\n"
        "Read as `/ojt results since:30d`\n"
        "🔴 Maria Lopez · 72 %, below target 80 %: Opening the store"
    )
    assert message.text.endswith("Data as of 23 Nov 2026, 14:02 UTC")
    assert [actions.decode(actions.Page, value) for value in values(message, actions.PAGE)] == [
        actions.Page(0, "since:30d"),
        actions.Page(20, "since:30d"),
    ]
    assert len(values(message, actions.DETAILS)) == 10


def test_the_only_page_has_nothing_to_turn() -> None:
    assert values(results(page(3, 3), ROWS_SHOWN), actions.PAGE) == []


def test_nothing_found_repeats_the_query_and_says_what_to_try() -> None:
    message = results(page(0, 0), ROWS_SHOWN)
    assert message.text.startswith("Nothing found: sessions in 30 days. Try fewer conditions")
    assert_fits_slack(message)


def test_a_person_named_in_a_query_stays_a_mention() -> None:
    asked = Page(sessions=(), figures=Figures(), offset=0, size=10, query="x", words="sessions observed by <@U0ANA>")
    assert "observed by <@U0ANA>." in results(asked, ROWS_SHOWN).text


def test_show_has_every_criterion_under_its_area_and_the_history() -> None:
    before, after = session(result=86.0, points=None), session()
    entry = HistoryEntry(
        at=NOW, version=2, kind=ChangeKind.CORRECTED, old=judge(before.facts, 80.0), new=judge(after.facts, 80.0)
    )
    one = record(after, history=(entry,), acknowledgements=(Acknowledgement("U0SUP", NOW),))
    message = show(one, ROWS_SHOWN, with_previous=False)
    assert_fits_slack(message)
    notified = shown(message)
    assert (
        "████░░░░░░ 40 % Cash desk\n• Counts the float: 1 of 5\n███████░░░ 70 % Safety\n"
        "• Locks the back door: 3.5 of 5\n• Wears gloves: skipped\n█████████░ 95 % Greeting\n"
        "• Greets every customer: 5 of 5"
    ) in notified
    assert "*Criteria*\n3 of 4 criteria answered, 1 skipped" in notified
    assert "*History*\nMet target, 86 % (target 80 %) → Below target, 72 % (target 80 %), corrected <!date" in notified
    assert "Acknowledged by <@U0SUP>" in notified
    assert "40 % Cash desk\n• Counts the float: 1 of 5\n70 % Safety\n" in message.text
    assert (
        "History: Met target, 86 % (target 80 %) → Below target, 72 % (target 80 %), corrected 23 Nov" in message.text
    )
    assert notified.count("00000001") == message.text.count("00000001") == 1


def test_an_id_of_several_sessions_offers_them() -> None:
    message = which_session("0000", [session(1), session(2)], ROWS_SHOWN)
    assert "Which one?" in message.text
    assert len(values(message, actions.DETAILS)) == 2
    assert_fits_slack(message)


def test_an_id_of_none_says_where_ids_are_found() -> None:
    assert "at the foot of each card" in which_session("ffff", [], ROWS_SHOWN).text


def test_the_to_do_list_puts_what_is_started_first_and_marks_what_is_late() -> None:
    message = to_do([session(1, status="NOT_STARTED"), session(2, status="IN_PROGRESS")], ROWS_SHOWN, now=NOW)
    assert_fits_slack(message)
    assert message.text.splitlines() == [
        "2 sessions to do as an observer",
        "To finish",
        "Opening the store: Maria Lopez, Store 12 · started 23 Nov 2026, 13:00 UTC · 00000002",
        "To conduct",
        "Opening the store: Maria Lopez, Store 12 · planned for 23 Nov 2026, 09:02 UTC · 00000001",
        "Data as of 23 Nov 2026, 14:02 UTC",
    ]
    later = to_do([session(1, status="NOT_STARTED")], ROWS_SHOWN, now=NOW + timedelta(hours=20))
    assert "overdue, planned for 23 Nov 2026, 09:02 UTC" in later.text, "what `overdue` lists, and nothing else"


def test_nothing_to_do_says_so() -> None:
    assert to_do([], ROWS_SHOWN, now=NOW).text.startswith("Nothing to do")


def test_the_menu_offers_only_what_this_viewer_may() -> None:
    for has, verbs in (
        ({Needs.NOTHING}, ["status"]),
        ({Needs.NOTHING, Needs.SESSIONS}, ["status", "target"]),
        (set(Needs), ["todo", "status", "target"]),
    ):
        message = answers.menu(TOPICS, command="/ojt", who="You are Ana.", has=has, data_as_of=NOW, to_do=2)
        assert values(message, actions.RUN) == verbs
        assert "You are Ana. You have 2 sessions to conduct or finish." in message.text
        assert_fits_slack(message)


@pytest.mark.parametrize("remedy", Remedy)
def test_whoever_is_refused_reads_what_they_can_do(remedy: Remedy) -> None:
    notified = answers.format_remedy(remedy, admins=["U0ADA"], user_id="U0ANA", command="/ojt")
    assert ("<@U0ADA>" in notified) is (remedy in (Remedy.ADMIN, Remedy.LINK))  # nobody else can be asked for it
    assert bool(notified) is (remedy is not Remedy.NONE)


def test_an_admin_whom_nobody_linked_is_notified_to_do_it() -> None:
    notified = answers.format_remedy(Remedy.LINK, admins=["U0ADA"], user_id="U0ADA", command="/ojt")
    assert "`/ojt link @you Your Name`" in notified


def test_no_line_ends_between_a_number_and_its_percent_sign() -> None:
    for one in (show(record(), ROWS_SHOWN, with_previous=True), results(page(3, 3), ROWS_SHOWN)):
        assert any("80\u00a0%" in text for text in texts(one.blocks))
        assert not any(re.search(r"\d %", text) for text in texts(one.blocks))


def test_help_lists_everything_and_explains_one_thing() -> None:
    own = role_pages.ROLE_PAGES[2:3]
    asks = [role_pages.Ask("failed Opening this month", "who fell below target")]
    first = help_pages.overview(TOPICS, ["score"], asks, own, command="/ojt")
    assert "Also: `results`, `todo`, `status`, `target`." in first.text
    assert values(first, actions.RUN) == ["failed Opening this month", "help observer"]
    assert_fits_slack(first)
    everything = help_pages.everything(TOPICS, ["score"], own, command="/ojt")
    assert all(topic.usage in everything.text for topic in TOPICS)
    assert values(everything, actions.RUN) == ["help observer"]
    one = help_pages.topic_page(TOPICS[0], TOPICS[0].examples, command="/ojt")
    assert values(one, actions.RUN) == ["results since:30d"]
    assert_fits_slack(everything)
    assert_fits_slack(one)


def test_names_in_help_are_harmless() -> None:
    named = help_pages.KeyTopic(
        key="checklist:", about="What was graded.", others=["form"], spellings=[], in_words=[],
        names=["<!channel> `*_" + "x" * 400] * 8, examples=['results checklist:"<!channel>"'],
    )  # fmt: skip
    page = help_pages.key_page(named, command="/ojt")
    assert "<!channel>" not in page.text
    assert_fits_slack(page)


def test_which_one_says_what_each_would_find() -> None:
    found = answers.which_one(
        "“12” can mean several things.",
        ["Store 12 · 14 sessions", "The newest 12"],
        ["results dept:x", "results limit:12"],
        command="/ojt",
    )
    assert values(found, actions.RUN) == ["results dept:x", "results limit:12"]
    assert "Store 12 · 14 sessions" in found.text
    assert_fits_slack(found)


def test_wrong_words_get_the_nearest_ones_as_buttons() -> None:
    message = answers.did_you_mean("“resluts” is no command.", ["results", "rules"], command="/ojt")
    assert values(message, actions.RUN) == ["results", "rules"]
    assert "Did you mean: `/ojt results`, `/ojt rules`?" in message.text
    assert_fits_slack(message)


@pytest.mark.parametrize(
    "message",
    [
        answers.did_you_mean("What?", [], command="/ojt"),
        answers.not_allowed("you are a guest"),
        notice("The database is busy.", "Try again."),
        answers.acknowledged(was_new=True),
        answers.acknowledged(was_new=False),
        targets.target_set(Targets(80.0, {"c1": 72.5}), "c1", "Opening", command="/ojt"),
        targets.target_set(Targets(), None, None, command="/ojt"),
        targets.targets_list(
            Targets(80.0, {"c1": 90.0}), {"c1": "Opening"}, command="/ojt", is_admin=True, is_set_in_slack=True
        ),
        rules.proposal(ROOM, actions.Subscribe("C0NORTH", "score:<80"), "", Shown({}), is_public=True),
        rules.preview_only("", Shown({}), "subscribe", command="/ojt"),
        rules.subscribed(rule(), "", command="/ojt"),
        rules.subscribed(rule(), "", command="/ojt", hints=["It would have posted 3 sessions."]),
        rules.starts_later(rule(), "", command="/ojt"),
        rules.already_subscribed(rule(), "all sessions", command="/ojt"),
        rules.invite_first("C0NORTH"),
        rules.cancelled(),
        rules.unsubscribed(rule(), "all sessions"),
        rule_lists.rules_list([], {}, command="/ojt"),
        settings(MINE),
        choices_saved([(MINE.roles[0], replace(MINE.roles[0], choice=NOTHING))], command="/ojt"),
    ],
    ids=lambda message: message.text[:40],
)
def test_every_small_answer_fits(message: Message) -> None:
    assert_fits_slack(message)
    assert message.blocks


def test_a_public_channel_is_asked_for_before_it_is_subscribed() -> None:
    value = actions.Subscribe("C0NORTH", "score:<80")
    message = rules.proposal(ROOM, value, "sessions with a result below 80 %", Shown({}), is_public=True)
    assert "posts to <#C0NORTH>: completed sessions with a result below 80" in message.text
    assert "Shall Spotter post there?" in message.text
    assert [actions.decode(actions.Subscribe, one) for one in values(message, actions.CONFIRM_SUBSCRIBE)] == [value]


def test_what_saves_a_rule_stands_under_its_question_and_above_the_samples() -> None:
    sample = record()
    seen = Shown({NOW.date(): 1}, [sample.session.key], facts(sample))
    value = actions.Subscribe("C0NORTH", "score:<80")
    for is_public in (True, False):
        message = rules.proposal(ROOM, value, "all sessions", seen, is_public=is_public)
        kinds = [block["type"] for block in message.blocks]
        at = kinds.index("actions")
        assert at < kinds.index("header"), "a sample card begins with a header"
        if is_public:
            assert "Shall Spotter post there?" in message.blocks[at - 1]["text"]["text"]
        assert message.text.index("it would have posted 1 session") < message.text.index("Maria Lopez")


def test_rules_can_be_ended_by_those_who_may() -> None:
    message = rule_lists.rules_list([rule(1), rule(2)], {1: "all sessions"}, may_end={2}, command="/ojt")
    assert values(message, actions.UNSUBSCRIBE) == ["2"]
    assert "Rule 1 in <#C0NORTH>: every completed session. By <@U0LND>, active" in message.text
    assert_fits_slack(message)


def test_a_healthy_status_says_so_in_its_first_words() -> None:
    message = status(a_status())
    assert message.text.startswith(
        "✓ Spotter is reading and sending\niSpring was read: 23 Nov 2026, 14:02 UTC, 2 min ago\n"
    )
    for nothing in ("Held", "Messages to correct", "A card comes"):
        assert nothing not in message.text
    assert len(_pairs_of(message)) <= 5
    assert_fits_slack(message)


def _pairs_of(what: Message) -> list[Any]:
    return [one for block in what.blocks for one in block.get("fields", ())]


def test_status_says_what_is_wrong_first_and_who_runs_it_last() -> None:
    poll = PollState(PollReport(NOW, NOW, error="iSpring refuses this key."), NOW, NOW, 600, NOW)
    message = status(a_status(poll=poll, admins=["U0ADMIN", "U0OTHER"]))
    assert_fits_slack(message)
    lines = message.text.splitlines()
    assert "refuses this key" in lines[1]
    assert lines[-1].startswith(f"Spotter {VERSION}, its database is from")
    assert lines[-1].endswith("Its admins: <@U0ADMIN>, <@U0OTHER>.")
    assert f"Spotter {VERSION}. It has no admins" in status(a_status(is_admin=False)).text


def test_reasons_of_trouble_are_for_admins_only() -> None:
    poll = PollState(PollReport(NOW, NOW, error="iSpring refuses this key."), None, None, 0, NOW)
    for is_admin in (True, False):
        message = status(a_status(poll=poll, is_admin=is_admin))
        assert message.text.startswith("✕ iSpring could not be read yet")
        assert ("refuses this key" in message.text) is is_admin
        assert_fits_slack(message)


def test_a_late_reading_is_called_late() -> None:
    assert status(a_status(now=NOW + timedelta(minutes=30))).text.startswith("▽ Reading iSpring is late")


def test_settings_show_what_is_chosen_and_what_is_the_default() -> None:
    text = settings(MINE).text
    assert "Sessions you observe: you get only those below target or failed." in text
    assert "Your own sessions: you get nothing (the default here)." in text


def test_what_was_changed_is_said_and_can_be_taken_back() -> None:
    before, now = MINE.roles[0], replace(MINE.roles[0], choice=NOTHING)
    stopped = choices_saved([(before, now)], command="/ojt")
    assert "of sessions you observe you get nothing (before: only those below target or failed)" in stopped.text
    [value] = values(stopped, actions.SET_CHOICE)
    assert actions.decode(actions.SetChoice, value) == actions.SetChoice({"observer": "instantly below target"})
    default, all_of_them = MINE.roles[1], replace(MINE.roles[1], choice=Choice(Often.INSTANTLY), is_default=False)
    [value] = values(choices_saved([(default, all_of_them)], command="/ojt"), actions.SET_CHOICE)
    assert actions.decode(actions.SetChoice, value) == actions.SetChoice({"employee": ""})
    same = choices_saved([(before, before)], command="/ojt")
    assert "as before" in same.text and values(same, actions.SET_CHOICE) == []


def test_the_home_tab_of_somebody_with_work_to_do() -> None:
    many = [session(n, status="IN_PROGRESS") for n in range(1, 15)]
    view = home(
        Home(
            shown=ROWS_SHOWN,
            settings=MINE,
            now=NOW,
            own=Own(to_do=many, results=[session(20)]),
            rules=[rule()],
            rule_texts={rule().rule_id: "*Rule 3* in <#C0NORTH>: every completed session"},
            status=a_status(),
        )
    )
    assert_fits_slack(view)
    assert "and 6 more; `/ojt todo` shows all" in shown(view)
    assert "✓ Spotter is reading and sending" in shown(view)


def test_an_empty_home_tab_teaches_the_next_step() -> None:
    notified = shown(home(Home(shown=ROWS_SHOWN, settings=MINE, now=NOW, own=Own())))
    assert "First step: ask something in your own words, for example `/ojt my results`." in notified
    assert "`/ojt history me` will show how your results change" in notified
    assert "Type `/ojt subscribe` in a channel" in notified


def test_a_home_tab_without_rights_says_why() -> None:
    nobody = replace(MINE, who="Your account is a guest.", is_linked=False, what_next="Ask somebody.")
    view = home(Home(shown=ROWS_SHOWN, settings=nobody, now=NOW, sees=False))
    assert "Your account is a guest. So it sends you no direct messages about sessions. Ask somebody." in shown(view)
    assert "static_select" not in str(view) and "subscribe" not in str(view)
    assert_fits_slack(view)
    form = settings_form(nobody)
    assert "submit" not in form and "input" not in str(form)
    assert_fits_slack(form)


def test_modals_fit_and_their_choices_mean_what_they_say() -> None:
    for view in (
        details.loading(),
        details.details(record(), directory(), with_previous=False),
        details.refused("it is of somebody else"),
        details.gone(),
        settings_form(MINE),
    ):
        assert_fits_slack(view)
    assert choice_of(DirectMessages.BELOW) == Choice(Often.INSTANTLY, only_low=True)


def test_the_settings_form_asks_once_about_each_role_and_keeps_an_own_percentage() -> None:
    weekly = RoleSetting(role=Role.SUPERVISOR, choice=parse_choice("weekly below 72.5", NOTHING, Role.SUPERVISOR))
    form = settings_form(replace(MINE, roles=[RoleSetting(role=Role.OBSERVER, choice=NOTHING), weekly]))
    assert_fits_slack(form)
    menus = {one["block_id"]: one["element"] for one in form["blocks"] if one["type"] == "input"}
    labels = [one["label"]["text"] for one in form["blocks"] if one["type"] == "input"]
    assert len(labels) == len(set(labels))
    assert [one["value"] for one in menus["as_observer"]["options"]] == [
        *("instantly", "instantly low", "daily", "daily low", "weekly", "weekly low", "never")
    ]
    assert menus["as_supervisor"]["initial_option"]["value"] == "weekly 72.5"
    assert "A digest each week: only scores below 72.5" in str(menus["as_supervisor"]["options"])


def test_status_says_what_the_last_poll_read_and_how_old_corrections_are() -> None:
    report = PollReport(NOW, NOW, mode=PollMode.INCREMENTAL, size=1_390_000, wire_size=210_000)
    poll = PollState(report, NOW, NOW, 100_000, NOW, corrected_at=NOW - timedelta(hours=2))
    shown = status(a_status(poll=poll, card_delay=CardDelay(3.2, 11.0), next_digest_at=NOW, target="80 %"))
    text = shown.text
    assert_fits_slack(shown)
    assert "Target for all" in text
    assert "what may have changed, 1.4 MB (210 KB on the wire)" in text
    assert "Corrections: as of" in text
    assert "A card comes: 3 s after the session is read from iSpring; 19 of 20 within 11 s" in text
    at_once = status(a_status(card_delay=CardDelay(0.2, 0.4))).text
    assert "A card comes: 1 s after the session is read from iSpring\n" in at_once
    assert "Corrections" not in status(a_status()).text
