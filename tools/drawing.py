"""The drawing in docs/joins.md: what ``auditor graph docs/example`` gives today."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

PAGE = Path("docs/joins.md")
_DRAWING = re.compile(r"(?<=```mermaid\n).*?(?=```)", re.DOTALL)


def page(root: Path) -> str:
    """The page as it stands, with a fresh drawing."""
    command = [sys.executable, "-m", "auditor", "graph", "docs/example", "--no-cache"]
    drawing = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout
    return _DRAWING.sub(lambda _: drawing, (root / PAGE).read_text())
