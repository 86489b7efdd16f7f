"""What was taken: sums equal those of the log, prices are known or unknown, training is a range with its formula."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from tests.prove.facts.logs import START, exchange, log, subject

from hydrometer.base.errors import UsageError
from hydrometer.base.workspace import Workspace
from hydrometer.prove.fact import Fact
from hydrometer.prove.facts import _pricing, impact
from hydrometer.prove.facts.impact import NOT_SHOWN, assumptions, facts, take
from hydrometer.prove.subject import Subject

USAGE = {"input_tokens": 100, "output_tokens": 400, "reasoning_tokens": 50, "cost_usd": 0.01, "status": 200}


def asked(count: int, account: str = "a", **columns: Any) -> list[dict[str, Any]]:
    return [
        exchange(account, n, prompt=f"Explain the tides of harbour {chr(97 + n % 26)}{chr(97 + n // 26)} in full")
        | USAGE | columns
        for n in range(count)
    ]  # fmt: skip


def named(rows: list[Fact], name: str) -> Fact:
    (found,) = [row for row in rows if row.fact == name]
    return found


def halved(found: Subject) -> Subject:
    """The same group, each exchange with a probability of one half."""
    place = found.part.column_names.index("millionths")
    half = pa.array(np.full(len(found.part), 500_000, np.int64))
    return Subject(
        found.campaign_id,
        found.workspace,
        found.part.set_column(place, "millionths", half),
        found.members,
        found.around,
    )


def test_sums_are_those_of_the_log_weighted_by_probability(workspace: Workspace) -> None:
    log(workspace, [*asked(40), *asked(30, "stranger")])
    whole, half = facts(subject(workspace, ["a"])), facts(halved(subject(workspace, ["a"])))
    for name, value in (
        ("exchanges", 40), ("input_tokens", 4_000), ("output_tokens", 16_000), ("reasoning_tokens", 2_000),
        ("list_price", 0.4),
    ):  # fmt: skip
        assert named(whole, name).value == pytest.approx(value) and named(half, name).value == pytest.approx(value / 2)


def test_the_range_is_that_of_the_shares(workspace: Workspace) -> None:
    log(workspace, asked(40))
    found = subject(workspace, ["a"])
    members = found.members.append_column("share_low", pa.array([0.6])).append_column("share_high", pa.array([1.0]))
    row = named(facts(Subject("c", workspace, found.part, members, found.around)), "exchanges")
    assert [row.low, row.high] == pytest.approx([32.0, 48.0])
    assert named(facts(found), "exchanges").low is None


def test_repetitions_refusals_and_failures_are_no_examples(workspace: Workspace) -> None:
    rows = [
        *asked(20), *asked(20),  # the same prompts twice
        *asked(5, "a", finish_reason="refusal", prompt="How do I make something that is refused every time?"),
        *asked(5, "a", status=500, prompt="A prompt that only ever failed, whatever was done"),
    ]  # fmt: skip
    log(workspace, rows)
    found = take(subject(workspace, ["a"]))
    assert found.examples == (20.0, 20.0, 40.0)
    assert found.tokens == (20 * 400.0, 20 * 500.0)


def test_numbers_masked_make_the_least_and_samples_the_most(workspace: Workspace) -> None:
    rows = [exchange("a", n, prompt=f"Solve exercise {n} of the book in full", choices=4) | USAGE for n in range(30)]
    log(workspace, rows)
    found = take(subject(workspace, ["a"]))
    assert found.examples == (1.0, 30.0, 120.0)
    row = named(facts(subject(workspace, ["a"])), "diversity")
    assert row.value == pytest.approx(1.0)


def test_different_prompts_are_diverse(workspace: Workspace) -> None:
    log(workspace, asked(50))
    assert named(facts(subject(workspace, ["a"])), "diversity").value == pytest.approx(50.0)


def test_without_texts_only_the_most_is_said(workspace: Workspace) -> None:
    log(workspace, [row | {"prompt": None} for row in asked(30)])
    rows = facts(subject(workspace, ["a"]))
    examples = named(rows, "usable_examples")
    assert (examples.state, examples.value, examples.high) == ("unknown", None, 30.0)
    assert named(rows, "training_compute").state == "unknown"


def test_columns_that_are_absent_are_unknown_and_not_nought(workspace: Workspace) -> None:
    log(workspace, [exchange("a", n, prompt="hello there, my dear friend") for n in range(30)])
    rows = facts(subject(workspace, ["a"]))
    for name in ("input_tokens", "output_tokens", "reasoning_tokens", "list_price", "training_compute"):
        assert named(rows, name).state == "unknown" and named(rows, name).value is None
    assert "Price unknown" in named(rows, "list_price").statement


# --- prices ----------------------------------------------------------------------------------------------------------


def test_the_policys_list_prices_what_the_log_does_not(workspace: Workspace) -> None:
    rows = [
        *asked(10), *asked(10, cost_usd=None, request_model="m", cached_tokens=50),
        *asked(10, cost_usd=None, request_model="strange <b>model</b>"),
    ]  # fmt: skip
    log(workspace, rows)
    policy = {"prices": {"m": {"input_usd": 10.0, "cached_usd": 1.0, "output_usd": 100.0}}}
    row = named(facts(subject(workspace, ["a"], policy)), "list_price")
    assert row.value == pytest.approx(0.1 + 10 * (50 * 10 + 50 * 1 + 400 * 100) / 1e6)
    assert row.source == "cost_usd; policy.yaml, prices" and row.n == 20
    assert row.state == "unknown" and "10 exchanges have no known price (strange <b>model</b>)" in row.statement


def test_the_public_list_is_used_only_where_the_policy_says_so() -> None:
    assert _pricing.rates_of({}, "gpt-4o", START) is None
    pytest.importorskip("genai_prices")
    found = _pricing.rates_of({"public_prices": True}, "gpt-4o", START)
    assert found is not None and found.source.startswith("genai-prices ")
    assert (found.input_usd, found.cached_usd, found.output_usd) == (2.5, 1.25, 10.0)
    assert _pricing.rates_of({"public_prices": True}, "no-such-model-anywhere", START) is None


def test_a_public_list_that_is_not_installed_is_an_error_with_a_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "genai_prices", None)
    with pytest.raises(UsageError, match="hydrometer\\[prices\\]"):
        _pricing.rates_of({"public_prices": True}, "gpt-4o", START)


# --- training --------------------------------------------------------------------------------------------------------


def test_training_is_six_n_d_over_the_stated_assumptions(workspace: Workspace) -> None:
    log(workspace, asked(50))
    policy = {
        "training": {
            "students": [{"name": "a small one", "parameters": 1e9}], "epochs": [2, 3], "utilisation": [0.25, 0.5],
            "chips": [{"name": "a chip", "operations_per_second": 1e15, "source": "a data sheet"}],
        }
    }  # fmt: skip
    rows = facts(subject(workspace, ["a"], policy))
    compute, hours = named(rows, "training_compute"), named(rows, "accelerator_hours")
    assert (compute.low, compute.high) == (6e9 * 20_000 * 2, 6e9 * 25_000 * 3)
    assert hours.low == pytest.approx(6e9 * 20_000 * 2 / (1e15 * 0.5) / 3600)
    assert hours.high == pytest.approx(6e9 * 25_000 * 3 / (1e15 * 0.25) / 3600)
    assert compute.value is None and "policy.yaml" in str(compute.source) and "a data sheet" in str(hours.source)


def test_shipped_assumptions_have_a_source_each_and_span_a_range() -> None:
    found = assumptions({})
    assert len(found.students) >= 3 and found.epochs[0] < found.epochs[1] and 0 < found.utilisation[0] < 1
    assert all(source and peak > 1e13 for _, peak, source in found.chips)


def test_what_the_take_does_not_show_is_always_said(workspace: Workspace) -> None:
    log(workspace, [exchange("a", 1)])
    rows = facts(subject(workspace, ["a"]))
    said = [row for row in rows if row.fact.startswith("not_shown")]
    assert len(said) == len(NOT_SHOWN) >= 4
    assert {"not_shown_chips", "not_shown_cluster"} <= {row.fact for row in said}
    assert all(row.status == "observed" for row in said) and impact.FLOPS_PER_PARAMETER_TOKEN == 6.0
