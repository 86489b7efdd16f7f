"""`hydrometer dossier` by command line: its four uses, what goes together, exit codes, one JSON document."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.share.evidence_run import ACTORS_YAML, ANSWER_YAML, CAMPAIGN, evidence_run

from hydrometer.cli import main

DONE, WRONG = 0, 2


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return evidence_run(tmp_path_factory.mktemp("command") / "run")


def call(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str, str]:
    code = main([str(word) for word in ("dossier", *words)])
    said = capsys.readouterr()
    return code, said.out, said.err


def test_issue_sign_verify(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    key = tmp_path / "key.pem"
    code, out, _ = call(capsys, "--new-key", key)
    assert code == DONE and f"{key}.pub" in out
    (tmp_path / "a.yaml").write_text(ACTORS_YAML)
    (tmp_path / "b.yaml").write_text(ANSWER_YAML)
    code, out, _ = call(
        capsys, run, CAMPAIGN, "--key", key, "--actors", tmp_path / "a.yaml", "--answer", tmp_path / "b.yaml",
        "--issued", "2026-05-03", "--redaction", "partner",
    )  # fmt: skip
    folder = run / "dossiers" / f"{CAMPAIGN}-partner"
    assert code == DONE and f"hydrometer dossier --verify {folder}" in out and str(folder / "dossier.pdf") in out
    code, out, _ = call(capsys, "--verify", folder, "--public-key", f"{key}.pub")
    assert code == DONE and f"{folder}: verified" in out and "holds, by the given key" in out
    content = json.loads((folder / "dossier.json").read_bytes())
    assert (content["redaction"], content["issued_on"]) == ("partner", "2026-05-03")
    (folder / "dossier.html").write_text("x")
    code, out, _ = call(capsys, "--verify", folder, "--json")
    found = json.loads(out)
    assert code == WRONG and found["result"] == "differs" and found["problems"][0].startswith("dossier.html: ")


def test_run_and_campaign_name_a_dossier_to_verify(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = call(capsys, run, CAMPAIGN, "--json")
    made = json.loads(out)
    assert code == DONE and made["issue"] == 1 and made["pdf"] and made["signed_by"] is None
    assert "dossier.json" in made["files"] and "sealed/exchanges.parquet" in made["files"]
    assert call(capsys, run, CAMPAIGN, "--verify")[0] == DONE
    code, _, err = call(capsys, run, CAMPAIGN)
    assert code == WRONG and "--force" in err
    code, out, _ = call(capsys, run, CAMPAIGN, "--force", "--reason", "again", "--json")
    assert code == DONE and json.loads(out)["issue"] == 2


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ([], "an argument is missing"),
        (["RUN"], "an argument is missing"),
        (["RUN", "nobody"], "no campaign 'nobody'"),
        (["RUN", "cmp-5f4410"], "level authorised"),
        (["RUN", CAMPAIGN, "--issued", "2026-02-30"], "'2026-02-30'"),
        (["RUN", CAMPAIGN, "--public-key", "FILE"], "no --verify"),
        (["RUN", CAMPAIGN, "--verify", "--force"], "options of different uses"),
        (["RUN", "--verify", "--stamp", "FILE"], "options of different uses"),
        (["RUN", "--new-key", "FILE"], "an argument"),
        (["RUN", CAMPAIGN, "--key", "FILE"], "ValueError"),
        (["FILE", CAMPAIGN], "no folder"),
        (["--verify"], "an argument is missing"),
        (["RUN", "--stamp", "FILE"], "no time-stamp response"),
    ],
)
def test_what_is_refused(
    words: list[str], found: str, run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("nothing")
    named = {"RUN": str(run), "FILE": str(tmp_path / "file")}
    code, out, err = call(capsys, *(named.get(word, word) for word in words))
    assert code == WRONG and found in err and "Traceback" not in err and out == ""
    assert "remedy" in err


def test_a_strange_level_is_wrong_usage(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(capsys, run, CAMPAIGN, "--redaction", "secret")[0] == WRONG
