"""Reads a run folder: its groups, and everything that is known about one of them, in an order that never varies.

Only the groups that are shown in full are read in full, so a page costs the same however many accounts were judged.
Rows are sorted by all they hold that a person ranks by, then by ids, so that the same tables give the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from hydrometer.base.errors import RunError
from hydrometer.base.tables import FACT_SECTIONS, LISTED_LEVELS, OUTPUTS, conform
from hydrometer.share.refutation import Refutation, refutations

Row = dict[str, Any]


def _down(value: float | None) -> float:
    """Sorts the largest first and the unknown last."""
    return float("inf") if value is None else -value


def _section(name: str) -> int:
    """Place of a section of `facts`; a strange one comes last."""
    return FACT_SECTIONS.index(name) if name in FACT_SECTIONS else len(FACT_SECTIONS)


ORDERS: dict[str, Callable[[Row], tuple[Any, ...]]] = {
    "campaigns": lambda row: (row["rank"], row["campaign_id"]),
    "members": lambda row: (_down(row["probability"]), row["account_id"]),
    "evidence": lambda row: (
        row["hypothesis"], _down(row["bits"]), row["signal"], row["family"] or "", row["account_id"] or "",
        row["statement"] or "", row["stratum"] or "",
    ),
    "links": lambda row: (_down(row["bits"]), row["account_a"], row["account_b"], row["layer"], row["statement"]),
    "timeline": lambda row: (row["hour"], row["event"] or ""),
    "templates": lambda row: (_down(row["exchanges"]), row["template_id"]),
    "facts": lambda row: (
        _section(row["section"]), row["account_id"] or "", row["position"], row["fact"], row["statement"],
    ),
    "operators": lambda row: (row["operator_id"], row["account_id"]),
}  # fmt: skip
POLICY_SECTIONS = ("terms", "region")
COURSE = (
    "target", "release_pivot", "model_switch", "safeguard_arbitrage", "phase", "still_running", "forecast", "alignment",
    "exchanges", "exchanges_in_all", "list_price", "list_price_in_all", "usable_examples",
)  # fmt: skip
"""Facts that a short page tells."""
DETAILS = ("members", "evidence", "links", "timeline", "templates", "facts")


@dataclass(frozen=True, slots=True)
class Case:
    """All that a run says about one group; each list in the order in which it is shown."""

    campaign: Row
    members: list[Row]
    evidence: list[Row]
    links: list[Row]
    timeline: list[Row]
    templates: list[Row]
    facts: list[Row]

    @property
    def refutations(self) -> list[Refutation]:
        """What would refute it; never empty."""
        return refutations((row["hypothesis"], row["signal"], row["bits"]) for row in self.evidence)

    @property
    def policy_facts(self) -> list[Row]:
        """Facts of H3: terms, region and ownership."""
        return [row for row in self.facts if row["section"] in POLICY_SECTIONS]

    @property
    def course(self) -> list[Row]:
        """The facts of the group that a short page tells: aims, turns, phases, impact; what is unknown is left out."""
        return [row for row in self.facts if row["fact"] in COURSE and row["state"] not in ("unknown", "not met")]

    def by_hypothesis(self, hypothesis: str) -> list[Row]:
        """The rows of evidence that concern one hypothesis."""
        return [row for row in self.evidence if row["hypothesis"] == hypothesis]


def table(run: Path, name: str) -> pa.Table:
    """One table of the run with exactly the columns of its schema.

    Raises:
        RunError: the table is missing or cannot be read.
    """
    path = run / f"{name}.parquet"
    try:
        return conform(pq.read_table(path), OUTPUTS[name])
    except FileNotFoundError as problem:
        raise RunError(
            path.name, "no such file", "a run folder that `scan` wrote", "check the folder, or scan again"
        ) from problem
    except (OSError, pa.ArrowException) as problem:
        expected = f"a Parquet table with the columns of {name}"
        raise RunError(path.name, type(problem).__name__, expected, "scan again into a new folder") from problem


def rows(run: Path, name: str, campaign_ids: Iterable[str] | None = None) -> list[Row]:
    """Rows of one table in its fixed order, of all groups or of some."""
    found = table(run, name)
    if campaign_ids is not None:
        found = found.filter(pc.is_in(found["campaign_id"], value_set=pa.array(list(campaign_ids), pa.string())))
    return sorted(found.to_pylist(), key=ORDERS[name])


def campaigns(run: Path) -> list[Row]:
    """Every judged group, by rank."""
    return rows(run, "campaigns")


def listed(groups: Iterable[Row]) -> list[Row]:
    """Those groups that are shown in full."""
    return [group for group in groups if group["level"] in LISTED_LEVELS]


def cases(run: Path, groups: Iterable[Row]) -> list[Case]:
    """Everything about each of `groups`, in their order."""
    chosen = list(groups)
    ids = [group["campaign_id"] for group in chosen]
    parts: dict[str, dict[str, list[Row]]] = {name: {one: [] for one in ids} for name in DETAILS}
    for name in DETAILS:
        for row in rows(run, name, ids):
            parts[name][row["campaign_id"]].append(row)
    return [Case(group, **{name: parts[name][group["campaign_id"]] for name in DETAILS}) for group in chosen]
