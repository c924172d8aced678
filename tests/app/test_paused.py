"""`/healthz` and `/metrics` while an admin paused all sending, or lets everything be shown in one channel."""

from pathlib import Path

import httpx

from bot.app.health import Liveness, health_app, served
from bot.app.metrics import Metrics
from bot.store.database import Store
from tests.clock import FakeClock


async def test_a_pause_is_shown_and_is_nothing_that_a_restart_mends(tmp_path: Path) -> None:
    clock = FakeClock()
    store = Store.open(tmp_path / "spotter.db", now=clock.now())
    try:
        async with (
            served(health_app(Liveness(), Metrics(), store, clock), 0) as port,
            httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client,
        ):
            before = await client.get("/healthz")
            assert (before.status_code, before.json()["paused_since"]) == (200, None)
            await store.transact(lambda tx: tx.outbox.pause_all("U0ADMIN", clock.now()))
            answer = await client.get("/healthz")
            assert answer.status_code == 200
            assert (answer.json()["status"], answer.json()["sending_paused"]) == ("impaired", True)
            assert answer.json()["paused_since"] == clock.now().isoformat()
            assert "U0ADMIN" not in answer.text
            assert "spotter_all_paused 1.0" in (await client.get("/metrics")).text
    finally:
        store.close()


async def test_shadow_mode_is_shown_as_a_state_and_no_fault(tmp_path: Path) -> None:
    clock = FakeClock()
    store = Store.open(tmp_path / "spotter.db", now=clock.now())
    try:
        async with (
            served(health_app(Liveness(), Metrics(), store, clock), 0) as port,
            httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client,
        ):
            assert (await client.get("/healthz")).json()["shadow_since"] is None
            assert "spotter_shadow_mode 0.0" in (await client.get("/metrics")).text
            await store.transact(lambda tx: tx.shadow.begin("G0ADMINS", "U0ADMIN", clock.now()))
            answer = await client.get("/healthz")
            assert (answer.json()["status"], answer.json()["shadow_since"]) == ("ok", clock.now().isoformat())
            assert "G0ADMINS" not in answer.text and "U0ADMIN" not in answer.text
            assert "spotter_shadow_mode 1.0" in (await client.get("/metrics")).text
    finally:
        store.close()
