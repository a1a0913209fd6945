"""The audited tree as it was at another Git revision.

The repository is not trusted: no hook, filter, smudge, textconv or external diff runs, submodules are left
alone, nothing is fetched, and what is written lies below the folder that the caller gives.
"""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, NamedTuple

from auditor.changes import changed_lines
from auditor.errors import UsageError
from auditor.patterns import regex
from auditor.sources.tree import MAX_FILE_BYTES, SAFE_GIT, SKIPPED_DIRECTORIES, Tree

_GIT = (*SAFE_GIT, "--no-replace-objects", "-c", "protocol.allow=never", "-c", "core.quotePath=true")
_ENVIRONMENT = {
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C",
}
_TIMEOUT = 300
_LINK = "120000"
_AUDITED = regex(r"\.(ya?ml|json|tf|tfvars|hcl|tpl)$|(^|/)[^/]*Dockerfile[^/]*$")


class Entry(NamedTuple):
    """One blob of the revision; ``path`` is relative to the audited root."""

    mode: str
    blob: str
    path: str


class Revision:
    """One commit of the repository that ``root`` lies in, seen from ``root``.

    Raises :class:`UsageError` where there is no repository or no such revision, with the line that helps.
    """

    def __init__(self, root: Path, ref: str) -> None:
        self.root, self.ref = root, ref
        self._entries: dict[str, Entry] | None = None
        done = _git(root, "rev-parse", "--show-prefix")
        if done.returncode:
            raise UsageError(f"{root}: git cannot read this as a repository: {_said(done)}")
        self._prefix = os.fsdecode(done.stdout).rstrip("\n").rstrip("/")
        self.commit = self._resolve()

    def _resolve(self) -> str:
        if not self.ref or self.ref.startswith("-"):
            raise UsageError(f"{self.ref!r} is no Git revision; give a branch, tag or commit")
        done = _git(self.root, "rev-parse", "--verify", "--quiet", f"{self.ref}^{{commit}}")
        if done.returncode:
            raise UsageError(self._missing())
        return done.stdout.decode().strip()

    def _missing(self) -> str:
        shallow = _git(self.root, "rev-parse", "--is-shallow-repository").stdout.strip() == b"true"
        name = self.ref.removeprefix("origin/")
        if not shallow:
            return f"{self.ref}: no such revision in this repository; fetch it with: git fetch origin {name}"
        return (
            f"{self.ref}: not in this shallow clone; add `fetch-depth: 0` under `with:` of actions/checkout, "
            f"or run: git fetch --depth=1 origin {name}:refs/remotes/origin/{name}"
        )

    def entries(self) -> dict[str, Entry]:
        """Every file and link of the revision below the root, by path, in Git's order; submodules are left out."""
        if self._entries is None:
            done = _git(self.root, "ls-tree", "-r", "-z", "--full-tree", self._treeish())
            if done.returncode:
                raise UsageError(f"{self.ref}: git cannot list the revision: {_said(done)}")
            listed = (_entry(line) for line in done.stdout.split(b"\0") if line)
            self._entries = {entry.path: entry for entry in listed if entry and _is_safe(entry.path)}
        return self._entries

    def _treeish(self) -> str:
        """The root's tree; the empty tree where the revision has no such folder."""
        treeish = f"{self.commit}:{self._prefix}" if self._prefix else self.commit
        if self._prefix and _git(self.root, "cat-file", "-t", treeish).stdout.strip() != b"tree":
            return _git(self.root, "hash-object", "-t", "tree", "--stdin").stdout.decode().strip()
        return treeish

    def read(self, path: str) -> bytes | None:
        """The bytes of one file; None when the revision has no such file, or it is a link or too large."""
        entry = self.entries().get(path)
        if entry is None or entry.mode == _LINK:
            return None
        done = _git(self.root, "cat-file", "blob", entry.blob)
        if done.returncode:
            raise UsageError(self._partial(path))
        return done.stdout if len(done.stdout) <= MAX_FILE_BYTES else None

    def _partial(self, path: str) -> str:
        return (
            f"{self.ref}: {path} is not in this partial clone, and nothing is fetched while auditing; "
            "clone without a filter, or run: git fetch --refetch --no-filter origin"
        )

    def materialise(self, folder: Path, below: Iterable[str] = ("",)) -> RevisionTree:
        """Write the revision's files (those below the given folders) under ``folder``, byte for byte.

        Links come last, and only those that stay inside, so that nothing is ever written through one.
        """
        prefixes = tuple(f"{each.rstrip('/')}/" if each else "" for each in below)
        wanted = self._present([e for e in self.entries().values() if e.path.startswith(prefixes)])
        files = [entry for entry in wanted if entry.mode != _LINK]
        links = [entry for entry in wanted if entry.mode == _LINK]
        written = [entry.path for entry, data in self._blobs(files) if _write(folder, entry.path, data)]
        written += [entry.path for entry, data in self._blobs(links) if _link(folder, entry.path, data)]
        return RevisionTree(folder, written)

    def _present(self, entries: list[Entry]) -> list[Entry]:
        """The entries whose objects are here: a partial clone may lack pictures, but not what is audited."""
        absent = self._absent()
        for entry in entries:
            if entry.blob in absent and _AUDITED.search(entry.path):
                raise UsageError(self._partial(entry.path))
        return [entry for entry in entries if entry.blob not in absent]

    def _absent(self) -> set[str]:
        """Objects of the revision that a partial clone left out; found without fetching them."""
        listed = _git(self.root, "rev-list", "--objects", "--no-walk", "--missing=print", self.commit)
        return {line[1:].decode() for line in listed.stdout.splitlines() if line.startswith(b"?")}

    def _blobs(self, entries: list[Entry]) -> Iterator[tuple[Entry, bytes]]:
        """Contents in the order asked for, without what is too large; ``cat-file --batch`` applies no filter.

        Raises UsageError for an object that is not there.
        """
        if not entries:
            return
        with subprocess.Popen(
            (*_GIT, "cat-file", "--batch", "--buffer"),
            cwd=self.root,
            env=_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        ) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            feeder = _feed(process.stdin, entries)
            try:
                for entry in entries:
                    header = process.stdout.readline().split()
                    if len(header) != 3:
                        raise UsageError(self._partial(entry.path))
                    data = _content(process.stdout, int(header[2]))
                    if data is not None:
                        yield entry, data
            finally:
                process.kill()
                feeder.join()

    def changed(self) -> dict[str, list[range]]:
        """Lines of the working tree below the root that differ from the revision; untracked files whole."""
        options = ("-U0", "--no-ext-diff", "--no-textconv", "--no-color", "--no-renames", "--no-prefix")
        ignored = ("--ignore-submodules=all", "--relative")
        absent = self._absent()
        left_out = [f":(exclude,literal){e.path}" for e in self.entries().values() if e.blob in absent]
        unfiltered = _without_filters(self.root)
        done = _git(
            self.root, "diff", *options, *ignored, self.commit, "--", ".", *left_out, extra=unfiltered
        )
        if done.returncode:
            raise UsageError(f"{self.ref}: git cannot compare with the revision: {_said(done)}")
        lines = changed_lines(done.stdout)
        others = _git(self.root, "ls-files", "-z", "--others", "--exclude-standard").stdout
        for name in others.split(b"\0"):
            if name:
                lines[os.fsdecode(name)] = [range(1, 1 << 31)]
        return lines


class RevisionTree(Tree):
    """A materialised revision: exactly the files that it tracks, whatever its .gitignore says."""

    def __init__(self, root: Path, files: Iterable[str]) -> None:
        super().__init__(root)
        self._files = sorted(
            path for path in files if not SKIPPED_DIRECTORIES.intersection(path.split("/")[:-1])
        )


def _environment() -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if name != "GIT_EXTERNAL_DIFF"}
    return inherited | _ENVIRONMENT


def head_of(root: Path) -> str:
    """The commit that a tree is checked out at; '' where git knows none, or is not there."""
    try:
        done = _git(root, "rev-parse", "--verify", "--quiet", "HEAD^{commit}")
    except UsageError:
        return ""
    return done.stdout.decode("ascii", "replace").strip() if not done.returncode else ""


def _git(
    root: Path, *arguments: str, extra: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(
            (*_GIT, *arguments),
            cwd=root if root.is_dir() else root.parent,
            env=_environment() | dict(extra or {}),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=_TIMEOUT,
        )
    except FileNotFoundError as error:
        raise UsageError(
            "comparing with a revision needs git; install it, or leave the option out"
        ) from error
    except subprocess.TimeoutExpired as error:
        raise UsageError(f"git {arguments[0]} took more than {_TIMEOUT} s in {root}") from error


def _without_filters(root: Path) -> dict[str, str]:
    """Settings that empty every configured filter: the tree's .gitattributes choose among them."""
    listed = _git(root, "config", "-z", "--name-only", "--get-regexp", r"^filter\.").stdout.split(b"\0")
    names = {os.fsdecode(name).rpartition(".")[0] for name in listed if name}
    keys = [f"{name}.{key}" for name in sorted(names) for key in ("clean", "smudge", "process", "required")]
    settings = {"GIT_CONFIG_COUNT": str(len(keys))}
    for number, key in enumerate(keys):
        settings[f"GIT_CONFIG_KEY_{number}"] = key
        settings[f"GIT_CONFIG_VALUE_{number}"] = "false" if key.endswith(".required") else ""
    return settings


def _said(done: subprocess.CompletedProcess[bytes]) -> str:
    lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
    return lines[0] if lines else f"exit status {done.returncode}"


def _entry(line: bytes) -> Entry | None:
    """``<mode> <type> <object>\\t<path>``; None for what is no blob."""
    head, _, path = line.partition(b"\t")
    mode, kind, blob = head.decode().split()
    return Entry(mode, blob, os.fsdecode(path)) if kind == "blob" else None


def _is_safe(path: str) -> bool:
    """Git forbids these names, but a tree object made by hand can hold them."""
    return all(part not in ("", ".", "..") and part.lower() != ".git" for part in path.split("/"))


def _feed(stdin: IO[bytes], entries: list[Entry]) -> threading.Thread:
    """Ask for the objects from a thread: git answers while it is still being asked."""

    def write() -> None:
        with suppress(OSError), stdin:
            stdin.writelines(entry.blob.encode() + b"\n" for entry in entries)

    thread = threading.Thread(target=write, daemon=True)
    thread.start()
    return thread


def _content(stdout: IO[bytes], size: int) -> bytes | None:
    """One object's bytes; None for one that is too large, which is read and dropped."""
    if size <= MAX_FILE_BYTES:
        data: bytes = stdout.read(size)
        stdout.read(1)
        return data
    left = size + 1
    while left and (part := stdout.read(min(left, 1 << 20))):
        left -= len(part)
    return None


def _write(folder: Path, path: str, data: bytes) -> bool:
    full = folder / path
    try:
        full.parent.mkdir(parents=True, exist_ok=True)
        with full.open("xb") as handle:
            handle.write(data)
    except OSError:
        return False
    return True


def _link(folder: Path, path: str, target: bytes) -> bool:
    """Make a link that stays inside: it climbs only at its start, and its own folder is no link."""
    name = os.fsdecode(target)
    parent = path.rpartition("/")[0]
    steps = [step for step in name.split("/") if step not in ("", ".")]
    climbs = sum(step == ".." for step in steps)
    if (
        name.startswith("/")
        or steps[:climbs] != [".."] * climbs
        or climbs > len(parent.split("/")) * bool(parent)
    ):
        return False
    home = folder / parent
    if home.resolve() != folder.resolve() / parent:
        return False
    try:
        home.mkdir(parents=True, exist_ok=True)
        (folder / path).symlink_to(name)
    except (OSError, ValueError):
        return False
    return True
