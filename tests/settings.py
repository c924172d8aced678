"""Settings for tests: the defaults and the given values, whatever the environment of the test run says."""

from typing import Any

from bot.config import Settings


def settings_of(**values: Any) -> Settings:
    """Returns settings with these fields, by their name in `Settings`. They are not validated."""
    return Settings.model_construct(None, **values)
