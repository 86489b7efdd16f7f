"""What the manifest says that a reader needs: what was read, what abstained, how errors are counted, what is unknown.

Left out on purpose: engine, paths, times of day, durations, threads and memory. They belong to the machine and not to
the finding, and the list for programs must not change with them. Source: the contract, section 2.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePath, PureWindowsPath
from typing import Any

from hydrometer.base.contract_sums import CONFIRMED_BENIGN_P

REASONS_SHOWN = 20
"""Reasons of rejected rows that are named; the rest is counted."""
OTHER_REASONS = "other reasons"
CONTENT_FREE = (
    "Content-free: no prompt, system prompt or answer was read, and of tools their number alone. What needs words has "
    "not looked."
)
OWN_NEEDED = round(1.0 / CONFIRMED_BENIGN_P) - 1
"""Own benign operators past the gate of H2 from which a p-value of 0.01 is possible: 1/(n + 1)."""


@dataclass(frozen=True, slots=True)
class InputRead:
    """One input and what became of its rows; read = kept + rejected + duplicate."""

    name: str
    sha256: str
    rows_read: int
    rows_kept: int
    rows_rejected: int
    rows_duplicate: int


@dataclass(frozen=True, slots=True)
class ManifestFacts:
    """The part of a manifest that reports show.

    Attributes:
        version: of hydrometer.
        seed: of the run's random draws.
        config_sha256: hash of the configuration in force.
        prior: probability before any evidence that a group is a campaign.
        benign_library: number of benign operators in the library.
        own_library: how many of them are the provider's own; the rest are simulated.
        own_past_gate: how many of its own look so much like data-set builders that a p-value can be taken among them.
        procedure: how false discoveries are bounded.
        inputs: by name.
        packs: source formats that the inputs were read as.
        abstained: (detector, why), by name.
        columns_absent: canonical columns that no input filled.
        beyond_register: one sentence for each holder of register entries who uses them beyond what they allow.
        exchanges: number read, null where the manifest does not say.
        accounts: the same.
        content_free: whether no text was read.
    """

    version: str | None
    seed: int | None
    config_sha256: str | None
    prior: float | None
    benign_library: int
    own_library: int
    own_past_gate: int
    procedure: str
    inputs: list[InputRead]
    packs: list[str]
    abstained: list[tuple[str, str]]
    columns_absent: list[str]
    beyond_register: list[str]
    exchanges: int | None
    accounts: int | None
    content_free: bool

    def rows(self, column: str) -> int:
        """Sum over the inputs of one of their counts, e.g. `"rows_read"`."""
        return sum(int(getattr(one, column)) for one in self.inputs)

    @property
    def can_confirm(self) -> bool:
        """Whether the provider's own benign operators are enough for a group to be confirmed."""
        return self.own_past_gate >= OWN_NEEDED

    @property
    def caveats(self) -> list[str]:
        """What a reader must know before believing a level."""
        found = [
            "Bits of different hypotheses are never added up: each must stand alone.",
            "How much ordinary customers differ from each other is a model: empirical_bits is what counted cases "
            "support, model_bits what the model makes of it.",
        ]
        if self.own_library == 0:
            found.insert(
                0,
                f"The library of benign operators is simulated (own 0, simulated {self.benign_library}): benign_p is "
                "null and suspected is the highest level.",
            )
        elif self.can_confirm:
            found.insert(
                0,
                f"The library of benign operators has {self.own_library} of the provider's own and "
                f"{self.benign_library - self.own_library} simulated; benign_p is taken among the "
                f"{self.own_past_gate} own ones that are past the gate of H2.",
            )
        else:
            found.insert(
                0,
                f"The library of benign operators has {self.own_library} of the provider's own and "
                f"{self.benign_library - self.own_library} simulated; {self.own_past_gate} own ones are past the gate "
                f"of H2 and benign_p needs {OWN_NEEDED}: it is null and suspected is the highest level.",
            )
        if self.content_free:
            found.append(CONTENT_FREE)
        if self.columns_absent:
            found.append(f"Columns that no input filled: {', '.join(self.columns_absent)}.")
        if self.abstained:
            found.append(
                "A detector that abstained has not looked; its silence speaks neither for nor against a group."
            )
        return found


def manifest_facts(manifest: Mapping[str, Any]) -> ManifestFacts:
    """The facts of a manifest; keys that it lacks become null or empty.

    Reads `version`, `seed`, `config_sha256`, `prior`, `benign_library` (a number of own operators, or a mapping with
    `size`, `own` and `own_past_gate`),
    `false_discovery` (a text, or a mapping of which each entry is named), `inputs` (each may have a `format`),
    `detectors_abstained` (texts, mappings with `detector` and `why`, or one mapping of detector to why),
    `columns_absent`, `register` with `beyond`, `totals` with `exchanges` and `accounts`, `content_free`.
    """
    totals = manifest.get("totals") or {}
    library = manifest.get("benign_library") or 0
    return ManifestFacts(
        version=manifest.get("version"),
        seed=manifest.get("seed"),
        config_sha256=manifest.get("config_sha256"),
        prior=manifest.get("prior"),
        benign_library=int(library.get("size") or 0) if isinstance(library, Mapping) else int(library),
        own_library=int(library.get("own") or 0) if isinstance(library, Mapping) else int(library),
        own_past_gate=int(library.get("own_past_gate") or 0) if isinstance(library, Mapping) else 0,
        procedure=_procedure(manifest.get("false_discovery")),
        inputs=_inputs(manifest.get("inputs") or []),
        packs=sorted({str(one["format"]) for one in manifest.get("inputs") or [] if one.get("format")}),
        abstained=_abstained(manifest.get("detectors_abstained") or []),
        columns_absent=sorted(_column_names(manifest.get("columns_absent") or [])),
        beyond_register=[_beyond(row) for row in (manifest.get("register") or {}).get("beyond") or []],
        exchanges=totals.get("exchanges"),
        accounts=totals.get("accounts"),
        content_free=bool(manifest.get("content_free")),
    )


def _inputs(said: Iterable[Mapping[str, Any]]) -> list[InputRead]:
    """Inputs under the last part of their names, since folders differ from machine to machine."""
    found = [
        InputRead(
            name=PurePath(PureWindowsPath(str(one.get("name", "?"))).name).name,
            sha256=str(one.get("sha256", "")),
            **{
                count: int(one.get(count) or 0)
                for count in ("rows_read", "rows_kept", "rows_rejected", "rows_duplicate")
            },
        )
        for one in said
    ]
    return sorted(found, key=lambda one: (one.name, one.sha256))


def _abstained(said: Any) -> list[tuple[str, str]]:
    """(detector, why) from each of the forms that a manifest may use."""
    if isinstance(said, Mapping):
        return sorted((str(name), _text(why)) for name, why in said.items())
    pairs = [
        (str(one.get("detector", "?")), _text(one.get("why"))) if isinstance(one, Mapping) else (str(one), "not stated")
        for one in said
    ]
    return sorted(pairs)


def _beyond(row: Mapping[str, Any]) -> str:
    """What one holder of register entries does beyond them.

    >>> _beyond({"organization_id": "org-7", "purposes": ["distillation"], "ended": "2026-01-10", "exchanges": 9,
    ...          "after_end": 4, "outside_scope": 0})
    'org-7 (distillation): 4 of 9 exchanges after the end of its entry on 2026-01-10'
    """
    who = row.get("organization_id") or row.get("account_id") or "?"
    said = []
    if row.get("after_end"):
        said.append(f"after the end of its entry on {row.get('ended')}")
    if row.get("outside_scope"):
        said.append("outside the scope of its entry")
    counts = [row[name] for name in ("after_end", "outside_scope") if row.get(name)]
    parts = [f"{count} of {row.get('exchanges')} exchanges {text}" for count, text in zip(counts, said, strict=True)]
    return f"{who} ({_text(row.get('purposes'))}): {', '.join(parts)}"


def _column_names(said: Any) -> Iterable[str]:
    """Names of columns, from a list or from one list per table."""
    if isinstance(said, Mapping):
        return (f"{name}.{column}" for name, columns in said.items() for column in columns)
    return (str(column) for column in said)


def _procedure(said: Any) -> str:
    """The false-discovery procedure in words."""
    if isinstance(said, Mapping):
        return "; ".join(f"{key.replace('_', ' ')}: {_text(said[key])}" for key in sorted(said))
    return _text(said)


def _text(said: Any) -> str:
    """A JSON value as words."""
    if isinstance(said, list | tuple):
        return ", ".join(str(one) for one in said)
    return "not stated" if said in (None, "") else str(said)


def reject_reasons(reasons: Iterable[str]) -> list[tuple[str, int]]:
    """Reasons for which rows were not used and how often, most frequent first; rare ones are counted together.

    >>> reject_reasons(["not JSON", "no account_id", "not JSON"])
    [('not JSON', 2), ('no account_id', 1)]
    """
    counted = sorted(Counter(reasons).items(), key=lambda pair: (-pair[1], pair[0]))
    rest = sum(times for _, times in counted[REASONS_SHOWN:])
    return counted[:REASONS_SHOWN] + ([(OTHER_REASONS, rest)] if rest else [])
