"""What every test stands on: a cache folder of its own, so that no run sees what another one left."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# Machines are shared: how long an example takes says nothing of the code.
settings.register_profile("shared", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("shared")

os.environ.setdefault("AUDITOR_DEBUG", "1")
# An exception that the run would turn into a row is a mistake: in tests it stays an exception.


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    folder: Path = tmp_path_factory.getbasetemp() / "auditor-cache"
    monkeypatch.setenv("AUDITOR_CACHE_DIR", str(folder))
