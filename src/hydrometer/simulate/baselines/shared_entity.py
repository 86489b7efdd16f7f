"""Connected components over any shared entity: the first thing that an abuse team draws.

Two accounts are joined where they share a payment fingerprint, an address (of requests or of the sign-up), or a TLS
fingerprint together with a user agent, unless more than 400 accounts share it. The score is the number of accounts in
the component; alone is 1. Groups are the components of two or more. Known weakness: one address of a carrier chains
strangers.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from hydrometer.simulate.baseline import Baseline, Scored
from hydrometer.simulate.baselines._components import components, named
from hydrometer.simulate.baselines._traces import incidences
from hydrometer.simulate.baselines._traffic import account_ids, opened


def run(traffic: Path, seed: int) -> Scored:
    """Scores and groups of all accounts; nothing is drawn, so the seed has no effect."""
    del seed
    connection = opened(traffic)
    accounts = account_ids(connection)
    account, entity, _ = incidences(connection)
    nodes = len(accounts) + (int(entity.max()) + 1 if len(entity) else 0)
    labels = components(account, len(accounts) + entity, nodes)[: len(accounts)]
    sizes = np.bincount(labels, minlength=1)
    return Scored(accounts, sizes[labels].astype(np.float64), named(accounts, labels))


BASELINE = Baseline(
    name="shared_entity",
    summary="accounts chained by any shared card, address or client",
    source="common practice; the cap of 400 accounts an entity is hydrometer's own",
    unit="group",
    published=None,
    run=run,
)
