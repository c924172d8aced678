"""A newcomer's first minutes with the demo: the real bot as its own process, seen through a real Chromium."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from playwright.async_api import Browser, expect

from bot.demo.company import Session
from bot.demo.director import Director
from tests.app.visitor import Visitor, a_session_at_store_12, short
from tests.demo.browsing import ACKNOWLEDGE_WITHIN, TIMEOUT, WIDE, a_browser

pytestmark = [pytest.mark.browser, pytest.mark.timeout(1200)]

RESULTS, STORE, OPERATIONS = "ojt-results", "store-12-harbour-street", "bot-ops"
BURST = 8
SETTLED = 300.0
"""Seconds after a kill by which the machine has certainly had time for both read-backs of a post and for a new post."""


async def test_a_newcomer_tries_everything_the_demo_offers() -> None:
    async with a_browser() as browser, a_newcomer(browser) as newcomer:
        await newcomer.opens_the_page()
        session = a_session_at_store_12(newcomer.director)
        await a_low_result_arrives_as_a_card(newcomer, session)
        await the_card_opens_its_details(newcomer)
        await a_question_is_typed_with_hints(newcomer, session)
        await another_channel_is_subscribed_after_a_yes(newcomer)
        await a_correction_changes_the_card_and_the_direct_message(newcomer, session)
        another = a_session_at_store_12(newcomer.director)
        await a_low_result_is_acknowledged_by_name_in_both_channels(newcomer, another)
        await the_observer_asks_for_less(newcomer)
        await a_guest_is_refused_with_the_reason(newcomer)
        await seven_days_pass(newcomer)
        await a_kill_in_the_middle_of_a_burst_loses_and_doubles_nothing(newcomer)
        assert newcomer.complaints == []


@asynccontextmanager
async def a_newcomer(browser: Browser) -> AsyncIterator[Visitor]:
    async with Director(seed=1, port=0, happenings=False, acknowledge_within=ACKNOWLEDGE_WITHIN) as director:
        context = await browser.new_context(viewport=WIDE)
        try:
            context.set_default_timeout(TIMEOUT)
            yield Visitor(director, await context.new_page())
        finally:
            await context.close()


async def a_low_result_arrives_as_a_card(newcomer: Visitor, session: Session) -> None:
    await newcomer.goes_to(RESULTS)
    await newcomer.grades("Complete", session, 55)
    card = newcomer.alert_of(session)
    await expect(card).to_have_count(1)
    await expect(card.get_by_role("heading")).to_contain_text(f"🔴 {session.employee.name} · 55 %, below target 80 %")
    for words in (session.employee.name, session.observer.name, "Store 12", "Opening the store", "Why", "today"):
        await expect(card).to_contain_text(words)


async def the_card_opens_its_details(newcomer: Visitor) -> None:
    page = newcomer.page
    await newcomer.alerts.last.get_by_role("button", name="Details").click()
    details = page.get_by_role("dialog", name="Session")
    await expect(details).to_contain_text("Alarm off and doors checked in order")
    await expect(details).to_contain_text("9 of 9 criteria answered")
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await expect(page.locator(".toast.bad")).to_have_count(0)


async def a_question_is_typed_with_hints(newcomer: Visitor, session: Session) -> None:
    page = newcomer.page
    box, hints = page.locator("#composer-text"), page.locator("#hints").get_by_role("option")
    await box.click()
    await page.keyboard.type("/ojt resul")  # `resume` begins alike
    await expect(hints).to_have_count(1)
    await page.keyboard.press("Tab")
    await page.keyboard.type("outc")
    await page.keyboard.press("Tab")
    await expect(box).to_have_value("/ojt results outcome:failed since:30d")
    await page.keyboard.press("Enter")
    answer, since = newcomer.answers.last, newcomer.director.world.now() - timedelta(days=30)
    await expect(answer).to_contain_text(f"sessions with a low result, since {since:%-d %b %Y}")
    await expect(answer).to_contain_text(f"Read as /ojt results outcome:failed since:{since:%Y-%m-%d}")
    await expect(answer).to_contain_text(short(session))
    await expect(answer).to_contain_text("Data as of today")


async def another_channel_is_subscribed_after_a_yes(newcomer: Visitor) -> None:
    await newcomer.goes_to(STORE)
    question = await newcomer.asks("/ojt subscribe outcome:failed")
    await expect(question).to_contain_text("is a public channel: everybody in the workspace")
    await expect(question).to_contain_text("In the last 30 days it would have posted")
    await expect(question).to_contain_text("this looks like the channel of Store 12 Harbour Street")
    await question.get_by_role("button", name="Yes, post all sites to this public channel").click()
    await expect(newcomer.answers.last).to_contain_text("Done: rule 2 posts")
    await expect(newcomer.alerts).to_contain_text(["with a low result"])


async def a_correction_changes_the_card_and_the_direct_message(newcomer: Visitor, session: Session) -> None:
    await newcomer.becomes("observer")
    await newcomer.goes_to("Spotter")
    await expect(newcomer.alert_of(session)).to_have_count(1)  # it waits a poll for others to join it
    await newcomer.becomes("admin")
    await newcomer.grades("Correct", session, 95)
    await newcomer.goes_to(RESULTS)
    await sees_it_corrected(newcomer, session)
    await expect(newcomer.alert_of(session).get_by_role("button", name="Acknowledge")).to_have_count(0)
    await newcomer.becomes("observer")
    await newcomer.goes_to("Spotter")
    await sees_it_corrected(newcomer, session)


async def sees_it_corrected(newcomer: Visitor, session: Session) -> None:
    card = newcomer.alert_of(session)
    await expect(card.locator(".section").first).to_contain_text("95 %, now met target 80 %")
    await expect(card).to_have_count(1)
    await expect(card).to_contain_text("Corrected: ")
    await expect(card).to_contain_text("55 %")
    await expect(card).to_contain_text("(edited)")


async def a_low_result_is_acknowledged_by_name_in_both_channels(newcomer: Visitor, session: Session) -> None:
    await newcomer.becomes("supervisor")
    await newcomer.goes_to(STORE)
    await newcomer.grades("Complete", session, 60)
    card = newcomer.alert_of(session)
    await card.get_by_role("button", name="Acknowledge").click()
    await expect(card).to_contain_text("Acknowledged by @Ana Ferreira-Quill")
    await newcomer.goes_to(RESULTS)
    await expect(card).to_contain_text("Acknowledged by @Ana Ferreira-Quill")


async def the_observer_asks_for_less(newcomer: Visitor) -> None:
    await newcomer.becomes("observer")
    await newcomer.goes_to("Spotter")
    await newcomer.alerts.last.get_by_role("button", name="Only below target").click()
    question = newcomer.page.get_by_role("dialog", name="Change your direct messages?")
    await question.get_by_role("button", name="Yes").click()
    notified = newcomer.page.locator("#messages").get_by_text("you get only those below target or failed")
    await expect(notified).to_have_count(1)


async def a_guest_is_refused_with_the_reason(newcomer: Visitor) -> None:
    await newcomer.becomes("guest")
    await newcomer.goes_to(STORE)
    answer = await newcomer.asks("/ojt results")
    await expect(answer).to_contain_text("your Slack account is not a full member of this workspace (guest)")
    assert not re.search(r"\d\s%", await answer.inner_text())


async def seven_days_pass(newcomer: Visitor) -> None:
    """What is too old to be news when the bot is back is counted in one message, what is newer is told."""
    page, world = newcomer.page, newcomer.director.world
    await newcomer.becomes("admin")
    await newcomer.goes_to(RESULTS)
    before, happened = world.now(), len(world.events)
    await page.get_by_role("button", name="7 days", exact=True).click()
    await expect(page.locator(".toast", has_text="7 days passed")).not_to_have_count(0)
    await expect(page.locator("#clock-date")).to_contain_text(f"{(before + timedelta(days=7)):%-d %b %Y}")
    await newcomer.sees_the_bot("connected to Slack")
    meanwhile = [event.session for event in world.events[happened:] if event.kind == "completed"]
    summary = newcomer.alerts.filter(has_text="While I was away")
    await expect(summary).to_have_count(1)
    counted = re.search(r"([\d,]+) sessions? w(?:as|ere) completed", await summary.inner_text())
    assert counted is not None
    old, newer = meanwhile[: int(counted[1])], meanwhile[int(counted[1]) :]
    await everything_was_told_once(newcomer, RESULTS, newer)
    texts = "".join(await newcomer.alerts.all_inner_texts())
    assert not [short(one) for one in old if short(one) in texts]


async def a_kill_in_the_middle_of_a_burst_loses_and_doubles_nothing(newcomer: Visitor) -> None:
    """Slack posts but never answers: at the kill the bot can't know what became of its first posts."""
    page, world = newcomer.page, newcomer.director.world
    begin, alerts = len(world.events), await newcomer.alerts.count()
    await page.get_by_label("Fault", exact=True).select_option("Hangs, yet posted")
    # More than the burst needs: what else the bot posts just now, a reminder for example, hangs as well.
    await page.get_by_label("How many times").fill("20")
    await page.get_by_role("button", name="Order it").click()
    await expect(page.locator("#ordered")).to_contain_text("left")
    await page.get_by_role("button", name=f"Burst of {BURST}").click()
    await expect(newcomer.alerts).to_have_count(alerts + 1)
    await page.get_by_role("button", name="Kill (SIGKILL)").click()
    await newcomer.sees_the_bot("Killed")
    await page.get_by_role("button", name="Clear all").click()
    await page.get_by_role("button", name="Restart").click()
    await newcomer.sees_the_bot("connected to Slack")
    cancelled = [event.session for event in world.events[begin:] if event.kind == "completed"]
    assert len(cancelled) == BURST
    low = [one for one in cancelled if one.result is not None and one.result < 80]
    await everything_was_told_once(newcomer, RESULTS, cancelled)
    await everything_was_told_once(newcomer, STORE, low)


async def everything_was_told_once(newcomer: Visitor, channel: str, sessions: Iterable[Session]) -> None:
    """Waits until each was told, and looks once more when Spotter owes nothing to anybody."""
    await newcomer.goes_to(channel)
    wanted = {short(one): 1 for one in sessions}

    async def notified() -> dict[str, int]:
        text = "\n".join(await newcomer.alerts.all_inner_texts())
        return {one: text.count(one) for one in wanted}

    try:
        async with asyncio.timeout(SETTLED):
            while 0 in (await notified()).values():
                await asyncio.sleep(0.25)
            while "nothing" not in await (await newcomer.asks("/ojt status")).inner_text():
                await asyncio.sleep(1)
    except TimeoutError:
        log = "\n".join(newcomer.director.bot_log())
        pytest.fail(f"in #{channel} not all is told: {await notified()}\n{log}")
    assert await notified() == wanted
