"""The demo's page in a real browser, by mouse and by keyboard."""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, ViewportSize, expect

from bot.demo.director import Director
from tests.demo.browsing import ACKNOWLEDGE_WITHIN, NARROW, TIMEOUT, WIDE, a_browser, complaints_of

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

SMALL_BOT = (sys.executable, str(Path(__file__).with_name("small_bot.py")))


class Room:
    """A demo and a browser that looks at it. What the console complained of is in `complaints`."""

    def __init__(self, director: Director, context: BrowserContext, page: Page) -> None:
        self.director = director
        self.context = context
        self.page = page
        self.complaints = complaints_of(page)

    async def open(self) -> None:
        await self.page.goto(self.director.stage.url)
        await self.page.locator("body.ready").wait_for()
        await self.page.get_by_label("Close the welcome").click()

    async def ask(self, words: str) -> None:
        box = self.page.locator("#composer-text")
        await box.fill(words)
        await box.press("Enter")

    async def is_too_wide(self) -> bool:
        return bool(await self.page.evaluate("document.documentElement.scrollWidth > innerWidth"))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with a_browser() as browser:
        yield browser


@asynccontextmanager
async def a_room(browser: Browser, *, size: ViewportSize = WIDE, dark: bool = False) -> AsyncIterator[Room]:
    """A demo with the small bot, and a page that looks at it; complaints of the console fail the test."""
    async with Director(
        seed=1, port=0, happenings=False, command=SMALL_BOT, acknowledge_within=ACKNOWLEDGE_WITHIN
    ) as director:
        context = await browser.new_context(viewport=size, color_scheme="dark" if dark else "light")
        try:
            context.set_default_timeout(TIMEOUT)
            room = Room(director, context, await context.new_page())
            await director.slack.connected()
            await room.open()
            yield room
            assert room.complaints == []
        finally:
            await context.close()


@pytest_asyncio.fixture(loop_scope="module")
async def room(browser: Browser) -> AsyncIterator[Room]:
    async with a_room(browser) as room:
        yield room


async def test_a_command_is_typed_with_hints_by_keyboard_alone(room: Room) -> None:
    page = room.page
    await page.locator("body").press("/")
    box = page.locator("#composer-text")
    await expect(box).to_be_focused()
    await page.keyboard.type("ojt resul")
    await expect(page.locator("#hints").get_by_role("option")).to_have_count(1)
    await page.keyboard.press("Tab")
    await expect(box).to_have_value("/ojt results ")
    await page.keyboard.press("ArrowDown")
    await expect(page.locator("#hints").get_by_role("option", selected=True)).to_contain_text(
        "outcome:failed since:30d"
    )
    await page.keyboard.press("Enter")
    await expect(box).to_have_value("/ojt results outcome:failed since:30d")
    await page.keyboard.press("Escape")
    await expect(page.locator("#hints")).to_be_hidden()
    await page.keyboard.press("Enter")
    answer = page.locator(".message.ephemeral")
    await expect(answer).to_contain_text("Only visible to you")
    await expect(answer.locator("strong").filter(has_text="results outcome:failed since:30d")).to_be_visible()
    await expect(answer.get_by_role("columnheader", name="Result")).to_be_visible()
    await expect(box).to_have_value("")


async def test_people_and_the_app_are_offered_behind_an_at_sign(room: Room) -> None:
    page = room.page
    box = page.locator("#composer-text")
    await box.fill("/ojt link @dan")
    offered = page.locator("#hints").get_by_role("option").filter(has_text="Dana Okonjo")
    await expect(offered).to_have_count(1)
    await offered.click()
    await expect(box).to_have_value("/ojt link @dana.okonjo ")
    await box.fill("@spo")
    await expect(page.locator("#hints").get_by_role("option")).to_have_text(["@spotterSpotter"])


async def test_the_tour_shows_one_step_and_plays_who_can_do_it(room: Room) -> None:
    page = room.page
    await page.get_by_label("What to try", exact=True).first.click()
    tour = page.locator("#welcome")
    await expect(tour).to_contain_text("1 of 8")
    for _ in range(3):
        await tour.get_by_label("The next step").click()
    await tour.get_by_role("button", name="Be the supervisor").click()
    await expect(page.locator("#viewer")).not_to_have_value(room.director.cast.user_id("admin"))
    await tour.get_by_label("The next step").click()
    await tour.get_by_role("button", name="Type it for me").click()
    await expect(page.locator("#viewer")).to_have_value(room.director.cast.user_id("admin"))
    await expect(page.locator("#composer-text")).to_have_value("/ojt digest now")


async def test_a_card_is_drawn_and_its_button_edits_it(room: Room) -> None:
    page = room.page
    await room.ask("/ojt post")
    card = page.locator(".message.from-app").first
    await expect(card.get_by_role("heading")).to_have_text("🔴 Below target, 52 % (target 80 %)")
    await expect(card.locator("em")).to_have_text("Store 12")
    await expect(card).to_contain_text("<b>not bold</b>")
    await expect(card.locator("b")).to_have_count(0)
    await expect(card.get_by_role("link", name="report")).to_have_attribute("href", "https://example.com")
    await expect(card.locator("time").nth(1)).to_have_text("21 Sep 2026 at 15:13")
    await card.get_by_role("button", name="Acknowledge").click()
    await expect(card).to_contain_text("Acknowledged by @Dana Okonjo")
    await expect(card).to_contain_text("(edited)")


async def test_a_dangerous_button_asks_first_and_escape_takes_it_back(room: Room) -> None:
    page = room.page
    await room.ask("/ojt post")
    drop = page.get_by_role("button", name="Drop")
    await drop.click()
    await expect(page.get_by_role("dialog", name="Drop it?")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await expect(drop).to_be_focused()
    await drop.press("Enter")
    await page.get_by_role("dialog").get_by_role("button", name="Drop").click()
    await expect(page.locator(".message.ephemeral")).to_contain_text("Took drop")


async def test_menus_are_chosen_by_keyboard(room: Room) -> None:
    page = room.page
    await room.ask("/ojt post")
    await page.get_by_role("button", name="More").press("Enter")
    await expect(page.get_by_role("menuitem", name="Choice 0")).to_be_focused()
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await expect(page.locator(".message.ephemeral")).to_contain_text("Took more")
    await page.get_by_role("combobox", name="Mute…").select_option("Choice 2")
    await expect(page.locator(".message.ephemeral").last).to_contain_text("Took pick")


async def test_a_modal_shows_the_error_at_its_field_and_keeps_what_was_typed(room: Room) -> None:
    page = room.page
    await room.ask("/ojt target")
    modal = page.get_by_role("dialog", name="Target")
    percent, note = modal.get_by_label("Percent"), modal.get_by_label("Note")
    await expect(percent).to_be_focused()
    await percent.fill("many")
    await note.fill("for the new season")
    await percent.press("Enter")
    await expect(modal.get_by_role("alert")).to_have_text("A number from 0 to 100")
    await expect(percent).to_be_focused()
    await expect(note).to_have_value("for the new season")
    await percent.fill("80")
    await modal.get_by_role("button", name="Save").click()
    await expect(modal).to_have_count(0)
    await room.ask("/ojt target")
    await expect(modal).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(modal).to_have_count(0)


async def test_another_person_sees_what_is_theirs(room: Room) -> None:
    page = room.page
    await room.ask("/ojt post")
    await room.ask("/ojt results")
    await expect(page.locator(".message.ephemeral")).to_have_count(1)
    viewer = page.get_by_role("combobox", name="You are")
    await viewer.select_option(room.director.cast.user_id("supervisor"))
    await expect(page.locator(".message.from-app")).to_have_count(1)
    await expect(page.locator(".message.ephemeral")).to_have_count(0)
    await viewer.select_option(room.director.cast.user_id("guest"))
    await expect(page.locator("#sidebar .place", has_text="ojt-results")).to_have_count(0)
    await page.get_by_role("button", name="Home").click()
    await expect(page.locator("#home").get_by_role("heading", name="Hello")).to_be_visible()


async def test_unread_messages_are_counted_where_they_wait(room: Room) -> None:
    page, director = room.page, room.director
    store = director.workspace.channel_named("store-12-harbour-street")
    assert store is not None
    await director.slack.say(director.cast.user_id("supervisor"), store.id, "Morning, all")
    place = page.locator(f"#sidebar [data-channel={store.id}]")
    await expect(place.locator(".count")).to_contain_text("1")
    await expect(page).to_have_title("(1) Spotter demo")
    await place.click()
    await expect(page.locator(".new-line")).to_be_visible()
    await expect(page.locator(".message")).to_contain_text("Morning, all")
    await expect(place.locator(".count")).to_have_count(0)


async def test_a_thread_opens_and_takes_a_reply(room: Room) -> None:
    page = room.page
    await room.ask("Who covers Friday?")
    await page.get_by_role("button", name="Open thread").click()
    await expect(page.get_by_label("Reply", exact=True)).to_be_focused()
    await page.keyboard.type("I do")
    await page.keyboard.press("Enter")
    await expect(page.locator(".thread .message")).to_have_count(2)
    await expect(page.get_by_role("button", name="1 reply")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.locator(".thread")).to_be_hidden()


async def test_the_raw_json_of_a_message_is_one_button_away(room: Room) -> None:
    page = room.page
    await room.ask("/ojt post")
    await page.locator(".message.from-app").get_by_role("button", name="Raw JSON").click()
    raw = page.get_by_role("dialog", name="Raw message")
    await expect(raw.locator("pre")).to_contain_text('"action_id": "acknowledge"')
    await page.keyboard.press("Escape")
    await expect(raw).to_have_count(0)


async def test_a_session_is_completed_and_corrected_from_the_strip(room: Room) -> None:
    page, world = room.page, room.director.world
    row = page.locator(".session").first
    await expect(row).to_contain_text("In progress")
    await page.get_by_role("spinbutton", name="Result in percent").fill("55")
    await page.locator("#session-do").click()
    await expect(page.locator(".toast")).to_contain_text("Completed")
    assert world.events[-1].kind == "completed"
    await page.get_by_role("radio", name="Correct").check()
    await expect(row).to_contain_text("%")
    await page.get_by_role("button", name="95 %").click()
    await page.locator("#session-do").click()
    await expect(page.locator(".toast").last).to_contain_text("Corrected")
    assert (world.events[-1].kind, world.events[-1].session) == ("corrected", world.events[-2].session)


async def test_the_bot_is_killed_and_restarted_and_the_page_says_so(room: Room) -> None:
    page = room.page
    words = page.locator("#bot-words")
    await expect(words).to_contain_text("connected to Slack")
    await page.get_by_role("button", name="Kill (SIGKILL)").click()
    await expect(words).to_contain_text("Killed")
    await room.ask("/ojt results")
    await expect(page.locator(".message.ephemeral")).to_contain_text("failed with the error")
    await page.get_by_role("button", name="Restart").click()
    await expect(words).to_contain_text("connected to Slack")


async def test_time_passes_and_faults_are_ordered_from_the_strip(room: Room) -> None:
    page, director = room.page, room.director
    day = await page.locator("#clock-date").text_content()
    await page.get_by_role("button", name="1 day", exact=True).click()
    await expect(page.locator("#clock-date")).not_to_have_text(day or "")
    await page.get_by_label("Fault", exact=True).select_option("Posted, but the reply is lost")
    await page.get_by_role("button", name="Order it").click()
    await expect(page.locator("#ordered")).to_contain_text("1 left")
    assert director.slack.faults.waiting
    await page.get_by_role("button", name="Clear all").click()
    await expect(page.locator("#ordered li")).to_have_count(0)


async def test_light_and_dark_follow_the_system_and_the_toggle(browser: Browser) -> None:
    async with a_room(browser, dark=True) as room:
        root = room.page.locator("html")
        await expect(root).to_have_attribute("data-theme", "dark")
        dark = await room.page.evaluate("getComputedStyle(document.body).backgroundColor")
        await room.page.get_by_label("Switch between light and dark").click()
        await expect(root).to_have_attribute("data-theme", "light")
        assert await room.page.evaluate("getComputedStyle(document.body).backgroundColor") != dark
        await room.page.reload()
        await room.page.locator("body.ready").wait_for()
        await expect(root).to_have_attribute("data-theme", "light")


async def test_at_400_pixels_nothing_is_cut_off_and_the_strips_are_drawers(browser: Browser) -> None:
    async with a_room(browser, size=NARROW) as room:
        page = room.page
        await room.ask("/ojt post")
        await room.ask("/ojt results")
        await expect(page.locator(".message.ephemeral")).to_be_visible()
        assert not await room.is_too_wide()
        await expect(page.locator("#sidebar")).to_be_hidden()
        await page.get_by_role("button", name="Channels").click()
        await expect(page.locator("#sidebar .place", has_text="random")).to_be_in_viewport(ratio=1)
        await page.locator("#sidebar .place", has_text="random").click()
        await expect(page.locator("#conversation-title")).to_have_text("# random")
        await expect(page.locator("#sidebar")).to_be_hidden()
        await page.get_by_role("button", name="Controls").click()
        await expect(page.locator("#session-do")).to_be_in_viewport(ratio=1)
        assert not await room.is_too_wide()
        await page.keyboard.press("Escape")
        await expect(page.locator("#controls")).to_be_hidden()
        await expect(page.get_by_role("button", name="Controls")).to_be_focused()


async def test_a_long_modal_opens_at_what_it_is_about(room: Room) -> None:
    await room.ask("/ojt show")
    modal = room.page.get_by_role("dialog", name="Session")
    await expect(modal.locator(".block.header")).to_be_in_viewport(ratio=1)
    await expect(modal.get_by_role("button", name="Acknowledge")).not_to_be_in_viewport()
    await expect(modal.locator(".dialog-foot").get_by_role("button", name="Close")).to_be_focused()


async def test_at_400_pixels_the_welcome_gives_way_to_what_it_leads_to(browser: Browser) -> None:
    async with a_room(browser, size=NARROW) as room:
        page, welcome = room.page, room.page.locator("#welcome")
        again = page.get_by_label("What to try", exact=True).first
        await again.click()
        await expect(welcome).to_be_visible()
        await page.get_by_role("button", name="Channels").click()
        await page.locator("#sidebar .place", has_text="random").click()
        await expect(page.locator("#conversation-title")).to_have_text("# random")
        await expect(welcome).to_be_hidden()
        await again.click()
        await welcome.get_by_label("The next step").click()
        await expect(welcome).to_be_visible()
        await welcome.get_by_role("button", name="Show the channel").click()
        await expect(welcome).to_be_hidden()


async def test_at_400_pixels_a_wide_table_is_moved_within_its_message(browser: Browser) -> None:
    async with a_room(browser, size=NARROW) as room:
        await room.ask("/ojt results")
        table = room.page.locator(".table-box")
        await expect(table).to_be_visible()
        assert await table.evaluate("box => box.scrollWidth > box.clientWidth")
        place = await table.bounding_box()
        assert place is not None and place["x"] + place["width"] <= NARROW["width"]


async def test_a_page_that_lost_the_demo_says_so_and_comes_back(browser: Browser) -> None:
    async with a_room(browser) as room:
        page = room.page
        await room.ask("Still here")
        await expect(page.locator(".message")).to_have_count(1)
        port = room.director.stage.port
        await room.director.stage.stop()
        await expect(page.locator("#link-state")).to_have_text("Connecting…")
        await room.director.stage.start(port)
        await expect(page.locator("#link-state")).to_have_text("")
        await expect(page.locator(".message")).to_have_count(1)
        room.complaints[:] = [one for one in room.complaints if "WebSocket" not in one]


async def test_news_that_arrives_while_one_looks_is_not_marked_as_new(room: Room) -> None:
    page, director = room.page, room.director
    await director.slack.say(director.cast.user_id("supervisor"), director.cast.results_channel, "Seen at once")
    await expect(page.locator(".message")).to_contain_text("Seen at once")
    await expect(page.locator(".new-line")).to_have_count(0)
