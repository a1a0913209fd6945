"""The examples of the documentation are what the program reads, and none of its keys is left out."""

from __future__ import annotations

import re
from pathlib import Path

from auditor.catalog import load_packs
from auditor.config import parse_config
from auditor.config_schema import ConfigTable
from auditor.packs import params_of
from auditor.waiver_comments import comment_rules, scan
from auditor.waiver_file import FIELDS, parse_waivers

DOCS = Path(__file__).resolve().parents[2] / "docs"


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", (DOCS / page).read_text("utf-8"), re.DOTALL)


def test_every_configuration_example_is_valid_and_the_first_shows_every_key() -> None:
    examples = blocks("configuration.md", "toml")
    for text in examples:
        config = parse_config(text.encode(), "auditor.toml")
        assert config is not None
        params_of(config.settings)
    for name, field in ConfigTable.model_fields.items():
        assert re.search(rf"^(\[)?{name}\b", examples[0], re.MULTILINE), name
        for key in getattr(field.annotation, "model_fields", {}):
            assert re.search(rf"^{key} = ", examples[0], re.MULTILINE), f"{name}.{key}"


def test_every_pack_is_documented() -> None:
    text = (DOCS / "configuration.md").read_text("utf-8")
    assert all(f"| `{name}` |" in text for name in load_packs())


def test_the_waiver_examples_are_valid_and_show_every_field() -> None:
    file, beside = blocks("waivers.md", "yaml")
    assert len(parse_waivers(file.encode(), "w.yaml", require_until=True)) == 1
    assert all(f"{name}: " in file for name in FIELDS)
    rules, warnings = comment_rules(scan("a.yaml", beside.encode()), require_until=True)
    assert [rule.covers for rule in rules] == [("a.yaml", 3)]
    assert warnings == []
