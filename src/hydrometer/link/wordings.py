"""Communities of wordings: what is left when each account has a fresh card, a fresh address and four requests.

Phrases alone are looked at, by their rarity in their language. What one program or one fashion words alike is one
community with whoever copied it, so that each is also looked at by what tells its own units apart.
Source: `statistics.md` section 10 (adopters of a wording).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from hydrometer.base.dense import REPEATED, dense_parts, distinct, largest_first, overlap, rarities
from hydrometer.base.groups import Group, jaccard
from hydrometer.base.likeness import likeness
from hydrometer.link.ground import CONTRAST_SHARE_MAX, PART_RESOLUTION, Ground
from hydrometer.link.polish import joined, polished

CORE_SHARE = 0.2
"""A member of a community of wordings is tied to at least a fifth as many fellows as the typical one: a few strangers
who share a rare phrase with each other are not drawn in."""
WORDING_RESOLUTIONS = (0.8, 1.5)
"""Of communities of wordings. At 0.8 alone a campaign that replays an editor's sessions is one with its users; at 1.5
alone, and more so at 2.5 and 4, campaigns of many templates came back in pieces (development worlds, seed 1)."""
PART_SHARE, PART_UNITS = 0.2, 30
"""A part with this share of its community's units, and so many of them, is a candidate, too."""
SAME = 0.75
"""Jaccard index from which what two resolutions found is one candidate: a half and its whole are two questions."""
PHRASE_SHARE = 0.4
MARKED_SHARE = 0.6
"""A community of wordings must show one mark (`base/likeness.py`) in two fifths of its units, and two or more in three
fifths of them: campaigns of development worlds do, parts of one language of ordinary people reach a third at most."""
WORDING_SHARE_MAX = 0.1
WORDING_HOLDERS_MIN = 30
"""Phrases that more than this part of a language's units use, and more than thirty, are what everybody says."""


def wordings(ground: Ground, smallest: int) -> list[Group]:
    """Communities of wordings at each resolution, and those of all of them that hold each other's marks, together.

    A campaign whose template is an editor's too comes out alone only where communities are small, one of many templates
    whole only where they are large, or put together. What was found before, by and large, counts once.
    """
    found: list[NDArray[np.int64]] = []

    def add(parts: Sequence[NDArray[np.int64]]) -> None:
        for part in parts:
            if all(jaccard(part, other) < SAME for other in found):
                found.append(part)

    for resolution in WORDING_RESOLUTIONS:
        add(wordings_at(ground, smallest, resolution))
    whole, count = list(found), len(found) + 1
    while len(whole) < count:
        count = len(whole)
        whole = joined(ground.population, ground.families, whole, ground.population.languages)
    add(whole)
    return [Group(part, ground.half.side, "community of wordings") for part in largest_first(found)]


def wordings_at(ground: Ground, smallest: int, resolution: float) -> list[NDArray[np.int64]]:
    """Dense parts of the graph of units and phrases, found language by language, polished, and joined over languages.

    People of one language share phrases whatever they do; over all languages at once the densest parts are languages.
    Each part is also looked at by itself (`contrasted`); what is found there is joined with the others in its place.
    """
    parts = largest_first(
        part
        for language in range(int(ground.population.languages.max(initial=-1)) + 1)
        for part in wording_parts(ground, ground.population.languages == language, smallest, resolution)
    )
    better = [polish_wording(ground, part, ground.population.languages, smallest) for part in parts]
    marked = [part for part in distinct([part for part in better if len(part) >= smallest]) if by_phrase(ground, part)]
    inner = distinct([inside for part in parts for inside in contrasted(ground, part)])
    rest = [part for part in marked if all(overlap(part, inside) < REPEATED for inside in inner)]
    whole = over_languages(ground, marked, smallest)
    return whole + (over_languages(ground, [*inner, *rest], smallest) if inner else [])


def polish_wording(
    ground: Ground, part: NDArray[np.int64], strata: NDArray[np.int64], smallest: int
) -> NDArray[np.int64]:
    """A part polished by its wordings, without those who reach few of its members."""
    return polished(ground.population, ground.families, part, strata, smallest=smallest, core=CORE_SHARE)


def over_languages(ground: Ground, parts: Sequence[NDArray[np.int64]], smallest: int) -> list[NDArray[np.int64]]:
    """Parts of one operator in several languages put together, with all who are like them in any language."""
    everywhere = np.zeros(ground.population.units, np.int64)
    whole = [
        np.union1d(part, polish_wording(ground, part, everywhere, smallest))
        for part in joined(ground.population, ground.families, parts, ground.population.languages)
    ]
    return distinct([part for part in whole if len(part) >= smallest])


def contrasted(ground: Ground, part: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """Parts of a community that its own phrases tell apart, a phrase counting by its rarity within the community.

    What everybody in it words alike tells nobody in it apart: users of an editor whose sessions an operator replays
    share the editor's phrases with its accounts, and not its own. Each part is polished among the community alone, and
    must be marked there.
    """
    if len(part) < 2 * PART_UNITS:
        return []
    within = Ground.of(ground.population.of(part).forming(ground.half.side))
    graph = rarities(within.phrases, np.arange(len(part)), CONTRAST_SHARE_MAX * len(part))
    if graph is None:
        return []
    parts = dense_parts(ground.keys[part], graph, np.arange(len(part)), PART_UNITS, PART_RESOLUTION)
    better = [polish_wording(within, one, within.population.languages, PART_UNITS) for one in parts]
    return [part[one] for one in better if len(one) >= PART_UNITS and by_phrase(within, one)]


def wording_parts(
    ground: Ground, speakers: NDArray[np.bool_], smallest: int, resolution: float
) -> list[NDArray[np.int64]]:
    """Dense parts of the graph of some units and their phrases, a phrase counting by its rarity among them.

    Args:
        ground: the wordings.
        speakers: shape (units,), units of one language.
        smallest: fewest units of a part.
        resolution: of the modularity; higher = smaller parts.
    """
    population = ground.population
    speaking = np.flatnonzero(speakers & population.active)
    graph = rarities(ground.phrases, speaking, max(WORDING_SHARE_MAX * len(speaking), WORDING_HOLDERS_MIN))
    if graph is None:
        return []
    units = speaking[(np.diff(graph.indptr)[speaking] > 0) & ~population.declared[speaking]]
    return dense_parts(ground.keys, graph, units, smallest, resolution)


def by_phrase(ground: Ground, part: NDArray[np.int64]) -> bool:
    """Whether phrases mark a part: one common in it and rare among strangers of its languages, and several a unit."""
    inside = np.zeros(ground.population.units, np.bool_)
    inside[part] = True
    marks = likeness(ground.families, inside).marks
    layers = [layer for family in ground.half.families.values() for layer in family]
    held = sparse.hstack([layer.held[part][:, marks[layer.name]] for layer in layers], format="csr").astype(np.int64)
    if not held.nnz:
        return False
    share = np.asarray(held.sum(axis=0)).ravel() / len(part)
    several = float((np.asarray(held.sum(axis=1)).ravel() >= 2).mean())
    return bool(round(float(share.max()), 9) >= PHRASE_SHARE and round(several, 9) >= MARKED_SHARE)


def large_parts(found: Sequence[Group]) -> list[Group]:
    """Denser parts of communities of wordings that are a good part of them, each a candidate by itself.

    Users of an editor whose sessions an operator replays make one community with its accounts; a part of it is its own.
    """
    result: list[Group] = []
    for group in found:
        for part in group.parts:
            known = (other.members for other in (*found, *result))
            large = len(part) >= max(PART_UNITS, PART_SHARE * len(group.members))
            if large and all(jaccard(part, other) < SAME for other in known):
                result.append(Group(part, group.side, "part of a community of wordings"))
    return result
