"""What a test of `prove` is, what it may see, and what it may answer.

A test sees one case: a candidate group, the half of the families that did not form it, and counts. It answers with an
e-value or abstains, and with evidence rows that say in words what was found, against which null, on how many units.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from hydrometer.base.groups import Group
from hydrometer.base.population import Population, TestingHalf
from hydrometer.base.workspace import Workspace

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Counts:
    """Distinct items of operators (rows = operators), effective sizes and flags.

    Attributes:
        items: shape (n,), distinct prompts.
        effective: shape (n,), effective number of prompts after clustering by wording.
        flagged: shape (n,), share of distinct prompts with any technique.
        by_technique: shape (n, techniques), the same for each.
        filled: shape (n,), share of distinct prompts whose opening or closing phrase carries at least five of them.
    """

    items: NDArray[np.int64]
    effective: NDArray[np.float64]
    flagged: NDArray[np.float64]
    by_technique: NDArray[np.float64]
    filled: NDArray[np.float64]

    def of(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> Counts:
        """The counts of some rows."""
        return Counts(
            self.items[rows], self.effective[rows], self.flagged[rows], self.by_technique[rows], self.filled[rows]
        )


@dataclass(frozen=True, slots=True)
class Usage:
    """How a group works, in figures that need no list of words.

    Attributes:
        profile: shape (figures,), of all that it sends (`prove/profile.py`).
        forms: shape (k, figures), of each form that its accounts share (`prove/forms.py`).
        metadata: shape (figures,), what metadata alone can tell (`prove/metadata.py`); None where the log has prompts,
            which tell more.
    """

    profile: NDArray[np.float64]
    forms: NDArray[np.float64]
    metadata: NDArray[np.float64] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class OwnOperators:
    """Benign operators of the provider itself, in figures alone: no id, no name, no text.

    Attributes:
        kinds: how it is known that each is benign, in words with underscores.
        profiles: shape (n, figures), as `Usage.profile`.
        forms: shape (n, figures), each one's most telling form as in `Usage.forms`; NaN where it has none.
        known_us: shape (n,), moment from which each was known, microseconds since 1970.
        metadata: shape (n, figures), as `Usage.metadata`; shape (0, 0) where it was not measured.
    """

    kinds: tuple[str, ...]
    profiles: NDArray[np.float64]
    forms: NDArray[np.float64]
    known_us: NDArray[np.int64]
    metadata: NDArray[np.float64] = field(default_factory=lambda: np.zeros((0, 0)))

    def __len__(self) -> int:
        return len(self.kinds)

    def known_at(self, moment_us: int) -> OwnOperators:
        """Those that were known at a moment; itself where that is all of them."""
        rows = self.known_us <= moment_us
        if rows.all():
            return self
        kinds = tuple(kind for kind, known in zip(self.kinds, rows, strict=True) if known)
        metadata = self.metadata[rows] if len(self.metadata) else self.metadata
        return OwnOperators(kinds, self.profiles[rows], self.forms[rows], self.known_us[rows], metadata)


NO_OPERATORS = OwnOperators((), np.zeros((0, 0)), np.zeros((0, 0)), np.zeros(0, np.int64))
"""What is known of a provider who has not calibrated."""
NOBODY: NDArray[np.int64] = np.zeros(0, np.int64)
"""No units."""


@dataclass(frozen=True, slots=True)
class Case:
    """One group before the tests.

    Attributes:
        group: the candidate.
        testing: families that did not form it.
        population: all units.
        workspace: tables up to `last_epoch` may be asked.
        last_epoch: last epoch of event time that counts.
        seed: the run's seed.
        techniques: names of the technique columns of `Counts`.
        counts: shape (1,), the group pooled.
        background: one row per benign operator seen: units outside the neighbourhood of this group and of every group
            that is one hand; what is under test, or words its requests likewise, is no sample of benign operators.
        register: authorised uses, as the register gives them.
        usage: how the group works.
        own: the provider's own benign operators.
        capabilities: names of the capability bits of the fingerprint.
        beside: units outside the group that stand in other candidates, none of which was formed by infrastructure;
            empty where the group itself was.
        shared: what tests have worked out for all groups of a moment, by name of the test and epoch; for them alone.
    """

    group: Group
    testing: TestingHalf
    population: Population
    workspace: Workspace
    last_epoch: int
    seed: int
    techniques: tuple[str, ...]
    counts: Counts
    background: Counts
    register: tuple[dict[str, object], ...]
    usage: Usage
    own: OwnOperators = NO_OPERATORS
    capabilities: tuple[str, ...] = ()
    beside: NDArray[np.int64] = field(default_factory=lambda: NOBODY)
    shared: dict[tuple[str, int], Any] = field(default_factory=dict)

    def once(self, name: str, moment: int, work: Callable[[], T]) -> T:
        """What does not depend on the group: worked out for the first one that asks, the same for all of a moment.

        Args:
            name: whose it is; a name of a test, or one that begins with it.
            moment: epoch of which it is told.
            work: works it out.
        """
        if (name, moment) not in self.shared:
            self.shared[name, moment] = work()
        found: T = self.shared[name, moment]
        return found


@dataclass(frozen=True, slots=True)
class Evidence:
    """One row of the evidence table, before it has a campaign's id; columns as in the contract."""

    hypothesis: str
    signal: str
    family: str | None
    value: float | None
    unit: str | None
    n: int | None
    null_model: str | None
    stratum: str | None
    empirical_bits: float | None
    model_bits: float | None
    statement: str


@dataclass(frozen=True, slots=True)
class Finding:
    """What a test answers.

    Attributes:
        log_e: natural log of its e-value; None = it abstains.
        evidence: rows for the table.
        explanation: an innocent explanation that fits, in words; None = none.
        kind: the kind of group that the explanation makes it (contract, `kind`); None = it does not say.
    """

    log_e: float | None = None
    evidence: tuple[Evidence, ...] = ()
    explanation: str | None = None
    kind: str | None = None


@dataclass(frozen=True, slots=True)
class Test:
    """A test as a plug-in.

    Attributes:
        name: stem of its file.
        hypothesis: `H1`, `H2` or `H4`.
        role: `evidence` (its e-value is averaged with the hypothesis' others), `exoneration` (its e-value, at most 1,
            shrinks the hypothesis' e-value), `explanation` (says which innocent explanation fits; it wins where the
            group is not listed), `declaration` (an explanation that wins always) or `authorisation` (the register
            covers the group).
        judge: case → finding.
        source: where it is published.
        benign_twins: look-alikes on which it must hold still.
    """

    __test__ = False

    name: str
    hypothesis: str
    role: str
    judge: Callable[[Case], Finding]
    source: str
    benign_twins: tuple[str, ...]
