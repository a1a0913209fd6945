"""Where an exact claim and the other tool part, in words, with the test that recognises the case.

Each explanation must occur in the generated cases (a test), so that none outlives its reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from auditor.views.pods import TEMPLATES, dig, group_of

if TYPE_CHECKING:
    from tests.peers.compare import Difference

Body = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Explanation:
    """A class of differences: which rules it touches, what differs, and why we hold to ours."""

    name: str
    rules: frozenset[str]
    words: str
    holds: Callable[[Difference], bool]

    def covers(self, difference: Difference) -> bool:
        """Whether the difference is of this class."""
        return difference.rule in self.rules and self.holds(difference)


def rules(*names: str) -> frozenset[str]:
    """Rule ids; numbers alone are checkov's for Kubernetes."""
    return frozenset(f"CKV_K8S_{name}" if name.isdigit() else name for name in names)


def _template(body: Body) -> Body:
    api_version, kind = str(body.get("apiVersion")), str(body.get("kind"))
    found = dig(body, TEMPLATES.get((group_of(api_version), kind), ("-",)))
    return found if isinstance(found, dict) else {}


def _spec(body: Body) -> Body:
    found = _template(body).get("spec")
    return found if isinstance(found, dict) else {}


def _containers(body: Body) -> Iterator[Body]:
    for field in ("containers", "initContainers"):
        found = _spec(body).get(field) or []
        yield from (each for each in found if isinstance(each, dict))


def _kind(*kinds: str) -> Callable[[Difference], bool]:
    """We judge objects of these kinds, and the other tool does not."""
    return lambda difference: difference.theirs is None and difference.body.get("kind") in kinds


def _any_container(test: Callable[[Body], bool]) -> Callable[[Difference], bool]:
    return lambda difference: any(test(container) for container in _containers(difference.body))


def _windows(difference: Difference) -> bool:
    return bool(dig(_spec(difference.body), ("os", "name")) == "windows")


def _without_host_port(container: Body) -> bool:
    ports = container.get("ports") or []
    return bool(ports) and all(not port.get("hostPort") for port in ports)


def _placeholder_name(difference: Difference) -> bool:
    name = str(dig(difference.body, ("metadata", "name")))
    return difference.theirs is None and any(each in name for each in "#{}")


def _removed_group(difference: Difference) -> bool:
    return difference.ours is None and difference.body.get("apiVersion") == "extensions/v1beta1"


def _other_group(difference: Difference) -> bool:
    group = group_of(str(difference.body.get("apiVersion")))
    return difference.ours is None and (group, difference.body.get("kind")) not in TEMPLATES


def _template_file(difference: Difference) -> bool:
    bare = difference.body.get("kind") == "Pod" and difference.ours is None
    containers = _spec(difference.body).get("containers") or []
    return bare and bool(containers) and not any(each.get("image") for each in containers)


def _no_containers(difference: Difference) -> bool:
    return difference.ours is None and not _spec(difference.body).get("containers")


def _optional_defaults(difference: Difference) -> bool:
    encryption = difference.body.get("encryption_config") or [{}]
    encrypted = encryption[0].get("resources") == ["secrets"]
    return encrypted and (difference.theirs, difference.ours) == ("fail", "pass")


def _no_logs(difference: Difference) -> bool:
    return difference.theirs is None and difference.body.get("enabled_cluster_log_types") == []


CUSTOM_KINDS = (
    "ScaledJob",
    "Rollout",
    "Service",
    "Workflow",
    "WorkflowTemplate",
    "ClusterWorkflowTemplate",
    "CronWorkflow",
)
"""Kinds of KEDA, Argo and Knative that make pods; a Service here is Knative's."""
CONTAINER_RULES = rules("8", "9", "11", "13", "15", "16", "20", "22", "26", "28", "35", "37", "39", "43")
POD_RULES = rules("17", "18", "19", "40")
KUBE_SCORE_POD_RULES = rules(
    "container-ports-check",
    "container-security-context-privileged",
    "container-security-context-readonlyrootfilesystem",
    "environment-variable-key-duplication",
    "pod-topology-spread-constraints",
)

EXPLAINED: tuple[Explanation, ...] = (
    Explanation(
        "placeholder-name",
        CONTAINER_RULES | POD_RULES,
        "checkov skips an object without a word when a name in it holds #, { or }, the marks of templates. "
        "Everything else in it can be read, so we judge it.",
        _placeholder_name,
    ),
    Explanation(
        "removed-api-group",
        CONTAINER_RULES
        | POD_RULES
        | rules(
            "23",
            "27",
            "container-ports-check",
            "container-security-context-privileged",
            "container-security-context-readonlyrootfilesystem",
            "environment-variable-key-duplication",
        ),
        "No cluster takes extensions/v1beta1 workloads any more (since Kubernetes 1.16). API-001 says that of "
        "the object; what its pods would be allowed to do is beside the point.",
        _removed_group,
    ),
    Explanation(
        "pod-template-file",
        (CONTAINER_RULES - rules("15", "43"))
        | POD_RULES
        | rules("23", "27")
        | (KUBE_SCORE_POD_RULES - rules("pod-topology-spread-constraints"))
        | rules("container-seccomp-profile"),
        "A Pod of which no container has an image is no pod but a template that Spark or kubeadm fills in. The API "
        "server would refuse it, and what the filled one will be is written elsewhere.",
        _template_file,
    ),
    Explanation(
        "kind-of-another-group",
        rules("23", "40"),
        "checkov goes by the kind alone: a Job of Volcano (batch.volcano.sh) is a Job to it, and fails for not having "
        "a pod where Kubernetes' own Jobs have it.",
        _other_group,
    ),
    Explanation(
        "pod-without-containers",
        rules("23", "40", "container-seccomp-profile"),
        "A pod spec without containers is a patch: who runs in it is written elsewhere. The others fail it for "
        "what it does not set.",
        _no_containers,
    ),
    Explanation(
        "checkov-custom-kinds",
        CONTAINER_RULES | POD_RULES,
        "checkov knows the built-in kinds only. Pods of ScaledJobs, Rollouts, Workflows and Knative services run "
        "with the same fields, so we judge them too.",
        _kind(*CUSTOM_KINDS),
    ),
    Explanation(
        "checkov-pod-template",
        POD_RULES,
        "These checks of checkov leave PodTemplate out, its checks of containers do not. Ours read every pod.",
        _kind("PodTemplate"),
    ),
    Explanation(
        "kube-score-kinds",
        KUBE_SCORE_POD_RULES,
        "kube-score reads Pods, Deployments, StatefulSets, DaemonSets, Jobs and CronJobs. We judge every pod.",
        _kind("ReplicaSet", "ReplicationController", "PodTemplate", *CUSTOM_KINDS),
    ),
    Explanation(
        "windows-pods",
        rules(
            "20",
            "22",
            "23",
            "28",
            "37",
            "container-seccomp-profile",
            "container-security-context-readonlyrootfilesystem",
        ),
        "A pod with os.name windows may not set these fields at all: the API server refuses it. We leave it out.",
        lambda difference: difference.theirs == "fail" and _windows(difference),
    ),
    Explanation(
        "container-without-image",
        rules("15", "43"),
        "A container without an image has no pull policy and no digest to judge. What is wrong is the missing "
        "image, which IMG-027 finds.",
        _any_container(lambda container: not container.get("image")),
    ),
    Explanation(
        "host-port-zero",
        rules("26"),
        "hostPort 0 and null bind no port: the API server takes both for absent. checkov fails on the key alone.",
        _any_container(_without_host_port),
    ),
    Explanation(
        "empty-liveness-probe",
        rules("8"),
        "livenessProbe: {} probes nothing, and the API server refuses it. checkov means to fail it too (its code "
        "asks whether the map is empty), but its parser has added line numbers to the map by then.",
        _any_container(lambda container: container.get("livenessProbe") == {}),
    ),
    Explanation(
        "empty-readiness-probe",
        rules("9"),
        "As for the liveness probe.",
        _any_container(lambda container: container.get("readinessProbe") == {}),
    ),
    Explanation(
        "restart-policy-of-jobs",
        rules("cronjob-restartpolicy"),
        "kube-score asks it of CronJobs; the API server refuses the same value in a Job.",
        _kind("Job", "ScaledJob"),
    ),
    Explanation(
        "optional-defaults",
        rules("CKV_AWS_58"),
        "Modules take a block such as encryption_config as one variable whose attributes have "
        "defaults in optional(…). We apply them as Terraform does; checkov does not, and fails what comes out.",
        _optional_defaults,
    ),
    Explanation(
        "module-calls",
        rules("CKV2_AWS_11", "CKV_AWS_37", "CKV_AWS_39"),
        "A call of the public modules for VPCs and EKS declares one as well as a resource does, and its inputs "
        "say the rest. checkov sees what is inside only where the module's code has been downloaded.",
        lambda difference: difference.theirs is None and difference.subject.block.startswith("module."),
    ),
    Explanation(
        "empty-log-list",
        rules("CKV_AWS_37"),
        "enabled_cluster_log_types = [] ends checkov's check in an error that it swallows. No log is on, so we fail.",
        _no_logs,
    ),
    Explanation(
        "no-instance",
        rules("CKV2_AWS_6", "CKV2_AWS_61", "CKV_AWS_21", "CKV_TF_1"),
        "count or for_each gives no instance with the values that the variables have: nothing is made, so there "
        "is nothing to judge. checkov judges the block all the same.",
        lambda difference: difference.theirs == "fail" and not difference.body,
    ),
    Explanation(
        "hidden-directory",
        rules("CKV_TF_1"),
        "checkov leaves out directories whose names begin with a dot. Terraform in .github is applied like any "
        "other.",
        lambda difference: difference.theirs is None and "/." in f"/{difference.subject.file}",
    ),
)
