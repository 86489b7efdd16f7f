"""Nouns, table contracts, units, errors, engine protocol, plug-in loader and laws that every room shares.

Rule: this room imports nothing else of ours; every other room may import it and nothing but it.
"""
