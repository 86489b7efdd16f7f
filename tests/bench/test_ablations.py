"""With nothing switched off, linking and judging again gives what a scan gives; what is switched off is really off."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from bench.range import ablations as ablating
from bench.range.ablations import FULL, Ablation, Bench, ablations, each_flagged, flagged_groups, judged_again, laid_out
from bench.range.scanning import listed_members, scan

from hydrometer import moments, pipeline
from hydrometer.base.families import FAMILY_OF, FORMED_ON
from hydrometer.base.groups import Group
from hydrometer.base.population import Population
from hydrometer.base.progress import SilentProgress
from hydrometer.base.settings import Settings
from hydrometer.base.workspace import Workspace
from hydrometer.moments import Known
from hydrometer.prove import judge as judging
from hydrometer.prove.judge import Judged
from hydrometer.prove.verdict import verdicts
from hydrometer.simulate.run import simulate

NAMED = {one.name: one for one in ablations()}
SEED = 17


@dataclass(frozen=True)
class Scanned:
    """A tiny world's run by the pipeline, the one whose workspace is kept, and that workspace laid out."""

    run: Path
    kept: Path
    bench: Bench
    judged: list[Judged]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scanned]:
    folder = tmp_path_factory.mktemp("tiny")
    simulate("gateway", folder / "world", SEED, 1.0)
    traffic = folder / "world" / "traffic"
    settings = Settings(seed=SEED, threads=1)
    pipeline.scan([str(traffic)], folder / "run", settings, pipeline.ScanOptions(), SilentProgress())
    scan(traffic, folder / "kept", folder / "work", SEED)
    bench = laid_out(folder / "work", SEED)
    yield Scanned(folder / "run", folder / "kept", bench, judged_again(bench, NAMED[FULL]))
    bench.workspace.close()


def campaigns(run: Path) -> dict[str, tuple[Any, ...]]:
    columns = ["campaign_id", "level", "kind", "q_value", "innocent_explanation", "accounts"]
    rows = pq.read_table(run / "campaigns.parquet", columns=columns).to_pylist()
    return {row.pop("campaign_id"): tuple(row.values()) for row in rows}


def test_a_scan_that_keeps_its_workspace_finds_what_a_scan_finds(tiny: Scanned) -> None:
    assert campaigns(tiny.kept) == campaigns(tiny.run)
    assert listed_members(tiny.kept) == listed_members(tiny.run)


def test_nothing_switched_off_gives_the_verdicts_of_the_scan(tiny: Scanned) -> None:
    names = [accounts[0] for accounts in tiny.bench.accounts]
    again = verdicts(tiny.judged, tiny.bench.known.settings.q, names, tiny.bench.first_us)
    found = {one.campaign_id: (one.level, one.kind, one.judged.q_value, one.explanation) for one in again}
    assert found == {name: said[:4] for name, said in campaigns(tiny.run).items()}
    assert found
    assert flagged_groups(tiny.bench, tiny.judged) == listed_members(tiny.run)


def test_what_is_swapped_in_fits_its_place_and_changes_something(tiny: Scanned) -> None:
    wanted = {name: one for name, one in NAMED.items() if one.swaps or name == FULL}
    flagged = dict(each_flagged(tiny.bench, wanted))
    assert set(flagged) == set(wanted) and len(wanted) >= 6
    assert flagged[FULL] == listed_members(tiny.run)
    assert any(found != flagged[FULL] for found in flagged.values())


def test_h1_or_h2_off_leaves_the_other_to_decide(tiny: Scanned) -> None:
    for name, other in (("H1 off", "extraction_log_e"), ("H2 off", "operator_log_e")):
        again = NAMED[name].decide(tiny.judged)
        best = max((one for one in tiny.judged if getattr(one, other) is not None), key=lambda one: getattr(one, other))
        place = next(i for i, one in enumerate(tiny.judged) if one is best)
        assert again[place].q_value == min(one.q_value for one in again)
        assert again[place].q_value <= best.q_value


def test_without_multiplicity_control_no_group_is_less_certain(tiny: Scanned) -> None:
    again = NAMED["e-BH off"].decide(tiny.judged)
    assert all(new.q_value <= old.q_value + 1e-12 for new, old in zip(again, tiny.judged, strict=True))
    assert any(new.q_value < old.q_value for new, old in zip(again, tiny.judged, strict=True))


def test_without_h4_nothing_overrides(tiny: Scanned) -> None:
    assert all(one.overriding is None for one in NAMED["H4 off"].decide(tiny.judged))


def test_a_layer_that_is_off_is_in_no_population_that_is_judged(tiny: Scanned, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[set[str]] = []

    def nothing(population: Population, smallest: int) -> list[Group]:
        seen.append(set(population.layers))
        return []

    monkeypatch.setattr(moments, "link", nothing)
    judged_again(tiny.bench, NAMED["family text off"])
    judged_again(tiny.bench, NAMED[FULL])
    assert seen[0] == {name for name in seen[1] if FAMILY_OF[name] != "text"}
    assert seen[0] < seen[1] == set(tiny.bench.population.layers)


def test_groups_of_a_side_that_is_off_are_not_judged(tiny: Scanned, monkeypatch: pytest.MonkeyPatch) -> None:
    sides: list[set[str]] = []

    def nothing(
        workspace: Workspace, known: Known, population: Population, groups: list[Group], *_: object
    ) -> list[Judged]:
        sides.append({one.side for one in groups})
        return []

    monkeypatch.setattr(moments, "judged_at", nothing)
    judged_again(tiny.bench, NAMED[FULL])
    chosen = sorted(sides[0])[0]
    judged_again(tiny.bench, NAMED[f"groups formed on {chosen} off"])
    assert sides[1] == sides[0] - {chosen}


def test_what_is_swapped_is_swapped_back_even_after_an_error() -> None:
    before = judging.tests
    with pytest.raises(RuntimeError), ablating.swapped(NAMED["H2 exonerations off"].swaps):
        assert judging.tests is not before
        assert not any(test.role == "exoneration" for test in judging.tests().values())
        raise RuntimeError
    assert judging.tests is before


def test_an_ablation_of_a_name_that_is_gone_is_an_error() -> None:
    with pytest.raises(AttributeError), ablating.swapped(((judging, "no_such_rule", None),)):
        pass


def test_every_layer_side_and_gate_has_its_ablation() -> None:
    assert {layer for one in NAMED.values() for layer in one.layers} == set(FAMILY_OF)
    assert {side for one in NAMED.values() for side in one.sides} == set(FORMED_ON)
    assert {"H1 off", "H2 off", "H4 off", "e-BH off", "membership off"} <= set(NAMED)
    assert len(NAMED) == len(ablations())


def test_decisions_alone_are_judged_once(tiny: Scanned, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []

    def counted(bench: Bench, ablation: Ablation) -> list[Judged]:
        calls.append(ablation.name)
        return tiny.judged

    monkeypatch.setattr(ablating, "judged_again", counted)
    wanted = {name: NAMED[name] for name in (FULL, "H1 off", "H2 off", "e-BH off", "membership off")}
    assert list(dict(each_flagged(tiny.bench, wanted))) == list(wanted)
    assert calls == [FULL, "membership off"]
