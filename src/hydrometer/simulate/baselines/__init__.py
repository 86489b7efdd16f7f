"""Rivals, one file each: published methods in code of our own, measured on the same worlds as hydrometer."""
