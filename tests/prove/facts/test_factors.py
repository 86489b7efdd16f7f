"""Packs: data with status, date and a benign cause; rows are sorted under them and nothing is concluded or invented."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import pytest
from bench.trials import RESULTS
from tests.prove.facts.logs import exchange, log, subject
from tests.prove.stories import judged

from hydrometer.base.cases import Evidence
from hydrometer.base.tables import FACT_SECTIONS, FACT_STATES, FACT_STATUSES, OUTPUTS
from hydrometer.base.workspace import Workspace
from hydrometer.prove.case_facts import LAST, LISTS, TABLES, facts_of, said_of
from hydrometer.prove.fact import Fact, fact_table
from hydrometer.prove.facts import factors
from hydrometer.prove.facts.factors import NEEDS, Measured, measured, packs, parse, risk_ratio
from hydrometer.prove.subject import Subject
from hydrometer.prove.verdict import Verdict

PACK = """
{name: x, title: X, status: a draft, as_of: "2026-01-01", source: s, limits: l, ratios: false, factors: [
  {id: one, heading: many accounts, evidence: [urn_], hypothesis: H1, benign: families}]}
"""


def test_every_pack_has_a_status_a_date_and_a_benign_cause_for_each_factor() -> None:
    found = packs()
    assert [len(pack.factors) for pack in found if pack.name == "hr8283"] == [4]
    for pack in found:
        assert pack.status and pack.as_of and pack.source and pack.limits
        assert all(factor.benign and factor.heading for factor in pack.factors)
    assert "not law" in found[0].status


@pytest.mark.parametrize(("before", "after", "word"), [
    ("status: a draft, ", "", "status"),
    ("benign: families", "benign: ''", "no benign cause"),
    ("hypothesis: H1", "flag: strange", "flag that does not exist"),
])  # fmt: skip
def test_a_pack_that_breaks_its_form_is_refused(before: str, after: str, word: str) -> None:
    assert parse(PACK).factors[0].evidence == ("urn_",)
    with pytest.raises(ValueError, match=word):
        parse(PACK.replace(before, after))


def crowd(shared: bool, **columns: Any) -> list[dict[str, Any]]:
    """Forty operators and eight members, twenty-four exchanges each."""
    names = [*(f"p{n:02}" for n in range(40)), *(f"m{n}" for n in range(8))]
    return [exchange(name, 7.3 * n, client_ip="192.0.2.1", **columns) for name in names for n in range(24)]


MEMBERS = [f"m{n}" for n in range(8)]


def told(found: Subject, earlier: list[Fact] | None = None) -> dict[str | None, Fact]:
    table = fact_table("c-1", "impact", earlier or [])
    return {row.clause: row for row in factors.facts(found, table)}


def test_rows_are_sorted_under_headings(workspace: Workspace) -> None:
    log(workspace, crowd(True))
    row = Evidence("H1", "urn_mail", "mail", 0.5, "share", 9, "null", "s", 2.0, 7.0, "said")
    group = replace(judged([0, 1]), evidence=(row, replace(row, hypothesis="H2", signal="intent")))
    verdict = Verdict(group, "suspected", "distillation", None, 0, "c-1", "o-1")
    found = replace(subject(workspace, MEMBERS), verdict=verdict)
    rows = told(found, [Fact(fact="target", statement="t"), Fact(fact="release_pivot", statement="r", state="not met")])
    second, third, fourth = (rows[f"§3(11)(B)({letter})"] for letter in ("ii", "iii", "iv"))
    assert (second.n, third.n, fourth.n) == (2, 1, 0)
    assert "urn_mail" in third.statement and "1 fact (target)" in second.statement
    assert fourth.state == "unknown" and "no row of this case" in fourth.statement


def test_a_likelihood_ratio_is_said_where_it_was_measured_and_nowhere_else(workspace: Workspace) -> None:
    log(workspace, crowd(True))
    rows = factors.facts(subject(workspace, MEMBERS), fact_table("c", "impact", []))
    advisory = next(pack for pack in packs() if pack.name == "aa26_251a")
    flag_of = {factor.id: factor.flag for factor in advisory.factors}
    for row in rows:
        flag = flag_of.get(row.clause or "") if row.fact == "factor_aa26_251a" else None
        if flag in measured():
            assert (
                "on the simulated range" in row.statement and f"of {measured()[flag].benign:,} benign" in row.statement
            )
        else:
            assert ("not measured" in row.statement) == (row.fact == "factor_aa26_251a")
            assert "simulated range" not in row.statement


def test_the_measured_ratios_are_those_of_the_published_run() -> None:
    """The file of the package is what the bench wrote, count by count, for every flag that a log can show."""
    published = json.loads((RESULTS / "indicators.json").read_text(encoding="utf-8"))
    assert published["full"] and set(measured()) == set(NEEDS) == set(published["flags"])
    for flag, one in measured().items():
        said = published["flags"][flag]
        assert {name: said[name] for name in asdict(one)} == asdict(one)
        assert one.campaign >= 30 and one.benign >= 1_000


@pytest.mark.parametrize(("counts", "said"), [
    ((3, 7, 71, 2374), "likelihood ratio 14 (2 to 38), measured there and not in this log"),
    ((0, 7, 50, 100), "likelihood ratio 0 (0 to 1.2), measured there and not in this log"),
    ((5, 7, 0, 100), "likelihood ratio at least 5.8, measured there and not in this log"),
    ((0, 7, 0, 100), "show it: there is no likelihood ratio"),
])  # fmt: skip
def test_a_ratio_of_few_operators_is_said_as_wide_as_it_is(counts: tuple[int, int, int, int], said: str) -> None:
    assert Measured(*counts).said.endswith(said)


def test_both_shares_lie_in_their_exact_intervals() -> None:
    draw, covered = np.random.default_rng(3), 0
    for own, others in zip(draw.binomial(30, 0.3, 2_000), draw.binomial(2_000, 0.05, 2_000), strict=True):
        _, low, high = Measured(int(own), 30, int(others), 2_000).ratio
        covered += low <= 6.0 and (high is None or high >= 6.0)
    assert covered / 2_000 >= 0.95


def test_flags_are_compared_with_other_operators_of_this_log(workspace: Workspace) -> None:
    cards = [{"account_id": name, "payment_fingerprint": "one card"} for name in MEMBERS]
    cards += [{"account_id": f"p{n:02}", "payment_fingerprint": f"card {n}"} for n in range(40)]
    log(workspace, crowd(True), accounts=cards)
    row = told(subject(workspace, MEMBERS))["shared payment"]
    expected = risk_ratio(np.ones(8, np.bool_), np.zeros(40, np.bool_))
    assert [row.value, row.low, row.high] == pytest.approx(list(expected))
    assert "8 of 8 accounts" in row.statement and "0 % of 40 other operators" in row.statement


def test_a_flag_that_nobody_shows_has_no_ratio(workspace: Workspace) -> None:
    log(workspace, crowd(True))
    row = told(subject(workspace, MEMBERS))["many addresses"]
    assert row.value is None and "no account of this log shows it" in row.statement


def test_a_flag_whose_columns_are_absent_cannot_be_seen(workspace: Workspace) -> None:
    log(workspace, crowd(True))
    assert told(subject(workspace, MEMBERS))["cache use"].state == "unknown"
    assert told(subject(workspace, MEMBERS))["identity override"].state == "unknown"


def test_round_the_clock_needs_hours_and_not_only_volume(workspace: Workspace) -> None:
    rows = [exchange("clock", n) for n in range(72)] + [exchange("day", 24 * (n // 9) + 8 + n % 9) for n in range(72)]
    log(workspace, [*rows, *crowd(True)])
    found = factors.flags(subject(workspace, ["clock"]).around).to_pylist()
    units = {row["account_id"]: row["unit"] for row in workspace.read("units").to_pylist()}
    shown = {row["unit"]: row["round_the_clock"] for row in found}
    assert shown[units["clock"]] and not shown[units["day"]]


def test_the_interval_of_a_ratio_covers_it() -> None:
    draw, covered = np.random.default_rng(8), 0
    for _ in range(1_000):
        _, low, high = risk_ratio(draw.random(60) < 0.3, draw.random(300) < 0.1)
        covered += low <= 3.0 <= high
    assert 0.93 <= covered / 1_000 <= 0.98


def test_all_sections_together_keep_the_tables_form(workspace: Workspace) -> None:
    log(workspace, crowd(True, country="US"))
    found = subject(workspace, MEMBERS, {"unsupported_countries": ["XX"]})
    table = facts_of(found)
    assert table.schema == OUTPUTS["facts"] and {*LISTS, *TABLES, LAST} == set(FACT_SECTIONS)
    assert set(table["section"].to_pylist()) == set(FACT_SECTIONS)
    assert set(table["state"].to_pylist()) <= {None, *FACT_STATES}
    assert set(table["status"].to_pylist()) <= set(FACT_STATUSES)
    assert all(text.endswith(".") and not text[0].islower() for text in table["statement"].to_pylist())
    assert said_of(found)["pivot_at"] is None and set(NEEDS) >= {f.flag for p in packs() for f in p.factors if f.flag}
