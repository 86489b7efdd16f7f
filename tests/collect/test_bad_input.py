"""Every kind of broken input is a counted, located reject, or one clear error where nothing is left."""

from __future__ import annotations

import hashlib
import os
import tracemalloc
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.collect.conftest import Collector, jsonl, row

from hydrometer.base.errors import InputError, UsageError
from hydrometer.base.workspace import Workspace
from hydrometer.collect.records import LONGEST_RECORD_BYTES, TOO_LONG

BROKEN_LINES = {
    "truncated": (b'{"exchange_id": "x", "sent_at": "2026-03-01T1', "is not valid JSON (cut short or damaged)"),
    "not an object": (b"[1, 2]", "is JSON but not an object"),
    "wrong type": (jsonl(row(input_tokens="many")), "input_tokens is not a whole number"),
    "fraction": (jsonl(row(input_tokens=1.5)), "input_tokens is not a whole number"),
    "hexadecimal": (jsonl(row(input_tokens="0x10")), "input_tokens is not a whole number"),
    "object as text": (jsonl(row(prompt={"a": 1})), "prompt is not text"),
    "flag as text": (jsonl(row(account_id=True)), "account_id is not text"),
    "not a flag": (jsonl(row(stream="perhaps")), "stream is not true or false"),
    "not a number": (jsonl(row(temperature="hot")), "temperature is not a finite number"),
    "infinite": (
        b'{"exchange_id":"x","sent_at":"2026-03-01T10:00:00Z","account_id":"x","top_p":Infinity}',
        "top_p is not a finite number",
    ),
    "not a list": (jsonl(row(tools=5)), "tools is not a list of texts"),
    "invalid UTF-8": (b'{"exchange_id": "\xff"}', "is not valid UTF-8"),
    "NUL byte": (b'{"exchange_id": "\x00"}', "holds NUL bytes"),
    "deep nesting": (b"[" * 200_000, "is not valid JSON (cut short or damaged)"),
    "negative tokens": (jsonl(row(output_tokens=-1)), "output_tokens is negative"),
    "negative cost": (jsonl(row(cost_usd=-0.5)), "cost_usd is negative"),
    "1970": (jsonl(row(sent_at="1970-01-01T00:00:00Z")), "sent_at is outside 2015-01-01 to 2090-01-01"),
    "2099": (jsonl(row(sent_at="2099-01-01T00:00:00Z")), "sent_at is outside 2015-01-01 to 2090-01-01"),
    "year 99999": (jsonl(row(sent_at="99999-01-01T00:00:00Z")), "sent_at is outside 2015-01-01 to 2090-01-01"),
    "naive time": (jsonl(row(sent_at="2026-03-01 10:00:00")), "sent_at has no time zone (--timezone names one)"),
    "date only": (jsonl(row(sent_at="2026-03-01")), "sent_at has no time zone (--timezone names one)"),
    "no time": (jsonl(row(sent_at="yesterday")), "sent_at is not a time"),
    "infinity": (jsonl(row(sent_at="infinity")), "sent_at has no time zone (--timezone names one)"),
    "number as time": (jsonl(row(sent_at=1772359200)), "sent_at is not a time"),
    "missing id": (jsonl(row(exchange_id=None)), "exchange_id is missing"),
    "empty account": (jsonl(row(account_id="  ")), "account_id is missing"),
    "missing column": (b'{"exchange_id": "x", "account_id": "y"}', "sent_at is missing"),
}


@pytest.mark.parametrize("name", BROKEN_LINES)
def test_a_broken_line_among_good_ones_is_a_located_reject(name: str, tmp_path: Path, run: Collector) -> None:
    line, reason = BROKEN_LINES[name]
    line = line.rstrip(b"\n")
    file = tmp_path / "log.jsonl"
    file.write_bytes(jsonl(row(), line, row(exchange_id="b")))
    result = run(file)
    assert result.counts() == (3, 2, 1, 0)
    assert result.rejects == [
        {"source": "log.jsonl", "position": 2, "reason": reason, "sha256": hashlib.sha256(line).hexdigest()}
    ]


def test_all_broken_lines_at_once_are_counted_and_error_when_alone(tmp_path: Path, run: Collector) -> None:
    lines = [line.rstrip(b"\n") for line, _ in BROKEN_LINES.values()]
    good, bad = tmp_path / "a.jsonl", tmp_path / "b.jsonl"
    good.write_bytes(jsonl(row(exchange_id="good")))
    bad.write_bytes(jsonl(*lines))
    result = run(good, bad)
    assert result.counts(1) == (len(lines), 0, len(lines), 0)
    with pytest.raises(InputError) as problem:
        run(bad)
    assert "b.jsonl, line or row 1" in problem.value.where
    assert problem.value.exit_code == 3


def test_a_line_of_fifty_megabytes_is_one_reject_in_bounded_memory(tmp_path: Path, run: Collector) -> None:
    file = tmp_path / "log.jsonl"
    long = b'{"exchange_id": "' + b"x" * (50 << 20) + b'"}'
    file.write_bytes(jsonl(row(), long, row(exchange_id="b")))
    digest = hashlib.sha256(long).hexdigest()
    del long
    tracemalloc.start()
    result = run(file)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert result.rejects == [{"source": "log.jsonl", "position": 2, "reason": TOO_LONG, "sha256": digest}]
    assert result.counts() == (3, 2, 1, 0)
    assert peak < 3 * LONGEST_RECORD_BYTES


def test_an_endless_line_at_the_end_is_one_reject(tmp_path: Path, run: Collector) -> None:
    file = tmp_path / "log.jsonl"
    file.write_bytes(jsonl(row()) + b"x" * (LONGEST_RECORD_BYTES + (9 << 20)))
    assert run(file).counts() == (2, 1, 1, 0)


WHOLE_FILES = {
    "page.jsonl": (b"<!DOCTYPE html>\n<html><body>502 Bad Gateway</body></html>\n", "is a page of markup"),
    "empty.jsonl": (b"", "the file is empty"),
    "blank.jsonl": (b"\n\n  \n", "the file is empty"),
    "cut.parquet": (b"PAR1" + b"\0" * 100, "is not a whole Parquet file"),
    "noise.bin": (bytes(range(1, 256)) * 10, "is neither JSON, CSV, Parquet nor OTLP protobuf"),
    "cut.jsonl.gz": (b"\x1f\x8b\x08\0\0\0\0\0", "the compressed file is damaged or cut short"),
    "other.jsonl": (b'{"level": "info", "message": "hello"}\n', "no known format: looked for canonical: exchange_id"),
}


@pytest.mark.parametrize("name", WHOLE_FILES)
def test_an_unusable_file_is_a_reject_among_good_ones_and_an_error_alone(
    name: str, tmp_path: Path, run: Collector
) -> None:
    content, reason = WHOLE_FILES[name]
    good, bad = tmp_path / "good.jsonl", tmp_path / name
    good.write_bytes(jsonl(row()))
    bad.write_bytes(content)
    result = run(good, bad)
    assert [(one["source"], one["position"]) for one in result.rejects] == [(name, 0)]
    assert result.rejects[0]["reason"].startswith(reason)
    assert result.rejects[0]["sha256"] == hashlib.sha256(content).hexdigest()
    number = [one.name for one in result.report.inputs].index(name)
    assert result.counts(number) == (1, 0, 1, 0)
    with pytest.raises(InputError, match="found:") as problem:
        run(bad)
    assert problem.value.where == name
    assert reason in problem.value.found


def test_a_dangling_link_a_pipe_and_a_linked_folder_are_rejects(tmp_path: Path, run: Collector) -> None:
    folder = tmp_path / "logs"
    (folder / "dir.jsonl").mkdir(parents=True)
    (folder / "dir.jsonl" / "good.jsonl").write_bytes(jsonl(row()))
    (folder / "gone.jsonl").symlink_to(tmp_path / "nowhere")
    os.mkfifo(folder / "pipe.jsonl")
    (tmp_path / "elsewhere").mkdir()
    (folder / "linked").symlink_to(tmp_path / "elsewhere")
    result = run(folder)
    assert [(one["source"], one["reason"]) for one in result.rejects] == [
        ("gone.jsonl", "the file cannot be read: No such file or directory"),
        ("linked", "is a link to a folder; links are not followed"),
        ("pipe.jsonl", "is not a regular file"),
    ]
    assert [one["exchange_id"] for one in result.exchanges] == ["a"]


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may read everything")
def test_a_file_that_may_not_be_read_is_a_reject(tmp_path: Path, run: Collector) -> None:
    (tmp_path / "good.jsonl").write_bytes(jsonl(row()))
    (tmp_path / "secret.jsonl").write_bytes(jsonl(row()))
    (tmp_path / "secret.jsonl").chmod(0)
    assert run(tmp_path / "*.jsonl").reasons == ["the file cannot be read: Permission denied"]


def test_a_parquet_file_without_a_required_column_counts_all_its_rows(tmp_path: Path, run: Collector) -> None:
    (tmp_path / "good.jsonl").write_bytes(jsonl(row()))
    pq.write_table(pa.table({"exchange_id": ["x", "y"], "prompt": ["p", "q"]}), tmp_path / "short.parquet")
    result = run(tmp_path / "good.jsonl", tmp_path / "short.parquet")
    assert result.counts(1) == (2, 0, 2, 0)
    assert [(one["position"], one["reason"]) for one in result.rejects] == [(0, "has no column sent_at, account_id")]


def test_a_parquet_file_damaged_inside_is_set_aside(tmp_path: Path, run: Collector) -> None:
    prompts = [os.urandom(40).hex() for _ in range(20_000)]
    moments = pa.array([1_772_359_200_000_000] * 20_000, pa.timestamp("us", tz="UTC"))
    ids = [str(number) for number in range(20_000)]
    table = pa.table({"exchange_id": ids, "sent_at": moments, "account_id": ids, "prompt": prompts})
    for name in ("a.parquet", "b.parquet"):
        pq.write_table(table, tmp_path / name, use_dictionary=False, compression="zstd")
    content = bytearray((tmp_path / "b.parquet").read_bytes())
    place = len(content) // 2
    content[place : place + 5000] = bytes(5000)
    (tmp_path / "b.parquet").write_bytes(content)
    result = run(tmp_path / "*.parquet")
    assert result.counts(0) == (20_000, 20_000, 0, 0)
    assert result.counts(1) == (20_000, 0, 20_000, 0)
    assert result.reasons == ["is not a whole Parquet file (cut short or damaged)"]


def test_an_unknown_column_is_kept_out_and_named(tmp_path: Path, run: Collector) -> None:
    (tmp_path / "a.jsonl").write_bytes(jsonl(row(), row(exchange_id="b", colour="green")))
    (tmp_path / "b.csv").write_text("exchange_id,sent_at,account_id,shape\nc,2026-03-01T10:00:00Z,x,round\n")
    moment = pa.array([1_772_359_200_000_000], pa.timestamp("us", tz="UTC"))
    pq.write_table(
        pa.table({"exchange_id": ["d"], "sent_at": moment, "account_id": ["x"], "size": [1]}), tmp_path / "c.parquet"
    )
    result = run(tmp_path / "*.*")
    assert result.report.columns_ignored == (("a.jsonl", "colour"), ("b.csv", "shape"), ("c.parquet", "size"))
    assert len(result.exchanges) == 4
    assert "prompt" in result.report.absent_columns
    assert "account_id" not in result.report.absent_columns


def test_broken_rows_of_a_parquet_file_are_located(tmp_path: Path, run: Collector) -> None:
    times = pa.array([1_772_359_200_000_000, 0, 1_772_359_200_000_000, None], pa.timestamp("us", tz="UTC"))
    table = pa.table(
        {
            "exchange_id": ["a", "b", "c", "d"],
            "sent_at": times,
            "account_id": pa.array(["x", "y", "", "z"]),
            "input_tokens": pa.array([7.0, 7.5, 1.0, 2.0]),
            "status": pa.array([200, 200, 200, 200], pa.int16()),
        }
    )
    pq.write_table(table, tmp_path / "t.parquet")
    result = run(tmp_path / "t.parquet")
    assert [(one["position"], one["reason"]) for one in result.rejects] == [
        (2, "sent_at is outside 2015-01-01 to 2090-01-01"),
        (3, "account_id is missing"),
        (4, "sent_at is missing"),
    ]
    assert result.exchanges[0]["input_tokens"] == 7
    assert result.exchanges[0]["status"] == 200


def test_naive_times_of_parquet_are_rejected_unless_a_zone_is_named(tmp_path: Path, run: Collector) -> None:
    times = pa.array([1_782_900_000_000], pa.timestamp("ms"))
    pq.write_table(pa.table({"exchange_id": ["a"], "sent_at": times, "account_id": ["x"]}), tmp_path / "t.parquet")
    with pytest.raises(InputError, match="has no time zone"):
        run(tmp_path / "t.parquet")
    found = run(tmp_path / "t.parquet", timezone="Europe/Berlin").exchanges[0]["sent_at"]
    assert found.isoformat() == "2026-07-01T08:00:00+00:00"


def test_other_parquet_types_are_read(tmp_path: Path, run: Collector) -> None:
    columns = {
        "exchange_id": pa.array([7], pa.uint32()),
        "sent_at": pa.array([1_772_359_200_000_001_000], pa.timestamp("ns", tz="Asia/Tokyo")),
        "account_id": pa.array(["x"]).dictionary_encode(),
        "organization_id": pa.array(["o"], pa.large_string()),
        "prompt": pa.array([b"hi"]),
        "response": pa.array([b"\xff"]),
        "input_tokens": pa.array([2**63 - 1], pa.uint64()),
        "output_tokens": pa.array(["12"]),
        "cost_usd": pa.array([1]).cast(pa.decimal128(24, 2)),
        "temperature": pa.array([0.5], pa.float32()),
        "tools": pa.array([["t"]], pa.large_list(pa.string())),
        "stream": pa.array(["true"]),
    }
    pq.write_table(pa.table({name: column for name, column in columns.items() if name != "response"}), tmp_path / "a")
    pq.write_table(pa.table(columns), tmp_path / "b")
    result = run(tmp_path / "[ab]")
    one = result.exchanges[0]
    assert (one["exchange_id"], one["account_id"], one["organization_id"], one["prompt"]) == ("7", "x", "o", "hi")
    assert one["sent_at"].isoformat() == "2026-03-01T10:00:00.000001+00:00"
    assert (one["input_tokens"], one["output_tokens"], one["cost_usd"]) == (2**63 - 1, 12, 1.0)
    assert (one["temperature"], one["tools"], one["stream"]) == (0.5, ["t"], True)
    assert [(one["source"], one["reason"]) for one in result.rejects] == [("b", "response is not valid UTF-8")]


CSV_ROWS = [
    b"exchange_id,sent_at,account_id,prompt,tools,input_tokens",
    b'a,2026-03-01T10:00:00Z,x,"two\nlines, ""quoted""","[""t1"", ""t2""]",5',
    b"b,2026-03-01T10:00:00Z,x,short",
    b"c,2026-03-01T10:00:00Z,x,\xff,,1",
    b'd,2026-03-01T10:00:00Z,x,bad "quote" here"x,,1',
    b'e,2026-03-01T10:00:00Z,x,"bad" quote,,1',
    b"f,2026-03-01T10:00:00Z,x,fine,,-1",
]


def test_broken_csv_rows_are_located(tmp_path: Path, run: Collector) -> None:
    (tmp_path / "t.csv").write_bytes(b"\r\n".join(CSV_ROWS))
    result = run(tmp_path / "t.csv")
    assert [(one["position"], one["reason"]) for one in result.rejects] == [
        (4, "has 4 cells where the header has 6"),
        (5, "is not valid UTF-8"),
        (7, "is not valid CSV (quotes)"),
        (8, "input_tokens is negative"),
    ]
    assert result.counts() == (6, 2, 4, 0)
    assert result.exchanges[0]["prompt"] == 'two\nlines, "quoted"'
    assert result.exchanges[0]["tools"] == ["t1", "t2"]
    assert result.exchanges[1]["prompt"] == 'bad "quote" here"x'


def test_mixed_time_zones_become_utc(tmp_path: Path, run: Collector) -> None:
    moments = ["2026-03-01T12:00:00+02:00", "2026-03-01 05:00:00.000001-0500", "2026-03-01T10:00:00.5Z"]
    (tmp_path / "t.jsonl").write_bytes(jsonl(*(row(exchange_id=str(n), sent_at=m) for n, m in enumerate(moments))))
    found = [one["sent_at"].isoformat() for one in run(tmp_path / "t.jsonl").exchanges]
    assert found == [
        "2026-03-01T10:00:00+00:00",
        "2026-03-01T10:00:00.000001+00:00",
        "2026-03-01T10:00:00.500000+00:00",
    ]


def test_hostile_strings_are_harmless_in_identifiers_and_whole_in_prompts(tmp_path: Path, run: Collector) -> None:
    nasty = "\x1b]0;owned\x07\u202ea\x00b"
    hostile = row(exchange_id=nasty, account_id=nasty, user_agent=nasty, tools=[nasty], prompt=nasty)
    (tmp_path / "t.jsonl").write_bytes(jsonl(hostile))
    one = run(tmp_path / "t.jsonl").exchanges[0]
    clean = "\ufffd]0;owned\ufffd\ufffda\ufffdb"
    assert one["exchange_id"] == one["account_id"] == one["user_agent"] == clean
    assert one["tools"] == [clean]
    assert one["prompt"] == nasty


HALVES = rb'"\ud83d\ude00 \ud800 \DC00 \\ud800 \udc00\ud83d'.replace(rb"\D", rb"\uD")


@pytest.mark.parametrize("ending", [b"\n", b",\n"])
def test_half_a_character_in_a_prompt_hides_no_exchange(ending: bytes, tmp_path: Path, run: Collector) -> None:
    """No JSON parser takes half a surrogate pair, and anybody can send one."""
    plain = b'{"exchange_id":"a","sent_at":"2026-03-01T10:00:00Z","account_id":"x\\ud83d","prompt":' + HALVES + b'"}'
    lines = [plain, plain.replace(b'"a"', b'"b"')]
    content = b"\n".join(lines) + b"\n" if ending == b"\n" else b"[" + ending.join(lines) + b"]"
    (tmp_path / "t.json").write_bytes(content)
    result = run(tmp_path / "t.json")
    assert result.counts() == (2, 2, 0, 0)
    prompts = {one["prompt"] for one in result.exchanges}
    assert prompts == {"\U0001f600 \ufffd \ufffd \\ud800 \ufffd\ufffd"}
    assert {one["account_id"] for one in result.exchanges} == {"x\ufffd"}


def test_names_of_files_cannot_break_out_of_sql(tmp_path: Path, run: Collector) -> None:
    for name in ("it's; drop table x --.jsonl", "{exchanges}.jsonl", "[ab]*.jsonl", "a?"):
        (tmp_path / name).write_bytes(jsonl(row(exchange_id=name)))
        assert run(tmp_path / name).counts() == (1, 1, 0, 0)
        moment = pa.array([1_772_359_200_000_000], pa.timestamp("us", tz="UTC"))
        table = pa.table({"exchange_id": [name], "sent_at": moment, "account_id": ["x"]})
        pq.write_table(table, tmp_path / f"{name}.parquet")
        assert run(tmp_path / f"{name}.parquet").counts() == (1, 1, 0, 0)


def test_wrong_options_are_told_before_reading(tmp_path: Path, run: Collector) -> None:
    (tmp_path / "t.jsonl").write_bytes(jsonl(row()))
    with pytest.raises(UsageError, match="no such zone"):
        run(tmp_path / "t.jsonl", timezone="Mars/Olympus")
    with pytest.raises(UsageError, match="no such file"):
        run(tmp_path / "t.jsonl", accounts=tmp_path / "none.csv")
    with pytest.raises(InputError, match="nothing of that name"):
        run(tmp_path / "none.jsonl")


def test_nothing_of_the_staging_stays(tmp_path: Path, run: Collector, workspace: Workspace) -> None:
    (tmp_path / "t.jsonl").write_bytes(jsonl(row()))
    run(tmp_path / "t.jsonl")
    assert sorted(one.name for one in workspace.folder.iterdir()) == [
        "accounts.parquet",
        "exchanges.parquet",
        "given_accounts.parquet",
        "given_ids.parquet",
        "origins.parquet",
        "rejects.parquet",
    ]
