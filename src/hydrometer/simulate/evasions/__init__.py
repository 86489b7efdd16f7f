"""Evasions: one file a knob, each ending in EVASION."""
