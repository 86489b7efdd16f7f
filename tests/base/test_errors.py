"""The tree of errors is the one that its docstring draws, and every error can be read by a person."""

from __future__ import annotations

import re

import pytest

from hydrometer.base import errors

CLASSES = [one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, errors.HydrometerError)]
EXIT_CODES = {"UsageError": 2, "InputError": 3, "PackError": 2, "RunError": 2, "BugError": 4, "PluginError": 4}


@pytest.mark.parametrize("kind", CLASSES)
def test_an_error_says_where_found_expected_remedy(kind: type[errors.HydrometerError]) -> None:
    problem = kind("here", "this", "that", "do so")
    assert str(problem).splitlines() == ["here", "  found:    this", "  expected: that", "  remedy:   do so"]
    assert problem.exit_code in (2, 3, 4)


def test_the_drawing_shows_every_class_and_its_exit_code() -> None:
    drawing = errors.__doc__ or ""
    assert {kind.__name__ for kind in CLASSES} <= set(re.findall(r"\w+Error", drawing))
    for name, code in EXIT_CODES.items():
        assert getattr(errors, name).exit_code == code
        line = next(line for line in drawing.splitlines() if f"─ {name}" in line)
        assert f"exit {code}" in line


def test_mistakes_of_users_are_apart_from_bugs() -> None:
    assert len(CLASSES) <= 12
    for kind in CLASSES[1:]:
        assert issubclass(kind, errors.UserError) != issubclass(kind, errors.BugError)
