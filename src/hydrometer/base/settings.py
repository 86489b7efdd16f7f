"""What a run may be told: option before environment before file, every problem at once, every value with its origin.

A setting is here only if a stage uses it. The deployment's key is taken from the environment alone, because a file is
copied, committed and mailed, and it is never printed. Source: the contract, section 4 (`init`, `check`).
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator

from hydrometer.base.errors import UsageError
from hydrometer.base.pseudonyms import PUBLIC_KEY

FILE_NAME = "hydrometer.toml"
FILE_SCHEMA_VERSION = 1
"""Form of the file; one that names another form is refused, one that names none is of this one."""
PREFIX = "HYDROMETER_"
KEY_MIN_BYTES, KEY_MAX_BYTES = 16, 64
"""A shorter key can be guessed; a longer one exceeds what BLAKE2b takes (RFC 7693, section 2.1)."""
EXAMPLES = {"memory": '"4GB"', "threads": "2", "engine": '"duckdb"', "master": '"spark://host:7077"'}
"""What the commented file shows for a setting whose default is none, or the machine's."""
OTHER_VARIABLES = frozenset({"HYDROMETER_DATA"})
"""Variables of that prefix that are not settings: the folder of outside data, known to tests and bench only."""


def usable_threads() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Settings(BaseModel):
    """What is in force for one run; frozen."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    seed: int = Field(
        default=0,
        ge=0,
        lt=2**63,
        description="Seed of every random draw; same input, configuration and seed, same report.",
    )
    threads: int = Field(
        default_factory=usable_threads,
        ge=1,
        le=1024,
        description="Threads of the engine (default: all that this process may use); results do not depend on it.",
    )
    memory: str | None = Field(
        default=None,
        pattern=r"^[0-9]+(\.[0-9]+)? ?([KMGT]i?B)$",
        description="Memory limit of the engine, such as 4GB; without one the engine decides.",
    )
    engine: Literal["duckdb", "spark"] = Field(
        default="duckdb",
        description="Engine of what grows with the log: duckdb within this process, or spark (the extra `spark`).",
    )
    master: str | None = Field(
        default=None,
        pattern=r"^\S+$",
        description="Spark's master, such as spark://host:7077; without one Spark runs within this machine.",
    )
    key: SecretStr | None = Field(
        default=None, description="Deployment key of the pseudonyms, from the environment alone."
    )
    q: float = Field(
        default=0.01,
        gt=0,
        le=0.01,
        description="False-discovery level over the judged groups; 0.01 is the laxest accepted.",
    )
    prior: float = Field(
        default=0.01,
        gt=0,
        lt=1,
        description="Probability, before any evidence, that a judged group is a campaign; posteriors are stated at it.",
    )
    epoch_hours: int = Field(
        default=6, ge=1, le=168, description="Hours of an epoch of event time; detectable_at is the end of an epoch."
    )
    minimum_accounts: int = Field(
        default=5, ge=2, le=10_000, description="Smallest number of accounts that is judged as a group."
    )

    @field_validator("key")
    @classmethod
    def _usable_key(cls, key: SecretStr | None) -> SecretStr | None:
        if key is not None and not KEY_MIN_BYTES <= len(key.get_secret_value().encode()) <= KEY_MAX_BYTES:
            raise ValueError(f"a key has {KEY_MIN_BYTES} to {KEY_MAX_BYTES} bytes")
        return key

    @property
    def key_bytes(self) -> bytes:
        """The key of the pseudonyms: the deployment's own, or the public one where none was set."""
        return self.key.get_secret_value().encode() if self.key else PUBLIC_KEY

    @property
    def key_source(self) -> str:
        """`deployment` or `public`: what the manifest may say about the key."""
        return "deployment" if self.key else "public"

    def described(self) -> dict[str, Any]:
        """Every setting as the manifest states it; of the key only where it comes from."""
        return self.model_dump(exclude={"key"}) | {"key": self.key_source}


NAMES = tuple(Settings.model_fields)
FILE_NAMES = tuple(name for name in NAMES if name != "key")
TEXTS = frozenset({"memory", "engine", "master"})
"""Settings that are texts; all others are numbers."""


@dataclass(frozen=True, slots=True)
class InForce:
    """Settings, where each value comes from, and what was set but is not a setting."""

    settings: Settings
    origins: dict[str, str]
    """Setting → `option`, `environment HYDROMETER_…`, `hydrometer.toml line n` or `default`."""
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Given:
    """One value that somebody set, and where."""

    value: object
    origin: str


def load(
    options: Mapping[str, object],
    environment: Mapping[str, str],
    config: Path | None = None,
    folder: Path | None = None,
) -> InForce:
    """The settings in force.

    Args:
        options: values from the command line; None means not given.
        environment: variables such as `HYDROMETER_SEED`.
        config: a configuration file that must exist; without one `hydrometer.toml` of `folder` is taken if it is there.
        folder: the working directory.

    Raises:
        UsageError: lists every unknown key and every unusable value, with line numbers for those of the file.
    """
    problems: list[str] = []
    given = _from_file(config, folder or Path(), problems)
    given |= {
        name: _Given(environment[PREFIX + name.upper()], f"environment {PREFIX}{name.upper()}")
        for name in NAMES
        if PREFIX + name.upper() in environment
    }
    given |= {name: _Given(value, "option") for name, value in options.items() if value is not None}
    settings = _validated(given, problems)
    if settings is None or problems:
        raise UsageError(
            "configuration",
            f"{len(problems)} problem{'s' * (len(problems) != 1)}\n" + "\n".join(f"    {line}" for line in problems),
            f"settings among {', '.join(FILE_NAMES)}, and {PREFIX}KEY in the environment",
            "mend each of them; `hydrometer init` writes a commented file",
        )
    origins = {name: given[name].origin if name in given else "default" for name in NAMES}
    return InForce(settings, origins, _warnings(settings, environment))


def _from_file(config: Path | None, folder: Path, problems: list[str]) -> dict[str, _Given]:
    """The values of the configuration file; what is wrong with it is added to `problems`."""
    path = config or folder / FILE_NAME
    if not path.exists() and config is None:
        return {}
    try:
        text = path.read_text(encoding="utf-8")
        table = tomllib.loads(text)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as problem:
        reason = problem.strerror if isinstance(problem, OSError) else str(problem)
        problems.append(f"{path}: {reason or type(problem).__name__}")
        return {}
    given: dict[str, _Given] = {}
    for name, value in table.items():
        origin = f"{path} line {_line_of(text, name)}"
        if name == "schema_version":
            if value != FILE_SCHEMA_VERSION or isinstance(value, bool):
                problems.append(f"{origin}: schema_version {value!r}; this version reads {FILE_SCHEMA_VERSION}")
        elif name == "key":
            problems.append(f"{origin}: a key belongs in the environment ({PREFIX}KEY), not in a file")
        elif name not in FILE_NAMES:
            problems.append(f"{origin}: no setting is called {name!r}")
        elif isinstance(value, bool) or not isinstance(value, str if name in TEXTS else int | float):
            problems.append(
                f"{origin}: {name} is {type(value).__name__}, not a {'text' if name in TEXTS else 'number'}"
            )
        else:
            given[name] = _Given(value, origin)
    return given


def _line_of(text: str, name: str) -> int:
    """Number of the line that sets `name` or opens the table of that name."""
    found = re.search(rf"(?m)^\s*\[*\s*[\"']?{re.escape(name)}\b", text)
    return text.count("\n", 0, found.start() + len(found[0]) - len(found[0].lstrip())) + 1 if found else 1


def _validated(given: Mapping[str, _Given], problems: list[str]) -> Settings | None:
    """Settings from what was given; what does not fit is added to `problems`."""
    try:
        return Settings.model_validate({name: one.value for name, one in given.items()})
    except ValidationError as error:
        for fault in error.errors(include_input=False, include_url=False):
            name = str(fault["loc"][0])
            problems.append(f"{given[name].origin}: {name}: {fault['msg'].removeprefix('Value error, ')}")
        return None


def _warnings(settings: Settings, environment: Mapping[str, str]) -> tuple[str, ...]:
    known = {PREFIX + name.upper() for name in NAMES} | OTHER_VARIABLES
    strangers = sorted(name for name in environment if name.startswith(PREFIX) and name not in known)
    warnings = [f"{name} is set, but no setting has that name" for name in strangers]
    if settings.key is None:
        warnings.append(
            f"{PREFIX}KEY is not set: pseudonyms use the public key, so who has a run's files can find out addresses "
            "and card fingerprints by trying all values"
        )
    return tuple(warnings)


def template() -> str:
    """A commented `hydrometer.toml`: every setting of the file, commented out, at its default."""
    defaults = Settings()
    lines = [
        "# hydrometer configuration: an option wins over the environment (HYDROMETER_SEED, …), that over this file.",
        "# `hydrometer check` prints what is in force and where each value comes from.",
        f"# The deployment key stands in the environment alone: {PREFIX}KEY, {KEY_MIN_BYTES} to {KEY_MAX_BYTES} bytes.",
        f"schema_version = {FILE_SCHEMA_VERSION}",
    ]
    for name in FILE_NAMES:
        value = getattr(defaults, name)
        shown = EXAMPLES.get(name, str(value))
        lines += ["", f"# {Settings.model_fields[name].description}", f"# {name} = {shown}"]
    return "\n".join(lines) + "\n"
