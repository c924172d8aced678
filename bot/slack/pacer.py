"""One pace in front of every call of Slack's Web API: each method keeps its tier and its `Retry-After`.

Tiers are calls a minute, workspace and app; chat.postMessage is about one a second and channel, and some hundred a
minute in all. Sources: https://docs.slack.dev/apis/web-api/rate-limits/ and the page of each method.
"""

from bisect import insort
from dataclasses import dataclass, field

from bot.domain.ports import Clock
from bot.slack.errors import NotAsked

POST = "chat.postMessage"
MOST_WAIT = 5.0  # seconds one call waits for its turn; beyond, its caller learns when to ask again
BETWEEN_POSTS = 1.0  # seconds in one channel
MINUTE = 60.0
# A little below what Slack grants: its minute and ours do not begin together.
_TIER = {1: 1, 2: 18, 3: 45, 4: 90}
_SPECIAL = 290
_METHODS = {
    2: ("conversations.list", "users.list"),
    4: (
        "chat.postEphemeral",
        "users.info",
        "conversations.members",
        "views.open",
        "views.update",
        "views.push",
        "views.publish",
    ),
}
_A_MINUTE = {method: _TIER[tier] for tier, methods in _METHODS.items() for method in methods} | {
    POST: _SPECIAL,
    "auth.test": _SPECIAL,
    "chat.getPermalink": _SPECIAL,
}


@dataclass(slots=True)
class _Lane:
    """The calls of one method, or the posts of one channel, that share a limit. Monotonic seconds."""

    most: int = _TIER[3]  # in any minute
    between: float = 0.0
    free_at: float = 0.0
    careful_until: float = 0.0  # until then calls are spread evenly: Slack counted more than we did
    taken: list[float] = field(default_factory=list)  # turns of the last minute and later, in order

    def turn(self, now: float) -> float:
        """When the next call may go, at the earliest `now`."""
        at = max(now, self.free_at)
        if self.taken and self.taken[0] <= now - MINUTE:
            self.taken = [at for at in self.taken if at > now - MINUTE]
        if len(self.taken) >= self.most:
            at = max(at, self.taken[-self.most] + MINUTE)
        between = self.between if at >= self.careful_until else max(self.between, MINUTE / self.most)
        return max(at, self.taken[-1] + between) if between and self.taken else at


class RequestPacer:
    """Shared by everything that calls Slack with one token."""

    def __init__(self, clock: Clock, most_wait: float = MOST_WAIT) -> None:
        self._clock = clock
        self._most_wait = most_wait
        self._lanes: dict[str, _Lane] = {}
        self._channels: dict[str, _Lane] = {}

    async def turn(self, method: str, channel: str = "") -> None:
        """Returns when the call may go, and counts it. `channel` matters for posts.

        Raises NotAsked at once, with the seconds to wait, if the turn is more than `most_wait` away.
        """
        deadline = self._clock.monotonic() + self._most_wait
        while True:
            now = self._clock.monotonic()
            lanes = self._lanes_of(method, channel)
            at = max(lane.turn(now) for lane in lanes)
            if at > deadline:
                raise NotAsked(at - now)
            for lane in lanes:
                insort(lane.taken, at)
            if at <= now:
                return
            await self._clock.sleep(at - now)
            if all(lane.free_at <= at for lane in lanes):
                return
            # While it waited, Slack refused another call: the turn counts for nothing.
            for lane in lanes:
                if at in lane.taken:
                    lane.taken.remove(at)

    def refused(self, method: str, channel: str, after: float) -> None:
        """Slack answered 429: no call of this method, or post to this channel, for `after` seconds."""
        now = self._clock.monotonic()
        lane = self._lanes_of(method, channel)[-1]
        lane.free_at = max(lane.free_at, now + after)
        lane.careful_until = max(lane.careful_until, now + after + MINUTE)

    def _lanes_of(self, method: str, channel: str) -> tuple[_Lane, ...]:
        lane = self._lanes.setdefault(method, _Lane(_A_MINUTE.get(method, _TIER[3])))
        if method != POST or not channel:
            return (lane,)
        if len(self._channels) > 10_000:
            now = self._clock.monotonic()
            self._channels = {name: one for name, one in self._channels.items() if one.turn(now) > now}
        return lane, self._channels.setdefault(channel, _Lane(_SPECIAL, BETWEEN_POSTS))
