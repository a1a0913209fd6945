"""The seam between the service and what it runs: a scan goes through three stages, each in a thread of its own.

The service knows queues, storage, time and faults, and nothing of images; a segmenter knows images and the
network, and nothing of AWS. Tests run the real service with a trivial segmenter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Output:
    """One file that a scan gave."""

    name: str
    """Its name under the scan's output prefix, such as ``mask.nii.gz``."""
    path: Path
    content_type: str


@dataclass(frozen=True, slots=True)
class Segmentation:
    """What came of one scan."""

    outputs: Sequence[Output]
    facts: Mapping[str, Any]
    """JSON values for ``result.json``: ``labels`` (name, value, voxels, ml), ``flags``, ``geometry``, …"""
    seconds: Mapping[str, float] = field(default_factory=dict)
    """Parts of the export stage worth a histogram of their own, such as ``postprocess``."""


class Segmenter(Protocol):
    """A model that is ready. Stages of different scans overlap; the same stage never runs twice at once."""

    @property
    def digest(self) -> str:
        """sha256 (64 hexadecimal digits) of the model folder: part of every output key."""

    @property
    def options(self) -> Mapping[str, Any]:
        """What else changes the mask, such as ``{"tta": True}``: part of every output key."""

    @property
    def description(self) -> Mapping[str, Any]:
        """Facts for ``result.json``: model name, versions of torch, CUDA and nnunetv2, the device's name."""

    def prepare(self, source: Path) -> Any:
        """Read the downloaded scan (a file, or a folder of DICOM files) and preprocess it, on the CPU.

        PermanentFault for what no second try repairs, in words a hospital's IT can act on.
        """

    def infer(self, prepared: Any, *, smaller_tiles: bool = False) -> Any:
        """The network, on the device. DeviceOutOfMemory when it does not fit."""

    def export(self, inferred: Any, folder: Path) -> Segmentation:
        """Resample to the scan's own grid, post-process, write the outputs into ``folder``."""

    def device_state(self) -> Mapping[str, float]:
        """``{"peak_memory_bytes": …, "memory_bytes": …}``; zeros on a CPU."""
