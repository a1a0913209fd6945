"""The flags of every command that runs an audit: what to read, which policies, and what governs the run."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from auditor.governance import Request
    from auditor.options import Settings
    from auditor.sources.tree import Tree

STDIN = "-"
DEFAULT_PATHS = ["."]
"""What argparse gives, this very list, where no path was named."""


def add_run_flags(parser: argparse.ArgumentParser, *, paths: bool = True) -> None:
    """Declare the flags; ``paths``: what to read is named by position."""
    add = parser.add_argument
    if paths:
        add(
            "paths",
            nargs="*",
            default=DEFAULT_PATHS,
            metavar="PATH",
            help="directories or files; - reads stdin (default: .)",
        )
    add(
        "--policy",
        action="append",
        default=[],
        metavar="ID,…",
        help="only these policies; peers' rule ids work too",
    )
    add("--pack", action="append", default=[], metavar="NAME,…", help="sets of policies (default: default)")
    add(
        "--policies",
        action="append",
        default=[],
        type=Path,
        metavar="DIR",
        help="run the policies in this folder too",
    )
    add("--config", type=Path, metavar="FILE", help="configuration (default: auditor.toml at the first PATH)")
    add(
        "--waivers",
        type=Path,
        metavar="FILE",
        help="accepted failures (default: auditor-waivers.yaml at the first PATH)",
    )
    add("--no-config", action="store_true", help="ignore auditor.toml and auditor-waivers.yaml")
    add(
        "--trust-base",
        metavar="REF",
        default="",
        help="read configuration, waivers, baseline and own policies from REF",
    )
    add("--no-render", action="store_true", help="judge kustomize and Helm files as they lie there")
    add("--no-cache", action="store_true", help="neither read nor write the cache")
    add("--full-parse", action="store_true", help="parse also documents of kinds that no policy asks for")


def percent(text: str) -> float:
    """A number between 0 and 100, for argparse."""
    try:
        number = float(text)
    except ValueError:
        number = -1
    if not 0 <= number <= 100:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number between 0 and 100")
    return number


def tree_of(paths: list[str]) -> Tree:
    """What the paths name; UsageError for one that does not exist.

    One directory is the root itself. Files, and several paths, are named from the working directory, or from
    their common folder when they lie outside it.
    """
    from auditor.errors import UsageError
    from auditor.sources.stdin import StdinTree
    from auditor.sources.tree import EmptyTree, PathsTree, Tree

    here = _working_directory()
    if not paths:
        return EmptyTree(here)
    if STDIN in paths:
        if len(paths) > 1:
            raise UsageError("- reads standard input and stands alone; give paths or -, not both")
        if sys.stdin is None:
            raise UsageError("standard input is closed; pipe something into it")
        return StdinTree(sys.stdin.buffer)
    parts = [Path(path) for path in paths]
    for part in parts:
        if not part.exists():
            raise UsageError(f"{part}: no such file or directory")
        if _is_bare(part):
            raise UsageError(f"{part}: a bare repository holds no files; audit a checkout: git worktree add")
    if len(parts) == 1 and parts[0].is_dir():
        return Tree(parts[0])
    if all(part.resolve().is_relative_to(here) for part in parts):
        return PathsTree(here, parts)
    folders = [os.path.realpath(part if part.is_dir() else part.parent) for part in parts]
    return PathsTree(Path(os.path.commonpath(folders)), parts)


def _is_bare(path: Path) -> bool:
    """Whether a directory is what lies inside a ``.git``."""
    return (path / "HEAD").is_file() and (path / "objects").is_dir() and (path / "refs").is_dir()


def _working_directory() -> Path:
    """Reports name every file from here, so it must exist."""
    from auditor.errors import UsageError

    try:
        return Path.cwd()
    except FileNotFoundError:
        raise UsageError("the working directory was deleted; change to one that exists") from None


def folder_of(tree: Tree) -> str:
    """Where the audited root lies as seen from the working directory, with a final ``/``; '' when it is that.

    Reports name files from the working directory: that is where a person clicks, and what GitHub expects of
    a run at the root of the repository.
    """
    relative = os.path.relpath(tree.root)
    return "" if relative == "." else f"{relative.replace(os.sep, '/')}/"


def request_of(options: argparse.Namespace, tree: Tree) -> Request:
    """Where to look for what governs the run; UsageError for flags that need a repository on standard input."""
    from auditor.errors import UsageError
    from auditor.governance import Request

    request = Request(
        root=None if options.paths in ([STDIN], []) else tree.root,
        config=options.config,
        use_config=not options.no_config,
        policy_folders=options.policies,
        waivers=options.waivers,
        baseline=getattr(options, "baseline", None),
        changed_since=getattr(options, "changed_since", ""),
        trust_base=options.trust_base,
    )
    if request.root is None and (request.changed_since or request.trust_base):
        what = "standard input has no revisions" if options.paths else "no directory is audited"
        raise UsageError(f"{what}; --changed-since and --trust-base need a directory")
    return request


def governed_settings(options: argparse.Namespace, tree: Tree) -> Settings:
    """What the configuration says, with the flags laid over it: for commands that gate nothing."""
    from auditor.governance import govern

    return run_settings(options, govern(request_of(options, tree)).settings)


def run_settings(options: argparse.Namespace, settings: Settings) -> Settings:
    """The settings with the flags laid over them."""
    settings.policies = [name for given in options.policy for name in given.split(",") if name]
    packs = [name for given in options.pack for name in given.split(",") if name]
    settings.packs = packs or settings.packs
    settings.render = not options.no_render
    settings.full_parse = options.full_parse
    settings.cache = not options.no_cache
    return settings
