"""Listings as files: invented sessions, the same ones in another order, some changed, some mistyped."""

import json
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

from bot.ispring.listing import PIECE

CHANGED = 100
CHECKLISTS = 40
PEOPLE = 5_000


def rows(number: int) -> Iterator[dict[str, Any]]:
    """Sessions of two years, nine of ten completed; the same for the same number."""
    random01 = Random(number)

    def new_id() -> str:
        return str(UUID(int=random01.getrandbits(128), version=4))

    checklists = [(new_id(), f"Checklist {one}: how we do it, step by step") for one in range(CHECKLISTS)]
    people = [new_id() for _ in range(PEOPLE)]
    for _ in range(number):
        checklist_id, title = random01.choice(checklists)
        day = f"{random01.randint(1, 28):02d}-{random01.randint(1, 12):02d}-{random01.choice((2024, 2025))}"
        hour = random01.randint(6, 20)
        row = {
            "checklistId": checklist_id,
            "checklistTitle": title,
            "sessionId": new_id(),
            "sessionStatus": "PASSED",
            "startDate": f"{day}, {hour:02d}:00:00",
            "actualStartDate": f"{day}, {hour:02d}:0{random01.randint(1, 9)}:17",
            "completionDate": f"{day}, {hour:02d}:{random01.randint(20, 59)}:41",
            "result": round(100 * (points := random01.randint(3, 24)) / 24, 2),
            "totalPoints": 24,
            "points": points,
            "employeeId": random01.choice(people),
            "observerId": random01.choice(people),
        }
        if random01.random() < 0.1:
            row["sessionStatus"] = "IN_PROGRESS"
            for absent in ("completionDate", "result", "totalPoints", "points"):
                del row[absent]
        yield row


def completed(row: dict[str, Any]) -> dict[str, Any]:
    return row | {
        "sessionStatus": "PASSED",
        "completionDate": row["startDate"],
        "result": 50.0,
        "totalPoints": 24,
        "points": 12,
    }


def write(folder: Path, number: int) -> dict[str, Path]:
    """Four files: `same`, `reordered`, `changed` (100 sessions completed since), `mistyped` (one row of each piece)."""
    texts = [json.dumps(row) for row in rows(number)]
    files = {"same": _file(folder / "same.json", texts)}

    changed = list(texts)
    unfinished = [at for at, text in enumerate(texts) if "IN_PROGRESS" in text]
    for at in unfinished[:: max(1, len(unfinished) // CHANGED)][:CHANGED]:
        changed[at] = json.dumps(completed(json.loads(changed[at])))
    files["changed"] = _file(folder / "changed.json", changed)

    Random(1).shuffle(texts)
    files["reordered"] = _file(folder / "reordered.json", texts)

    rows_a_piece = PIECE // (len(texts[0]) + 2)
    for at in range(rows_a_piece // 2, number, rows_a_piece):
        texts[at] = json.dumps(json.loads(texts[at]) | {"employeeId": ["mistyped"]})
    files["mistyped"] = _file(folder / "mistyped.json", texts)
    return files


def _file(path: Path, texts: list[str]) -> Path:
    with path.open("w") as out:
        out.write("[")
        for at, text in enumerate(texts):
            out.write(("," if at else "") + text)
        out.write("]")
    return path
