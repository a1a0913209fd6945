"""The segmenter that the service runs: a model folder on a device, three stages for each scan."""

from __future__ import annotations

import platform
import time
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from worker import cudnn
from worker.faults import PermanentFault
from worker.imaging import dicom_seg, masks, measure, preview, read
from worker.imaging.limits import Limits
from worker.imaging.scan import DicomSource, Geometry
from worker.inference import export, memory
from worker.inference import model as models
from worker.inference.network import ResidentNetwork
from worker.inference.preprocess import Preprocessed, preprocess
from worker.inference.threads import one_thread
from worker.segmenter import Output, Segmentation


@dataclass(frozen=True, slots=True)
class Prepared:
    """A scan on its way to the network."""

    input: Preprocessed
    geometry: Geometry
    kind: str
    dicom: DicomSource | None
    picture: preview.Picture


@dataclass(frozen=True, slots=True)
class Inferred:
    """A scan that the network has seen."""

    logits: torch.Tensor
    prepared: Prepared
    smaller_tiles: bool


class NnUNetSegmenter:
    """A ``Segmenter`` (worker/segmenter.py) around one nnU-Net v2 model."""

    def __init__(
        self, model: models.Model, device: torch.device, *, tta: bool, limits: Limits, probabilities: bool
    ) -> None:
        self._model, self._device, self._limits = model, device, limits
        self._probabilities = probabilities
        self._tta = tta and model.mirror_axes is not None
        self._network = ResidentNetwork(model, device, tta=self._tta)
        self._labels = measure.labels_of(model.dataset)

    @property
    def digest(self) -> str:
        return self._model.digest

    @property
    def options(self) -> Mapping[str, Any]:
        return {"tta": self._tta, "folds": list(self._model.folds)}

    @property
    def description(self) -> Mapping[str, Any]:
        on_gpu = self._device.type == "cuda"
        return {
            "model": self._model.name,
            "channels": list(self._model.channels),
            "nnunetv2": version("nnunetv2"),
            "torch": torch.__version__,
            "cuda": torch.version.cuda if on_gpu else None,
            "device": torch.cuda.get_device_name(self._device) if on_gpu else f"CPU ({platform.machine()})",
        }

    def prepare(self, source: Path) -> Prepared:
        """Read and preprocess. PermanentFault for a scan that cannot be used."""
        scan = read.read(source, self._limits, channels=len(self._model.channels))
        memory.check(scan.geometry, self._model, self._limits, source.name)
        shown = preview.picture(scan.channels[0])
        spacing = tuple(reversed(scan.geometry.spacing))
        with one_thread():
            given = preprocess(scan.channels, spacing, self._model, self._device)
        return Prepared(given, scan.geometry, scan.kind, scan.dicom, shown)

    def infer(self, prepared: Prepared, *, smaller_tiles: bool = False) -> Inferred:
        """The network over the whole scan. DeviceOutOfMemory when a tile does not fit."""
        logits = self._network.logits(prepared.input.data, smaller_tiles=smaller_tiles)
        if self._device.type == "cuda":
            torch.cuda.synchronize(self._device)
        return Inferred(logits, prepared, smaller_tiles)

    def export(self, inferred: Inferred, folder: Path) -> Segmentation:
        """Mask, preview and facts. ``seconds`` tells resampling, post-processing and writing apart."""
        watch = _Watch()
        prepared = inferred.prepared
        with one_thread():
            mask, extra = self._segment(inferred, folder)
        watch.lap("resample")
        mask = self._postprocess(mask)
        watch.lap("postprocess")
        outputs = [*self._write(mask, prepared, folder), *extra]
        watch.lap("write")
        found = measure.volumes(mask, self._labels, prepared.geometry)
        reasons = measure.flags(found, self._limits)
        if inferred.smaller_tiles:
            what = "the device's memory forced smaller tiles: the mask may differ a little at borders"
            reasons.append({"code": "smaller-tiles", "label": "", "what": what})
        facts = {
            "labels": [volume.as_json() for volume in found],
            "flags": reasons,
            "geometry": _geometry_json(prepared.geometry),
            "input_format": prepared.kind,
        }
        return Segmentation(outputs, facts, watch.seconds)

    def device_state(self) -> Mapping[str, float]:
        """Bytes on the device now and at most since the start; zeros on a CPU."""
        if self._device.type != "cuda":
            return {"peak_memory_bytes": 0.0, "memory_bytes": 0.0}
        return {
            "peak_memory_bytes": float(torch.cuda.max_memory_reserved(self._device)),
            "memory_bytes": float(torch.cuda.memory_reserved(self._device)),
        }

    def _segment(self, inferred: Inferred, folder: Path) -> tuple[NDArray[Any], list[Output]]:
        """The mask before post-processing, and the probabilities as a file when they are asked for."""
        properties = inferred.prepared.input.properties
        if not self._probabilities:
            return export.segment(inferred.logits, self._model, properties), []
        mask, probabilities = export.segment_with_probabilities(inferred.logits, self._model, properties)
        output = Output("probabilities.npz", folder / "probabilities.npz", "application/octet-stream")
        np.savez_compressed(output.path, probabilities=probabilities)
        return mask, [output]

    def _postprocess(self, mask: NDArray[Any]) -> NDArray[Any]:
        if self._model.postprocessing is None:
            return mask
        from nnunetv2.postprocessing.remove_connected_components import apply_postprocessing

        functions, arguments = self._model.postprocessing
        processed: NDArray[Any] = apply_postprocessing(
            mask, list(functions), [dict(each) for each in arguments]
        )
        return processed

    def _write(self, mask: NDArray[Any], prepared: Prepared, folder: Path) -> list[Output]:
        outputs = [Output("mask.nii.gz", folder / "mask.nii.gz", "application/gzip")]
        masks.write(mask, prepared.geometry, outputs[0].path)
        if prepared.dicom is not None:
            seg = Output("mask.dcm", folder / "mask.dcm", "application/dicom")
            written = dicom_seg.write(
                mask,
                prepared.dicom,
                self._labels,
                seg.path,
                model=self._model.name,
                digest=self._model.digest,
                version=f"torch {torch.__version__}",
            )
            outputs += [seg] if written else []
        shown = Output("preview.png", folder / "preview.png", "image/png")
        names = {label.values[0]: label.name for label in reversed(self._labels)}
        preview.write(prepared.picture, mask, prepared.geometry, shown.path, names)
        return [*outputs, shown]


class _Watch:
    """Seconds between laps, by name."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._last = time.perf_counter()

    def lap(self, name: str) -> None:
        now = time.perf_counter()
        self.seconds[name] = now - self._last
        self._last = now


def load(
    folder: Path,
    *,
    device: str = "auto",
    tta: bool = True,
    folds: tuple[int, ...] | None = None,
    digest: str = "",
    limits: Limits | None = None,
    probabilities: bool = False,
) -> NnUNetSegmenter:
    """The model in ``folder`` on ``device`` (auto, cpu, cuda, cuda:N), ready for scans.

    ``digest``: the sha256 that the folder must have, checked before a checkpoint is opened; empty to accept any.
    ``probabilities``: give them out too, for an ensemble (large, and slower to export).
    PermanentFault, in words, for a folder or a device that cannot be used.
    """
    chosen = _device(device)
    cudnn.settle()
    model = models.read(folder, folds=folds, digest=digest)
    return NnUNetSegmenter(model, chosen, tta=tta, limits=limits or Limits(), probabilities=probabilities)


def _device(name: str) -> torch.device:
    available = torch.cuda.is_available()
    if name == "auto":
        return torch.device("cuda" if available else "cpu")
    if name.startswith("cuda") and not available:
        raise PermanentFault(
            "no-cuda",
            "no CUDA device is visible to this process",
            where=f"device {name}",
            repair="run on a GPU node with the NVIDIA device plugin, or set the device to cpu",
        )
    return torch.device(name)


def _geometry_json(geometry: Geometry) -> dict[str, Any]:
    return {
        "shape_xyz": list(reversed(geometry.shape)),
        "spacing_mm": list(geometry.spacing),
        "origin_mm": list(geometry.origin),
        "direction": list(geometry.direction),
    }
