"""Who used which model around a release: one row per unit before and after it, for a group and for everybody else.

A model of the table `releases` is that of `request_model`, or of a dated build of it ("model-2026-06-04"). A unit
counts if it was there a day before the release and after it, so that people who came for the release, which is
announced, are compared with nobody.
Source: `statistics.md` section 8.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from hydrometer.prove.fact import HOUR_US
from hydrometer.prove.subject import Subject, Surroundings

BEFORE_US = 72 * HOUR_US
SETTLED_US = 24 * HOUR_US
"""Who was first seen later than so long before a release may have come for it."""
LOOKS_H = (6, 12, 18, 24)
"""Hours after a release at which is looked; the last is the window of the facts."""
LATE_US = HOUR_US
"""A look is complete where the log's last exchange lies at most so long before its end."""
ADOPTION_US = 72 * HOUR_US
"""How long after a release a first use of the new model counts as a switch."""
BUILD = re.compile(r"[-@:.]\d{4,}.*")
NAMES_MAX = 1_000
_AFTER = ", ".join(
    f"sum(w) filter (s >= $at and s < $at + {hours * HOUR_US}) as after_{hours}, "
    f"sum(w) filter (fresh and s >= $at and s < $at + {hours * HOUR_US}) as new_{hours}"
    for hours in LOOKS_H
)
USE = f"""
select u.unit, sum(w) filter (s < $at) as before, sum(w) filter (fresh and s < $at) as before_new, {_AFTER},
       min(s) filter (fresh and s >= $at) as first_new
from (select account_id, sent_us as s, {{weight}} as w, coalesce(request_model in (select model from fresh), false)
      as fresh from {{source}} where sent_us >= $at - {BEFORE_US} and sent_us < $at + {ADOPTION_US})
join {{units}} u using (account_id) group by 1 order by 1
"""
FIRST = """
select u.unit, min(f.sent_us) as first from {fingerprints} f join {units} u using (account_id) group by 1 order by 1
"""
EVERYBODY = USE.replace("{weight}", "1").replace("{source}", "{fingerprints}")
GROUP = USE.replace("{weight}", "millionths / 1e6").replace(
    "{source}",
    "(select p.account_id, p.sent_us, p.millionths, f.request_model from part p join {traffic} f using (exchange_id))",
)


@dataclass(frozen=True, slots=True)
class Release:
    """A release inside the log.

    Attributes:
        model: name as in `releases`.
        at_us: first moment of availability.
        names: names under which the log knows the model.
    """

    model: str
    at_us: int
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Use:
    """Exchanges of units around a release; all arrays have one entry a unit, `after` and `new` one row for each look.

    Attributes:
        unit: numbers, ascending.
        client: kind of client.
        before, before_new: exchanges in the three days before, and those of the new model.
        after, new: shape (looks, units), exchanges since the release, and those of the new model.
        first_new_us: first use of the new model since the release; -1 = none.
        settled: whether it was seen a day before the release or earlier.
    """

    unit: NDArray[np.int64]
    client: NDArray[np.object_]
    before: NDArray[np.float64]
    before_new: NDArray[np.float64]
    after: NDArray[np.float64]
    new: NDArray[np.float64]
    first_new_us: NDArray[np.int64]
    settled: NDArray[np.bool_]

    def of(self, rows: NDArray[np.bool_]) -> Use:
        """Some of the units."""
        return Use(
            self.unit[rows], self.client[rows], self.before[rows], self.before_new[rows], self.after[:, rows],
            self.new[:, rows], self.first_new_us[rows], self.settled[rows],
        )  # fmt: skip

    def there(self, look: int, least: float) -> NDArray[np.bool_]:
        """Settled units that sent something before, and at least so many exchanges from the release to a look."""
        result: NDArray[np.bool_] = self.settled & (self.before > 0) & (self.after[look] >= least)
        return result

    def moved(self, look: int) -> NDArray[np.float64]:
        """Change of the new model's share of each unit's exchanges, from before to a look; in [-1, 1]."""
        share: NDArray[np.float64] = self.new[look] / np.maximum(self.after[look], 1e-9)
        return share - self.before_new / np.maximum(self.before, 1e-9)


def releases(around: Surroundings) -> list[Release]:
    """Releases with at least one look's time of log before and after them, in order of time."""
    first, last = around.span_us
    rows = around.workspace.query(
        "select model, min(epoch_us(released_at)) as at from {releases} group by 1 order by 2, 1"
    ).to_pylist()
    room = LOOKS_H[0] * HOUR_US
    return [
        Release(row["model"], row["at"], _names(around, row["model"]))
        for row in rows
        if first + room <= row["at"] and looks_of(row["at"], last)
    ]


def looks_of(at_us: int, last_us: int) -> tuple[int, ...]:
    """Places in `LOOKS_H` of the looks after a release at `at_us` that a log which ends at `last_us` holds whole.

    >>> looks_of(0, 12 * HOUR_US), looks_of(0, 5 * HOUR_US), looks_of(0, 4 * HOUR_US)
    ((0, 1), (0,), ())
    """
    return tuple(place for place, hours in enumerate(LOOKS_H) if at_us + hours * HOUR_US <= last_us + LATE_US)


def _names(around: Surroundings, model: str) -> tuple[str, ...]:
    """Names in the log that mean this model."""
    found = around.workspace.query(
        "select distinct request_model as name from {fingerprints} where starts_with(request_model, $model) "
        f"order by 1 limit {NAMES_MAX}",
        {"model": model},
    )["name"].to_pylist()
    return tuple(name for name in found if name == model or BUILD.fullmatch(name[len(model) :]))


def use_of_everybody(around: Surroundings, release: Release) -> Use:
    """Use of all units around a release; worked out once."""
    key = f"use of {release.model}"
    if key not in around.kept:
        around.kept[key] = _use(around, release, EVERYBODY, {})
    found: Use = around.kept[key]
    return found


def use_of_group(subject: Subject, release: Release) -> Use:
    """Use of the group's units around a release, by attributed exchanges."""
    part = subject.part.select(["exchange_id", "account_id", "sent_us", "millionths"])
    return _use(subject.around, release, GROUP, {"part": part})


def _use(around: Surroundings, release: Release, sql: str, tables: dict[str, pa.Table]) -> Use:
    fresh = pa.table({"model": pa.array(release.names, pa.string())})
    found = around.workspace.query(sql, {"at": release.at_us}, fresh=fresh, **tables)
    unit = found["unit"].to_numpy().astype(np.int64)

    def column(name: str) -> NDArray[np.float64]:
        values: NDArray[np.float64] = np.nan_to_num(found[name].to_numpy(zero_copy_only=False).astype(np.float64))
        return values

    first = found["first_new"].fill_null(-1).to_numpy().astype(np.int64)
    return Use(
        unit, around.clients_of(unit), column("before"), column("before_new"),
        np.stack([column(f"after_{hours}") for hours in LOOKS_H]),
        np.stack([column(f"new_{hours}") for hours in LOOKS_H]), first, _settled(around, unit, release),
    )  # fmt: skip


def _settled(around: Surroundings, unit: NDArray[np.int64], release: Release) -> NDArray[np.bool_]:
    """Which units were seen a day before a release or earlier, with all that they sent; shape as `unit`."""
    if "first" not in around.kept:
        found = around.workspace.query(FIRST)
        around.kept["first"] = found["unit"].to_numpy().astype(np.int64), found["first"].to_numpy().astype(np.int64)
    known, first = around.kept["first"]
    result: NDArray[np.bool_] = first[np.searchsorted(known, unit)] <= release.at_us - SETTLED_US
    return result


def peers(around: Surroundings, use: Use) -> Use:
    """The units of `use` that belong to no listed group."""
    return use.of(~np.isin(use.unit, around.listed))
