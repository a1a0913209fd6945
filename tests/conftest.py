"""What every test stands on: a cache folder of its own, so that no run sees what another one left."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    folder: Path = tmp_path_factory.getbasetemp() / "auditor-cache"
    monkeypatch.setenv("AUDITOR_CACHE_DIR", str(folder))
