"""A model folder as nnU-Net v2 writes it: read, checked against its digest, and refused in words."""

from __future__ import annotations

import hashlib
import io
import json
import pickle
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from worker.faults import PermanentFault

CHECKPOINT = "checkpoint_final.pth"
_POSTPROCESSING = "postprocessing.pkl"
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Model:
    """What inference needs of a model folder. nnU-Net's own objects, ready for its own functions."""

    name: str
    digest: str
    folds: tuple[int, ...]
    plans: Any
    """``PlansManager``"""
    configuration: Any
    """``ConfigurationManager``"""
    labels: Any
    """``LabelManager``"""
    dataset: Mapping[str, Any]
    networks: Sequence[Any]
    """One ``torch.nn.Module`` for each fold, in evaluation mode, on the CPU."""
    mirror_axes: tuple[int, ...] | None
    postprocessing: tuple[Sequence[Callable[..., Any]], Sequence[Mapping[str, Any]]] | None
    """Functions and their keyword arguments, as nnU-Net's ``apply_postprocessing`` takes them."""

    @property
    def channels(self) -> tuple[str, ...]:
        names = self.dataset.get("channel_names") or self.dataset.get("modality") or {}
        return tuple(str(name) for name in names.values())


def digest_of(folder: Path) -> str:
    """sha256 over the files that inference reads, as 64 hexadecimal digits.

    It is the sha256 of lines ``<sha256 of the file>  <path inside the folder>``, sorted by path, so that
    ``sha256sum`` gives it too; training logs and pictures beside them do not count.
    """
    total = hashlib.sha256()
    for path in inference_files(folder):
        total.update(f"{_sha256(path)}  {path.relative_to(folder).as_posix()}\n".encode())
    return total.hexdigest()


def inference_files(folder: Path) -> list[Path]:
    """The files of a model folder that decide the mask, sorted by path."""
    wanted = ["dataset.json", "plans.json", f"fold_*/{CHECKPOINT}", _POSTPROCESSING, f"*/{_POSTPROCESSING}"]
    found = {path for pattern in wanted for path in folder.glob(pattern) if path.is_file()}
    return sorted(found, key=lambda path: path.relative_to(folder).as_posix())


def read(folder: Path, *, folds: tuple[int, ...] | None = None, digest: str = "") -> Model:
    """The model in ``folder``, its ``digest`` checked before a checkpoint is opened (none given: not checked).

    PermanentFault: a file is missing, the digest differs, a checkpoint holds more than data, or the model
    needs something that this worker does not do (a cascade, 2-D slices, a foreign preprocessor or reader).
    """
    for name in ("plans.json", "dataset.json"):
        if not (folder / name).is_file():
            raise _refused("model-incomplete", f"{name} is missing in the model folder", name)
    actual = digest_of(folder)
    if digest and digest.lower() != actual:
        raise _refused(
            "model-digest", f"the model folder has sha256 {actual}, expected {digest}", str(folder.name)
        )
    plans, dataset = _json(folder / "plans.json"), _json(folder / "dataset.json")
    chosen = folds if folds is not None else _folds_in(folder)
    checkpoints = [_checkpoint(folder / f"fold_{fold}" / CHECKPOINT) for fold in chosen]
    return _assemble(folder, actual, chosen, plans, dataset, checkpoints)


def build_network(plans: dict[str, Any], dataset: dict[str, Any], configuration: str, trainer: str) -> Any:
    """The network of nnU-Net's trainer class, with the weights that its constructor gave it."""
    from nnunetv2.utilities.find_objects import recursive_find_trainer_class_by_name
    from nnunetv2.utilities.label_handling.label_handling import determine_num_input_channels
    from nnunetv2.utilities.plans_handling.plans_handler import PlansManager

    manager = PlansManager(plans)
    chosen = manager.get_configuration(configuration)
    return recursive_find_trainer_class_by_name(trainer).build_network_architecture(
        manager,
        chosen,
        determine_num_input_channels(manager, chosen, dataset),
        manager.get_label_manager(dataset).num_segmentation_heads,
        enable_deep_supervision=False,
    )


def _assemble(
    folder: Path,
    digest: str,
    folds: tuple[int, ...],
    plans: dict[str, Any],
    dataset: dict[str, Any],
    checkpoints: Sequence[Mapping[str, Any]],
) -> Model:
    from nnunetv2.utilities.plans_handling.plans_handler import PlansManager

    first = checkpoints[0]
    trainer, configuration = first["trainer_name"], first["init_args"]["configuration"]
    manager = PlansManager(plans)
    chosen = manager.get_configuration(configuration)
    _check_supported(manager, chosen)
    networks = []
    for checkpoint in checkpoints:
        network = build_network(plans, dataset, configuration, trainer)
        network.load_state_dict(checkpoint["network_weights"])
        networks.append(network.eval())
    mirror = first.get("inference_allowed_mirroring_axes")
    return Model(
        name=f"{plans.get('dataset_name', folder.name)}/{trainer}__{plans['plans_name']}__{configuration}",
        digest=digest,
        folds=folds,
        plans=manager,
        configuration=chosen,
        labels=manager.get_label_manager(dataset),
        dataset=dataset,
        networks=networks,
        mirror_axes=tuple(mirror) if mirror else None,
        postprocessing=_postprocessing(folder, folds),
    )


def _check_supported(plans: Any, configuration: Any) -> None:
    from nnunetv2.preprocessing.preprocessors.default_preprocessor import DefaultPreprocessor

    if configuration.previous_stage_name is not None:
        raise _unsupported(
            f"is the second stage of a cascade (previous_stage {configuration.previous_stage_name})",
            "deploy the 3d_fullres or 3d_lowres model of the same dataset",
        )
    if len(configuration.patch_size) != 3:
        raise _unsupported("works on 2-D slices", "deploy a 3-D configuration of the same dataset")
    if configuration.preprocessor_class is not DefaultPreprocessor:
        raise _unsupported(
            f"names the preprocessor {configuration.preprocessor_name}", "train it with DefaultPreprocessor"
        )
    reader = plans.plans["image_reader_writer"]
    if reader not in {"SimpleITKIO", "NibabelIO"}:
        raise _unsupported(f"names the image reader {reader}", "train it with SimpleITKIO or NibabelIO")


def _folds_in(folder: Path) -> tuple[int, ...]:
    numbers = [
        int(path.parent.name.removeprefix("fold_"))
        for path in folder.glob(f"fold_*/{CHECKPOINT}")
        if path.parent.name.removeprefix("fold_").isdecimal()
    ]
    if not numbers:
        raise _refused(
            "model-incomplete", f"no fold_N/{CHECKPOINT} in the model folder", f"fold_0/{CHECKPOINT}"
        )
    return tuple(sorted(numbers))


def _checkpoint(path: Path) -> Mapping[str, Any]:
    """The checkpoint's plain data. nnU-Net itself unpickles anything here; its own checkpoints need no more."""
    import torch

    where = f"{path.parent.name}/{path.name}"
    if not path.is_file():
        raise _refused("model-incomplete", f"{where} is missing in the model folder", where)
    try:
        with torch.serialization.safe_globals(_numpy_scalars()):
            checkpoint = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        refused = str(error).splitlines()[0][:300]
        raise _refused(
            "model-checkpoint", f"the checkpoint holds more than data: {refused}", where
        ) from error
    except (RuntimeError, EOFError, OSError) as error:
        raise _refused("model-checkpoint", f"the checkpoint cannot be read: {error}", where) from error
    missing = {"network_weights", "trainer_name", "init_args"} - set(checkpoint)
    if missing:
        raise _refused("model-checkpoint", f"the checkpoint lacks {', '.join(sorted(missing))}", where)
    return dict(checkpoint)


def _numpy_scalars() -> list[Any]:
    """What nnU-Net's training log is made of, beyond what torch allows."""
    import numpy as np
    from numpy._core.multiarray import scalar

    kinds = (np.float16, np.float32, np.float64, np.int32, np.int64, np.uint8, np.bool_)
    return [scalar, np.dtype, *(type(np.dtype(kind)) for kind in kinds)]


class _PostprocessingUnpickler(pickle.Unpickler):
    """Lets through the one function that nnU-Net ever writes into postprocessing.pkl."""

    def find_class(self, module: str, name: str) -> Any:
        allowed = "remove_all_but_largest_component_from_segmentation"
        if module == "nnunetv2.postprocessing.remove_connected_components" and name == allowed:
            return super().find_class(module, name)
        raise pickle.UnpicklingError(f"{module}.{name} is not a post-processing of nnU-Net's")


def _postprocessing(folder: Path, folds: tuple[int, ...]) -> Any:
    """postprocessing.pkl of the folder, else that of the cross validation over the same folds."""
    joined = "_".join(str(fold) for fold in folds)
    for path in (folder / _POSTPROCESSING, folder / f"crossval_results_folds_{joined}" / _POSTPROCESSING):
        if not path.is_file():
            continue
        try:
            functions, arguments = _PostprocessingUnpickler(io.BytesIO(path.read_bytes())).load()
        except Exception as error:
            raise _refused("model-postprocessing", f"{path.name} is refused: {error}", path.name) from error
        return (functions, arguments) if functions else None
    return None


def _json(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise _refused("model-unreadable", f"{path.name} is not JSON: {error}", path.name) from error
    if not isinstance(value, dict):
        raise _refused("model-unreadable", f"{path.name} is not a JSON object", path.name)
    return value


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _refused(code: str, what: str, where: str) -> PermanentFault:
    return PermanentFault(code, what, where=where, repair="publish the model folder as nnU-Net v2 wrote it")


def _unsupported(what: str, repair: str) -> PermanentFault:
    return PermanentFault("model-unsupported", f"the model {what}", where="plans.json", repair=repair)
