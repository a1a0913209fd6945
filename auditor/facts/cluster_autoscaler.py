"""The Cluster Autoscaler as the target declares it: its flags, and what its IAM policy lets it see."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from auditor.model import Path, Resource
from auditor.unknown import Unknown
from auditor.views.interface import Instance
from auditor.views.pods import dig

if TYPE_CHECKING:
    from auditor.world import World

NAME = "cluster-autoscaler"
DESCRIBE = "eks:DescribeNodegroup"
SCALE = "autoscaling:SetDesiredCapacity"
_POLICIES = ("aws_iam_policy", "aws_iam_role_policy", "data.aws_iam_policy_document")


class ClusterAutoscaler:
    """``facts.cluster_autoscaler``: ``{found, evident, flags, flag_refs, ref, describes_nodegroups, gpu_groups}``.

    ``flags`` are its command line flags by name without ``--``; empty when none is declared here.
    ``evident``: itself or a policy of its own is declared here. ``gpu_groups`` is whether a GPU group that it
    would manage is. ``describes_nodegroups`` is whether its IAM policy grants ``eks:DescribeNodegroup``; Unknown
    when no such policy is in the target or its ties.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self.flags: dict[str, str] = {}
        self.place: tuple[Resource, Path] | None = None
        self.flag_places: dict[str, tuple[Resource, Path]] = {}
        command = world.table("cluster_autoscaler")
        assert isinstance(command, CommandLine)
        for resource, path, text in command.words:
            self._take(resource, path, text)
        self.describes = _describes(world)

    def _take(self, resource: Resource, path: Path, text: Any) -> None:
        self.place = self.place or (resource, path)
        if isinstance(text, str) and text.startswith("--"):
            name, equals, value = text[2:].partition("=")
            self.flags[name] = value if equals else "true"
            self.flag_places[name] = (resource, path)

    def of(self, instance: Instance) -> Any:
        """See the class."""
        del instance
        refs = {name: self._world.ref(*place) for name, place in self.flag_places.items()}
        return {
            "found": self.place is not None,
            "flags": self.flags,
            "flag_refs": refs,
            "ref": self._world.ref(*self.place) if self.place else "",
            "describes_nodegroups": self.describes,
            "evident": self.place is not None or not isinstance(self.describes, Unknown),
            "gpu_groups": any(_manages(each.value) for each in self._world.instances("NodeGroup")),
        }


def _manages(group: dict[str, Any]) -> bool:
    return group["is_gpu"] is True and group["provider"] in ("eks-managed", "self-managed")


class CommandLine:
    """The table ``cluster_autoscaler`` of a world: what the autoscaler is started with."""

    def __init__(self, world: World) -> None:
        self.words = [*_command_words(world)]

    def rows(self) -> list[tuple[Resource, Any]]:
        """All that the table holds."""
        return [(resource, (path, text)) for resource, path, text in self.words]


def _command_words(world: World) -> Iterator[tuple[Resource, Path, Any]]:
    """Every word of the autoscaler's command line, with its place."""
    for pod in world.instances("PodSpec"):
        containers = pod.value.get("containers")
        for index, container in enumerate(containers if type(containers) is list else ()):
            if type(container) is dict and _is_autoscaler(container):
                for field in ("command", "args"):
                    base = pod.source_path(("containers", index, field))
                    listed = container.get(field)
                    for at, word in enumerate(listed if type(listed) is list else ()):
                        yield pod.resource, (*base, at), word
    yield from _helm_words(world)


def _is_autoscaler(container: dict[str, Any]) -> bool:
    image = container.get("image")
    command = container.get("command")
    words = command if type(command) is list else []
    return (isinstance(image, str) and f"/{NAME}:" in image) or any(
        isinstance(word, str) and word.rsplit("/", 1)[-1] == NAME for word in words
    )


_HELM: tuple[tuple[str, str, Path, Path], ...] = (
    ("argoproj.io", "Application", ("spec", "source", "chart"), ("spec", "source", "helm", "valuesObject")),
    ("helm.toolkit.fluxcd.io", "HelmRelease", ("spec", "chart", "spec", "chart"), ("spec", "values")),
)
"""Group, kind, where the chart is named, where its values stand."""


def _helm_words(world: World) -> Iterator[tuple[Resource, Path, Any]]:
    """``extraArgs`` in values that Argo CD or Flux give the chart, and in Terraform's helm_release."""
    for group, kind, chart, values in _HELM:
        for resource in world.kind(group, kind):
            if dig(resource.body, chart) == NAME:
                yield resource, values, ""
                yield from _extra_args(
                    resource, (*values, "extraArgs"), dig(resource.body, (*values, "extraArgs"))
                )
    for resource in world.kind("terraform", "helm_release"):
        named = resource.body.get("chart")
        if isinstance(named, str) and named.rsplit("/", 1)[-1] == NAME:
            yield resource, (), ""
            yield from _release_args(resource)


def _extra_args(resource: Resource, path: Path, listed: Any) -> Iterator[tuple[Resource, Path, Any]]:
    for name, value in listed.items() if type(listed) is dict else ():
        text = str(value).lower() if isinstance(value, bool) else str(value)
        yield resource, (*path, name), f"--{name}={text}"


def _release_args(resource: Resource) -> Iterator[tuple[Resource, Path, Any]]:
    from auditor.yamlio import load_stream

    texts = resource.body.get("values")
    for index, text in enumerate(texts if type(texts) is list else ()):
        documents = load_stream(text.encode(), "values") if isinstance(text, str) else []
        for document in documents:
            yield from _extra_args(resource, ("values", index), dig(document.body, ("extraArgs",)))
    sets = resource.body.get("set")
    for index, each in enumerate(sets if type(sets) is list else ()):
        name, value = dig(each, ("name",)), dig(each, ("value",))
        if isinstance(name, str) and name.startswith("extraArgs.") and not isinstance(value, Unknown):
            yield resource, ("set", index), f"--{name.removeprefix('extraArgs.')}={value}"


def _describes(world: World) -> bool | Unknown:
    answers = [*_policy_answers(world), *_module_answers(world), *_eksctl_answers(world)]
    if any(answer is True for answer in answers):
        return True
    unsure = next((answer for answer in answers if isinstance(answer, Unknown)), None)
    if unsure is not None:
        return unsure
    if answers:
        return False
    return Unknown(
        "no IAM policy of a Cluster Autoscaler is declared here, so what it may see of an empty group is open",
        f"declare its policy with {DESCRIBE}, or set node-template tags on the Auto Scaling group",
    )


def _policy_answers(world: World) -> Iterator[bool | Unknown]:
    for kind in _POLICIES:
        for resource in world.kind("terraform", kind):
            from auditor.terraform import policy_document, statements

            text = resource.body.get("json" if kind.startswith("data.") else "policy")
            listed = statements(policy_document(text)) if text is not None else []
            if isinstance(listed, Unknown):
                continue
            allowed = [each for each in listed if dig(each, ("Effect",)) == "Allow"]
            if any(_grants(each, SCALE) is True for each in allowed):
                answers = [_grants(each, DESCRIBE) for each in allowed]
                yield True if True in answers else next((a for a in answers if isinstance(a, Unknown)), False)


def _grants(statement: Any, action: str) -> bool | Unknown:
    listed = dig(statement, ("Action",))
    for each in listed if type(listed) is list else [listed]:
        if isinstance(each, Unknown):
            return each
        if isinstance(each, str) and fnmatchcase(action.lower(), each.lower()):
            return True
    return False


_MODULE_INPUTS = ("attach_cluster_autoscaler_policy", "enable_cluster_autoscaler")
"""Inputs of terraform-aws-modules/iam and aws-ia/eks-blueprints-addons: both grant eks:DescribeNodegroup."""


def _module_answers(world: World) -> Iterator[bool]:
    for resource in world.kind("terraform", "module"):
        for name in _MODULE_INPUTS:
            if resource.body.get(name) is True:
                yield True


def _eksctl_answers(world: World) -> Iterator[bool]:
    for resource in world.kind("eksctl.io", "ClusterConfig"):
        accounts = dig(resource.body, ("iam", "serviceAccounts"))
        groups = [*_items(resource.body.get("managedNodeGroups")), *_items(resource.body.get("nodeGroups"))]
        if any(dig(each, ("wellKnownPolicies", "autoScaler")) is True for each in _items(accounts)):
            yield True
        if any(dig(each, ("iam", "withAddonPolicies", "autoScaler")) is True for each in groups):
            yield True


def _items(listed: Any) -> list[Any]:
    return listed if type(listed) is list else []
