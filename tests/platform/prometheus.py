"""Debian's Prometheus and promtool on the platform's own rules."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
import urllib.parse
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Any

import yaml

from tests.platform.overlays import rendered
from tools.install import CACHE


def program(name: str) -> str:
    """prometheus, promtool, alertmanager or amtool: of PATH, else what ``python -m tools.install`` has unpacked."""
    found = shutil.which(name) or shutil.which(str(CACHE / "bin" / name))
    assert found, f"there is no {name}: run `python -m tools.install`"
    return found


def groups(environment: str) -> list[dict[str, Any]]:
    """Every rule group that an environment loads."""
    return [
        group
        for each in rendered(f"infrastructure/configs/{environment}")
        if each["kind"] == "PrometheusRule"
        for group in each["spec"]["groups"]
    ]


def alerts(environment: str) -> dict[str, dict[str, Any]]:
    """Alert → rule."""
    return {
        rule["alert"]: rule for group in groups(environment) for rule in group["rules"] if "alert" in rule
    }


def write_rules(environment: str, folder: Path) -> Path:
    """The groups as a rule file of Prometheus."""
    path = folder / "rules.yml"
    path.write_text(yaml.safe_dump({"groups": groups(environment)}))
    return path


def promtool(*arguments: str, cwd: Path) -> tuple[int, str]:
    """Exit code and all output."""
    done = subprocess.run(
        [program("promtool"), *arguments], cwd=cwd, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


class Prometheus:
    """A server on loopback over the blocks in ``data``; it scrapes nothing."""

    def __init__(self, data: Path) -> None:
        self._data = data
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.url = f"http://127.0.0.1:{free.getsockname()[1]}"

    def __enter__(self) -> Prometheus:
        config = self._data / "prometheus.yml"
        config.write_text("global: {scrape_interval: 1m}\n")
        flags = [
            f"--config.file={config}",
            f"--storage.tsdb.path={self._data}",
            "--storage.tsdb.retention.time=100y",
            f"--web.listen-address={self.url.removeprefix('http://')}",
            "--log.level=warn",
        ]
        self._log = (self._data / "log").open("w")
        self._process = subprocess.Popen([program("prometheus"), *flags], stdout=self._log, stderr=self._log)
        until = time.monotonic() + 30
        while not self._ready():
            assert self._process.poll() is None and time.monotonic() < until, (self._data / "log").read_text()
            time.sleep(0.1)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._process.wait(10)
        self._log.close()

    def _ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/-/ready", timeout=1) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def ask(self, path: str, **parameters: str) -> list[dict[str, Any]]:
        """The result of ``query`` or ``query_range``."""
        with urllib.request.urlopen(
            f"{self.url}/api/v1/{path}?{urllib.parse.urlencode(parameters)}", timeout=60
        ) as answer:
            result: list[dict[str, Any]] = json.load(answer)["data"]["result"]
        return result
