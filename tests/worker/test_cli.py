"""The command line: quick where nothing is to be done, and clear where something is missing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from worker import __version__
from worker.cli.entry import COMMANDS, main

ROOT = Path(__file__).parents[2]
HEAVY = ("torch", "boto3", "pydantic", "rich", "prometheus_client", "numpy", "moto")


@pytest.mark.parametrize("argument", ["--help", "--version"])
def test_help_and_version_load_nothing_heavy(argument: str) -> None:
    code = (
        "import sys; from worker.cli.entry import main; main([sys.argv[1]]);"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, argument], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    shown = capsys.readouterr().out
    assert all(f"  {name}" in shown for name in COMMANDS)


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"worker {__version__}\n"


def test_an_unknown_command_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fly"]) == 2
    assert "no such command: fly" in capsys.readouterr().err


def test_run_says_which_setting_is_missing(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("QUEUE_URL", "MODEL_SHA256"):
        monkeypatch.delenv(f"WORKER_{name}", raising=False)
    assert main(["run"]) == 2
    shown = capsys.readouterr().err
    assert "WORKER_QUEUE_URL: Field required" in shown
    assert "worker/README.md" in shown


def test_settings_never_echo_what_was_given(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORKER_MODEL_SHA256", "s3cret")
    assert main(["run"]) == 2
    shown = capsys.readouterr().err
    assert "WORKER_MODEL_SHA256" in shown
    assert "s3cret" not in shown
