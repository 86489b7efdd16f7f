"""Loads mapping packs: one YAML file says how a foreign log becomes canonical columns.

A pack names JSON paths (`fields`), canonical columns as DuckDB expressions over them (`columns`), how its records are
recognised (`detect`), and, where a source keeps network facts and content in two logs, how the two are joined
(`streams`). Unknown keys, unknown columns and expressions that could reach a file are errors, all told at once.
The packs in `packs/` are the examples.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError, model_validator

from hydrometer.base.errors import PackError
from hydrometer.base.tables import INPUTS

REQUIRED = tuple(field.name for field in INPUTS["exchanges"] if not field.nullable)
MAIN = "main"
_FORBIDDEN = re.compile(
    r"\b(read_\w+|\w+_scan|scan_\w+|glob|copy|attach|detach|install|load|pragma|getenv|query|query_table|export|import"
    r"|create|drop|insert|update|delete|set|call|select|from|sniff_csv|parquet_\w+|duckdb_\w+)\b|;|--|/\*",
    re.IGNORECASE,
)
_LITERAL = re.compile(r"'(?:[^']|'')*'")
_ALLOWED_WORDS = re.compile(r"\bfrom_json\b")

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
JsonPath = Annotated[str, StringConstraints(pattern=r"^\$[.\[]")]


class Strict(BaseModel):
    """Unknown keys are an error, values are not coerced, nothing changes after loading."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Detect(Strict):
    """How a record is recognised.

    Attributes:
        any_of: alternatives; each is a list of keys that must all be there, `/` between levels, `*` ends a prefix.
        none_of: keys that must not be there.
        yields_to: packs that win where both recognise a record.
    """

    any_of: list[list[str]]
    none_of: list[str] = []
    yields_to: list[Name] = []


class Refusal(Strict):
    """A record that is not an exchange: `when` is a DuckDB condition, `reason` goes into `rejects`."""

    when: str
    reason: str


class Stream(Strict):
    """One of several logs of a pack.

    Attributes:
        where: condition that says which records belong to it.
        key: expression whose value joins the streams (a request id).
        several: whether one exchange may have several records of it; its fields are then a list in order of reading.
        required: whether an exchange without a record of this stream is a reject.
    """

    where: str
    key: str
    several: bool = False
    required: bool = False


class Sample(Strict):
    """A record (or several, of joined streams) and the canonical columns or the reject that it must give."""

    records: list[dict[str, Any]]
    expect: list[dict[str, Any]] = []
    rejects: list[str] = []


class Pack(Strict):
    """A mapping pack; see the module's opening.

    Attributes:
        input: `canonical` (the columns' own names), `json` (objects) or `otlp` (spans and log records, flattened).
        fields: name → JSON path, or several of which the first that is there counts.
        let: name → expression over the fields of one record, before records are joined.
        derive: name → expression over everything, after records are joined; later ones may use earlier ones.
        content: fields that hold what people wrote; needed by a content-free scan where logs are joined.
        columns: canonical column → expression.
    """

    name: Name
    version: int
    description: str
    input: Literal["canonical", "json", "otlp"]
    detect: Detect
    fields: dict[Name, JsonPath | list[JsonPath]] = {}
    let: dict[Name, str] = {}
    derive: dict[Name, str] = {}
    streams: dict[Name, Stream] = {}
    content: list[Name] = []
    refuse: list[Refusal] = []
    columns: dict[Name, str] = {}
    samples: list[Sample]

    @model_validator(mode="after")
    def _sound(self) -> Pack:
        problems = list(self._problems())
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def _problems(self) -> list[str]:
        canonical = INPUTS["exchanges"].names
        wrong = [f"columns.{name}: not a canonical column" for name in self.columns if name not in canonical]
        if self.input != "canonical":
            wrong += [f"columns.{name}: is required" for name in REQUIRED if name not in self.columns]
        if self.streams and MAIN not in self.streams:
            wrong.append(f"streams.{MAIN}: is missing; it is the stream whose records are the exchanges")
        wrong += [f"content.{name}: is no field" for name in self.content if name not in self.fields]
        for where, text in self.expressions().items():
            found = _FORBIDDEN.search(_ALLOWED_WORDS.sub("", _LITERAL.sub("''", text)))
            if found:
                wrong.append(f"{where}: {found.group()!r} is not allowed in an expression")
        return wrong

    def expressions(self) -> dict[str, str]:
        """All SQL of the pack, by where it stands."""
        found = {f"columns.{name}": text for name, text in self.columns.items()}
        found |= {f"let.{name}": text for name, text in self.let.items()}
        found |= {f"derive.{name}": text for name, text in self.derive.items()}
        found |= {f"refuse.{number}": refusal.when for number, refusal in enumerate(self.refuse)}
        for name, stream in self.streams.items():
            found |= {f"streams.{name}.where": stream.where, f"streams.{name}.key": stream.key}
        return found


def parse_pack(text: str, where: str) -> Pack:
    """A pack from YAML text.

    Raises:
        PackError: not YAML, or any rule of packs is broken; all problems at once.
    """
    try:
        content = yaml.load(text, Loader=_LOADER)  # noqa: S506 - both are safe loaders
    except yaml.YAMLError as problem:
        raise PackError(where, f"no YAML: {problem}", "a YAML mapping", "mend the file") from problem
    try:
        return Pack.model_validate(content)
    except ValidationError as problem:
        told = [f"{'.'.join(map(str, one['loc'])) or 'pack'}: {one['msg']}" for one in problem.errors()]
        raise PackError(
            where,
            "\n            ".join(told),
            "a mapping pack",
            "mend the places named; the shipped packs are examples",
        ) from problem


@cache
def _shipped() -> tuple[Pack, ...]:
    folder = files("hydrometer.collect") / "packs"
    texts = {file.name: file.read_text(encoding="utf-8") for file in folder.iterdir() if file.name.endswith(".yaml")}
    packs = [parse_pack(text, f"packs/{name}") for name, text in sorted(texts.items())]
    for pack, name in zip(packs, sorted(texts), strict=True):
        if pack.name != name.removesuffix(".yaml"):
            raise PackError(f"packs/{name}", f"name: {pack.name}", "the stem of the file", "rename one of them")
    return tuple(packs)


def shipped_packs() -> dict[str, Pack]:
    """The packs that come with hydrometer, by name."""
    return {pack.name: pack for pack in _shipped()}


def find_pack(name: str) -> Pack:
    """A shipped pack by its name, or a pack file by its path (a name that ends in .yaml or .yml).

    Raises:
        PackError: neither exists, or the file breaks the rules.
    """
    if name.endswith((".yaml", ".yml")):
        try:
            return parse_pack(Path(name).read_text(encoding="utf-8"), name)
        except (OSError, UnicodeDecodeError) as problem:
            raise PackError(name, "cannot be read", "a mapping pack in YAML", "check the path") from problem
    packs = shipped_packs()
    if name not in packs:
        known = ", ".join(packs)
        raise PackError(f"--format {name}", "no such pack", f"{known}, or the path of a .yaml file", "name one of them")
    return packs[name]
