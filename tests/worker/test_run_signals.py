"""SIGTERM ends the worker in order from its first second on, not only once it takes scans."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

LOADING = """\
import time
from worker.cli import run
from worker.logs import configure
from worker.service import service

def load(settings, *, until_empty):
    print("loading", flush=True)
    time.sleep(60)

run._serve = load
run.settings_or_none = lambda: type("S", (), {"log_level": "INFO"})()
run.run(type("O", (), {"until_empty": False})())
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_worker_that_is_loading_its_model_ends_at_once(number: signal.Signals) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", LOADING], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "loading\n"
        process.send_signal(number)
        _, said = process.communicate(timeout=20)
    assert process.returncode == 0
    assert "ended before any scan was taken" in said
