"""The Home tab, by role: what needs somebody, one's people, one's own sessions; and how it stays up to date."""

from dataclasses import replace
from datetime import timedelta

from bot.blocks import actions
from bot.domain.changes import decide
from bot.domain.model import SessionKey, Targets
from bot.listeners.events.home import publish_changed
from bot.store.database import Tx
from tests.blocks.limits import texts
from tests.clock import NOON
from tests.listeners.office import (
    ADMIN,
    COLLEAGUE,
    DANA,
    EMMA,
    LOW,
    NORTH,
    OLGA,
    SAM,
    UNLINKED,
    Office,
    buttons_of,
    everything_in,
    facts,
)


async def read(office: Office, user: str) -> str:
    """The tab's texts, a line for each, spaces as spaces."""
    return "\n".join(texts(await office.home(user))).replace("\u00a0", " ")


async def test_an_employee_reads_their_own_results_and_what_is_planned_for_them(office: Office) -> None:
    said = await read(office, EMMA)
    own = said[said.index("*Your own sessions*") :]
    assert "Observed by Olga Observer · planned for" in own and "Till check · 72 %, below target 80 %" in own
    assert "Observed by Olga Observer" in own and "*🔴 Emma" not in own
    assert "To do as an observer" not in said, "they conduct none"
    assert "Needs attention" not in said and "Yves" not in said, "a colleague's result is no one's business"
    assert "*Observed by you*" not in said


async def test_an_observer_reads_what_to_do_and_what_they_observed(office: Office) -> None:
    said = await read(office, OLGA)
    to_do, observed = said.index("*To do as an observer*"), said.index("*Observed by you*")
    assert to_do < said.index("Emma Employee, North, Kiosk 7 · planned for") < observed
    assert said.index("Emma Employee · 72 %") > observed
    assert "*Your own sessions*" not in said, "they were never observed"


async def test_everybody_reads_first_who_they_are_and_how_spotter_knows_and_can_say_no(office: Office) -> None:
    for user, person, name in ((OLGA, "olga", "Olga Observer"), (SAM, "sam", "Sam Supervisor")):
        home = await office.home(user)
        assert f"You are {name} in iSpring: your Slack account and" in [*texts(home)][1]
        [wrong] = [one for one in buttons_of(home) if one["action_id"] == actions.NOT_ME]
        assert wrong["value"] == person and wrong["confirm"]
    answer = await office.press(OLGA, actions.NOT_ME, "olga", view_id="V1", channel_id=None)
    assert answer is not None and "no longer linked" in answer.text
    assert "Olga Observer" not in everything_in(await office.home(OLGA))


async def test_who_was_linked_by_an_admin_reads_by_whom(office: Office) -> None:
    await office.link(ADMIN, UNLINKED, "xenia")
    first = [*texts(await office.home(UNLINKED))][1]
    assert f"You are Xenia Papas in iSpring: <@{ADMIN}> linked your Slack account" in first and "`/ojt link`" in first


async def test_an_admin_links_an_observer_without_an_account_on_the_tab(office: Office) -> None:
    def xenia_has_none(tx: Tx) -> None:
        tx.listings.finish_baseline(b"digest", NOON)
        tx.people.note_no_slack_user("xenia@shop.example", NOON)

    await office.store.transact(xenia_has_none)
    home = await office.home(ADMIN)
    said = "\n".join(texts(home))
    assert "*1 observer without a Slack account that Spotter can use*" in said
    assert "Xenia Papas: no Slack account has this person's e-mail address" in said
    [menu] = [
        block["accessory"] for block in home["blocks"] if block.get("accessory", {}).get("type") == "users_select"
    ]
    asked = await office.press(ADMIN, menu["action_id"], UNLINKED, view_id="V1", channel_id=None)
    assert asked is not None and asked.text.startswith(f"Link <@{UNLINKED}> to Xenia Papas in iSpring?")
    assert "Nothing was changed yet." in asked.text
    [yes] = [one for one in buttons_of(asked) if one["action_id"] == actions.CONFIRM_LINK]
    await office.press(ADMIN, yes["action_id"], yes["value"])
    assert "Xenia" not in "\n".join(texts(await office.home(ADMIN)))
    assert "Xenia Papas" in [*texts(await office.home(UNLINKED))][1]


async def test_nobody_but_an_admin_reads_of_people_without_an_account(office: Office) -> None:
    await office.store.transact(lambda tx: tx.listings.finish_baseline(b"digest", NOON))
    await office.store.transact(lambda tx: tx.people.note_no_slack_user("xenia@shop.example", NOON))
    assert "Xenia" not in everything_in(await office.home(DANA))
    refused = await office.press(DANA, f"{actions.LINK_PERSON}:xenia", UNLINKED)
    assert refused is not None and "only admins" in refused.text


async def test_each_rule_is_read_once_and_changed_and_ended_on_the_tab(office: Office) -> None:
    await office.ask(SAM, "settings supervisor instantly")
    save = buttons_of(await office.ask(SAM, "digest daily 09:00", "D0SAM"))[0]
    await office.press(SAM, save["action_id"], save["value"], channel_id="D0SAM", is_ephemeral=True)
    await office.rule(NORTH, "outcome:failed", owner=SAM)
    home = await office.home(SAM)
    said = "\n".join(texts(home))
    assert "Your team's sessions that others observe:* you get every completed session" in said
    assert "Rule 1" not in said, "it is the choice that the settings tell of"
    assert said.count("*Rule 2* for you alone: a digest of all sessions, daily 09:00") == 1
    assert "The next one comes" in said
    made = [one for one in buttons_of(home) if one.get("value") in ("2", "3")]
    assert [one["text"]["text"] for one in made] == ["Edit…", "End rule 2", "End rule 3"]
    end = made[-1]
    assert await office.press(SAM, end["action_id"], end["value"], view_id="V1", channel_id=None) is None
    assert "Rule 3" not in everything_in(office.slack.workspace.homes[SAM].payload)


async def test_the_help_of_the_tab_is_the_page_of_the_readers_role(office: Office) -> None:
    for user, page in ((SAM, "help manager"), (OLGA, "help observer"), (EMMA, "help employee"), (ADMIN, "help admin")):
        [found] = [one for one in buttons_of(await office.home(user)) if one["text"]["text"] == "Help"]
        assert found["value"] == page


async def test_a_supervisor_reads_what_needs_them_and_each_of_their_people(office: Office) -> None:
    said = await read(office, SAM)
    assert "2 below target in 30 days, not acknowledged" in said
    first, second = said.index("Yves Colleague · 66 %"), said.index("Emma Employee · 72 %")
    assert first < second, "the lowest first"
    assert "*Your people, 30 days*" in said
    assert "*Emma Employee* · 2 completed · 1 below target · too few for a percentage · 1 planned" in said
    assert "*Yves Colleague* · 1 completed · 1 below target · too few for a percentage" in said
    assert "Zoltan" not in said and "Ulf" not in said


async def test_a_manager_of_several_sites_reads_a_line_for_each(office: Office) -> None:
    def two_sites(tx: Tx) -> None:
        directory = tx.people.directory()
        people = [
            replace(one, department_id="north") if one.person_id == "yves" else one for one in directory.people.values()
        ]
        tx.people.replace_directory(people, list(directory.departments.values()), NOON)

    await office.store.transact(two_sites)
    said = await read(office, DANA)
    assert "*Your sites, 30 days*" in said
    assert "*Kiosk 7* · 2 completed · 1 below target" in said
    assert "*North (own people)* · 1 completed · 1 below target" in said


async def test_an_admin_reaches_the_people_without_an_account_from_the_tab(office: Office) -> None:
    for user, has_it in ((ADMIN, True), (SAM, False)):
        commands = [one.get("value") for one in buttons_of(await office.home(user))]
        assert ("link list" in commands) is has_it


async def test_an_admin_reads_the_company_by_checklist_and_how_spotter_is(office: Office) -> None:
    said = await read(office, ADMIN)
    assert "reading and sending" in said
    assert "*By checklist, 30 days*" in said and "*Vault audit* · 1 completed · 1 below target" in said
    assert "3 below target in 30 days, not acknowledged" in said


async def test_who_is_unlinked_reads_why_and_no_session(office: Office) -> None:
    said = await read(office, UNLINKED)
    assert "Emma" not in said and "Needs attention" not in said and "*Your own sessions*" not in said


async def test_what_is_overdue_is_counted_and_shown_in_a_modal(office: Office) -> None:
    started = facts(
        SessionKey("70aa0000-0000-4000-8000-000000000000", "emma"), "olga", status="IN_PROGRESS", days_ago=3
    )

    def start(tx: Tx) -> None:
        change = decide(None, started, now=office.clock.now(), targets=Targets())
        assert change is not None
        tx.sessions.save(change, b"12345678")

    await office.store.transact(start)
    home = await office.home(SAM)
    assert "*1 overdue*: not started 24 hours after the planned time, or not finished 48 hours" in "\n".join(
        texts(home)
    )
    [show] = [one for one in buttons_of(home) if one["action_id"] == "run:overdue"]
    trigger = await office.trigger(SAM)
    answer = await office.press(
        SAM, show["action_id"], show["value"], view_id="V1", channel_id=None, trigger_id=trigger
    )
    assert answer is None, "not in the direct message, which is on another tab"
    modal = office.slack.modal_of(SAM)
    assert modal is not None and "Emma Employee" in everything_in(modal.payload)
    assert not buttons_of(modal.payload)


async def test_an_answer_whose_trigger_is_too_old_comes_as_a_message(office: Office) -> None:
    answer = await office.press(SAM, "run:overdue", "results", view_id="V1", channel_id=None, trigger_id="old")
    assert answer is not None and "found" in answer.text


async def test_acknowledging_on_the_tab_takes_the_result_from_the_list(office: Office) -> None:
    home = await office.home(SAM)
    [first, _] = [one for one in buttons_of(home) if actions.action_of(one["action_id"]) == actions.ACKNOWLEDGE]
    assert first["value"] == actions.session_value(COLLEAGUE)
    await office.press(SAM, first["action_id"], first["value"], view_id="V1", channel_id=None)
    said = "\n".join(texts(office.slack.workspace.homes[SAM].payload))
    assert "1 below target in 30 days, not acknowledged" in said and "Yves Colleague · 66" not in said


async def test_an_open_tab_is_published_again_when_what_it_shows_changes(office: Office) -> None:
    await office.home(SAM)
    homes = office.slack.workspace.homes
    del homes[SAM]
    await publish_changed(office.ctx)
    assert SAM not in homes, "nothing changed"

    def acknowledge(tx: Tx) -> None:
        tx.sessions.acknowledge(LOW, OLGA, office.clock.now())

    await office.store.transact(acknowledge)
    await publish_changed(office.ctx)
    assert "1 below target in 30 days" in everything_in(homes.pop(SAM).payload)
    await publish_changed(office.ctx)
    assert SAM not in homes, "once is enough"


async def test_a_tab_that_was_opened_a_day_ago_is_left_alone(office: Office) -> None:
    await office.home(SAM)
    office.slack.workspace.homes.clear()
    office.clock.advance(timedelta(days=1, minutes=1))
    await publish_changed(office.ctx)
    assert not office.slack.workspace.homes
    assert await office.store.read(lambda tx: tx.home_views.to_check(NOON - timedelta(days=9), 10)) == {}


async def test_the_tabs_checked_longest_ago_come_first(office: Office) -> None:
    def work(tx: Tx) -> list[str]:
        start = office.clock.now()
        for number in range(12):
            tx.home_views.note_opened(f"U{number:02}", "shown", start)
        first = list(tx.home_views.to_check(start, 10))
        tx.home_views.note_checked(dict.fromkeys(first, "shown"), start + timedelta(minutes=1))
        return list(tx.home_views.to_check(start, 10))[:2]

    assert await office.store.transact(work) == ["U10", "U11"]


async def test_what_only_its_employee_acknowledged_still_needs_attention(office: Office) -> None:
    await office.ask(EMMA, "link")  # so that she is linked
    await office.press(EMMA, actions.ACKNOWLEDGE, actions.session_value(LOW))
    assert "2 below target in 30 days, not acknowledged" in await read(office, SAM)
    await office.press(OLGA, actions.ACKNOWLEDGE, actions.session_value(LOW))
    assert "1 below target in 30 days, not acknowledged" in await read(office, SAM)
