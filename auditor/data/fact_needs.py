"""Which kinds of a cluster each fact looks at. Generated from what facts did on every policy's examples."""

from __future__ import annotations

from collections.abc import Iterable

from auditor.data._tables import table
from auditor.reach import Kind

FILE = "fact_needs.json"


def kinds_of(facts: Iterable[str]) -> frozenset[Kind]:
    """(group, kind) of everything that the facts look at, through others too. Unknown facts look at nothing."""
    known = table(FILE)["facts"]
    found = (entry.rpartition("/") for name in facts for entry in known.get(name, ()))
    return frozenset((group, kind) for group, _, kind in found)
