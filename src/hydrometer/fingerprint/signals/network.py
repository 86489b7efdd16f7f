"""Client address and its prefix (/24 or /48) as keyed hashes. A popular address links nobody: weights see to that."""

from __future__ import annotations

import pyarrow as pa

from hydrometer.base.pseudonyms import prefix
from hydrometer.base.signals import Batch, Signal
from hydrometer.fingerprint.hashing import pseudonyms


def measure(batch: Batch) -> dict[str, pa.Array]:
    """Keyed hashes; null where the address is not known or not an address."""
    encoded = batch.rows["client_ip"].combine_chunks().dictionary_encode()
    addresses = encoded.dictionary.to_pylist()
    prefixes = [None if address is None else prefix(address) for address in addresses]
    known = [address if found else None for address, found in zip(addresses, prefixes, strict=True)]
    return {
        "client_ip": pseudonyms(known, batch.key, "client_ip").take(encoded.indices),
        "prefix": pseudonyms(prefixes, batch.key, "prefix").take(encoded.indices),
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
