"""The mask as NIfTI, on the scan's own grid."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from worker.imaging.scan import Geometry

_FAST = 1
"""zlib's level: masks are long runs of few values, and higher levels cost ten times the time for a few percent."""


def write(mask: NDArray[Any], geometry: Geometry, path: Path) -> None:
    """``mask`` (z, y, x) with the scan's affine; 8 bits for a voxel, 16 when a label needs them."""
    import SimpleITK

    kind = np.uint8 if mask.max() < 255 else np.uint16
    image: Any = SimpleITK.GetImageFromArray(np.ascontiguousarray(mask, dtype=kind))
    image.SetSpacing(geometry.spacing)
    image.SetOrigin(geometry.origin)
    image.SetDirection(geometry.direction)
    SimpleITK.WriteImage(image, str(path), True, _FAST)
