"""Makes a stream of plain bytes of a log file: gzip and zstd by their magic bytes, standard input by a spooled copy.

Names lie (`.jsonl` that is gzip, `.gz` that is not), the first bytes rarely do. Streams are read in chunks, so a file
may be larger than memory. Source: RFC 1952 (gzip), RFC 8878 (zstd), Apache Parquet format (magic bytes).
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa

CHUNK_BYTES = 4 << 20
GZIP_MAGIC, ZSTD_MAGIC, PARQUET_MAGIC = b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"PAR1"
HEAD_BYTES = 64 << 10
DAMAGED = "the compressed file is damaged or cut short"


class UnreadableError(Exception):
    """A file that cannot be read; its text is the reason in words, fit for a reject."""


def compression(path: Path) -> str | None:
    """`gzip`, `zstd` or None, by the first bytes of the file."""
    with path.open("rb") as file:
        magic = file.read(len(ZSTD_MAGIC))
    if magic.startswith(GZIP_MAGIC):
        return "gzip"
    return "zstd" if magic == ZSTD_MAGIC else None


def check_readable(path: Path) -> None:
    """Raise UnreadableError unless `path` is a regular file that we may read and that holds at least one byte."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise UnreadableError("is not a regular file")
        if status.st_size == 0:
            raise UnreadableError("the file is empty")
        with path.open("rb"):
            pass
    except OSError as problem:
        raise UnreadableError(f"the file cannot be read: {os.strerror(problem.errno or 0)}") from problem


def chunks(path: Path, size: int = CHUNK_BYTES) -> Iterator[bytes]:
    """Plain bytes of a file, decompressed, in chunks of at most `size` bytes.

    Raises:
        UnreadableError: the file cannot be read, or its compression breaks off; the chunks before it were handed out.
    """
    try:
        kind = compression(path)
        with path.open("rb") as raw, _plain(raw, kind) as stream:
            while chunk := stream.read(size):
                yield bytes(chunk)
    except (OSError, EOFError, pa.ArrowException) as problem:
        text = DAMAGED if not isinstance(problem, OSError) or not problem.errno else os.strerror(problem.errno)
        raise UnreadableError(text) from problem


def _plain(raw: BinaryIO, kind: str | None) -> BinaryIO:
    if kind is None:
        return raw
    stream: BinaryIO = pa.CompressedInputStream(pa.PythonFile(raw, mode="r"), kind)
    return stream


def head(path: Path) -> bytes:
    """The first bytes of a file, decompressed; what is damaged beyond them does not show here."""
    for chunk in chunks(path, HEAD_BYTES):
        return chunk
    return b""


def spool(stream: BinaryIO, target: Path) -> Path:
    """Write a stream to `target`, so that it can be read twice; returns `target`."""
    with target.open("wb") as file:
        while chunk := stream.read(CHUNK_BYTES):
            file.write(chunk)
    return target


def sha256_of(path: Path) -> str:
    """SHA-256 of a file as it lies there, in hexadecimal; of no bytes where it cannot be read."""
    digest = hashlib.sha256()
    if not path.is_file():  # opening a pipe would wait for ever
        return digest.hexdigest()
    try:
        with path.open("rb") as file:
            while chunk := file.read(CHUNK_BYTES):
                digest.update(chunk)
    except OSError:
        return hashlib.sha256().hexdigest()
    return digest.hexdigest()
