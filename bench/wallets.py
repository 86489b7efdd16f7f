"""What the engine of a scan finds in data that nobody here made: wallets with labels, and co-action without.

Part one: wallets whose operators a review of others found. Groups are formed on one side of the families and tested on
the other (`bench/outside/wallets.py`), and compared with the labels at several bars of the group's e-value, beside
simpler ways on the same links. Part two: two corpora of co-action (`bench/outside/co_action.py`). Groups are counted as
recorded, and after the events were dealt anew. Skipped where the outside data are not there.
"""

from __future__ import annotations

import dataclasses
import statistics
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from bench import trials
from bench.outside import co_action, data, rivals, wallets
from bench.outside.engine import Found, found, labels, tested
from bench.outside.figures import against_labels
from bench.trials import Row
from numpy.typing import NDArray

from hydrometer.base.cases import NOBODY
from hydrometer.base.draws import generator
from hydrometer.base.families import FAMILY
from hydrometer.base.groups import Group
from hydrometer.base.population import Layer, Population
from hydrometer.base.settings import Settings
from hydrometer.base.units import bits
from hydrometer.base.workspace import Workspace
from hydrometer.prove.candidates import INFRASTRUCTURE
from hydrometer.prove.judge import mean_of

PUBLISHED: dict[str, int | float] = {"seed": 0, "resamples": 2_000, "dealings": 20, "permutations": 5}
"""Resamples of the bootstrap; times that the testing side is dealt anew; permutations of each kind in part two."""
SMALLEST = int(Settings.model_fields["minimum_accounts"].default)
"""A scan's smallest group."""
GATES: dict[str, float | None] = {
    "formed, untested": None,
    "e ≥ 1": 0.0,
    "e ≥ 20": np.log(20.0),
    "e ≥ 100": np.log(100),
}
Q = 0.01
SIZES = ((4, 4), (5, 6), (7, 12), (13, 30), (31, 10_000))
"""Accounts of true groups; from, to."""
LARGE_E = {"20": float(np.log(20.0)), "100": float(np.log(100.0))}
SIDES = ("infrastructure", "behaviour")
CORPORA = (
    ("russian_coord_tweets", "retweets", "day"),
    ("russian_coord_tweets", "retweets", "object"),
    ("german_elections", "links, hashtags and pictures", "day"),
)
WINDOWS_S = (60, 3_600)


def passing(groups: Sequence[Found], gate: float | None) -> list[Found]:
    """Groups that reach a bar; all where there is none."""
    return [one for one in groups if gate is None or (one.log_e is not None and one.log_e >= gate)]


def one_view(known: wallets.Wallets, name: str, reach: str, settings: Row, workspace: Workspace) -> Row:
    """Figures of one view of the wallets."""
    seed, resamples = settings["seed"], settings["resamples"]
    population = wallets.view(known, name, reach)
    groups = found(population, SMALLEST, workspace, seed)
    bars = {bar: passing(groups, gate) for bar, gate in GATES.items()} | {
        f"q ≤ {Q:g}": [one for one in groups if one.q_value <= Q]
    }
    values = [one.log_e for one in groups if one.log_e is not None]
    return {
        "view": name,
        "reach": reach,
        "layers": {layer.name: shape(layer) for layer in population.layers.values()},
        "candidates": len(groups),
        "candidates_untested": sum(one.log_e is None for one in groups),
        "accounts_in_untested_candidates": sum(len(one.founders) for one in groups if one.log_e is None),
        "most_bits": bits(max(values)) if values else None,
        "bars": {
            bar: {
                "candidates": len(those),
                "members": against_labels(labels(those, population.units, members=True), known.labels, resamples, seed),
                "founders": against_labels(
                    labels(those, population.units, members=False), known.labels, resamples, seed
                ),
            }
            for bar, those in bars.items()
        },
        "true_groups": true_groups(
            population, known, labels(bars["e ≥ 100"], population.units, members=True), workspace
        ),
        "dealt_anew": dealt_anew(population, groups, workspace, seed, settings["dealings"]),
    }


def shape(layer: Layer) -> Row:
    """Size of a layer."""
    return {"entities": len(layer.entities), "holdings": int(layer.held.nnz), "accounts": int(layer.observed.sum())}


def true_groups(
    population: Population, known: wallets.Wallets, listed: NDArray[np.int64], workspace: Workspace
) -> list[Row]:
    """The reviewers' groups by size: how many could be proven if they were known, and how much of them was found.

    What this says is how much the held-out families hold, not how well groups are found.
    """
    rows = []
    names, sizes = np.unique(known.labels.hand[known.labels.grouped], return_counts=True)
    for low, high in SIZES:
        chosen = names[(sizes >= low) & (sizes <= high)]
        members = [np.flatnonzero(known.labels.hand == name) for name in chosen]
        values = [known_group(population, units, workspace) for units in members]
        inside = np.concatenate(members)
        rows.append({
            "from": low, "to": int(sizes[(sizes >= low) & (sizes <= high)].max()),
            "groups": len(chosen), "accounts": len(inside),
            "untested": sum(value is None for value in values),
            **reaching(values),
            "accounts_found": int((listed[inside] >= 0).sum()),
            "groups_half_found": sum(bool((listed[units] >= 0).mean() >= 0.5) for units in members),
        })  # fmt: skip
    return rows


def reaching(values: Sequence[float | None]) -> Row:
    """How many values of ln e reach each bar."""
    return {f"e_{bar}": sum(value is not None and value >= nats for value in values) for bar, nats in LARGE_E.items()}


def known_group(population: Population, units: NDArray[np.int64], workspace: Workspace) -> float | None:
    """ln e of a known group, over the sides that can test and could also have formed it."""
    sides = [side for side in SIDES if len(population.forming(side).families) > 1]
    return mean_of([tested(population, Group(units, side, "known"), NOBODY, workspace, 0) for side in sides])


def standing_beside(groups: Sequence[Found], one: Found) -> NDArray[np.int64]:
    """Accounts of the other candidates that no infrastructure formed, outside one of them."""
    others = [other.founders for other in groups if other is not one and INFRASTRUCTURE not in other.sides]
    return np.setdiff1d(np.concatenate([NOBODY, *others]), one.founders)


def dealt_anew(population: Population, groups: Sequence[Found], workspace: Workspace, seed: int, dealings: int) -> Row:
    """The same candidates tested on profiles dealt anew within strata: no group may be proven but by chance."""
    values: list[float] = []
    for number in range(dealings):
        other = shuffled(population, seed, number)
        for one in groups:
            near = {side: NOBODY if side == INFRASTRUCTURE else standing_beside(groups, one) for side in one.sides}
            asked = [(Group(one.founders, side, "dealt"), others) for side, others in near.items()]
            value = mean_of([tested(other, group, others, workspace, seed) for group, others in asked])
            values += [] if value is None else [value]
    return {"tested": len(values), **reaching(values), "mean_e": float(np.exp(values).mean()) if values else None}


def shuffled(population: Population, seed: int, number: int) -> Population:
    """Every family's profiles exchanged among accounts of one stratum that show it, each family by itself."""
    layers = {}
    for name, layer in population.layers.items():
        draw = generator(seed, f"bench wallets dealt {number}", name.encode())
        strata = population.testing_strata(FAMILY[layer.family])[0]
        shown = np.flatnonzero(layer.observed)
        order = np.arange(population.units)
        order[shown[np.argsort(strata[shown], kind="stable")]] = shown[
            np.lexsort((draw.random(len(shown)), strata[shown]))
        ]
        layers[name] = Layer(name, layer.family, layer.entities, layer.held[order].tocsr(), layer.observed)
    return dataclasses.replace(population, layers=layers)


def simpler_ways(known: wallets.Wallets, reach: str, settings: Row) -> list[Row]:
    """The rivals on the same links."""
    accounts = len(known.labels.flagged)
    account, entity = rivals.shared(*wallets.links(known, reach))
    ways = {
        "connected components": rivals.by_components(account, entity, accounts),
        "IDF-cosine, components of the closest pairs": rivals.by_cosine(account, entity, accounts),
        "same counterparty, first use in the same hour": rivals.by_window(
            account, entity, known.hour.tolist(), accounts
        ),
        "same counterparty, first use on the same day": rivals.by_window(account, entity, known.day.tolist(), accounts),
    }
    if reach == wallets.REACHES[0]:
        ways["components of transfers between wallets"] = rivals.by_pairs(*wallets.between(known), accounts)
    return [
        {
            "reach": reach,
            "way": way,
            "least": SMALLEST,
            **against_labels(rivals.at_least(label, SMALLEST), known.labels, settings["resamples"], settings["seed"]),
        }
        for way, label in ways.items()
    ]


def one_corpus(folder: Path, corpus: tuple[str, str, str], window_s: int, settings: Row, workspace: Workspace) -> Row:
    """Groups of one corpus as recorded, and after each way to deal the events anew."""
    source, acts, split = corpus
    events = co_action.read(folder, source)
    seed = settings["seed"]

    def counted(some: co_action.Events) -> Row:
        groups = found(co_action.co_actions(some, window_s, split), SMALLEST, workspace, seed)
        strong = passing(groups, LARGE_E["100"])
        inside = np.unique(np.concatenate([np.zeros(0, np.int64), *(one.members for one in strong)]))
        values = [one.log_e for one in groups if one.log_e is not None]
        return {
            "candidates": len(groups),
            "untested": sum(one.log_e is None for one in groups),
            "e_100": len(strong),
            "accounts": len(inside),
            "most_bits": bits(max(values)) if values else None,
        }

    row: Row = {"corpus": source, "acts": acts, "split": split, "window_s": window_s, "events": len(events.account)}
    row["accounts"] = int(events.account.max()) + 1
    row["recorded"] = counted(events)
    row["dealt"] = {}
    for how in co_action.DEALINGS:
        rows = [counted(co_action.dealt(events, how, turn)) for turn in range(settings["permutations"])]
        row["dealt"][how] = {
            "permutations": len(rows),
            "with_a_group": sum(one["e_100"] > 0 for one in rows),
            "e_100": {
                "mean": statistics.fmean(one["e_100"] for one in rows),
                "most": max(one["e_100"] for one in rows),
            },
            "candidates": statistics.fmean(one["candidates"] for one in rows),
            "accounts": statistics.fmean(one["accounts"] for one in rows),
        }
    return row


def main() -> None:
    """Measure and publish."""
    measurement = trials.asked("wallets", "Groups in outside data, beside labels and simpler ways.", PUBLISHED)
    folder = data.folder((*wallets.FILES, co_action.FILE))
    settings = measurement.settings
    known = wallets.read(folder)
    with tempfile.TemporaryDirectory() as scratch:
        workspace = Workspace(Path(scratch), threads=1)
        views = [
            one_view(known, name, reach, settings, workspace) for reach in wallets.REACHES for name in wallets.VIEWS
        ]
        print("wallets: views done", flush=True)
        simpler = [row for reach in wallets.REACHES for row in simpler_ways(known, reach, settings)]
        print("wallets: simpler ways done", flush=True)
        corpora = [
            one_corpus(folder, corpus, window_s, settings, workspace) for corpus in CORPORA for window_s in WINDOWS_S
        ]
        workspace.close()
    names, sizes = np.unique(known.labels.hand[known.labels.grouped], return_counts=True)
    table = {
        "accounts": len(known.labels.flagged),
        "flagged": int(known.labels.flagged.sum()),
        "flagged_in_a_group": int(known.labels.grouped.sum()),
        "true_groups": len(names),
        "median_size": float(np.median(sizes)),
        "accounts_in_groups_below_smallest": int(sizes[sizes < SMALLEST].sum()),
        "smallest": SMALLEST,
    }
    trials.publish(measurement, {"table": table, "views": views, "simpler": simpler, "corpora": corpora})


if __name__ == "__main__":
    main()
