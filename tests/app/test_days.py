"""A day of each role with Spotter: the real bot as its own process, before the demo's page in a real Chromium.

Each opens Home, gets a message, presses its buttons, asks, makes a quiet time, a mute or a rule, gets what was held or
a digest, and reads of nobody who is not theirs to see.
"""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, expect

from bot.demo.cast import HOME_ZONE
from bot.demo.company import Person, Session
from bot.demo.director import Director
from tests.app.visitor import Visitor, person_of, short
from tests.demo.browsing import ACKNOWLEDGE_WITHIN, TIMEOUT, WIDE, a_browser

pytestmark = [pytest.mark.browser, pytest.mark.timeout(1200), pytest.mark.asyncio(loop_scope="module")]

RESULTS, STORE_14, OPERATIONS = "ojt-results", "store-14-mill-lane", "bot-ops"
OPENING, FOOD = "Opening the store", "Food safety line check"
RECENT = timedelta(minutes=20)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with a_browser() as browser:
        yield browser


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def director() -> AsyncIterator[Director]:
    """One company for all: each day has its own people and sessions, and ends what it began."""
    async with Director(seed=1, port=0, happenings=False, acknowledge_within=ACKNOWLEDGE_WITHIN) as director:
        while not posted(director, director.cast.operations_channel, "From now on new completions are posted"):
            await asyncio.sleep(0.1)  # what is completed before is in the first listing, and no news
        yield director


def posted(director: Director, channel: str, words: str) -> bool:
    return any(words in one.text for one in director.workspace.timelines.get(channel, ()))


@asynccontextmanager
async def a_day_of(role: str, browser: Browser, director: Director) -> AsyncIterator[Visitor]:
    context = await browser.new_context(viewport=WIDE)
    try:
        context.set_default_timeout(TIMEOUT)
        visitor = Visitor(director, await context.new_page())
        await visitor.opens_the_page()
        await visitor.becomes(role)
        yield visitor
        assert visitor.complaints == []
    finally:
        await context.close()


def a_session(director: Director, title: str, employee: Person, observer: Person, ago: timedelta = RECENT) -> Session:
    checklist = director.world.checklist_titled(title)
    assert checklist is not None
    return director.world.plan(checklist, employee, observer, director.world.now() - ago)


def completed(director: Director, title: str, employee: Person, observer: Person, *percents: float) -> list[Session]:
    sessions = [a_session(director, title, employee, observer) for _ in percents]
    for session, percent in zip(sessions, percents, strict=True):
        director.world.complete(session, percent=percent)
    return sessions


def strangers(director: Director, role: str) -> set[str]:
    """Names of those who are in no session that somebody may see."""
    me, world = person_of(director, role), director.world

    def is_below(person: Person) -> bool:
        seen, above = {person.id}, world.supervisor_of(person)
        while above is not None and above.id not in seen:
            if above is me:
                return True
            seen.add(above.id)
            above = world.supervisor_of(above)
        return False

    team = [me, *(one for one in world.people.values() if is_below(one))]
    seen = [one for one in world.sessions if one.employee in team or one.observer is me]
    known = {one.name for one in team} | {one.employee.name for one in seen} | {one.observer.name for one in seen}
    return {one.name for one in world.people.values()} - known


async def reads_of_no_one_else(visitor: Visitor, role: str) -> None:
    """What is open here, a dialog included, names nobody whom the role may not see."""
    page = visitor.page
    said = " ".join(
        [text for part in ("#messages", "#home", "dialog") for text in await page.locator(part).all_inner_texts()]
    )
    assert said and not [name for name in strangers(visitor.director, role) if name in said]


async def closes_the_dialog(visitor: Visitor) -> None:
    await visitor.page.keyboard.press("Escape")
    await expect(visitor.page.get_by_role("dialog")).to_have_count(0)


async def looks_for_the_help_of_their_role(visitor: Visitor, home: Locator, title: str) -> None:
    await home.get_by_role("button", name="Help", exact=True).click()
    await expect(visitor.page.get_by_role("dialog", name="Answer").get_by_role("heading", name=title)).to_be_visible()
    await closes_the_dialog(visitor)


def today_and_tomorrow(director: Director) -> str:
    now = director.world.now().astimezone(ZoneInfo(HOME_ZONE))
    return f"{now:%a} {now + timedelta(days=1):%a}".lower()


async def is_told_in_the_results_channel(visitor: Visitor, session: Session) -> None:
    """Waits until a session's card is there: what a person gets of it was decided at once with it."""
    while not posted(visitor.director, visitor.director.cast.results_channel, short(session)):
        await asyncio.sleep(0.1)


# ---- the employee ----------------------------------------------------------------------------------------------------


async def test_a_day_of_an_employee(browser: Browser, director: Director) -> None:
    """Their own results, for them alone, and as few messages as they like."""
    me, observer = person_of(director, "employee"), person_of(director, "observer")
    async with a_day_of("employee", browser, director) as visitor:
        home = await visitor.opens_home()
        await expect(home).to_contain_text("You are Sofia Marchetelli in iSpring")
        await expect(home).to_contain_text("Your own sessions: you get nothing (the default here)")
        await expect(home.get_by_text("Needs attention")).to_have_count(0)
        await reads_of_no_one_else(visitor, "employee")
        await looks_for_the_help_of_their_role(visitor, home, "Employee or trainee")

        await visitor.goes_to("Spotter")
        await visitor.asks("/ojt settings employee instantly")
        [low] = completed(director, OPENING, me, observer, 55)
        card = visitor.alert_of(low)
        await expect(card.get_by_role("heading")).to_contain_text("Your result, 55 % (target 80 %): Opening the store")
        await expect(card).to_contain_text("To work on")  # its criteria were read
        await card.get_by_role("button", name="Details").click()
        await expect(visitor.page.get_by_role("dialog", name="Session")).to_contain_text("9 of 9 criteria answered")
        await closes_the_dialog(visitor)

        await expect(await visitor.asks("/ojt my results")).to_contain_text(short(low))
        await expect(await visitor.asks("/ojt what do i get wrong")).to_contain_text("Trend by criterion")
        await expect(await visitor.asks("/ojt jamie doherne")).to_contain_text("that you may see")

        await visitor.asks(f"/ojt quiet {today_and_tomorrow(director)}")
        [held] = completed(director, OPENING, me, observer, 91)
        await is_told_in_the_results_channel(visitor, held)
        await expect(await visitor.asks(f"/ojt why {short(held)}")).to_contain_text("quiet")
        await expect(visitor.alert_of(held)).to_have_count(0)
        await visitor.asks("/ojt quiet off")
        await expect(visitor.alert_of(held)).to_have_count(1)

        await visitor.alert_of(held).get_by_role("button", name="Fewer like this…").click()
        form = visitor.page.get_by_role("dialog", name="Settings")
        await form.get_by_label("Your own sessions").select_option("A digest each day: every session")
        await visitor.presses_in_dialog("Save", "Settings")
        await expect(form).to_have_count(0)
        await expect(await visitor.asks("/ojt settings")).to_contain_text("a digest daily 09:00")
        await expect(await visitor.asks("/ojt digest now")).to_contain_text("Digest of the last 7 days")
        await reads_of_no_one_else(visitor, "employee")


# ---- the observer ----------------------------------------------------------------------------------------------------


async def test_a_day_of_an_observer(browser: Browser, director: Director) -> None:
    """What they have to conduct, what became of it, and one message where ten would come."""
    me, employee = person_of(director, "observer"), person_of(director, "employee")
    planned = a_session(director, FOOD, employee, me, timedelta(hours=26))
    async with a_day_of("observer", browser, director) as visitor:
        home = await visitor.opens_home()
        await expect(home).to_contain_text("To do as an observer")
        await expect(home).to_contain_text(short(planned))
        await reads_of_no_one_else(visitor, "observer")

        await visitor.goes_to("Spotter")
        [low] = completed(director, OPENING, employee, me, 52)
        card = visitor.alert_of(low)
        await expect(card).to_contain_text("You get this because you observed the session")
        await card.get_by_role("button", name="Follow up").click()
        await visitor.page.get_by_role("dialog", name="Follow up").get_by_label("Note").fill("Practise the float")
        await visitor.presses_in_dialog("Save", "Follow up")
        await expect(visitor.page.get_by_role("dialog", name="Follow up")).to_contain_text("Your follow-up is due")
        await closes_the_dialog(visitor)

        await expect(await visitor.asks("/ojt what do i have to do")).to_contain_text(short(planned))
        await expect(await visitor.asks("/ojt follow-ups")).to_contain_text("“Practise the float”")

        await visitor.becomes("supervisor")
        overdue = await visitor.asks("/ojt overdue")
        await overdue.get_by_role("button", name=f"Nudge {me.name}").click()
        await visitor.presses_in_dialog("Remind them", f"Remind {me.name}?")
        await expect(visitor.answers.last).to_contain_text("reminded")
        await visitor.becomes("observer")
        await visitor.goes_to("Spotter")
        reminder = visitor.alerts.filter(has_text="reminds you of")
        await reminder.get_by_role("button", name="Snooze until tomorrow").click()
        await expect(visitor.answers.last).to_contain_text("Snoozed")

        await visitor.asks("/ojt mute 2h for:me because stocktake")
        held = completed(director, OPENING, employee, me, 48, 91, 66, 85)
        for one in held:
            await is_told_in_the_results_channel(visitor, one)
        muted = await visitor.asks("/ojt unmute")
        await expect(muted).to_contain_text("4 messages that it held back come now, as one recap")
        recap = visitor.alerts.filter(has_text="muted (from")
        await expect(recap).to_contain_text("2 of 4 below target")
        for one in held:
            await expect(recap).to_contain_text(short(one))
        await recap.get_by_role("button", name="Fewer like this…").click()
        form = visitor.page.get_by_role("dialog", name="Settings")
        await form.get_by_label("Sessions you observe").select_option("A digest each week: every session")
        await visitor.presses_in_dialog("Save", "Settings")
        await expect(form).to_have_count(0)
        await expect(await visitor.asks("/ojt settings")).to_contain_text("a digest weekly mon 09:00")
        await reads_of_no_one_else(visitor, "observer")


# ---- the site manager ------------------------------------------------------------------------------------------------


async def test_a_day_of_a_site_manager(browser: Browser, director: Director) -> None:
    """Their people's low results, seen to from Home and from messages, and the day's figures in the evening."""
    employee, trainer = person_of(director, "employee"), person_of(director, "observer")
    async with a_day_of("supervisor", browser, director) as visitor:
        home = await visitor.opens_home()
        await expect(home).to_contain_text("Covers sessions of the 12 people you supervise")
        await reads_of_no_one_else(visitor, "supervisor")
        await expect(home).to_contain_text("below target in 30 days, not acknowledged")
        left = re.search(r"(\d+) below target in 30 days, not acknowledged", await home.inner_text())
        assert left is not None
        await home.get_by_role("button", name="Acknowledge").first.click()
        await expect(home).to_contain_text(f"{int(left[1]) - 1} below target in 30 days, not acknowledged")
        await looks_for_the_help_of_their_role(visitor, home, "Site manager or supervisor")

        await visitor.goes_to("Spotter")
        await visitor.asks("/ojt settings supervisor instantly below target")
        low, met = completed(director, FOOD, employee, trainer, 58, 95)
        card = visitor.alert_of(low)
        await card.get_by_role("button", name="Acknowledge").click()
        await expect(card).to_contain_text("Acknowledged by @Ana Ferreira-Quill")
        await expect(visitor.answers.last).to_contain_text("Acknowledged: every card")
        await is_told_in_the_results_channel(visitor, met)
        await expect(visitor.alert_of(met)).to_have_count(0)

        await expect(await visitor.asks("/ojt who needs attention")).to_contain_text("and not acknowledged")
        await expect(await visitor.asks("/ojt how is my team doing")).to_contain_text("of the 12 people you supervise")
        await expect(await visitor.asks("/ojt store 14 last week")).to_contain_text("that you may see")

        evening = director.world.now().astimezone(ZoneInfo(HOME_ZONE)) + timedelta(minutes=30)
        proposal = await visitor.asks(f"/ojt digest daily {evening:%H:%M}")
        await proposal.get_by_role("button", name="Save: always").click()
        await expect(visitor.answers.last).to_contain_text("sends to you alone a digest")
        home = await visitor.opens_home()
        await expect(home).to_contain_text(f"for you alone: a digest of all sessions, daily {evening:%H:%M}")
        await director.pass_time(timedelta(minutes=40))
        await visitor.sees_the_bot("connected to Slack")
        await visitor.goes_to("Spotter")
        digest = visitor.alerts.filter(has_text="Daily digest")
        await expect(digest).to_contain_text("below target and not acknowledged")
        await reads_of_no_one_else(visitor, "supervisor")
        await digest.get_by_role("button", name="End rule").click()
        await visitor.presses_in_dialog("End it", "End rule")
        await expect(visitor.answers.last).to_contain_text("Ended: Rule")
        await visitor.asks("/ojt settings supervisor never")


# ---- the L&D manager -------------------------------------------------------------------------------------------------


async def test_a_day_of_a_learning_manager(browser: Browser, director: Director) -> None:
    """The company by checklist and criterion, a rule for a site, and a channel that is left in peace for a while."""
    observer, employee = _at(director, "Store 14")
    async with a_day_of("admin", browser, director) as visitor:
        home = await visitor.opens_home()
        await expect(home).to_contain_text("By checklist, 30 days")

        await visitor.goes_to(STORE_14)
        await expect(await visitor.asks("/ojt silent 30d")).to_contain_text("Without a completed session")
        await expect(await visitor.asks("/ojt what goes wrong")).to_contain_text("Trend by criterion")
        await expect(await visitor.asks("/ojt digest now")).to_contain_text("met the target")
        question = await visitor.asks("/ojt subscribe outcome:failed store 14")
        await question.get_by_role("button", name="Yes, post to this public channel").click()
        await expect(visitor.answers.last).to_contain_text("Done: rule")

        muted = await visitor.asks("/ojt mute 4h because of the audit")
        low, lower = completed(director, OPENING, employee, observer, 61, 44)
        for one in (low, lower):
            await is_told_in_the_results_channel(visitor, one)
        await muted.get_by_role("button", name="End mute").click()
        await visitor.presses_in_dialog("End it", "End mute")
        await expect(visitor.answers.filter(has_text="has ended")).to_have_count(1)
        recap = visitor.alerts.filter(has_text="muted (from")
        await expect(recap).to_contain_text("2 results came while this channel was muted")
        await expect(recap).to_contain_text(short(lower))

        listed = await visitor.asks("/ojt rules")
        await listed.get_by_role("button", name="Edit rule").click()
        await expect(visitor.page.get_by_role("dialog", name="Edit rule")).to_contain_text("Checklist")
        await closes_the_dialog(visitor)
        await listed.get_by_role("button", name="End rule").click()
        await visitor.presses_in_dialog("End it", "End rule")
        await expect(visitor.answers.last).to_contain_text("Ended: Rule")

        await visitor.becomes("employee")
        await expect(visitor.answers).to_have_count(0)
        await expect(visitor.page.locator("#sidebar .place", has_text=STORE_14)).to_have_count(0)


def _at(director: Director, site_name: str) -> tuple[Person, Person]:
    """An observer and an employee of a site."""
    world = director.world
    site = next(one for one in world.sites if one.name.startswith(site_name))
    found = [one for one in world.people.values() if world.site_of(one) is site and one.is_active]
    observer = next(one for one in found if one in world.observers)
    return observer, next(one for one in found if one not in world.observers)


# ---- the admin -------------------------------------------------------------------------------------------------------


async def test_a_day_of_the_admin(browser: Browser, director: Director) -> None:
    """Whether it is alive, what is missing, a pause of all sending in which nothing is lost, and who did what."""
    observer, employee = _at(director, "Store 21")
    async with a_day_of("admin", browser, director) as visitor:
        home = await visitor.opens_home()
        await expect(home).to_contain_text("Spotter is reading and sending")
        await looks_for_the_help_of_their_role(visitor, home, "Admin of Spotter")

        await visitor.goes_to(RESULTS)
        await expect(await visitor.asks("/ojt setup")).to_contain_text("Slack accepts the bot token")
        await expect(await visitor.asks("/ojt are you alive")).to_contain_text("Waiting to be sent")
        await expect(await visitor.asks("/ojt help manager")).to_contain_text("Site manager or supervisor")

        question = await visitor.asks("/ojt pause all")
        await question.get_by_role("button", name="Yes, pause all sending").click()
        await expect(visitor.answers.last).to_contain_text("Nothing is posted or edited")
        [low] = completed(director, FOOD, employee, observer, 49)
        await something_is_held(visitor)
        await expect(visitor.alert_of(low)).to_have_count(0)
        await visitor.asks("/ojt resume all")
        card = visitor.alert_of(low)
        await expect(card).to_have_count(1)
        await expect(await visitor.asks(f"/ojt why {short(low)}")).to_contain_text("rule 1")
        await card.get_by_role("button", name="Acknowledge").click()
        await expect(card).to_contain_text("Acknowledged by @Dana Okonjo")
        await expect(visitor.answers.last).to_contain_text("Acknowledged: every card")

        await expect(await visitor.asks("/ojt audit")).to_contain_text("pause")
        await visitor.goes_to(OPERATIONS)
        await expect(visitor.alerts.filter(has_text="From now on new completions are posted")).to_have_count(1)
        await visitor.becomes("supervisor")
        await expect(visitor.page.locator("#sidebar .place", has_text=OPERATIONS)).to_have_count(0)
        await visitor.goes_to("Spotter")
        await expect(await visitor.asks("/ojt audit")).to_contain_text("only admins of Spotter")


async def something_is_held(visitor: Visitor) -> None:
    """Asks until iSpring was read, and what it told waits, while sending is paused."""
    while "0 messages held" in await (await visitor.asks("/ojt status")).inner_text():
        await asyncio.sleep(0.2)
