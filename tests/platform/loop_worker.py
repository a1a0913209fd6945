"""``worker run`` as it is, with a trivial network behind the seam: no torch, no images, all else the real thing.

Settings come from ``WORKER_…``; the model folder is fetched and its digest checked as in production.
"""

from __future__ import annotations

import sys
import types
from pathlib import Path
from typing import Any

from tests.worker.trivial import TrivialSegmenter


def load_segmenter(folder: Path, settings: Any) -> TrivialSegmenter:
    """In place of ``worker.cli.loading``, which imports the network."""
    segmenter = TrivialSegmenter()
    segmenter.digest = settings.model_sha256
    return segmenter


def main() -> int:
    """Run the worker's own command."""
    loading = types.ModuleType("worker.cli.loading")
    loading.__dict__["load_segmenter"] = load_segmenter
    sys.modules[loading.__name__] = loading
    from worker.cli.entry import main as worker

    return worker(["run"])


if __name__ == "__main__":
    raise SystemExit(main())
