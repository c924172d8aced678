"""The heartbeat: one call of a monitor's address, which raises the alarm when the calls stop."""

import asyncio

import httpx

from bot.config import Network

TIMEOUT = 10.0  # seconds a call may take as a whole: the next poll waits for it


async def call(url: str, network: Network) -> str:
    """Requests the address exactly as it is given. Returns "" after a status of 2xx, else
    what came instead, in words without the address: it may be a secret."""
    try:
        # httpx's own limits are for each read, and an answer may drip for ever. Its body is not read.
        async with (
            asyncio.timeout(TIMEOUT),
            httpx.AsyncClient(
                trust_env=False,
                proxy=network.proxy_for(url),
                verify=network.certificates or True,
                follow_redirects=False,  # a login page behind a redirect answers 200 and records nothing
                timeout=TIMEOUT,
            ) as client,
            client.stream("GET", url) as answer,
        ):
            return "" if answer.is_success else f"HTTP {answer.status_code}"
    except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
        return type(error).__name__
