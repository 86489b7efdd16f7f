"""Foreign log records → the tables `exchanges`, `accounts` and `rejects`; nothing is lost silently.

Rule: rows read = kept + rejected + duplicate, for every input; a row that is not used is counted, located (source,
position) and explained in words. A source is one YAML file in `packs/`, compiled to one SELECT. Log content is hostile:
no path found in a log is followed, nothing is unpickled, pack SQL runs in an engine that cannot reach other files.
"""
