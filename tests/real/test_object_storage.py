"""A log in an S3-compatible object store gives the same report as the same log in a folder.

The store is moto's server on the loopback address, asked over HTTP by Arrow's own S3 client.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyarrow import fs
from tests.real.conftest import World, interpreter
from tests.real.judging import hydrometer
from tests.real.processes import answers_at, child, free_port, wait_for

BUCKET = "provider-logs"
KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_EC2_METADATA_DISABLED": "true"}


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of the store's server."""
    server = interpreter("s3").with_name("moto_server")
    port, log = free_port(), tmp_path_factory.mktemp("store") / "log"
    with child([str(server), "-H", "127.0.0.1", "-p", str(port)], log) as process:
        wait_for(lambda: answers_at(f"http://127.0.0.1:{port}/moto-api/"), process, log)
        yield f"127.0.0.1:{port}"


@pytest.fixture
def address(endpoint: str, world: World, monkeypatch: pytest.MonkeyPatch) -> str:
    """Where the world's traffic lies in the store."""
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    store = fs.S3FileSystem(endpoint_override=endpoint, scheme="http", allow_bucket_creation=True)
    store.create_dir(BUCKET)
    fs.copy_files(str(world.folder / "traffic"), f"{BUCKET}/traffic", destination_filesystem=store)
    return f"s3://{BUCKET}/traffic?scheme=http&endpoint_override={endpoint}"


def test_a_log_in_a_store_gives_the_same_report(address: str, world: World, tmp_path: Path) -> None:
    hydrometer("scan", address, "--out", str(tmp_path / "far"))
    hydrometer("scan", str(world.folder / "traffic"), "--out", str(tmp_path / "near"))
    assert hashes(tmp_path / "far") == hashes(tmp_path / "near")
    assert endpoint_of(address) not in (tmp_path / "far" / "manifest.json").read_text()


def hashes(run: Path) -> dict[str, str]:
    """SHA-256 of the report and of every table of a run."""
    files = [run / "report.json", *sorted(run.glob("*.parquet"))]
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def endpoint_of(address: str) -> str:
    """The server that an address names."""
    return address.rsplit("=", 1)[1]
