"""How far a group moved to a newly released model, beside strangers with the same clients, and whether that is a pivot.

Looks are taken 6, 12, 18 and 24 hours after a release, each from what was known by then. A pivot needs a large move
that strangers with the same kinds of client did not make in the same release, work that goes on, and no price that
explains it. With K peers the smallest p is 1/(K+1): with fewer than 99 nothing is said, and fewer than 999 cannot carry
one false pivot in a thousand operators.
Source: `statistics.md` section 8.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from hydrometer.base.units import decide
from hydrometer.prove.assembly import moment
from hydrometer.prove.fact import HOUR_US, MET, NOT_MET, UNKNOWN, plural
from hydrometer.prove.facts import _continuation, _prices
from hydrometer.prove.facts._matched import Matched, matched, mean_p
from hydrometer.prove.facts._releases import (
    ADOPTION_US,
    LOOKS_H,
    Release,
    Use,
    peers,
    releases,
    use_of_everybody,
    use_of_group,
)
from hydrometer.prove.facts.capabilities import ratio_interval
from hydrometer.prove.subject import Subject

RELEASES_MAX = 5
"""Latest releases of the log that are looked at."""
ACCOUNTS_MIN, EXCHANGES_MIN, EACH_MIN = 5, 20, 2.0
"""A group is looked at with so many units that were there before and after, and so many exchanges after, `EACH_MIN`
from each."""
PIVOT_P = 0.001
PEERS_MIN = 99
"""With fewer peers the smallest p says too little, and no pivot is said."""
MOVED_MIN, EXCESS_MIN = 0.2, 0.15
"""Share of the traffic that moves, and how much more than peers', from which a move is called a pivot."""
ONSET = 0.05
"""Share of the accounts that switch after which the pivot has begun."""
LAST = len(LOOKS_H) - 1


@dataclass(frozen=True, slots=True)
class Look:
    """A group's move at one look after a release.

    Attributes:
        release: the release.
        look: position in `LOOKS_H`.
        use: of the group's units that were there before and after.
        found: their moves, beside those of peers; None where no kind of client has a peer.
        share: shape (3,), share of the exchanges on the new model with its interval over accounts.
        before: the same share in the three days before.
    """

    release: Release
    look: int
    use: Use
    found: Matched | None
    share: tuple[float, float, float]
    before: float

    @property
    def enough(self) -> bool:
        """Whether there is enough to look at."""
        return len(self.use.unit) >= ACCOUNTS_MIN and float(self.use.after[self.look].sum()) >= EXCHANGES_MIN

    @property
    def excess(self) -> float | None:
        """Difference in differences, in shares: the group's move less that of strangers; None without peers."""
        return None if self.found is None else float(self.found.values.mean()) - self.found.expected()

    def p_value(self, seed: int) -> float | None:
        """P(as many strangers with the same kinds of client move as much); None without peers."""
        return None if self.found is None else mean_p(self.found, seed, f"pivot {self.release.model} {self.look}")

    def unusual(self, seed: int) -> bool:
        """Whether as many strangers with the same kinds of client hardly ever move as much."""
        if not self.enough or self.found is None or self.found.peers < PEERS_MIN:
            return False
        p_value = self.p_value(seed)
        return p_value is not None and decide(p_value) <= max(PIVOT_P, decide(self.found.floor))

    @property
    def large(self) -> bool:
        """Whether much moved, and much more than of strangers."""
        moved = decide(self.share[0] - self.before) >= MOVED_MIN
        return moved and self.excess is not None and decide(self.excess) >= EXCESS_MIN


def look_at(group: Use, everybody: Use, release: Release, look: int) -> Look:
    """The move of a group's units at one look.

    Args:
        group: use of the group's units.
        everybody: use of its peers.
        release: the release.
        look: position in `LOOKS_H`.
    """
    there = group.of(group.there(look, EACH_MIN))
    others = everybody.of(everybody.there(look, EACH_MIN))
    found = None
    if len(there.unit) and len(others.unit):
        pairs = matched(there.moved(look), there.client, others.moved(look), others.client)
        found = pairs if len(pairs.values) else None
    share = ratio_interval(there.new[look], there.after[look])
    before = float(there.before_new.sum() / max(there.before.sum(), 1e-9))
    return Look(release, look, there, found, share, before)


@dataclass(frozen=True, slots=True)
class Pivot:
    """What was found around one release.

    Attributes:
        looks: one a look.
        switched: state of the pivot: met, not met or unknown.
        why: why it is not met or unknown, in words.
        onset_us: when it began; None unless met.
        recognised_us: end of the first look that shows it; None unless met.
        work: whether the work went on.
        price: whether the price explains it.
    """

    looks: tuple[Look, ...]
    switched: str
    why: str
    onset_us: int | None
    recognised_us: int | None
    work: _continuation.Work
    price: _prices.Change


def pivots(subject: Subject) -> list[Pivot]:
    """What was found around each release inside the log, in order of time; worked out once."""
    if "pivots" not in subject.notes:
        around = subject.around
        known = releases(around)[-RELEASES_MAX:] if around.workspace.has("releases") else []
        subject.notes["pivots"] = [_pivot(subject, release) for release in known if release.names]
    found: list[Pivot] = subject.notes["pivots"]
    return found


def pivot_at(subject: Subject) -> datetime | None:
    """When the group turned to a newly released model, for the first time; None = it did not, or it cannot be said."""
    begun = [pivot.onset_us for pivot in pivots(subject) if pivot.onset_us is not None]
    return moment(begun[0]) if begun else None


def _pivot(subject: Subject, release: Release) -> Pivot:
    group = use_of_group(subject, release)
    everybody = peers(subject.around, use_of_everybody(subject.around, release))
    looks = tuple(look_at(group, everybody, release, look) for look in range(len(LOOKS_H)))
    work = _continuation.work(subject, release.at_us, release.names)
    price = _prices.change(subject, release.at_us, release.names, looks[LAST].share[0])
    state, why = _state(looks[LAST], work, price, subject.around.seed)
    seen = [look.look for look in looks if look.unusual(subject.around.seed)] if state == MET else []
    onset = _onset(looks[LAST].use, release) if state == MET else None
    recognised = release.at_us + LOOKS_H[seen[0]] * HOUR_US if seen else None
    return Pivot(looks, state, why, onset, recognised, work, price)


def _state(last: Look, work: _continuation.Work, price: _prices.Change, seed: int) -> tuple[str, str]:
    """State of a pivot with the reason where it is not met."""
    if not last.enough:
        return UNKNOWN, (
            f"{plural(len(last.use.unit), 'account')} with {plural(float(last.use.after[LAST].sum()), 'exchange')} "
            f"were there before and after, fewer than {ACCOUNTS_MIN} and {EXCHANGES_MIN}"
        )
    if last.found is None or last.found.peers < PEERS_MIN:
        return UNKNOWN, (
            f"{plural(last.found.peers if last.found else 0, 'benign operator')} with the same kinds of client are too "
            f"few to compare with; {PEERS_MIN} are needed"
        )
    if not (last.large and last.unusual(seed)):
        return NOT_MET, "as many strangers with the same kinds of client move as much, or little moved"
    if price.explains:
        return NOT_MET, "the move is nearly complete and to a cheaper model, so that the price explains it"
    if work.state == NOT_MET:
        return NOT_MET, "the work on the new model is not the one from before"
    if work.state == UNKNOWN:
        return UNKNOWN, "too little shows whether the work on the new model is the one from before"
    return MET, ""


def switch_hours(use: Use, release: Release) -> NDArray[np.float64]:
    """Hours from the release to the first use of the new model, of the units that used it within three days."""
    hours = (use.first_new_us - release.at_us) / HOUR_US
    result: NDArray[np.float64] = hours[(use.first_new_us >= 0) & (hours * HOUR_US <= ADOPTION_US)]
    return result


def _onset(use: Use, release: Release) -> int:
    """When the share `ONSET` of the accounts that switch had done so."""
    hours = np.sort(switch_hours(use, release))
    return release.at_us + int(hours[int(ONSET * (len(hours) - 1))] * HOUR_US)
