"""A scan on top of an earlier run gives the answer of a scan of all logs, whatever was cut where and came in when."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.increments import cut, manifest, said, state_of
from tests.interrupted import Scan, stages, unfinished

from hydrometer import pipeline
from hydrometer.base import state
from hydrometer.base.contract import breaches
from hydrometer.base.errors import InputError, RunError
from hydrometer.base.progress import SilentProgress
from hydrometer.base.settings import Settings
from hydrometer.share.diff import diff
from hydrometer.simulate.run import simulate

SEED = 3
STATE_BYTES = 200
KEY = "a key of this deployment alone"


def scan(traffic: Path | list[Path], out: Path, settings: Settings | None = None, **options: Any) -> Path:
    """A run; on one thread, so that no process of looks has to be started, unless the settings say otherwise."""
    inputs = [str(one) for one in (traffic if isinstance(traffic, list) else [traffic])]
    settings = settings or Settings(seed=SEED, threads=1)
    pipeline.scan(inputs, out, settings, pipeline.ScanOptions(**options), SilentProgress())
    return out


@pytest.fixture(scope="module")
def traffic(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small world with a campaign that is listed, one week long."""
    folder = tmp_path_factory.mktemp("world")
    simulate("gateway", folder / "world", seed=SEED)
    return folder / "world" / "traffic"


@pytest.fixture(scope="module")
def whole(traffic: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A scan of all of it."""
    return scan(traffic, tmp_path_factory.mktemp("whole") / "run")


@pytest.fixture(scope="module")
def days(traffic: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Six days of it, and the seventh."""
    return cut(traffic, tmp_path_factory.mktemp("days"), [(None, 6), (6, None)])


@pytest.fixture(scope="module")
def six(days: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run over six days."""
    return scan(days[0], tmp_path_factory.mktemp("six") / "run")


@pytest.fixture(scope="module")
def seven(days: list[Path], six: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The seventh day on top of it."""
    return scan(days[1], tmp_path_factory.mktemp("seven") / "run", since=six)


# --- the same answer -------------------------------------------------------------------------------------------------


def test_a_day_on_top_of_six_says_what_a_scan_of_seven_says(whole: Path, seven: Path) -> None:
    assert any(row["level"] == "suspected" for row in pq.read_table(whole / "campaigns.parquet").to_pylist())
    assert said(seven) == said(whole)
    assert state_of(seven) == state_of(whole)
    assert breaches(seven) == []
    told, all_at_once = manifest(seven), manifest(whole)
    same = set(all_at_once) - {"inputs", "stage_seconds", "peak_rss_bytes", "outputs"}
    assert {name: told[name] for name in same} == {name: all_at_once[name] for name in same}


def test_what_was_looked_at_is_not_looked_at_again(six: Path, seven: Path) -> None:
    kept = {row["epoch"] for row in pq.read_table(six / "state" / "looks.parquet").to_pylist()}
    assert len(kept) >= 2 and manifest(seven)["since"]["looks_kept"] == len(kept)
    now = {row["epoch"] for row in pq.read_table(seven / "state" / "looks.parquet").to_pylist()}
    assert kept <= now


def test_three_runs_on_top_of_each_other_that_overlap_and_are_cut_anywhere(
    traffic: Path, whole: Path, tmp_path: Path
) -> None:
    parts = cut(traffic, tmp_path / "parts", [(None, 2.3), (2.0, 4.45), (4.45, 5.1), (5, None)])
    runs = [scan(parts[0], tmp_path / "run0")]
    for number, part in enumerate(parts[1:], 1):
        runs.append(scan(part, tmp_path / f"run{number}", since=runs[-1]))
    last = said(runs[-1])
    expected = said(whole)
    for told in (last, expected):
        for count in ("rows_read", "rows_duplicate"):
            told["report"]["totals"].pop(count)
        for group in told["report"]["campaigns"]:
            del group["templates"]
        del told["templates"]
    assert last == expected
    counts = manifest(runs[-1])["inputs"]
    assert [one["rows_duplicate"] > 0 for one in counts] == [False, True, False, True]
    assert all(one["rows_read"] == one["rows_kept"] + one["rows_rejected"] + one["rows_duplicate"] for one in counts)
    assert manifest(runs[-1])["totals"] == manifest(whole)["totals"]


def test_days_that_arrive_late_change_what_they_must(traffic: Path, whole: Path, tmp_path: Path) -> None:
    late, early = cut(traffic, tmp_path / "parts", [(3, None), (None, 3)])
    two_threads = Settings(seed=SEED, threads=2)
    run = scan(early, tmp_path / "both", two_threads, since=scan(late, tmp_path / "late"))
    told, expected = said(run), said(whole)
    for one in (told, expected):
        one.pop("templates")
        for group in one["report"]["campaigns"]:
            del group["templates"]
    assert told == expected and manifest(run)["since"]["looks_kept"] == 0


def test_a_log_that_was_seen_adds_nothing(days: list[Path], six: Path, tmp_path: Path) -> None:
    run = scan(days[0], tmp_path / "run", since=six)
    assert manifest(run)["since"]["exchanges_new"] == 0
    assert manifest(run)["totals"] == manifest(six)["totals"]
    told, before = said(run), said(six)
    for one in (told, before):
        for count in ("rows_read", "rows_duplicate"):
            one["report"]["totals"].pop(count)
    assert told == before


# --- ids and what became of groups -----------------------------------------------------------------------------------


def test_the_manifest_and_diff_say_what_became_of_each_listed_group(six: Path, seven: Path, whole: Path) -> None:
    (before,) = manifest_listed(six)
    (one,) = manifest(seven)["since"]["campaigns"]
    assert one["campaign_id"] == before and one["was"] == [before]
    assert one["change"] in ("grown", "shrunk", "unchanged") and manifest(seven)["since"]["ended"] == []
    told = diff(six, seven)
    assert told["follows"]["campaigns"] == [one]
    assert diff(whole, seven)["follows"] is None


def manifest_listed(run: Path) -> list[str]:
    rows = pq.read_table(run / "campaigns.parquet").to_pylist()
    return [row["campaign_id"] for row in rows if row["level"] in ("suspected", "confirmed")]


# --- what the state holds --------------------------------------------------------------------------------------------


def texts(run: Path) -> dict[str, set[str]]:
    """Every text of a state, by table."""
    found: dict[str, set[str]] = {}
    for path in (run / "state").glob("*.parquet"):
        table = pq.read_table(path)
        for field in table.schema:
            if pa.types.is_string(field.type):
                found.setdefault(path.stem, set()).update(filter(None, table[field.name].unique().to_pylist()))
    return found


def test_the_state_is_small_and_holds_neither_text_nor_identifiers(traffic: Path, whole: Path) -> None:
    size = sum(path.stat().st_size for path in (whole / "state").iterdir())
    assert size <= STATE_BYTES * manifest(whole)["totals"]["exchanges"]
    kept, log = texts(whole), pq.read_table(traffic / "exchanges.parquet")
    masked = kept.pop("wordings")
    every = set().union(*kept.values())
    prompts = set(filter(None, log["prompt"].to_pylist())) | set(filter(None, log["system_instructions"].to_pylist()))
    tools = {name for names in log["tools"].to_pylist() for name in names or ()}
    accounts = pq.read_table(traffic / "accounts.parquet")
    columns = ("payment_fingerprint", "signup_ip", "email_domain")
    papers = {value for name in columns for value in accounts[name].to_pylist() if value}
    addresses = set(filter(None, log["client_ip"].to_pylist()))
    assert papers and addresses and prompts
    assert not every & (prompts | tools | papers | addresses) and not masked & prompts
    assert not any(len(value.split()) > 4 for value in every)


# --- refusals --------------------------------------------------------------------------------------------------------


def told(run: Path, change: Callable[[dict[str, Any]], object]) -> None:
    page = run / "state" / "state.json"
    page_told = json.loads(page.read_text(encoding="utf-8"))
    change(page_told)
    page.write_text(json.dumps(page_told), encoding="utf-8")


def cut_short(run: Path, name: str) -> None:
    path = run / "state" / f"{name}.parquet"
    path.write_bytes(path.read_bytes()[:-1])


BROKEN: dict[str, tuple[Callable[[Path], object], str]] = {
    "no state": (lambda run: shutil.rmtree(run / "state"), "no state of a run"),
    "cut short": (lambda run: cut_short(run, "ledger"), "missing or were changed: ledger"),
    "a table less": (lambda run: (run / "state" / "looks.parquet").unlink(), "missing or were changed: looks"),
    "no page": (lambda run: (run / "state" / "state.json").unlink(), "schema_version 1"),
    "a page of something": (lambda run: (run / "state" / "state.json").write_text("[]"), "cannot be read"),
    "a later form": (lambda run: told(run, lambda one: one.update(schema_version=9)), "schema_version 9"),
    "other signals": (
        lambda run: told(run, lambda one: one["made"].update(fingerprints="0")), "other signals or words",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_or_foreign_state_is_one_clear_error(case: str, days: list[Path], six: Path, tmp_path: Path) -> None:
    run = tmp_path / "earlier"
    shutil.copytree(six, run)
    damage, expected = BROKEN[case]
    damage(run)
    with pytest.raises(RunError, match=expected) as caught:
        scan(days[1], tmp_path / "run", since=run)
    assert caught.value.remedy and not (tmp_path / "run").exists()


def test_another_key_and_another_mode_of_content_are_refused(days: list[Path], six: Path, tmp_path: Path) -> None:
    keyed = Settings(seed=SEED, threads=2, key=KEY)  # type: ignore[arg-type]
    with pytest.raises(RunError, match="another key"):
        scan(days[1], tmp_path / "run", keyed, since=six)
    with pytest.raises(RunError, match="with content"):
        scan(days[1], tmp_path / "run", since=six, content=False)


def test_nothing_new_to_read_is_an_error_where_nothing_was_read(six: Path, tmp_path: Path) -> None:
    (tmp_path / "log.jsonl").write_text("{}\n")
    with pytest.raises(InputError):
        scan(tmp_path / "log.jsonl", tmp_path / "run", since=six)


def test_killed_and_gone_on_with(days: list[Path], six: Path, seven: Path, tmp_path: Path) -> None:
    run, options = tmp_path / "run", ("--seed", str(SEED), "--threads", "1", "--since", str(six))
    for moment in ("collect", "fingerprint", "entities"):
        Scan(days[1], run, *options).killed_at(lambda stage=moment: stage in stages(run))  # type: ignore[misc]
    assert (unfinished(run) / "work" / "earlier_ledger.parquet").is_symlink()
    again = Scan(days[1], run, *options)
    assert again.ended() == 0 and "goes on with an unfinished scan" in again.said
    files = [path for path in seven.rglob("*") if path.is_file() and path.name != "manifest.json"]
    assert all((run / path.relative_to(seven)).read_bytes() == path.read_bytes() for path in files)
    assert state.opened(run).sha256 == state.opened(seven).sha256
