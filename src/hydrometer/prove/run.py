"""The last stage of analysis: reported groups → all tables of the run folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pyarrow as pa

from hydrometer.base.population import Population
from hydrometer.base.tables import OUTPUTS, from_rows
from hydrometer.base.workspace import Workspace
from hydrometer.prove import assembly, views, words
from hydrometer.prove.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Names of the technique and capability bits of the fingerprint."""

    techniques: tuple[str, ...]
    capabilities: tuple[str, ...]


def unit_accounts(workspace: Workspace, units: int) -> list[list[str]]:
    """Accounts of each unit, in alphabetical order."""
    accounts: list[list[str]] = [[] for _ in range(units)]
    for row in workspace.query("select unit, account_id from {units} order by 1, 2").to_pylist():
        accounts[row["unit"]].append(row["account_id"])
    return accounts


def first_exchanges(workspace: Workspace, units: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """First exchange of each unit in microseconds; shape (units,)."""
    first = np.zeros(units, np.int64)
    found = workspace.query(
        "select u.unit, min(f.sent_us) as us from {fingerprints} f join {units} u using (account_id) group by 1"
    )
    first[found["unit"].to_numpy()] = found["us"].to_numpy()
    return first


def tables(
    workspace: Workspace,
    population: Population,
    reported: Sequence[Verdict],
    *,
    detectable: Mapping[str, datetime],
    prior: float,
    vocabulary: Vocabulary,
    unsupported: Sequence[str],
) -> dict[str, pa.Table]:
    """All tables of groups.

    Args:
        workspace: tables of the run.
        population: all units at the end of the log.
        reported: verdicts, listed first.
        detectable: campaign id → end of the first epoch in which it was at least suspected.
        prior: probability that a judged group is a campaign.
        vocabulary: names of bits.
        unsupported: countries that the policy does not serve.

    Returns:
        name → table, as in `OUTPUTS`, without `rejects`.
    """
    accounts = unit_accounts(workspace, population.units)
    reports = [assembly.work_out(workspace, population, verdict) for verdict in reported]
    outside = words.background_shares(workspace, len(vocabulary.capabilities))
    rows: dict[str, list[dict[str, object]]] = {
        name: [] for name in ("campaigns", "members", "evidence", "links", "timeline", "templates", "facts")
    }
    for report in reports:
        capabilities = words.targets(report.attributed, outside, vocabulary.capabilities) if report.listed else []
        techniques = words.techniques(report, vocabulary.techniques) if report.listed else []
        said: dict[str, object] = {
            "capabilities": capabilities,
            "techniques": techniques,
            "summary": words.summary(report, capabilities, techniques) if report.listed else None,
        }
        rows["campaigns"].append(assembly.campaign_row(report, prior, said, detectable.get(report.verdict.campaign_id)))
        rows["members"] += assembly.member_rows(report, accounts)
        rows["evidence"] += assembly.evidence_rows(report)
        if report.listed:
            rows["links"] += assembly.link_rows(population, report, accounts)
            rows["timeline"] += views.timeline_rows(workspace, report)
            rows["templates"] += views.template_rows(workspace, report, vocabulary.techniques)
            rows["facts"] += views.fact_rows(workspace, report, unsupported)
    rows["campaigns"] = assembly.ranked(rows["campaigns"])
    result = {name: from_rows(parts, OUTPUTS[name]) for name, parts in rows.items()}
    result["operators"] = assembly.operator_table(reports, accounts)
    result["attributed"] = assembly.attributed_table(reports)
    return result
