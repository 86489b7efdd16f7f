"""`hydrometer simulate`, `score` and `demo`: worlds with known truth, and how well a run did on one.

The range is the only place where truth is known, and only these commands and the tests reach it; a scan cannot.
Source: the contract, sections 3 and 4.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated

import typer

from hydrometer.base.errors import RunError, UsageError
from hydrometer.commands.invocation import (
    EngineOption,
    JsonOption,
    MasterOption,
    SeedOption,
    existing_run,
    in_force,
    print_json,
    print_result,
    shown_progress,
)
from hydrometer.commands.scan import show

DEMO_FOLDER = Path("runs/demo")
DEMO_WORLD = "demo"
DEMO_MARKER = ".made-by-hydrometer-demo"
"""Only a folder with this file in it is replaced by a later demo."""


def simulate(
    context: typer.Context,
    world: Annotated[str | None, typer.Argument(metavar="WORLD", help="World of the range; see --list.")] = None,
    *,
    out: Annotated[Path | None, typer.Option("--out", metavar="DIR", help="Folder for traffic/ and truth/.")] = None,
    seed: SeedOption = None,
    scale: Annotated[
        float | None,
        typer.Option("--scale", help="Factor on accounts and exchanges (default: the world's usual scale)."),
    ] = None,
    evade: Annotated[
        list[str] | None,
        typer.Option("--evade", metavar="NAME=VALUE", help="Turn a knob of the campaigns; repeatable; see --list."),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option("--data", metavar="DIR", help="Folder of real prompts to use in place of some made ones."),
    ] = None,
    list_worlds: Annotated[bool, typer.Option("--list", help="Show worlds and knobs, and stop.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Make a world of the range, and its truth.

    The traffic goes to DIR/traffic, the truth to DIR/truth, which a scan refuses to read.
    """
    from hydrometer.simulate import run as range_

    if list_worlds:
        _show_worlds(as_json=as_json)
        return
    if world is None or out is None:
        missing = "no WORLD" if world is None else "no --out"
        raise UsageError("simulate", missing, "WORLD --out DIR, or --list", "see `hydrometer simulate --list`")
    settings = in_force(context, seed=seed).settings
    with shown_progress() as progress:
        progress.stage("simulate")
        range_.simulate(
            world, out, settings.seed, scale, progress.advance,
            evasions=_knobs(evade or []), data=data, jobs=settings.threads,
        )  # fmt: skip
    place = {"world": world, "traffic": str(out / "traffic"), "truth": str(out / "truth"), "seed": settings.seed}
    if as_json:
        print_json(place)
    else:
        print_result(f"world {world}, seed {settings.seed}: traffic in {place['traffic']}, truth in {place['truth']}")


def score(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN", help="Folders that `hydrometer scan --out` wrote.")],
    *,
    truths: Annotated[
        list[Path],
        typer.Option(
            "--truth",
            metavar="DIR",
            exists=True,
            file_okay=False,
            help="The truth/ folder of the run's world; once for each RUN, in the same order.",
        ),
    ],
    as_json: JsonOption = False,
) -> None:
    """Compare runs with the truth of their worlds.

    Several runs are also summed up, with intervals over their worlds.
    """
    from hydrometer.simulate import score as scoring

    if len(runs) != len(truths):
        found = f"RUN {len(runs)} times and --truth {len(truths)} times"
        raise UsageError("score", found, "one --truth for each RUN", "give them in the same order")
    pairs = list(zip([existing_run(run) for run in runs], truths, strict=True))
    worlds = [scoring.score(run, truth) for run, truth in pairs]
    if len(worlds) == 1:
        _show_score(worlds[0], as_json=as_json)
        return
    places = [{"run": str(run), "truth": str(truth)} for run, truth in pairs]
    named = [place | world for place, world in zip(places, worlds, strict=True)]
    _show_scores(named, scoring.over_worlds(worlds), as_json=as_json)


def demo(
    context: typer.Context,
    *,
    seed: SeedOption = None,
    engine: EngineOption = None,
    master: MasterOption = None,
) -> None:
    """Simulate, scan and score a small world.

    Writes to runs/demo, replaces what an earlier demo wrote there, and says where to look.
    """
    from hydrometer import pipeline
    from hydrometer.simulate import run as range_
    from hydrometer.simulate import score as scoring

    settings = in_force(context, seed=seed, engine=engine, master=master).settings
    folder = fresh_demo_folder(DEMO_FOLDER)
    world, run = folder / "world", folder / "run"
    with shown_progress() as progress:
        progress.stage("simulate")
        range_.simulate(DEMO_WORLD, world, settings.seed, 1.0, progress.advance)
        options = pipeline.ScanOptions()
        manifest = pipeline.scan([str(world / "traffic")], run, settings, options, progress)
        progress.stage("score")
        figures = scoring.score(run, world / "truth")
    show(run, manifest, as_json=False)
    _show_score(figures, as_json=False)
    print_result(f"look at {run / 'report.html'}")


def fresh_demo_folder(folder: Path) -> Path:
    """`folder`, empty but for its marker; only what a former demo made is removed.

    Raises:
        RunError: something else lies there.
    """
    occupied = (
        folder.is_symlink() or (folder.exists() and not folder.is_dir()) or (folder.is_dir() and any(folder.iterdir()))
    )
    if occupied and (folder.is_symlink() or not (folder / DEMO_MARKER).is_file()):
        raise RunError(
            str(folder), "something that no demo made", "no such folder, or one that a demo made", "move it away"
        )
    for name in ("world", "run"):
        if (folder / name).exists():
            shutil.rmtree(folder / name)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / DEMO_MARKER).touch()
    return folder


def _knobs(words: list[str]) -> dict[str, float]:
    """Knobs and values from `NAME=VALUE` words.

    Raises:
        UsageError: a word is not of that form, or a knob is named twice.
    """
    turned: dict[str, float] = {}
    for word in words:
        name, _, value = word.partition("=")
        try:
            strength = float(value)
        except ValueError:
            raise UsageError("--evade", repr(word), "NAME=VALUE with a number", "see `simulate --list`") from None
        if name in turned:
            raise UsageError("--evade", f"{name} twice", "each knob once", "leave one of them out")
        turned[name.replace("-", "_")] = strength
    return turned


def _show_worlds(*, as_json: bool) -> None:
    from hydrometer.simulate import catalogue

    parts = catalogue.catalogue()
    if as_json:
        print_json(parts)
    else:
        print_result(catalogue.render(parts))


def _show_score(figures: dict[str, object], *, as_json: bool) -> None:
    if as_json:
        print_json(figures)
    else:
        from hydrometer.simulate import scoreboard

        print_result(scoreboard.render(figures))


def _show_scores(worlds: list[dict[str, object]], summary: dict[str, object], *, as_json: bool) -> None:
    if as_json:
        print_json({"worlds": worlds, "summary": summary})
        return
    from hydrometer.simulate import scoreboard_worlds

    for world in worlds:
        print_result(f"\n{world['run']} against {world['truth']}")
        _show_score(world, as_json=False)
    print_result("")
    print_result(scoreboard_worlds.render_summary(summary))
