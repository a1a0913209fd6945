"""``worker digest``: what WORKER_MODEL_SHA256 has to be for a model folder."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

from worker.inference.model import digest_of


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("folder", type=Path, help="model folder (with plans.json)")


def run(options: Namespace) -> int:
    if not (options.folder / "plans.json").is_file():
        print(f"worker digest: no plans.json in {options.folder}", file=sys.stderr)
        return 2
    print(digest_of(options.folder))
    return 0
