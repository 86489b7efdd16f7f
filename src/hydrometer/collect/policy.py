"""Reads policy.yaml: what the provider forbids, whom it does not serve, what it charges, what it assumes.

The settings known here are checked at once and in full, before anything else is read, since a price or a country that
is mistyped would come out as a fact of a case; settings that are not known are kept as they are for whoever knows them.
Source: the contract, section 1 (`policy.yaml`).
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from hydrometer.base.errors import UsageError

PROBLEMS_SHOWN = 10
Positive = Annotated[float, Field(gt=0.0)]
Share = Annotated[float, Field(gt=0.0, le=1.0)]
Country = Annotated[str, Field(pattern=r"^[A-Z]{2}$")]


class Price(BaseModel):
    """USD a million tokens of one model."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    input_usd: Annotated[float, Field(ge=0.0)]
    output_usd: Annotated[float, Field(ge=0.0)]
    cached_usd: Annotated[float, Field(ge=0.0)] | None = None


class Owner(BaseModel):
    """Who stands behind a verified owner of accounts, and how much of it belongs to whom."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    owner: str
    country: Country
    share: Share
    source: str


class Ownership(BaseModel):
    """The rule of ownership: firms of which more than `above` belongs to an unsupported country are not served."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    above: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.5
    owners: list[Owner] = []


class Student(BaseModel):
    """A size of student."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    parameters: Positive


class Chip(BaseModel):
    """An accelerator."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    operations_per_second: Positive
    source: str


class Training(BaseModel):
    """Assumptions about training that replace the shipped ones."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    students: Annotated[list[Student], Field(min_length=1)] | None = None
    epochs: Annotated[list[Positive], Field(min_length=1)] | None = None
    utilisation: Annotated[list[Share], Field(min_length=1)] | None = None
    chips: Annotated[list[Chip], Field(min_length=1)] | None = None


class Policy(BaseModel):
    """The settings that are known."""

    model_config = ConfigDict(extra="allow", frozen=True)

    unsupported_countries: list[Country] | None = None
    ownership: Ownership | None = None
    clauses: dict[str, str] | None = None
    safeguards: dict[str, float] | None = None
    prices: dict[str, Price] | None = None
    public_prices: bool | None = None
    training: Training | None = None

    @field_validator("unsupported_countries", mode="before")
    @classmethod
    def _quoted(cls, value: Any) -> Any:
        if isinstance(value, list) and any(isinstance(one, bool) for one in value):
            raise ValueError("YAML reads NO without quotes as false: write 'NO'")
        return value


def read_policy(path: Path | None) -> dict[str, Any]:
    """The mapping in policy.yaml, empty where there is none.

    Raises:
        UsageError: it cannot be read, is no mapping, or breaks the form; all problems at once.
    """
    content = read_yaml(path)
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise UsageError(str(path), f"a {type(content).__name__}", "a mapping of policy settings", "mend the file")
    try:
        found = Policy.model_validate({str(key): value for key, value in content.items()})
    except ValidationError as problem:
        told = [f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in problem.errors()]
        more = f"; and {len(told) - PROBLEMS_SHOWN} more" if len(told) > PROBLEMS_SHOWN else ""
        raise UsageError(
            str(path), "; ".join(told[:PROBLEMS_SHOWN]) + more, "policy settings of the documented form",
            "mend the settings named",
        ) from None  # fmt: skip
    return found.model_dump(exclude_unset=True)


def read_yaml(path: Path | None) -> Any:
    """Content of a YAML file; None where there is no file.

    Raises:
        UsageError: it cannot be read.
    """
    if path is None:
        return None
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as problem:
        found = type(problem).__name__
        raise UsageError(
            str(path), f"not readable as YAML ({found})", "a YAML file", "check the path and the file"
        ) from problem
