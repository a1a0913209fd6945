"""``python -m tests.realworld``: see the package."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path


def main(arguments: list[str]) -> int:
    """Run one of the three subcommands; 0 unless recall stays below its promise."""
    options = _parser().parse_args(arguments)
    if options.command == "recall":
        from tests.realworld.recall import recall

        return recall(options.folders, options.seed, options.per_kind, options.only)
    from tests.realworld import auditing, drawing, runs

    found = [auditing.check(folder, *options.flags) for folder in options.folders]
    if options.command == "run":
        print(runs.table(found))
        return 0
    drawn = drawing.draw(found, options.seed, options.size, options.deep, options.most)
    for number, item in enumerate(drawn, 1):
        print(drawing.row(number, item) if options.rows else f"{drawing.show(number, item)}\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.realworld", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, words in (
        ("run", "counts and cost by repository"),
        ("draw", "a random draw of findings to judge by hand"),
        ("recall", "break passing resources one field at a time"),
    ):
        command = commands.add_parser(name, help=words)
        command.add_argument("folders", nargs="+", type=Path, metavar="DIR")
        command.add_argument("--seed", type=int, default=1)
        if name == "recall":
            command.add_argument("--per-kind", type=int, default=3, help="faults of a kind per repository")
            command.add_argument("--only", default="", help="kinds of faults whose name contains this")
        else:
            command.add_argument("--flags", nargs="*", default=[], help="further flags of `auditor check`")
    draw = commands.choices["draw"]
    draw.add_argument("--size", type=int, default=100)
    draw.add_argument("--deep", type=int, default=55, help="of them joins and the mission's categories")
    draw.add_argument("--most", type=int, default=0, help="findings of one policy at most; 0: no limit")
    draw.add_argument("--rows", action="store_true", help="rows of a table to fill in, without the files")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
