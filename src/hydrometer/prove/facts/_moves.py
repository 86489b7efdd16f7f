"""How far a group moved to a newly released model, beside strangers with the same clients, and whether that is a pivot.

Looks are taken 6, 12, 18 and 24 hours after a release, each from what was known by then, and share one level between
them: half of it is spent at the first look, since a pivot is worth most while it is new. A pivot needs a large move (by
a look, the part of it that an even move would have made by then) that strangers with the same kinds of client did not
make in the same release, work that goes on, and no price that explains it. With K peers no p below 1/(K+1) is printed;
with fewer than 99 nothing is said, and fewer than 999 cannot carry one false pivot in a thousand operators.
Source: `statistics.md` section 8.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from hydrometer.base.units import decide
from hydrometer.prove.assembly import moment
from hydrometer.prove.fact import HOUR_US, MET, NOT_MET, UNKNOWN, plural
from hydrometer.prove.facts import _continuation, _prices
from hydrometer.prove.facts._matched import Matched, matched, mean_chance
from hydrometer.prove.facts._releases import (
    ADOPTION_US,
    LOOKS_H,
    Release,
    Use,
    looks_of,
    peers,
    releases,
    use_of_everybody,
    use_of_group,
)
from hydrometer.prove.facts.capabilities import ratio_interval
from hydrometer.prove.subject import Subject

RELEASES_MAX = 5
"""Latest releases of the log that are looked at."""
ACCOUNTS_MIN, EXCHANGES_MIN, EACH_MIN = 5, 20, 0.5
"""A group is looked at with so many units that were there before and after, and so many exchanges after, `EACH_MIN`
from each: of less it is likelier that nothing was the group's."""
PIVOT_P = 0.001
SPENT = (1 / 2, 1 / 4, 1 / 8, 1 / 8)
"""Parts of `PIVOT_P` that the looks may spend."""
PEERS_MIN = 99
"""With fewer peers the smallest p says too little, and no pivot is said."""
MOVED_MIN, EXCESS_MIN = 0.2, 0.15
"""Share of the traffic that moves, and how much more than peers', from which a move within a day is
called a pivot; the part of a day that a look has seen needs that part of it."""
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
        chance: P(as many strangers with the same kinds of client move as much) by draws alone; None without peers, or
            where it was not asked for.
        share: shape (3,), share of the exchanges on the new model with its interval over accounts.
        before: the same share in the three days before.
    """

    release: Release
    look: int
    use: Use
    found: Matched | None
    chance: float | None
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

    @property
    def p_value(self) -> float | None:
        """`chance`, paid for all looks, and never below what so many peers can tell; None without peers."""
        if self.chance is None or self.found is None:
            return None
        return min(1.0, max(self.chance / SPENT[self.look], self.found.floor))

    @property
    def unusual(self) -> bool:
        """Whether as many strangers with the same kinds of client hardly ever move as much."""
        if not self.enough or self.found is None or self.found.peers < PEERS_MIN or self.chance is None:
            return False
        return decide(self.chance) <= decide(PIVOT_P * SPENT[self.look])

    @property
    def large(self) -> bool:
        """Whether much moved for the hours seen, and much more than of strangers."""
        part = LOOKS_H[self.look] / LOOKS_H[LAST]
        moved = decide(self.share[0] - self.before) >= decide(part * MOVED_MIN)
        return moved and self.excess is not None and decide(self.excess) >= decide(part * EXCESS_MIN)


def weighed(look: Look, seed: int) -> Look:
    """The look with its chance."""
    if look.found is None:
        return look
    return replace(look, chance=mean_chance(look.found, seed, f"pivot {look.release.model} {look.look}"))


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
    return Look(release, look, there, found, None, share, before)


@dataclass(frozen=True, slots=True)
class Pivot:
    """What was found around one release.

    Attributes:
        looks: those that the log holds whole, in order of time.
        stated: for each look whether a pivot would have been said then.
        switched: state of the pivot at the last look: met, not met or unknown.
        why: why it is not met or unknown, in words.
        onset_us: when it began; None unless met.
        recognised_us: end of the first look at which it would have been said; None unless met.
        work: whether the work went on.
        price: whether the price explains it.
    """

    looks: tuple[Look, ...]
    stated: tuple[bool, ...]
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
    places = looks_of(release.at_us, subject.around.span_us[1])
    seen = [look_at(group, everybody, release, place) for place in places]
    looks = tuple(
        weighed(look, subject.around.seed) if look.enough and (look.large or look is seen[-1]) else look
        for look in seen
    )
    unusual = np.logical_or.accumulate([look.unusual for look in looks]).tolist()
    stated = [
        shown and look.large and _state(look, shown, *_grounds(subject, look))[0] == MET
        for look, shown in zip(looks, unusual, strict=True)
    ]
    last = looks[-1]
    work, price = _grounds(subject, last)
    state, why = _state(last, unusual[-1], work, price)
    met = state == MET
    recognised = release.at_us + LOOKS_H[looks[stated.index(True)].look] * HOUR_US if met else None
    onset = _onset(last.use, release) if met else None
    return Pivot(looks, tuple(stated), state, why, onset, recognised, work, price)


def _grounds(subject: Subject, look: Look) -> tuple[_continuation.Work, _prices.Change]:
    """Whether the work went on and whether the price explains the move, as could be seen by a look; worked out once."""
    release = look.release
    key = f"grounds {release.model} {look.look}"
    if key not in subject.notes:
        span = release.at_us, release.at_us + LOOKS_H[look.look] * HOUR_US
        moved = _prices.moved_since(subject, span, release.names)
        subject.notes[key] = (
            _continuation.work(subject, release.at_us, release.names, span[1]),
            _prices.change(subject, release.at_us, release.names, moved),
        )
    found: tuple[_continuation.Work, _prices.Change] = subject.notes[key]
    return found


def _state(look: Look, unusual: bool, work: _continuation.Work, price: _prices.Change) -> tuple[str, str]:
    """State of a pivot at a look, with the reason where it is not met.

    Args:
        look: the look.
        unusual: whether strangers hardly ever move as much, at this look or an earlier one.
        work: whether the work goes on.
        price: whether the price explains the move.
    """
    if not look.enough:
        return UNKNOWN, (
            f"{plural(len(look.use.unit), 'account')} with {plural(float(look.use.after[look.look].sum()), 'exchange')}"
            f" were there a day before and after, fewer than {ACCOUNTS_MIN} and {EXCHANGES_MIN}"
        )
    if look.found is None or look.found.peers < PEERS_MIN:
        return UNKNOWN, (
            f"{plural(look.found.peers if look.found else 0, 'benign operator')} with the same kinds of client are too "
            f"few to compare with; {PEERS_MIN} are needed"
        )
    if not (look.large and unusual):
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
