"""Every plug-in keeps the laws of its room, and every law catches a plug-in that breaks it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
import yaml
from tests import law_worlds

from hydrometer.base import laws_collect, laws_fingerprint, laws_link, laws_prove, laws_simulate
from hydrometer.base.cases import Case, Evidence, Finding, Test
from hydrometer.base.engines import opened
from hydrometer.base.families import FAMILIES, FORMED_ON, SIDES, Family
from hydrometer.base.groups import Group
from hydrometer.base.population import FormingHalf
from hydrometer.base.settings import Settings
from hydrometer.base.signals import Batch, Signal
from hydrometer.base.workspace import Workspace
from hydrometer.collect.mapping_pack import parse_pack, shipped_packs
from hydrometer.collect.options import CollectOptions
from hydrometer.collect.run import collect
from hydrometer.commands.pack_laws import breaches, gather_with
from hydrometer.fingerprint.run import fingerprint, fingerprint_batch, signals
from hydrometer.fingerprint.states import WEEKS, merged_weeks
from hydrometer.link.formation import form
from hydrometer.link.weights import entity_weights
from hydrometer.prove.judge import tests as shipped_tests
from hydrometer.simulate import people
from hydrometer.simulate import run as simulator
from hydrometer.simulate.world import Archetype, Campaign

SIGNALS, PACKS, TESTS = signals(), shipped_packs(), shipped_tests()
SETTLERS, WORLDS = simulator.plugins(), simulator.worlds()
BENIGN_ACCOUNTS_MAX, CAMPAIGN_ACCOUNTS_MIN = 0.03, 0.9
"""Share of accounts that may show a signal in its benign worlds, and must show it in its campaign worlds."""
SCALES = {"demo": 0.2, "null": 1.0}
SMALLEST_GROUP = 8
OPERATOR_KEPT, WORDED_KEPT = 0.9, 0.7
"""Of pairs; by wordings alone five sixths of the members: who speaks a language that hardly any other member does is
left to membership."""
KEY = b"a key for tests"
GROUP_ROWS = 64


def named(plugins: Mapping[str, Any], laws: tuple[Any, ...]) -> list[Any]:
    """Every plug-in with every law."""
    return [pytest.param(plugins[name], law, id=f"{name}-{law.__name__}") for name in plugins for law in laws]


@pytest.fixture(scope="session")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Small worlds, by name."""
    folder = tmp_path_factory.mktemp("laws")
    for name, scale in SCALES.items():
        simulator.simulate(name, folder / name, seed=7, scale=scale)
    return {name: folder / name for name in SCALES}


@pytest.fixture(scope="session")
def exchanges(worlds: dict[str, Path]) -> pa.Table:
    """A few hundred exchanges of a few accounts."""
    return law_worlds.some_accounts(pq.read_table(worlds["demo"] / "traffic" / "exchanges.parquet"), 16)


@pytest.fixture(scope="session")
def demo(
    worlds: dict[str, Path], engine: Settings, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[law_worlds.ReadWorld]:
    """The demo world, read."""
    place = tmp_path_factory.mktemp("demo_read")
    found = law_worlds.read_world(worlds["demo"], worlds["demo"] / "traffic", place, engine)
    yield found
    found.workspace.close()


@pytest.fixture(scope="session")
def null(
    worlds: dict[str, Path], engine: Settings, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[law_worlds.ReadWorld]:
    """The null world, read."""
    place = tmp_path_factory.mktemp("null_read")
    found = law_worlds.read_world(worlds["null"], worlds["null"] / "traffic", place, engine)
    yield found
    found.workspace.close()


@pytest.fixture(scope="session")
def cases(demo: law_worlds.ReadWorld) -> dict[str, Case]:
    """Cases of the demo world."""
    return law_worlds.cases(demo)


@pytest.fixture(scope="session")
def bare_case(worlds: dict[str, Path], engine: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Case]:
    """A case of the demo world's campaign, in a log with ids and times alone."""
    folder = tmp_path_factory.mktemp("bare")
    rows = pq.read_table(worlds["demo"] / "traffic" / "exchanges.parquet")
    pq.write_table(law_worlds.bare(rows), folder / "exchanges.parquet")
    found = law_worlds.read_world(worlds["demo"], folder / "exchanges.parquet", folder / "work", engine)
    yield law_worlds.cases(found)["load_balanced_pool behaviour"]
    found.workspace.close()


@pytest.fixture(scope="session")
def by_engine(exchanges: pa.Table, engine: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """A workspace with the fingerprints that the engine makes of these exchanges, which lie in several row groups."""
    workspace = opened(tmp_path_factory.mktemp("by_engine"), engine)
    workspace.write_rows("exchanges", [exchanges], exchanges.schema, GROUP_ROWS, lambda _: None)
    fingerprint(workspace, KEY, lambda *_: None)
    yield workspace
    workspace.close()


@pytest.fixture(scope="session")
def viral(exchanges: pa.Table) -> pa.Table:
    """The same exchanges, every third with a prompt that goes round."""
    texts = [
        "Draw me as a cartoon fox" if row % 3 == 0 else text for row, text in enumerate(exchanges["prompt"].to_pylist())
    ]
    return exchanges.set_column(exchanges.column_names.index("prompt"), "prompt", pa.array(texts, pa.string()))


def measure(*chosen: Signal) -> laws_fingerprint.Measure:
    """The pass over exchanges with some signals."""
    return partial(fingerprint_batch, found={signal.name: signal for signal in chosen}, key=KEY)


# --- collect


@cache
def reader(name: str) -> laws_collect.Gather:
    """A shipped pack's reader that reads the same lines once, whichever law asks."""
    anew, read = gather_with(PACKS[name]), dict[tuple[bytes, ...], laws_collect.Gathered]()

    def gather(lines: Sequence[bytes]) -> laws_collect.Gathered:
        if tuple(lines) not in read:
            read[tuple(lines)] = anew(lines)
        return read[tuple(lines)]

    return gather


@pytest.mark.parametrize(("pack", "law"), named(PACKS, laws_collect.LAWS))
def test_packs(pack: Any, law: laws_collect.PackLaw) -> None:
    """One law asks whether two readings agree: nothing is remembered for that one."""
    twice = law is laws_collect.a_line_round_trips
    assert law(pack, gather_with(pack) if twice else reader(pack.name)) == []


@pytest.mark.parametrize("pack", PACKS.values(), ids=PACKS)
def test_packs_agree_with_the_canonical_one(pack: Any) -> None:
    assert laws_collect.canonical_lines_round_trip(pack, reader(pack.name), reader("canonical")) == []


COLUMNS = {"exchange_id": "rid", "sent_at": "seen", "account_id": "who", "request_model": "model"}
PACK = {
    "name": "planted",
    "version": 1,
    "description": "an access log with one planted mistake",
    "input": "json",
    "detect": {"any_of": [["rid"]]},
    "fields": {
        "rid": "$.rid",
        "seen": "$.time",
        "who": "$.key",
        "model": "$.model",
        "unlisted": "$.hydrometer_unlisted",
    },
    "columns": COLUMNS,
    "samples": [
        {
            "records": [
                {"rid": "r1", "time": "2026-03-01T10:00:00Z", "key": "k1", "model": "m-1"},
                {"rid": "r2", "time": "2026-03-01T11:00:00Z", "key": "k2"},
            ],
            "expect": [
                {"exchange_id": "r1", "request_model": "m-1", "sent_at": "2026-03-01T10:00:00Z"},
                {"exchange_id": "r2"},
            ],
        }
    ],
}


@pytest.mark.parametrize(
    ("column", "expression", "law", "told"),
    [
        ("request_model", "coalesce(model, 'the-usual-one')", laws_collect.nothing_is_guessed, "the-usual-one"),
        ("country", "'US'", laws_collect.nothing_is_guessed, "country is 'US'"),
        ("user_agent", "unlisted", laws_collect.unknown_fields_are_kept_out, "user_agent is the value of an unknown"),
        ("request_model", "'m-2'", laws_collect.a_line_round_trips, "request_model is 'm-2', expected 'm-1'"),
        ("sent_at", "left(seen, 19) || 'Z'", laws_collect.times_are_utc, "with times written in another zone: sent_at"),
    ],
)
def test_a_pack_that_errs_is_caught(column: str, expression: str, law: laws_collect.PackLaw, told: str) -> None:
    pack = parse_pack(yaml.safe_dump({**PACK, "columns": {**COLUMNS, column: expression}}), "planted")
    assert [text for text in law(pack, gather_with(pack)) if told in text]


def test_check_tells_what_a_pack_breaks(tmp_path: Path) -> None:
    file = tmp_path / "planted.yaml"
    file.write_text(yaml.safe_dump(PACK))
    assert breaches(file) == []
    file.write_text(yaml.safe_dump({**PACK, "columns": {**COLUMNS, "request_model": "'m-2'"}}))
    found = breaches(file)
    assert "a_line_round_trips: sample 1: request_model is 'm-2', expected 'm-1'" in found
    assert "nothing_is_guessed: request_model is 'm-2' where the record does not say so" in found


def test_a_reader_that_loses_lines_is_caught() -> None:
    pack = parse_pack(yaml.safe_dump(PACK), "planted")
    sound = gather_with(pack)

    def silent(lines: Any) -> laws_collect.Gathered:
        return sound([line for line in lines if line != laws_collect.BROKEN])

    def careless(lines: Any) -> laws_collect.Gathered:
        found = sound(lines)
        return replace(
            found, counts=tuple((read + 1, kept, rejected, twice) for read, kept, rejected, twice in found.counts)
        )

    assert laws_collect.a_broken_line_is_located(pack, silent)
    assert laws_collect.every_row_is_accounted_for(pack, careless)


# --- fingerprint


@pytest.mark.parametrize(("signal", "law"), named(SIGNALS, laws_fingerprint.LAWS))
def test_signals(signal: Signal, law: laws_fingerprint.SignalLaw, exchanges: pa.Table) -> None:
    assert law(signal, measure(signal), exchanges) == []


@pytest.mark.parametrize("signal", SIGNALS.values(), ids=SIGNALS)
def test_signals_are_the_same_on_every_engine(signal: Signal, by_engine: Workspace, exchanges: pa.Table) -> None:
    there = by_engine.read("fingerprints")
    assert laws_fingerprint.same_on_every_engine(signal, measure(signal), lambda _: there, exchanges) == []


def test_account_weeks_merge(by_engine: Workspace) -> None:
    rows = by_engine.read("fingerprints")

    def weigh(part: pa.Table) -> pa.Table:
        by_engine.write("part", part)
        by_engine.derive("weeks", WEEKS.replace("{fingerprints}", "{part}"))
        return by_engine.read("weeks")

    def merge(left: pa.Table, right: pa.Table) -> pa.Table:
        by_engine.write("left_weeks", left)
        by_engine.write("right_weeks", right)
        merged_weeks(by_engine, "left_weeks", "right_weeks")
        return by_engine.read("merged_weeks")

    assert laws_fingerprint.weeks_merge(weigh, merge, rows) == []
    assert laws_fingerprint.weeks_merge(weigh, lambda left, right: left, rows)


def by_role(world: Path, campaign: bool) -> pa.Table:
    """Exchanges of a world's campaign accounts, or of all others."""
    truth = pq.read_table(world / "truth" / "accounts.parquet")
    names = truth.filter(pc.is_valid(truth["role"]) if campaign else pc.is_null(truth["role"]))["account_id"]
    rows = pq.read_table(world / "traffic" / "exchanges.parquet")
    return rows.filter(pc.is_in(rows["account_id"], names))


@pytest.mark.parametrize(
    ("signal", "world"),
    [(signal, world) for signal in SIGNALS.values() for world in signal.holds_on],
    ids=lambda value: getattr(value, "name", value),
)
def test_signals_hold_still_on_benign_worlds(signal: Signal, world: str, worlds: dict[str, Path]) -> None:
    rows = by_role(worlds[world], campaign=False)
    assert laws_fingerprint.holds_still(signal, measure(signal), rows, BENIGN_ACCOUNTS_MAX) == []


@pytest.mark.parametrize(
    ("signal", "world"),
    [(signal, world) for signal in SIGNALS.values() for world in signal.fires_on],
    ids=lambda value: getattr(value, "name", value),
)
def test_signals_fire_on_campaign_worlds(signal: Signal, world: str, worlds: dict[str, Path]) -> None:
    rows = by_role(worlds[world], campaign=True)
    assert laws_fingerprint.fires(signal, measure(signal), rows, CAMPAIGN_ACCOUNTS_MIN) == []


def test_the_bounds_of_firing_and_holding_still_can_be_broken(worlds: dict[str, Path]) -> None:
    signal = SIGNALS["intent"]
    assert laws_fingerprint.holds_still(
        signal, measure(signal), by_role(worlds["demo"], campaign=True), BENIGN_ACCOUNTS_MAX
    )
    assert laws_fingerprint.fires(
        signal, measure(signal), by_role(worlds["null"], campaign=False), CAMPAIGN_ACCOUNTS_MIN
    )


def column(values: Sequence[int | None]) -> dict[str, pa.Array]:
    return {"planted": pa.array(values, pa.int64())}


def honest(batch: Batch) -> dict[str, pa.Array]:
    """Number of characters of each prompt: nothing planted."""
    return {"planted": pc.utf8_length(batch.rows["prompt"].combine_chunks()).cast(pa.int64())}


def popularity(batch: Batch) -> dict[str, pa.Array]:
    """A leak: how often the batch holds the prompt, whoever sent it."""
    texts = batch.rows["prompt"].to_pylist()
    return column([None if text is None else texts.count(text) for text in texts])


def above_the_mean(batch: Batch) -> dict[str, pa.Array]:
    """A leak: whether a prompt is longer than the batch's mean."""
    lengths = [len(text or "") for text in batch.rows["prompt"].to_pylist()]
    return column([int(length * len(lengths) > sum(lengths)) for length in lengths])


def one_before(batch: Batch) -> dict[str, pa.Array]:
    """The length of the prompt in the row before."""
    lengths = [len(text or "") for text in batch.rows["prompt"].to_pylist()]
    return column([0, *lengths][: len(lengths)])


def of_the_name(batch: Batch) -> dict[str, pa.Array]:
    """A number made from the account's name."""
    names = batch.rows["account_id"].to_pylist()
    return column([int(hashlib.sha256(name.encode()).hexdigest()[:8], 16) for name in names])


def fragile(batch: Batch) -> dict[str, pa.Array]:
    """Breaks down where a prompt is missing."""
    return column([len(text) for text in batch.rows["prompt"].to_pylist()])


def undeclared(batch: Batch) -> dict[str, pa.Array]:
    """Reads the address, which it does not say it needs."""
    return column([len(address or "") for address in batch.rows["client_ip"].to_pylist()])


def never_silent(batch: Batch) -> dict[str, pa.Array]:
    """Says something where nothing is known."""
    return column([len(text or "nothing") for text in batch.rows["prompt"].to_pylist()])


def padded(batch: Batch) -> dict[str, pa.Array]:
    """One row where there is none."""
    return column([len(text or "") for text in batch.rows["prompt"].to_pylist()] or [0])


def forgetful() -> Callable[[Batch], dict[str, pa.Array]]:
    """Remembers prompts from batch to batch."""
    seen: set[str | None] = set()

    def judge(batch: Batch) -> dict[str, pa.Array]:
        texts = batch.rows["prompt"].to_pylist()
        fresh = [int(text not in seen) for text in texts]
        seen.update(texts)
        return column(fresh)

    return judge


def planted(judge: Callable[[Batch], dict[str, pa.Array]], **changes: Any) -> tuple[Signal, laws_fingerprint.Measure]:
    """A signal with a mistake, and a pass over exchanges that trusts it."""
    signal = Signal("planted", "number", ("prompt",), {"planted": pa.int64()}, judge, "cost", "source")
    signal = replace(signal, **changes)

    def run(rows: pa.Table) -> pa.Table:
        nothing = np.zeros((len(rows), 8), np.int64)
        return pa.table(dict(signal.measure(Batch(rows, nothing, nothing, b"key"))))

    return signal, run


@pytest.mark.parametrize(
    ("judge", "law", "told"),
    [
        (popularity, laws_fingerprint.other_accounts_are_irrelevant, "alone: planted of row"),
        (above_the_mean, laws_fingerprint.other_accounts_are_irrelevant, "alone: planted of row"),
        (above_the_mean, laws_fingerprint.batches_are_irrelevant, "batches of"),
        (one_before, laws_fingerprint.row_order_is_irrelevant, "rows reversed"),
        (of_the_name, laws_fingerprint.account_names_are_irrelevant, "accounts renamed"),
        (fragile, laws_fingerprint.null_safe, "prompt null: it breaks down with TypeError"),
        (undeclared, laws_fingerprint.reads_what_it_needs, "client_ip null, which it does not say it needs"),
        (never_silent, laws_fingerprint.reads_what_it_needs, "without prompt column planted still says 7"),
        (padded, laws_fingerprint.empty_in_empty_out, "1 rows for no exchange"),
        (forgetful(), laws_fingerprint.batches_are_irrelevant, "measured once more"),
    ],
    ids=lambda value: getattr(value, "__name__", "text"),
)
def test_a_signal_that_errs_is_caught(judge: Any, law: laws_fingerprint.SignalLaw, told: str, viral: pa.Table) -> None:
    found = law(*planted(judge), viral)
    assert [text for text in found if told in text], found


def test_a_signal_that_depends_on_who_measures_is_caught(viral: pa.Table) -> None:
    signal, here = planted(forgetful())
    found = laws_fingerprint.same_on_every_engine(signal, here, here, viral)
    assert [text for text in found if "by the engine: planted of row" in text]


def test_a_signal_with_nothing_planted_breaks_no_law(exchanges: pa.Table) -> None:
    assert [text for law in laws_fingerprint.LAWS for text in law(*planted(honest), exchanges)] == []


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"columns": {"planted": pa.string()}}, "column planted is int64, declared as string"),
        ({"columns": {"planted": pa.int64(), "other": pa.int64()}}, "column other is declared and not filled"),
        ({"layers": {"star_sign": ("planted",)}}, "layer star_sign is in no family"),
        ({"layers": {"opening": ("elsewhere",)}}, "elsewhere is no column of 64-bit hashes"),
        ({"needs": ("prompt", "star_sign")}, "needs star_sign, which is no canonical column"),
        ({"source": ""}, "does not say its source"),
    ],
)
def test_a_signal_that_declares_falsely_is_caught(changes: dict[str, Any], told: str, exchanges: pa.Table) -> None:
    found = laws_fingerprint.declares_what_it_fills(*planted(honest, **changes), exchanges)
    assert [text for text in found if told in text], found


# --- link


def weigh(half: FormingHalf) -> laws_link.Weights:
    return entity_weights(half)


def formed(half: FormingHalf) -> list[Group]:
    return form(half, SMALLEST_GROUP)


def side_of(family: Family) -> str:
    """The side with that family and another one: a family alone has nothing to learn from."""
    return next(side for side in FORMED_ON if family.name in SIDES[side] and len(SIDES[side]) > 1)


def families(argument: str = "family") -> Any:
    shared = [family for family in FAMILIES if family.layers]
    return pytest.mark.parametrize(argument, shared, ids=[family.name for family in shared])


@pytest.mark.parametrize("side", FORMED_ON)
def test_groups_are_the_same_twice(side: str, demo: law_worlds.ReadWorld) -> None:
    assert laws_link.same_input_same_groups(formed, demo.population.forming(side)) == []


@families()
def test_linking_does_not_depend_on_names(family: Family, demo: law_worlds.ReadWorld) -> None:
    assert laws_link.names_are_irrelevant(family, weigh, formed, demo.population.forming(side_of(family))) == []


@families()
def test_missing_is_not_agreement(family: Family, demo: law_worlds.ReadWorld) -> None:
    assert laws_link.missing_is_not_agreement(family, weigh, formed, demo.population.forming(side_of(family))) == []


@families()
def test_a_popular_entity_cannot_link(family: Family, null: law_worlds.ReadWorld) -> None:
    assert laws_link.popular_entities_do_not_link(family, weigh, null.population.forming(side_of(family))) == []


@pytest.mark.parametrize("side", FORMED_ON)
def test_an_operator_is_kept_whole(side: str, null: law_worlds.ReadWorld) -> None:
    world, members = law_worlds.with_an_operator(null.population.forming(side))
    kept = WORDED_KEPT if side == "wording" else OPERATOR_KEPT
    assert laws_link.an_operator_is_kept_whole(formed, world, members, kept) == []


def by_degree(half: FormingHalf) -> laws_link.Weights:
    """A mistake: the more share an entity, the more it says."""
    return {
        layer.name: np.log(np.asarray(layer.held.astype(np.int64).sum(axis=0)).ravel() + 1.0)
        for layers in half.families.values()
        for layer in layers
    }


def by_place(half: FormingHalf) -> laws_link.Weights:
    """A mistake: weights that depend on who is which number."""
    place = np.arange(half.population.units, dtype=np.float64)
    return {
        layer.name: layer.held.astype(np.float64).T @ place for layers in half.families.values() for layer in layers
    }


def by_absence(half: FormingHalf) -> laws_link.Weights:
    """A mistake: an entity says more where fewer units show its family."""
    silent = sum(int((~layer.observed).sum()) for layers in half.families.values() for layer in layers)
    return {
        layer.name: np.full(len(layer.entities), float(silent)) for layers in half.families.values() for layer in layers
    }


def no_groups(half: FormingHalf) -> list[Group]:
    return []


def test_linking_that_errs_is_caught(null: law_worlds.ReadWorld) -> None:
    network = next(family for family in FAMILIES if family.name == "network")
    half = null.population.forming(side_of(network))
    assert laws_link.popular_entities_do_not_link(network, by_degree, half)
    assert laws_link.names_are_irrelevant(network, by_place, no_groups, half)
    assert laws_link.missing_is_not_agreement(network, by_absence, no_groups, half)
    turns = iter(range(100))
    fickle = lambda half: [Group(np.arange(next(turns)), half.side, "by chance")]  # noqa: E731
    assert laws_link.same_input_same_groups(fickle, half) == ["1 of 1 groups are others the second time"]
    world, members = law_worlds.with_an_operator(half)
    assert laws_link.an_operator_is_kept_whole(no_groups, world, members, OPERATOR_KEPT)


# --- prove


@pytest.mark.parametrize(("test", "law"), named(TESTS, laws_prove.LAWS))
def test_tests(test: Test, law: laws_prove.TestLaw, cases: dict[str, Case]) -> None:
    assert {name: told for name, case in cases.items() if (told := law(test, case))} == {}


@pytest.mark.parametrize("test", TESTS.values(), ids=TESTS)
def test_tests_abstain_without_columns(test: Test, bare_case: Case) -> None:
    assert laws_prove.abstains(test, bare_case) == []


ROW = Evidence("H2", "planted", None, 0.5, "share", 7, "operators of this run", None, 3.0, 3.0, "It says so.")


@pytest.mark.parametrize(
    ("role", "finding", "told"),
    [
        ("evidence", Finding(1.0, (ROW,)), None),
        ("exoneration", Finding(0.5), "an exoneration of ln e = 0.5"),
        ("explanation", Finding(0.0), "an explanation with an e-value"),
        ("declaration", Finding(None, (ROW,)), "planted: an declaration with bits"),
        (
            "evidence",
            Finding(1.0, (replace(ROW, empirical_bits=3.1, model_bits=9.0),)),
            "3.1 empirical bits from 7 operators",
        ),
        ("evidence", Finding(1.0, (replace(ROW, model_bits=2.0),)), "more than the 2 of the model"),
        ("evidence", Finding(1.0, (replace(ROW, null_model=None),)), "bits without the null"),
        ("evidence", Finding(1.0, (replace(ROW, empirical_bits=None),)), "only one kind of bits"),
        ("evidence", Finding(1.0, (replace(ROW, n=None),)), "without its unit or its n"),
        ("evidence", Finding(1.0, (replace(ROW, statement=" "),)), "says nothing"),
        ("evidence", Finding(1.0, (replace(ROW, value=float("nan")),)), "not finite"),
        ("evidence", Finding(1.0, (replace(ROW, hypothesis="H1"),)), "a row of H1 from a test of H2"),
        ("hearsay", Finding(), "role hearsay is none of"),
        ("evidence", Finding(kind="wicked"), "kind wicked is none of"),
    ],
)
def test_a_test_that_errs_is_caught(role: str, finding: Finding, told: str | None, cases: dict[str, Case]) -> None:
    case = next(iter(cases.values()))
    test = Test("planted", "H2", role, lambda _: finding, "source", ("twin",))
    found = [text for law in laws_prove.LAWS for text in law(test, case)]
    assert found == [] if told is None else [text for text in found if told in text], found


def test_a_test_that_draws_or_guesses_is_caught(cases: dict[str, Case], bare_case: Case) -> None:
    answers = iter(range(100))
    drawing = Test("planted", "H2", "evidence", lambda _: Finding(float(next(answers))), "source", ("twin",))
    assert laws_prove.same_input_same_bytes(drawing, bare_case) == ["two judgements of one case differ"]
    sure = Test("planted", "H2", "evidence", lambda _: Finding(2.0, (ROW,)), "source", ("twin",))
    assert laws_prove.abstains(sure, bare_case) == [
        "without columns it finds ln e = 2",
        "without columns planted has 3 bits",
    ]
    fragile_test = Test("planted", "H2", "evidence", lambda _: Finding(1.0 / 0.0), "source", ("twin",))
    (told,) = laws_prove.abstains(fragile_test, bare_case)
    assert told.startswith("without columns: it breaks down with ZeroDivisionError")


# --- simulate


@pytest.mark.parametrize("plugin", SETTLERS.values(), ids=SETTLERS)
def test_archetypes_and_campaigns(plugin: Any) -> None:
    assert laws_simulate.seeded(plugin, 24) == []
    assert laws_simulate.has_no_traits_of_its_own(plugin, 24, people.TRAITS, list(people.EXTRAS)) == []


@pytest.mark.parametrize("world", WORLDS.values(), ids=WORLDS)
def test_worlds(world: Any) -> None:
    benign = [name for name, plugin in SETTLERS.items() if isinstance(plugin, Archetype)]
    hostile = [name for name, plugin in SETTLERS.items() if isinstance(plugin, Campaign)]
    assert laws_simulate.benign_people_are_present(world, benign, hostile) == []
    told = laws_simulate.benign_people_are_present(replace(world, benign=world.benign[:2]), benign[:1], hostile)
    assert any("2 benign archetypes" in text for text in told)


def scan(folder: Path, work: Path, settings: Settings) -> object:
    """What a scan does first with its input."""
    workspace = opened(work, settings)
    try:
        return collect([str(folder)], CollectOptions(), workspace, lambda *_: None)
    finally:
        workspace.close()


@pytest.mark.parametrize("world", SCALES)
def test_truth_is_unreachable(world: str, worlds: dict[str, Path], engine: Settings, tmp_path: Path) -> None:
    read = partial(scan, work=tmp_path / "w", settings=engine)
    assert laws_simulate.truth_is_unreachable(worlds[world], read) == []


def test_a_world_that_leaks_is_caught(worlds: dict[str, Path], tmp_path: Path) -> None:
    truth = pq.read_table(worlds["demo"] / "truth" / "accounts.parquet")
    for part in ("traffic", "truth"):
        (tmp_path / part).mkdir()
        for file in (worlds["demo"] / part).glob("*.parquet"):
            (tmp_path / part / file.name).write_bytes(file.read_bytes())
    accounts = pq.read_table(tmp_path / "traffic" / "accounts.parquet").sort_by("account_id")
    leaking = accounts.set_column(accounts.column_names.index("plan"), "plan", truth.sort_by("account_id")["archetype"])
    pq.write_table(
        leaking.append_column("is_hostile", pa.array([0] * len(leaking))), tmp_path / "traffic" / "accounts.parquet"
    )
    told = laws_simulate.truth_is_unreachable(tmp_path, lambda folder: None)
    assert "traffic/accounts: column is_hostile is not in the contract" in told
    assert "traffic/accounts: plan holds 'low_and_slow' of the truth" in told
    assert "scan reads truth" in told


def test_a_plug_in_that_draws_freely_is_caught() -> None:
    good = SETTLERS["chat_user"]
    free = np.random.Generator(np.random.Philox(key=1))
    unseeded = Archetype("planted", "draws from a generator of its own", lambda size, draw: good.settle(size, free))
    fixed = Archetype(
        "planted", "always the same", lambda size, draw: good.settle(size, np.random.Generator(np.random.Philox(key=1)))
    )
    assert any("differs between two runs" in text for text in laws_simulate.seeded(unseeded, 24))
    assert laws_simulate.seeded(fixed, 24) == ["another seed settles the very same accounts"]

    def marked(size: int, draw: np.random.Generator) -> Any:
        cohort = good.settle(size, draw)
        return replace(cohort, accounts={**cohort.accounts, "hostile": np.ones(size)})

    told = laws_simulate.has_no_traits_of_its_own(
        Archetype("planted", "marked", marked), 24, people.TRAITS, list(people.EXTRAS)
    )
    assert told == ["trait hostile is its own"]
