"""How much of each label there is, and what about it a person should look at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from worker.imaging.limits import Limits
from worker.imaging.scan import Geometry


class Label(NamedTuple):
    """A label or a region of the model: its name, and the values in the mask that belong to it."""

    name: str
    values: tuple[int, ...]


class Volume(NamedTuple):
    """What a label takes up."""

    label: Label
    voxels: int
    ml: float

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.label.name,
            "values": list(self.label.values),
            "voxels": self.voxels,
            "ml": round(self.ml, 4),
        }


def labels_of(dataset: Mapping[str, Any]) -> list[Label]:
    """The foreground labels that a ``dataset.json`` declares, in its order, without the ignore label."""
    declared = dataset["labels"].items()
    found = [
        Label(name, tuple(int(part) for part in (value if isinstance(value, list) else [value])))
        for name, value in declared
        if name != "ignore"
    ]
    return [label for label in found if label.values != (0,)]


def volumes(mask: NDArray[Any], labels: Sequence[Label], geometry: Geometry) -> list[Volume]:
    """One for each label; a region counts every value that belongs to it."""
    counts = np.bincount(mask.ravel(), minlength=1 + max(max(label.values) for label in labels))
    voxels = [int(sum(counts[value] for value in label.values)) for label in labels]
    return [
        Volume(label, count, count * geometry.voxel_ml) for label, count in zip(labels, voxels, strict=True)
    ]


def flags(found: Sequence[Volume], limits: Limits) -> list[dict[str, str]]:
    """Reasons to look again: ``{"code", "label", "what"}``."""
    reasons = []
    for volume in found:
        name = volume.label.name
        low, high = limits.volume_ml.get(name, (0.0, float("inf")))
        if volume.voxels == 0:
            reasons.append({"code": "empty-label", "label": name, "what": f"{name} was not found"})
        elif not low <= volume.ml <= high:
            what = f"{name} has {volume.ml:.2f} ml, outside {low:g} to {high:g} ml"
            reasons.append({"code": "volume-out-of-range", "label": name, "what": what})
    return reasons
