"""Which group of one run is which of another: by the accounts that both hold, never by name alone.

Groups of two runs are the same hand where one holds at least half of the smaller; each is matched with one at most, the
most similar first. Among the groups that are listed a group that half or more of several came into is a merger, one
that several came out of by half or more is a split. The share is that by which a run absorbs one group into another.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from hydrometer.base.groups import OVERLAP

Groups = Mapping[str, frozenset[str]]
"""Group → its accounts."""


@dataclass(frozen=True, slots=True)
class Matched:
    """The groups of two runs.

    Attributes:
        pairs: (old, new), None where there is none; by the order of the new run, then of the old.
        split: listed old group → the listed new groups that came out of it, two or more.
        merged: listed new group → the listed old groups that went into it, two or more.
    """

    pairs: tuple[tuple[str | None, str | None], ...]
    split: dict[str, tuple[str, ...]]
    merged: dict[str, tuple[str, ...]]


def matched(
    old: Groups, new: Groups, listed_old: Collection[str], listed_new: Collection[str], *, follows: bool = False
) -> Matched:
    """Match the groups of two runs.

    Args:
        old: groups of the earlier run, in its order.
        new: groups of the later run, in its order.
        listed_old: names of those that are listed there.
        listed_new: the same of the later run.
        follows: whether the later run went on from the earlier one, so that groups of one name are one group.
    """
    common = shared(old, new)
    partner = _partners(old, new, common, old.keys() & new.keys() if follows else frozenset())
    taken = set(partner.values())
    pairs: list[tuple[str | None, str | None]] = [(partner.get(name), name) for name in new]
    pairs += [(name, None) for name in old if name not in taken]
    parts, sources = defaultdict[str, list[str]](list), defaultdict[str, list[str]](list)
    for (before, after), accounts in sorted(common.items()):
        if before in listed_old and after in listed_new:
            if accounts >= OVERLAP * len(new[after]):
                parts[before].append(after)
            if accounts >= OVERLAP * len(old[before]):
                sources[after].append(before)
    return Matched(tuple(pairs), _several(parts), _several(sources))


def shared(old: Groups, new: Groups) -> Counter[tuple[str, str]]:
    """How many accounts a group of one run and one of the other both hold, where it is any."""
    holders = defaultdict[str, list[str]](list)
    for name, accounts in new.items():
        for account in accounts:
            holders[account].append(name)
    return Counter(
        (name, other) for name, accounts in old.items() for account in accounts for other in holders.get(account, ())
    )


def _partners(old: Groups, new: Groups, common: Counter[tuple[str, str]], kept: Collection[str]) -> dict[str, str]:
    """New group → the old one that it is; one that kept its name, or has no accounts, is known by its name alone."""
    ranked = sorted(
        (-round(both / len(old[before] | new[after]), 9), before != after, before, after)
        for (before, after), both in common.items()
        if both >= OVERLAP * min(len(old[before]), len(new[after]))
    )
    found: dict[str, str] = {name: name for name in new if name in kept}
    for _, _, before, after in ranked:
        if after not in found and before not in found.values():
            found[after] = before
    return found | {name: name for name in new if not new[name] and name in old and not old[name]}


def _several(found: Mapping[str, list[str]]) -> dict[str, tuple[str, ...]]:
    return {name: tuple(others) for name, others in found.items() if len(others) > 1}
