"""What never had its share of a unit's exchanges is not kept, and no population at any moment is another for it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.fingerprint.made import KEY, START, Made, exchange, silent

from hydrometer.base import population
from hydrometer.base.units import EPOCH_US
from hydrometer.base.workspace import Workspace
from hydrometer.fingerprint import entities, run, states
from hydrometer.fingerprint.lexicon import lexicon

LAYER = "system_prompt"
THINGS, ACCOUNTS, EPOCHS, HOURS = 12, 40, 6, 6.0
FIRST = int(START.timestamp() * 1_000_000) // EPOCH_US


@pytest.fixture
def workspace(workspace_of: Made) -> Workspace:
    """Accounts that say a dozen things, each at its own pace and with its own habits."""
    draw, rows = np.random.default_rng(3), list[dict[str, Any]]()
    for account in range(ACCOUNTS):
        habits = draw.dirichlet(np.full(THINGS, 0.3))
        for thing in draw.choice(THINGS, size=int(draw.integers(1, 150)), p=habits).tolist():
            hours = float(draw.uniform(0, EPOCHS * HOURS))
            rows.append(
                exchange(
                    len(rows), f"a{account}", hours, system_instructions="thing " + chr(97 + thing) * 4, prompt="hello"
                )
            )
    made = workspace_of(*rows)
    run.fingerprint(made, KEY, silent)
    entities.write_units(made)
    states.write_states(made, tuple(lexicon().techniques))
    return made


def holdings(workspace: Workspace, epoch: int) -> list[tuple[int, int]]:
    """(unit, entity) of the layer, as a population at the end of an epoch has it."""
    layer = population.load(workspace, epoch).layers[LAYER]
    units, places = layer.held.nonzero()
    return sorted(zip(units.tolist(), layer.entities[places].tolist(), strict=True))


def test_no_population_is_another_for_it(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    entities.write_entities(workspace, run.signals(), KEY, silent)
    kept = workspace.read("entities")
    found = [holdings(workspace, FIRST + epoch) for epoch in range(EPOCHS)]
    monkeypatch.setattr(entities, "least_share", lambda family: 0.0)
    entities.write_entities(workspace, run.signals(), KEY, silent)
    assert [holdings(workspace, FIRST + epoch) for epoch in range(EPOCHS)] == found
    assert all(found) and len({tuple(one) for one in found}) == EPOCHS
    assert kept.num_rows < workspace.read("entities").num_rows
    totals = "select unit, entity, sum(exchanges)::bigint as n from counted where layer = $layer group by 1, 2"
    sums = [
        {
            (row["unit"], row["entity"]): row["n"]
            for row in workspace.query(totals, {"layer": LAYER}, counted=table).to_pylist()
        }
        for table in (kept, workspace.read("entities"))
    ]
    assert sums[0].items() < sums[1].items()


def test_it_is_there_from_the_epoch_at_whose_end_it_had_its_share(workspace_of: Made) -> None:
    """Eighty exchanges of another kind, then two: a fortieth is enough, an eightieth was not."""
    rows = [exchange(n, "a", 0.1, system_instructions="usual", prompt="hello") for n in range(80)]
    rows += [exchange(100, "a", 1.0, system_instructions="rare", prompt="hello")]
    rows += [exchange(101, "a", 13.0, system_instructions="rare", prompt="hello")]
    rows += [exchange(102, "b", 2.0, system_instructions="rare", prompt="hello")]
    made = workspace_of(*rows)
    run.fingerprint(made, KEY, silent)
    entities.write_units(made)
    entities.write_entities(made, run.signals(), KEY, silent)
    found = made.query(
        "select unit, epoch, exchanges from {entities} where layer = $layer order by all", {"layer": LAYER}
    )
    assert [(row["unit"], row["epoch"] - FIRST, row["exchanges"]) for row in found.to_pylist()] == [
        (0, 2, 2),
        (1, 0, 1),
    ]


def test_what_one_unit_alone_had_its_share_of_is_not_kept(workspace_of: Made) -> None:
    """It enters when a second unit has its share, and not when one merely says it: else earlier looks would change."""
    rows = [exchange(n, "a", 0.1, system_instructions="rare", prompt="hello") for n in range(5)]
    rows += [exchange(10 + n, "b", 1.0, system_instructions="usual", prompt="hello") for n in range(80)]
    rows += [exchange(150, "b", 2.0, system_instructions="rare", prompt="hello")]
    again = [exchange(160, "b", 13.0, system_instructions="rare", prompt="hello")]
    found = []
    for log in (rows, rows + again):
        made = workspace_of(*log)
        run.fingerprint(made, KEY, silent)
        entities.write_units(made)
        entities.write_entities(made, run.signals(), KEY, silent)
        kept = made.query("select unit, epoch from {entities} where layer = $layer order by all", {"layer": LAYER})
        found.append([(row["unit"], row["epoch"] - FIRST) for row in kept.to_pylist()])
    assert found == [[], [(0, 0), (1, 2)]]
