"""Which directories are root modules, and which sets of variables each is applied with."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable
from typing import TYPE_CHECKING

from auditor.terraform.paths import inside, is_terraform

if TYPE_CHECKING:
    from auditor.terraform.config import Read

TFVARS = (".tfvars", ".tfvars.json")
IGNORED = frozenset({".terraform", ".git", "node_modules"})


def find_roots(files: Iterable[str], read: Read) -> list[str]:
    """Directories with Terraform files that no module call of another directory refers to, sorted.

    The repository's top directory is "". Directories below ``.terraform`` (downloaded code) are left out.
    """
    directories: set[str] = set()
    called: set[str] = set()
    for path in sorted(files):
        if not is_terraform(path) or IGNORED & set(path.split("/")):
            continue
        directory = posixpath.dirname(path)
        directories.add(directory)
        if _may_call(path, read):
            called.update(each for each in _called(path, directory, read) if each != directory)
    return sorted(directories - called)


def _called(path: str, directory: str, read: Read) -> list[str]:
    """Directories inside the repository that the module calls of a file refer to."""
    from auditor.terraform.config import read_source
    from auditor.terraform.limits import Limits
    from auditor.terraform.source import constant_text

    blocks = read_source(path, read, Limits()).body.blocks_of("module")
    sources = [constant_text(block.body.attributes.get("source")) or "" for block in blocks]
    targets = [inside(directory, source) for source in sources if source.startswith(("./", "../"))]
    return [target for target in targets if target is not None]


def _may_call(path: str, read: Read) -> bool:
    """Whether the text could hold a call of a local module: reading is cheap, parsing is not."""
    try:
        data = read(path)
    except (OSError, KeyError, ValueError):
        return False
    return b"module" in data and (b'"./' in data or b'"../' in data)


def variable_sets(directory: str, files: Iterable[str]) -> list[tuple[str, list[str]]]:
    """(label, variable files in order) of each target of a root.

    "default" takes terraform.tfvars and *.auto.tfvars; every other variable file in the directory, or in a
    directory below it that has no Terraform files itself, is a target of its own on top of those.
    """
    automatic, others = variable_files(directory, files)
    sets = [("default", automatic)]
    for path in others:
        name = posixpath.relpath(path, directory or ".").removesuffix(".json").removesuffix(".tfvars")
        sets.append((name, [*automatic, path]))
    return sets


def variable_files(directory: str, files: Iterable[str]) -> tuple[list[str], list[str]]:
    """The files that Terraform loads by itself, in its order, and the others, sorted."""
    prefix = f"{directory}/" if directory and directory != "." else ""
    below = [path for path in files if path.startswith(prefix)]
    modules = {posixpath.dirname(path) for path in below if path.endswith((".tf", ".tf.json"))}
    automatic: list[str] = []
    others: list[str] = []
    for path in sorted(each for each in below if each.endswith(TFVARS)):
        name = path[len(prefix) :]
        if name in {"terraform.tfvars", "terraform.tfvars.json"} or _is_auto(name):
            automatic.append(path)
        elif _belongs(posixpath.dirname(path), prefix, modules):
            others.append(path)
    automatic.sort(key=lambda path: (_is_auto(path[len(prefix) :]), path))
    return automatic, others


def _is_auto(name: str) -> bool:
    return "/" not in name and name.endswith((".auto.tfvars", ".auto.tfvars.json"))


def _belongs(where: str, prefix: str, modules: set[str]) -> bool:
    """Whether the nearest directory with Terraform files, from ``where`` upwards, is the root itself."""
    root = prefix.rstrip("/")
    while where != root:
        if where in modules or not where or IGNORED & set(where.split("/")):
            return False
        where = posixpath.dirname(where)
    return True
