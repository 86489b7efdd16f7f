"""Which groups of a world weights are learned from: data-set builders against innocents, and nobody in between."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from bench.fit_harvest import chosen

from hydrometer.base.tables import KINDS

ACCOUNTS_EACH = 6
BUILDING = ("distillation", "stolen_keys")


def truth(folder: Path) -> dict[str, int]:
    """One campaign of each kind and one benign operator, six accounts each; the number of each account."""
    who: list[tuple[str, str, str | None, str | None]]
    who = [(f"{kind}-{n}", kind, f"c-{kind}", "operator") for kind in KINDS for n in range(ACCOUNTS_EACH)]
    who += [(f"firm-{n}", "enterprise_batch", None, None) for n in range(ACCOUNTS_EACH)]
    accounts = [
        {"account_id": name, "archetype": group, "operator_id": group, "campaign_id": campaign, "role": role}
        for name, group, campaign, role in who
    ]
    campaigns = [{"campaign_id": f"c-{kind}", "preset": f"preset-{kind}", "kind": kind} for kind in KINDS]
    pq.write_table(pa.Table.from_pylist(accounts), folder / "accounts.parquet")
    pq.write_table(pa.Table.from_pylist(campaigns), folder / "campaigns.parquet")
    return {name: number for number, (name, *_) in enumerate(who)}


@pytest.fixture
def groups(tmp_path: Path) -> dict[str, tuple[set[int], bool]]:
    """Kind of a group → all of its accounts, and whether it is learned as a campaign."""
    number = truth(tmp_path)
    found: dict[str, tuple[set[int], bool]] = {}
    for units, kind, campaign in zip(*chosen(tmp_path, number, set(), "a world"), strict=True):
        found[kind] = (found.get(kind, (set(), campaign))[0] | set(units.tolist()), campaign)
    return found


def test_campaigns_are_those_that_build_a_data_set(groups: dict[str, tuple[set[int], bool]]) -> None:
    assert {kind for kind, (_, campaign) in groups.items() if campaign} == {f"preset-{kind}" for kind in BUILDING}


def test_resellers_and_pools_are_neither_campaigns_nor_innocents(groups: dict[str, tuple[set[int], bool]]) -> None:
    assert {kind for kind, (_, campaign) in groups.items() if not campaign} == {"enterprise_batch"}
    used = set().union(*(units for units, _ in groups.values()))
    assert len(used) == ACCOUNTS_EACH * (len(BUILDING) + 1)
