"""policy.yaml: what is known is checked in full before anything is read, what is not known is kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from hydrometer.base.errors import UsageError
from hydrometer.collect.policy import read_policy

WHOLE = """
unsupported_countries: [XX, 'NO']
ownership: {above: 0.5, owners: [{owner: Acme, country: XX, share: 0.6, source: a register}]}
clauses: {"7.1": resale}
safeguards: {strict-1: 3, lax-1: 1}
prices: {m-5: {input_usd: 3, output_usd: 15}}
public_prices: false
training: {epochs: [1, 2]}
retention_days: 90
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "policy.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_whole_policy_is_read_and_strange_settings_are_kept(tmp_path: Path) -> None:
    found = read_policy(written(tmp_path, WHOLE))
    assert found["unsupported_countries"] == ["XX", "NO"] and found["retention_days"] == 90
    assert found["ownership"]["owners"][0]["share"] == 0.6 and found["training"] == {"epochs": [1.0, 2.0]}
    assert found["prices"]["m-5"] == {"input_usd": 3.0, "output_usd": 15.0}
    assert read_policy(None) == {} and read_policy(written(tmp_path, "")) == {}


@pytest.mark.parametrize(("text", "word"), [
    ("unsupported_countries: [NO]", "write 'NO'"),
    ("unsupported_countries: [Utopia]", "unsupported_countries.0"),
    ("prices: {m: {input_usd: -1, output_usd: 2}}", "prices.m.input_usd"),
    ("prices: {m: {input_usd: 1}}", "prices.m.output_usd"),
    ("ownership: {above: 1.5}", "ownership.above"),
    ("ownership: {owners: [{owner: A, country: XX, share: 2, source: s}]}", "ownership.owners.0.share"),
    ("training: {utilisation: [40]}", "training.utilisation.0"),
    ("training: {chips: []}", "training.chips"),
    ("safeguards: {m: strong}", "safeguards.m"),
    ("- a list", "a list"),
    ("a: [", "not readable as YAML"),
])  # fmt: skip
def test_what_is_wrong_is_named_with_its_place(tmp_path: Path, text: str, word: str) -> None:
    with pytest.raises(UsageError) as problem:
        read_policy(written(tmp_path, text))
    assert word in problem.value.found


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as problem:
        read_policy(written(tmp_path, "safeguards: {m: strong}\nprices: {m: {input_usd: 1}}\n"))
    assert "safeguards.m" in problem.value.found and "prices.m" in problem.value.found
