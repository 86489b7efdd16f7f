"""Fits the weights of H2 for logs without prompts, and measures their library of benign operators, without content.

`python -m bench.fit_metadata` writes `prove/metadata.yaml` and `prove/metadata.parquet` again; the same worlds give the
same files. Worlds, groups, seeds, penalty and case weights are those of `fit_harvest`, but no text is read, as in a
scan with `--no-content`. Beside them it says how each campaign is ranked by weights that were fitted without it, and
how by the weights of `harvest.yaml` on what metadata can tell of its figures.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import yaml
from bench import trials
from bench.fit_harvest import (
    CAMPAIGN_SEEDS,
    LAST_EPOCH,
    LIBRARY_SEEDS,
    LIBRARY_WORLD,
    STORED_DIGITS,
    Rows,
    campaign_worlds,
    chosen,
    fit,
    section,
)
from bench.fit_one_prompt import refuse_held_out
from numpy.typing import NDArray

from hydrometer.base.settings import Settings
from hydrometer.base.workspace import Workspace
from hydrometer.collect.options import CollectOptions
from hydrometer.collect.run import collect
from hydrometer.fingerprint.entities import write_units
from hydrometer.fingerprint.run import fingerprint
from hydrometer.prove.metadata import EXCHANGES_MIN, METADATA_FAMILIES, METADATA_FIGURES, metadata
from hydrometer.prove.metadata_reference import METADATA_LIBRARY, METADATA_WEIGHTS
from hydrometer.prove.profile import FIGURES
from hydrometer.prove.reference import ACCOUNTS_MIN, Weights, reference, soft_rank
from hydrometer.simulate import run

SHARED = ("follow_ups", "answer_length", "answer_spread", "tools", "hours")
"""Figures of `profile.py` that metadata can tell."""


@dataclass(frozen=True, slots=True)
class Groups:
    """Groups with known truth.

    Attributes:
        kinds: preset of each campaign group, archetype of each benign one.
        values: shape (k, figures).
        accounts: shape (k,).
        exchanges: shape (k,).
        campaign: shape (k,), whether it is (part of) a campaign.
    """

    kinds: NDArray[np.str_]
    values: NDArray[np.float64]
    accounts: NDArray[np.int64]
    exchanges: NDArray[np.int64]
    campaign: NDArray[np.bool_]

    def of(self, rows: NDArray[np.bool_]) -> Groups:
        """Some of them."""
        return Groups(
            self.kinds[rows], self.values[rows], self.accounts[rows], self.exchanges[rows], self.campaign[rows]
        )


def joined(parts: Sequence[Groups]) -> Groups:
    """Groups of several worlds."""
    names = ("kinds", "values", "accounts", "exchanges", "campaign")
    return Groups(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in names})


def of_world(task: tuple[str, int]) -> Groups:
    """All groups of one world that have enough accounts and exchanges."""
    name, seed = task
    with tempfile.TemporaryDirectory() as folder:
        world = Path(folder) / "world"
        run.simulate(name, world, seed, scale=1.0 if name == LIBRARY_WORLD else None, jobs=1)
        workspace = Workspace(Path(folder) / "work", threads=1)
        collect([str(world / "traffic")], CollectOptions(content=False), workspace, lambda *_: None)
        fingerprint(workspace, Settings().key_bytes, lambda *_: None)
        write_units(workspace)
        declared = workspace.query("select account_id from {units} where declared")["account_id"].to_pylist()
        workspace.store(
            "units", "select account_id, dense_rank() over (order by account_id) - 1 as unit, declared from {units}"
        )
        found = workspace.query("select account_id, unit from {units}")
        number = dict(zip(found["account_id"].to_pylist(), found["unit"].to_pylist(), strict=True))
        members, kinds, campaign = chosen(world / "truth", number, set(declared), f"{name} {seed}")
        values, exchanges, accounts = metadata(workspace, members, LAST_EPOCH)
        workspace.close()
    groups = Groups(np.array(kinds), values, accounts, exchanges, np.array(campaign))
    return groups.of((accounts >= ACCOUNTS_MIN) & (exchanges >= EXCHANGES_MIN))


def rows(groups: Groups) -> Rows:
    """What the weights are fitted on."""
    return Rows(
        tuple(METADATA_FIGURES), METADATA_FAMILIES, groups.values, groups.kinds, groups.campaign,
        np.ones(len(groups.kinds), np.bool_),
    )  # fmt: skip


def shipped_scores(groups: Groups) -> NDArray[np.float64]:
    """Scores by the weights of `harvest.yaml`, of those of its figures that metadata can tell; shape (k,)."""
    values = np.full((len(groups.kinds), len(FIGURES)), np.nan)
    for name in SHARED:
        values[:, list(FIGURES).index(name)] = groups.values[:, list(METADATA_FIGURES).index(name)]
    return reference().profile.score(values)


def left_out(groups: Groups) -> list[trials.Row]:
    """How each campaign is ranked: by weights that were fitted without it, and by those of `harvest.yaml`."""
    result: list[trials.Row] = []
    wording = shipped_scores(groups)
    for preset in np.unique(groups.kinds[groups.campaign]):
        own = groups.campaign & (groups.kinds == preset)
        row: trials.Row = {"campaign": str(preset), "groups": int(own.sum())}
        for name, scores in (("metadata", fit(rows(groups), str(preset)).score(groups.values)), ("harvest", wording)):
            library = scores[~groups.campaign]
            bits = [soft_rank(score, library) / np.log(2.0) for score in scores[own]]
            row |= {f"{name}_median_bits": float(np.median(bits)), f"{name}_least_bits": float(np.min(bits))}
        result.append(row)
    return result


def write(groups: Groups, worlds: Sequence[tuple[str, int]], target: Path, library: Path) -> Weights:
    """Write both files of the package; the weights."""
    fitted = fit(rows(groups))
    head = (
        "# Weights of H2 for logs without prompts, in nats a spread. Written by `python -m bench.fit_metadata`; do not "
        "edit.\n# Fitted on simulated development worlds alone; docs/model-card.md says where they fail.\n"
    )
    body: dict[str, Any] = {
        "metadata": section(fitted),
        "fitted_on": sorted({f"{name} {seed}" for name, seed in worlds}),
    }
    target.write_text(head + yaml.safe_dump(body, sort_keys=False, width=118), encoding="utf-8")
    benign = groups.of(~groups.campaign)
    columns: dict[str, pa.Array] = {
        "kind": pa.array(benign.kinds.tolist(), pa.string()).dictionary_encode(),
        "accounts": pa.array(benign.accounts, pa.int32()), "exchanges": pa.array(benign.exchanges, pa.int32()),
    }  # fmt: skip
    columns |= {
        name: pa.array(np.round(benign.values[:, place], STORED_DIGITS).astype(np.float32))
        for place, name in enumerate(METADATA_FIGURES)
    }
    pq.write_table(pa.table(columns), library, compression="zstd", compression_level=19)
    return fitted


def main() -> None:
    """Measure the groups, fit, write both files, and say how each campaign fares that was left out."""
    parser = argparse.ArgumentParser(prog="python -m bench.fit_metadata", description=__doc__)
    parser.add_argument("--out", type=Path, default=trials.RESULTS, help="folder for metadata.json")
    parser.add_argument("--weights", type=Path, default=METADATA_WEIGHTS, help="file of weights to write")
    parser.add_argument("--library", type=Path, default=METADATA_LIBRARY, help="library to write")
    parser.add_argument("--jobs", type=int, default=trials.usable_cores(), help="processes at once")
    words = parser.parse_args()
    tasks = [(LIBRARY_WORLD, seed) for seed in LIBRARY_SEEDS]
    tasks += [(name, seed) for name in campaign_worlds() for seed in CAMPAIGN_SEEDS]
    refuse_held_out(name for name, _ in tasks)
    with ProcessPoolExecutor(words.jobs) as pool:
        parts = []
        for part in pool.map(of_world, tasks):
            parts.append(part)
            print(f"fit_metadata: {len(parts)} of {len(tasks)} worlds", flush=True)
    groups = joined(parts)
    write(groups, tasks, words.weights, words.library)
    kinds, counts = np.unique(groups.kinds[~groups.campaign], return_counts=True)
    settings: dict[str, int | float] = {"library seeds": len(LIBRARY_SEEDS), "campaign seeds": len(CAMPAIGN_SEEDS)}
    trials.publish(trials.Measurement("metadata", settings, True, words.out, words.jobs), {
        "library": dict(zip(kinds.tolist(), counts.tolist(), strict=True)),
        "operators": int((~groups.campaign).sum()), "left_out": left_out(groups),
    })  # fmt: skip


if __name__ == "__main__":
    main()
