"""Somebody before the demo's page: what they open, type and press there, and what they see."""

import re
from datetime import timedelta
from typing import Literal, TypeAlias

from playwright.async_api import Locator, Page, expect

from bot.demo.company import Person, Session
from bot.demo.director import Director
from tests.demo.browsing import complaints_of

Verb: TypeAlias = Literal["Complete", "Correct"]


class Visitor:
    """Somebody before the demo's page. `alerts` and `answers` are what Spotter wrote in the open conversation."""

    def __init__(self, director: Director, page: Page) -> None:
        self.director = director
        self.page = page
        self.complaints = complaints_of(page)

    @property
    def alerts(self) -> Locator:
        return self.page.locator("#messages .message.from-app:not(.ephemeral)")

    @property
    def answers(self) -> Locator:
        return self.page.locator("#messages .message.ephemeral")

    def alert_of(self, session: Session) -> Locator:
        return self.alerts.filter(has_text=short(session))

    async def opens_the_page(self) -> None:
        await self.page.goto(self.director.stage.url)
        await self.page.locator("body.ready").wait_for()
        await expect(self.page.get_by_text("Welcome, this is Spotter at work")).to_be_visible()
        await self.page.get_by_label("Close the welcome").click()
        await self.sees_the_bot("connected to Slack")

    async def sees_the_bot(self, words: str) -> None:
        await expect(self.page.locator("#bot-words")).to_contain_text(words)

    async def becomes(self, role: str) -> None:
        viewer = self.page.get_by_role("combobox", name="You are")
        await viewer.select_option(self.director.cast.user_id(role))

    async def goes_to(self, place: str) -> None:
        button = self.page.locator("#sidebar .place").filter(has_text=re.compile(place))
        await button.click()
        await expect(button).to_have_attribute("aria-current", "page")

    async def asks(self, words: str) -> Locator:
        """Types it and sends it; answers the new message that only the asker sees."""
        before = await self.answers.count()
        box = self.page.locator("#composer-text")
        await box.fill(words)
        await box.press("Enter")
        await expect(self.answers).to_have_count(before + 1)
        return self.answers.last

    async def grades(self, verb: Verb, session: Session, percent: int) -> None:
        """Finds the session in the control strip by its id, chooses the result and does it."""
        page = self.page
        await page.get_by_role("radio", name=verb).check()
        await page.get_by_label("Search sessions").fill(short(session))
        await expect(page.locator("#session-list .session")).to_have_count(1)
        await page.get_by_role("spinbutton", name="Result in percent").fill(str(percent))
        await page.locator("#session-do").click()
        done = {"Complete": "Completed", "Correct": "Corrected"}[verb]
        await expect(page.locator(".toast", has_text=done)).not_to_have_count(0)

    async def opens_home(self) -> Locator:
        """The Home tab, once Spotter published it for whoever looks."""
        await self.goes_to("Home")
        home = self.page.locator("#home")
        await expect(home.get_by_role("heading", name="Spotter")).to_be_visible()
        return home

    async def presses_in_dialog(self, button: str, dialog: str) -> None:
        """Presses the last button of a name in the open dialog of a title."""
        await self.page.get_by_role("dialog", name=dialog).get_by_role("button", name=button).last.click()


def short(session: Session) -> str:
    return session.id[:8]


def person_of(director: Director, role: str) -> Person:
    """Who plays a role, in iSpring."""
    user_id = director.cast.user_id(role)
    return director.world.person(next(one for one, user in director.cast.user_ids.items() if user == user_id))


def a_session_at_store_12(director: Director) -> Session:
    """One that the cast's observer is to conduct with the cast's employee."""
    cast, world = director.cast, director.world
    people = {user_id: world.person(person_id) for person_id, user_id in cast.user_ids.items()}
    checklist = world.checklist_titled("Opening the store")
    assert checklist is not None
    employee, observer = people[cast.user_id("employee")], people[cast.user_id("observer")]
    return world.plan(checklist, employee, observer, world.now() - timedelta(minutes=20))
