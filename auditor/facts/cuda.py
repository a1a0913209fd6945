"""CUDA of an image ↔ the NVIDIA driver on the nodes it runs on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from auditor.data.cuda import AS_OF, cuda_driver, parse_version
from auditor.patterns import regex
from auditor.unknown import Unknown
from auditor.views.interface import Instance
from auditor.views.pods import dig

if TYPE_CHECKING:
    from auditor.world import World

_TAG = (
    regex(r"(?:^|/)nvidia/cuda:(\d+)\.(\d+)"),
    regex(r"[-_.:]cuda[-_]?(\d{2})\.(\d)"),
    regex(r"[-_.:]cu(?:da)?(\d{2})(\d)(?!\d)"),
)


def toolkit_of(image: str) -> str:
    """CUDA's version (``12.8``) as an image's name tells it; '' when it does not."""
    for pattern in _TAG:
        found = pattern.search(image)
        if found:
            return f"{found.group(1)}.{found.group(2)}"
    return ""


class ImageCuda:
    """``facts.image_cuda`` of a container: ``{toolkit, driver, needed, runs, refs}``.

    ``toolkit`` is declared or told by the image's name, ``driver`` declared or that of the GPU operator's
    ClusterPolicy; ``needed`` is the oldest driver that runs the toolkit. Unknown where one of them is.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._operators = [
            each
            for each in world.kind("nvidia.com", "ClusterPolicy")
            if dig(each.body, ("spec", "driver", "enabled")) is not False
            and dig(each.body, ("spec", "driver", "version")) is not None
        ]

    def of(self, instance: Instance) -> Any:
        """See the class."""
        declared = self._world.fact("declared", instance)
        image = instance.value.get("image")
        toolkit = (toolkit_of(image) if type(image) is str else "") or declared["cuda"]
        driver = declared["gpu_driver"]
        refs = []
        if isinstance(driver, Unknown) and len(self._operators) == 1:
            driver = dig(self._operators[0].body, ("spec", "driver", "version"))
            refs = [self._world.ref(self._operators[0], ("spec", "driver", "version"))]
        return _compared(toolkit, driver, refs)


def _compared(toolkit: Any, driver: Any, refs: list[str]) -> Any:
    for value in (toolkit, driver):
        if isinstance(value, Unknown):
            return value
    row = cuda_driver(str(toolkit))
    if row is None:
        return Unknown(f"CUDA {toolkit} is not in the driver table of {AS_OF}", "declare cuda as major.minor")
    try:
        runs = parse_version(str(driver)) >= row.least
    except ValueError:
        return Unknown(
            f"the driver version {driver!r} is no version number", "declare gpu_driver, e.g. 570.133.20"
        )
    needed = ".".join(str(part) for part in row.least)
    return {"toolkit": str(toolkit), "driver": str(driver), "needed": needed, "runs": runs, "refs": refs}
