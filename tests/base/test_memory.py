"""Peak memory: it grows with what a process holds, and does not begin with what its parent held."""

from __future__ import annotations

import subprocess
import sys

import numpy as np

from hydrometer.base.memory import peak_rss_bytes

MEBIBYTE = 2**20
ASKED = "from hydrometer.base.memory import peak_rss_bytes; print(peak_rss_bytes())"


def test_a_child_does_not_begin_with_its_parents_memory() -> None:
    before = peak_rss_bytes()
    held = np.ones(400 * MEBIBYTE, np.uint8)
    grown = peak_rss_bytes()
    assert grown >= min(before, len(held)) and grown >= 400 * MEBIBYTE
    child = subprocess.run([sys.executable, "-c", ASKED], capture_output=True, check=True, text=True)
    assert 0 < int(child.stdout) < 200 * MEBIBYTE
    assert held[-1] == 1
