"""The mask as a DICOM Segmentation object that refers to the slices it was made from."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from worker.faults import PermanentFault
from worker.imaging.measure import Label
from worker.imaging.scan import DicomSource


def write(
    mask: NDArray[Any],
    source: DicomSource,
    labels: Sequence[Label],
    path: Path,
    *,
    model: str,
    digest: str,
    version: str,
) -> bool:
    """Write a binary SEG with one segment for each label found; False, and no file, when the mask is empty.

    ``mask``: z, y, x in the volume's order. ``model``, ``digest`` and ``version`` (of the worker) name the
    algorithm. UIDs follow from the source and the digest, so that a repetition is the same object.
    """
    found = [label for label in labels if np.isin(mask, label.values).any()]
    if not found:
        return False
    frames = _in_source_order(mask, source)
    segments = np.stack([np.isin(frames, label.values) for label in found], axis=-1).astype(np.uint8)
    try:
        _build(segments, source, found, model, digest, version).save_as(path)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise PermanentFault(
            "dicom-seg",
            f"no DICOM-SEG can refer to this series: {error}"[:300],
            where="the series' headers",
            repair="check the export or the anonymisation: patient and study tags must stay",
        ) from error
    return True


def _in_source_order(mask: NDArray[Any], source: DicomSource) -> NDArray[Any]:
    if not source.frame_order:
        return mask
    frames = np.empty_like(mask)
    frames[list(source.frame_order)] = mask
    return frames


def _build(
    segments: NDArray[np.uint8],
    source: DicomSource,
    labels: Sequence[Label],
    model: str,
    digest: str,
    version: str,
) -> Any:
    import highdicom as hd
    from pydicom.uid import generate_uid

    logging.getLogger("highdicom").setLevel(logging.WARNING)
    seed = [str(source.datasets[0].SOPInstanceUID), digest]
    return hd.seg.Segmentation(
        source_images=list(source.datasets),
        pixel_array=segments,
        segmentation_type=hd.seg.SegmentationTypeValues.BINARY,
        segment_descriptions=[
            _describe(number, label, model, digest) for number, label in enumerate(labels, 1)
        ],
        series_instance_uid=generate_uid(entropy_srcs=[*seed, "series"]),
        series_number=_SERIES_NUMBER,
        sop_instance_uid=generate_uid(entropy_srcs=[*seed, "instance"]),
        instance_number=1,
        manufacturer="auditor",
        manufacturer_model_name="segmentation worker",
        software_versions=version,
        device_serial_number=digest[:16],
        series_description="Segmentation, research use only",
    )


_SERIES_NUMBER = 9000
"""Above what scanners use, so that a viewer lists it last."""


def _describe(number: int, label: Label, model: str, digest: str) -> Any:
    import highdicom as hd
    from pydicom.sr.codedict import codes

    algorithm = hd.AlgorithmIdentificationSequence(
        name=model[:64], version=digest[:16], family=codes.DCM.ArtificialIntelligence
    )
    return hd.seg.SegmentDescription(
        segment_number=number,
        segment_label=label.name[:64],
        segmented_property_category=codes.SCT.AnatomicalStructure,
        segmented_property_type=codes.SCT.AnatomicalStructure,
        algorithm_type=hd.seg.SegmentAlgorithmTypeValues.AUTOMATIC,
        algorithm_identification=algorithm,
    )
