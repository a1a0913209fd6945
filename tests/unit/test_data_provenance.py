from __future__ import annotations

import importlib
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

import auditor.data

DATA = Path(auditor.data.__file__).parent
TABLES = ["api_versions", "iam_actions", "instances", "k8s_schema", "keda", "metrics", "prices"]
OURS = ["fact_needs"]
"""Made from our own policies by ``make generate``, and checked there."""
MODULES = [*TABLES, "cuda", "eks_versions"]


def test_every_table_is_listed_here() -> None:
    assert sorted(path.stem for path in DATA.glob("*.json")) == sorted([*TABLES, *OURS])


@pytest.mark.parametrize("name", TABLES)
def test_a_table_says_what_it_was_made_of(name: str) -> None:
    rows = json.loads((DATA / f"{name}.json").read_text("utf-8"))["provenance"]
    assert rows
    for row in rows:
        assert row["source"]
        if row["version"] == "by hand":
            assert row["source"].startswith("https://")
            assert re.fullmatch(r"\d{4}-\d{2}-\d{2}", row["date"])
        else:
            assert re.fullmatch(r"[0-9a-f]{64}", row["sha256"])
            assert re.fullmatch(r"v?\d+\.\d+\.\d+", row["version"])


def test_the_tables_stay_small() -> None:
    assert sum(path.stat().st_size for path in DATA.glob("*.json")) < 1_000_000


@pytest.mark.parametrize("module", ["eks_versions", "cuda"])
def test_tables_kept_by_hand_name_source_and_date(module: str) -> None:
    found = importlib.import_module(f"auditor.data.{module}")
    assert found.SOURCE.startswith("https://")
    assert str(found.AS_OF) >= "2025"


def test_importing_the_loaders_reads_no_table_and_no_heavy_module() -> None:
    imports = "\n".join(f"import auditor.data.{name}" for name in MODULES)
    heavy = "{'socket', 'ssl', 'subprocess', 'pydantic', 'jsonschema_rs', 'difflib', 'yaml'}"
    code = f"import sys\n{imports}\nfrom auditor.data._tables import table\n"
    code += f"print(sorted({heavy} & set(sys.modules)), table.cache_info().currsize)"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert shown.strip() == "[] 0"


@pytest.mark.parametrize(
    "call",
    [
        "from auditor.data.instances import allocatable as f; a = ('g5.xlarge',)",
        "from auditor.data.prices import price as f; a = ('g5.xlarge', 'us-east-1')",
        "from auditor.data.keda import check_metadata as f; a = ('aws-sqs-queue', {}, False)",
        "from auditor.data.k8s_schema import structural_problems as f; a = ('apps/v1', 'Deployment', {})",
        "from auditor.data.api_versions import lifecycle as f; a = ('batch/v1beta1', 'CronJob')",
    ],
)
def test_a_first_call_takes_no_more_than_10_ms_of_cpu(call: str) -> None:
    code = f"import time; {call}; t = time.process_time(); f(*a); print(time.process_time() - t)"
    runs = [
        float(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout)
        for _ in range(3)
    ]
    assert min(runs) < 0.010


@pytest.mark.slow
@pytest.mark.parametrize("name", TABLES)
def test_a_table_can_be_made_again_byte_for_byte(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tools.data.sources.DATA", tmp_path)
    importlib.import_module(f"tools.data.generate_{name}").main()
    made, committed = (folder / f"{name}.json" for folder in (tmp_path, DATA))
    assert made.read_text("utf-8") == committed.read_text("utf-8"), (
        f"run: python -m tools.data.generate_{name}"
    )
