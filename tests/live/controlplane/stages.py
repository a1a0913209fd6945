"""How kwok moves pods: its own fast stages, and two more that tests steer by annotations of the pod.

``live-tests/held`` (any value): a deleted pod stays until it also has ``live-tests/ended``, as a container does that
takes its time to end after SIGTERM; the pod of a Job that is held runs on. ``live-tests/exit-code``: the pod of a Job
ends with this code, not with 0.
"""

from __future__ import annotations

import copy
from pathlib import Path

from tests.live.controlplane import build
from tests.live.controlplane.gomodules import module_folder
from tests.live.controlplane.manifests import Object, read

KWOK = "sigs.k8s.io/kwok"
HELD, ENDED, EXIT_CODE = "live-tests/held", "live-tests/ended", "live-tests/exit-code"


def pods() -> list[Object]:
    """The stages of a pod: kwok's own for those without the annotations, and ours."""
    ready, complete, delete = (_published(name) for name in ("pod-ready", "pod-complete", "pod-delete"))
    delete_held = _variant(delete, "pod-delete-held", ENDED)
    fail = _variant(complete, "pod-fail", EXIT_CODE)
    template: str = fail["spec"]["next"]["statusTemplate"]
    code = f'{{{{ index .metadata.annotations "{EXIT_CODE}" }}}}'
    for ours, theirs in (
        (f"exitCode: {code}", "exitCode: 0"),
        ("Failed", "Succeeded"),
        ("Error", "Completed"),
    ):
        template = _replaced(template, theirs, ours)
    # The containers' loop has a dot of its own.
    fail["spec"]["next"]["statusTemplate"] = template.replace(" .metadata", " $root.metadata")
    _require(delete, HELD, "DoesNotExist")
    _require(complete, HELD, "DoesNotExist")
    _require(complete, EXIT_CODE, "DoesNotExist")
    return [ready, complete, fail, delete, delete_held]


def _published(name: str) -> Object:
    folder = module_folder(KWOK, build.pinned("kwok", KWOK))
    [stage] = read(Path(folder, "kustomize", "stage", "pod", "fast", f"{name}.yaml"))
    return stage


def _variant(stage: Object, name: str, annotation: str) -> Object:
    made = copy.deepcopy(stage)
    made["metadata"]["name"] = name
    _require(made, annotation, "Exists")
    return made


def _require(stage: Object, annotation: str, operator: str) -> None:
    expression = {"key": f'.metadata.annotations["{annotation}"]', "operator": operator}
    stage["spec"]["selector"]["matchExpressions"].append(expression)


def _replaced(text: str, old: str, new: str) -> str:
    if text.count(old) != 1:
        raise ValueError(f"kwok's stage has changed: {old!r} is there {text.count(old)} times")
    return text.replace(old, new)
