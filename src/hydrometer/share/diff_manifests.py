"""What differs between two runs beside their verdicts: version, settings, inputs, calibration, what abstained.

Only what can change a verdict is compared; threads, memory and seconds are not. Source: the contract, section 2.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hydrometer.share.manifest_facts import manifest_facts

Manifest = Mapping[str, Any]
Both = list[Any]
"""What one run says, then the other."""
KEPT = ("version", "calibration_sha256", "content_free", "keyed", "register", "ids_suffixed")
"""Entries of a manifest that are compared as they are."""
INPUT_WORDS = ("new", "gone", "changed", "read_otherwise")
"""What can become of an input; one that is read otherwise has the same content, of which other rows were kept."""


def differences(old: Manifest, new: Manifest) -> dict[str, Any]:
    """What the manifests of two runs say differently, as JSON values; empty where nothing differs."""
    facts = manifest_facts(old), manifest_facts(new)
    found: dict[str, Any] = {name: [old.get(name), new.get(name)] for name in KEPT if old.get(name) != new.get(name)}
    for name in ("config", "benign_library", "totals"):
        changed = entries(old.get(name) or {}, new.get(name) or {})
        if changed:
            found[name] = changed
    inputs = _inputs(old, new)
    if any(inputs[word] for word in INPUT_WORDS):
        found["inputs"] = inputs
    absent = [set(one.columns_absent) for one in facts]
    if absent[0] != absent[1]:
        found["columns"] = {"new": sorted(absent[0] - absent[1]), "gone": sorted(absent[1] - absent[0])}
    looked_away = [dict(one.abstained) for one in facts]
    abstained = entries(looked_away[0], looked_away[1])
    if abstained:
        found["detectors_abstained"] = abstained
    return found


def entries(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Both]:
    """Name → what both say, where they differ; None where one says nothing.

    >>> entries({"q": 0.01, "seed": 1}, {"q": 0.005, "seed": 1, "prior": 0.1})
    {'prior': [None, 0.1], 'q': [0.01, 0.005]}
    """
    return {name: [old.get(name), new.get(name)] for name in sorted({*old, *new}) if old.get(name) != new.get(name)}


def _inputs(old: Manifest, new: Manifest) -> dict[str, Any]:
    """Inputs that are new, gone, changed or read otherwise, by name, and the number of those that are the same."""
    before, after = ({one["name"]: one for one in told["inputs"]} for told in (old, new))
    both = sorted(before.keys() & after.keys())
    other = [name for name in both if before[name]["sha256"] != after[name]["sha256"]]
    rows = {name: [before[name]["rows_kept"], after[name]["rows_kept"]] for name in both}
    otherwise = [name for name in both if name not in other and rows[name][0] != rows[name][1]]
    return {
        "new": [_only(after[name]) for name in sorted(after.keys() - before.keys())],
        "gone": [_only(before[name]) for name in sorted(before.keys() - after.keys())],
        "changed": [{"name": name, "rows_kept": rows[name]} for name in other],
        "read_otherwise": [{"name": name, "rows_kept": rows[name]} for name in otherwise],
        "same": len(both) - len(other) - len(otherwise),
    }


def _only(one: Mapping[str, Any]) -> dict[str, Any]:
    return {"name": one["name"], "rows_kept": one["rows_kept"]}
