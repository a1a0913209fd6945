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
    from auditor.catalog import INDEX, write_index

    yield ROOT / "policies" / INDEX, write_index(ROOT / "policies")


def main(arguments: list[str]) -> int:
    """Write, or with ``--check`` compare."""
    stale = []
    for path, content in outputs():
        if path.exists() and path.read_bytes() == content:
            continue
        stale.append(path.relative_to(ROOT).as_posix())
        if "--check" not in arguments:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    if "--check" in arguments and stale:
        print("not current, run `make generate`:", *stale, sep="\n  ")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
