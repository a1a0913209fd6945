"""Scratch folders: gone with the scan, and what a killed process left is gone with the next start."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from worker.service.scratch import Scratch

ROOT = Path(__file__).parents[2]


def test_what_a_killed_process_left_is_removed_and_what_a_living_one_has_is_not(tmp_path: Path) -> None:
    code = (
        "import os, signal, sys; from pathlib import Path; from worker.service.scratch import Scratch;"
        "folder = Scratch(Path(sys.argv[1])).new(); (folder / 'scan.nii').write_text('x');"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], cwd=ROOT, check=False)
    (tmp_path / "run-killed-before-its-lock").mkdir()
    assert len(list(tmp_path.rglob("scan.nii"))) == 1
    living = Scratch(tmp_path)
    (living.new() / "scan.nii").write_text("x")
    other = Scratch(tmp_path)
    assert sorted(tmp_path.iterdir()) == sorted([living.folder, other.folder])
    assert len(list(tmp_path.rglob("scan.nii"))) == 1
    living.close()
    other.close()
    assert list(tmp_path.iterdir()) == []
