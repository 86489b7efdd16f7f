"""Fits the one-prompt classifier on development worlds and writes its weights into the package.

Run it again when the campaigns, the archetypes or the wording of the worlds change: `python -m bench.fit_one_prompt`.
The same worlds give the same file. Only development worlds may stand in `WORLDS`.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from bench.trials import made

from hydrometer.base.draws import generator
from hydrometer.base.errors import UsageError
from hydrometer.simulate import run
from hydrometer.simulate.baselines import one_prompt
from hydrometer.simulate.baselines._traffic import opened
from hydrometer.simulate.world import DEVELOPMENT

WORLDS: tuple[tuple[str, int], ...] = tuple(
    (name, 0)
    for name in (
        "demo", "four_pathways", "fuzzing", "gtig_language", "kernels", "mixed_half", "qwen_spring", "templates",
        "two_builders", "xiaomi_replay",
    )
)  # fmt: skip
"""Name and seed of each world that the classifier learns from: every development campaign."""
HARVEST_PROMPTS, OTHER_PROMPTS = 3_000, 6_000
"""Prompts of each world that are learned from, at most."""
SEED = 0


def refuse_held_out(worlds: Iterable[str]) -> None:
    """Raise UsageError where any of these worlds is not a development world: nothing may be fitted on the others."""
    known = run.worlds()
    wrong = sorted({name for name in worlds if name not in known or known[name].split != DEVELOPMENT})
    if wrong:
        raise UsageError("WORLDS", ", ".join(wrong), "development worlds alone", "leave the others out")


def labelled(world: Path) -> tuple[list[str], list[bool]]:
    """All prompts of a world and whether the truth calls each of them harvest, in the order of their ids."""
    truth = world / "truth"
    files = sorted((truth / "exchanges").glob("*.parquet")) or [truth / "exchanges.parquet"]
    rows = opened(world / "traffic").execute(
        """select prompt, campaign_id is not null
        from exchanges left join (select * from read_parquet($files)) as harvest using (exchange_id)
        where prompt is not null order by exchange_id""",
        {"files": [str(file) for file in files]},
    )
    pairs = rows.fetchall()
    return [prompt for prompt, _ in pairs], [label for _, label in pairs]


def chosen(world: Path, name: str, seed: int) -> tuple[list[str], list[bool]]:
    """A sample of a world's prompts with their labels."""
    prompts, labels = labelled(world)
    draw = generator(SEED, "fit-one-prompt", f"{name} {seed}".encode())
    order = draw.permutation(len(prompts))
    marked = np.array(labels)[order]
    rows = np.concatenate([order[marked][:HARVEST_PROMPTS], order[~marked][:OTHER_PROMPTS]])
    return [prompts[row] for row in rows], [labels[row] for row in rows]


def main() -> None:
    """Make the worlds, fit, and write the file."""
    parser = argparse.ArgumentParser(prog="python -m bench.fit_one_prompt", description=__doc__)
    parser.add_argument("--out", type=Path, default=one_prompt.FITTED, help="file to write (default: in the package)")
    target = parser.parse_args().out
    refuse_held_out(name for name, _ in WORLDS)
    prompts: list[str] = []
    labels: list[bool] = []
    for name, seed in WORLDS:
        with tempfile.TemporaryDirectory() as folder:
            more, marks = chosen(made(name, Path(folder) / "world", seed), name, seed)
        prompts, labels = prompts + more, labels + marks
    weights = one_prompt.fit(prompts, np.array(labels))
    np.savez_compressed(
        target,
        buckets=weights.buckets.astype(np.float16),
        bias=np.float64(weights.bias),
        worlds=np.array([f"{name} {seed}" for name, seed in WORLDS]),
    )
    print(f"{target}: {target.stat().st_size:,} bytes, {sum(labels):,} harvest prompts among {len(labels):,}")


if __name__ == "__main__":
    main()
