"""What an account shows besides its traffic: client stack, payment, mail, plan and papers.

Everything here is shared by strangers at realistic rates (popular client stacks, large issuers, free-mail hosts), so
that a shared value is only as telling as it is rare in its region. Names of products are invented.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from hydrometer.simulate import networks
from hydrometer.simulate.mixing import choose, mix
from hydrometer.simulate.world import Array

BROWSER, SDK, SCRIPT, EDITOR, SERVER = range(5)
"""Families of client stacks."""
SEARCH_TOOLS = 1
"""Tool set of the product in a browser (`speech.TOOLSETS`)."""
_SYSTEMS = ("Windows NT 10.0; Win64; x64", "Macintosh; Intel Mac OS X 14_5", "X11; Linux x86_64", "Linux; Android 15")
_ENGINES = ("Kestrel/128.0", "Kestrel/129.1", "Marten/17.4", "Marten/18.0", "Ibex/131.0")
_STACKS: tuple[tuple[int, str, tuple[str, ...]], ...] = (
    (BROWSER, "Mozilla/5.0 ({system}) {engine}", ("",)),
    (SDK, "aster-python/{version}", ("1.31.0", "1.38.2", "1.40.0", "1.42.1", "1.44.0")),
    (SDK, "aster-node/{version}", ("4.8.1", "4.11.0", "5.0.3")),
    (SCRIPT, "python-httpclient/{version}", ("0.26", "0.27", "0.28")),
    (SCRIPT, "curl/{version}", ("8.5.0", "8.9.1")),
    (EDITOR, "quill-editor/{version}", ("2.9.4", "2.10.0")),
    (EDITOR, "branch-agent/{version}", ("0.9.12", "1.0.1")),
    (SERVER, "go-aster/{version}", ("0.7.2", "0.8.0")),
    (SERVER, "aster-java/{version}", ("2.3.0",)),
)


def _stacks() -> tuple[list[str], Array]:
    """User agents of all client stacks and their families."""
    agents: list[str] = []
    families: list[int] = []
    for family, pattern, versions in _STACKS:
        if family == BROWSER:
            made = [pattern.format(system=system, engine=engine) for system in _SYSTEMS for engine in _ENGINES]
        else:
            made = [pattern.format(version=version) for version in versions]
        agents += made
        families += [family] * len(made)
    return agents, np.array(families)


AGENTS, FAMILIES = _stacks()
_SDK_SHARE = np.array([3, 5, 7, 15, 44, 3, 7, 16], dtype=float)
"""Most clients update themselves: the newest build of each kit is by far the most common one."""
_VARIANTS = 3
_VARIANT_SHARE = np.array([0.70, 0.21, 0.09])
"""TLS libraries and header orders differ between builds of one client version."""


def clients(family: int, size: int, draw: np.random.Generator) -> Array:
    """Client codes of a family: an agent of it in one of its builds."""
    members = np.flatnonzero(family == FAMILIES)
    weights = _SDK_SHARE if family == SDK else np.ones(len(members))
    agent = draw.choice(members, size, p=weights / weights.sum())
    return np.asarray(agent * _VARIANTS + draw.choice(_VARIANTS, size, p=_VARIANT_SHARE))


def families(client: Array) -> Array:
    """The family of each client code."""
    return np.asarray(FAMILIES[client // _VARIANTS])


def user_agents(client: Array) -> pa.Array:
    """The user agent of each client code."""
    return pa.array(AGENTS, pa.string()).take(pa.array(client // _VARIANTS))


def tls_fingerprints(client: Array) -> pa.Array:
    """JA4-shaped fingerprint of each client code: depends on family, library build and platform."""
    codes = np.arange(len(AGENTS) * _VARIANTS)
    builds = FAMILIES[codes // _VARIANTS] * 8 + codes % _VARIANTS + 3 * (choose(codes // _VARIANTS, 3, 4) == 0)
    hashes = mix(builds, 4)
    texts = [
        f"t13d{15 + build % 4}{10 + build % 7}h2_{value >> 16:012x}_{value & 0xFFFF:04x}{value >> 32:08x}"
        for build, value in zip(builds.tolist(), hashes.tolist(), strict=True)
    ]
    return pa.array(texts, pa.string()).take(pa.array(client))


def header_shapes(client: Array) -> pa.Array:
    """Hash of the ordered header names of each client code."""
    codes = np.arange(len(AGENTS) * _VARIANTS)
    texts = [f"{value & 0xFFFFFFFF:08x}" for value in mix(codes // 2, 5).tolist()]
    return pa.array(texts, pa.string()).take(pa.array(client))


_FREE_MAIL = ("lettermail", "openpost", "swiftbox", "quietmail", "postfach", "correo", "pochta", "youjian")
_THROW_AWAY = ("privacy-relay", "tempinbox", "droplet-mail", "onetime", "alias")
_FIRMS = (
    "north", "harbour", "granite", "meadow", "copper", "willow", "summit", "cedar", "amber", "bridge", "canyon",
    "delta", "ember", "field", "glacier", "heron", "island", "juniper", "kestrel", "lantern", "maple", "orchard",
    "pebble", "quarry", "river", "slate", "thistle", "valley", "walnut", "yarrow",
)  # fmt: skip
_TRADES = (
    "logistics", "studio", "labs", "works", "insurance", "foods", "health", "energy", "media", "legal", "trading",
    "homes",
)  # fmt: skip
MAIL_DOMAINS = tuple(
    f"{name}.example"
    for name in (*_FREE_MAIL, *_THROW_AWAY, "campus", *(f"{firm}-{trade}" for firm in _FIRMS for trade in _TRADES))
)
_BY_LANGUAGE = {"en": (0, 1, 2, 3), "zh": (7, 0, 1), "ru": (6, 0, 1), "es": (5, 0, 2), "de": (4, 0, 3)}
DISPOSABLE = tuple(range(len(_FREE_MAIL), len(_FREE_MAIL) + len(_THROW_AWAY)))
CAMPUS = DISPOSABLE[-1] + 1
COMPANY = tuple(range(CAMPUS + 1, len(MAIL_DOMAINS)))
_DISPOSABLE_SHARE, _FOREIGN_MAIL_SHARE = 0.09, 0.1
MAIL_SHAPES = (
    "aaaa.aaaaaa", "aaaaaa99", "aaaaa", "aaaaaaaa9", "a.aaaaaaa", "aaaaaa_aaa", "aaaa9999", "aaa.aaaa99",
    "aaaaaaaaaa", "aa99aa99",
)  # fmt: skip
_SHAPE_SHARE = np.array([20, 15, 9, 10, 9, 6, 12, 7, 8, 4], dtype=float)


def mail_domains(language: Array, draw: np.random.Generator) -> Array:
    """Index of a free-mail host, mostly of each person's language, sometimes any or a disposable one."""
    chosen = np.zeros(len(language), dtype=np.int64)
    for code, name in enumerate(networks.LANGUAGES):
        rows = np.flatnonzero(language == code)
        chosen[rows] = draw.choice(_BY_LANGUAGE[name], len(rows))
    foreign = draw.random(len(language)) < _FOREIGN_MAIL_SHARE
    chosen = np.where(foreign, draw.integers(0, len(_FREE_MAIL), len(language)), chosen)
    disposable = draw.random(len(language)) < _DISPOSABLE_SHARE
    return np.where(disposable, draw.choice(DISPOSABLE, len(language)), chosen)


def mail_shapes(size: int, draw: np.random.Generator) -> Array:
    """Index of a shape of the local part for each person."""
    return draw.choice(len(MAIL_SHAPES), size, p=_SHAPE_SHARE / _SHAPE_SHARE.sum())


_ISSUERS_A_COUNTRY = 5
_ISSUER_SHARE = np.array([0.38, 0.26, 0.18, 0.11, 0.07])
GLOBAL_ISSUERS = 6
"""Wallets and virtual-card sellers that serve every country."""
_GLOBAL_SHARE = 0.22


def issuers(country: Array, draw: np.random.Generator) -> Array:
    """Issuer code of each person's instrument: mostly a bank of the country, else a global wallet or virtual card."""
    bank = (
        GLOBAL_ISSUERS + country * _ISSUERS_A_COUNTRY + draw.choice(_ISSUERS_A_COUNTRY, len(country), p=_ISSUER_SHARE)
    )
    return np.where(draw.random(len(country)) < _GLOBAL_SHARE, draw.integers(0, GLOBAL_ISSUERS, len(country)), bank)


def issuer_names(issuer: Array) -> pa.Array:
    """Issuer identification number of each code."""
    count = GLOBAL_ISSUERS + len(networks.COUNTRIES) * _ISSUERS_A_COUNTRY
    texts = [f"{400000 + value % 199999:06d}" for value in mix(np.arange(count), 6).tolist()]
    return pa.array(texts, pa.string()).take(pa.array(issuer))


PLANS = ("free", "pro", "team", "enterprise", "credits", "payg")
FREE, PRO, TEAM, ENTERPRISE, CREDITS, PAYG = range(6)
PROGRAMMES = ("education", "startup", "research")
EDUCATION, STARTUP, RESEARCH = range(3)
VERIFICATIONS = ("none", "email", "phone", "id", "business")
UNVERIFIED, EMAIL, PHONE, PAPERS, BUSINESS = range(5)
PATHWAYS = ("api", "subscription", "cloud:cumulus", "aggregator:junction", "education", "startup", "research")
API, SUBSCRIPTION, CLOUD, AGGREGATOR, CLASS, VENTURE, STUDY = range(7)
MODELS = ("aster-4-mini", "aster-4", "aster-4-deep", "aster-5")
MINI, STANDARD, DEEP, NEW = range(4)
INPUT_USD = np.array([0.25, 2.5, 9.0, 4.0])
"""List price of a million input tokens."""
OUTPUT_USD = np.array([1.2, 12.0, 40.0, 18.0])
THINKING_BUDGETS = (1024, 4096, 8192, 16384, 32768)
CLOSE_REASONS = ("banned", "unpaid", "user")
BANNED, UNPAID, LEFT = range(3)
