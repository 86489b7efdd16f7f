"""Rounds a score to the digits of the report, so that the last bits of a sum never show."""

from __future__ import annotations

from hydrometer.base.units import REPORT_DIGITS


def rounded(figures: dict[str, object]) -> dict[str, object]:
    """The same structure with floats at the report's digits.

    >>> rounded({"a": [0.12345678, {"b": 1}], "c": None})
    {'a': [0.123457, {'b': 1}], 'c': None}
    """
    return {key: _value(entry) for key, entry in figures.items()}


def _value(value: object) -> object:
    """One value of a score."""
    if isinstance(value, float):
        return round(value, REPORT_DIGITS)
    if isinstance(value, dict):
        return rounded(value)
    return [_value(entry) for entry in value] if isinstance(value, list) else value
