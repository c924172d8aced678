"""What the tests of iSpring's stand-in say to it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import httpx

from bot.demo.company import Session
from bot.demo.world import World

START = datetime(2024, 8, 14, 9, 0, tzinfo=UTC)
KEY = {"client_id": "key-id", "client_secret": "key-secret", "grant_type": "client_credentials"}
LISTING = "/job-training/sessions/result/list"
CHECKLISTS = "/job-training/checklist/sessions/list"
AREAS = "/job-training/completed-session/criterion-group/result/list"
CRITERIA = "/job-training/completed-session/criterion/result/list"
TRAINING = (LISTING, CHECKLISTS, AREAS, CRITERIA)


async def token(client: httpx.AsyncClient) -> str:
    answer = await client.post("/api/v3/token", data=KEY)
    assert answer.status_code == 200
    return str(answer.json()["access_token"])


async def rows(client: httpx.AsyncClient, path: str = LISTING, **body: object) -> list[dict[str, Any]]:
    answer = await client.post(path, json=body)
    assert answer.status_code == 200, answer.text
    listed: list[dict[str, Any]] = answer.json()
    return listed


def session_in(world: World, status: str) -> Session:
    return next(one for one in world.sessions if one.status == status)
