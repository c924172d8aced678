"""Who is who: one's own link, an admin's list, links made and ended, and what suspends them."""

from dataclasses import replace
from typing import Any

import pytest

from bot.blocks import actions
from bot.demo.slack import User
from bot.domain.staff import Person, PersonStatus
from bot.store.database import Tx
from tests.listeners.office import (
    ADMIN,
    EMMA,
    GUEST,
    LOW,
    OLGA,
    SAM,
    UNLINKED,
    Office,
    buttons_of,
    everything_in,
    suggestions_of,
)

pytestmark = pytest.mark.virtual_time


async def sees(office: Office, user: str, word: str) -> bool:
    return word in everything_in(await office.ask(user, "results"))


async def change(office: Office, person_id: str, **what: Any) -> None:
    """iSpring says something else of one person."""

    def work(tx: Tx) -> None:
        directory = tx.people.directory()
        people = [replace(one, **what) if one.person_id == person_id else one for one in directory.people.values()]
        tx.people.replace_directory(people, list(directory.departments.values()), office.clock.now())

    await office.store.transact(work)


async def refresh(office: Office, user_id: str, **what: Any) -> None:
    """Slack says something else of one account, and we have heard of it."""
    account = office.slack.workspace.users[user_id]
    for name, value in what.items():
        setattr(account, name, value)
    messenger = office.ctx.messenger
    user = await messenger.user(user_id)
    await office.store.transact(lambda tx: tx.people.save_slack_user(user, office.clock.now()))


# ---- one's own ---------------------------------------------------------------------------------------------------


async def test_everybody_learns_who_they_are_and_how_that_came_about(office: Office) -> None:
    answer = await office.ask(EMMA, "link")
    assert "You are Emma Employee in iSpring" in answer.text and "the same e-mail address" in answer.text
    assert "This is not me" in everything_in(answer)


async def test_who_is_nobody_learns_why_and_whom_to_ask(office: Office) -> None:
    for user, reason, what_next in (
        (UNLINKED, "no active person in iSpring has the e-mail address", "Ask an admin of Spotter to link"),
        (GUEST, "guest", "Only full members of this workspace get results"),  # no admin of Spotter can help there
    ):
        for text in ("link", "results", "", "settings", "todo", "show 10aa"):
            answer = await office.ask(user, text)
            assert reason in answer.text and what_next in answer.text
        assert [one["value"] for one in buttons_of(await office.ask(user, ""))] == ["help", "status"]


async def test_this_is_not_me_suspends_the_link_until_an_admin_says_otherwise(office: Office) -> None:
    [button] = buttons_of(await office.ask(EMMA, "link"))
    answer = await office.press(EMMA, button["action_id"], button["value"])
    assert answer is not None and "no longer linked" in answer.text
    assert (EMMA, "disown", f"user:{EMMA}:person:emma") in await office.audit_log()
    for _ in range(2):
        refused = await office.ask(EMMA, "results")
        assert "you said that" in refused.text and "10aa0000" not in everything_in(refused)
    contact = await office.ctx.contacts.user_of("emma")
    assert contact.user is None and "you said that" in contact.reason
    await office.link(ADMIN, EMMA, "emma")
    assert await sees(office, EMMA, "10aa0000")
    assert "<@U0ADMIN> linked your Slack account" in (await office.ask(EMMA, "link")).text


async def test_nobody_suspends_the_link_of_another_nor_one_an_admin_made(office: Office) -> None:
    await office.ask(OLGA, "link")
    answer = await office.press(OLGA, actions.NOT_ME, "emma")
    assert answer is not None and "no longer means anything" in answer.text
    await office.link(ADMIN, UNLINKED, "zoltan")
    answer = await office.press(UNLINKED, actions.NOT_ME, "zoltan")
    assert answer is not None and "no longer means anything" in answer.text
    assert "Zoltan Kovacs" in (await office.ask(UNLINKED, "link")).text


# ---- by an admin -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "person", ["xenia", '"Xenia Papas"', "Xenia", "<mailto:xenia@shop.example|xenia@shop.example>"]
)
async def test_an_admin_links_by_id_name_or_address_and_takes_it_back(office: Office, person: str) -> None:
    answer = await office.link(ADMIN, f"{UNLINKED}|nobody", person)
    assert f"<@{UNLINKED}> is now Xenia Papas in iSpring" in answer.text
    assert (ADMIN, "link", f"user:{UNLINKED}:person:xenia") in await office.audit_log()
    assert await sees(office, UNLINKED, "50ee0000")
    answer = await office.ask(ADMIN, f"unlink <@{UNLINKED}>")
    assert "no longer Xenia Papas" in answer.text
    assert (ADMIN, "unlink", f"user:{UNLINKED}:person:xenia") in await office.audit_log()
    assert not await sees(office, UNLINKED, "50ee0000")
    assert "an admin unlinked" in (await office.ask(UNLINKED, "link")).text


async def test_an_unlinked_account_is_not_tied_again_by_its_address(office: Office) -> None:
    assert await sees(office, EMMA, "10aa0000")
    await office.ask(ADMIN, f"unlink <@{EMMA}>")
    for _ in range(2):
        assert not await sees(office, EMMA, "10aa0000")


async def test_a_name_of_several_offers_each_of_them_as_a_button(office: Office) -> None:
    def work(tx: Tx) -> None:
        directory = tx.people.directory()
        twin = Person(person_id="xenia2", name="Xenia Papas", department_id="kiosk7")
        people = [*directory.people.values(), twin]
        tx.people.replace_directory(people, list(directory.departments.values()), office.clock.now())

    await office.store.transact(work)
    answer = await office.ask(ADMIN, f"link <@{UNLINKED}> Xenia Papas")
    assert "2 people in iSpring have that name" in answer.text and "Kiosk 7" in answer.text
    _, second = suggestions_of(answer)
    question = await office.press(ADMIN, f"{actions.RUN}:1", second)
    assert question is not None and "Nothing was changed yet" in question.text
    linked = await office.press(ADMIN, actions.CONFIRM_LINK, buttons_of(question)[0]["value"])
    assert linked is not None and "is now Xenia Papas" in linked.text
    assert (ADMIN, "link", f"user:{UNLINKED}:person:xenia2") in await office.audit_log()


async def test_a_mistyped_name_gets_the_nearest(office: Office) -> None:
    answer = await office.ask(ADMIN, f"link <@{UNLINKED}> Xenja Papas")
    assert suggestions_of(answer)[0] == f'link <@{UNLINKED}> "Xenia Papas"'


async def test_a_person_has_one_account_and_whoever_had_them_before_is_named(office: Office) -> None:
    await office.link(ADMIN, UNLINKED, "xenia")
    answer = await office.link(ADMIN, SAM, "xenia")
    assert f"The link of <@{UNLINKED}> to the same person has ended" in answer.text
    assert (ADMIN, "unlink", f"user:{UNLINKED}:person:xenia") in await office.audit_log()


async def test_an_address_never_displaces_an_admins_link(office: Office) -> None:
    await office.link(ADMIN, UNLINKED, "emma")
    assert "to another Slack account" in (await office.ask(EMMA, "results")).text
    assert await sees(office, UNLINKED, "10aa0000")
    contact = await office.ctx.contacts.user_of("emma")
    assert contact.user is not None and contact.user.user_id == UNLINKED


async def test_a_guest_a_stranger_and_a_bot_are_linked_to_nobody(office: Office) -> None:
    office.slack.workspace.add_user(User(id="U0FAR", name="far", real_name="Far", team_id="T0OTHER"))
    office.slack.workspace.add_user(User(id="U0STRANGE", name="strange", real_name="Strange", is_stranger=True))
    office.slack.workspace.add_user(User(id="U0ROBOT", name="robot", real_name="Robot", is_bot=True))
    for user, reason in ((GUEST, "guest"), ("U0FAR", "another company"), ("U0STRANGE", "another"), ("U0ROBOT", "bot")):
        assert reason in (await office.ask(ADMIN, f"link <@{user}> xenia")).text
    assert "does not know this account" in (await office.ask(ADMIN, "link <@U0NOONE> xenia")).text


@pytest.mark.parametrize("typed", ["link nobody xenia", f"link <@{UNLINKED}>", "link @nobody xenia", "unlink nobody"])
async def test_what_names_no_account_is_answered_with_how_to(office: Office, typed: str) -> None:
    answer = await office.ask(ADMIN, typed)
    assert "Pick the Slack account from the list" in answer.text
    assert await office.audit_log() == []


async def test_unlinking_who_is_linked_to_nobody_says_so(office: Office) -> None:
    assert "is not linked to a person" in (await office.ask(ADMIN, f"unlink <@{UNLINKED}>")).text


async def test_only_admins_see_and_change_links(office: Office) -> None:
    for typed in ("link list", f"link <@{SAM}> sam", f"unlink <@{ADMIN}>"):
        for user in (SAM, UNLINKED, GUEST):
            answer = await office.ask(user, typed)
            # A command that is not theirs is read as words of a query, and the person of a query must be known.
            refusals = ("only admins", "is no name that you may see", "You may not see or do that")
            assert any(refusal in answer.text for refusal in refusals)
    assert await office.audit_log() == []


# ---- the list ----------------------------------------------------------------------------------------------------


async def test_the_list_says_by_whom_since_when_and_who_is_missing_why(office: Office) -> None:
    await office.ask(EMMA, "link")
    await office.link(ADMIN, UNLINKED, "xenia")
    await office.ctx.contacts.user_of("zoltan")
    said = (await office.ask(ADMIN, "link list")).text
    assert f"<@{EMMA}> is Emma Employee, by e-mail address since 18 Mar 2026" in said
    assert f"<@{UNLINKED}> is Xenia Papas, by <@{ADMIN}> since 18 Mar 2026" in said
    assert "Zoltan Kovacs: no Slack account has this e-mail address" in said
    assert "Ulf Lind: Slack was not asked yet" in said
    assert said.index("Zoltan Kovacs: no Slack") < said.index("Ulf Lind: Slack was"), "what needs somebody comes first"
    assert "`spotter people --unmatched` on the command line asks Slack about all of them now" in said
    await office.ask(GUEST, "link")
    assert "Yves Colleague: is no full member in Slack (guest)" in (await office.ask(ADMIN, "link list")).text


@pytest.mark.parametrize(
    ("of_person", "of_account", "reason"),
    [
        ({"status": PersonStatus.INACTIVE}, {}, "not active in iSpring"),
        ({"status": PersonStatus.LEFT}, {}, "not active in iSpring"),
        ({}, {"deleted": True}, "deactivated"),
        ({}, {"is_restricted": True}, "guest"),
        ({}, {"team_id": "T0OTHER"}, "another company"),
        ({}, {"is_email_confirmed": False}, "e-mail unconfirmed"),
    ],
)
async def test_an_admins_link_rests_while_either_side_is_gone(
    office: Office, of_person: dict[str, Any], of_account: dict[str, Any], reason: str
) -> None:
    await office.link(ADMIN, UNLINKED, "emma")
    assert await sees(office, UNLINKED, "10aa0000")
    await change(office, "emma", **of_person)
    await refresh(office, UNLINKED, **of_account)
    for typed in ("results", "show 10aa", "todo", "link", "target", "rules", "subscribe"):
        answer = await office.ask(UNLINKED, typed)
        assert reason in answer.text.replace("is not active", "not active in iSpring"), answer.text
        assert "Emma" not in everything_in(answer) and "20bb0000" not in everything_in(answer)
    assert (
        f"suspended: {'this person is ' if of_person else 'the Slack account is no full member'}"
        in (await office.ask(ADMIN, "link list")).text
    )
    assert (await office.ctx.contacts.user_of("emma")).user is None
    await change(office, "emma", status=PersonStatus.ACTIVE)
    await refresh(office, UNLINKED, deleted=False, is_restricted=False, team_id="T0SPOTTER", is_email_confirmed=True)
    assert await sees(office, UNLINKED, "10aa0000"), "it holds again by itself"


@pytest.mark.promise("address_changed")
async def test_a_changed_address_suspends_only_a_link_by_address(office: Office) -> None:
    await office.ask(OLGA, "link")
    await office.link(ADMIN, UNLINKED, "emma")
    for person, user in (("olga", OLGA), ("emma", UNLINKED)):
        await change(office, person, email=f"new.{person}@shop.example")
        await refresh(office, user, email=f"other.{person}@shop.example")
    assert not await sees(office, OLGA, "10aa0000")
    assert await sees(office, UNLINKED, "10aa0000")


async def test_details_of_a_session_close_with_the_link(office: Office) -> None:
    assert "Counts the float" in everything_in(await office.press_details(EMMA, LOW))
    await office.ask(ADMIN, f"unlink <@{EMMA}>")
    said = everything_in(await office.press_details(EMMA, LOW))
    assert "Counts the float" not in said and "an admin unlinked" in said
