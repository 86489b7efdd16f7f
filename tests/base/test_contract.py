"""`breaches` finds each damage to a run, none in a good one, and agrees with the outside check where there is one."""

from __future__ import annotations

import json
import runpy
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hydrometer.base.contract import breaches
from hydrometer.base.tables import OUTPUTS, from_rows

START = datetime(2026, 3, 2, tzinfo=UTC)
Damage = Callable[[Path], None]


@pytest.fixture
def good(tmp_path: Path) -> Path:
    """A run that keeps the contract: one suspected campaign of three accounts and one benign group."""
    run = tmp_path / "run"
    run.mkdir()
    common = {"q_value": 0.001, "posterior": 0.9, "first_seen": START, "last_seen": START + timedelta(days=1)}
    lists: dict[str, Any] = {"capabilities": ["reasoning"], "techniques": ["forced_tags"]}
    listed = {"campaign_id": "c1", "operator_id": "o1", "rank": 1, "kind": "distillation", "level": "suspected"}
    benign = {"campaign_id": "c2", "operator_id": "o2", "rank": 2, "kind": "benign", "level": "benign"}
    member = {"role": "operator", "probability": 0.9, "share": 0.5, "share_low": 0.4, "share_high": 0.6, "because": "x"}
    rows: dict[str, list[dict[str, Any]]] = {
        "campaigns": [
            listed | common | lists | {"accounts": 3, "exchanges": 1.5, "summary": "Three accounts."},
            benign | common | lists | {"accounts": 1, "exchanges": 9.0, "innocent_explanation": "One company"},
        ],
        "members": [member | {"campaign_id": "c1", "account_id": f"a{n}"} for n in range(3)],
        "operators": [{"operator_id": "o1", "account_id": "a0", "probability": 0.9}],
        "attributed": [{"exchange_id": f"e{n}", "campaign_id": "c1", "probability": 0.5} for n in range(3)],
        "evidence": [
            {
                "campaign_id": "c1",
                "hypothesis": "H1",
                "signal": "urn_mail",
                "statement": "shared",
                "bits": 3.0,
                "model_bits": 3.0,
            }
        ],
        "rejects": [{"source": "x.jsonl", "position": 3, "reason": "not JSON"}],
    }
    for name, schema in OUTPUTS.items():
        pq.write_table(from_rows(rows.get(name, []), schema), run / f"{name}.parquet")
    counts = {"rows_read": 4, "rows_kept": 3, "rows_rejected": 1, "rows_duplicate": 0}
    manifest = {"schema_version": 1, "version": "0", "seed": 0, "inputs": [{"name": "x", "sha256": "a" * 64} | counts]}
    (run / "manifest.json").write_text(json.dumps(manifest))
    (run / "report.json").write_text("{}")
    (run / "report.html").write_text("<!doctype html><title>x</title>")
    return run


def change(name: str, **columns: object) -> Damage:
    """Set columns of a table's first row."""

    def damage(run: Path) -> None:
        path = run / f"{name}.parquet"
        table = pq.read_table(path)
        rows = table.to_pylist()
        rows[0].update(columns)
        nullable = pa.schema([field.with_nullable(True) for field in table.schema])
        pq.write_table(pa.Table.from_pylist(rows, nullable), path)

    return damage


def repeat(name: str) -> Damage:
    """Write a table's first row twice."""

    def damage(run: Path) -> None:
        path = run / f"{name}.parquet"
        table = pq.read_table(path)
        pq.write_table(pa.concat_tables([table, table.slice(0, 1)]), path)

    return damage


def retype(name: str, column: str, kind: pa.DataType) -> Damage:
    """Cast a column to another type."""

    def damage(run: Path) -> None:
        path = run / f"{name}.parquet"
        table = pq.read_table(path)
        place = table.column_names.index(column)
        pq.write_table(table.set_column(place, column, table[column].cast(kind)), path)

    return damage


def drop(name: str, column: str) -> Damage:
    """Take a column away."""
    return lambda run: pq.write_table(pq.read_table(run / f"{name}.parquet").drop([column]), run / f"{name}.parquet")


def remove(name: str) -> Damage:
    """Delete a file."""
    return lambda run: (run / name).unlink()


def write(name: str, text: str) -> Damage:
    """Replace a file's content."""

    def damage(run: Path) -> None:
        (run / name).write_text(text)

    return damage


def say(**keys: object) -> Damage:
    """Change the manifest's first input."""

    def damage(run: Path) -> None:
        said = json.loads((run / "manifest.json").read_text())
        said["inputs"][0].update(keys)
        (run / "manifest.json").write_text(json.dumps(said))

    return damage


SHARED: dict[str, tuple[Damage, str]] = {
    "table missing": (remove("evidence.parquet"), "evidence.parquet: missing"),
    "campaigns missing": (remove("campaigns.parquet"), "campaigns.parquet: missing"),
    "column missing": (drop("members", "because"), "members.parquet: no column because"),
    "level missing": (drop("campaigns", "level"), "campaigns.parquet: no column level"),
    "rank is text": (retype("campaigns", "rank", pa.string()), "campaigns.parquet: rank is string"),
    "accounts is a float": (retype("campaigns", "accounts", pa.float64()), "campaigns.parquet: accounts is double"),
    "time is a number": (retype("campaigns", "first_seen", pa.int64()), "campaigns.parquet: first_seen is int64"),
    "q_value is text": (retype("campaigns", "q_value", pa.string()), "campaigns.parquet: q_value is string"),
    "null": (change("members", because=None), "members.parquet: because has 1 nulls"),
    "q null": (change("campaigns", q_value=None), "c1: suspected at q_value None"),
    "NaN": (change("campaigns", posterior=float("nan")), "campaigns.parquet: posterior has NaN or infinity"),
    "infinity": (change("evidence", bits=float("inf")), "evidence.parquet: bits has NaN or infinity"),
    "unknown level": (change("campaigns", level="certain"), "campaigns.level: unknown words ['certain']"),
    "unknown role": (change("members", role="boss"), "members.role: unknown words ['boss']"),
    "unknown hypothesis": (change("evidence", hypothesis="H9"), "evidence.hypothesis: unknown words ['H9']"),
    "above one": (change("members", probability=1.5), "members.probability: outside 0..1"),
    "below nought": (change("campaigns", benign_p=-0.1), "campaigns.benign_p: outside 0..1"),
    "campaign twice": (repeat("campaigns"), "campaigns: campaign_id is not unique"),
    "member twice": (repeat("members"), "members: (campaign_id, account_id) is not unique"),
    "stranger": (change("evidence", campaign_id="c9"), "evidence: campaign_id not in campaigns: ['c9']"),
    "attributed stranger": (change("attributed", campaign_id="c8"), "attributed: campaign_id not in campaigns: ['c8']"),
    "shares": (change("members", account_id="a1", share=0.7), "members: shares of an account add up to more than 1"),
    "kind": (change("campaigns", kind="resale"), "c1: suspected with kind resale"),
    "no summary": (change("campaigns", summary=""), "c1: suspected without a summary"),
    "no evidence": (change("evidence", campaign_id="c2"), "c1: suspected without a row of evidence"),
    "accounts": (change("campaigns", accounts=4), "c1: accounts says 4, members list 3 operators and victims"),
    "customer": (change("members", role="customer"), "c1: accounts says 3, members list 2 operators and victims"),
    "weak": (change("campaigns", q_value=0.02), "c1: suspected at q_value 0.02"),
    "rows": (say(rows_read=5), "manifest.json: x: read is not kept + rejected + duplicate: [5, 3, 1, 0]"),
    "rows are text": (say(rows_kept="3"), "manifest.json: x: read is not kept + rejected + duplicate: [4, '3', 1, 0]"),
    "hash": (say(sha256="a"), "manifest.json: x: no sha256"),
    "no inputs": (write("manifest.json", '{"inputs": []}'), "manifest.json: no inputs"),
    "no key": (write("manifest.json", "{}"), "manifest.json: KeyError: 'inputs'"),
    "no object": (write("manifest.json", '{"inputs": [1]}'), "manifest.json: AttributeError"),
    "broken manifest": (write("manifest.json", "{"), "manifest.json: JSONDecodeError"),
    "broken report": (write("report.json", "{"), "report.json: "),
    "no page": (remove("report.html"), "report.html: "),
    "page loads": (write("report.html", '<img src="//x.example/a">'), "report.html: loads something from another host"),
    "page imports": (write("report.html", "<style>@import 'x'"), "report.html: loads something from another host"),
}
"""Damages that the outside check knows too, each with the words that its breach begins with."""

FURTHER: dict[str, tuple[Damage, str]] = {
    "overbooked exchange": (
        change("attributed", exchange_id="e1", probability=0.7),
        "attributed: probabilities of an ex",
    ),
    "attributed twice": (repeat("attributed"), "attributed: (exchange_id, campaign_id) is not unique"),
    "total": (change("campaigns", exchanges=7.0), "c1: exchanges says 7, attributed rows add up to 1.5"),
    "narrow type": (retype("campaigns", "rank", pa.int32()), "campaigns.parquet: rank is int32, the schema says int64"),
    "time zone": (
        retype("campaigns", "first_seen", pa.timestamp("us")),
        "campaigns.parquet: first_seen is timestamp[us], ",
    ),
    "no links": (remove("links.parquet"), "links.parquet: missing"),
    "ranks": (change("campaigns", rank=5), "campaigns: rank is not 1, 2, 3"),
    "times": (change("campaigns", last_seen=START - timedelta(1)), "c1: first_seen is after last_seen"),
    "confirmed without a library": (change("campaigns", level="confirmed"), "c1: confirmed at benign_p None"),
    "vocabulary": (change("campaigns", techniques=["magic"]), "c1: techniques: unknown words ['magic']"),
    "unlikely member": (change("members", probability=0.3), "members: c1, a0: listed at probability 0.3"),
    "share outside": (change("members", share=0.1), "members: c1, a0: share 0.1 outside its range"),
    "bits differ": (change("evidence", bits=9.0), "evidence: c1, urn_mail: bits 9.0 differ from model_bits 3.0"),
    "mute evidence": (change("evidence", statement=None), "evidence: c1, urn_mail: no statement"),
    "script": (write("report.html", "<SCRIPT>1</SCRIPT>"), "report.html: holds a script"),
    "not Parquet": (write("members.parquet", "PAR1"), "members.parquet: not a readable Parquet file"),
    "no seed": (write("manifest.json", '{"inputs": []}'), "manifest.json: no seed"),
}


@pytest.fixture
def outside_breaches(
    outside_check: Path, good: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[[], list[str]]:
    """What the outside check says of the run, as it stands when called."""

    def said() -> list[str]:
        monkeypatch.setattr("sys.argv", [str(outside_check), str(good)])
        with pytest.raises(SystemExit) as ended:
            runpy.run_path(str(outside_check), run_name="__main__")
        assert ended.value.code in (0, 1)
        return [line.removeprefix("contract: ") for line in capsys.readouterr().out.splitlines()[:-1]]

    return said


@pytest.fixture(scope="session")
def outside_check(data_folder: Path) -> Path:
    """The outside check that lies beside the outside data; the test is skipped where there is none."""
    check = data_folder.parent / "checks" / "contract_check.py"
    if not check.is_file():
        pytest.skip("needs the outside check of runs beside the outside data")
    return check


def test_a_good_run_has_no_breach(good: Path) -> None:
    assert breaches(good) == []


@pytest.mark.parametrize("damage", [*SHARED, *FURTHER])
def test_each_damage_is_named(good: Path, damage: str) -> None:
    apply, words = (SHARED | FURTHER)[damage]
    apply(good)
    assert [text for text in breaches(good) if text.startswith(words)], breaches(good)


@pytest.mark.parametrize("damage", ["good", *SHARED])
def test_says_the_same_as_the_outside_check(good: Path, outside_breaches: Callable[[], list[str]], damage: str) -> None:
    if damage != "good":
        SHARED[damage][0](good)
    outside = outside_breaches()
    ours = breaches(good)
    assert bool(outside) == (damage != "good") == bool(ours)
    assert [text for text in outside if text not in ours] == []


def test_an_empty_folder_and_a_file_are_no_traceback(tmp_path: Path) -> None:
    assert "campaigns.parquet: missing" in breaches(tmp_path)
    assert breaches(tmp_path / "nowhere")
