"""A segmenter without images: what it is told in the scan's bytes, it does. Stands behind the real service."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from worker.faults import DeviceOutOfMemory, PermanentFault, TransientFault
from worker.segmenter import Output, Segmentation


class TrivialSegmenter:
    """Scans are JSON: ``{"text": …, "poison": code, "transient": true, "oom": true, "slow": seconds}``."""

    digest = "d" * 64
    options: Mapping[str, Any] = {"tta": False}
    description: Mapping[str, Any] = {"name": "trivial", "torch": "none", "device": "none"}

    def __init__(self, pause: float = 0.0) -> None:
        self.pause = pause
        self.smaller: list[bool] = []
        self.prepared = 0

    def prepare(self, source: Path) -> Any:
        self.prepared += 1
        time.sleep(self.pause)
        if source.is_dir():
            return {"text": "+".join(path.read_text() for path in sorted(source.iterdir()))}
        try:
            scan = json.loads(source.read_bytes())
        except ValueError as error:
            raise PermanentFault(
                "unreadable-image", "The file is no image.", where=source.name, repair="Send a NIfTI file."
            ) from error
        if "poison" in scan:
            raise PermanentFault(
                scan["poison"], "The scan is poison.", where="voxels", repair="Do not send it."
            )
        if scan.get("transient"):
            raise TransientFault("flaky", "Not now.")
        if scan.get("bug"):
            raise KeyError("")
        return scan

    def infer(self, prepared: Any, *, smaller_tiles: bool = False) -> Any:
        time.sleep(prepared.get("slow", self.pause))
        self.smaller.append(smaller_tiles)
        if prepared.get("oom") and not smaller_tiles:
            raise DeviceOutOfMemory("device-out-of-memory", "The device has too little memory.")
        return prepared

    def export(self, inferred: Any, folder: Path) -> Segmentation:
        time.sleep(self.pause)
        text = inferred["text"]
        (folder / "mask.txt").write_text(text.upper())
        (folder / "preview.txt").write_text(text[:1])
        return Segmentation(
            outputs=[
                Output("mask.txt", folder / "mask.txt", "text/plain"),
                Output("preview.txt", folder / "preview.txt", "text/plain"),
            ],
            facts={
                "labels": [{"name": "text", "value": 1, "voxels": len(text), "ml": len(text) / 1000}],
                "flags": [],
                "geometry": {"shape": [len(text)]},
            },
            seconds={"postprocess": 0.001},
        )

    def device_state(self) -> Mapping[str, float]:
        return {"peak_memory_bytes": 7.0, "memory_bytes": 3.0}
