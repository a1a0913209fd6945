"""JSON output and its published schema."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from auditor.report import decode
from auditor.reporters import render
from auditor.reporters.schema import schema, schema_bytes
from tests.unit import report_factory as factory

PUBLISHED = Path(__file__).parents[2] / "reports" / "schema" / "report.schema.json"
SAMPLES = {
    "usual": factory.report(),
    "clean": factory.clean(),
    "empty": factory.empty(),
    "hostile": factory.hostile("</script>\x00"),
}


def test_the_published_schema_is_what_the_types_say() -> None:
    assert PUBLISHED.read_bytes() == schema_bytes(), "run python -m auditor.reporters.schema"


def test_the_schema_is_valid_json_schema_2020_12() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())


@pytest.mark.parametrize("name", SAMPLES)
def test_what_is_written_validates(name: str) -> None:
    written = json.loads(render("json", SAMPLES[name]))
    jsonschema.Draft202012Validator(json.loads(PUBLISHED.read_bytes())).validate(written)


def test_a_broken_report_does_not_validate() -> None:
    written = json.loads(render("json", factory.report()))
    written["findings"][0]["status"] = "ok"
    assert not jsonschema.Draft202012Validator(schema()).is_valid(written)


@pytest.mark.parametrize("name", SAMPLES)
def test_a_report_read_back_is_the_same_report(name: str) -> None:
    assert decode(render("json", SAMPLES[name])) == SAMPLES[name]


def test_a_file_name_that_is_no_utf8_is_written_readably() -> None:
    report = decode(render("json", factory.hostile("a\udcffb")))
    assert report.findings[0].title == r"a\udcffb"


def test_json_reads_as_before() -> None:
    factory.check_golden("usual.json", render("json", factory.report()))
