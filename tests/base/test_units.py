"""Units: conversions and the rounding that a decision is taken on."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from hydrometer.base.units import EPOCH, EPOCH_US, WEEK_US, bits, decide


@given(st.floats(-1e6, 1e6))
def test_bits_are_log2(nats: float) -> None:
    assert math.isclose(bits(nats), nats * math.log2(math.e), rel_tol=1e-12, abs_tol=1e-12)


@given(st.floats(-1e3, 1e3))
def test_the_last_bit_of_a_float_never_decides(value: float) -> None:
    near = math.nextafter(round(value, 6), math.inf)
    assert decide(near) == decide(round(value, 6))


def test_epochs_and_weeks_are_in_microseconds() -> None:
    assert EPOCH.total_seconds() * 1e6 == EPOCH_US
    assert WEEK_US % EPOCH_US == 0
