"""Every way in which objects of Kubernetes are broken."""

from __future__ import annotations

from typing import Any

from tests.realworld.faults import (
    Body,
    Kind,
    appending,
    containers_of,
    first,
    in_container,
    in_pod,
    pod_of,
    setting,
    within,
    without,
    without_in_container,
)


def _drop_capabilities(body: Body) -> bool:
    held = within(first(body), "securityContext", "capabilities")
    return held is not None and held.pop("drop", None) is not None


def _drop_non_root(body: Body) -> bool:
    pod = pod_of(body) or {}
    contexts = [
        pod.get("securityContext") or {},
        *(each.get("securityContext") or {} for each in containers_of(body)),
    ]
    if any("runAsUser" in context for context in contexts):
        return False
    return sum(context.pop("runAsNonRoot", None) is not None for context in contexts) == 1


def _drop_seccomp(body: Body) -> bool:
    pod = pod_of(body) or {}
    if any("seccompProfile" in (each.get("securityContext") or {}) for each in containers_of(body)):
        return False
    return (pod.get("securityContext") or {}).pop("seccompProfile", None) is not None


def _default_account(body: Body) -> bool:
    pod = pod_of(body) or {}
    return "automountServiceAccountToken" not in pod and pod.pop("serviceAccountName", None) is not None


def _tag(tag: str) -> Any:
    def breaks(body: Body) -> bool:
        container = first(body)
        image = (container or {}).get("image")
        if container is None or not isinstance(image, str) or "$" in image or "{" in image:
            return False
        name = image.partition("@")[0]
        head, slash, last = name.rpartition("/")
        container["image"] = f"{head}{slash}{last.partition(':')[0]}{tag}"
        return True

    return breaks


def _resources(section: str, name: str) -> Any:
    def breaks(body: Body) -> bool:
        held = (first(body) or {}).get("resources") or {}
        if section == "requests" and name in (held.get("limits") or {}):
            return False
        return (held.get(section) or {}).pop(name, None) is not None

    return breaks


def _request_above_limit(body: Body) -> bool:
    held = (first(body) or {}).get("resources") or {}
    if "memory" not in (held.get("limits") or {}) or "memory" not in (held.get("requests") or {}):
        return False
    held["requests"]["memory"] = "900Gi"
    return True


def _environment(name: str, **value: Any) -> Any:
    return appending(first, "env", {"name": name, **value})


def _volume(**volume: Any) -> Any:
    return appending(pod_of, "volumes", {"name": "seeded", **volume})


def _twice(find: Any, field: str) -> Any:
    def breaks(body: Body) -> bool:
        listed = (find(body) or {}).get(field)
        if not isinstance(listed, list) or not listed or not isinstance(listed[0], dict):
            return False
        listed.append(dict(listed[0]))
        return True

    return breaks


def _undefined_mount(body: Body) -> bool:
    container = first(body)
    if container is None:
        return False
    container["volumeMounts"] = [
        *(container.get("volumeMounts") or []),
        {"name": "nowhere", "mountPath": "/nowhere"},
    ]
    return True


def _selector_typo(*path: str) -> Any:
    def breaks(body: Body) -> bool:
        held: Any = body
        for step in path:
            held = held.get(step) if isinstance(held, dict) else None
        if not isinstance(held, dict) or not held:
            return False
        key = sorted(held)[0]
        if not isinstance(held[key], str) or "$" in held[key]:
            return False
        held[key] = f"{held[key]}-typo"
        return True

    return breaks


def _rename(body: Body) -> bool:
    metadata = body.get("metadata")
    if not isinstance(metadata, dict) or not isinstance(metadata.get("name"), str):
        return False
    metadata["name"] = f"{metadata['name']}-renamed"
    return True


def _port_name(body: Body) -> bool:
    ports = [port for container in containers_of(body) for port in container.get("ports") or []]
    named = [port for port in ports if isinstance(port, dict) and isinstance(port.get("name"), str)]
    if len(named) == 1:
        named[0]["name"] = "other"
    return len(named) == 1


def _target_port(body: Body) -> bool:
    ports = (body.get("spec") or {}).get("ports")
    for port in ports if isinstance(ports, list) else []:
        if isinstance(port, dict) and isinstance(port.get("targetPort"), str):
            port["targetPort"] = "nosuch"
            return True
    return False


def _probe_port(body: Body) -> bool:
    for container in containers_of(body):
        probe = (container.get("readinessProbe") or {}).get("httpGet") or {}
        if isinstance(probe.get("port"), str):
            probe["port"] = "nosuch"
            return True
    return False


def _rule(**rule: Any) -> Any:
    def breaks(body: Body) -> bool:
        if not isinstance(body.get("rules"), list):
            return False
        body["rules"].append(rule)
        return True

    return breaks


def _trigger(edit: Any) -> Any:
    def breaks(body: Body) -> bool:
        for trigger in (body.get("spec") or {}).get("triggers") or []:
            if (
                isinstance(trigger, dict)
                and isinstance(trigger.get("metadata"), dict)
                and trigger["metadata"]
            ):
                return bool(edit(trigger))
        return False

    return breaks


def _misspell(trigger: Body) -> bool:
    if "threshold" not in trigger["metadata"]:
        return False
    trigger["metadata"]["treshold"] = trigger["metadata"].pop("threshold")
    return True


def _unknown_type(trigger: Body) -> bool:
    trigger["type"] = f"{trigger['type']}x"
    return True


def _not_a_number(trigger: Body) -> bool:
    if "threshold" not in trigger["metadata"]:
        return False
    trigger["metadata"]["threshold"] = "many"
    return True


def _scaler_bounds(body: Body) -> bool:
    spec = body.get("spec")
    if not isinstance(spec, dict) or type(spec.get("maxReplicaCount")) is not int:
        return False
    spec["minReplicaCount"] = spec["maxReplicaCount"] + 1
    return True


def _hpa_stuck(body: Body) -> bool:
    spec = body.get("spec")
    if not isinstance(spec, dict) or type(spec.get("maxReplicas")) is not int:
        return False
    spec["minReplicas"] = spec["maxReplicas"]
    return True


def _gpu_fraction(body: Body) -> bool:
    for container in containers_of(body):
        limits = (container.get("resources") or {}).get("limits") or {}
        if "nvidia.com/gpu" in limits:
            limits["nvidia.com/gpu"] = "500m"
            return True
    return False


def _privileged_gpu(body: Body) -> bool:
    for container in containers_of(body):
        if "nvidia.com/gpu" in ((container.get("resources") or {}).get("limits") or {}):
            held = within(container, "securityContext")
            if held is not None:
                held["privileged"] = True
                return True
    return False


def _unselect_gpu_node(body: Body) -> bool:
    pod = pod_of(body) or {}
    return "affinity" not in pod and pod.pop("nodeSelector", None) is not None


def _forget_shm(body: Body) -> bool:
    for container in containers_of(body):
        mounts = container.get("volumeMounts") or []
        kept = [each for each in mounts if each.get("mountPath") != "/dev/shm"]
        if len(kept) < len(mounts):
            container["volumeMounts"] = kept
            return True
    return False


def _same_liveness(body: Body) -> bool:
    container = first(body)
    if container is None or not container.get("readinessProbe") or not container.get("livenessProbe"):
        return False
    container["livenessProbe"] = dict(container["readinessProbe"])
    return True


def _uses_account(pod_owner: Body, account: Body) -> bool:
    pod = pod_of(pod_owner) or {}
    return pod.get("serviceAccountName") == (account.get("metadata") or {}).get("name")


def _binds(binding: Body, role: Body) -> bool:
    reference = binding.get("roleRef") or {}
    return (reference.get("kind"), reference.get("name")) == (
        role.get("kind"),
        (role.get("metadata") or {}).get("name"),
    )


def _grants_to(binding: Body, account: Body) -> bool:
    name = (account.get("metadata") or {}).get("name")
    subjects = binding.get("subjects") or []
    return len(subjects) == 1 and (subjects[0].get("kind"), subjects[0].get("name")) == (
        "ServiceAccount",
        name,
    )


def _reads(pod_owner: Body, settings: Body) -> bool:
    """Whether the first container takes all its environment, or one variable, from a ConfigMap."""
    name = (settings.get("metadata") or {}).get("name")
    pod = pod_of(pod_owner) or {}
    return any(((each.get("configMap") or {}).get("name")) == name for each in pod.get("volumes") or [])


def _selects(labels_of: Any, selector_of: Any) -> Any:
    def joined(watched: Body, edited: Body) -> bool:
        selector, labels = selector_of(watched, edited), labels_of(watched, edited)
        return bool(selector) and all(labels.get(key) == value for key, value in selector.items())

    return joined


def _pod_labels(body: Body) -> dict[str, Any]:
    template = body if body.get("kind") == "Pod" else (body.get("spec") or {}).get("template") or {}
    return (template.get("metadata") or {}).get("labels") or {}


_SELECTED_BY_BUDGET = _selects(
    lambda pods, _: _pod_labels(pods),
    lambda _, budget: ((budget.get("spec") or {}).get("selector") or {}).get("matchLabels") or {},
)
_SELECTED_BY_POLICY = _selects(
    lambda pods, _: _pod_labels(pods),
    lambda _, policy: ((policy.get("spec") or {}).get("podSelector") or {}).get("matchLabels") or {},
)
_SERVED = _selects(
    lambda _, pods: _pod_labels(pods), lambda service, _: (service.get("spec") or {}).get("selector") or {}
)


def _served_by_name(service: Body, pods: Body) -> bool:
    """Whether a Service sends to a port of the pods that it names."""
    ports = (service.get("spec") or {}).get("ports") or []
    return any(isinstance(port.get("targetPort"), str) for port in ports) and _SERVED(service, pods)


_WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Pod")

SECURITY = (
    Kind("run as user 0", ("SEC-001",), in_container("securityContext", runAsUser=0)),
    Kind("forget runAsNonRoot", ("SEC-001",), _drop_non_root),
    Kind(
        "forget allowPrivilegeEscalation",
        ("SEC-002",),
        without_in_container("securityContext", "allowPrivilegeEscalation"),
    ),
    Kind(
        "allow privilege escalation",
        ("SEC-002",),
        in_container("securityContext", allowPrivilegeEscalation=True),
    ),
    Kind("keep capabilities", ("SEC-003",), _drop_capabilities),
    Kind("forget the seccomp profile", ("SEC-004",), _drop_seccomp),
    Kind(
        "write to the root filesystem",
        ("SEC-005",),
        without_in_container("securityContext", "readOnlyRootFilesystem"),
    ),
    Kind("share the node's network", ("SEC-006",), in_pod(hostNetwork=True)),
    Kind("share the node's processes", ("SEC-011",), in_pod(hostPID=True)),
    Kind("share the node's IPC", ("SEC-012",), in_pod(hostIPC=True)),
    Kind("run privileged", ("SEC-013",), in_container("securityContext", privileged=True)),
    Kind("add NET_ADMIN", ("SEC-015",), in_container("securityContext", "capabilities", add=["NET_ADMIN"])),
    Kind("add SYS_ADMIN", ("SEC-016",), in_container("securityContext", "capabilities", add=["SYS_ADMIN"])),
    Kind("mount a host path", ("SEC-018",), _volume(hostPath={"path": "/data"})),
    Kind("mount the Docker socket", ("SEC-020",), _volume(hostPath={"path": "/var/run/docker.sock"})),
    Kind("bind a host port", ("SEC-021",), appending(first, "ports", {"containerPort": 9, "hostPort": 9})),
    Kind("unmask /proc", ("SEC-022",), in_container("securityContext", procMount="Unmasked")),
    Kind(
        "set an unsafe sysctl",
        ("SEC-023",),
        in_pod("securityContext", sysctls=[{"name": "kernel.msgmax", "value": "1"}]),
    ),
    Kind(
        "run unconfined", ("SEC-024",), in_container("securityContext", seccompProfile={"type": "Unconfined"})
    ),
    Kind(
        "clone a repository as volume",
        ("SEC-028",),
        _volume(gitRepo={"repository": "https://example.org/a.git"}),
    ),
    Kind("share the process namespace", ("SEC-030",), in_pod(shareProcessNamespace=True)),
    Kind(
        "write a password into the environment",
        ("SEC-040",),
        _environment("DB_PASSWORD", value="s3cret-Pw-917"),
    ),
    Kind(
        "static AWS key from a Secret",
        ("IAM-002",),
        _environment("AWS_ACCESS_KEY_ID", valueFrom={"secretKeyRef": {"name": "aws", "key": "id"}}),
    ),
    Kind("allow every pod in the namespace", ("SEC-007", "SEC-008"), without("metadata", "labels")),
    Kind(
        "run as the default account",
        ("IAM-011", "IAM-012"),
        _default_account,
    ),
)

RESOURCES = (
    Kind("no CPU request", ("RES-001",), _resources("requests", "cpu")),
    Kind("no memory request", ("RES-002",), _resources("requests", "memory")),
    Kind("no CPU limit", ("RES-003",), _resources("limits", "cpu")),
    Kind("no memory limit", ("RES-004",), _resources("limits", "memory")),
    Kind("request above the limit", ("RES-009",), _request_above_limit),
    Kind("memory in milli bytes", ("RES-010",), in_container("resources", "limits", memory="512m")),
    Kind("memory volume without size", ("RES-012",), _volume(emptyDir={"medium": "Memory"})),
)

IMAGES = (
    Kind("tag latest", ("IMG-001",), _tag(":latest")),
    Kind("no tag", ("IMG-020",), _tag("")),
    Kind("tag main", ("IMG-024",), _tag(":main")),
    Kind("malformed image", ("IMG-026",), _tag(":not a tag")),
    Kind("no image", ("IMG-027", "API-002"), without_in_container("image")),
    Kind("never pull", ("IMG-025",), in_container(imagePullPolicy="Never")),
)

RELIABILITY = (
    Kind("no liveness probe", ("REL-001",), without_in_container("livenessProbe")),
    Kind("no readiness probe", ("REL-020",), without_in_container("readinessProbe")),
    Kind("liveness probe like the readiness probe", ("REL-021",), _same_liveness),
    Kind("probe of an unknown port name", ("REL-022",), _probe_port),
    Kind("recreate at each release", ("REL-005",), setting("spec", "strategy", value={"type": "Recreate"})),
    Kind("one replica", ("REL-031",), setting("spec", "replicas", value=1)),
    Kind("stuck autoscaler", ("REL-032",), _hpa_stuck),
    Kind("autoscaler down to one", ("REL-004",), setting("spec", "minReplicas", value=1)),
    Kind("autoscaler of nothing", ("REL-064",), setting("spec", "scaleTargetRef", "name", value="nosuch")),
    Kind("restart policy that is refused", ("REL-046",), in_pod(restartPolicy="Sometimes")),
    Kind("no grace at the end", ("REL-048",), in_pod(terminationGracePeriodSeconds=0)),
    Kind("updates by hand", ("REL-049",), setting("spec", "updateStrategy", value={"type": "OnDelete"})),
    Kind("pinned to a node", ("REL-050",), in_pod(nodeName="ip-10-0-0-1")),
    Kind("host aliases", ("REL-052",), in_pod(hostAliases=[{"ip": "10.0.0.1", "hostnames": ["a"]}])),
    Kind("paused rollout", ("REL-053",), setting("spec", "paused", value=True)),
    Kind(
        "budget that lets no pod go",
        ("REL-068", "REL-069", "REL-079"),
        setting("spec", value={"maxUnavailable": 0, "selector": {"matchLabels": {"a": "b"}}}),
    ),
    Kind("budget of no pod", ("REL-072",), _selector_typo("spec", "selector", "matchLabels")),
    Kind(
        "template that the selector misses",
        ("REL-077",),
        _selector_typo("spec", "template", "metadata", "labels"),
    ),
    Kind("budget deleted", ("REL-002",), _rename, ("PodDisruptionBudget",), _SELECTED_BY_BUDGET, True),
    Kind("ConfigMap renamed", ("REL-081",), _rename, ("ConfigMap",), _reads),
)

API = (
    Kind("port out of range", ("API-031",), appending(first, "ports", {"containerPort": 70000})),
    Kind("variable twice", ("API-022",), _twice(first, "env")),
    Kind("mount of no volume", ("API-023",), _undefined_mount),
    Kind("container twice", ("API-025",), _twice(pod_of, "containers")),
    Kind("volume twice", ("API-026",), _twice(pod_of, "volumes")),
    Kind("invalid name", ("API-028",), setting("metadata", "name", value="Not_Valid")),
    Kind("misspelt field", ("API-002",), setting("spec", "replicass", value=2)),
)

NETWORK = (
    Kind("Service of no pod", ("NET-033",), _selector_typo("spec", "selector")),
    Kind("Service to an unknown port", ("NET-034",), _target_port),
    Kind("container port renamed", ("NET-034",), _port_name, _WORKLOADS, _served_by_name),
    Kind("node port", ("NET-030",), setting("spec", "type", value="NodePort")),
    Kind("load balancer", ("NET-031", "NET-028"), setting("spec", "type", value="LoadBalancer")),
    Kind("external address", ("NET-032",), setting("spec", "externalIPs", value=["203.0.113.9"])),
    Kind("policy of no pod", ("NET-024",), _selector_typo("spec", "podSelector", "matchLabels")),
    Kind("policy that lets everybody in", ("NET-026",), setting("spec", "ingress", value=[{}])),
    Kind(
        "policy deleted",
        ("NET-022", "NET-023", "NET-001"),
        _rename,
        ("NetworkPolicy",),
        _SELECTED_BY_POLICY,
        True,
    ),
    Kind("no TLS", ("NET-008",), without("spec", "tls")),
    Kind("console on a node port", ("NET-005",), setting("spec", "type", value="NodePort")),
)

RBAC = (
    Kind("every verb", ("RBAC-001",), _rule(apiGroups=["apps"], resources=["deployments"], verbs=["*"])),
    Kind("every resource", ("RBAC-002",), _rule(apiGroups=[""], resources=["*"], verbs=["get"])),
    Kind("every group", ("RBAC-003",), _rule(apiGroups=["*"], resources=["jobs"], verbs=["get"])),
    Kind("read all Secrets", ("RBAC-004",), _rule(apiGroups=[""], resources=["secrets"], verbs=["list"])),
    Kind("create pods", ("RBAC-005",), _rule(apiGroups=[""], resources=["pods"], verbs=["create"])),
    Kind(
        "escalate",
        ("RBAC-006",),
        _rule(apiGroups=["rbac.authorization.k8s.io"], resources=["clusterroles"], verbs=["escalate"]),
    ),
    Kind(
        "bind",
        ("RBAC-007",),
        _rule(apiGroups=["rbac.authorization.k8s.io"], resources=["clusterroles"], verbs=["bind"]),
    ),
    Kind("impersonate", ("RBAC-008",), _rule(apiGroups=[""], resources=["users"], verbs=["impersonate"])),
    Kind(
        "change webhooks",
        ("RBAC-010",),
        _rule(
            apiGroups=["admissionregistration.k8s.io"],
            resources=["mutatingwebhookconfigurations"],
            verbs=["update"],
        ),
    ),
    Kind("exec into pods", ("RBAC-011",), _rule(apiGroups=[""], resources=["pods/exec"], verbs=["create"])),
    Kind(
        "issue tokens",
        ("RBAC-013",),
        _rule(apiGroups=[""], resources=["serviceaccounts/token"], verbs=["create"]),
    ),
    Kind(
        "list Secrets of the namespace",
        ("RBAC-024",),
        _rule(apiGroups=[""], resources=["secrets"], verbs=["list"]),
    ),
    Kind("cluster-admin", ("IAM-014",), setting("roleRef", "name", value="cluster-admin")),
    Kind(
        "grant to everybody",
        ("RBAC-017",),
        setting(
            "subjects",
            value=[
                {"kind": "Group", "apiGroup": "rbac.authorization.k8s.io", "name": "system:authenticated"}
            ],
        ),
    ),
    Kind(
        "grant to anonymous",
        ("RBAC-015",),
        setting(
            "subjects",
            value=[{"kind": "User", "apiGroup": "rbac.authorization.k8s.io", "name": "system:anonymous"}],
        ),
    ),
    Kind("role renamed", ("RBAC-019",), _rename, ("Role", "ClusterRole"), _binds),
    Kind("account renamed under its pods", ("RBAC-020",), _rename, ("ServiceAccount",), _uses_account),
    Kind("account renamed under its binding", ("RBAC-021",), _rename, ("ServiceAccount",), _grants_to),
)

GPU = (
    Kind(
        "GPU toleration without a GPU",
        ("GPU-004",),
        appending(
            pod_of, "tolerations", {"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}
        ),
    ),
    Kind("every taint tolerated", ("GPU-004",), appending(pod_of, "tolerations", {"operator": "Exists"})),
    Kind("GPU node not selected", ("GPU-003",), _unselect_gpu_node),
    Kind("half a GPU", ("GPU-006",), _gpu_fraction),
    Kind("NVIDIA_VISIBLE_DEVICES", ("GPU-017",), _environment("NVIDIA_VISIBLE_DEVICES", value="all")),
    Kind("privileged GPU container", ("GPU-018",), _privileged_gpu),
    Kind("no /dev/shm", ("GPU-016",), _forget_shm),
    Kind("Karpenter pool without limits", ("ZRO-020",), without("spec", "limits")),
    Kind(
        "Karpenter pool that never consolidates",
        ("ZRO-023",),
        setting("spec", "disruption", value={"consolidateAfter": "Never"}),
    ),
    Kind(
        "IMDSv1 on Karpenter's nodes",
        ("IAM-041",),
        setting("spec", "metadataOptions", value={"httpTokens": "optional"}),
    ),
    Kind("Karpenter pool with replicas", ("ZRO-001",), setting("spec", "replicas", value=1)),
)

KEDA = (
    Kind("misspelt trigger key", ("KED-003",), _trigger(_misspell)),
    Kind("unknown trigger", ("KED-023",), _trigger(_unknown_type)),
    Kind("threshold that is no number", ("KED-025",), _trigger(_not_a_number)),
    Kind("minimum above maximum", ("KED-004",), _scaler_bounds),
    Kind(
        "paused scaler",
        ("KED-018",),
        setting("metadata", "annotations", value={"autoscaling.keda.sh/paused": "true"}),
    ),
    Kind("scaler name too long", ("KED-006",), setting("metadata", "name", value="a" * 64)),
)

ARGO_AND_METRICS = (
    Kind(
        "no self-healing", ("ARG-004",), setting("spec", "syncPolicy", value={"automated": {"prune": True}})
    ),
    Kind("no pruning", ("ARG-027",), setting("spec", "syncPolicy", value={"automated": {"selfHeal": True}})),
    Kind(
        "two destinations",
        ("ARG-024",),
        setting("spec", "destination", value={"server": "https://a", "name": "b"}),
    ),
    Kind("no finalizer", ("ARG-028",), without("metadata", "finalizers")),
    Kind(
        "chart version range",
        ("ARG-025",),
        lambda body: (
            "chart" in ((body.get("spec") or {}).get("source") or {})
            and setting("spec", "source", "targetRevision", value="1.*")(body)
        ),
    ),
    Kind("project that allows every repository", ("ARG-020",), setting("spec", "sourceRepos", value=["*"])),
    Kind("monitor of nothing", ("OBS-001",), _selector_typo("spec", "selector", "matchLabels")),
)

KINDS = (*SECURITY, *RESOURCES, *IMAGES, *RELIABILITY, *API, *NETWORK, *RBAC, *GPU, *KEDA, *ARGO_AND_METRICS)
