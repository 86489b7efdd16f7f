"""A time stamp of RFC 3161: kept only over this manifest, checked against the root that a reader trusts."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from hydrometer.base.errors import RunError, UsageError
from hydrometer.share import dossier_stamp

AUTHORITY = """
[req]
distinguished_name=name
prompt=no
[name]
CN=Root of tests
[root]
basicConstraints=critical,CA:TRUE
keyUsage=critical,keyCertSign
subjectKeyIdentifier=hash
[authority]
basicConstraints=critical,CA:FALSE
keyUsage=critical,digitalSignature
extendedKeyUsage=critical,timeStamping
subjectKeyIdentifier=hash
authorityKeyIdentifier=keyid
[stamps]
serial=serial
signer_cert=tsa.pem
signer_key=tsa.key
certs=tsa.pem
signer_digest=sha256
default_policy=1.2.3.4.1
digests=sha256
ess_cert_id_alg=sha256
"""
STEPS = (
    "req -x509 -newkey rsa:2048 -nodes -keyout root.key -out root.pem -days 30 -config tsa.cnf -extensions root",
    "req -newkey rsa:2048 -nodes -keyout tsa.key -out tsa.csr -config tsa.cnf -subj /CN=Authority",
    "x509 -req -in tsa.csr -CA root.pem -CAkey root.key -CAcreateserial -out tsa.pem -days 30 -extfile tsa.cnf "
    "-extensions authority",
)


def openssl(folder: Path, command: str) -> None:
    program = shutil.which("openssl")
    if program is None:
        pytest.skip("needs the program openssl, which is not installed")
    done = subprocess.run([program, *command.split()], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A stamping authority on this machine."""
    folder = tmp_path_factory.mktemp("tsa")
    (folder / "tsa.cnf").write_text(AUTHORITY)
    (folder / "serial").write_text("01\n")
    for command in STEPS:
        openssl(folder, command)
    return folder


def stamped(authority: Path, manifest: Path) -> Path:
    """The authority's answer over a manifest."""
    openssl(authority, f"ts -query -data {manifest} -sha256 -cert -out q.tsq")
    openssl(authority, "ts -reply -config tsa.cnf -section stamps -queryfile q.tsq -out r.tsr")
    return authority / "r.tsr"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "manifest.json").write_bytes(b'{"files":[]}\n')
    return tmp_path


def test_a_stamp_holds_under_its_root_alone(folder: Path, authority: Path) -> None:
    manifest = folder / "manifest.json"
    when = dossier_stamp.add(folder, stamped(authority, manifest))
    root = dossier_stamp.root_certificate(authority / "root.pem")
    problems: list[str] = []
    assert (
        dossier_stamp.checked(folder, manifest.read_bytes(), root, problems) == f"holds: the manifest existed at {when}"
    )
    assert when in dossier_stamp.checked(folder, manifest.read_bytes(), None, problems) and problems == []
    stranger = dossier_stamp.root_certificate(authority / "tsa.pem")
    openssl(authority, STEPS[0].replace("root.key", "other.key").replace("root.pem", "other.pem"))
    other = dossier_stamp.root_certificate(authority / "other.pem")
    assert stranger != other
    assert dossier_stamp.checked(folder, manifest.read_bytes(), other, problems) == "does not hold"
    assert dossier_stamp.checked(folder, b"another", root, problems) == "does not hold"
    assert [one.split(":")[0] for one in problems] == ["manifest.tsr"] * 2


def test_what_is_no_stamp_of_this_manifest_is_refused(folder: Path, authority: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.json"
    other.write_text("{}")
    with pytest.raises(UsageError, match="over other bytes"):
        dossier_stamp.add(folder, stamped(authority, other))
    other.write_bytes(b"no response")
    with pytest.raises(UsageError, match="no time-stamp response"):
        dossier_stamp.add(folder, other)
    with pytest.raises(RunError):
        dossier_stamp.add(tmp_path / "nothing", other)
    assert not (folder / "manifest.tsr").exists()
    (folder / "manifest.tsr").write_bytes(b"no response")
    problems: list[str] = []
    assert dossier_stamp.checked(folder, b"", None, problems) == "cannot be read" and len(problems) == 1


def test_without_the_library_a_stamp_is_said_to_be_unchecked(
    folder: Path, authority: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = stamped(authority, folder / "manifest.json")
    dossier_stamp.add(folder, answer)
    monkeypatch.setitem(sys.modules, "rfc3161_client", None)
    problems: list[str] = []
    assert "not installed" in dossier_stamp.checked(folder, b"", None, problems) and problems == []
    with pytest.raises(UsageError, match="not installed"):
        dossier_stamp.add(folder, answer)


def test_no_stamp_is_a_problem_only_where_one_is_asked_for(folder: Path, authority: Path) -> None:
    problems: list[str] = []
    assert dossier_stamp.checked(folder, b"", None, problems) == "not stamped" and problems == []
    root = dossier_stamp.root_certificate(authority / "root.pem")
    assert dossier_stamp.checked(folder, b"", root, problems) == "not stamped" and problems == ["manifest.tsr: missing"]
    with pytest.raises(UsageError):
        dossier_stamp.root_certificate(authority / "root.key")
