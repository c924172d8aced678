"""When the next post or edit may go, so that Slack never has to say "too fast": pure bookkeeping of monotonic seconds.

Slack allows about one message a second and channel and several hundred a minute and workspace; chat.update and
conversations.info are tier 3 methods (50 a minute). Source: https://docs.slack.dev/apis/web-api/rate-limits/
"""

from collections import deque
from dataclasses import dataclass, field

BETWEEN_POSTS = 1.05  # seconds in one channel
POSTS_A_MINUTE = 300
EDITS_A_MINUTE = 40
KEPT_FOR_CORRECTIONS = 10  # of these edits: a correction never waits until a minute of cosmetic ones is over
QUESTIONS_A_MINUTE = 40  # how a channel is; the others are left to people who subscribe and share
MINUTE = 60.0


@dataclass(slots=True)
class _Window:
    """So many in any sixty seconds."""

    most: int
    taken: deque[float] = field(default_factory=deque)

    def free_at(self, now: float, kept: int = 0) -> float:
        """When one more may go, with `kept` of them left for others."""
        while self.taken and self.taken[0] <= now - MINUTE:
            self.taken.popleft()
        most = self.most - kept
        return now if len(self.taken) < most else self.taken[-most] + MINUTE


class RateLimiter:
    """Of one workspace. Every `now` and answer is in monotonic seconds; nothing here waits."""

    def __init__(
        self,
        between_posts: float = BETWEEN_POSTS,
        posts_a_minute: int = POSTS_A_MINUTE,
        edits_a_minute: int = EDITS_A_MINUTE,
        questions_a_minute: int = QUESTIONS_A_MINUTE,
    ) -> None:
        self._between = between_posts
        self._posts = _Window(posts_a_minute)
        self._edits = _Window(edits_a_minute)
        self._questions = _Window(questions_a_minute)
        self._turns: dict[str, float] = {}
        self._free_at: dict[str, float] = {}
        self._all_free_at = 0.0
        self._edits_free_at = 0.0
        self._people_free_at = 0.0

    def post_at(self, destination: str, now: float) -> float:
        """When a post to a place may go; `now` where it may at once."""
        return max(now, self._posts.free_at(now), self._all_free_at, self._free_at.get(destination, 0.0))

    def posted(self, destination: str, now: float) -> None:
        """Counts a post that goes out now."""
        self._posts.taken.append(now)
        self._free_at[destination] = max(now + self._between, self._free_at.get(destination, 0.0))
        if len(self._free_at) > 10_000:  # places that were free for long: forgetting them changes nothing
            self._free_at = {destination: at for destination, at in self._free_at.items() if at > now}

    def people_at(self, now: float) -> float:
        """When a person's account may be looked up again, which comes before each direct message."""
        return max(now, self._people_free_at)

    def hold_people_back(self, until: float) -> None:
        """Slack named a time for look-ups of people: no direct message is begun before it. Channels go on."""
        self._people_free_at = max(self._people_free_at, until)

    def edit_at(self, now: float, *, cosmetic: bool = False) -> float:
        """When an edit may go; `now` where it may at once."""
        kept = min(KEPT_FOR_CORRECTIONS, self._edits.most - 1) if cosmetic else 0
        return max(now, self._edits.free_at(now, kept), self._all_free_at, self._edits_free_at)

    def edited(self, now: float) -> None:
        """Counts an edit that goes out now."""
        self._edits.taken.append(now)

    def block_until(self, destination: str | None, until: float) -> None:
        """Slack named a time: nothing goes to this place, or with None to any, before it."""
        if destination is None:
            self._all_free_at = max(self._all_free_at, until)
        else:
            self._free_at[destination] = max(self._free_at.get(destination, 0.0), until)

    def hold_edits_back(self, until: float) -> None:
        """Slack named a time for edits: none goes before it."""
        self._edits_free_at = max(self._edits_free_at, until)

    def lookup_at(self, destination: str, now: float) -> float:
        """When Slack may be asked how a place is; that turn is the place's own until it is taken."""
        turn = self._turns.get(destination)
        if turn is None:
            turn = self._turns[destination] = self._questions.free_at(now)
            self._questions.taken.append(turn)
        return turn

    def asked(self, destination: str) -> None:
        """The turn is taken."""
        self._turns.pop(destination, None)
