"""The page of declarations, from the table that reads them."""

from __future__ import annotations

from auditor.facts.declared import DECLARATIONS, PREFIX

HEAD = """\
# Declarations

What Git cannot know, a team declares: as an annotation on the workload or its pod template, or in `auditor.toml`
under `[declare."group/kind/namespace/name"]` (`*` matches any part; a Terraform address works too, `[declare]` is
for everything). The annotation wins. What nobody declared leaves the verdicts that need it *not assessed*, with the
key in the report.

```toml
[declare."apps/Deployment/inference/ml-worker"]
p95_seconds = 53.5
max_in_flight = 1
```

| annotation | key | type | meaning |
|---|---|---|---|
"""
TYPES = {float: "number", int: "whole number", bool: "true or false", str: "text"}


def page() -> str:
    """The Markdown page."""
    rows = (
        f"| `{PREFIX}{name}` | `{name.replace('-', '_')}` | {TYPES[kind]} | {meaning} |"
        for name, (kind, meaning) in sorted(DECLARATIONS.items())
    )
    return HEAD + "\n".join(rows) + "\n"
