"""The client: TLS fingerprint, user agent and header order as one stack, and the client's type without its version.

The type is never evidence: it only says with whom an account is compared.
"""

from __future__ import annotations

import re

import pyarrow as pa
import pyarrow.compute as pc

from hydrometer.base.families import UNKNOWN
from hydrometer.base.signals import Batch, Signal
from hydrometer.fingerprint.hashing import hashed, joined

VERSION = re.compile(r"[/ ]v?\d.*")
LONGEST_TYPE = 40
LONGEST_READ = 1_000
"""Letters of a user agent in which its program's name is looked for."""


def client_type(user_agent: str) -> str:
    """The program's name in a user agent.

    >>> client_type("python-requests/2.31.0"), client_type("OpenAI/Python 1.40"), client_type("Mozilla/5.0 (X11)")
    ('python-requests', 'openai/python', 'browser')
    """
    if user_agent.startswith("Mozilla/"):
        return "browser"
    return VERSION.sub("", user_agent[:LONGEST_READ]).strip().lower()[:LONGEST_TYPE] or UNKNOWN


def measure(batch: Batch) -> dict[str, pa.Array]:
    """Hash of the stack and the type as text; null where nothing is known."""
    agents = batch.rows["user_agent"].combine_chunks().dictionary_encode()
    types = pa.array(
        [None if agent is None else client_type(agent) for agent in agents.dictionary.to_pylist()], pa.string()
    )
    stack = joined([batch.rows[name] for name in ("ja4", "user_agent", "header_shape")])
    return {
        "client_stack": hashed(stack, batch.key, "client_stack"),
        "client_type": pc.fill_null(types.take(agents.indices), UNKNOWN),
    }


SIGNAL = Signal(
    name="client",
    unit="64-bit hash; name",
    needs=("ja4", "user_agent", "header_shape"),
    columns={"client_stack": pa.int64(), "client_type": pa.string()},
    measure=measure,
    cost_of_evasion="rotating whole TLS and header stacks needs one real client each",
    source="TLS client fingerprints (JA4), statistics cookbook section 2.4",
    layers={"client_stack": ("client_stack",)},
)
