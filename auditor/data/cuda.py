"""Which NVIDIA driver a CUDA toolkit needs, and which compute capability a GPU has.

Kept by hand from NVIDIA's release notes and product lists. Driver versions are for Linux, of the first
(GA) release of each toolkit minor; an update may ask for a later one for its own fixes.
"""

from __future__ import annotations

from typing import NamedTuple

# Tables "CUDA Toolkit and Corresponding Driver Versions" and "… for CUDA Minor Version Compatibility".
SOURCE = "https://docs.nvidia.com/cuda/cuda-toolkit-release-notes/index.html"
CAPABILITY_SOURCE = "https://developer.nvidia.com/cuda-gpus"
AS_OF = "2025-12"

Version = tuple[int, ...]

_TOOLKIT_DRIVER = {
    "11.0": "450.51.05",
    "11.1": "455.23",
    "11.2": "460.27.03",
    "11.3": "465.19.01",
    "11.4": "470.42.01",
    "11.5": "495.29.05",
    "11.6": "510.39.01",
    "11.7": "515.43.04",
    "11.8": "520.61.05",
    "12.0": "525.60.13",
    "12.1": "530.30.02",
    "12.2": "535.54.03",
    "12.3": "545.23.06",
    "12.4": "550.54.14",
    "12.5": "555.42.02",
    "12.6": "560.28.03",
    "12.8": "570.26",
    "12.9": "575.51.03",
    "13.0": "580.65.06",
    "13.1": "590.44.01",
}

# Within a major version an application runs on the driver of its first minor, unless it needs a feature
# of a later one or ships PTX only. CUDA 11.0 itself came before this promise.
_COMPATIBLE_DRIVER = {11: "450.80.02", 12: "525.60.13", 13: "580.65.06"}

# CUDA 13.0 dropped Maxwell, Pascal and Volta; 12.0 Kepler.
_LEAST_CAPABILITY = {11: (3, 5), 12: (5, 0), 13: (7, 5)}

# By EC2's name of the model.
_CAPABILITY = {
    "A100": (8, 0),
    "A10G": (8, 6),
    "B200": (10, 0),
    "B300": (10, 3),
    "H100": (9, 0),
    "H200": (9, 0),
    "L4": (8, 9),
    "L40S": (8, 9),
    "RTX PRO 4500": (12, 0),
    "RTX PRO Server 6000": (12, 0),
    "T4": (7, 5),
    "T4g": (7, 5),
    "V100": (7, 0),
}


class CudaDriver(NamedTuple):
    """``full``: the driver that the toolkit came with; ``least``: the oldest by minor compatibility."""

    full: Version
    least: Version


def cuda_driver(toolkit: str) -> CudaDriver | None:
    """For a toolkit such as ``12.4`` or ``12.4.1``; None when it is not in the table."""
    minor = ".".join(toolkit.split(".")[:2])
    full = _TOOLKIT_DRIVER.get(minor)
    if full is None:
        return None
    own = parse_version(full)
    least = own if minor == "11.0" else parse_version(_COMPATIBLE_DRIVER[int(minor.split(".")[0])])
    return CudaDriver(own, least)


def parse_version(text: str) -> Version:
    """``550.54.14`` as (550, 54, 14), which compares as versions do; raises ValueError on other text."""
    return tuple(int(part) for part in text.split("."))


def compute_capability(model: str) -> tuple[int, int] | None:
    """Of a GPU as :mod:`auditor.data.instances` names it; None when unknown."""
    return _CAPABILITY.get(model)


def least_compute_capability(toolkit: str) -> tuple[int, int] | None:
    """The oldest GPUs that the toolkit still serves; None for a major version not in the table."""
    major = toolkit.split(".")[0]
    return _LEAST_CAPABILITY.get(int(major)) if major.isdecimal() else None
