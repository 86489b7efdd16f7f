"""Client address and its prefix (/24 or /48) as keyed hashes. A popular address links nobody: weights see to that."""

from __future__ import annotations

from functools import lru_cache

import pyarrow as pa
import pyarrow.compute as pc

from hydrometer.base.pseudonyms import prefix
from hydrometer.base.signals import Batch, Signal
from hydrometer.fingerprint.keyed import pseudonyms

REMEMBERED = 1 << 16
LONGEST_ADDRESS = 100
"""Letters of a text that can be an address, room for spaces and a zone included."""


def measure(batch: Batch) -> dict[str, pa.Array]:
    """Keyed hashes; null where the address is not known or not an address."""
    encoded = batch.rows["client_ip"].combine_chunks().dictionary_encode()
    addresses = encoded.dictionary
    prefixes = pa.array(
        [None if address is None else known_prefix(address) for address in addresses.to_pylist()], pa.string()
    )
    known = pc.if_else(pc.is_valid(prefixes), addresses, pa.scalar(None, pa.string()))
    return {
        "client_ip": pseudonyms(known, batch.key, "client_ip").take(encoded.indices),
        "prefix": pseudonyms(prefixes, batch.key, "prefix").take(encoded.indices),
    }


@lru_cache(REMEMBERED)
def known_prefix(address: str) -> str | None:
    """`prefix`, remembered: addresses come again in the next batch."""
    return prefix(address) if len(address) <= LONGEST_ADDRESS else None


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
