"""A directory to audit: which files it has, and their bytes. Nothing outside the directory is ever read."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Sequence, Set
from errno import EISDIR, ELOOP, ENOENT
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from auditor.sources.ignore import Ignore

MAX_FILE_BYTES = 64 * 1024 * 1024
SKIPPED_DIRECTORIES = frozenset({".git", ".terraform", ".hg", ".svn", "node_modules", "__pycache__"})
SAFE_GIT = (
    "git",
    "-c",
    "core.fsmonitor=false",
    "-c",
    "core.untrackedCache=false",
    "-c",
    "core.hooksPath=/dev/null",
)


_LOOP = ("a link that leads back to itself", "mend the link, or take it out of the tree")
_KINDS = {
    stat.S_IFDIR: "a directory",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


class Unreadable(Exception):
    """A file that cannot be read: ``what`` and ``repair`` in words."""

    def __init__(self, what: str, repair: str, *, too_large: bool = False) -> None:
        super().__init__(what)
        self.what, self.repair, self.too_large = what, repair, too_large


class Tree:
    """The files below ``root``, as relative paths with ``/``.

    In a Git checkout these are the tracked files and the untracked ones that .gitignore does not name (a
    tracked file is audited whatever .gitignore says: a pull request cannot hide one); elsewhere all files
    that the .gitignore files below ``root`` do not name.
    """

    def __init__(self, root: Path, *, max_bytes: int = MAX_FILE_BYTES) -> None:
        self.root = root
        self._real_root = root.resolve()
        self._prefix = f"{root}/"
        self._max_bytes = max_bytes
        self._files: list[str] | None = None
        self._folders: dict[str, bool] = {}
        self.on_read: Callable[[str, bytes], None] | None = None
        """Sees every file that is read: comments that waive findings are looked for on the way."""

    def files(self) -> list[str]:
        """Every file, sorted."""
        if self._files is None:
            if self.root.is_file():
                self._files = [self.root.name]
                self.root = self.root.parent
                self._real_root = self.root.resolve()
                self._prefix = f"{self.root}/"
            else:
                self._files = sorted(_git_files(self.root) or _walk(self.root, self._folders))
        return self._files

    def has_file(self, path: str) -> bool:
        """Whether ``path`` is a file inside the tree, ignored by Git or not."""
        try:
            if self._inside(path.rpartition("/")[0]):
                mode = os.lstat(self._prefix + path).st_mode
                if not stat.S_ISLNK(mode):
                    return stat.S_ISREG(mode)
        except (FileNotFoundError, NotADirectoryError):
            return False
        except (OSError, RuntimeError, ValueError):
            pass
        try:
            real = (self.root / path).resolve()
            return real.is_relative_to(self._real_root) and real.is_file()
        except (OSError, RuntimeError, ValueError):
            return False

    def has_folder(self, path: str) -> bool:
        """Whether ``path`` is a directory inside the tree, or a link to one: its files are listed where they are."""
        try:
            real = (self.root / path).resolve()
            return real.is_relative_to(self._real_root) and real.is_dir()
        except (OSError, RuntimeError, ValueError):
            return False

    def read(self, path: str) -> bytes:
        """The bytes of one file; :class:`Unreadable` when it is missing, too large, or leads out of the tree."""
        data = self._bytes(path)
        if self.on_read is not None:
            self.on_read(path, data)
        return data

    def state(self, path: str) -> tuple[int, ...] | None:
        """Changes with the file: size, times, inode. None for what is no plain file of the tree."""
        try:
            if not self._inside(path.rpartition("/")[0]):
                return None
            found = os.lstat(self._prefix + path)
        except (OSError, RuntimeError, ValueError):
            return None
        if not stat.S_ISREG(found.st_mode) or found.st_size > self._max_bytes:
            return None
        return found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino

    def _bytes(self, path: str) -> bytes:
        try:
            handle = self._open(path)
            try:
                found = os.fstat(handle)
                if not stat.S_ISREG(found.st_mode):
                    raise _irregular(found.st_mode)
                size = found.st_size
                if size > self._max_bytes:
                    raise Unreadable(
                        f"{size // 1_000_000} MB, more than the {self._max_bytes // 1_000_000} MB that are read",
                        "split the file, or exclude it in auditor.toml",
                        too_large=True,
                    )
                return _whole(handle, size)
            finally:
                os.close(handle)
        except OSError as error:
            raise self._unreadable(path, error) from error
        except RuntimeError as error:  # what Path.resolve says of a loop before Python 3.13
            raise Unreadable(*_LOOP) from error
        except ValueError as error:
            raise Unreadable(str(error), "rename the file") from error

    def _unreadable(self, path: str, error: OSError) -> Unreadable:
        if error.errno == ELOOP:
            return Unreadable(*_LOOP)
        if error.errno == EISDIR:
            return _irregular(stat.S_IFDIR)
        if error.errno == ENOENT and os.path.islink(self._prefix + path):
            return Unreadable(
                "a link to a file that does not exist", "mend the link, or take it out of the tree"
            )
        what = (error.strerror or type(error).__name__).lower()
        return Unreadable(what, "make the file readable, or take it out of the tree")

    def _open(self, path: str) -> int:
        """Open a file without leaving the tree. Folders are resolved once, links on the way only when met.

        The descriptor is the caller's to close: file objects take as long as reading a small file.
        """
        if self._inside(path.rpartition("/")[0]):
            try:
                return os.open(self._prefix + path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
            except OSError as error:
                if error.errno != ELOOP:
                    raise
        real = (self.root / path).resolve()
        if not real.is_relative_to(self._real_root):
            raise Unreadable(
                "a link that leads out of the audited tree", "link inside the tree, or copy the file"
            )
        return os.open(real, os.O_RDONLY | os.O_NONBLOCK)

    def _inside(self, folder: str) -> bool:
        """Whether a folder really lies in the tree; one that is no link lies where its parent does."""
        found = self._folders.get(folder)
        if found is None:
            parent, _, name = folder.rpartition("/")
            plain = name not in ("", ".", "..") and not folder.startswith("/")
            if plain and not os.path.islink(self._prefix + folder):
                found = self._inside(parent)
            else:
                found = (self.root / folder).resolve().is_relative_to(self._real_root)
            self._folders[folder] = found
        return found


def _whole(handle: int, size: int) -> bytes:
    """Everything that the descriptor gives; ``size`` is what it should be."""
    data = os.read(handle, size + 1)
    while len(data) != size:
        more = os.read(handle, 1 << 20)
        if not more:
            break
        data += more
        size = -1
    return data


def _irregular(mode: int) -> Unreadable:
    kind = _KINDS.get(stat.S_IFMT(mode), "something else")
    return Unreadable(f"{kind}, not a file", "take it out of the tree, or exclude it in auditor.toml")


def _git_files(root: Path) -> list[str] | None:
    """Tracked and unignored files of a Git checkout; None when ``root`` is in none or git cannot tell.

    The checkout is not trusted: settings that would make git run a program are switched off.
    """
    if not any((folder / ".git").exists() for folder in (root.resolve(), *root.resolve().parents)):
        return None
    import subprocess

    command = (*SAFE_GIT, "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate")
    try:
        done = subprocess.run(command, cwd=root, capture_output=True, check=False, timeout=120)
    except (OSError, subprocess.TimeoutExpired):
        return None
    if done.returncode:
        return None
    names = [os.fsdecode(name) for name in done.stdout.split(b"\0") if name]
    return [*_present(root, names)]


def _present(root: Path, names: list[str]) -> Iterator[str]:
    """The names that exist; of a submodule that is checked out, or another repository inside, its files.

    A submodule that is not checked out stays in the list as a folder: reading it says so.
    """
    base = os.fspath(root)
    for name in (each.rstrip("/") for each in names):
        if any(part in SKIPPED_DIRECTORIES for part in name.split("/")[:-1]):
            continue
        full = f"{base}/{name}"
        if os.path.lexists(f"{full}/.git") and not os.path.islink(full):
            yield from (f"{name}/{inner}" for inner in (_git_files(Path(full)) or _walk(Path(full))))
        elif os.path.lexists(full):
            yield name


def _walk(root: Path, folders: dict[str, bool] | None = None) -> list[str]:
    """Every file below a directory that is no Git checkout, honouring .gitignore; links are not followed.

    ``folders`` takes the paths of the folders on the way, each True: it lies in the tree.
    """
    from auditor.sources.ignore import Ignore

    base = os.fspath(root)
    found: list[str] = []
    stack: list[tuple[str, tuple[Ignore, ...]]] = [("", ())]
    while stack:
        folder, rules = stack.pop()
        try:
            entries = [
                (entry.name, entry.is_dir(follow_symlinks=False)) for entry in os.scandir(f"{base}/{folder}")
            ]
        except OSError:
            found.append(folder.rstrip("/"))
            continue
        if (".gitignore", False) in entries:
            rules = (Ignore.load(root, folder), *rules)
        if folders is not None and folder:
            folders[folder[:-1]] = True
        silent = [each.silent_in(folder) for each in rules]
        left = silent[0] if len(silent) == 1 else _common(silent)
        for name, directory in entries:
            path = folder + name
            if directory and name in SKIPPED_DIRECTORIES:
                continue
            if rules and name not in left and _ignored(path, directory, rules):
                continue
            if directory:
                stack.append((path + "/", rules))
            else:
                found.append(path)
    return found


def _common(names: Sequence[Set[str]]) -> Set[str]:
    """What all the sets hold; nothing where there is none."""
    return frozenset(names[0]).intersection(*names[1:]) if names else frozenset()


def _ignored(path: str, directory: bool, rules: tuple[Ignore, ...]) -> bool:
    """Whether the nearest .gitignore that speaks of the path ignores it."""
    for each in rules:
        verdict = each.verdict(path, directory)
        if verdict is not None:
            return verdict
    return False


class EmptyTree(Tree):
    """No files at all: what a run audits that looks at a cluster only."""

    def files(self) -> list[str]:
        """None."""
        return []


class PathsTree(Tree):
    """Several files and directories below one root, named as seen from there."""

    def __init__(self, root: Path, parts: list[Path]) -> None:
        super().__init__(root)
        self._parts = parts

    def files(self) -> list[str]:
        """Every file of the parts, sorted; a file named twice is one."""
        if self._files is None:
            found: set[str] = set()
            for part in self._parts:
                prefix = part.resolve().parent / part.name if part.is_symlink() else part.resolve()
                name = prefix.relative_to(self._real_root).as_posix()
                if part.is_dir():
                    found.update(f"{name}/{inner}".removeprefix("./") for inner in Tree(part).files())
                else:
                    found.add(name)
            self._files = sorted(found)
        return self._files
