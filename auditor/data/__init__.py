"""Facts that the audit needs and cannot read from the tree: instance types, prices, schemas, calendars.

Each table is a committed JSON file with its ``provenance`` (source, version, date, sha256), made by a
script in ``tools/data``. Nothing here reaches the network.
"""
