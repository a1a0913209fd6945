"""One arm in a process of its own: ``python -m worker.bench.child ARM --model DIR … SCAN…``."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

Phases = dict[str, dict[str, float]]


def main() -> int:
    options = _options()
    arm: Callable[[argparse.Namespace], list[Phases]] = {
        "nnunet-in-a-row": nnunet_in_a_row,
        "worker-in-a-row": worker_in_a_row,
    }[options.arm]
    Path(options.report).write_text(json.dumps(arm(options)))
    return 0


def nnunet_in_a_row(options: argparse.Namespace) -> list[Phases]:
    """nnU-Net's predictor kept in memory, its phases called one after the other for each scan."""
    import torch
    from nnunetv2.inference.export_prediction import export_prediction_from_logits
    from nnunetv2.inference.predict_from_raw_data import nnUNetPredictor

    from worker import cudnn

    predictor = nnUNetPredictor(
        use_mirroring=options.tta, device=torch.device(options.device), allow_tqdm=False
    )
    predictor.initialize_from_trained_model_folder(str(options.model), None)
    cudnn.settle()
    preprocessor = predictor.configuration_manager.preprocessor_class(verbose=False)
    plans, configuration, dataset = (
        predictor.plans_manager,
        predictor.configuration_manager,
        predictor.dataset_json,
    )
    reports = []
    for scan in options.scans:
        phases: Phases = {}
        with _timed(phases, "prepare"):
            data, _, properties = preprocessor.run_case([str(scan)], None, plans, configuration, dataset)
        with _timed(phases, "network"):
            logits = predictor.predict_logits_from_preprocessed_data(torch.from_numpy(data)).cpu()
        with _timed(phases, "export"):
            target = str(options.masks / _case(scan))
            export_prediction_from_logits(logits.numpy(), properties, configuration, plans, dataset, target)
        reports.append(phases)
    return reports


def worker_in_a_row(options: argparse.Namespace) -> list[Phases]:
    """Our stages without overlap: what each of them costs."""
    segmenter = _segmenter(options)
    reports = []
    for scan in options.scans:
        phases: Phases = {}
        with _timed(phases, "prepare"):
            prepared = segmenter.prepare(scan)
        with _timed(phases, "network"):
            inferred = segmenter.infer(prepared)
        with _timed(phases, "export"):
            _export(segmenter, inferred, options.masks / _case(scan))
        reports.append(phases)
    return reports


def _segmenter(options: argparse.Namespace) -> Any:
    from worker.inference.segmenter import load

    return load(options.model, device=options.device, tta=options.tta)


def _export(segmenter: Any, inferred: Any, case: Path) -> bool:
    """Write the outputs into a folder of the case's own, and the mask under the name that nnU-Net gives it."""
    case.mkdir()
    segmenter.export(inferred, case)
    (case / "mask.nii.gz").rename(case.with_name(f"{case.name}.nii.gz"))
    return True


def _case(scan: Path) -> str:
    return scan.name.removesuffix("_0000.nii.gz")


@contextmanager
def _timed(phases: Phases, name: str) -> Iterator[None]:
    wall, cpu = time.perf_counter(), time.process_time()
    yield
    phases[name] = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("arm")
    parser.add_argument("scans", nargs="+", type=Path)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--masks", type=Path, required=True)
    parser.add_argument("--report", type=Path, required=True)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--tta", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
