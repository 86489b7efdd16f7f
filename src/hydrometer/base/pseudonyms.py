"""Identifiers become keyed 64-bit hashes at the door; prefixes of addresses are kept as hashes of their own.

A deployment's key comes from the environment (`HYDROMETER_KEY`). Without one a public key is used and the manifest says
so: hashes of a low-entropy value under a public key can be reversed by trying all values. Decision record 0005.
"""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Callable

PUBLIC_KEY = b"hydrometer: no deployment key was set"


def pseudonym(key: bytes, layer: str, value: str) -> int:
    """A signed 64-bit keyed hash of `value` in the name space of `layer` (BLAKE2b with key).

    >>> pseudonym(b"k", "payment_fingerprint", "a") == pseudonym(b"k", "client_ip", "a")
    False
    """
    return namespace(key, layer)(value)


def namespace(key: bytes, layer: str) -> Callable[[str], int]:
    """`pseudonym` of one key and layer, for many values: key and layer are worked into the hash once.

    >>> namespace(b"k", "client_ip")("a") == pseudonym(b"k", "client_ip", "a")
    True
    """
    person = hashlib.blake2b(layer.encode(), digest_size=16).digest()
    begun = hashlib.blake2b(digest_size=8, key=key[:64], person=person)

    def of(value: str) -> int:
        hashed = begun.copy()
        hashed.update(value.encode("utf-8", "surrogatepass"))
        return int.from_bytes(hashed.digest(), "little", signed=True)

    return of


def prefix(address: str) -> str | None:
    """The /24 of an IPv4 or the /48 of an IPv6 address, null where it is not an address.

    >>> prefix("192.0.2.77"), prefix("2001:db8:1:2::3"), prefix("unix:")
    ('192.0.2.0/24', '2001:db8:1::/48', None)
    """
    try:
        parsed = ipaddress.ip_address(address.strip())
    except ValueError:
        return None
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is not None:
        parsed = parsed.ipv4_mapped
    length = 24 if parsed.version == 4 else 48
    hosts = parsed.max_prefixlen - length
    return f"{type(parsed)(int(parsed) >> hosts << hosts)}/{length}"
