"""What breaks over an answer of iSpring's is an answer that can't be read, and no end of the process."""

from collections.abc import Awaitable, Callable

import pytest
from structlog.testing import capture_logs

from bot.app.listening import CountedTraining
from bot.domain.errors import TrainingError, TrainingUnreadable
from bot.domain.ports import Training
from tests.faults import NAME, StumblingTraining

ASKED: dict[str, Callable[[Training], Awaitable[object]]] = {
    "checklists": lambda training: training.named_sessions(),
    "criteria": lambda training: training.details([]),
    "people": lambda training: training.people(),
    "departments": lambda training: training.departments(),
}


@pytest.mark.parametrize("what", ASKED)
async def test_an_answer_that_breaks_its_reader_is_an_unreadable_one_and_the_log_says_where(what: str) -> None:
    heard: list[TrainingError] = []
    with capture_logs() as logs, pytest.raises(TrainingUnreadable) as failed:
        await ASKED[what](CountedTraining(StumblingTraining(), heard.append))
    assert heard == [failed.value]
    assert NAME not in str(failed.value)
    assert [(line["event"], line["what"], type(line["exc_info"])) for line in logs] == [
        ("reading_broke", what, KeyError)
    ]
