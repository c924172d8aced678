"""An installed Chromium for the tests that look at the demo's page."""

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Browser, ConsoleMessage, Page, ViewportSize, async_playwright, expect

ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
)
TIMEOUT = 300_000
"""Milliseconds after which an expectation fails: more than the busiest machine needs."""
ACKNOWLEDGE_WITHIN = 300.0
"""Seconds that the simulated Slack gives the bot to acknowledge and to open a modal: likewise."""
WIDE, NARROW = ViewportSize(width=1600, height=1000), ViewportSize(width=400, height=850)


def chromium() -> str:
    """Where Chromium is; without one the test is skipped, or fails where CI is meant to have it."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if (path := shutil.which(name)) is not None:
            return path
    missing = "no Chromium is installed; get it with: apt-get install chromium"
    if os.environ.get("CI") == "true":
        pytest.fail(missing)
    pytest.skip(missing)


def complaints_of(page: Page) -> list[str]:
    """What a page's console and scripts complain of, from now on; the list grows."""
    found: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            found.append(message.text)

    page.on("console", listen)
    page.on("pageerror", lambda error: found.append(str(error)))
    return found


@asynccontextmanager
async def a_browser() -> AsyncIterator[Browser]:
    """The installed Chromium, without a window."""
    path = chromium()
    expect.set_options(timeout=TIMEOUT)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS), timeout=TIMEOUT)
        try:
            yield browser
        finally:
            await browser.close()
