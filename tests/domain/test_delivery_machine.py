"""The delivery picture of `core.delivery` on a real file, driven at random: whatever Slack answers and whenever the
process dies, each session is told once in each room, and every card comes to show what is known."""

import random
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from hypothesis import HealthCheck, event, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from bot.domain.notifications import Destination
from tests.domain.delivery_story import ANSWERS, ARROWS, EDIT_ANSWERS, READ_BACK_RESULTS, ROOMS, Story

NUMBERS = 6  # different sessions
RESULTS = (None, 40.0, 60.0, 85.0, 95.0)
STEPS_TO_EVERY_ARROW = 8_000
STEPS_OF_A_STORY = 80
DISTURBED_STEPS = 60  # then the bot is left alone: what takes several tries and looks needs its time

numbers, results, rooms = st.integers(1, NUMBERS), st.sampled_from(RESULTS), st.sampled_from(ROOMS)
answers = st.sampled_from(("ok", *ANSWERS))
read_backs = st.sampled_from(("truth", "truth", *READ_BACK_RESULTS))
edits = st.sampled_from(("ok", *EDIT_ANSWERS))


class DeliveryMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="spotter-machine-"))
        self.story = Story(self.folder)

    def teardown(self) -> None:
        try:
            self.story.come_to_rest()
            self.story.check()
            for arrow in sorted(self.story.reached):
                event(arrow)
        finally:
            self.story.close()
            shutil.rmtree(self.folder)

    @rule(number=numbers, result=results)
    def a_listing_says(self, number: int, result: float | None) -> None:
        self.story.see(number, result)

    @rule(count=st.integers(4, NUMBERS), result=results)
    def several_finish_together(self, count: int, result: float | None) -> None:
        for number in range(1, count + 1):
            self.story.see(number, result)

    @rule(room=rooms)
    def a_message_is_claimed(self, room: Destination) -> None:
        self.story.claim(room)

    @precondition(lambda self: self.story.in_hand)
    @rule(what=answers, arrives=st.booleans())
    def slack_answers(self, what: str, arrives: bool) -> None:
        self.story.answer(next(iter(self.story.in_hand)), what, arrives=arrives)

    @rule(what=read_backs)
    def it_looks(self, what: str) -> None:
        self.story.read_back(what)

    @rule()
    def a_post_arrives_late(self) -> None:
        self.story.arrive_late()

    @rule(what=edits, arrives=st.booleans(), meanwhile=st.none() | st.tuples(numbers, st.sampled_from((40.0, 95.0))))
    def a_card_is_edited(self, what: str, arrives: bool, meanwhile: tuple[int, float] | None) -> None:
        self.story.edit(what, arrives=arrives, meanwhile=meanwhile)

    @rule(arrives=st.booleans())
    def the_process_dies(self, arrives: bool) -> None:
        self.story.die(arrives=arrives)

    @rule()
    def time_passes_until_something_is_due(self) -> None:
        self.story.wait_for_what_is_due()

    @rule(room=rooms, all_of_them=st.booleans())
    def people_unsubscribe(self, room: Destination, all_of_them: bool) -> None:
        self.story.end_rules(room, all_of_them=all_of_them)

    @rule(room=rooms)
    def people_subscribe(self, room: Destination) -> None:
        self.story.subscribe(room)

    @rule(room=rooms)
    def a_rule_rests(self, room: Destination) -> None:
        self.story.rest(room)

    @rule(room=rooms)
    def the_rules_go_on(self, room: Destination) -> None:
        self.story.go_on(room)

    @rule(number=numbers)
    def somebody_is_erased(self, number: int) -> None:
        self.story.erase(number)

    @rule(room=rooms)
    def the_channel_is_back(self, room: Destination) -> None:
        self.story.unblock(room)

    @rule()
    def the_token_is_mended(self) -> None:
        self.story.accept_app()

    @rule()
    def somebody_retries(self) -> None:
        self.story.retry_the_dead()


TestDelivery = DeliveryMachine.TestCase
TestDelivery.settings = settings(max_examples=25, stateful_step_count=40, suppress_health_check=list(HealthCheck))


def test_random_steps_reach_every_arrow_of_the_picture(tmp_path: Path) -> None:
    """The same steps, from one seed: what the machine can do is all there is, not a part of it."""
    random01 = random.Random(21)
    reached: set[str] = set()
    steps = 0
    while reached != ARROWS:
        assert steps < STEPS_TO_EVERY_ARROW, f"never reached: {sorted(ARROWS - reached)}"
        folder = tmp_path / str(steps)
        folder.mkdir()
        story = Story(folder)
        weather = Weather(random01)
        try:
            for step in range(STEPS_OF_A_STORY):
                steps += 1
                if step < DISTURBED_STEPS:
                    one_step(story, random01, weather)
                else:
                    one_round(story, random01, weather)
            story.come_to_rest()
            story.check()
        finally:
            story.close()
        assert story.reached <= ARROWS, story.reached - ARROWS
        reached |= story.reached


class Weather:
    """What Slack tends to in one story: troubles that need each other must meet."""

    def __init__(self, random01: random.Random) -> None:
        # Most arrows begin where nothing is sure; only what can never be read is dead after two looks.
        self.answers = random01.choices(("ok", "unsure", *ANSWERS), k=random01.randint(1, 3))
        self.read_backs = random01.choices(("truth", "unreadable", *READ_BACK_RESULTS), k=random01.choice((1, 1, 2)))
        self.edits = random01.choices(("ok", *EDIT_ANSWERS), k=2)
        if random01.random() < 0.1:
            self.answers, self.read_backs = ["unsure"], ["unreadable"]
        self.arrives = random01.choice((0.1, 0.5))  # how much of what gets no clear answer is there all the same


def one_round(story: Story, random01: random.Random, weather: Weather) -> None:
    """What is due is sent and looked for."""
    for room in ROOMS:
        if room in story.in_hand or story.claim(room):
            story.answer(room, random01.choice(weather.answers), arrives=random01.random() < weather.arrives)
    story.wait_for_what_is_due()
    story.read_back(random01.choice(("truth", *weather.read_backs)))


def one_step(story: Story, random01: random.Random, weather: Weather) -> None:
    room, arrives = random01.choice(ROOMS), random01.random() < 0.5
    number, result = random01.randint(1, NUMBERS), random01.choice(RESULTS)

    def finish_together() -> None:
        for one in range(1, NUMBERS + 1):
            story.see(one, result)

    def answer() -> None:
        if room in story.in_hand:
            story.answer(room, random01.choice(weather.answers), arrives=arrives)

    steps: list[tuple[float, Callable[[], object]]] = [
        (4, lambda: story.see(number, result)),
        (1, finish_together),
        (5, lambda: story.claim(room)),
        (6, answer),
        (6, lambda: story.read_back(random01.choice(weather.read_backs))),
        (1, story.arrive_late),
        (5, lambda: story.edit(random01.choice(weather.edits), arrives=arrives)),
        (1, lambda: story.edit("ok", meanwhile=(number, 40.0))),
        (1, lambda: story.die(arrives=arrives)),
        (6, story.wait_for_what_is_due),
        (1, lambda: story.end_rules(room, all_of_them=arrives)),
        (2, lambda: story.subscribe(room)),
        (1, lambda: story.rest(room)),
        (2, lambda: story.go_on(room)),
        (0.2, lambda: story.erase(number)),
        (2, lambda: story.unblock(room)),
        (2, story.accept_app),
        (1, story.retry_the_dead),
    ]
    random01.choices([step for _, step in steps], [weight for weight, _ in steps])[0]()
