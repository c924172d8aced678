"""The `.env` file: what it holds, what in it has no effect, and why it can't be used.

python-dotenv reads it, as it does for pydantic-settings.
"""

import logging
import re
import stat
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from dotenv import dotenv_values
from dotenv.parser import Binding, parse_stream
from rapidfuzz import fuzz, process

from bot.config.network import VARIABLES
from bot.domain.errors import ConfigError

ENV_FILE = Path(".env")
_ALIKE = 75.0  # percent; a name in the file that is less like a setting's is not taken for a mistyped one
ENCODING = "utf-8-sig"  # some editors begin a file in UTF-8 with a mark
ROOT = 0  # the id of the user who may read everything
_NAMED = 3  # lines of one sentence
_NAME = re.compile(r"[A-Z][A-Z0-9_]*").fullmatch

# It would say, twice and without the file's name, what `without_effect` says.
logging.getLogger("dotenv.main").setLevel(logging.ERROR)


def refuse_unusable(env_file: Path) -> None:
    """Raises ConfigError if the path stands for something that is no file: as a missing one it would be overlooked."""
    is_something = env_file.is_symlink() or env_file.exists()
    if is_something and not env_file.is_file():
        what = "is a folder" if env_file.is_dir() else "is no file"
        hint = " Docker makes such a folder if the file that it is to mount does not exist." * env_file.is_dir()
        raise ConfigError([f"{env_file} {what}: put a file there, or take it away.{hint}"])


def in_file(env_file: Path) -> Mapping[str, str | None]:
    """The names and values in the file, none if there is no file."""
    return dotenv_values(env_file, encoding=ENCODING) if env_file.is_file() else {}


def needless_readers(env_file: Path, user: int) -> str:
    """Who may read the file without need, as chmod calls them: "g" its group, "o" all others, "go", or "".

    The group needs no right if `user`, whose id Spotter runs with, owns the file. Of root's file it may be the only way
    to read it, and root reads everything.
    """
    if not env_file.is_file():
        return ""
    status = env_file.stat()
    is_group = status.st_mode & stat.S_IRGRP and user == status.st_uid != ROOT
    return "g" * bool(is_group) + "o" * bool(status.st_mode & stat.S_IROTH)


def without_effect(env_file: Path, settings: Collection[str]) -> Iterator[str]:
    """Yields a sentence for each name in the file that is no setting, with the nearest one, and one for all lines that
    are not `NAME=value`. The process's environment holds names of many programs; the file is ours.

    What does not look like a name is named by its line: it may be the rest of a secret that was pasted in two lines.
    """
    lines = list[int]()
    for binding in _bindings(env_file):
        name = binding.key or ""
        known = name.upper() in settings
        near = process.extractOne(name.upper(), settings, scorer=fuzz.ratio, score_cutoff=_ALIKE)
        if binding.error or (name and binding.value is None):
            lines.append(_line(binding))
        elif not name or known:
            continue
        elif name.upper() in VARIABLES:
            yield f"{name} in {env_file} has no effect: set it in the environment of the process."
        elif near is not None:
            yield f"{name} in {env_file} is no setting. Did you mean {near[0]}?"
        elif _NAME(name):
            yield f"{name} in {env_file} is no setting. Remove it, or ignore this if another program reads it."
        else:
            lines.append(_line(binding))
    if lines:
        more = f" and {len(lines) - _NAMED} more" if len(lines) > _NAMED else ""
        where = f"line{'s' if len(lines) > 1 else ''} {', '.join(map(str, lines[:_NAMED]))}{more}"
        yield f"{env_file} has no setting in {where}. Write NAME=value in one line, or put # in front."


def _bindings(env_file: Path) -> list[Binding]:
    if not env_file.is_file():
        return []
    with env_file.open(encoding=ENCODING) as file:
        return list(parse_stream(file))


def _line(binding: Binding) -> int:
    text = binding.original.string
    return binding.original.line + text[: len(text) - len(text.lstrip())].count("\n")
