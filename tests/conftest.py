"""What every test runs under."""

from __future__ import annotations

import os

os.environ.setdefault("AUDITOR_DEBUG", "1")
# An exception that the run would turn into a row is a mistake: in tests it stays an exception.
