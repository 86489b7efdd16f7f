"""A calibration folder: what was written is read again, the order tells nothing, what is not whole is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.prove.own import own_of

from hydrometer.base.cases import OwnOperators
from hydrometer.base.errors import UsageError
from hydrometer.prove.metadata import METADATA_FIGURES
from hydrometer.prove.own_library import FACTS, OPERATORS, load, write

SPREADS = np.array([0.3, -1.0, 2.0, 0.7])


def operators(order: list[int]) -> OwnOperators:
    """Four operators in some order; the last has no form."""
    own = own_of(SPREADS, SPREADS)
    own.forms[3] = np.nan
    kinds = tuple(f"kind_{n}" for n in order)
    return OwnOperators(kinds, own.profiles[order], own.forms[order], np.array(order) * 1_000_000)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A sound calibration."""
    write(tmp_path, operators([0, 1, 2, 3]), {"note": "a test"})
    return tmp_path


def test_what_is_written_is_read_again(folder: Path) -> None:
    found = load(folder)
    order = [int(kind.removeprefix("kind_")) for kind in found.own.kinds]
    wanted = operators(order)
    assert sorted(order) == [0, 1, 2, 3] and found.facts["note"] == "a test"
    assert np.array_equal(found.own.profiles, wanted.profiles)
    assert np.array_equal(found.own.forms, wanted.forms, equal_nan=True)
    assert found.own.known_us.tolist() == wanted.known_us.tolist()


def test_the_order_of_operators_is_not_kept(folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    write(other, operators([2, 3, 0, 1]), {"note": "a test"})
    assert [(folder / name).read_bytes() for name in (FACTS, OPERATORS)] == [
        (other / name).read_bytes() for name in (FACTS, OPERATORS)
    ]


def test_operators_measured_without_content_are_for_scans_without_it(tmp_path: Path) -> None:
    own = operators([0, 1, 2, 3])
    nothing, metadata = np.full_like(own.profiles, np.nan), np.arange(4.0)[:, None] * np.ones(len(METADATA_FIGURES))
    metadata[2, 0] = np.nan
    bare = OwnOperators(own.kinds, nothing, np.full_like(own.forms, np.nan), own.known_us, metadata)
    write(tmp_path, bare, {})
    with pytest.raises(UsageError, match="measured without content"):
        load(tmp_path)
    found = load(tmp_path, content=False).own
    order = [int(kind.removeprefix("kind_")) for kind in found.kinds]
    assert np.array_equal(found.metadata, metadata[order], equal_nan=True) and np.isnan(found.profiles).all()
    metadata[0, 0] = np.inf
    write(tmp_path, bare, {})
    with pytest.raises(UsageError, match="no finite numbers"):
        load(tmp_path, content=False)


def test_no_operators_are_a_calibration_as_well(tmp_path: Path) -> None:
    write(tmp_path, OwnOperators((), np.zeros((0, 0)), np.zeros((0, 0)), np.zeros(0, np.int64)), {})
    assert len(load(tmp_path).own) == 0


def test_nothing_but_figures_is_stored(folder: Path) -> None:
    schema = pq.read_schema(folder / OPERATORS)
    assert [field.name for field in schema if not pa.types.is_floating(field.type)] == ["kind", "known_from"]


def no_facts(folder: Path) -> None:
    (folder / FACTS).unlink()


def no_library(folder: Path) -> None:
    (folder / OPERATORS).unlink()


def not_json(folder: Path) -> None:
    (folder / FACTS).write_bytes(b"\xff{")


def a_list(folder: Path) -> None:
    (folder / FACTS).write_text("[1]")


def said(name: str, value: object) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        facts = json.loads((folder / FACTS).read_text())
        (folder / FACTS).write_text(json.dumps(facts | {name: value}))

    return change


def other_library(folder: Path) -> None:
    pq.write_table(pa.table({"kind": ["x"]}), folder / OPERATORS)


def infinite(folder: Path) -> None:
    own = own_of(np.array([np.inf]))
    write(folder, OwnOperators(own.kinds, own.profiles, own.forms, own.known_us), {})


def half_a_form(folder: Path) -> None:
    own = own_of(SPREADS, SPREADS)
    own.forms[0, 1] = np.nan
    write(folder, own, {})


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (no_facts, "no readable calibration.json"),
        (no_library, "no readable library.parquet"),
        (not_json, "calibration.json is no JSON mapping"),
        (a_list, "calibration.json is no JSON mapping"),
        (said("schema_version", "1"), "schema_version '1'"),
        (said("schema_version", None), "schema_version None"),
        (said("weights_sha256", "00"), "measured for other weights"),
        (said("library_sha256", "00"), "not the file that calibration.json names"),
        (other_library, "not the file that calibration.json names"),
        (infinite, "no finite numbers"),
        (half_a_form, "no finite numbers"),
    ],
)
def test_what_is_no_calibration_is_refused_in_one_clear_error(
    folder: Path, spoil: Callable[[Path], None], words: str
) -> None:
    spoil(folder)
    with pytest.raises(UsageError) as problem:
        load(folder)
    assert words in problem.value.found and str(folder) in problem.value.where and problem.value.remedy
