"""Invented worlds in a cache: documents as the steps leave them, and a truth that can be scored."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from bench.range import codes
from bench.range.cells import Place, WorldKey, write_document

from hydrometer.base.tables import TRUTH, from_rows


def truth(place: Place, guilty: list[str], benign: list[str]) -> None:
    """A truth with one campaign; every benign account is its own operator."""
    place.truth.mkdir(parents=True)
    role = "operator"
    accounts: list[dict[str, object]] = [
        {"account_id": one, "archetype": "pool", "operator_id": "o", "campaign_id": "c", "role": role} for one in guilty
    ]
    accounts += [{"account_id": one, "archetype": "chat_user", "operator_id": one} for one in benign]
    moment = pa.scalar(0, pa.timestamp("us", tz="UTC")).as_py()
    campaign: dict[str, object] = {
        "campaign_id": "c", "preset": "pool", "kind": "distillation", "capabilities": ["maths"], "started_at": moment,
        "ended_at": moment,
    }  # fmt: skip
    rows: dict[str, list[dict[str, object]]] = {
        "accounts": accounts,
        "exchanges": [{"exchange_id": f"x-{one}", "campaign_id": "c"} for one in guilty],
        "campaigns": [campaign] if guilty else [],
        "memberships": [{"account_id": one, "campaign_id": "c", "role": role, "share": 1.0} for one in guilty],
    }
    for name, found in rows.items():
        pq.write_table(from_rows(found, TRUTH[name]), place.truth / f"{name}.parquet")


def scanned(place: Place, groups: dict[str, str]) -> None:
    """Hydrometer's document."""
    head = {"code": codes.scan(place.key), "seconds": 1.0, "peak_memory_bytes": 1}
    write_document(
        place.document("hydrometer"), head | {"groups": groups, "right_by_chance": {"expected": 0.0, "deviation": 0.0}}
    )


def scored(place: Place, method: str, scores: dict[str, float], groups: dict[str, str] | None = None) -> None:
    """A rival's scores."""
    place.folder.mkdir(parents=True, exist_ok=True)
    arrays = {"accounts": list(scores), "holders": list(groups or {}), "groups": list((groups or {}).values())}
    named: dict[str, Any] = {name: np.array(values, np.str_) for name, values in arrays.items()}
    np.savez(place.scores(method), allow_pickle=False, scores=np.array(list(scores.values())), **named)
    head = {"code": "x", "seconds": 2.0, "peak_memory_bytes": 1, "scored": len(scores)}
    write_document(place.document(f"rival-{method}"), head | {"has_groups": groups is not None})


def world(cache: Path, name: str, *, seed: int = 0, guilty: int = 6, benign: int = 94) -> Place:
    """A world with a truth: campaign accounts g…, benign accounts b…"""
    place = Place(cache, WorldKey(name, seed))
    truth(place, [f"g{number}" for number in range(guilty)], [f"b{number:02d}" for number in range(benign)])
    return place
