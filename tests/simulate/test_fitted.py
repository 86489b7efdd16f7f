"""The fitted parameters: what is drawn from them scatters as they say, and a new fit gives them again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
import yaml
from bench import fit_traces
from scipy import stats

from hydrometer.base.draws import generator
from hydrometer.simulate import clock, fitted
from hydrometer.simulate.speech import KINDS, OUTPUT_TOKENS, SPREAD

MANY = 40_000
PEOPLE = ("chat_user", "household", "carrier_user", "vpn_user")
DRAWN_TOLERANCE, WORLD_TOLERANCE, REFIT_TOLERANCE = 0.03, 0.08, 0.03


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    """The shipped parameters as they are in the file."""
    text = (Path(fitted.__file__).parent / "fitted.yaml").read_text(encoding="utf-8")
    return yaml.safe_load(text)


@pytest.fixture(scope="module")
def answered(demo_world: Path) -> pa.Table:
    """Answered exchanges of a written world, with the archetype of each."""
    names = ["account_id", "sent_at", "turn", "input_tokens", "output_tokens", "status", "finish_reason"]
    rows = pq.read_table(demo_world / "traffic" / "exchanges.parquet", columns=names)
    truth = pq.read_table(demo_world / "truth" / "accounts.parquet", columns=["account_id", "archetype"])
    whole = rows.join(truth, "account_id")
    return whole.filter(pc.and_(pc.equal(whole["status"], 200), pc.not_equal(whole["finish_reason"], "refusal")))


def of(table: pa.Table, archetypes: tuple[str, ...], column: str) -> np.ndarray:
    """A column of the exchanges of some archetypes."""
    return table.filter(pc.is_in(table["archetype"], pa.array(archetypes)))[column].to_numpy().astype(float)


def leaves(entry: Any, path: str = "") -> dict[str, float]:
    """All numbers of a document by their path."""
    if isinstance(entry, dict):
        return {name: value for key, part in entry.items() for name, value in leaves(part, f"{path}/{key}").items()}
    return {path: float(entry)} if isinstance(entry, int | float) else {}


def test_a_new_fit_gives_the_shipped_parameters(data_folder: Path, document: dict[str, Any]) -> None:
    if not (data_folder / fit_traces.FILE).is_file():
        pytest.skip(f"needs {fit_traces.FILE}")
    again, shipped = leaves(fit_traces.fit(data_folder)), leaves(document)
    assert again.keys() == shipped.keys()
    assert again == pytest.approx(shipped, rel=REFIT_TOLERANCE)


def test_the_file_names_its_sources_and_what_it_lacks(document: dict[str, Any]) -> None:
    assert {entry["licence"] for entry in document["sources"].values()} == {"CC BY 4.0", "Apache-2.0"}
    named = {
        source for part in ("output_tokens", "first_input_tokens") for by in document[part].values() for source in by
    }
    assert named == set(document["sources"])
    assert document["not_fitted"]


def test_the_best_family_of_gaps_and_turns_is_kept(document: dict[str, Any]) -> None:
    for part in ("gaps", "turns"):
        entries = {name: entry for name, entry in document[part].items() if isinstance(entry, dict)}
        assert document[part]["kept"] == min(entries, key=lambda name: entries[name]["aic"])
        assert len(entries) == 3


def test_gaps_of_people_have_the_fitted_median_and_shape(document: dict[str, Any]) -> None:
    talk = np.repeat(np.arange(MANY // 4), 4)
    drawn = clock.gaps(np.full(MANY, False), talk, generator(1, "test", b"gaps")) / clock.SECOND_US
    kept = document["gaps"]["log_normal"]
    free = drawn[drawn < document["gaps"]["longest_s"]]
    assert len(free) > 0.99 * MANY
    assert np.median(drawn) == pytest.approx(kept["scale_s"], rel=DRAWN_TOLERANCE)
    assert np.subtract(*np.quantile(np.log(drawn), [0.75, 0.25])) == pytest.approx(
        2 * stats.norm.ppf(0.75) * kept["shape"], rel=DRAWN_TOLERANCE
    )
    assert fit_traces.between(np.log(drawn), talk) == pytest.approx(document["gaps"]["between_share"], abs=0.02)


@pytest.mark.parametrize("family", ["log_normal", "weibull", "gamma"])
def test_each_family_of_gaps_is_drawn_as_its_distribution(family: str, document: dict[str, Any]) -> None:
    entry = document["gaps"][family]
    law = {"log_normal": stats.lognorm, "weibull": stats.weibull_min, "gamma": stats.gamma}[family]
    scores = np.linspace(-3, 3, 25)
    shape = fitted.GapShape(family, entry["shape"], entry["scale_s"], 0.0, np.inf)
    assert shape.at(scores) == pytest.approx(law.ppf(stats.norm.cdf(scores), entry["shape"], scale=entry["scale_s"]))


def test_machines_do_not_wait_like_people() -> None:
    draw = generator(1, "test", b"machines")
    drawn = clock.gaps(np.full(MANY, True), np.arange(MANY), draw) / clock.SECOND_US
    assert np.median(drawn) < 15 < np.median(fitted.gaps_s(np.arange(MANY), draw))


def test_first_inputs_follow_body_and_tail(document: dict[str, Any]) -> None:
    for use, code in (("code", True), ("chat", False)):
        drawn = fitted.first_input_tokens(np.full(MANY, code), generator(1, "test", use.encode()))
        entries = document["first_input_tokens"][use].values()
        expected = np.mean([share_below(entry, drawn) for entry in entries], axis=0)
        inside = drawn < min(entry["longest_tokens"] for entry in entries)
        empirical = stats.rankdata(drawn, method="max") / len(drawn)
        assert np.abs(empirical - expected)[inside].max() < 0.01
        assert drawn.max() <= max(entry["longest_tokens"] for entry in entries)


def share_below(entry: dict[str, float], tokens: np.ndarray) -> np.ndarray:
    """Distribution function of one service's first inputs, written anew; a drawn number is rounded down."""
    above = tokens + 1.0
    body = stats.lognorm(entry["sigma"], scale=entry["median_tokens"])
    if "tail_share" not in entry:
        return body.cdf(above)
    edge, share = entry["tail_from_tokens"], entry["tail_share"]
    tail = 1.0 - share * np.minimum(edge / above, 1.0) ** entry["tail_shape"]
    return np.where(above <= edge, (1.0 - share) * body.cdf(above) / body.cdf(edge), tail)


def test_turns_have_the_fitted_mean_and_variance(document: dict[str, Any]) -> None:
    entry = document["turns"]["gamma_geometric"]
    more = fitted.turns(10 * MANY, generator(1, "test", b"turns")) - 1.0
    assert more.mean() == pytest.approx(entry["shape"] * entry["scale_turns"], rel=DRAWN_TOLERANCE)
    assert more.var() == pytest.approx(entry["shape"] * entry["scale_turns"] ** 2, rel=2 * DRAWN_TOLERANCE)


def test_answers_in_a_world_scatter_as_the_traces(answered: pa.Table) -> None:
    talk, code = (np.log(of(answered, archetypes, "output_tokens")).std() for archetypes in (PEOPLE, ("editor_user",)))
    assert talk == pytest.approx(fitted.output_spread("chat"), rel=WORLD_TOLERANCE)
    assert code == pytest.approx(fitted.output_spread("code"), rel=2.5 * WORLD_TOLERANCE)
    assert code < talk


def test_kinds_keep_their_order_of_spread() -> None:
    fitted_spreads = fitted.kind_spreads(KINDS, SPREAD)
    for code in (True, False):
        rows = fitted.is_code(KINDS) == code
        ratio = fitted_spreads[rows] / SPREAD[rows]
        assert ratio == pytest.approx(ratio[0])
    assert len(fitted_spreads) == len(OUTPUT_TOKENS)


def test_all_times_of_a_world_lie_in_one_week(answered: pa.Table) -> None:
    span = pc.min_max(answered["sent_at"]).as_py()
    assert (span["max"] - span["min"]).total_seconds() * clock.SECOND_US <= clock.SPAN_US


def test_inputs_of_a_world_begin_as_fitted_and_grow(answered: pa.Table, document: dict[str, Any]) -> None:
    people = answered.filter(pc.is_in(answered["archetype"], pa.array(PEOPLE)))
    first = people.filter(pc.equal(people["turn"], 1))["input_tokens"].to_numpy().astype(float)
    entries = document["first_input_tokens"]["chat"].values()
    middle = np.mean([share_below(entry, np.median(first, keepdims=True)) for entry in entries])
    assert middle == pytest.approx(0.5, abs=0.04)
    assert first.max() > 10 * np.median(first)
    later = people.filter(pc.equal(people["turn"], 4))["input_tokens"].to_numpy().astype(float)
    assert np.median(later) > np.median(first)
