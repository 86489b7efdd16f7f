"""What reports take from a manifest: names without folders, every form of abstention, no claim of its own."""

from __future__ import annotations

from typing import Any

import pytest

from hydrometer.share.manifest_facts import OTHER_REASONS, REASONS_SHOWN, manifest_facts, reject_reasons


@pytest.mark.parametrize(
    "said", [[{"detector": "urn_tools", "why": "no tools"}], {"urn_tools": "no tools"}, {"urn_tools": ["no tools"]}]
)
def test_abstentions_in_each_form(said: Any) -> None:
    assert manifest_facts({"detectors_abstained": said}).abstained == [("urn_tools", "no tools")]


def test_an_abstention_without_a_reason_says_so() -> None:
    assert manifest_facts({"detectors_abstained": ["urn_tools"]}).abstained == [("urn_tools", "not stated")]


@pytest.mark.parametrize("name", ["/srv/logs/a.jsonl", "C:\\logs\\a.jsonl", "logs/a.jsonl", "a.jsonl"])
def test_inputs_lose_their_folders(name: str) -> None:
    assert manifest_facts({"inputs": [{"name": name}]}).inputs[0].name == "a.jsonl"


def test_an_empty_manifest_claims_nothing() -> None:
    facts = manifest_facts({})
    assert (facts.exchanges, facts.prior, facts.seed, facts.benign_library) == (None, None, None, 0)
    assert facts.procedure == "not stated" and any("simulated (own 0, simulated 0)" in one for one in facts.caveats)


def test_absent_columns_by_table() -> None:
    assert manifest_facts({"columns_absent": {"exchanges": ["tools"]}}).columns_absent == ["exchanges.tools"]


def test_rare_reasons_are_counted_together() -> None:
    reasons = [f"reason {n:03d}" for n in range(REASONS_SHOWN + 5)]
    assert reject_reasons(reasons)[-1] == (OTHER_REASONS, 5)
