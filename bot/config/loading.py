"""Reads the settings for a command. All mistakes are reported at once, by setting name and never with a value: a
mistyped token is still a secret."""

from collections.abc import Iterator, Mapping
from enum import Enum
from pathlib import Path

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from bot.config.env_file import ENV_FILE, in_file, refuse_unusable
from bot.config.network import read_network
from bot.config.settings import Settings, unknown_names
from bot.config.values import cleaned, database_problem, is_blank
from bot.domain.errors import ConfigError


class Needs(Enum):
    """Parts of Spotter that a command uses; each value names the settings that the part can't do without."""

    ISPRING = ("ISPRING_API_URL", "ISPRING_CLIENT_ID", "ISPRING_CLIENT_SECRET")
    SLACK = ("SLACK_BOT_TOKEN",)
    CONVERSATION = ("SLACK_APP_TOKEN",)  # or SLACK_SIGNING_SECRET with PORT


def load(environ: Mapping[str, str], *needs: Needs, env_file: Path = ENV_FILE) -> Settings:
    """Returns the settings; raises ConfigError with every mistake, missing settings of `needs` included.

    `environ` only shows which names are set: pydantic-settings reads the values from the process's environment and
    `env_file`. Proxies and certificates are read for commands that need the network.
    """
    problems: list[str] = []
    settings = None
    refuse_unusable(env_file)
    try:
        settings = Settings(_env_file=env_file)
    except ValidationError as error:
        problems += [
            _describe(detail) for detail in error.errors(include_url=False, include_context=False, include_input=False)
        ]
    except UnicodeDecodeError:
        raise ConfigError([f"{env_file} is not a text file in UTF-8: save it as one."]) from None
    except OSError as error:
        raise ConfigError([f"{env_file} can't be read ({error.strerror})."]) from None
    given = _given(environ, env_file)
    problems += _missing(given, needs)
    problems += _database_problems(given)
    problems += read_network(environ)[1] if needs else ()
    if problems or settings is None:
        lines = unknown_names(env_file)
        problems += [one for one in lines if "Did you mean" in one or "has no setting in" in one]
        hint = "" if env_file.is_file() else f"There is no {env_file} in {Path.cwd()}: only the environment was read."
        raise ConfigError(sorted(set(problems)), hint)
    return settings


def _given(environ: Mapping[str, str], env_file: Path) -> dict[str, str]:
    """Returns the settings that are set and not blank, by upper-case name; the environment wins over the file.

    dotenv reads the file, as it does for pydantic-settings.
    """
    merged = {name.upper(): value for name, value in in_file(env_file).items()}
    merged |= {name.upper(): value for name, value in environ.items() if not is_blank(value)}
    known = {name.upper() for name in Settings.model_fields}
    return {name: cleaned(value) for name, value in merged.items() if name in known and value and cleaned(value)}


def _missing(given: Mapping[str, str], needs: tuple[Needs, ...]) -> Iterator[str]:
    for need in needs:
        for name in need.value:
            if name in given:
                continue
            if need is not Needs.CONVERSATION:
                yield f"{name} is not set. {Settings.model_fields[name.lower()].description}"
            elif "SLACK_SIGNING_SECRET" not in given:
                yield "SLACK_APP_TOKEN is not set. Set it (Socket Mode), or SLACK_SIGNING_SECRET and PORT (HTTP mode)."
            elif "PORT" not in given:
                yield "PORT is not set. HTTP mode (SLACK_SIGNING_SECRET without SLACK_APP_TOKEN) listens on it."


def _database_problems(given: Mapping[str, str]) -> Iterator[str]:
    name = "SPOTTER_DATABASE_URL" if "SPOTTER_DATABASE_URL" in given else "DATABASE_URL"
    if problem := database_problem(given.get(name, Settings.model_fields["database_url"].default)):
        yield f"{name} {problem}"


def _describe(detail: ErrorDetails) -> str:
    name = str(detail["loc"][0]).upper()
    problem = detail["msg"].removeprefix("Value error, ").replace("Input should be", "must be")
    return f"{name} {_EXPECTED.get(detail['type'], problem)}."


_EXPECTED = {
    "float_parsing": "must be a number",
    "int_parsing": "must be a whole number",
    "bool_parsing": "must be true or false",
}
