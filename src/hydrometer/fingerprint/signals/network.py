"""Client address and its prefix (/24 or /48) as keyed hashes. A popular address links nobody: weights see to that."""

from __future__ import annotations

import pyarrow as pa

from hydrometer.base.pseudonyms import prefix
from hydrometer.base.signals import Batch, Signal
from hydrometer.fingerprint.hashing import hashed


def measure(batch: Batch) -> dict[str, pa.Array]:
    """Keyed hashes; null where the address is not known or not an address."""
    addresses = batch.rows["client_ip"]
    return {
        "client_ip": hashed(addresses, batch.key, "client_ip", lambda text: text if prefix(text) else None),
        "prefix": hashed(addresses, batch.key, "prefix", prefix),
    }


SIGNAL = Signal(
    name="network",
    unit="64-bit keyed hash",
    needs=("client_ip",),
    columns={"client_ip": pa.int64(), "prefix": pa.int64()},
    measure=measure,
    cost_of_evasion="one exit address an account costs money for each account",
    source="EvilCohort (USENIX Security 2015); decision record 0005 for the keyed hashes",
    layers={"client_ip": ("client_ip",), "prefix": ("prefix",)},
)
