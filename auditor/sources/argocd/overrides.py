"""What an Application changes in a kustomization, as Argo CD does with ``kustomize edit``."""

from __future__ import annotations

from typing import Any, Final

from msgspec.structs import replace

from auditor.fixes import Editable, Refused
from auditor.model import Origin, Path, Place
from auditor.patterns import regex
from auditor.sources.argocd.application import Application, AppSource
from auditor.sources.kustomize.align import align, existing, value_at

_IMAGE: Final = regex(r"(?:(?P<old>[^=]+)=)?(?P<new>[^@]*?)(?::(?P<tag>[^:/@]+))?(?:@(?P<digest>.+))?")
_ADDED: Final = ("patches",)
_SET: Final = ("namePrefix", "nameSuffix", "namespace")
UNDERSTOOD: Final = frozenset(
    {
        *_ADDED,
        *_SET,
        "images",
        "replicas",
        "commonLabels",
        "commonAnnotations",
        "labelWithoutSelector",
        "forceCommonLabels",
        "forceCommonAnnotations",
        "commonAnnotationsEnvsubst",
        "version",
    }
)


def changes(settings: dict[str, Any]) -> bool:
    """Whether the settings change what the kustomization renders to."""
    return any(
        settings.get(name)
        for name in (*_ADDED, *_SET, "images", "replicas", "commonLabels", "commonAnnotations")
    )


def overridden(body: dict[str, Any], settings: dict[str, Any]) -> dict[str, Any]:
    """The kustomization as Argo CD edits it before it renders it."""
    result = dict(body)
    for name in _SET:
        if type(settings.get(name)) is str and settings[name]:
            result[name] = settings[name]
    for name in _ADDED:
        if type(settings.get(name)) is list:
            result[name] = [*_list(result.get(name)), *settings[name]]
    if type(settings.get("images")) is list:
        result["images"] = _by_name(
            _list(result.get("images")), [_image(str(each)) for each in settings["images"]]
        )
    if type(settings.get("replicas")) is list:
        result["replicas"] = _by_name(
            _list(result.get("replicas")), [_count(each) for each in settings["replicas"]]
        )
    labels = settings.get("commonLabels")
    if type(labels) is dict and settings.get("labelWithoutSelector") is True:
        result["labels"] = [*_list(result.get("labels")), {"pairs": labels}]
    elif type(labels) is dict:
        result["commonLabels"] = {**_dict(result.get("commonLabels")), **labels}
    if type(settings.get("commonAnnotations")) is dict:
        result["commonAnnotations"] = {
            **_dict(result.get("commonAnnotations")),
            **settings["commonAnnotations"],
        }
    return result


def _image(text: str) -> dict[str, Any]:
    """``[old=]new[:tag][@digest]`` as an entry of ``images``."""
    match = _IMAGE.fullmatch(text)
    if match is None:
        return {"name": text}
    entry = {"name": match["old"] or match["new"]}
    if match["old"]:
        entry["newName"] = match["new"]
    if match["tag"]:
        entry["newTag"] = match["tag"]
    if match["digest"]:
        entry["digest"] = match["digest"]
    return entry


def _count(entry: Any) -> Any:
    """Argo CD takes counts as text too."""
    if type(entry) is dict and type(entry.get("count")) is str and entry["count"].isdigit():
        return {**entry, "count": int(entry["count"])}
    return entry


def _by_name(old: list[Any], new: list[Any]) -> list[Any]:
    names = {each.get("name") for each in new if type(each) is dict}
    return [*(each for each in old if type(each) is not dict or each.get("name") not in names), *new]


def _list(value: Any) -> list[Any]:
    return value if type(value) is list else []


def _dict(value: Any) -> dict[str, Any]:
    return value if type(value) is dict else {}


class OverriddenOrigin:
    """The origin of an object of a kustomization that an Application changes.

    A value that is the same without the Application is where the kustomization sets it; the others are the
    Application's.
    """

    __slots__ = ("_application", "_at", "_body", "_plain", "_plain_body")

    source = "git"

    def __init__(
        self, application: Application, source: AppSource, body: Any, plain: Origin, plain_body: Any
    ) -> None:
        self._application, self._at = application, (*source.at, "kustomize")
        self._body, self._plain, self._plain_body = body, plain, plain_body

    @property
    def file(self) -> str:
        """The file that the object comes from."""
        return self._plain.file

    @property
    def editable(self) -> bool:
        """Whether the object can be edited without the Application."""
        return self._plain.editable

    def locate(self, path: Path) -> Place:
        """Where the kustomization sets it, or the Application."""
        there = self._unchanged(path)
        if there is not None:
            return self._plain.locate(there)
        origin = self._application.resource.origin
        at = ("spec", "template", *self._at) if self._application.generated else self._at
        place = origin.locate(at)
        return replace(place, note=f"set by {self._application.title}; the object is from {self.file}")

    def editable_at(self, path: Path) -> Editable:
        """As the kustomization alone, for what the Application leaves as it is."""
        there = self._unchanged(path)
        site = getattr(self._plain, "editable_at", None)
        if there is None or site is None:
            file, line = self._application.place(self._at)
            raise Refused(f"{self._application.title} sets it: change it there by hand ({file}:{line})")
        found: Editable = site(there)
        return found

    def excerpt(self, place: Place) -> list[tuple[int, str]]:
        """A few lines around the place."""
        origin = self._application.resource.origin if place.file != self.file else self._plain
        return origin.excerpt(place) or self._plain.excerpt(place)

    def comment(self, place: Place) -> str:
        """The comment at the place."""
        return self._plain.comment(place) or self._application.resource.origin.comment(place)

    def _unchanged(self, path: Path) -> Path | None:
        """The path in the object without the Application, when its value is the same there."""
        known = existing(self._body, path)
        there = align(known, self._body, self._plain_body)
        if len(there) < len(known):
            return None
        value = value_at(self._body, known)
        if type(value) in (dict, list) or value == value_at(self._plain_body, there):
            return there + path[len(known) :]
        return None
