"""Writes a world to a folder: traffic in the contract's tables, truth beside it, and nothing at all if anything fails.

The world is drawn as codes and written in batches of exchanges, so that memory grows with codes and not with text; the
folder gets its name only when it is whole.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from hydrometer.base.errors import UsageError
from hydrometer.base.plugins import discover
from hydrometer.base.tables import INPUTS
from hydrometer.simulate import archetypes, campaigns, clock, columns, identity, truth
from hydrometer.simulate import worlds as world_folder
from hydrometer.simulate.population import Population, joined, settle
from hydrometer.simulate.world import Archetype, Campaign, World

LARGEST_SCALE = 100.0
SMALLEST_CAMPAIGN = 12
"""Accounts below which a pool is no longer a campaign that anything could find."""
_BATCH_ROWS = 65_536
_REGISTER_EXPIRES = "2027-06-01"
Progress = Callable[[int, int], None]
"""Told the exchanges written so far and their total."""


def worlds() -> dict[str, World]:
    """All worlds by name."""
    return discover(world_folder, "WORLD")


def plugins() -> dict[str, Archetype | Campaign]:
    """All archetypes and campaigns by name."""
    folders: tuple[tuple[ModuleType, str], ...] = ((archetypes, "ARCHETYPE"), (campaigns, "CAMPAIGN"))
    return {name: plugin for folder, constant in folders for name, plugin in discover(folder, constant).items()}


def _checked(world: str, out: Path, scale: float) -> World:
    """The world of that name, if it can be written at that scale to that folder."""
    known = worlds()
    if world not in known:
        raise UsageError(
            "world", repr(world), f"one of {', '.join(known)}", "choose a world; `simulate --list` describes them"
        )
    if not 0.0 < scale <= LARGEST_SCALE:
        raise UsageError(
            "--scale", f"{scale:g}", f"a number above 0 and up to {LARGEST_SCALE:g}", "choose another scale"
        )
    least = min((placement.accounts for placement in known[world].campaigns), default=None)
    if least is not None and round(least * scale) < SMALLEST_CAMPAIGN:
        needed = f"at least {SMALLEST_CAMPAIGN} accounts in every campaign"
        found = f"{scale:g}, which leaves a campaign {round(least * scale)} accounts"
        raise UsageError("--scale", found, needed, f"choose a scale of {SMALLEST_CAMPAIGN / least:.3g} or more")
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UsageError(
            str(out),
            "a file or a folder with something in it",
            "a new or empty folder",
            "choose another --out, or empty it",
        )
    return known[world]


def simulate(world: str, out: Path, seed: int = 0, scale: float = 1.0, progress: Progress | None = None) -> None:
    """Write `world` to `out/traffic` and `out/truth`.

    Args:
        world: name of a world.
        out: folder to make; it may exist if it is empty.
        seed: the same seed gives the same bytes.
        scale: factor on accounts and exchanges.
        progress: told about every batch.

    Raises:
        UsageError: no such world, an impossible scale, a folder that is not empty or cannot be written.
    """
    chosen = _checked(world, out, scale)
    unfinished = out.with_name(f".{out.name}.unfinished-{os.getpid()}")
    try:
        for part in ("traffic", "truth"):
            (unfinished / part).mkdir(parents=True)
        _write(chosen, unfinished, seed, scale, progress or (lambda done, total: None))
        if out.exists():
            out.rmdir()
        unfinished.rename(out)
    except OSError as problem:
        raise UsageError(
            str(out), str(problem), "a place with room that can be written", "choose another --out, or free space"
        ) from problem
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _write(world: World, folder: Path, seed: int, scale: float, progress: Progress) -> None:
    """Write all files of a world into a folder."""
    population = settle(world, plugins(), seed, scale)
    traffic = folder / "traffic"
    total = len(population.exchanges["who"])
    with pq.ParquetWriter(traffic / "exchanges.parquet", INPUTS["exchanges"], compression="zstd") as writer:
        for start in range(0, total, _BATCH_ROWS):
            stop = min(start + _BATCH_ROWS, total)
            writer.write_table(columns.exchange_table(joined(population, start, stop), seed))
            progress(stop, total)
    pq.write_table(columns.account_table(population.accounts, seed), traffic / "accounts.parquet", compression="zstd")
    pq.write_table(_releases(), traffic / "releases.parquet", compression="zstd")
    register = _register(population, seed)
    if register:
        (traffic / "register.yaml").write_text(yaml.safe_dump(register, sort_keys=True), encoding="utf-8")
    truth.write(population, folder / "truth", seed)


def _releases() -> pa.Table:
    """When each model came out; the newest inside the week."""
    older = [clock.START_US - days * clock.DAY_US for days in (300, 210, 120)]
    return pa.table(
        {
            "model": pa.array(identity.MODELS, pa.string()),
            "released_at": pa.array([*older, clock.RELEASE_US], pa.int64()).cast(pa.timestamp("us", tz="UTC")),
            "family": pa.array(
                [name.rsplit("-", 1)[0] if name.count("-") > 1 else name for name in identity.MODELS], pa.string()
            ),
        },
        schema=INPUTS["releases"],
    )


def _register(population: Population, seed: int) -> list[dict[str, str]]:
    """Entries of the register: one for each organisation whose archetype is authorised."""
    entries: list[dict[str, str]] = []
    for one in population.settled:
        if not isinstance(one.plugin, Archetype) or one.plugin.authorisation is None:
            continue
        ids = columns.organization_ids(one.cohort.accounts["organization"], seed).to_pylist()
        permit = one.plugin.authorisation
        entries += [
            {
                "organization_id": organization,
                "purpose": permit.purpose,
                "scope": permit.scope,
                "expires_at": _REGISTER_EXPIRES,
                "approved_by": permit.approved_by,
            }
            for organization in sorted(set(ids))
        ]
    return entries
