"""Equal things stay equal under one key and in one layer, and nowhere else."""

from __future__ import annotations

import hashlib
import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydrometer.base.pseudonyms import prefix, pseudonym

KEY = b"a-key-of-a-deployment"


@given(st.text())
def test_any_text_has_a_pseudonym_of_64_bits(value: str) -> None:
    first = pseudonym(KEY, "client_ip", value)
    assert first == pseudonym(KEY, "client_ip", value)
    assert -(2**63) <= first < 2**63


def test_key_layer_and_value_all_matter() -> None:
    base = pseudonym(KEY, "client_ip", "192.0.2.1")
    assert base != pseudonym(KEY + b"x", "client_ip", "192.0.2.1")
    assert base != pseudonym(KEY, "signup", "192.0.2.1")
    assert base != pseudonym(KEY, "client_ip", "192.0.2.2")


def test_the_value_is_what_the_decision_record_says() -> None:
    person = hashlib.blake2b(b"client_ip", digest_size=16).digest()
    expected = hashlib.blake2b(b"192.0.2.1", digest_size=8, key=KEY, person=person).digest()
    assert pseudonym(KEY, "client_ip", "192.0.2.1") == int.from_bytes(expected, "little", signed=True)


def test_a_broken_surrogate_is_no_error() -> None:
    assert pseudonym(KEY, "user_agent", "\ud800") != pseudonym(KEY, "user_agent", "?")


@given(st.ip_addresses())
def test_the_prefix_holds_the_address(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    found = prefix(str(address))
    assert found is not None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    assert (mapped or address) in ipaddress.ip_network(found)


@pytest.mark.parametrize(
    ("address", "expected"),
    [("::ffff:192.0.2.7", "192.0.2.0/24"), (" 192.0.2.7 ", "192.0.2.0/24"), ("", None), ("a.b.c.d", None)],
)
def test_odd_addresses(address: str, expected: str | None) -> None:
    assert prefix(address) == expected
