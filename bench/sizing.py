"""How large a machine has to be: an extrapolation from `growth` and `spark`, and marked as one. Nothing is run here.

Each stage grows from its largest measured size by the exponent between the last two sizes. Collecting, the pass over
text and the tables counted from it use all cores; linking, proving and reporting are counted as if they used no more
than in the measurement. On Spark the pass over text costs what DuckDB needs times the measured ratio, shared out over
executors; the rest stays on the driver (counting by unit does, and is counted whole). Prices are assumptions: settings
of the command, kept in the file.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass

from bench import trials
from bench.trials import Row

PUBLISHED: dict[str, int | float] = {"core_hour_usd": 0.05, "gigabyte_month_usd": 0.02}
SPREAD = ("collect", "fingerprint", "entities")
"""Stages whose time is shared out over cores."""
ON_EXECUTORS = ("fingerprint",)
"""Stages that run on Spark's executors."""
GIGABYTE = 1e9
HOUR = 3600.0


@dataclass(frozen=True, slots=True)
class Wanted:
    """A deployment.

    Attributes:
        name: in words.
        exchanges: of the log.
        new: of them, those that an earlier run has not seen.
        cores: of the machine.
        executors: cores of Spark's executors; 0 = DuckDB.
    """

    name: str
    exchanges: float
    new: float
    cores: int
    executors: int = 0


WANTED = (
    Wanted("30 million a day over 28 days, all at once, 8 cores", 28 * 30e6, 28 * 30e6, 8),
    Wanted("the same, the last day on top of an earlier run", 28 * 30e6, 30e6, 8),
    Wanted("a thousand million, Spark with 64 cores and a driver of 8", 1e9, 1e9, 8, 64),
)


def exponent(small: float, large: float, growth: float) -> float:
    """k of large = small · growth^k.

    >>> exponent(2.0, 8.0, 4.0)
    1.0
    """
    return math.log(max(large, 1e-9) / max(small, 1e-9)) / math.log(growth)


def grown(rows: list[Row], value: list[float], exchanges: float) -> float:
    """A figure at so many exchanges, from its values at the measured sizes."""
    sizes = [row["exchanges"] for row in rows]
    return float(value[-1] * (exchanges / sizes[-1]) ** exponent(value[-2], value[-1], sizes[-1] / sizes[-2]))


def sized(wanted: Wanted, growth: Row, spark_ratio: float, prices: Row) -> Row:
    """What a deployment needs.

    Args:
        wanted: the deployment.
        growth: the result file of `bench.growth`.
        spark_ratio: seconds of a scan on Spark over those on DuckDB, on as many cores.
        prices: settings of this measurement.
    """
    rows, threads = growth["rows"], growth["summary"]["threads"]
    seconds: dict[str, float] = {}
    for stage in rows[-1]["stage_seconds"]:
        read = wanted.new if stage in ("collect", "fingerprint") else wanted.exchanges
        whole = grown(rows, [row["stage_seconds"][stage] for row in rows], read)
        if wanted.executors and stage in ON_EXECUTORS:
            whole *= spark_ratio * threads / wanted.executors
        elif stage in SPREAD:
            whole *= threads / wanted.cores
        seconds[stage] = whole
    hours = sum(seconds.values()) / HOUR
    last = rows[-1]
    traffic = wanted.exchanges * last["traffic_bytes"] / last["exchanges"]
    state = wanted.exchanges * last["state_bytes_per_exchange"]
    spread = sum(seconds[stage] for stage in ON_EXECUTORS) / HOUR if wanted.executors else 0.0
    return {
        "name": wanted.name, "exchanges": wanted.exchanges, "new": wanted.new, "hours": hours,
        "stage_hours": {stage: one / HOUR for stage, one in seconds.items()},
        "memory_gigabytes": grown(rows, [row["peak_rss_bytes"] for row in rows], wanted.exchanges) / GIGABYTE,
        "traffic_gigabytes": traffic / GIGABYTE, "state_gigabytes": state / GIGABYTE,
        "disk_gigabytes": (traffic + 2.0 * state) / GIGABYTE,
        "usd": (hours * wanted.cores + spread * wanted.executors) * prices["core_hour_usd"],
        "usd_a_month_of_disk": (traffic + 2.0 * state) / GIGABYTE * prices["gigabyte_month_usd"],
    }  # fmt: skip


def main() -> None:
    """Derive and publish."""
    measurement = trials.asked("sizing", "Sizes of machines, derived from other measurements.", PUBLISHED)
    growth, spark = (
        json.loads((trials.RESULTS / f"{name}.json").read_text(encoding="utf-8")) for name in ("growth", "spark")
    )
    ratio = spark["summary"]["ratio"]
    rows = [sized(wanted, growth, ratio, measurement.settings) for wanted in WANTED]
    trials.publish(measurement, {"summary": {"spark_ratio": ratio}, "rows": rows})


if __name__ == "__main__":
    main()
