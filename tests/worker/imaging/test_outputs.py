"""What comes out beside the mask: volumes and flags, DICOM-SEG, preview."""

from __future__ import annotations

from pathlib import Path

import highdicom
import numpy as np
import pydicom
import pytest
import SimpleITK
from PIL import Image

from tests.worker.imaging.dicom_phantom import volume, write_multiframe, write_series
from worker.faults import PermanentFault
from worker.imaging import dicom_seg, masks, measure, preview
from worker.imaging.limits import Limits
from worker.imaging.measure import Label
from worker.imaging.read import read
from worker.imaging.scan import Geometry, Scan

GEOMETRY = Geometry((10, 12, 14), (0.5, 0.5, 2.0), (1.0, 2.0, 3.0), (1, 0, 0, 0, 1, 0, 0, 0, 1))
LABELS = [Label("bone", (1,)), Label("teeth", (2,)), Label("canal", (3,))]


def mask_of(shape: tuple[int, ...]) -> np.ndarray:
    mask = np.zeros(shape, np.uint8)
    mask[2:5, 3:9, 4:10] = 1
    mask[3, 4:6, 5:7] = 2
    return mask


def test_labels_are_the_foreground_that_the_dataset_declares() -> None:
    declared = {"background": 0, "head": [1, 2], "teeth": 2, "ignore": 3}
    assert measure.labels_of({"labels": declared}) == [Label("head", (1, 2)), Label("teeth", (2,))]


def test_volumes_count_voxels_in_millilitres_and_regions_their_parts() -> None:
    mask = mask_of(GEOMETRY.shape)
    found = measure.volumes(mask, [Label("both", (1, 2)), Label("teeth", (2,))], GEOMETRY)
    assert [volume.voxels for volume in found] == [108, 4]
    assert found[0].ml == pytest.approx(108 * 0.5 * 0.5 * 2 / 1000)
    assert found[1].as_json() == {"name": "teeth", "values": [2], "voxels": 4, "ml": 0.002}


def test_empty_labels_and_odd_volumes_are_flagged() -> None:
    found = measure.volumes(mask_of(GEOMETRY.shape), LABELS, GEOMETRY)
    flags = measure.flags(found, Limits(volume_ml={"bone": (1.0, 90.0), "teeth": (0.001, 1)}))
    assert [(flag["code"], flag["label"]) for flag in flags] == [
        ("volume-out-of-range", "bone"),
        ("empty-label", "canal"),
    ]
    assert flags[0]["what"] == "bone has 0.05 ml, outside 1 to 90 ml"


def test_a_mask_keeps_the_affine_and_takes_sixteen_bits_when_it_must(tmp_path: Path) -> None:
    mask = mask_of(GEOMETRY.shape).astype(np.uint16)
    mask[0, 0, 0] = 300
    masks.write(mask, GEOMETRY, tmp_path / "mask.nii.gz")
    image = SimpleITK.ReadImage(str(tmp_path / "mask.nii.gz"))
    np.testing.assert_array_equal(SimpleITK.GetArrayFromImage(image), mask)
    assert image.GetPixelID() == SimpleITK.sitkUInt16
    assert (image.GetSpacing(), image.GetOrigin()) == (GEOMETRY.spacing, GEOMETRY.origin)


def seg_of(scan: Scan, mask: np.ndarray, path: Path) -> highdicom.seg.Segmentation:
    assert scan.dicom is not None
    words = {"model": "Phantom model", "digest": "ab" * 32, "version": "1"}
    assert dicom_seg.write(mask, scan.dicom, LABELS, path, **words)
    return highdicom.seg.segread(path)


@pytest.mark.parametrize("multiframe", [False, True], ids=["series", "enhanced"])
def test_a_segmentation_object_lies_over_its_source(tmp_path: Path, multiframe: bool) -> None:
    stored = volume()
    if multiframe:
        source = write_multiframe(tmp_path / "one.dcm", stored)
    else:
        source = tmp_path / "series"
        write_series(source, stored)
    scan = read(source, Limits())
    mask = mask_of(scan.geometry.shape)
    seg = seg_of(scan, mask, tmp_path / "mask.dcm")
    assert [segment.SegmentLabel for segment in seg.SegmentSequence] == ["bone", "teeth"]
    back = seg.get_volume(combine_segments=True)
    placed = np.zeros_like(mask)
    for index in np.argwhere(back.array):
        inside = back.affine @ [*index, 1]
        z, y, x = (round(float(part)) for part in reversed(_voxel(scan.geometry, inside[:3])))
        placed[z, y, x] = back.array[tuple(index)]
    np.testing.assert_array_equal(placed, mask)
    assert seg.StudyInstanceUID == scan.dicom.datasets[0].StudyInstanceUID


def _voxel(geometry: Geometry, point: np.ndarray) -> np.ndarray:
    direction = np.asarray(geometry.direction).reshape(3, 3)
    return np.linalg.inv(direction * np.asarray(geometry.spacing)) @ (point - np.asarray(geometry.origin))


def test_the_same_scan_and_model_give_the_same_object_uids(tmp_path: Path) -> None:
    write_series(tmp_path / "series", volume())
    scan = read(tmp_path / "series", Limits())
    mask = mask_of(scan.geometry.shape)
    first, second = (seg_of(scan, mask, tmp_path / f"{name}.dcm") for name in "ab")
    assert first.SOPInstanceUID == second.SOPInstanceUID
    assert pydicom.dcmread(tmp_path / "a.dcm").SeriesInstanceUID == second.SeriesInstanceUID


def test_no_object_is_written_for_an_empty_mask(tmp_path: Path) -> None:
    write_series(tmp_path / "series", volume())
    scan = read(tmp_path / "series", Limits())
    assert scan.dicom is not None
    empty = np.zeros(scan.geometry.shape, np.uint8)
    words = {"model": "m", "digest": "0" * 64, "version": "1"}
    assert not dicom_seg.write(empty, scan.dicom, LABELS, tmp_path / "mask.dcm", **words)
    assert not (tmp_path / "mask.dcm").exists()


def test_headers_that_no_result_can_refer_to_are_a_fault(tmp_path: Path) -> None:
    write_series(tmp_path / "series", volume(), edit=lambda dataset, _: delattr(dataset, "PatientID"))
    scan = read(tmp_path / "series", Limits())
    with pytest.raises(PermanentFault, match="PatientID"):
        seg_of(scan, mask_of(scan.geometry.shape), tmp_path / "mask.dcm")


def pixels(path: Path) -> np.ndarray:
    return np.asarray(Image.open(path)).astype(int)


def test_a_preview_shows_three_panels_with_the_mask_in_colour(tmp_path: Path) -> None:
    shown = preview.picture(np.random.default_rng(0).normal(size=(40, 44, 48)).astype(np.float32))
    geometry = Geometry((40, 44, 48), (0.5, 0.5, 1.0), (0, 0, 0), (1, 0, 0, 0, 1, 0, 0, 0, 1))
    mask = np.zeros(geometry.shape, np.uint8)
    preview.write(shown, mask, geometry, tmp_path / "empty.png", {1: "bone"})
    mask[15:25, 15:25, 15:25] = 1
    preview.write(shown, mask, geometry, tmp_path / "bone.png", {1: "bone"})
    empty, bone = pixels(tmp_path / "empty.png"), pixels(tmp_path / "bone.png")
    assert empty.shape == bone.shape
    panel = 22 + 360
    assert np.abs(empty[22:panel, :, 0] - empty[22:panel, :, 2]).max() <= 2, "grey without a mask"
    red = bone[22:panel, :, 0] - bone[22:panel, :, 2] > 20
    thirds = np.array_split(red.any(axis=0), 3)
    assert all(third.any() for third in thirds), "the mask is in all three panels"
    assert not red.all()


def test_a_preview_stands_upright_whatever_way_the_scan_lies(tmp_path: Path) -> None:
    """The same head stored axis by axis another way gives the same picture."""
    grey = np.zeros((30, 34, 38), np.float32)
    grey[20:, 5:10, 8:16] = 1000
    grey[3:9, 20:30, 20:24] = 500
    mask = (grey > 700).astype(np.uint8)
    image = SimpleITK.GetImageFromArray(grey)
    image.SetSpacing((0.5, 0.7, 0.9))
    labels = SimpleITK.GetImageFromArray(mask)
    labels.CopyInformation(image)
    pictures = []
    for orientation in ("LPS", "RAI", "SPL", "ASR"):
        turned, over = (SimpleITK.DICOMOrient(each, orientation) for each in (image, labels))
        array = SimpleITK.GetArrayFromImage(turned)
        size = array.shape
        geometry = Geometry(
            (size[0], size[1], size[2]), turned.GetSpacing(), turned.GetOrigin(), turned.GetDirection()
        )
        shown = preview.Picture((array / 4).astype(np.uint8))
        path = tmp_path / f"{orientation}.png"
        preview.write(shown, SimpleITK.GetArrayFromImage(over), geometry, path, {1: "bone"})
        pictures.append(pixels(path))
    assert pictures[0].std() > 5
    for picture in pictures[1:]:
        np.testing.assert_array_equal(picture, pictures[0])
