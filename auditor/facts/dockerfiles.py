"""Dockerfiles: what the image that comes out is made from, and as whom it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from auditor.facts.cuda import toolkit_of
from auditor.paths import render
from auditor.patterns import regex
from auditor.unknown import Unknown
from auditor.views.interface import Instance

if TYPE_CHECKING:
    from auditor.world import World

_VARIABLE = regex(r"\$(?:\{(\w+)(?::?[-+][^}]*)?\}|(\w+))")
_DEFAULT = regex(r"\$\{(\w+):?-([^}]*)\}")
_TORCH = regex(r"(?:download\.pytorch\.org/whl/|torch==?[\w.]+\+)cu(\d{2})(\d)")

ROOT_BASES = regex(
    r"^(?:(?:docker\.io/|public\.ecr\.aws/docker/)?library/)?"
    r"(?:alpine|amazonlinux|archlinux|bash|busybox|buildpack-deps|centos|debian|eclipse-temurin|fedora|gcc|golang|"
    r"gradle|maven|node|openjdk|oraclelinux|perl|php|python|rockylinux|ruby|rust|ubuntu)(?:[:@]|$)"
    r"|^public\.ecr\.aws/(?:amazonlinux/amazonlinux|lts/ubuntu|ubuntu/\w+|debian/debian)(?:[:@]|$)"
    r"|^(?:docker\.io/)?(?:nvidia/cuda|pytorch/pytorch|tensorflow/tensorflow|huggingface/\S+|vllm/\S+)(?:[:@]|$)"
    r"|^nvcr\.io/nvidia/(?:cuda|pytorch|tensorflow|tritonserver|tensorrt)(?:[:@]|$)"
    r"|^gcr\.io/distroless/|^mcr\.microsoft\.com/dotnet/|^ghcr\.io/astral-sh/uv|^scratch$"
)
"""Images that are known to run as root unless told otherwise; of other images nobody can say from here."""
NONROOT_BASES = regex(
    r"nonroot|non-root|rootless|unprivileged|-chiseled|^cgr\.dev/chainguard/|^(?:quay\.io/)?jupyter/|^rayproject/ray"
    r"|^(?:apache/)?spark:"
)
ROOT = {"root", "0"}


class Dockerfile:
    """``facts.dockerfile``: ``{images, final, user, torch, shipped, ignored}``.

    ``images``: what a FROM says → ``{external, name, tagged, latest, digest}`` with build arguments filled in by
    their defaults; Unknown fields where an argument has none. ``final``: ``{name, at}`` of the stage that
    becomes the image. ``user``: ``{written, root, name, at}``. ``torch``: ``{cuda, base, at}`` of a PyTorch wheel
    built for a CUDA version, '' where there is none. ``shipped``: the instructions whose layers are in the image
    (those of a build stage are not). ``ignored``: a .dockerignore lies on the way from the
    tree's root to the Dockerfile.
    """

    def __init__(self, world: World) -> None:
        self._files = world.files

    def of(self, instance: Instance) -> Any:
        """See the class."""
        body = instance.resource.body
        stages = body["stages"]
        if not stages:
            return Unknown("the Dockerfile has no FROM", "")
        names = {stage["name"].lower() for stage in stages if stage["name"]}
        images = {stage["image"]: _image(stage["image"], body["arguments"], names) for stage in stages}
        chain = _chain(stages)
        base = images[stages[chain[-1]]["image"]]["name"]
        last = len(stages) - 1
        return {
            "images": images,
            "final": {"name": base, "at": render(body, ("stages", last))},
            "user": _user(body, chain, base),
            "torch": _torch(body, chain, base),
            "shipped": [each for stage in chain for each in stages[stage]["instructions"]],
            "ignored": self._ignored(instance.resource.name),
        }

    def _ignored(self, path: str) -> bool:
        parts = path.split("/")[:-1]
        folders = ["/".join([*parts[:n], ""]) for n in range(len(parts) + 1)]
        return path + ".dockerignore" in self._files or any(
            folder + ".dockerignore" in self._files for folder in folders
        )


def _image(written: str, arguments: dict[str, str], stages: set[str]) -> dict[str, Any]:
    if written.lower() in stages:
        return {"external": False, "name": written, "tagged": True, "latest": False, "digest": True}
    name = _filled(written, arguments)
    if isinstance(name, Unknown):
        return {"external": True, "name": name, "tagged": name, "latest": name, "digest": name}
    tag = name.rpartition("/")[2].partition("@")[0].partition(":")[2]
    return {
        "external": name != "scratch" and name.lower() not in stages,
        "name": name,
        "tagged": bool(tag) or "@" in name,
        "latest": tag == "latest" and "@" not in name,
        "digest": "@sha256:" in name,
    }


def _filled(written: str, arguments: dict[str, str]) -> str | Unknown:
    """The text with build arguments replaced by their defaults."""
    text = written
    for _ in range(4):
        text = _DEFAULT.sub(lambda m: arguments.get(m.group(1)) or m.group(2), text)
        text = _VARIABLE.sub(lambda m: arguments.get(m.group(1) or m.group(2)) or m.group(0), text)
    missing = _VARIABLE.search(text)
    if missing is None:
        return text
    return Unknown(
        f"the base image {written!r} is chosen by a build argument",
        f"give ARG {missing.group(1) or missing.group(2)} a default before the first FROM",
    )


def _chain(stages: list[dict[str, Any]]) -> list[int]:
    """The final stage and the stages it is built FROM, nearest first."""
    chain = [len(stages) - 1]
    while True:
        wanted = stages[chain[-1]]["image"].lower()
        before = [n for n in range(chain[-1]) if wanted in (stages[n]["name"].lower(), str(n)) and wanted]
        if not before:
            return chain
        chain.append(before[-1])


def _user(body: dict[str, Any], chain: list[int], base: str | Unknown) -> dict[str, Any]:
    for stage in chain:
        listed = body["stages"][stage]["instructions"]
        for number in range(len(listed) - 1, -1, -1):
            if listed[number]["instruction"] == "USER":
                name = (listed[number]["value"].split() or [""])[0].strip("\"'")
                user = name.partition(":")[0]
                root: Any = user.lower() in ROOT
                at = render(body, ("stages", stage, "instructions", number))
                return {"written": True, "root": root, "name": name, "at": at}
    at = render(body, ("stages", chain[0]))
    return {"written": False, "root": _runs_as_root(base), "name": "", "at": at}


def _runs_as_root(base: str | Unknown) -> bool | Unknown:
    if isinstance(base, Unknown):
        return base
    if NONROOT_BASES.search(base):
        return False
    if ROOT_BASES.search(base):
        return True
    return Unknown(f"as whom {base} runs is not known", "write USER with a number in the Dockerfile")


def _torch(body: dict[str, Any], chain: list[int], base: str | Unknown) -> dict[str, str]:
    none = {"cuda": "", "base": "", "at": ""}
    if isinstance(base, Unknown):
        return none
    for stage in chain:
        for number, each in enumerate(body["stages"][stage]["instructions"]):
            found = _TORCH.search(each["value"]) if each["instruction"] == "RUN" else None
            if found:
                cuda = f"{found.group(1)}.{found.group(2)}"
                at = render(body, ("stages", stage, "instructions", number))
                return {"cuda": cuda, "base": toolkit_of(base), "at": at}
    return none
