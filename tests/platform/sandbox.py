"""Runs a command as a container does: files of its own, a read-only root, and an account of what it took.

``python sandbox.py ORDER``, in a mount namespace of its own. ORDER is a JSON file: ``files`` (path below /run or /etc
→ content), ``seen`` (folders that stay, wherever they lie), ``tmp_mib``, ``read_only``, ``argv``, ``env``, ``usage``
(the file that takes exit code, CPU seconds and the peak memory of the largest process). The command inherits
standard output.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

RUN, ETC, TMP = Path("/run"), Path("/etc"), Path("/tmp")
"""Mounted over, in a namespace of its own."""
ROOT = RUN / "root"
"""All of it once more: the first one is held open for writing by our own output, and so cannot be made read-only."""


def main() -> int:
    """Prepare the mounts, run the command, write what it took; its exit code."""
    order = json.loads(Path(sys.argv[1]).read_text())
    with Path(order["usage"]).open("w") as usage:
        prepare(order)
        process = subprocess.Popen(order["argv"], env=order["env"], preexec_fn=enter)
        _, status, used = os.wait4(process.pid, 0)
        code = os.waitstatus_to_exitcode(status)
        took = {"code": code, "cpu_s": used.ru_utime + used.ru_stime, "peak_mib": used.ru_maxrss / 1024}
        json.dump(took, usage)
    return code


def prepare(order: dict[str, Any]) -> None:
    """/run, /etc and /tmp of its own with the files in them, and nothing but /tmp that can be written."""
    mount("--make-rprivate", "/")
    mount("-t", "tmpfs", "tmpfs", str(RUN))
    copied = RUN / "etc"
    shutil.copytree(ETC, copied, symlinks=True, copy_function=shutil.copyfile, ignore=unreadable)
    mount("--bind", str(copied), str(ETC))
    for name, content in order["files"].items():
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
        path.chmod(0o755)
    seen = mount_tmp(
        order["tmp_mib"], [each for each in map(Path, order["seen"]) if each.is_relative_to(TMP)]
    )
    ROOT.mkdir()
    mount("--rbind", "/", str(ROOT))
    if order["read_only"]:
        for inside in (ROOT, ROOT / "run", ROOT / "etc", *(ROOT / each.relative_to("/") for each in seen)):
            mount("-o", "remount,bind,ro", str(inside))


def mount_tmp(mib: int, seen: list[Path]) -> list[Path]:
    """An empty /tmp, but for those folders below it that stay: a checkout may lie there."""
    aside = [RUN / f"seen-{number}" for number, _ in enumerate(seen)]
    for folder, place in zip(seen, aside, strict=True):
        place.mkdir()
        mount("--bind", str(folder), str(place))
    mount("-t", "tmpfs", "-o", f"size={mib}m", "tmpfs", str(TMP))
    for folder, place in zip(seen, aside, strict=True):
        folder.mkdir(parents=True, exist_ok=True)
        mount("--bind", str(place), str(folder))
    return seen


def enter() -> None:
    """In the child: the new root, and the image's working directory."""
    os.chroot(ROOT)
    os.chdir(TMP)


def unreadable(folder: str, names: list[str]) -> list[str]:
    """What in a folder is not ours to copy."""
    return [name for name in names if not os.access(Path(folder, name), os.R_OK)]


def mount(*words: str) -> None:
    """mount(8)."""
    subprocess.run(["mount", *words], check=True)


if __name__ == "__main__":
    raise SystemExit(main())
