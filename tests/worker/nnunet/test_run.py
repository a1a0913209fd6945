"""The commands themselves, with nnU-Net behind them: the demonstration, and ten scans through killed workers."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import jsonschema
import pytest

ROOT = Path(__file__).parents[3]
SCHEMA = json.loads((ROOT / "reports/schema/worker-result.schema.json").read_text())

pytestmark = pytest.mark.slow


def test_the_demonstration_gives_masks_results_and_pictures(tmp_path: Path) -> None:
    import nibabel
    import numpy as np
    from PIL import Image

    command = [sys.executable, "-m", "worker", "demo", "--scans", "2", "--folder", str(tmp_path)]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=400, env={**os.environ, "COLUMNS": "100"}
    )
    assert done.returncode == 0, done.stderr
    assert "Seconds by phase" in done.stdout
    results = list((tmp_path / "results").rglob("result.json"))
    assert len(results) == 2
    for path in results:
        result = json.loads(path.read_text())
        jsonschema.validate(result, SCHEMA)
        mask = nibabel.load(path.parent / "mask.nii.gz")
        voxels = Counter(np.asarray(mask.dataobj).ravel().tolist())
        assert {label["voxels"] for label in result["labels"]} == {n for value, n in voxels.items() if value}
        with Image.open(path.parent / "preview.png") as picture:
            assert min(picture.size) >= 64


class Processes:
    """``worker run`` with its settings in the environment, as in a pod."""

    def __init__(self, cloud: Any, model: Path, sha256: str, folder: Path) -> None:
        self._environment = {
            **os.environ,
            "WORKER_QUEUE_URL": cloud.queue_url,
            "WORKER_DEAD_LETTER_QUEUE_URL": cloud.dead_url,
            "WORKER_OUTPUT_BUCKET": "out",
            "WORKER_MODEL": str(model),
            "WORKER_MODEL_SHA256": sha256,
            "WORKER_DEVICE": "cpu",
            "WORKER_TTA": "false",
            "WORKER_SCRATCH": str(folder / "scratch"),
            "WORKER_AWS_ENDPOINT_URL": cloud.endpoint,
            "WORKER_HTTP_PORT": "0",
            "WORKER_POLL_SECONDS": "1",
            "WORKER_VISIBILITY_SECONDS": "20",
            "WORKER_BACKOFF_SECONDS": "1",
            "WORKER_MAX_RECEIVES": "20",
            "WORKER_GRACE_SECONDS": "5",
        }

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "worker", "run", *arguments]
        return subprocess.Popen(command, cwd=ROOT, env=self._environment, stderr=subprocess.DEVNULL)


def test_ten_scans_through_killed_workers_come_out_once_each(cloud: Any, tmp_path: Path) -> None:
    from worker.inference import phantoms, tiny_model
    from worker.inference.model import digest_of

    model = tmp_path / "model"
    tiny_model.make(model)
    paths = phantoms.write(tmp_path / "scans", 8, shape=(48, 64, 56))
    for path in paths:
        cloud.upload(path.name, path.read_bytes())
        cloud.ask(path.name)
    cloud.upload("hostile.nii.gz", b"\x1f\x8b no image")
    cloud.upload("empty.zip", b"PK\x05\x06" + bytes(18))
    for key in ("hostile.nii.gz", "empty.zip"):
        cloud.ask(key)
    processes = Processes(cloud, model, digest_of(model), tmp_path)
    deaths = []
    for wanted, number in ((2, signal.SIGKILL), (4, signal.SIGTERM), (6, signal.SIGKILL)):
        process = processes.start()
        deadline = time.monotonic() + 150
        while len([key for key in cloud.keys("results/") if key.endswith("result.json")]) < wanted:
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.05)
        process.send_signal(number)
        deaths.append(process.wait(30))
    assert deaths == [-9, 0, -9]
    deadline = time.monotonic() + 200
    while cloud.waiting():
        assert time.monotonic() < deadline
        assert processes.start("--until-empty").wait(150) == 0

    results = cloud.results()
    assert Counter(result["input"]["key"] for result in results) == Counter(path.name for path in paths)
    for result in results:
        jsonschema.validate(result, SCHEMA)
    listed = cloud.s3.list_object_versions(Bucket="out", Prefix="results/")["Versions"]
    versions = Counter(item["Key"] for item in listed)
    assert set(versions.values()) == {1}
    assert {error["key"] for error in cloud.errors()} == {"hostile.nii.gz", "empty.zip"}
    assert all(error["permanent"] and error["repair"] for error in cloud.errors())
    print(f"\n10 messages, deaths {deaths}: {len(results)} results, {len(cloud.errors())} explained")
