"""Linking at scale: seconds, memory, and whether a network without any popular entity is found among 100,000 accounts.

The population is made without a log (`bench/made_network.py`) and goes straight into formation on every side, the urn
of H1 on the families held out, and membership: what a scan does between its entities and its verdicts, without H2. Each
variant runs in a process of its own, which is charged for everything but the making of the population; its peak memory
counts that, too.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bench import trials
from bench.speed import child
from bench.trials import Row

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from hydrometer.base.cases import Case, Finding
    from hydrometer.base.groups import Group
    from hydrometer.base.population import Population

PUBLISHED: dict[str, int | float] = {"accounts": 100_000, "network": 20_000, "seed": 0}
VARIANTS = {"links alone": False, "links and wordings": True}
"""What the planted accounts share; whether they also fill in templates."""
SEED = 0
"""Of the orders of the urn; the population has a seed of its own."""
INSIDE = (
    f"import sys; sys.path.insert(0, {str(Path(__file__).parents[1])!r}); "
    "from bench.link_scale import inside; inside(*map(int, sys.argv[1:]))"
)


def inside(accounts: int, network: int, seed: int, wordings: int) -> None:
    """Make, link and print the figures of one variant as JSON."""
    import numpy as np
    from bench.made_network import made

    from hydrometer.base.families import FORMED_ON
    from hydrometer.base.settings import Settings
    from hydrometer.link.formation import form

    found = made(accounts, network, bool(wordings), seed)
    seconds: dict[str, float] = {}
    groups: list[Group] = []
    for side in FORMED_ON:
        began = time.perf_counter()
        groups += form(found.population.forming(side), Settings().minimum_accounts)
        seconds[f"formation, {side}"] = time.perf_counter() - began
    began = time.perf_counter()
    proven, listed, bits = proven_members(found.population, groups)
    seconds["H1 and membership"] = time.perf_counter() - began
    formed = [np.flatnonzero(found.planted[group.members]) for group in groups]
    own = [len(hit) for hit, group in zip(formed, groups, strict=True) if 2 * len(hit) >= len(group.members)]
    hits = int(found.planted[listed].sum())
    figures = {
        "accounts": accounts,
        "edges": found.edges,
        "most_partners": int(found.partners.max()),
        "seconds": seconds,
        "candidates": len(groups),
        "candidates_of_the_network": len(own),
        "proven": proven,
        "most_bits": bits,
        "largest_candidate_share": max(own, default=0) / network,
        "members": len(listed),
        "recall": hits / network,
        "precision": hits / len(listed) if len(listed) else None,
    }
    print(json.dumps(figures))


def proven_members(population: Population, groups: Sequence[Group]) -> tuple[int, NDArray[np.int64], float | None]:
    """(candidates that are one hand, all their members, most bits of H1), as `prove.judge` works them out."""
    import numpy as np

    from hydrometer.base.units import bits
    from hydrometer.prove.candidates import candidates
    from hydrometer.prove.judge import first_hypothesis
    from hydrometer.prove.tests import urn_families

    def h1(matched: tuple[Group, ...], near: Callable[[Group], NDArray[np.int64]]) -> list[Finding]:
        return [urn_families.judge(case(population, group, near(group))) for group in matched]

    found = first_hypothesis(population, candidates(groups), h1, SEED)
    listed = [one.units for one, sure in zip(found.memberships, found.proven, strict=True) if sure]
    everybody = np.unique(np.concatenate(listed)) if listed else np.zeros(0, np.int64)
    values = [value for value in found.operator if value is not None]
    return sum(found.proven), everybody, bits(max(values)) if values else None


def case(population: Population, group: Group, others: NDArray[np.int64]) -> Case:
    """A case before the urn, which looks at nothing but who holds what."""
    import numpy as np

    from hydrometer.base.cases import Case, Counts, Usage
    from hydrometer.base.families import other_side
    from hydrometer.base.workspace import Workspace

    nothing = np.zeros(0)
    none = Counts(np.zeros(0, np.int64), nothing, nothing, np.zeros((0, 0)), nothing)
    unused = Workspace.__new__(Workspace)
    return Case(
        group, population.testing(other_side(group.side)), population, unused, 0, SEED, (), none, none, (),
        Usage(nothing, np.zeros((0, 0))), beside=others,
    )  # fmt: skip


def main() -> None:
    """Measure and publish."""
    measurement = trials.asked("link_scale", "Seconds, memory and recall of linking at scale.", PUBLISHED)
    load = os.getloadavg()[0]
    numbers = [str(int(measurement.settings[name])) for name in ("accounts", "network", "seed")]
    variants: dict[str, Row] = {}
    with tempfile.TemporaryDirectory() as place:
        for name, wordings in VARIANTS.items():
            one = child([sys.executable, "-c", INSIDE, *numbers, str(int(wordings))], Path(place))
            figures: Row = json.loads(one.output)
            variants[name] = figures | {
                "link_seconds": sum(figures["seconds"].values()),
                "peak_rss_bytes": one.peak_rss_bytes,
                "processor_seconds": one.processor_seconds,
            }
            print(f"link_scale: {name}: {variants[name]['link_seconds']:.1f} s", flush=True)
    trials.publish(measurement, {"variants": variants, "load_before": load})


if __name__ == "__main__":
    main()
