"""What a section of facts may look at: one listed group, its exchanges, and everybody else in the run.

Everybody else is worked out once a run and only if a group is listed: per unit, how much it sent and what that was
aimed at. Peers of a group are units that belong to no listed group; a unit is all accounts of one declared owner.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa

from hydrometer.base.tables import INPUTS
from hydrometer.base.units import DECISION_DIGITS
from hydrometer.base.workspace import Workspace
from hydrometer.prove.assembly import Reported
from hydrometer.prove.attribution import Wordings
from hydrometer.prove.verdict import Verdict

CLIENTS = """
select unit, arg_max(client_type, (exchanges, client_type)) as client_type from (
  select unit, coalesce(client_type, '?') as client_type, sum(exchanges) as exchanges from {places} group by 1, 2)
group by 1 order by 1
"""


MEMBER_FIGURES = ("probability", "share_low", "share_high")
"""Figures of each member: that it belongs, and the 95 % interval of its share."""


@dataclass(frozen=True, slots=True)
class Words:
    """Names of the bits of the fingerprint's masks.

    Attributes:
        techniques: of the mask `techniques`.
        targets: of the mask `targets`.
    """

    techniques: tuple[str, ...]
    targets: tuple[str, ...]


class Surroundings:
    """The run around its listed groups, worked out when first asked for.

    Args:
        workspace: tables of the run.
        words: names of the bits.
        policy: the provider's policy, as `policy.yaml` gives it.
        listed: members' units of each listed group.
        seed: the run's seed.
    """

    def __init__(
        self,
        workspace: Workspace,
        words: Words,
        policy: Mapping[str, Any],
        listed: Sequence[np.ndarray[Any, Any]],
        seed: int = 0,
    ) -> None:
        self.workspace = workspace
        self.words = words
        self.policy = policy
        self.seed = seed
        self.listed = np.unique(np.concatenate([*listed, np.zeros(0, np.int64)])).astype(np.int64)
        self.kept: dict[str, Any] = {}

    @cached_property
    def clients(self) -> pa.Table:
        """Kind of client that each unit uses most: columns `unit`, `client_type`, by unit."""
        return self.workspace.query(CLIENTS)

    def clients_of(self, unit: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """Kind of client of each of some units, `?` where none is known; shape as `unit`."""
        known = dict(zip(self.clients["unit"].to_pylist(), self.clients["client_type"].to_pylist(), strict=True))
        return np.array([known.get(one, "?") for one in unit.tolist()], dtype=object)

    @cached_property
    def span_us(self) -> tuple[int, int]:
        """First and last exchange of the log, microseconds since 1970."""
        row = self.workspace.query("select min(sent_us) as a, max(sent_us) as b from {fingerprints}").to_pylist()[0]
        return int(row["a"]), int(row["b"])

    @cached_property
    def absent(self) -> frozenset[str]:
        """Columns of `exchanges` that are wholly null."""
        return absent_columns(self.workspace)


def absent_columns(workspace: Workspace) -> frozenset[str]:
    """Columns of `exchanges` that are wholly null.

    On top of an earlier run the file does not hold them all, and the table `absent` names them.
    """
    if workspace.has("absent"):
        return frozenset(workspace.read("absent")["name"].to_pylist())
    return frozenset(workspace.absent("exchanges", INPUTS["exchanges"].names))


@dataclass(frozen=True, slots=True)
class Subject:
    """One listed group.

    Attributes:
        campaign_id: its id.
        workspace: tables of the run.
        part: its exchanges with their probability in millionths (`assembly.ATTRIBUTED`).
        members: columns `account_id`, `unit` and `MEMBER_FIGURES`, by account; shares may be missing.
        around: the rest of the run.
        verdict: what was judged; None in a test of facts alone.
        detectable_at: end of the first epoch in which it was listed.
        wordings: what it words, and who sends it; None in a test of facts alone.
        notes: what was worked out for one section and is of use to another.
    """

    campaign_id: str
    workspace: Workspace
    part: pa.Table
    members: pa.Table
    around: Surroundings
    verdict: Verdict | None = None
    detectable_at: datetime | None = None
    wordings: Wordings | None = None
    notes: dict[str, Any] = field(default_factory=dict)

    @property
    def units(self) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        """Units of the members, ascending."""
        return np.unique(self.members["unit"].to_numpy().astype(np.int64))


def subject_of(
    reported: Reported, accounts: list[list[str]], around: Surroundings, detectable_at: datetime | None
) -> Subject:
    """The subject of a listed group.

    Args:
        reported: the group.
        accounts: accounts of each unit.
        around: the rest of the run.
        detectable_at: see `Subject`.
    """
    membership = reported.verdict.judged.membership
    whole = np.ones(len(membership.units))
    found = reported.shares
    low, high = (found.low, found.high) if found else (0.0 * whole, whole)
    rows = sorted(
        (account, int(unit), *(float(np.round(one, DECISION_DIGITS)) for one in numbers))
        for unit, *numbers in zip(membership.units, membership.probability, low, high, strict=True)
        for account in accounts[int(unit)]
    )
    names = {"account_id": pa.string(), "unit": pa.int64()} | dict.fromkeys(MEMBER_FIGURES, pa.float64())
    members = pa.table(
        {name: pa.array([row[place] for row in rows], kind) for place, (name, kind) in enumerate(names.items())}
    )
    return Subject(
        reported.verdict.campaign_id, around.workspace, reported.attributed, members, around, reported.verdict,
        detectable_at, reported.wordings,
    )  # fmt: skip
