"""How pools are steered, one way a world: what it adds to H1, and what was looked at and left out.

Each campaign has fresh cards, lines and sign-ups, so that its wording alone forms it, and the way it is steered
alone can prove it. All parts are those of development worlds; the benign teams that resume each other's sessions are
staff of such a firm, in one organisation. Beside the product's test three statistics are worked out that it does not
have, on the true accounts: variance ratio, begins after bans, coherence of the switch to a new model.
Source: `statistics.md` sections 7 and 8; mission table, rows 22, 27, 31 to 33, 41.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from bench import trials
from bench.h1_null import observed_population
from bench.trials import Row
from numpy.typing import NDArray

from hydrometer.base.cases import Evidence
from hydrometer.base.draws import generator
from hydrometer.base.population import Population
from hydrometer.base.settings import Settings
from hydrometer.base.units import bits
from hydrometer.base.workspace import Workspace
from hydrometer.moments import Known, judged_at, link
from hydrometer.prove.background import log_mean
from hydrometer.prove.judge import Judged
from hydrometer.prove.multiplicity import q_values
from hydrometer.prove.run import unit_accounts
from hydrometer.simulate import run as simulator
from hydrometer.simulate.composition import Plan, composed
from hydrometer.simulate.mixtures import crowd, look_alikes
from hydrometer.simulate.world import Archetype, Builder, Campaign, Cohort, Placement, World

PUBLISHED: dict[str, int | float] = {"seeds": 2, "accounts": 300}
CROWD, EXCHANGES, TEAMS, WEEK = 2_600, 75_000, 40, 3
TWINS = ("key_rotation", "white_label", "agent_swarm", "exam_coach", "classroom", "enterprise_batch", "editor_user")
HARVEST = {"cot_elicitation": 1.0}
WAYS: dict[str, tuple[dict[str, float], dict[str, float]]] = {
    "not steered": ({}, HARVEST),
    "woken by queues": ({"dispatch_bursts": 0.4}, HARVEST),
    "sessions handed on": ({"quota_handoff": 0.6}, HARVEST),
    "reasoning replayed": ({}, {"cot_elicitation": 0.5, "signature_replay": 0.5}),
    "loads balanced": ({"load_balancing": 0.5}, HARVEST),
    "bans replaced": ({"ban_replacement": 0.6}, HARVEST),
    "pool after pool": ({"pool_shift": 0.6}, HARVEST),
    "moved at the release": ({"release_pivot": 0.8}, HARVEST),
}
"""Way → (coordination → share of the accounts, technique → weight)."""
TURNED = """
select unit, min(sent_us) as us from sent
where request_model = (select arg_max(model, released_at) from {releases}) group by 1
"""
SHUFFLES = 199
HOUR_US = 3_600_000_000
BANS_HORIZON_US, BANS_AROUND_US = HOUR_US // 2, 3 * HOUR_US
FEWEST = 20
"""Accounts that a population must have for its figures to be given."""
SENT = "select u.unit, f.sent_us, f.request_model from {fingerprints} f join {units} u using (account_id)"
BANNED = """
select epoch_us(a.closed_at) as us from {accounts} a join {units} u using (account_id)
join own o using (unit) where a.close_reason = 'banned' order by 1
"""
CREATED = (
    "select u.unit, min(epoch_us(a.created_at)) as us from {units} u join {accounts} a using (account_id) group by 1"
)


def resuming(name: str) -> Archetype:
    """Staff of a firm in one organisation without a verified owner, who go on with each other's sessions."""
    staff = simulator.plugins()["company_card"]

    def settle(size: int, draw: np.random.Generator) -> Cohort:
        cohort = staff.settle(size, draw)
        more = {
            "organization": cohort.accounts["operator"] + 1, "resumes": np.full(size, 0.15),
            "thinking": np.full(size, 4_000), "turns": np.full(size, 4.0),
        }  # fmt: skip
        cohort.accounts.update(more)
        return cohort

    return Archetype(name, "staff that resume each other's sessions", settle)


def world(way: str, accounts: int) -> tuple[World, dict[str, Archetype | Campaign]]:
    """The world of one way, and the parts that are no plug-ins."""
    coordination, techniques = WAYS[way]
    plan = Plan(exchanges=26.0, techniques=techniques, coordination={"one_client": 0.4} | coordination)
    campaign = Campaign("steered", way, composed(plan), builders=(Builder(("reasoning",)),), source="bench")
    benign = (*crowd(CROWD), *look_alikes(*TWINS), Placement("resuming", TEAMS))
    made = World("steering", way, benign, (Placement("steered", accounts),), EXCHANGES, week=WEEK)
    return made, {"steered": campaign, "resuming": resuming("resuming")}


class OneSeed:
    """All ways of one seed, in a form that another process can be given."""

    def __init__(self, accounts: int) -> None:
        self.accounts = accounts

    def __call__(self, seed: int) -> Row:
        return {"seed": seed, "ways": {way: one_way(way, self.accounts, seed) for way in WAYS}}


def one_way(way: str, accounts: int, seed: int) -> Row:
    """Figures of one world."""
    with tempfile.TemporaryDirectory() as place:
        made, more = world(way, accounts)
        simulator.write_world(made, Path(place) / "world", seed, more)
        workspace = Workspace(Path(place) / "work", threads=1)
        population = observed_population(workspace, Path(place) / "world" / "traffic", seed)
        kinds = kinds_of_units(workspace, population, Path(place) / "world" / "truth")
        known = Known(Settings(seed=seed, threads=1))
        last = int(workspace.query("select max(sent_us) // {epoch_us} as e from {fingerprints}")["e"][0].as_py())
        groups = link(population, known.settings.minimum_accounts)
        judged = judged_at(workspace, known, population, groups, last)
        figures = proven(judged, kinds == "steered") | left_out(workspace, population, kinds, seed)
        workspace.close()
    return figures


def kinds_of_units(workspace: Workspace, population: Population, truth: Path) -> NDArray[np.str_]:
    """Archetype or campaign of each unit."""
    import pyarrow.parquet as pq

    table = pq.read_table(truth / "accounts.parquet")
    known = dict(zip(table["account_id"].to_pylist(), table["archetype"].to_pylist(), strict=True))
    return np.array([known[names[0]] for names in unit_accounts(workspace, population.units)])


def proven(judged: list[Judged], own: NDArray[np.bool_]) -> Row:
    """The candidate that holds most of the campaign: bits of H1, with and without synchrony and signatures, and q."""
    best = max(range(len(judged)), key=lambda number: int(own[judged[number].founders].sum()))
    group = judged[best]
    others = [row for number, one in enumerate(judged) if not own[one.founders].any() for row in one.evidence]
    values = [one.log_e for one in judged]
    without = h1_bits(group, ("synchrony", "urn_signature"))
    smaller = min(group.extraction_log_e or 0.0, (without or 0.0) * np.log(2.0))
    values[best] = smaller
    return {
        "candidates": len(judged),
        "bits": {
            name: found for name in ("synchrony", "urn_signature") if (found := of(group.evidence, name)) is not None
        },
        "h1_bits": h1_bits(group, ()),
        "h1_bits_without": without,
        "q": group.q_value,
        "q_without": float(q_values(np.array(values))[best]),
        "members": int(own[group.membership.units].sum()),
        "innocent": int((~own[group.membership.units]).sum()),
        "twins_most_bits": {name: of(others, name) for name in ("synchrony", "urn_signature")},
    }


def of(rows: list[Evidence] | tuple[Evidence, ...], signal: str) -> float | None:
    """Most bits of one signal."""
    return max((row.model_bits for row in rows if row.signal == signal and row.model_bits is not None), default=None)


def h1_bits(group: Judged, without: tuple[str, ...]) -> float | None:
    """Bits of H1 as they are without some signals: the mean over families, then over tests."""
    nats = {row.signal: (row.model_bits or 0.0) * np.log(2.0) for row in group.evidence if row.hypothesis == "H1"}
    kept = {name: value for name, value in nats.items() if name not in without}
    urns = [value for name, value in kept.items() if name.startswith("urn_")]
    tests = [
        *([log_mean(urns)] if urns else []),
        *(value for name, value in kept.items() if not name.startswith("urn_")),
    ]
    return bits(log_mean(tests)) if tests else None


def left_out(workspace: Workspace, population: Population, kinds: NDArray[np.str_], seed: int) -> Row:
    """The three statistics that are not in the product, on the campaign's true accounts and on benign populations."""
    sent = workspace.query(SENT)
    unit, moment = sent["unit"].to_numpy(), sent["sent_us"].to_numpy()
    return {
        "variance_ratio": dict(variance_ratios(unit, moment, kinds, seed)),
        "after_bans": after_bans(workspace, unit, moment, kinds == "steered"),
        "switch": dict(switches(workspace, population, kinds, seed)),
    }


def members_of(kinds: NDArray[np.str_], among: NDArray[np.int64]) -> Iterator[tuple[str, NDArray[np.int64]]]:
    """(kind, its units that are among some), where there are enough."""
    for kind in np.unique(kinds):
        own = np.intersect1d(np.flatnonzero(kinds == kind), among)
        if len(own) >= FEWEST:
            yield str(kind), own


def variance_ratios(
    unit: NDArray[np.int64], moment: NDArray[np.int64], kinds: NDArray[np.str_], seed: int
) -> Iterator[tuple[str, Row]]:
    """Var(Σ r) / Σ Var(r) of hourly counts less their hour of the day, against series moved by whole days."""
    days = int((moment.max() - moment.min()) // (24 * HOUR_US)) + 1
    hour = (moment - moment.min() // (24 * HOUR_US) * (24 * HOUR_US)) // HOUR_US
    hourly = np.zeros((len(kinds), 24 * (days + 1)))
    np.add.at(hourly, (unit, hour), 1.0)
    counts = hourly[:, : 24 * days].reshape(len(kinds), days, 24)
    rest = counts - counts.mean(axis=1, keepdims=True)
    draw = generator(seed, "bench variance ratio")

    def ratio(own: NDArray[np.int64], moved: NDArray[np.int64]) -> float:
        rows = rest[own[:, None], (np.arange(days)[None, :] + moved[:, None]) % days].reshape(len(own), -1)
        return float(rows.sum(axis=0).var() / max(float(rows.var(axis=1).sum()), 1e-9))

    for kind, own in members_of(kinds, np.flatnonzero(counts.sum(axis=(1, 2)) >= 5)):
        found = ratio(own, np.zeros(len(own), np.int64))
        null = np.array([ratio(own, draw.integers(0, days, len(own))) for _ in range(SHUFFLES)])
        low, high = ((1 + int((side <= 0).sum())) / (SHUFFLES + 1) for side in (null - found, found - null))
        yield kind, {"ratio": found, "p_low": low, "p_high": high}


def after_bans(
    workspace: Workspace, unit: NDArray[np.int64], moment: NDArray[np.int64], own: NDArray[np.bool_]
) -> Row | None:
    """Accounts that begin within half an hour after a ban, of those that begin within three hours of one."""
    import pyarrow as pa

    bans = workspace.query(BANNED, own=pa.table({"unit": np.flatnonzero(own)}))["us"].to_numpy()
    if not len(bans):
        return None
    first = np.full(len(own), np.iinfo(np.int64).max)
    np.minimum.at(first, unit, moment)
    created = workspace.query(CREATED)
    made = np.zeros(len(own), np.int64)
    made[created["unit"].to_numpy()] = np.nan_to_num(created["us"].to_numpy().astype(np.float64)).astype(np.int64)
    start = moment.min()
    begins = np.where(made > start, made, first)
    late = begins > np.where(made > start, start, start + 24 * HOUR_US)

    def near(moments: NDArray[np.int64], low: int, high: int) -> NDArray[np.bool_]:
        return np.searchsorted(bans, moments - low) > np.searchsorted(bans, moments - high)

    clock = np.arange(start, moment.max(), 60_000_000)
    around = near(clock, -BANS_AROUND_US, BANS_AROUND_US)
    covered = near(clock, 0, BANS_HORIZON_US)
    result: Row = {"bans": len(bans), "time_share": float(covered[around].mean())}
    for name, side in (("own", own), ("strangers", ~own)):
        chosen = begins[late & side & near(begins, -BANS_AROUND_US, BANS_AROUND_US)]
        result |= {name: len(chosen), f"{name}_after": int(near(chosen, 0, BANS_HORIZON_US).sum())}
    return result


def switches(
    workspace: Workspace, population: Population, kinds: NDArray[np.str_], seed: int
) -> Iterator[tuple[str, Row]]:
    """Shortest time in which half of those who turn to the newest model do, against strangers of their client types."""
    rows = workspace.query(TURNED, sent=workspace.query(SENT))
    when = np.zeros(population.units)
    turned = rows["unit"].to_numpy()
    when[turned] = rows["us"].to_numpy() / HOUR_US
    draw = generator(seed, "bench switches")
    for kind, own in members_of(kinds, turned):
        pools = [
            (np.setdiff1d(turned[population.clients[turned] == stratum], own), int(count))
            for stratum, count in zip(*np.unique(population.clients[own], return_counts=True), strict=True)
        ]
        if any(len(pool) == 0 for pool, _ in pools):
            continue
        found = shorth(when[own])
        null = np.array(
            [
                shorth(
                    np.concatenate([when[draw.choice(pool, count, replace=count > len(pool))] for pool, count in pools])
                )
                for _ in range(SHUFFLES)
            ]
        )
        p = (1 + int((null <= found).sum())) / (SHUFFLES + 1)
        yield kind, {"hours": found, "strangers_hours": float(null.mean()), "p": p}


def shorth(values: NDArray[np.float64]) -> float:
    """Length of the shortest interval with half of the values.

    >>> shorth(np.array([1.0, 2.0, 2.5, 9.0, 30.0]))
    1.5
    """
    ordered, half = np.sort(values), (len(values) + 1) // 2
    return float((ordered[half - 1 :] - ordered[: len(values) - half + 1]).min())


def main() -> None:
    """Measure and publish."""
    measurement = trials.asked("steering", "What the ways of steering a pool add to H1.", PUBLISHED)
    worlds = trials.each_seed(measurement, OneSeed(int(measurement.settings["accounts"])))
    trials.publish(measurement, {"worlds": worlds})


if __name__ == "__main__":
    main()
