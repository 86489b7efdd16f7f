"""Who takes part: hydrometer, every baseline, every peer that is installed; those that are not are named as absent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench.peers import ENVIRONMENTS, PEERS

from hydrometer.base.plugins import discover
from hydrometer.simulate import baselines
from hydrometer.simulate.baseline import Baseline, Scored

HYDROMETER = "hydrometer"


@dataclass(frozen=True, slots=True)
class Rival:
    """A method that hydrometer is measured against.

    Attributes:
        name: as it stands in the results.
        kind: `baseline` (own code) or `peer` (somebody else's, unchanged).
        published: threshold that its authors publish; None where there is none.
        score: traffic and seed → scores of its accounts.
    """

    name: str
    kind: str
    published: float | None
    score: Callable[[Path, int], Scored]


def rivals() -> dict[str, Rival]:
    """Every method that can run here, by name."""
    own: dict[str, Baseline] = discover(baselines, "BASELINE")
    there = {name: peer for name, peer in PEERS.items() if environment(name).exists()}
    kinds = {"baseline": own, "peer": there}
    return {
        name: Rival(name, kind, one.published, one.run) for kind, found in kinds.items() for name, one in found.items()
    }


def absent() -> dict[str, str]:
    """Methods that cannot run here, with the reason."""
    return {
        name: "its virtual environment is not installed (`make peers`)"
        for name in PEERS
        if not environment(name).exists()
    }


def environment(peer: str) -> Path:
    """Interpreter of a peer's own virtual environment."""
    return ENVIRONMENTS / f"peer-{peer}" / "bin" / "python"
