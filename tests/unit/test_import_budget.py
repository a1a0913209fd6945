"""Start-up stays small: the test is on loaded modules, not on time."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = {
    "pydantic",
    "kubernetes",
    "boto3",
    "rich",
    "torch",
    "jsonschema",
    "tree_sitter",
    "argparse",
    "msgspec",
    "yaml",
}
BANNED = {"pydantic", "kubernetes", "boto3", "rich", "torch", "jsonschema", "tree_sitter"}


def loaded(*arguments: str) -> set[str]:
    """Top-level modules that a command has loaded when it ends."""
    code = (
        "import sys\nfrom auditor.cli.entry import main\n"
        f"try: main({list(arguments)!r})\nexcept SystemExit: pass\n"
        "print('\\nMODULES', *sorted({name.split('.')[0] for name in sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.rsplit("MODULES", 1)[1].split())


@pytest.mark.parametrize(
    "arguments", [["--help"], ["check", "--help"], ["explain", "GPU-003"], ["policy", "list"]]
)
def test_commands_load_nothing_heavy(arguments: list[str]) -> None:
    assert not loaded(*arguments) & BANNED


def test_version_answers_before_argparse() -> None:
    assert not loaded("--version") & HEAVY


def test_a_plain_check_loads_no_heavy_library(tmp_path: object) -> None:
    assert not loaded("check", f"{tmp_path}", "--format", "json") & BANNED


SLOW_TO_LOAD = {
    "dataclasses",
    "inspect",
    "typing_extensions",
    "shutil",
    "subprocess",
    "concurrent",
    "asyncio",
}


def test_a_plain_check_loads_nothing_that_takes_longer_than_the_check(tmp_path: Path) -> None:
    (tmp_path / "one.yaml").write_text(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\n"
        "spec: {template: {spec: {containers: [{name: web, image: registry.example/web:1}]}}}\n"
    )
    assert not loaded("check", f"{tmp_path}/one.yaml") & SLOW_TO_LOAD


def test_platform_is_no_package() -> None:
    import platform

    assert platform.system(), "a folder platform/ with __init__.py would shadow the standard library"


def test_the_process_ends_with_its_exit_code_all_output_and_its_exit_handlers(tmp_path: Path) -> None:
    code = (
        "import atexit, sys, os\nfrom auditor.cli.entry import main\n"
        "atexit.register(lambda: os.write(1, b'handled'))\n"
        "sys.argv = ['auditor', 'explain', 'GPU-003']\nmain()\nprint('taken apart')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert done.stdout.endswith("handled")
    assert "GPU-003" in done.stdout
    command = [sys.executable, "-m", "auditor", "check", f"{tmp_path}/absent"]
    absent = subprocess.run(command, capture_output=True, check=False)
    assert absent.returncode == 2
    assert b"absent" in absent.stderr
