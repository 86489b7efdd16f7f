"""The documentation names what there is: commands, options, columns, words, plug-ins, decisions; its links hold."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hydrometer.base.tables import HYPOTHESES, INPUTS, KINDS, LEVELS, OUTPUTS, ROLES, TRUTH
from hydrometer.base.workspace import Workspace
from hydrometer.collect.map_check import check_samples
from hydrometer.collect.mapping_pack import Pack, parse_pack
from hydrometer.fingerprint import entities, states
from hydrometer.fingerprint import run as fingerprint_run
from hydrometer.share.tour import HOPS

ROOT = Path(__file__).parent.parent
PAGES = sorted(path for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("changelog.d/*.md")])


@pytest.fixture(scope="module")
def writer() -> ModuleType:
    """The script that writes pages."""
    spec = importlib.util.spec_from_file_location("write_docs", ROOT / "scripts" / "write_docs.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def sections(page: Path) -> dict[str, str]:
    """Text below each heading that is a word in backquotes."""
    parts = re.split(r"(?m)^#+ (.*)$", page.read_text(encoding="utf-8"))
    return {title.strip("`"): text for title, text in zip(parts[1::2], parts[2::2], strict=True)}


def documented_columns(text: str) -> set[str]:
    """Names in the first column of a section's table."""
    first = (line.split("|")[1] for line in text.splitlines() if line.startswith("| `"))
    return {name for cell in first for name in re.findall(r"`([a-z0-9_]+)`", cell)}


@pytest.mark.parametrize("name", ["cli.md", "plug-ins.md"])
def test_a_written_page_is_fresh(writer: ModuleType, name: str, request: pytest.FixtureRequest) -> None:
    page = writer.PAGES[name]()
    file = ROOT / "docs" / name
    if request.config.getoption("--write-outputs"):
        file.write_text(page, encoding="utf-8")
    assert file.read_text(encoding="utf-8") == page, "run `make docs`"


def test_the_page_of_commands_has_every_command_and_option(writer: ModuleType) -> None:
    text = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    names = [" ".join(words) for words in writer.commands()]
    assert {"demo", "scan", "simulate", "score", "map test", "map explain", "explain", "init", "check"} <= set(names)
    for name in names:
        assert f"## hydrometer {name}\n" in text
        assert f"hydrometer {name.split()[0]}" in "".join(page.read_text(encoding="utf-8") for page in PAGES)


@pytest.mark.parametrize(
    ("name", "columns"), [*((name, one.names) for group in (INPUTS, OUTPUTS) for name, one in group.items())]
)
def test_every_column_is_documented(name: str, columns: list[str]) -> None:
    assert documented_columns(sections(ROOT / "docs" / "tables.md")[name]) == set(columns)


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """Columns of every table of state that the stages write from two exchanges."""
    folder = tmp_path_factory.mktemp("state")
    workspace = Workspace(folder, threads=1)
    moment = datetime(2026, 3, 1, tzinfo=UTC)
    rows = [{"exchange_id": name, "account_id": name, "sent_at": moment, "client_ip": "192.0.2.1"} for name in "ab"]
    workspace.write("exchanges", pa.Table.from_pylist(rows, schema=INPUTS["exchanges"]))
    workspace.write(
        "accounts", pa.Table.from_pylist([{"account_id": name} for name in "ab"], schema=INPUTS["accounts"])
    )
    fingerprint_run.fingerprint(workspace, b"key", lambda stage, done, total: None)
    entities.write_units(workspace)
    entities.write_entities(workspace, fingerprint_run.signals(), b"key", lambda stage, done, total: None)
    states.write_states(workspace, ("one", "two"))
    workspace.close()
    return {file.stem: pq.read_schema(file).names for file in folder.glob("*.parquet") if file.stem not in INPUTS}


def test_every_column_of_state_is_documented(state: dict[str, list[str]]) -> None:
    assert {"fingerprints", "units", "entities", "items", "unit_epochs", "places", "account_weeks"} <= set(state)
    described = sections(ROOT / "docs" / "tables.md")
    for name, columns in state.items():
        wanted = {column for column in columns if not re.fullmatch(r"t[1-9]\d*", column)}
        assert documented_columns(described[name]) == wanted, name


@pytest.mark.parametrize("name", sorted(TRUTH))
def test_every_column_of_the_truth_is_documented(name: str) -> None:
    text = sections(ROOT / "docs" / "tables.md")["Truth"]
    row = next(line for line in text.splitlines() if line.startswith(f"| `{name}`"))
    assert set(TRUTH[name].names) <= set(re.findall(r"`([a-z_]+)`", row))


@pytest.mark.parametrize("word", [*KINDS, *LEVELS, *ROLES])
def test_every_word_of_a_verdict_is_explained(word: str) -> None:
    assert f"`{word}`" in (ROOT / "docs" / "concepts.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("hypothesis", HYPOTHESES)
def test_every_hypothesis_is_explained(hypothesis: str) -> None:
    assert f"**{hypothesis}**" in (ROOT / "docs" / "concepts.md").read_text(encoding="utf-8")


def test_the_documented_tour_is_the_one_that_explain_prints() -> None:
    text = sections(ROOT / "docs" / "architecture.md")["The tour"]
    assert tuple(re.findall(r"(?m)^\d\. \*\*(.*?)\*\*", text)) == HOPS


def test_every_source_is_in_the_readme() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    packs = [path.stem for path in (ROOT / "src/hydrometer/collect/packs").glob("*.yaml")]
    assert packs
    assert [name for name in packs if f"| `{name}` |" not in text] == []


def test_the_pack_of_the_documentation_is_a_pack() -> None:
    text = (ROOT / "docs" / "mapping-packs.md").read_text(encoding="utf-8")
    example = re.search(r"(?s)```yaml\n(.*?)```", text)
    assert example is not None
    tested = check_samples(parse_pack(example[1], "docs/mapping-packs.md"))
    assert (tested.samples, tested.problems) == (2, ())
    keys = documented_columns(sections(ROOT / "docs" / "mapping-packs.md")["The keys"])
    assert keys == set(Pack.model_fields)


def test_commands_of_the_readme_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"(?m)^([a-z-]+):", makefile))
    used = {
        name for page in PAGES for name in re.findall(r"(?m)(?:\$ |`)make ([a-z-]+)", page.read_text(encoding="utf-8"))
    }
    assert {"demo", "test"} <= used <= targets


def test_every_decision_is_listed_and_says_context_decision_consequences() -> None:
    listed = (ROOT / "docs/decisions/README.md").read_text(encoding="utf-8")
    decisions = sorted((ROOT / "docs/decisions").glob("[0-9]*.md"))
    assert len(decisions) >= 5
    for file in decisions:
        text = file.read_text(encoding="utf-8")
        assert f"({file.name})" in listed, f"{file.name} is not listed in docs/decisions/README.md"
        assert all(word in text for word in ("Context", "Decision", "Consequences")), file.name


def links() -> Iterator[tuple[Path, str]]:
    """Every link of a page that leads into the checkout."""
    for page in PAGES:
        for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
            if "://" not in target:
                yield page, target


@pytest.mark.parametrize(("page", "target"), [pytest.param(*one, id=f"{one[0].name}-{one[1]}") for one in links()])
def test_links_lead_somewhere(page: Path, target: str) -> None:
    name, _, anchor = target.partition("#")
    file = (page.parent / name) if name else page
    assert file.exists()
    if anchor:
        headings = re.findall(r"(?m)^#+ (.*)$", file.read_text(encoding="utf-8"))
        assert anchor in {re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-") for heading in headings}
