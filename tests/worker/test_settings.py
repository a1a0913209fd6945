"""Settings: what a manifest may say, and one table that says the same as the class."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from worker.settings import Settings, table

README = Path(__file__).parents[2] / "worker/README.md"
REQUIRED = {
    "queue_url": "q",
    "dead_letter_queue_url": "d",
    "output_bucket": "o",
    "model": "m",
    "model_sha256": "0" * 64,
}


def settings(**more: Any) -> Settings:
    return Settings(**{**REQUIRED, **more})


def test_the_readme_holds_the_table_of_this_class() -> None:
    assert table() in README.read_text(), "renew it with: python -m worker.settings"


def test_every_number_has_its_unit() -> None:
    for name, field in Settings.model_fields.items():
        unit = {"seconds": "s: ", "bytes": "bytes: "}.get(name.rsplit("_", 1)[-1])
        assert unit is None or (field.description or "").startswith(unit), name


def test_everything_can_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in REQUIRED.items():
        monkeypatch.setenv(f"WORKER_{name.upper()}", value)
    monkeypatch.setenv("WORKER_FOLDS", "0, 2")
    monkeypatch.setenv("WORKER_MODALITIES", "CT,MR")
    monkeypatch.setenv("WORKER_VOLUME_ML", '{"teeth": [2, 60]}')
    monkeypatch.setenv("WORKER_TTA", "false")
    empty: dict[str, Any] = {}
    found = Settings(**empty)
    assert (found.folds, found.modalities, found.tta) == ((0, 2), ("CT", "MR"), False)
    assert found.volume_ml == {"teeth": (2.0, 60.0)}


@pytest.mark.parametrize(
    "wrong",
    [
        {"max_in_flight": 0},
        {"model_sha256": "abc"},
        {"visibility_seconds": 50000},
        {"visibility_seconds": 100, "max_processing_seconds": 50},
        {"output_prefix": "results"},
        {"error_prefix": ""},
        {"device": "tpu"},
    ],
)
def test_what_cannot_work_is_refused_at_the_start(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        settings(**wrong)
