"""What the range has to offer: worlds, campaigns, evasions, archetypes, techniques, coordinations, as data and lines.

Nothing is listed by hand: the folders are the catalogue.
"""

from __future__ import annotations

from textwrap import wrap
from typing import Any

from hydrometer.simulate import run
from hydrometer.simulate.coordination import COORDINATIONS
from hydrometer.simulate.techniques import TECHNIQUES
from hydrometer.simulate.world import Archetype, Campaign, World

Row = dict[str, Any]
WIDTH = 118
_NAMED = {
    "campaigns": "campaign",
    "techniques": "technique",
    "coordinations": "coordination",
    "archetypes": "archetype",
}
"""Parts that are shown by name alone, and the key of the name."""


def catalogue() -> dict[str, list[Row]]:
    """All parts of the range, each a list of rows."""
    plugins = run.plugins().values()
    return {
        "worlds": [_world(world) for world in run.worlds().values()],
        "campaigns": [
            {
                "campaign": plugin.name,
                "summary": plugin.summary,
                "capabilities": [list(builder.capabilities) for builder in plugin.builders],
                "kinds": [builder.kind for builder in plugin.builders],
                "source": plugin.source,
            }
            for plugin in plugins
            if isinstance(plugin, Campaign)
        ],
        "evasions": [
            {
                "evasion": evasion.name,
                "summary": evasion.summary,
                "low": evasion.low,
                "high": evasion.high,
                "unit": evasion.unit,
                "cost": evasion.cost,
            }
            for evasion in run.evasions().values()
        ],
        "archetypes": [
            {"archetype": plugin.name, "summary": plugin.summary, "authorised": plugin.authorisation is not None}
            for plugin in plugins
            if isinstance(plugin, Archetype)
        ],
        "techniques": [{"technique": name, "row": one.row, "twin": one.twin} for name, one in TECHNIQUES.items()],
        "coordinations": [
            {"coordination": name, "row": one.row, "twin": one.twin} for name, one in COORDINATIONS.items()
        ],
    }


def _world(world: World) -> Row:
    """One world; sizes at scale 1 and at its usual scale."""
    accounts = sum(placement.accounts for placement in (*world.benign, *world.campaigns))
    return {
        "world": world.name,
        "split": world.split,
        "kind": world.kind,
        "accounts": accounts,
        "exchanges": world.exchanges,
        "usual_scale": world.usual_scale,
        "week": world.week,
        "bank": world.bank,
        "campaigns": [placement.plugin for placement in world.campaigns],
        "benign": [placement.plugin for placement in world.benign],
        "evasions": dict(world.evasions),
        "summary": world.summary,
    }


def render(parts: dict[str, list[Row]]) -> str:
    """The catalogue as plain lines: worlds and knobs one a line, the other names by part."""
    worlds = sorted(parts["worlds"], key=lambda row: (row["split"], row["kind"], row["world"]))
    lines = ["WORLDS (sizes at the usual scale)", *(_world_line(row) for row in worlds)]
    lines += ["", "EVASIONS (--evade NAME=VALUE)", *(_evasion_line(row) for row in parts["evasions"])]
    for part, key in _NAMED.items():
        lines += ["", f"{part.upper()} ({len(parts[part])})"]
        lines += wrap(", ".join(row[key] for row in parts[part]), WIDTH, initial_indent="  ", subsequent_indent="  ")
    return "\n".join(lines)


def _world_line(row: Row) -> str:
    """One world."""
    scale, split, kind = row["usual_scale"], row["split"].replace("_", "-"), row["kind"].replace("_", " ")
    sizes = f"{row['accounts'] * scale:>7,.0f} accounts {row['exchanges'] * scale:>9,.0f} exchanges  x{scale:<6g}"
    return f"  {row['world']:<17} {split:<12} {kind:<20} {sizes} {row['summary']}"


def _evasion_line(row: Row) -> str:
    """One knob."""
    return f"  {row['evasion']:<21} {row['low']:>6g} to {row['high']:<6g} {row['unit']:<48} {row['summary']}"
