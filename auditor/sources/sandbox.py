"""Runs a renderer over input that is not trusted.

The program sees a scratch folder with copies of the files it may read, an environment without credentials,
and dead proxies instead of a network; it gets limited time, memory and output. Nothing here is a jail: a
renderer is trusted, what it renders is not.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple, Protocol

_NOWHERE = "http://127.0.0.1:9"
_SHELL_LIMITS = 'ulimit -v {memory} 2>/dev/null; ulimit -f {output} 2>/dev/null; exec "$@"'
_STDERR_BYTES = 64 * 1024
_GAVE, _FAILED = b"+", b"-"


class Limits(NamedTuple):
    """What one rendering may use."""

    seconds: float = 60
    output_bytes: int = 64 * 1024 * 1024
    memory_bytes: int = 8 * 1024 * 1024 * 1024
    """Of address space, of which Go programs reserve much more than they use."""


class RenderInput(NamedTuple):
    """All that a rendering depends on: the renderer's arguments, and the bytes of every file it may read."""

    arguments: tuple[str, ...]
    files: Mapping[str, bytes]

    def digest(self, tool: str = "") -> str:
        """The same for the same input and tool: what a cache of renderings is keyed by."""
        whole = sha256("\0".join((tool, *self.arguments)).encode("utf-8", "surrogateescape"))
        for path, data in sorted(self.files.items()):
            whole.update(b"\0%s\0%d\0" % (path.encode("utf-8", "surrogateescape"), len(data)))
            whole.update(data)
        return whole.hexdigest()


class RenderFailed(Exception):
    """A renderer gave no output: ``what`` and ``repair`` in words."""

    def __init__(self, what: str, repair: str, *, transient: bool = False) -> None:
        super().__init__(what)
        self.what, self.repair, self.transient = what, repair, transient


class Memory(Protocol):
    """Keeps values between runs; whatever it loses is made again."""

    def read(self, name: str) -> bytes | None:
        """The value called ``name``."""

    def write(self, name: str, value: bytes) -> None:
        """Keep a value."""


def remembered(memory: Memory | None, tool: str, wanted: RenderInput, render: Callable[[], bytes]) -> bytes:
    """What ``render`` gives for this input, or gave when this very program was last asked; RenderFailed too."""
    if memory is None:
        return render()
    name = f"render-{wanted.digest(_identity(tool))}"
    kept = memory.read(name) or b""
    if kept.startswith(_GAVE):
        return kept[len(_GAVE) :]
    if kept.startswith(_FAILED):
        what, _, repair = kept[len(_FAILED) :].decode().partition("\0")
        raise RenderFailed(what, repair)
    try:
        stream = render()
    except RenderFailed as error:
        if not error.transient:
            memory.write(name, _FAILED + f"{error.what}\0{error.repair}".encode("utf-8", "replace"))
        raise
    memory.write(name, _GAVE + stream)
    return stream


def _identity(tool: str) -> str:
    """Another build of the program, or another program in its place, is asked again."""
    try:
        status = Path(tool).stat()
    except OSError:
        return tool
    return f"{tool}\0{status.st_size}\0{status.st_mtime_ns}"


def find_tool(*names: str) -> str | None:
    """The absolute path of the first of these programs on PATH; relative PATH entries are not looked at."""
    folders = [
        entry for entry in os.environ.get("PATH", os.defpath).split(os.pathsep) if Path(entry).is_absolute()
    ]
    for name in names:
        found = shutil.which(name, path=os.pathsep.join(folders))
        if found:
            return found
    return None


@contextmanager
def scratch(files: Mapping[str, bytes]) -> Iterator[Path]:
    """A temporary folder that holds ``files`` under ``tree/`` and an empty home under ``home/``."""
    with TemporaryDirectory(prefix="auditor-") as name:
        root = Path(name).resolve()
        (root / "home").mkdir()
        folders = {path.rpartition("/")[0] for path in files}
        for folder in sorted(folders | {""}):
            (root / "tree" / folder).mkdir(parents=True, exist_ok=True)
        for path, data in files.items():
            (root / "tree" / path).write_bytes(data)
        yield root


def environment(root: Path, extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Nothing of the caller's environment, no way to the network, no program to call."""
    home = str(root / "home")
    dead = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"), _NOWHERE)
    return {
        **dead,
        **{name.lower(): value for name, value in dead.items()},
        "HOME": home,
        "TMPDIR": home,
        "XDG_CONFIG_HOME": home,
        "XDG_CACHE_HOME": home,
        "XDG_DATA_HOME": home,
        "KUBECONFIG": os.devnull,
        "PATH": home,
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ALLOW_PROTOCOL": "none",
        "LC_ALL": "C",
        **(extra or {}),
    }


def run(command: Sequence[str], root: Path, env: Mapping[str, str], limits: Limits = Limits()) -> bytes:  # noqa: B008
    """Standard output of ``command``, run in ``root``/tree; :class:`RenderFailed` with what it complained of."""
    script = _SHELL_LIMITS.format(memory=limits.memory_bytes // 1024, output=limits.output_bytes // 512 + 1)
    out, err = root / "stdout", root / "stderr"
    with out.open("wb") as stdout, err.open("wb") as stderr:
        process = subprocess.Popen(
            ["/bin/sh", "-c", script, "sh", *command],
            cwd=root / "tree",
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            start_new_session=True,
        )
        code = _wait(process, limits)
    if out.stat().st_size > limits.output_bytes:
        raise RenderFailed(
            f"rendered more than {limits.output_bytes // (1024 * 1024)} MiB",
            "split it, or leave it out in auditor.toml",
        )
    if code:
        said = err.read_bytes()  # no longer than ``ulimit -f`` allows
        text = (said[:_STDERR_BYTES] + said[_STDERR_BYTES:][-_STDERR_BYTES:]).decode("utf-8", "replace")
        raise RenderFailed(complaint(text, root) or f"the renderer ended with status {code}", "")
    return out.read_bytes()


def _wait(process: subprocess.Popen[bytes], limits: Limits) -> int:
    try:
        return process.wait(limits.seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        raise RenderFailed(
            f"rendering took longer than {limits.seconds:g} s",
            "make it smaller, or leave it out in auditor.toml",
            transient=True,
        ) from None


def complaint(said: str, root: Path) -> str:
    """One line of what a renderer wrote to stderr, without warnings, log prefixes and scratch paths."""
    said = re.sub(rf"{re.escape(str(root))}/tree/?", "", said)
    lines = [line.strip() for line in said.splitlines()]
    kept = [
        line
        for line in lines
        if line and not line.startswith(("#", "W", "WARNING", "walk.go")) and line != ">"
    ]
    text = " ".join(kept)
    text = re.sub(r'^E\d{4} [\d:.]+ +\d+ run\.go:\d+\] "command failed" err=<? ?', "", text)
    text = text.removeprefix("Error: ").removeprefix("error: ").strip('" >')
    return text if len(text) <= 400 else f"{text[:120]} … {text[-275:]}"
