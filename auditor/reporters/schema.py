"""The JSON Schema of the report, generated from its types.

``python -m auditor.reporters.schema`` prints it; ``reports/schema/report.schema.json`` is that output.
"""

from __future__ import annotations

import sys
from inspect import cleandoc
from typing import Any

import msgspec

from auditor.report import SCHEMA_VERSION, Report


def schema() -> dict[str, Any]:
    """JSON Schema 2020-12 of what ``--format json`` writes."""
    (root,), definitions = msgspec.json.schema_components([Report], ref_template="#/$defs/{name}")
    for definition in definitions.values():
        definition["description"] = cleandoc(definition["description"])
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:auditor:report:{SCHEMA_VERSION}",
        "title": "auditor report",
        **root,
        "$defs": dict(sorted(definitions.items())),
    }


def schema_bytes() -> bytes:
    """The schema as the committed file holds it."""
    return msgspec.json.format(msgspec.json.encode(schema()), indent=2) + b"\n"


if __name__ == "__main__":
    sys.stdout.buffer.write(schema_bytes())
