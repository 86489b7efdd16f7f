"""Checking a dossier: touched files and erased rows are named, and who signed is told apart."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from tests.share.evidence_run import CAMPAIGN, evidence_run

from hydrometer.base.errors import RunError, UsageError
from hydrometer.base.whole_file import sha256_of
from hydrometer.share import dossier_signature as signatures
from hydrometer.share.dossier import Options, issue
from hydrometer.share.dossier_document import canonical
from hydrometer.share.dossier_verify import DIFFERS, NOT_REGENERABLE, VERIFIED, Trusted, verify


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("keys") / "signing.pem"
    signatures.new_key(path)
    return path


@pytest.fixture(scope="module")
def issued(keys: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("issued")
    run = evidence_run(folder / "run")
    return issue(run, CAMPAIGN, Options(out=folder / "dossier", key=signatures.private_key(keys))).folder


@pytest.fixture
def folder(issued: Path, tmp_path: Path) -> Path:
    """A copy that a test may touch."""
    return Path(shutil.copytree(issued, tmp_path / "dossier"))


@pytest.fixture
def trusted(keys: Path) -> Trusted:
    return Trusted(signatures.public_key(keys.with_name("signing.pem.pub")))


def test_an_untouched_dossier_is_verified(folder: Path, trusted: Trusted) -> None:
    found = verify(folder, trusted)
    assert (found.result, found.problems, found.missing) == (VERIFIED, [], [])
    assert found.regenerated == dict.fromkeys(("dossier.json", "dossier.html", "dossier.pdf"), "identical")
    assert found.signature.startswith("holds")


def files(folder: Path) -> list[str]:
    return sorted(str(one.relative_to(folder)) for one in folder.rglob("*") if one.is_file())


def test_the_file_that_was_touched_is_named(issued: Path, trusted: Trusted, tmp_path: Path) -> None:
    names = files(issued)
    assert len(names) > 14
    for number, name in enumerate(names):
        copy = Path(shutil.copytree(issued, tmp_path / str(number)))
        raw = bytearray((copy / name).read_bytes())
        raw[len(raw) // 2] ^= 1
        (copy / name).write_bytes(bytes(raw))
        try:
            found = verify(copy, trusted)
        except RunError as problem:
            assert name == "manifest.json" and "manifest.json" in problem.where
            continue
        touched = "manifest.sig" if name == "manifest.json" else name
        assert found.result == DIFFERS
        assert next(one.split(":")[0] for one in found.problems) == touched, found.problems
        shutil.rmtree(copy)


def test_files_that_are_gone_or_were_added_are_named(folder: Path, trusted: Trusted) -> None:
    (folder / "dossier.html").unlink()
    (folder / "sealed" / "note.txt").write_text("x")
    (folder / "manifest.sig").unlink()
    found = verify(folder, trusted)
    assert found.problems[:1] == ["manifest.sig: missing"]
    assert "dossier.html: missing" in found.problems and "sealed/note.txt: not listed in the manifest" in found.problems


def test_a_table_rehashed_into_the_manifest_is_found_by_signature_and_by_content(
    folder: Path, trusted: Trusted
) -> None:
    path = folder / "sealed" / "campaigns.parquet"
    table = pq.read_table(path)
    place = table.column_names.index("accounts")
    pq.write_table(table.set_column(place, "accounts", pa.array([7], pa.int64())), path)
    manifest = json.loads((folder / "manifest.json").read_bytes())
    next(one for one in manifest["files"] if one["name"] == "sealed/campaigns.parquet")["sha256"] = sha256_of(path)
    (folder / "manifest.json").write_bytes(canonical(manifest))
    found = verify(folder, trusted)
    assert "manifest.sig: not a signature of this manifest by the given key" in found.problems
    assert any(one.startswith("dossier.json: not what its sealed inputs give, first at /") for one in found.problems)


def test_another_key_does_not_hold(folder: Path, tmp_path: Path) -> None:
    other = signatures.new_key(tmp_path / "other.pem")
    found = verify(folder, Trusted(signatures.public_key(other)))
    assert found.result == DIFFERS and found.signature == "does not hold"
    assert "not checked" in verify(folder, Trusted()).signature


def erase(folder: Path, account: str) -> None:
    """Take every row about an account out of the sealed tables, as an erasure does."""
    for path in (folder / "sealed").glob("*.parquet"):
        table = whole = pq.read_table(path)
        for column in ("account_id", "account_a", "account_b"):
            if column in table.column_names:
                mine = pc.fill_null(pc.equal(table[column], account), False)
                table = table.filter(pc.invert(mine))
        if len(table) < len(whole):
            pq.write_table(table, path, compression="zstd")


def test_after_an_erasure_the_missing_rows_are_named(folder: Path, trusted: Trusted) -> None:
    before = {one.stem: pq.read_table(one).to_pylist() for one in (folder / "sealed").glob("*.parquet")}
    place = [one["account_id"] for one in before["members"]].index("acc_0005")
    erase(folder, "acc_0005")
    found = verify(folder, trusted)
    said = "\n".join(found.missing)
    assert f"members.parquet: 1 of 60 rows: {place} (" in said
    assert "links.parquet: 2 of 58 rows" in said and "operators.parquet: 1 of 59" in said
    gone = sum(one["account_id"] == "acc_0005" for one in before["exchanges"])
    assert f"exchanges.parquet: rows {gone} of {gone} of the account with SHA-256" in said
    assert (found.result, found.problems) == (NOT_REGENERABLE, [])
    assert "not made again" in found.regenerated["dossier.json"]
    assert NOT_REGENERABLE in found.lines()[0]


def test_an_erasure_is_told_from_an_alteration(folder: Path, trusted: Trusted) -> None:
    path = folder / "sealed" / "members.parquet"
    table = pq.read_table(path)
    rows = table.slice(1).to_pylist()
    rows[0]["probability"] = 0.51
    pq.write_table(pa.Table.from_pylist(rows, schema=table.schema), path)
    found = verify(folder, trusted)
    assert found.result == DIFFERS and "members.parquet: 2 of 60 rows" in found.missing[0]
    assert "1 rows were altered or added" in found.problems[0]


def test_a_whole_table_that_is_gone_is_named(folder: Path, trusted: Trusted) -> None:
    (folder / "sealed" / "exchanges.parquet").unlink()
    found = verify(folder, trusted)
    assert found.result == NOT_REGENERABLE and "the whole table of 60 entries" in found.missing[0]


def test_without_typst_the_print_is_compared_by_its_hash(
    folder: Path, trusted: Trusted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "typst", None)
    found = verify(folder, trusted)
    assert found.result == VERIFIED and "typst is not installed" in found.regenerated["dossier.pdf"]


def test_what_is_no_dossier_is_refused(tmp_path: Path, folder: Path) -> None:
    with pytest.raises(RunError, match="FileNotFoundError"):
        verify(tmp_path / "nothing", Trusted())
    for text, found in (
        ("[]", "TypeError"),
        ("{", "JSONDecodeError"),
        ('{"files": [{"name": "../x", "sha256": ""}]}', "outside"),
    ):
        (folder / "manifest.json").write_text(text)
        with pytest.raises(RunError, match=found):
            verify(folder, Trusted())


def test_a_link_is_not_followed_silently(folder: Path, trusted: Trusted, tmp_path: Path) -> None:
    outside = tmp_path / "outside.html"
    shutil.move(folder / "dossier.html", outside)
    (folder / "dossier.html").symlink_to(outside)
    assert "dossier.html: not as it was issued" in verify(folder, trusted).problems


def test_keys_are_private_and_never_replaced(keys: Path) -> None:
    assert keys.stat().st_mode & 0o077 == 0
    with pytest.raises(UsageError, match="a file from before"):
        signatures.new_key(keys)
    with pytest.raises(UsageError, match="Ed25519"):
        signatures.private_key(keys.with_name("signing.pem.pub"))
    with pytest.raises(UsageError, match=r"KEY\.pub"):
        signatures.public_key(keys)


def test_openssl_accepts_the_signature(folder: Path, keys: Path) -> None:
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("needs the program openssl, which is not installed")
    done = subprocess.run(
        [openssl, "pkeyutl", "-verify", "-pubin", "-inkey", f"{keys}.pub", "-rawin", "-in", "manifest.json", "-sigfile",
         "manifest.sig"], cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
