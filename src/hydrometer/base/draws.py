"""Random numbers keyed by what they are for: (run seed, stage, content), never by row order or by account names.

The same content gets the same draws on every engine, thread and machine, and two different contents get independent
ones. Counter-based generator: Philox (Salmon et al. 2011), keyed with BLAKE2b.
"""

from __future__ import annotations

import hashlib

import numpy as np


def generator(seed: int, stage: str, content: bytes = b"") -> np.random.Generator:
    """The generator of one purpose.

    Args:
        seed: the run's seed.
        stage: name of the test or stage that draws.
        content: bytes that identify what is drawn for, e.g. a hash of a group's sorted fingerprint rows.

    >>> int(generator(1, "urn", b"x").integers(1000)) == int(generator(1, "urn", b"x").integers(1000))
    True
    """
    digest = hashlib.blake2b(
        stage.encode() + b"\0" + content, digest_size=16, key=seed.to_bytes(16, "little", signed=True)
    ).digest()
    return np.random.Generator(np.random.Philox(key=int.from_bytes(digest, "little")))
