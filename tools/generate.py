"""Everything that is generated and committed: ``python -m tools.generate [--check]``.

``--check`` writes nothing and fails when a committed file is not what would be written.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def outputs() -> Iterator[tuple[Path, bytes]]:
    """Each generated file and its content."""
    from auditor.catalog import INDEX, load_folder, write_index
    from auditor.reporters.schema import schema_bytes
    from tools import (
        cost_page,
        declarations,
        drawing,
        example_report,
        fact_needs,
        peers_page,
        programs,
        snapshot_schema,
    )
    from tools.pages import pages

    folder = ROOT / "policies"
    yield folder / INDEX, write_index(folder)
    policies = load_folder(folder)
    yield ROOT / "reports" / "schema" / "report.schema.json", schema_bytes()
    yield ROOT / "reports" / "schema" / "snapshot.schema.json", snapshot_schema.schema_bytes()
    yield ROOT / "docs" / "declarations.md", declarations.page().encode()
    yield ROOT / drawing.PAGE, drawing.page(ROOT).encode()
    yield ROOT / "docs" / "cost.md", cost_page.page(ROOT).encode()
    yield ROOT / "auditor" / "data" / "fact_needs.json", fact_needs.needs_bytes(policies, folder)
    yield ROOT / "auditor" / "shipped_programs.py", programs.module(policies).encode()
    yield ROOT / "docs" / "peers.md", peers_page.page(policies).encode()
    for name, text in pages(policies, folder):
        yield ROOT / "docs" / "policies" / name, text.encode()
    for path, content in example_report.reports(ROOT).items():
        yield ROOT / path, content


def main(arguments: list[str]) -> int:
    """Write, or with ``--check`` compare. Each file is written before the next is made: some are read on the way."""
    check = "--check" in arguments
    stale, wanted = [], set()
    for path, content in outputs():
        wanted.add(path)
        if path.exists() and path.read_bytes() == content:
            continue
        stale.append(path)
        if not check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    for path in (ROOT / "docs" / "policies").glob("*.md"):
        if path not in wanted:
            stale.append(path)
            if not check:
                path.unlink()
    if check and stale:
        print("not current, run `make generate`:", *(path.relative_to(ROOT) for path in stale), sep="\n  ")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
