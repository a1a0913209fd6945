"""Files of Go modules, as the module proxy has them."""

from __future__ import annotations

import functools
import json
import subprocess
from pathlib import Path


@functools.cache
def module_folder(module: str, version: str) -> Path:
    """Where Go keeps a module's files; it downloads them first, and checks them against the checksum database."""
    command = ["go", "mod", "download", "-json", f"{module}@{version}"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).anchor)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr or done.stdout}")
    return Path(json.loads(done.stdout)["Dir"])
