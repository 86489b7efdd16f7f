"""The catalogue lists all there is, by name, with the sizes that a world is written with."""

from __future__ import annotations

import json

from tests.simulate.drawing import CAMPAIGNS, EVASIONS, PLUGINS, WORLDS

from hydrometer.simulate import catalogue
from hydrometer.simulate.coordination import COORDINATIONS
from hydrometer.simulate.techniques import TECHNIQUES

PARTS = {
    "worlds": ("world", set(WORLDS)),
    "campaigns": ("campaign", set(CAMPAIGNS)),
    "evasions": ("evasion", set(EVASIONS)),
    "archetypes": ("archetype", set(PLUGINS) - set(CAMPAIGNS)),
    "techniques": ("technique", set(TECHNIQUES)),
    "coordinations": ("coordination", set(COORDINATIONS)),
}


def test_every_part_is_listed_once() -> None:
    parts = catalogue.catalogue()
    assert set(parts) == set(PARTS)
    for part, (key, names) in PARTS.items():
        listed = [row[key] for row in parts[part]]
        assert len(listed) == len(set(listed)) and set(listed) == names


def test_worlds_say_what_lives_in_them() -> None:
    for row in catalogue.catalogue()["worlds"]:
        world = WORLDS[row["world"]]
        assert row["accounts"] == sum(place.accounts for place in (*world.benign, *world.campaigns))
        assert row["campaigns"] == [place.plugin for place in world.campaigns]
        assert (row["exchanges"], row["split"], row["kind"]) == (world.exchanges, world.split, world.kind)
        assert row["evasions"] == dict(world.evasions)


def test_the_catalogue_is_plain_data() -> None:
    parts = catalogue.catalogue()
    assert json.loads(json.dumps(parts)) == parts


def test_lines_name_every_part_and_fit_a_screen() -> None:
    text = catalogue.render(catalogue.catalogue())
    words = set(text.replace(",", " ").split())
    for key, names in PARTS.values():
        assert names <= words, key
    for title in ("WORLDS", "EVASIONS", "CAMPAIGNS", "TECHNIQUES", "COORDINATIONS", "ARCHETYPES"):
        assert title in text
    assert f"ARCHETYPES ({len(PARTS['archetypes'][1])})" in text
    lines = [line for line in text.splitlines() if "," in line and line.startswith("  ")]
    assert max(len(line) for line in lines if line.split()[0] not in WORLDS) <= catalogue.WIDTH + 40


def test_a_worlds_line_has_its_size_at_the_usual_scale() -> None:
    (line,) = [one for one in catalogue.render(catalogue.catalogue()).splitlines() if one.split()[:1] == ["demo"]]
    world = WORLDS["demo"]
    assert f"{world.exchanges:,} exchanges" in line and world.summary in line and "x1 " in line
