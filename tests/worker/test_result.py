"""result.json and its published schema."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from worker.result import Written, build, schema
from worker.segmenter import Segmentation

PUBLISHED = Path(__file__).parents[2] / "reports/schema/worker-result.schema.json"
TOLD = {
    "scan_id": "0" * 32,
    "input": {
        "bucket": "b", "key": "k", "version_id": None, "etag": "e", "bytes": 1, "sha256": "0" * 64, "files": 1
    },
    "model": {"digest": "1" * 64, "torch": "2"},
    "options": {"tta": True},
    "smaller_tiles": False,
    "seconds": {"total": 1.0},
    "usd_estimate": 0.1,
    "attempt": 1,
    "finished_at": "2026-01-01T00:00:00+00:00",
}  # fmt: skip
FACTS = {"labels": [{"name": "teeth", "values": [3], "voxels": 8, "ml": 0.2}], "flags": [{"code": "empty"}]}
OUTPUTS = [Written("mask.nii.gz", "r/mask.nii.gz", "application/gzip", 5, "2" * 64)]


def test_the_published_schema_is_that_of_this_code() -> None:
    assert PUBLISHED.read_text() == schema(), "renew it with: python -m worker.result"


def test_a_result_keeps_the_published_schema_and_carries_the_notice() -> None:
    result = json.loads(build(TOLD, Segmentation([], {**FACTS, "geometry": {"shape": [1]}}), OUTPUTS))
    jsonschema.validate(result, json.loads(PUBLISHED.read_text()))
    assert "research use" in result["notice"]
    assert result["facts"] == {"geometry": {"shape": [1]}}
    assert result["schema"] == "worker-result/1"


def test_a_result_without_its_checksum_breaks_the_schema() -> None:
    result = json.loads(build(TOLD, Segmentation([], FACTS), OUTPUTS))
    del result["outputs"][0]["sha256"]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(result, json.loads(PUBLISHED.read_text()))


def test_facts_that_are_not_as_published_are_refused() -> None:
    with pytest.raises(ValueError, match="ml"):
        build(TOLD, Segmentation([], {"labels": [{"name": "teeth", "voxels": 8, "ml": -1}]}), OUTPUTS)
