"""The laws of collect: counts add up, duplicates and taken ids settle the same way, what goes in comes out."""

from __future__ import annotations

import gzip
import io
import itertools
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.collect.conftest import Collector, jsonl, row

from hydrometer.base.errors import InputError, UsageError
from hydrometer.base.tables import INPUTS
from hydrometer.base.workspace import Workspace
from hydrometer.collect import staging
from hydrometer.collect.run import CollectOptions, collect

SCHEMA = INPUTS["exchanges"]
TEXT = st.text(st.characters(exclude_categories=["Cc", "Cf", "Cs", "Zl", "Zp"]), max_size=12)
COUNT = st.integers(0, 2**62)
ROWS, GROUP_ROWS = 200_000, 10_000
VALUES = {
    "string": TEXT,
    "int64": COUNT,
    "double": st.floats(0, 1e12),
    "bool": st.booleans(),
    "list<item: string>": st.lists(TEXT, max_size=3),
    "list<element: string>": st.lists(TEXT, max_size=3),
    "timestamp[us, tz=UTC]": st.datetimes(datetime(2015, 1, 1), datetime(2089, 12, 31), timezones=st.just(UTC)),
}
REQUIRED = TEXT.filter(lambda text: text.strip() != "")


def rows_strategy() -> st.SearchStrategy[list[dict[str, Any]]]:
    columns = {
        field.name: (REQUIRED if str(field.type) == "string" else VALUES[str(field.type)])
        if not field.nullable
        else st.none() | VALUES[str(field.type)]
        for field in SCHEMA
    }
    return st.lists(st.fixed_dictionaries(columns), min_size=1, max_size=6, unique_by=lambda one: one["exchange_id"])


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(rows_strategy())
def test_any_canonical_rows_survive_json_lines_and_parquet(rows: list[dict[str, Any]]) -> None:
    expected = sorted(rows, key=lambda one: one["exchange_id"].encode())
    with tempfile.TemporaryDirectory() as folder:
        lines, parquet = Path(folder) / "t.jsonl", Path(folder) / "t.parquet"
        lines.write_bytes(b"".join(orjson.dumps(one) + b"\n" for one in rows))
        pq.write_table(pa.Table.from_pylist(rows, schema=SCHEMA), parquet)
        for file in (lines, parquet):
            workspace = Workspace(Path(folder) / "work", threads=1)
            report = collect([str(file)], CollectOptions(), workspace, lambda *_: None)
            found = workspace.query("select * from {exchanges} order by exchange_id")
            workspace.close()
            assert found.cast(SCHEMA).to_pylist() == expected
            assert report.inputs[0].rows_kept == len(rows)


def test_the_table_has_exactly_the_contracts_types(tmp_path: Path, run: Collector) -> None:
    (tmp_path / "t.jsonl").write_bytes(jsonl(row(tools=["t"], stream=True)))
    found = pq.read_schema(run(tmp_path / "t.jsonl").workspace.path("exchanges"))
    assert found.names == SCHEMA.names
    plain = {field.name: str(field.type).replace("list<element:", "list<item:") for field in found}
    assert plain == {field.name: str(field.type).replace("list<element:", "list<item:") for field in SCHEMA}


TRIPLES = [
    row(),  # kept
    row(prompt="other content"),  # duplicate: id, account and time agree
    row(account_id="acct-2"),  # taken id, same time, later position
    row(sent_at="2026-03-01T09:00:00Z"),  # earliest: keeps the id
    row(account_id="acct-2", sent_at="2026-03-01T12:00:00+02:00"),  # duplicate of the third
    row(exchange_id="a#2"),  # an id that looks like a suffixed one
    row(exchange_id="b"),
]


def test_duplicates_go_and_taken_ids_get_suffixes(tmp_path: Path, run: Collector) -> None:
    (tmp_path / "t.jsonl").write_bytes(jsonl(*TRIPLES))
    result = run(tmp_path / "t.jsonl")
    assert result.counts() == (7, 5, 0, 2)
    assert result.report.ids_suffixed == 2
    found = {one["exchange_id"]: (one["account_id"], one["sent_at"].hour, one["prompt"]) for one in result.exchanges}
    assert found == {
        "a": ("acct-1", 9, None),
        "a##2": ("acct-1", 10, None),
        "a##3": ("acct-2", 10, None),
        "a#2": ("acct-1", 10, None),
        "b": ("acct-1", 10, None),
    }
    accounts = {number: one["account_id"] for number, one in enumerate(TRIPLES, start=1)}
    origins = result.workspace.read("origins").to_pylist()
    assert len(origins) == len({one["position"] for one in origins}) == 5
    for one in origins:
        assert (one["source"], one["pack"]) == ("t.jsonl", "canonical")
        assert accounts[one["position"]] == one["account_id"] == found[one["exchange_id"]][0]
    assert next(one["position"] for one in origins if one["exchange_id"] == "a") == 4


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_files_in_any_order_settle_the_same_way(order: tuple[int, ...], tmp_path: Path, run: Collector) -> None:
    names = ["x.jsonl", "y.jsonl", "z.jsonl"]
    for number, name in enumerate(names):
        (tmp_path / name).write_bytes(jsonl(*(row(account_id=f"acct-{n}") for n in range(number, number + 2))))
    result = run(*(tmp_path / names[number] for number in order))
    assert [one.name for one in result.report.inputs] == names
    assert [result.counts(number) for number in range(3)] == [(2, 2, 0, 0), (2, 1, 0, 1), (2, 1, 0, 1)]
    found = [(one["exchange_id"], one["account_id"]) for one in result.exchanges]
    assert found == [("a", "acct-0"), ("a#2", "acct-1"), ("a#3", "acct-2"), ("a#4", "acct-3")]


def test_parquet_and_json_lines_mix_and_deduplicate(tmp_path: Path, run: Collector) -> None:
    (tmp_path / "t.jsonl").write_bytes(jsonl(row(), row(exchange_id="only")))
    times = pa.array([datetime(2026, 3, 1, 10, tzinfo=UTC)] * 2, pa.timestamp("us", tz="UTC"))
    for name, ids in (("a.parquet", ["a", "p"]), ("b.parquet", ["p", "q"])):
        table = pa.table({"exchange_id": ids, "sent_at": times, "account_id": ["acct-1"] * 2})
        pq.write_table(table, tmp_path / name)
    result = run(tmp_path / "*.*")
    assert [result.counts(number) for number in range(3)] == [(2, 2, 0, 0), (2, 1, 0, 1), (2, 1, 0, 1)]
    assert [one["exchange_id"] for one in result.exchanges] == ["a", "only", "p", "q"]


def compressed(content: bytes, codec: str) -> bytes:
    return gzip.compress(content) if codec == "gzip" else pa.compress(content, codec=codec, asbytes=True)


@pytest.mark.parametrize("codec", ["gzip", "zstd"])
def test_compression_is_known_by_content_not_by_name(codec: str, tmp_path: Path, run: Collector) -> None:
    parts = [compressed(jsonl(row(exchange_id=name)), codec) for name in "ab"]
    (tmp_path / "plain.jsonl").write_bytes(b"".join(parts))
    assert [one["exchange_id"] for one in run(tmp_path / "plain.jsonl").exchanges] == ["a", "b"]


@pytest.mark.parametrize("codec", ["gzip", "zstd"])
def test_a_compressed_file_that_breaks_off_keeps_what_was_before(codec: str, tmp_path: Path, run: Collector) -> None:
    rows = [row(exchange_id=str(n), prompt=f"{n * 7919} {n**5} {n**9}") for n in range(80_000)]
    whole = compressed(jsonl(*rows), codec)
    (tmp_path / "cut").write_bytes(whole[: -len(whole) // 3])
    result = run(tmp_path / "cut")
    read, kept, rejected, duplicate = result.counts()
    assert 20_000 < kept < 80_000
    assert (rejected, duplicate) == (read - kept, 0)
    assert result.reasons[-1] == "the compressed file is damaged or cut short"


def test_standard_input_and_compressed_parquet(tmp_path: Path, run: Collector, monkeypatch: pytest.MonkeyPatch) -> None:
    stream = SimpleNamespace(buffer=io.BytesIO(gzip.compress(jsonl(row()))))
    monkeypatch.setattr(sys, "stdin", stream)
    assert run("-").report.inputs[0].name == "stdin"
    times = pa.array([datetime(2026, 3, 1, tzinfo=UTC)], pa.timestamp("us", tz="UTC"))
    sink = io.BytesIO()
    pq.write_table(pa.table({"exchange_id": ["z"], "sent_at": times, "account_id": ["x"]}), sink)
    (tmp_path / "t.parquet.gz").write_bytes(gzip.compress(sink.getvalue()))
    assert run(tmp_path / "t.parquet.gz").exchanges[0]["exchange_id"] == "z"


def test_a_folder_is_read_with_the_tables_beside_it(tmp_path: Path, run: Collector) -> None:
    traffic = tmp_path / "day" / "traffic"
    (traffic / "exchanges" / "hour=1").mkdir(parents=True)
    (traffic / "exchanges" / "hour=1" / "part.jsonl").write_bytes(jsonl(row(organization_id="org-9")))
    (traffic / "exchanges" / "_SUCCESS").write_bytes(b"")
    (traffic / "accounts.csv").write_text(
        "account_id,created_at,plan\nacct-1,2026-01-01T00:00:00Z,pro\nacct-7,,free\n,,free\nacct-8,soon,free\n"
    )
    (traffic / "releases.csv").write_text("model,released_at,family\nlarge,2026-01-05T00:00:00Z,l\n")
    (traffic / "timeline.csv").write_text("actor,event,happened_at,source\n")
    (traffic / "register.yaml").write_text("- {account_id: acct-1, purpose: evaluation, expires_at: 2027-01-01}\n")
    (traffic / "policy.yaml").write_text("unsupported_countries: [XX]\n")
    result = run(tmp_path / "day")
    assert [one.name for one in result.report.inputs] == ["traffic/exchanges/hour=1/part.jsonl"]
    assert result.report.policy == {"unsupported_countries": ["XX"]}
    assert [use.purpose for use in result.report.register] == ["evaluation"]
    accounts = result.workspace.read("accounts").to_pylist()
    assert [(one["account_id"], one["organization_id"], one["plan"]) for one in accounts] == [
        ("acct-1", "org-9", "pro"),
        ("acct-7", None, "free"),
    ]
    assert result.workspace.read("releases")["model"].to_pylist() == ["large"]
    assert not result.workspace.has("enforcement")
    assert [(one["source"], one["position"], one["reason"]) for one in result.rejects] == [
        ("accounts.csv", 4, "account_id is missing"),
        ("accounts.csv", 5, "created_at is not a time"),
    ]
    override = tmp_path / "other.csv"
    override.write_text("account_id,plan\nacct-1,enterprise\n")
    accounts = run(tmp_path / "day", accounts=override).workspace.read("accounts").to_pylist()
    assert [(one["account_id"], one["plan"]) for one in accounts] == [("acct-1", "enterprise")]


def test_a_repeated_row_of_a_side_table_is_a_reject(tmp_path: Path, run: Collector) -> None:
    (tmp_path / "exchanges.jsonl").write_bytes(jsonl(row()))
    (tmp_path / "accounts").mkdir()
    (tmp_path / "accounts" / "1.csv").write_text("account_id,plan\nacct-1,pro\nacct-2,free\n,free\nacct-1,team\n")
    pq.write_table(
        pa.table({"account_id": ["acct-2", "acct-3"], "plan": ["pro", "pro"]}), tmp_path / "accounts/2.parquet"
    )
    (tmp_path / "releases.csv").write_text(
        "model,released_at\nm,2026-01-05T00:00:00Z\nm,2026-02-05T00:00:00Z\nm,2026-01-05T00:00:00Z\n"
    )
    (tmp_path / "enforcement.csv").write_text(
        "account_id,acted_at,action\n"
        + 2 * "acct-1,2026-03-02T00:00:00Z,ban\n"
        + "acct-1,2026-03-02T00:00:00Z,throttle\n"
    )
    result = run(tmp_path)
    accounts = result.workspace.read("accounts").to_pylist()
    assert [(one["account_id"], one["plan"]) for one in accounts] == [
        ("acct-1", "pro"),
        ("acct-2", "free"),
        ("acct-3", "pro"),
    ]
    assert result.workspace.read("releases").num_rows == 2
    assert result.workspace.read("enforcement")["action"].to_pylist() == ["ban", "throttle"]
    assert [(one["source"], one["position"], one["reason"]) for one in result.rejects] == [
        ("1.csv", 4, "account_id is missing"),
        ("1.csv", 5, "a second row for this account; the first is kept"),
        ("2.parquet", 1, "a second row for this account; the first is kept"),
        ("enforcement.csv", 3, "the same action a second time; the first is kept"),
        ("releases.csv", 4, "a second row for this model and time; the first is kept"),
    ]


def test_accounts_are_those_seen_where_no_table_is_given(tmp_path: Path, run: Collector) -> None:
    (tmp_path / "t.jsonl").write_bytes(
        jsonl(row(), row(exchange_id="b", organization_id="o2"), row(exchange_id="c", organization_id="o1"))
    )
    result = run(tmp_path / "t.jsonl")
    assert [(one["account_id"], one["organization_id"]) for one in result.workspace.read("accounts").to_pylist()] == [
        ("acct-1", "o1")
    ]
    assert "plan" in result.report.account_columns_absent


def test_a_wrong_register_is_told_whole(tmp_path: Path, run: Collector) -> None:
    (tmp_path / "t.jsonl").write_bytes(jsonl(row()))
    (tmp_path / "register.yaml").write_text("- {purpose: evaluation}\n- {account_id: x, purpose: fun, colour: red}\n")
    with pytest.raises(UsageError) as problem:
        run(tmp_path / "t.jsonl", register=tmp_path / "register.yaml")
    told = problem.value.found
    assert "entry 1" in told
    assert "entry 2: purpose" in told
    assert "entry 2: colour" in told


@pytest.mark.parametrize("given_as", ["", "truth", "truth/accounts.parquet", "deep"])
def test_truth_is_refused(given_as: str, tmp_path: Path, run: Collector) -> None:
    world = tmp_path / "world"
    (world / "traffic").mkdir(parents=True)
    (world / "truth").mkdir()
    (world / "traffic" / "exchanges.jsonl").write_bytes(jsonl(row()))
    (world / "truth" / "accounts.parquet").write_bytes(b"PAR1")
    (world / "truth" / "exchanges.jsonl").write_bytes(jsonl(row()))
    where = tmp_path if given_as == "deep" else world / given_as
    with pytest.raises(InputError, match="truth") as problem:
        run(where)
    assert problem.value.exit_code == 3
    assert "traffic" in problem.value.remedy
    assert run(world / "traffic").counts() == (1, 1, 0, 0)


def test_truth_behind_a_link_is_refused(tmp_path: Path, run: Collector) -> None:
    (tmp_path / "truth").mkdir()
    (tmp_path / "truth" / "exchanges.jsonl").write_bytes(jsonl(row()))
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "innocent.jsonl").symlink_to(tmp_path / "truth" / "exchanges.jsonl")
    with pytest.raises(InputError, match="truth"):
        run(tmp_path / "logs")


def test_the_period_is_half_open_and_what_is_outside_is_counted(tmp_path: Path, run: Collector) -> None:
    moments = ["2026-03-01T09:59:59.999999Z", "2026-03-01T10:00:00Z", "2026-03-01T11:00:00Z"]
    (tmp_path / "t.jsonl").write_bytes(jsonl(*(row(exchange_id=m, sent_at=m) for m in moments)))
    period = {"start": datetime(2026, 3, 1, 10, tzinfo=UTC), "end": datetime(2026, 3, 1, 11, tzinfo=UTC)}
    result = run(tmp_path / "t.jsonl", **period)
    assert [one["exchange_id"] for one in result.exchanges] == [moments[1]]
    assert result.reasons == ["outside --from/--to"] * 2
    assert [one["position"] for one in result.rejects] == [1, 3]


def test_without_content_no_text_is_stored(tmp_path: Path, run: Collector) -> None:
    texts = {"prompt": "secret one", "response": "secret two", "system_instructions": "secret three"}
    (tmp_path / "t.jsonl").write_bytes(jsonl(row(**texts), row(exchange_id="b", input_tokens=-1, **texts)))
    times = pa.array([datetime(2026, 3, 1, tzinfo=UTC)], pa.timestamp("us", tz="UTC"))
    pq.write_table(
        pa.table({"exchange_id": ["z"], "sent_at": times, "account_id": ["x"], "prompt": ["secret four"]}),
        tmp_path / "t.parquet",
    )
    result = run(tmp_path / "*.*", content=False)
    assert [one["prompt"] for one in result.exchanges] == [None, None]
    assert {"prompt", "response", "system_instructions"} <= set(result.report.absent_columns)
    assert not [file for file in result.workspace.folder.iterdir() if b"secret" in file.read_bytes()]
    assert run(tmp_path / "*.*").exchanges[0]["prompt"] == "secret one"


def test_same_names_from_two_folders_are_told_apart(tmp_path: Path, run: Collector) -> None:
    for name in "ab":
        (tmp_path / name).mkdir()
        (tmp_path / name / "t.jsonl").write_bytes(jsonl(row(exchange_id=name)))
    result = run(tmp_path / "a" / "t.jsonl", tmp_path / "b" / "t.jsonl")
    assert [one.name for one in result.report.inputs] == ["t.jsonl", "t.jsonl~2"]
    assert len({one.sha256 for one in result.report.inputs}) == 2


@pytest.mark.parametrize("together_bytes", [1, 500, 1 << 20])
def test_files_staged_together_or_alone_are_told_apart(
    together_bytes: int, tmp_path: Path, run: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(staging, "TOGETHER_BYTES", together_bytes)
    for number in range(6):
        (tmp_path / f"{number}.jsonl").write_bytes(
            jsonl(row(exchange_id=f"{number}a"), row(exchange_id=f"{number}b", **{f"hue{number}": 1}), b"{broken")
        )
    found = run(tmp_path)
    assert [found.counts(number) for number in range(6)] == [(3, 2, 1, 0)] * 6
    assert [(one["source"], one["position"]) for one in found.rejects] == [(f"{n}.jsonl", 3) for n in range(6)]
    assert found.report.columns_ignored == tuple((f"{number}.jsonl", f"hue{number}") for number in range(6))
    assert found.workspace.read("origins").select(["exchange_id", "source"]).sort_by("exchange_id").to_pylist() == [
        {"exchange_id": f"{number}{letter}", "source": f"{number}.jsonl"} for number in range(6) for letter in "ab"
    ]


def test_progress_is_told(tmp_path: Path, workspace: Workspace) -> None:
    (tmp_path / "t.jsonl").write_bytes(jsonl(row()))
    told: list[tuple[str, int, int | None]] = []
    collect([str(tmp_path / "t.jsonl")], CollectOptions(), workspace, lambda *one: told.append(one))
    assert told == [("collect", 0, 1), ("collect", 1, 1)]


def test_an_input_larger_than_the_memory_of_the_engine_is_read(tmp_path: Path) -> None:
    rows, file = 180_000, tmp_path / "log.jsonl"
    with file.open("wb") as out:
        for number in range(rows):
            prompt = f"{number} ".ljust(2000, "abcdefgh "[number % 9])
            out.write(jsonl(row(exchange_id=f"x{number}", prompt=prompt)))
    assert file.stat().st_size > 300_000_000
    workspace = Workspace(tmp_path / "work", threads=2, memory="300MB")
    report = collect([str(file)], CollectOptions(), workspace, lambda *_: None)
    assert [(one.rows_read, one.rows_kept) for one in report.inputs] == [(rows, rows)]
    workspace.close()


@pytest.mark.parametrize("again", [0, 1])
def test_origins_lie_in_the_order_of_the_rows(again: int, tmp_path: Path, run: Collector) -> None:
    times = pa.array([datetime(2026, 3, 1, 10, tzinfo=UTC)] * (ROWS + again), pa.timestamp("us", tz="UTC"))
    names = [f"x{number}" for number in range(ROWS)] + ["x0"] * again
    table = pa.table({"exchange_id": names, "sent_at": times, "account_id": ["acct-1"] * (ROWS + again)})
    for name, rows in (("it's 1.parquet", table.slice(0, ROWS // 2)), ("it's 2.parquet", table.slice(ROWS // 2))):
        pq.write_table(rows, tmp_path / name, row_group_size=GROUP_ROWS)
    origins = run(tmp_path).workspace.read("origins")
    assert origins["exchange_id"].to_pylist() == names[:ROWS]
    assert origins["source"].to_pylist() == ["it's 1.parquet"] * (ROWS // 2) + ["it's 2.parquet"] * (ROWS // 2)
    assert origins["position"].to_pylist() == list(range(1, ROWS // 2 + 1)) * 2


def test_terms_acceptances_and_timelines_are_read_and_impossible_dates_are_rejects(
    tmp_path: Path, run: Collector
) -> None:
    traffic = tmp_path / "traffic"
    traffic.mkdir()
    (traffic / "exchanges.jsonl").write_bytes(jsonl(row()))
    (traffic / "terms.csv").write_text("version,clause,sha256,effective_at\nv1,7.1,ab,\nv1,7.1,cd,\nv2,7.1,ab,soon\n")
    (traffic / "acceptances.csv").write_text("account_id,version,accepted_at\nacct-1,v1,2026-01-01T00:00:00Z\n,v1,\n")
    (traffic / "timeline.csv").write_text(
        "actor,event,happened_at,source\nRival,a release,2026-02-10T00:00:00Z,a blog\n"
        "Rival,never,2026-02-30T00:00:00Z,x\nRival,later,the day after tomorrow,x\n,nobody,2026-02-11T00:00:00Z,x\n"
    )
    result = run(traffic)
    assert result.workspace.read("terms").to_pylist() == [
        {"version": "v1", "clause": "7.1", "sha256": "ab", "effective_at": None}
    ]
    assert result.workspace.read("acceptances")["version"].to_pylist() == ["v1"]
    assert result.workspace.read("actor_timeline")["event"].to_pylist() == ["a release"]
    assert [(one["source"], one["position"], one["reason"]) for one in result.rejects] == [
        ("acceptances.csv", 3, "account_id is missing"),
        ("terms.csv", 3, "a second row for this clause of this version; the first is kept"),
        ("terms.csv", 4, "effective_at is not a time"),
        ("timeline.csv", 3, "happened_at is not a time"),
        ("timeline.csv", 4, "happened_at is not a time"),
        ("timeline.csv", 5, "actor is missing"),
    ]
