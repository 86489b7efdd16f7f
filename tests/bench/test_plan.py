"""What is run: every world, every seed; few and small in a smoke run; and how long that will take."""

from __future__ import annotations

from pathlib import Path

import pytest
from bench.range import __main__ as command
from bench.range.cells import Place, WorldKey, write_document
from bench.range.plan import About, Axis, Plan, estimate_seconds, full, known_axes, known_worlds, smoke
from bench.range.steps import ABLATIONS, HYDROMETER, SIMULATE
from bench.trials import RESULTS

WORLDS = {
    "dev": About("development", "mixed", 100_000, 1.0, 100),
    "dev_small": About("development", "mixed", 50_000, 1.0, 100),
    "held": About("held_out", "mixed", 100_000, 0.1, 40),
    "quiet": About("development", "null", 50_000, 1.0, None),
    "strange": About("held_out", "out_of_distribution", 50_000, 1.0, 20),
    "bench": About("development", "mixed", 1_000_000, 1.0, 500),
    "curves": About("development", "mixed", 50_000, 1.0, 100),
}
AXES = (Axis("mixing", (0.0, 0.5, 0.99), "said"), Axis("jitter", (0.0, 24.0), "said"), Axis("decoys", (0.0,), "said"))


def test_a_full_plan_has_every_world_with_every_seed_but_those_that_measure_speed() -> None:
    plan = full(WORLDS, AXES, 3, WORLDS["curves"], "curves")
    assert {key.world for key in plan.worlds} == set(WORLDS) - {"bench"}
    assert len(plan.worlds) == 3 * 6
    assert {key.seed for key in plan.ablated} == {0}
    assert set(plan.curves["mixing"]) == {0.0, 0.5, 0.99}
    points = {key for values in plan.curves.values() for keys in values.values() for key in keys}
    assert {key.evasions for key in points} >= {(("mixing", 0.99),), (("jitter", 24.0),)}
    assert not points & set(plan.worlds)


def test_scans_come_before_what_reads_them_and_curves_take_few_rivals() -> None:
    plan = full(WORLDS, AXES, 1, WORLDS["curves"], "curves")
    tasks = {task.key: task.steps for task in plan.tasks()}
    assert tasks[WorldKey("dev", 0)][:3] == (SIMULATE, HYDROMETER, ABLATIONS)
    point = tasks[WorldKey("curves", 0, None, (("mixing", 0.5),))]
    assert ABLATIONS not in point and len(point) < len(tasks[WorldKey("dev", 0)])


def test_a_smoke_plan_has_one_small_world_of_each_kind_and_a_held_out_one() -> None:
    plan = smoke(WORLDS, AXES, WORLDS["curves"], "curves")
    assert {key.world for key in plan.worlds} == {"curves", "held", "quiet", "strange"}
    scales = {key.world: key.scale for key in plan.worlds}
    assert scales["curves"] == pytest.approx(0.3), "small"
    assert scales["strange"] == pytest.approx(0.6, abs=0.02), "but its campaign of 20 accounts keeps 12"
    assert scales["held"] == pytest.approx(0.1), "and never larger than usual"
    assert all(key.seed == 0 for key in plan.worlds)
    assert list(plan.curves) == ["mixing", "jitter"] and set(plan.curves["mixing"]) == {0.0, 0.99}


def test_an_estimate_learns_from_what_steps_took(tmp_path: Path) -> None:
    plan = Plan((WorldKey("dev", 0), WorldKey("dev_small", 0)), frozenset(), (), {}, ())
    guessed = estimate_seconds(tmp_path, plan.tasks(), WORLDS, 1)
    for seed, exchanges in ((7, 100_000), (8, 200_000)):
        place = Place(tmp_path, WorldKey("other", seed))
        for name, seconds in ((SIMULATE, 1.0), (HYDROMETER, exchanges / 1000), ("figures", 1.0)):
            head = {"code": "x", "seconds": seconds, "counts": {"exchanges": exchanges}}
            write_document(place.document(name), head)
    learned = estimate_seconds(tmp_path, plan.tasks(), WORLDS, 1)
    assert learned == pytest.approx(2 * (1.0 + 1.0) + 100.0 + 50.0)
    assert guessed != learned
    assert estimate_seconds(tmp_path, plan.tasks(), WORLDS, 2) == pytest.approx(learned / 2)


def test_only_published_settings_may_land_among_the_published_results(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    worlds = known_worlds()
    assert command.asked([], worlds).full and command.asked([], worlds).out == RESULTS
    assert not command.asked(["--smoke"], worlds).full
    assert command.asked(["--smoke"], worlds).out != RESULTS
    assert not command.asked(["--seeds", "2", "--out", str(tmp_path)], worlds).full
    for words in (
        ["--seeds", "2"],
        ["--worlds", "gateway"],
        ["--smoke", "--out", str(RESULTS)],
        ["--worlds", "atlantis"],
    ):
        with pytest.raises(SystemExit):
            command.asked(words, worlds)
    assert "atlantis" in capsys.readouterr().err


def test_the_parts_of_a_run_are_parts_of_its_plan() -> None:
    plan = full(WORLDS, AXES, 2, WORLDS["curves"], "curves")
    assert not command.narrowed(plan, "worlds").curves
    assert {key.seed for key in command.narrowed(plan, "ablations").worlds} == {0}
    assert not command.narrowed(plan, "curves").worlds and command.narrowed(plan, "curves").curves
    assert command.narrowed(plan, None) == plan


def test_every_axis_of_the_simulator_can_be_drawn() -> None:
    axes = known_axes()
    assert axes and all(len(axis.values) >= 2 for axis in axes)
    assert known_worlds()["curves"].least is not None
