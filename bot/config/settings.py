"""Every setting, read once from the environment and `.env`; a blank one counts as unset.

A setting is one field of `Settings`; `.env.example`, the README's table and `check` are made from the fields.
"""

import os
import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, EnvSettingsSource, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from bot.config.env_file import (
    ENCODING,
    ENV_FILE,
    needless_readers,
    without_effect,
)
from bot.config.network import Network, read_network
from bot.config.values import (
    LOWER,
    SQLITE,
    UPPER,
    USER_IDS,
    BaseAddress,
    ChannelId,
    SlackApi,
    WebAddress,
    Zone,
    cleaned,
    is_blank,
    matching,
    token,
)
from bot.domain.errors import ConfigError
from bot.domain.staff import Supervision

SILENT = "silent"
LONGEST_INTERVAL = 30 * 86_400.0  # seconds; a longer one counts as this, because timers have a limit
_SIGNING_SECRET = re.compile(r"[0-9a-f]{32}").fullmatch


class _Environment(EnvSettingsSource):
    """The process's environment without blank values: one of these must not hide the same name in `.env`."""

    def __call__(self) -> dict[str, Any]:
        return {name: value for name, value in super().__call__().items() if not is_blank(value)}


class Settings(BaseSettings):
    """All settings, one field each; the defaults fit most companies."""

    model_config = SettingsConfigDict(
        env_file=ENV_FILE,
        env_file_encoding=ENCODING,
        env_ignore_empty=True,
        hide_input_in_errors=True,
        extra="ignore",
        frozen=True,
        validate_default=False,
    )

    ispring_api_url: BaseAddress = Field(
        "",
        description="Address of iSpring's API for your region.",
        examples=["https://api-learn.ispring.com"],
    )
    ispring_client_id: str = Field("", description="Client ID of an API key made by an Account Owner or Administrator.")
    ispring_client_secret: SecretStr = Field(SecretStr(""), description="Client secret of that API key.")
    ispring_account_url: BaseAddress = Field(
        "",
        description="Your account's own address. Optional: sent with each request, and cards link to it.",
        examples=["https://acme.ispringlearn.com"],
    )
    ispring_timezone: Zone = Field(
        "UTC",
        description="Time zone of your iSpring account (IANA name): its dates contain none.",
        examples=["Europe/Berlin"],
    )
    ispring_date_order: Annotated[Literal["dmy", "mdy"], LOWER] = Field(
        "dmy", description="Whether 05-08-2024 is the 5th of August (`dmy`) or the 8th of May (`mdy`)."
    )
    slack_bot_token: Annotated[SecretStr, token("xoxb-", "the bot token (OAuth & Permissions)")] = Field(
        SecretStr(""), description="Bot token of your Slack app (`xoxb-…`)."
    )
    slack_app_token: Annotated[SecretStr, token("xapp-", "an app-level token (Basic Information)")] = Field(
        SecretStr(""), description="App-level token (`xapp-…`) for Socket Mode: no public address needed."
    )
    slack_signing_secret: SecretStr = Field(
        SecretStr(""), description="Signing secret, for HTTP mode instead of Socket Mode; needs `PORT`."
    )
    slack_api_url: SlackApi = Field("https://slack.com/api/", description="Slack's Web API; ends in `/api/`.")
    slack_command: Annotated[
        str, matching(r"/[a-z0-9_-]{1,31}", "/ and up to 31 lower-case letters, digits, - or _")
    ] = Field("/ojt", description="The slash command.")
    database_url: str = Field("sqlite:///spotter.db", description="The database; its folder must outlive restarts.")
    spotter_database_url: str = Field(
        "", description="Used instead of `DATABASE_URL` if a platform sets that one to a database of its own."
    )
    poll_interval: float = Field(120, gt=0, allow_inf_nan=False, description="Seconds between two polls of iSpring.")
    full_listing_limit: int = Field(
        5_000_000,
        gt=0,
        description="Bytes of iSpring's whole list above which polls read only what may have changed.",
    )
    open_interval: float = Field(
        60, gt=0, allow_inf_nan=False, description="Seconds between such polls, if that is shorter."
    )
    poll_bytes: int = Field(
        2_000_000,
        gt=0,
        description="Bytes they read per `POLL_INTERVAL`, beside sessions in progress.",
    )
    pass_target: float | None = Field(
        None, ge=0, le=100, description="Target in percent, until one is set from Slack.", examples=["80"]
    )
    default_channel: ChannelId = Field(
        "", description="Channel id that gets every completed session from the start.", examples=["C0123456789"]
    )
    admins: Annotated[frozenset[str], NoDecode, USER_IDS] = Field(
        frozenset(), description="Slack user ids, comma-separated, who may see and change everything."
    )
    notify_employees: bool = Field(
        False, description="Whether employees get their results as direct messages unless they turn them off."
    )
    ops_channel: ChannelId = Field(
        "", description="Channel id that gets alerts about Spotter itself.", examples=["C0123456789"]
    )
    baseline: Annotated[str, LOWER, matching(r"silent|[1-9]\d{0,3}d", "silent, or a number of days such as 30d")] = (
        Field(
            SILENT,
            description="What the first listing does: `silent`, or how far back to summarise (`30d`).",
        )
    )
    catch_up_hours: float = Field(
        24, gt=0, description="After an outage, completions older than this many hours are counted, not posted."
    )
    rights_max_age: float = Field(
        72, ge=24, le=720, description="Hours for which a reading of iSpring's people proves rights."
    )
    supervision: Annotated[Supervision, LOWER] = Field(
        Supervision.CHAIN,
        description="Whether supervisors see the whole chain below them (`chain`) or their own people only (`direct`).",
    )
    keep_days: int | None = Field(
        None,
        ge=30,
        le=36_500,
        description="Days after which completed sessions are deleted, also from posted messages; blank: never.",
        examples=["730"],
    )
    port: int | None = Field(
        None, ge=0, le=65535, description="Serves `/healthz`, `/metrics` and, in HTTP mode, `/slack/events`."
    )
    heartbeat_url: WebAddress = Field(
        "", description="Requested after each good poll, so that a monitor notices silence."
    )
    log_level: Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR"], UPPER] = Field(
        "INFO", description="Lowest level logged, such as `DEBUG` or `WARNING`."
    )
    log_format: Annotated[Literal["text", "json"], LOWER] = Field(
        "text", description="Log lines for people or for machines."
    )
    clock_offset: float = Field(
        0, ge=-1e9, le=1e9, description="Seconds added to the clock; for the demo, which moves time."
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, _Environment(settings_cls), dotenv_settings

    @model_validator(mode="before")
    @classmethod
    def _clean(cls, values: dict[str, Any]) -> dict[str, Any]:
        """Cleans the ends of every value; what is blank then is unset."""
        return {
            name: cleaned(value) if isinstance(value, str) else value
            for name, value in values.items()
            if not is_blank(value)
        }

    @field_validator("poll_interval")
    @classmethod
    def _no_longer_than_a_timer(cls, value: float) -> float:
        return min(value, LONGEST_INTERVAL)

    @property
    def tick(self) -> float:
        """The seconds between two polls of an account whose sessions are not all listed each time."""
        return min(self.open_interval, self.poll_interval)

    @property
    def database_path(self) -> Path:
        """The database file; relative to the working directory unless the address has four slashes."""
        return Path((self.spotter_database_url or self.database_url).removeprefix(SQLITE))

    @property
    def summarise_back(self) -> timedelta | None:
        """How far back the first listing is summarised, None if it is not."""
        return None if self.baseline == SILENT else timedelta(days=int(self.baseline.removesuffix("d")))

    @property
    def catch_up(self) -> timedelta:
        """The age up to which a completion is posted after an outage. More than ten years would leave the calendar."""
        return timedelta(hours=min(self.catch_up_hours, 87_600.0))

    @property
    def rights_valid_for(self) -> timedelta:
        """The age up to which a reading of iSpring's people or departments proves rights."""
        return timedelta(hours=self.rights_max_age)

    @property
    def keep(self) -> timedelta | None:
        """How long completed sessions are kept, None if they are never deleted."""
        return None if self.keep_days is None else timedelta(days=self.keep_days)

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.ispring_timezone)

    @cached_property
    def network(self) -> Network:
        """The proxies and certificates of the environment. Raises ConfigError if they can't be used."""
        network, problems = read_network(os.environ)
        if problems:
            raise ConfigError(problems)
        return network

    @property
    def uses_socket(self) -> bool:
        """Socket Mode wins if both ways are configured."""
        return bool(self.slack_app_token.get_secret_value())

    def warnings(self, environ: Mapping[str, str], env_file: Path = ENV_FILE) -> Iterator[str]:
        """Yields a sentence for each combination that works but may surprise, for each line of `env_file` that has
        no effect, and if others may read that file. `environ` shows the platform."""
        yield from unknown_names(env_file)
        if readers := needless_readers(env_file, os.geteuid()):
            who = "every user of this machine" if "o" in readers else "every user of its group"
            yield f"{env_file} can be read by {who}: it holds secrets. Take the right away: chmod {readers}= {env_file}"
        if "ispring_timezone" not in self.model_fields_set:
            yield "ISPRING_TIMEZONE is not set: iSpring's dates are read as UTC. Set your account's time zone."
        if self.uses_socket and self.slack_signing_secret.get_secret_value():
            yield (
                "SLACK_APP_TOKEN and SLACK_SIGNING_SECRET are both set: Socket Mode is used. "
                "Remove SLACK_APP_TOKEN for HTTP mode."
            )
        secret = self.slack_signing_secret.get_secret_value()
        if secret and not self.uses_socket and not _SIGNING_SECRET(secret):
            yield (
                "SLACK_SIGNING_SECRET does not look like one: Slack's have 32 characters of 0-9 and a-f. Copy it again "
                "from Basic Information (neither the verification token nor the client secret)."
            )
        if self.poll_interval < 60:
            yield "POLL_INTERVAL is below 60 seconds: iSpring publishes no rate limit and may throttle the key."
        if self.poll_interval >= LONGEST_INTERVAL:
            yield "POLL_INTERVAL is 30 days or more: Spotter polls every 30 days."
        platform = next((name for name in ("DYNO", "RENDER") if environ.get(name)), None)
        if platform and not is_on_volume(self.database_path):
            yield (
                f"This platform ({platform} is set) wipes its disk at every restart unless a volume is mounted at the "
                "database's folder. Without one Spotter loses its rules, links and targets, and what it has posted."
            )


def unknown_names(env_file: Path) -> Iterator[str]:
    """Yields a sentence for each line of the file that has no effect."""
    return without_effect(env_file, [name.upper() for name in Settings.model_fields])


def is_on_volume(file: Path) -> bool:
    """Returns True if the file, which need not exist, lies on another file system than `/`: on a mounted volume."""
    folder = next(folder for folder in file.absolute().parents if folder.exists())
    return folder.stat().st_dev != Path("/").stat().st_dev
