"""What some groups sent, read once: each of them is asked about many times, and they are a small part of a log.

Whoever reads `{traffic}` or `{requests}` joins it with the members or exchanges that are asked about, so that the
answer is that of all fingerprints and exchanges, for which they stand elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from hydrometer.base.workspace import Workspace

TRAFFIC = """
select account_id, exchange_id, sent_us, conversation, turn, item, opening, closing, techniques, capabilities, words,
       output_tokens, tool_set, system_prompt, language, client_stack, end_user
from {fingerprints} semi join (select account_id from {units} semi join members using (unit)) using (account_id)
where sent_us // {epoch_us} <= $last
"""
ALL_TRAFFIC = "select * from {fingerprints} semi join senders using (account_id)"
TEXTS = ("system_instructions", "prompt", "response", "reasoning_signatures_in")
REQUESTS = """
select columns(lambda name: not list_contains($texts, name)) from {exchanges}
semi join (select exchange_id from {traffic}) using (exchange_id)
"""


@contextmanager
def traffic_of(workspace: Workspace, members: Sequence[NDArray[np.int64]], last_epoch: int) -> Iterator[None]:
    """Let `{traffic}` stand for what some groups sent up to an epoch, as far as tests ask for it.

    Args:
        workspace: holds `fingerprints` and `units`.
        members: units of each group.
        last_epoch: last epoch that counts.
    """
    units = np.unique(np.concatenate([np.zeros(0, np.int64), *members]))
    with workspace.narrowed("traffic", TRAFFIC, {"last": last_epoch}, members=pa.table({"unit": units})):
        yield


@contextmanager
def requests_of(workspace: Workspace, accounts: Iterable[str]) -> Iterator[None]:
    """Let `{traffic}` and `{requests}` stand for all that some accounts sent, the latter without texts.

    Args:
        workspace: holds `fingerprints` and `exchanges`.
        accounts: their ids.
    """
    senders = pa.table({"account_id": pa.array(sorted(set(accounts)), pa.string())})
    with (
        workspace.narrowed("traffic", ALL_TRAFFIC, senders=senders),
        workspace.narrowed("requests", REQUESTS, {"texts": list(TEXTS)}),
    ):
        yield
