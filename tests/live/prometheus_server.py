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

PACKAGE = "prometheus"


def unpacked() -> Path:
    """The folder of Debian's binaries, fetched once into the user's cache."""
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "auditor" / "prometheus"
    if not (cache / "usr/bin/prometheus").exists():
        cache.mkdir(parents=True, exist_ok=True)
        subprocess.run(["apt-get", "download", "-qq", PACKAGE], cwd=cache, check=True, capture_output=True)
        package = next(cache.glob(f"{PACKAGE}_*.deb"))
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
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    command = [
        str(binaries / "prometheus"),
        f"--config.file={config}",
        f"--storage.tsdb.path={data}",
        "--storage.tsdb.retention.time=400d",
        f"--web.listen-address={address}",
        "--log.level=error",
    ]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait(f"http://{address}/-/ready")
        yield f"http://{address}"
    finally:
        process.terminate()
        process.wait(10)
        shutil.rmtree(data, ignore_errors=True)


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
