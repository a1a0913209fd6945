"""The model folder as a segmenter, with the bounds that the settings give."""

from __future__ import annotations

from pathlib import Path

from worker.imaging.limits import Limits
from worker.inference.segmenter import load
from worker.segmenter import Segmenter
from worker.settings import Settings


def load_segmenter(folder: Path, settings: Settings) -> Segmenter:
    """PermanentFault, in words, for a model or a device that cannot be used."""
    limits = Limits(
        memory_bytes=settings.max_scan_memory_bytes,
        archive_bytes=settings.max_unpacked_bytes,
        archive_files=settings.max_input_files,
        modalities=frozenset(settings.modalities),
        volume_ml=settings.volume_ml,
    )
    return load(
        folder,
        device=settings.device,
        tta=settings.tta,
        folds=settings.folds,
        digest=settings.model_sha256,
        limits=limits,
    )
