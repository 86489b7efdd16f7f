"""Splits a JSON file that is not one record a line: arrays of records, pretty-printed objects, several in a row.

A scanner over brackets and strings finds where each record begins and ends without parsing it, so an array may be
larger than memory. Where a record breaks off (a cut request body followed by the next one), the scanner starts again at
the next line that opens a document, and the broken piece is one rejected row.
Source: RFC 8259 (no raw newline inside a string).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import pyarrow as pa

from hydrometer.collect.reading import UnreadableError
from hydrometer.collect.records import LONGEST_RECORD_BYTES, TOO_LONG, Batch

_IN_STRING = rb'[^"\\\n]*(?:\\[^\n][^"\\\n]*)*'
_TOKEN = re.compile(rb'"' + _IN_STRING + rb'"|[\[\]{}]|\n(?=\[?\{")|(?P<open>"[^\n]*)')
_STRING_REST = re.compile(_IN_STRING)
_LOOKAHEAD_BYTES = 3
_FILLER = b" \t\r\n,[]\xef\xbb\xbf"
_CUT = "the JSON document breaks off"
_STRAY = "is not part of a JSON record"


@dataclass(slots=True)
class Scanner:
    """What is held between chunks: the piece not yet read, where its record begins, and how deep we are in it."""

    batch: Batch = field(default_factory=Batch)
    position: int = 0
    held: bytes = b""
    scanned: int = 0  # offset in `held` up to which tokens were read
    began: int = -1  # offset of the open record; -1 outside of one
    depth: int = 0  # brackets open inside the record
    in_string: bool = False  # inside a string that is longer than the limit
    overlong: hashlib._Hash | None = None  # digest of what was dropped of a record over the limit
    stray: hashlib._Hash | None = None  # digest of rubbish since the last record

    def feed(self, chunk: bytes, last: bool = False) -> None:
        """Read the tokens of what is held and of `chunk`; with `last`, what stays open is broken."""
        buffer = self.held + chunk
        if self.in_string and not self._leave_string(buffer, last):
            return
        done = self._tokens(buffer, len(buffer) if last else max(self.scanned, len(buffer) - _LOOKAHEAD_BYTES), last)
        if self.began < 0:
            self._between(buffer[done : self.scanned])
            self.held, self.scanned = buffer[self.scanned :], 0
            if last:
                self._tell_stray()
        elif last:
            self._close(buffer[self.began :], _CUT)
            self.held = b""
        else:
            self._hold(buffer)

    def _tokens(self, buffer: bytes, limit: int, last: bool) -> int:
        """Take all tokens that begin before `limit`; the offset up to which records and strays are settled."""
        settled = 0
        for token in _TOKEN.finditer(buffer, self.scanned):
            start, end = token.span()
            if start >= limit:
                break
            if token.lastgroup == "open" and end == len(buffer) and not last:
                self.scanned = start  # the string goes on in the next chunk
                return settled
            self.scanned = end
            kind = buffer[start : start + 1]
            if self.began < 0:
                if kind == b"{":
                    self._between(buffer[settled:start])
                    self._tell_stray()
                    self.began, self.depth = start, 1
            elif kind in (b"{", b"["):
                self.depth += 1
            elif kind in (b"}", b"]"):
                self.depth -= 1
            if self.began >= 0 and (self.depth == 0 or kind == b"\n"):  # closed, or cut where the next one opens
                self._close(buffer[self.began : end], None if self.depth == 0 else _CUT)
                settled = end
        self.scanned = max(self.scanned, limit)
        return settled

    def _close(self, raw: bytes, reason: str | None) -> None:
        """The open record ends; `reason` says what is wrong with it, None if nothing."""
        self.position += 1
        if self.overlong is not None:
            self.overlong.update(raw)
            self.batch.reject(self.position, TOO_LONG, self.overlong.hexdigest())
        elif reason is not None:
            self.batch.reject(self.position, reason, hashlib.sha256(raw).hexdigest())
        else:
            self.batch.add(self.position, raw)
        self.began, self.depth, self.overlong = -1, 0, None

    def _between(self, piece: bytes) -> None:
        """What stands between two records must be commas, blanks and the brackets of arrays."""
        if self.stray is None and piece.strip(_FILLER):
            self.stray = hashlib.sha256()
        if self.stray is not None:
            self.stray.update(piece)

    def _tell_stray(self) -> None:
        if self.stray is not None:
            self.position += 1
            self.batch.reject(self.position, _STRAY, self.stray.hexdigest())
            self.stray = None

    def _hold(self, buffer: bytes) -> None:
        """Keep the open record for the next chunk; over the limit it is hashed and dropped as it passes."""
        buffer, self.scanned, self.began = buffer[self.began :], self.scanned - self.began, 0
        if len(buffer) > LONGEST_RECORD_BYTES:
            self.in_string = len(buffer) - self.scanned > _LOOKAHEAD_BYTES
            passed = len(buffer) if self.in_string else self.scanned
            while self.in_string and buffer[passed - 1 : passed] == b"\\":
                passed -= 1
            self.overlong = self.overlong or hashlib.sha256()
            self.overlong.update(buffer[:passed])
            buffer, self.scanned = buffer[passed:], 0
        self.held = buffer

    def _leave_string(self, buffer: bytes, last: bool) -> bool:
        """Pass over the rest of a string that is longer than the limit; whether its end was found."""
        found = _STRING_REST.match(buffer)
        end = found.end() if found else 0
        if end + 1 < len(buffer) or last or buffer[end : end + 1] == b'"':
            self.in_string, self.scanned = False, min(end + 1, len(buffer))
            return True
        if self.overlong is not None:
            self.overlong.update(buffer[:end])
        self.held = buffer[end:]
        return False


def document_batches(stream: Iterator[bytes]) -> Iterator[pa.RecordBatch]:
    """Batches of `records.SCHEMA`, one row a JSON object found; `position` is its ordinal from 1.

    A stream that breaks off ends in a rejected row of its own.
    """
    scanner = Scanner()
    ending: str | None = None
    try:
        for chunk in stream:
            scanner.feed(chunk)
            if scanner.batch.full:
                yield scanner.batch.take()
    except UnreadableError as problem:
        ending = str(problem)
    scanner.feed(b"", last=True)
    if ending is not None:
        scanner.batch.reject(scanner.position + 1, ending, None)
    if scanner.batch.rows:
        yield scanner.batch.take()
