"""The last stage of analysis: reported groups → all tables of the run folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa

from hydrometer.base.population import Population
from hydrometer.base.tables import LISTED_LEVELS, OUTPUTS, from_rows
from hydrometer.base.workspace import Workspace
from hydrometer.prove import assembly, role_rows, views, words
from hydrometer.prove.assembly import Reported
from hydrometer.prove.case_facts import facts_of, said_of
from hydrometer.prove.roles import Others
from hydrometer.prove.subject import Surroundings, Words, subject_of
from hydrometer.prove.traffic import requests_of
from hydrometer.prove.verdict import Verdict


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
    vocabulary: Words,
    policy: Mapping[str, Any],
    q: float,
    seed: int = 0,
) -> dict[str, pa.Table]:
    """All tables of groups.

    Args:
        workspace: tables of the run.
        population: all units at the end of the log.
        reported: verdicts, listed first.
        detectable: campaign id → end of the first epoch in which it was at least suspected.
        prior: probability that a judged group is a campaign.
        vocabulary: names of bits.
        policy: the provider's policy, as `policy.yaml` gives it.
        q: false-discovery level.
        seed: the run's seed.

    Returns:
        name → table, as in `OUTPUTS`, without `rejects`; and `wordings`, masked templates that a later run may show.
    """
    accounts = unit_accounts(workspace, population.units)
    reports = worked_out(workspace, population, reported, accounts, q)
    units = [report.verdict.judged.membership.units for report in reports if report.listed]
    around = Surroundings(workspace, vocabulary, policy, units, seed)
    rows: dict[str, list[dict[str, object]]] = {
        name: [] for name in ("campaigns", "members", "evidence", "links", "timeline", "templates", "wordings")
    }
    facts = [from_rows([], OUTPUTS["facts"])]
    everybody = Others(accounts, frozenset(), q)
    victims = (account for report in reports for account in report.victims.accounts)
    with requests_of(workspace, everybody.of(around.listed).union(victims)):
        for report in reports:
            since = detectable.get(report.verdict.campaign_id)
            said: dict[str, Any] = {"capabilities": [], "techniques": [], "summary": None}
            if report.listed:
                subject = subject_of(report, accounts, around, since)
                facts.append(facts_of(subject))
                said |= said_of(subject) | {"techniques": words.techniques(report, vocabulary.techniques)}
                said["summary"] = words.summary(report, said["capabilities"], said["techniques"])
                rows["links"] += assembly.link_rows(population, report, accounts)
                rows["timeline"] += views.timeline_rows(workspace, report)
                wordings = views.wording_rows(workspace, report, vocabulary.techniques)
                rows["templates"] += wordings[: views.TEMPLATES_MAX]
                told = [one for one in wordings if one["masked"] not in (None, views.MASK)]
                rows["wordings"] += [{name: one[name] for name in views.WORDINGS.names} for one in told]
            members = assembly.member_rows(report, accounts) + role_rows.victim_rows(workspace, report)
            rows["campaigns"].append(assembly.campaign_row(report, len(members), prior, said, since))
            rows["members"] += members + role_rows.customer_rows(report, accounts)
            rows["evidence"] += assembly.evidence_rows(report) + role_rows.role_evidence(report, accounts)
    rows["campaigns"] = assembly.ranked(rows["campaigns"])
    kinds = OUTPUTS | {"wordings": views.WORDINGS}
    result = {name: from_rows(parts, kinds[name]) for name, parts in rows.items()}
    result["facts"] = pa.concat_tables(facts)
    result["operators"] = assembly.operator_table(reports, accounts)
    result["attributed"] = assembly.attributed_table(reports)
    return result


def worked_out(
    workspace: Workspace, population: Population, reported: Sequence[Verdict], accounts: list[list[str]], q: float
) -> list[Reported]:
    """All groups with roles, shares and exchanges; an account stands in one listed campaign at most, as in `verdicts`.

    Args:
        workspace: tables of the run.
        population: all units.
        reported: verdicts, listed first; whoever could be a victim of two campaigns is the first one's.
        accounts: accounts of each unit.
        q: false-discovery level.
    """
    nobody = Others(accounts, frozenset(), q)
    listed = [verdict for verdict in reported if verdict.level in LISTED_LEVELS]
    members = [nobody.of(verdict.judged.membership.units) for verdict in listed]
    roles: set[str] = set()
    reports: list[Reported] = []
    for number, verdict in enumerate(listed):
        others = set().union(roles, *(some for place, some in enumerate(members) if place != number))
        reports.append(assembly.work_out(workspace, population, verdict, Others(accounts, frozenset(others), q)))
        guests = nobody.of(reports[-1].customers.units)
        roles |= set(reports[-1].victims.accounts) | guests
    return reports + assembly.sum_up(workspace, [one for one in reported if one.level not in LISTED_LEVELS])
