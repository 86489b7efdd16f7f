"""Worlds, one file each: which populations and campaigns live together, and how many accounts each has."""
