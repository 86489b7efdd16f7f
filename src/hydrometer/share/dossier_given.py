"""Reads what an analyst gives to a dossier as YAML: every problem at once, each with its place, nothing guessed.

Such a file is written by hand and holds what no log can: names, provenance, what the party concerned said. A key that
is not known is refused, since a statement that is silently left out of a dossier is worse than an error.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hydrometer.base.errors import UsageError

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

LARGEST_BYTES = 1_000_000
PROBLEMS_SHOWN = 20
Model = TypeVar("Model", bound=BaseModel)
Status = Literal["observed", "inferred", "alleged", "adjudicated"]
Text = Annotated[str, Field(min_length=1, max_length=1000)]


class Given(BaseModel):
    """Base of all forms: frozen, and nothing beside what it names."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Provenance(Given):
    """Where a statement is from: who entered it, from which source, and whether the source observed or alleges it."""

    source: Text
    entered_by: Text
    entered_on: date | None = None
    status: Status = "alleged"


def read(path: Path, option: str, form: type[Model]) -> Model:
    """The content of a YAML file in its form.

    Args:
        path: of the file.
        option: by which it was given, for messages.
        form: of the content.

    Raises:
        UsageError: it cannot be read, is too large, or breaks the form; all problems at once.
    """
    where = f"{option} {path}"
    try:
        size = path.stat().st_size
        content = _loaded(path.read_text(encoding="utf-8")) if size <= LARGEST_BYTES else None
    except (OSError, UnicodeDecodeError, ValueError, yaml.YAMLError) as problem:
        found = f"not readable as YAML ({type(problem).__name__})"
        raise UsageError(where, found, "a YAML file", "check the path and the file") from problem
    if size > LARGEST_BYTES:
        raise UsageError(where, f"{size} bytes", f"at most {LARGEST_BYTES}", "give what an analyst wrote, not a log")
    if not isinstance(content, dict):
        raise UsageError(where, f"a {type(content).__name__}", "a mapping", "see docs/dossier.md for its form")
    try:
        return form.model_validate(content)
    except ValidationError as problem:
        named = problem.errors(include_url=False)
        said = "; ".join(_said(one) for one in named[:PROBLEMS_SHOWN])
        raise UsageError(where, said, "the form in docs/dossier.md", "mend the entries named") from problem


def _loaded(text: str) -> Any:
    """The content with every value as text: the form says what is a day or a number, and an impossible day is named."""
    return yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 - makes nothing but texts, lists and mappings


def _said(one: ErrorDetails) -> str:
    """A problem with its place."""
    place = ".".join(str(part) for part in one["loc"])
    return f"{place}: {one['msg']}" if place else one["msg"]
