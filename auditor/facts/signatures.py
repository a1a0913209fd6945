"""Whose signature is checked before an image may run: Kyverno's and Sigstore's admission policies."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, NamedTuple

from auditor.model import Path, Resource
from auditor.views.interface import Instance
from auditor.views.pods import dig

if TYPE_CHECKING:
    from auditor.world import World


_KINDS = {"ClusterPolicy", "Policy", "ImageValidatingPolicy", "ClusterImagePolicy"}


class Check(NamedTuple):
    """One admission rule: image globs it asks a signature of, and where they stand."""

    resource: Resource
    path: Path
    globs: tuple[str, ...]


class ImageSignature:
    """``facts.image_signature`` of a container: ``{policies, checked, refs}``.

    ``policies``: how many rules of the tree check signatures. With none nothing can be said of one image: the
    cluster's may be kept elsewhere.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._checks = [check for each in world.anywhere(*_KINDS) for check in _checks(each)]

    def of(self, instance: Instance) -> Any:
        """See the class."""
        if not self._checks:
            return {"policies": 0, "checked": False, "refs": []}
        names = _spellings(str(instance.value.get("image", "")))
        found = [c for c in self._checks if any(fnmatchcase(n, g) for g in c.globs for n in names)]
        shown = found or self._checks
        refs = [self._world.ref(check.resource, check.path) for check in shown[:3]]
        return {"policies": len(self._checks), "checked": bool(found), "refs": refs}


def _spellings(image: str) -> tuple[str, ...]:
    """The name as written, and in full as admission controllers see it."""
    first, slash, _ = image.partition("/")
    if not slash:
        return image, f"docker.io/library/{image}", f"index.docker.io/library/{image}"
    if "." in first or ":" in first or first == "localhost":
        return (image,)
    return image, f"docker.io/{image}", f"index.docker.io/{image}"


def _checks(resource: Resource) -> Iterator[Check]:
    key = (resource.group, resource.kind)
    if key in (("kyverno.io", "ClusterPolicy"), ("kyverno.io", "Policy")):
        for index, rule in _listed(dig(resource.body, ("spec", "rules"))):
            for number, each in _listed(rule.get("verifyImages")):
                path = ("spec", "rules", index, "verifyImages", number)
                yield Check(resource, path, _globs(each.get("imageReferences"), each.get("image")))
    elif key in (
        ("policies.kyverno.io", "ImageValidatingPolicy"),
        ("policy.sigstore.dev", "ClusterImagePolicy"),
    ):
        field = "matchImageReferences" if resource.kind == "ImageValidatingPolicy" else "images"
        globs = [each.get("glob") for _, each in _listed(dig(resource.body, ("spec", field)))]
        yield Check(resource, ("spec", field), _globs(globs))


def _listed(value: Any) -> Iterator[tuple[int, dict[str, Any]]]:
    yield from (
        (n, each) for n, each in enumerate(value if type(value) is list else ()) if type(each) is dict
    )


def _globs(*values: Any) -> tuple[str, ...]:
    """Globs of strings and lists of strings; ``**`` crosses slashes, and so does ``*`` to fnmatch."""
    found = [each for value in values for each in (value if type(value) is list else [value])]
    return tuple(each.replace("**", "*") for each in found if type(each) is str)
