"""How much host memory a scan will take, known from its header: refused before it is taken."""

from __future__ import annotations

from worker.imaging.limits import Limits
from worker.imaging.scan import Geometry
from worker.inference.model import Model
from worker.inference.preprocess import resampled_shape


def estimate(geometry: Geometry, model: Model) -> int:
    """Bytes at the worst moment of the three stages, for a scan of this geometry."""
    forward = model.plans.transpose_forward
    shape = [geometry.shape[axis] for axis in forward]
    spacing = [geometry.spacing[::-1][axis] for axis in forward]
    inside, channels = geometry.voxels, len(model.channels)
    outside = 1
    for size in resampled_shape(shape, spacing, model):
        outside *= size
    heads = model.labels.num_segmentation_heads
    # The scan and its normalised copy (float), its picture (byte); one channel in double before and after.
    preparing = inside * (8 * channels + 1) + 8 * (inside + outside) + 4 * channels * outside
    # The input (float), the sum of half-precision logits, their weights.
    inferring = outside * (4 * channels + 2 * heads + 2) + inside
    # The logits, the mask twice, the picture.
    exporting = outside * 2 * heads + inside * 5
    return max(preparing, int(inferring), int(exporting))


def check(geometry: Geometry, model: Model, limits: Limits, where: str) -> None:
    """PermanentFault when the scan needs more than the limits allow."""
    limits.check_memory(estimate(geometry, model), "segmenting the scan", where)
