"""How fast an app may call, by Slack's tiers: https://docs.slack.dev/apis/web-api/rate-limits"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bot.demo.slack.desk import Args

PER_MINUTE = {1: 1, 2: 20, 3: 50, 4: 100}
"""Tier → calls a minute, all of which may come at once."""
LEAST_BURST = 10
"""Calls of a method that may come at once however low its tier: an app that reconnects is not kept waiting for it."""
SPECIAL_PER_MINUTE = 300
POSTS_PER_MINUTE = 300
"""Posts a minute in the whole workspace."""
POST_BURST = 4
"""Posts a channel takes at once before it wants a second for each."""


@dataclass
class _Bucket:
    tokens: float
    most: float
    a_second: float
    filled_at: float

    def wait(self, now: float) -> int:
        """Whole seconds until a token is there; 0 when one is there now."""
        self.tokens = min(self.most, self.tokens + max(0.0, now - self.filled_at) * self.a_second)
        self.filled_at = now
        return 0 if self.tokens >= 1 else max(1, math.ceil((1 - self.tokens) / self.a_second))


class Rates:
    """Token buckets, one for each method, and for posts one for each channel and one for the workspace."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._buckets: dict[tuple[str, ...], _Bucket] = {}

    def take(self, method: str, tier: int | None, args: Args) -> int:
        """Takes a token for this call; answers 0, or after how many seconds to come again (then nothing is taken)."""
        if method == "chat.postMessage":
            buckets = [
                self._bucket(("post", args.text("channel") or ""), POST_BURST, 1.0),
                self._bucket(("post",), POSTS_PER_MINUTE, POSTS_PER_MINUTE / 60),
            ]
        else:
            a_minute = SPECIAL_PER_MINUTE if tier is None else PER_MINUTE[tier]
            buckets = [self._bucket(("method", method), max(a_minute, LEAST_BURST), a_minute / 60)]
        now = self._now().timestamp()
        wait = max(bucket.wait(now) for bucket in buckets)
        if wait == 0:
            for bucket in buckets:
                bucket.tokens -= 1
        return wait

    def _bucket(self, key: tuple[str, ...], most: float, a_second: float) -> _Bucket:
        now = self._now().timestamp()
        return self._buckets.setdefault(key, _Bucket(most, most, a_second, now))
