"""The examples in the docstrings of the range run hold; test runs look for doctests in `src` alone."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import bench.range
import pytest

MODULES = [info.name for info in pkgutil.iter_modules(bench.range.__path__) if info.name != "__main__"]
WITH_EXAMPLES = {"cells", "comparing", "curve_plot", "intervals", "plan", "steps", "tuning"}


@pytest.mark.parametrize("name", MODULES)
def test_examples_hold(name: str) -> None:
    result = doctest.testmod(importlib.import_module(f"bench.range.{name}"))
    assert result.failed == 0
    assert (result.attempted > 0) == (name in WITH_EXAMPLES)
