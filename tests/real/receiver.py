"""A receiver that only writes down the bytes of each request body, one file a body: nothing is parsed.

What a gateway or an exporter posts is thereby tested exactly as it came over the wire. The path of the request chooses
the folder, its content type the file's ending (`.json`, `.jsonl` under a path `/ndjson`, `.binpb`), and a body that
came compressed keeps its bytes and gets `.gz`. A file appears under its name only when it is whole.

Run as `python receiver.py FOLDER PORT_FILE`; it stops when it is terminated.
"""

from __future__ import annotations

import os
import re
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path

NUMBERS = count(1)
LOCK = threading.Lock()
ENDINGS = {"application/x-protobuf": ".binpb", "application/json": ".json"}


class Writer(BaseHTTPRequestHandler):
    """Answers every POST with 200 once its body is on disk."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    folder: Path

    def do_POST(self) -> None:
        place = self.folder / (re.sub(r"[^a-z0-9_]+", "_", self.path.lower()).strip("_") or "root")
        place.mkdir(exist_ok=True)
        content = self._body()
        kind = self.headers.get("content-type", "").partition(";")[0]
        ending = ".jsonl" if "ndjson" in place.name else ENDINGS.get(kind, ".bin")
        if self.headers.get("content-encoding") == "gzip":
            ending += ".gz"
        with LOCK:
            name = f"{next(NUMBERS):06d}{ending}"
        unfinished = self.folder / f"{name}.unfinished"
        unfinished.write_bytes(content)
        os.replace(unfinished, place / name)
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def _body(self) -> bytes:
        if self.headers.get("transfer-encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("content-length", "0")))
        content = b""
        while size := int(self.rfile.readline(), 16):
            content += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return content

    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing: what came is in the files."""


class Receiver(ThreadingHTTPServer):
    """A thread a connection; LiteLLM's `single` shape opens hundreds of them at once."""

    request_queue_size = 1024


def main(folder: Path, port_file: Path) -> None:
    """Receive on a free port of the loopback address and write its number to `port_file`."""
    folder.mkdir(parents=True, exist_ok=True)
    Writer.folder = folder
    with Receiver(("127.0.0.1", 0), Writer) as server:
        unfinished = port_file.with_suffix(".unfinished")
        unfinished.write_text(str(server.server_address[1]))
        os.replace(unfinished, port_file)
        server.serve_forever()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
