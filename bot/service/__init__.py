"""The one place that introduces everyone: from settings to a running Spotter."""

from bot.service.clock import SystemClock
from bot.service.logs import configure_logs
from bot.service.parts import opened_store
from bot.service.running import poll, run

__all__ = ["SystemClock", "configure_logs", "opened_store", "poll", "run"]
