"""The signals: one file each, ending in `SIGNAL`; the folder is the registry."""
