"""Debian's Prometheus, unpacked and not installed, on planted series."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def unpacked(name: str = "prometheus") -> Path:
    """The folder of a Debian package's binaries, fetched once into the user's cache."""
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "auditor" / name
    if not (cache / "usr/bin" / name).exists():
        cache.mkdir(parents=True, exist_ok=True)
        subprocess.run(["apt-get", "download", "-qq", name], cwd=cache, check=True, capture_output=True)
        package = next(cache.glob(f"{name}_*.deb"))
        subprocess.run(["dpkg-deb", "-x", package.name, "."], cwd=cache, check=True)
        package.unlink()
    return cache / "usr/bin"


@contextmanager
def prometheus(folder: Path, text: Path) -> Iterator[str]:
    """The address of a server that holds the OpenMetrics ``text``."""
    binaries = unpacked()
    data = folder / "data"
    create = [binaries / "promtool", "tsdb", "create-blocks-from", "openmetrics"]
    subprocess.run([*create, "--max-block-duration=336h", text, data], check=True, capture_output=True)
    config = folder / "prometheus.yml"
    config.write_text("global: {scrape_interval: 1m}\n")
    address = _free_address()
    command = [
        str(binaries / "prometheus"),
        f"--config.file={config}",
        f"--storage.tsdb.path={data}",
        "--storage.tsdb.retention.time=400d",
        f"--web.listen-address={address}",
        "--log.level=error",
    ]
    with _running(command, address) as url:
        yield url
    shutil.rmtree(data, ignore_errors=True)


@contextmanager
def pushgateway() -> Iterator[str]:
    """The address of an empty Pushgateway."""
    address = _free_address()
    binary = unpacked("prometheus-pushgateway") / "prometheus-pushgateway"
    with _running([str(binary), f"--web.listen-address={address}"], address) as url:
        yield url


def _free_address() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{free.getsockname()[1]}"


@contextmanager
def _running(command: list[str], address: str) -> Iterator[str]:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait(f"http://{address}/-/ready")
        yield f"http://{address}"
    finally:
        process.terminate()
        process.wait(10)


def _wait(url: str, seconds: float = 30.0) -> None:
    until = time.monotonic() + seconds
    while True:
        try:
            urllib.request.urlopen(url, timeout=2).close()
            return
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)
