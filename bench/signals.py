"""Microseconds an exchange and core of the fingerprint pass, beside one DuckDB pass that hashes the same texts.

Processor time of one thread is counted, not wall time, and pass and yardstick take turns, so that a ratio of one run
means something on a machine that does other things as well. Texts lie in Arrow arrays before the clock starts: reading
Parquet is not measured. The yardstick is `count(*), sum(length(prompt)), bit_xor(hash(prompt))` over the same array.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from bench import trials
from bench.trials import Row

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

PUBLISHED: dict[str, int | float] = {"repetitions": 7, "megabytes": 16}
WORLD, SEED = "demo", 0
SIZES = (300, 20_000, 100_000)
"""Bytes of a prompt: a question, and what an agent sends."""
REPEATED_SHARE, CONTEXTS = 0.9, 4
"""Of a text with repeated parts so much is one of so many contexts."""
OTHER_LETTERS_SHARE = 0.01
"""Words with letters beyond ASCII, where a text has any."""
MOST_ROWS = 32_768
YARDSTICK = "select count(*), sum(length(prompt)), bit_xor(hash(prompt)) from texts"


def words(draw: np.random.Generator) -> list[str]:
    """Made-up words, and what the lexicon looks for among them."""
    from hydrometer.fingerprint.lexicon import lexicon

    letters = [chr(code) for code in range(ord("a"), ord("z") + 1)]
    made = ["".join(draw.choice(letters, int(draw.integers(2, 10)))) for _ in range(4_000)]
    known = [phrase.strip("*") for phrase, _ in lexicon().phrases if phrase.isascii()]
    return [*made, *(word.capitalize() for word in made[:400]), *known]


def text(size: int, vocabulary: list[str], draw: np.random.Generator) -> str:
    """About so many bytes of words."""
    chosen = draw.integers(0, len(vocabulary), size // 4)
    return " ".join(vocabulary[place] for place in chosen)[:size]


def texts(size: int, count: int, way: str) -> list[str]:
    """So many texts of a size.

    Args:
        size: bytes of each.
        count: how many.
        way: `distinct` (all their own), `repeated` (mostly one of a few contexts), `other_letters` (a few words beyond
            ASCII in each).
    """
    from hydrometer.base.draws import generator

    draw = generator(SEED, "bench-signals", f"{size} {way}".encode())
    vocabulary = words(draw)
    if way == "repeated":
        contexts = [text(int(REPEATED_SHARE * size), vocabulary, draw) for _ in range(CONTEXTS)]
        return [
            contexts[n % CONTEXTS] + " " + text(size - len(contexts[0]) - 1, vocabulary, draw) for n in range(count)
        ]
    made = [text(size, vocabulary, draw) for _ in range(count)]
    if way == "other_letters":
        made = [" ".join(_accented(one.split(" "), draw)) for one in made]
    return made


def _accented(chosen: list[str], draw: np.random.Generator) -> list[str]:
    """Some words of a text with a letter beyond ASCII, one at least."""
    marked = draw.random(len(chosen)) < OTHER_LETTERS_SHARE
    marked[0] = True
    return [f"{word}É" if hit else word for word, hit in zip(chosen, marked, strict=True)]


def exchanges() -> pa.Table:
    """Exchanges of a world, for the columns beside the prompt."""
    import pyarrow.parquet as pq

    from hydrometer.base.tables import INPUTS, conform

    with tempfile.TemporaryDirectory() as folder:
        file = trials.made(WORLD, Path(folder) / "world", SEED) / "traffic" / "exchanges.parquet"
        return conform(pq.read_table(file).slice(0, MOST_ROWS), INPUTS["exchanges"]).combine_chunks()


def seconds(work: Callable[[], object]) -> float:
    """Processor seconds of this process that `work` takes."""
    began = time.process_time()
    work()
    return time.process_time() - began


def measured(rows: pa.Table, repetitions: int) -> Row:
    """Microseconds an exchange of yardstick, text pass and whole pass, medians over repetitions that take turns."""
    import duckdb

    from hydrometer.fingerprint.run import fingerprint_batch, signals
    from hydrometer.fingerprint.text import read

    found, prompts = signals(), rows["prompt"]
    connection = duckdb.connect()
    connection.execute("set threads = 1")
    connection.register("texts", rows.select(["prompt"]))
    ways: dict[str, Callable[[], object]] = {
        "yardstick": lambda: connection.execute(YARDSTICK).fetchall(), "text": lambda: read(prompts),
        "whole": lambda: fingerprint_batch(rows, found, b"key"),
    }  # fmt: skip
    for work in ways.values():
        work()
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(repetitions):
        for name, work in ways.items():
            taken[name].append(1e6 * seconds(work) / len(rows))
    connection.close()
    return {f"{name}_us": statistics.median(some) for name, some in taken.items()} | {
        f"{name}_ratio": statistics.median(a / b for a, b in zip(taken[name], taken["yardstick"], strict=True))
        for name in ("text", "whole")
    }


def each_signal(rows: pa.Table, repetitions: int) -> Row:
    """Microseconds an exchange of each signal and of what stands beside them, medians."""
    from hydrometer.base.signals import Batch
    from hydrometer.fingerprint.run import signals
    from hydrometer.fingerprint.text import read, read_repeated

    batch = Batch(rows, read(rows["prompt"]), read_repeated(rows["system_instructions"]), b"key")
    ways: dict[str, Callable[[], object]] = {
        "text of prompts": lambda: read(rows["prompt"]),
        "text of system prompts": lambda: read_repeated(rows["system_instructions"]),
    }
    for name, signal in signals().items():
        ways[name] = lambda signal=signal: signal.measure(batch)  # type: ignore[misc]
    return {
        name: statistics.median(1e6 * seconds(work) / len(rows) for _ in range(repetitions))
        for name, work in ways.items()
    }


def main() -> None:
    """Measure and publish."""
    import pyarrow as pa

    measurement = trials.asked("signals", "Microseconds an exchange of the fingerprint pass.", PUBLISHED)
    repetitions, load = int(measurement.settings["repetitions"]), os.getloadavg()[0]
    rows = exchanges()
    place = rows.schema.get_field_index("prompt")
    cases: list[Row] = [
        {
            "texts": f"those of the world {WORLD}",
            "bytes": int(rows["prompt"].nbytes / len(rows)),
            "exchanges": len(rows),
        }
        | measured(rows, repetitions)
    ]
    for size in SIZES:
        count = min(len(rows), int(measurement.settings["megabytes"] * 1e6 / size))
        for way in ("distinct", "repeated", "other_letters"):
            some = rows.slice(0, count).set_column(place, "prompt", pa.array(texts(size, count, way), pa.string()))
            cases.append({"texts": way, "bytes": size, "exchanges": count} | measured(some, repetitions))
            print(f"signals: {len(cases)} of {1 + 3 * len(SIZES)}", flush=True)
    trials.publish(measurement, {
        "summary": {"load_before": load, "cases": cases, "signals": each_signal(rows, repetitions)}
    })  # fmt: skip


if __name__ == "__main__":
    main()
