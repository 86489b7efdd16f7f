"""Addresses, autonomous systems and countries: who sits behind one address, and which addresses share a /24.

All addresses are private, shared or for benchmarking (RFC 1918, 6598, 2544) and all system numbers are private use
(RFC 6996), so no world can name a real network. Fixed lines sit densely in few /24s, mobile carriers put hundreds
behind one address, VPN exits and hosters serve many countries: sharing an address is common among strangers.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from hydrometer.simulate.world import Array

COUNTRIES = (
    "US", "GB", "DE", "FR", "ES", "MX", "BR", "IN", "JP", "SG",
    "KR", "HK", "TW", "UA", "KZ", "PL", "NL", "CA", "AU", "AR",
)  # fmt: skip
POPULATION = np.array([21, 7, 8, 4, 5, 5, 5, 9, 6, 5, 3, 4, 4, 3, 3, 3, 3, 4, 3, 3], dtype=float)
OFFSETS_H = np.array([-5, 1, 2, 2, 2, -6, -3, 5, 9, 8, 9, 8, 8, 3, 5, 2, 2, -5, 10, -3])
LANGUAGES = ("en", "zh", "ru", "es", "de")
_EN, _ZH, _RU, _ES, _DE = range(5)
_LOCAL_LANGUAGE = np.array(
    [_EN, _EN, _DE, _EN, _ES, _ES, _ES, _EN, _EN, _ZH, _EN, _ZH, _ZH, _RU, _RU, _EN, _EN, _EN, _EN, _ES]
)
_SPEAKS_LOCAL, _MIGRANTS = 0.78, 0.06
FIRST_ASN = 64512
_CARRIERS = 4
_CARRIER_SHARE = np.array([0.46, 0.29, 0.17, 0.08])
_DENSE_BLOCKS = 90
_FIXED = 10 << 24
_MOBILE = (100 << 24) | (64 << 16)
_HOSTING = (198 << 24) | (18 << 16)
_OFFICE = (172 << 24) | (16 << 16)
_HOSTERS = 16
_MOBILE_EXITS = 5
_VPN_EXITS = 6
_HOST_BLOCKS = 24


def people_countries(size: int, draw: np.random.Generator) -> Array:
    """A country index for each of `size` people, by population."""
    return draw.choice(len(COUNTRIES), size, p=POPULATION / POPULATION.sum())


def languages(country: Array, draw: np.random.Generator) -> Array:
    """The language that each person writes: mostly that of the country, else English; migrants bring any other."""
    way = draw.random(len(country))
    brought = draw.integers(0, len(LANGUAGES), len(country))
    local = np.where(way < _SPEAKS_LOCAL, _LOCAL_LANGUAGE[country], _EN)
    return np.where(way > 1.0 - _MIGRANTS, brought, local)


def fixed_lines(country: Array, draw: np.random.Generator) -> Array:
    """A home address for each country index, in few dense /24s of the country's carriers."""
    carrier = draw.choice(_CARRIERS, len(country), p=_CARRIER_SHARE)
    block = (_DENSE_BLOCKS * draw.random(len(country)) ** 1.6).astype(np.int64)
    system = country * _CARRIERS + carrier
    return np.asarray(_FIXED | (system << 16) | (block << 8) | draw.integers(1, 255, len(country)))


def mobile_exits(country: Array, draw: np.random.Generator) -> Array:
    """The carrier-grade NAT address that each person shares with the carrier's other customers."""
    exit_number = draw.integers(0, _MOBILE_EXITS, len(country))
    return np.asarray(_MOBILE | (country << 16) | (exit_number << 8) | (7 + exit_number))


def vpn_exits(size: int, draw: np.random.Generator) -> Array:
    """An exit of a VPN or proxy seller; the first half of the hosting systems are such sellers."""
    seller = draw.integers(0, _HOSTERS // 2, size)
    exit_number = draw.integers(0, _VPN_EXITS, size)
    return np.asarray(_HOSTING | (seller << 13) | (exit_number << 8) | draw.integers(3, 6, size))


def hosts(size: int, draw: np.random.Generator) -> Array:
    """An address of a rented server; the second half of the hosting systems are hosters."""
    hoster = draw.integers(_HOSTERS // 2, _HOSTERS, size)
    block = draw.integers(0, _HOST_BLOCKS, size)
    return np.asarray(_HOSTING | (hoster << 13) | (block << 8) | draw.integers(1, 255, size))


def offices(size: int, draw: np.random.Generator) -> Array:
    """An egress address of a company or school, one for each of `size`."""
    return np.asarray(
        _OFFICE | (draw.integers(0, 16, size) << 16) | (draw.integers(1, 240, size) << 8) | draw.integers(1, 255, size)
    )


def systems(address: Array) -> Array:
    """The autonomous system number of each address.

    >>> systems(np.array([10 << 24])).tolist()
    [64512]
    """
    top = address >> 24
    fixed = (address >> 16) & 0xFF
    mobile = 128 + ((address >> 16) & 0x3F)
    hosting = 200 + ((address >> 13) & 0xF)
    office = 240 + ((address >> 16) & 0xF)
    return np.asarray(FIRST_ASN + np.select([top == 10, top == 100, top == 198], [fixed, mobile, hosting], office))


def places(address: Array, otherwise: Array) -> Array:
    """The country index that a geolocation would give each address; `otherwise` for hosting and office addresses."""
    top = address >> 24
    fixed = ((address >> 16) & 0xFF) // _CARRIERS
    mobile = (address >> 16) & 0x3F
    seller = (address >> 13) & 0xF
    return np.asarray(
        np.select([top == 10, top == 100, top == 198], [fixed, mobile, (seller * 7 + 3) % len(COUNTRIES)], otherwise)
    )


def dotted(address: Array) -> pa.Array:
    """Each address in dotted form."""
    distinct, where = np.unique(address, return_inverse=True)
    texts = [f"{value >> 24}.{(value >> 16) & 255}.{(value >> 8) & 255}.{value & 255}" for value in distinct.tolist()]
    return pa.array(texts, pa.string()).take(pa.array(where))
