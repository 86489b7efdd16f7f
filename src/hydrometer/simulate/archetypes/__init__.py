"""Benign populations, one file each: ordinary users and the innocent look-alikes of a campaign."""
