"""The control plane that the other live tests stand on."""

from __future__ import annotations

import base64
import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.live.controlplane.api import ApiError, condition
from tests.live.controlplane.cluster import ISSUER, Cluster
from tests.live.controlplane.manifests import Object
from tests.live.controlplane.processes import is_alive
from tests.live.controlplane.stages import ENDED, EXIT_CODE, HELD
from tests.live.controlplane.timeline import Timeline, wait_for

pytestmark = pytest.mark.slow
AUDIENCE = "sts.amazonaws.com"


def deployment(name: str, replicas: int) -> Object:
    labels = {"app": name}
    pod = {"containers": [{"name": "main", "image": "registry.example/none:1"}]}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": pod},
        },
    }


def claims(token: str) -> dict[str, object]:
    body = token.split(".")[1]
    decoded: dict[str, object] = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    return decoded


def test_pods_of_a_deployment_run_on_the_nodes(cluster: Cluster, namespace: str, timeline: Timeline) -> None:
    timeline.include(cluster.timeline, "cluster")
    cluster.add_node("node-0")
    cluster.add_node("node-1")
    timeline.note("two nodes added")

    def taintless() -> bool:
        nodes = cluster.api.list("v1", "Node")
        return sum(not node["spec"].get("taints") for node in nodes) >= 2

    timeline.wait_for("both nodes take pods", taintless)
    cluster.api.apply(deployment("web", 6), namespace=namespace)

    def placed() -> set[str]:
        pods = cluster.api.list("v1", "Pod", namespace)
        running = [pod["spec"]["nodeName"] for pod in pods if pod["status"].get("phase") == "Running"]
        return set(running) if len(running) == 6 else set()

    assert timeline.wait_for("six pods running", placed) == {"node-0", "node-1"}
    assert (
        cluster.kubectl("get", "deploy", "web", f"-n={namespace}", "-o=jsonpath={.status.readyReplicas}")
        == "6"
    )
    timeline.note(f"resident MiB: {cluster.resident_mib()}")


def test_a_projected_token_is_for_its_audience_only(cluster: Cluster) -> None:
    token = cluster.api.token("default", "default", audiences=[AUDIENCE])
    assert claims(token)["aud"] == [AUDIENCE]
    assert claims(token)["iss"] == ISSUER
    assert claims(token)["sub"] == "system:serviceaccount:default:default"
    review = {
        "apiVersion": "authentication.k8s.io/v1",
        "kind": "TokenReview",
        "spec": {"token": token, "audiences": [AUDIENCE]},
    }
    path = "/apis/authentication.k8s.io/v1/tokenreviews"
    assert cluster.api.request("POST", path, review)["status"]["authenticated"] is True
    review["spec"] = {"token": token}
    assert not cluster.api.request("POST", path, review)["status"].get("authenticated")


def test_oidc_discovery_publishes_the_key_that_signs_tokens(cluster: Cluster) -> None:
    discovery = cluster.api.request("GET", "/.well-known/openid-configuration")
    assert discovery["issuer"] == ISSUER
    keys = cluster.api.request("GET", "/openid/v1/jwks")["keys"]
    header = cluster.api.token("default", "default").split(".")[0]
    kid = json.loads(base64.urlsafe_b64decode(header + "=" * (-len(header) % 4)))["kid"]
    assert kid in {key["kid"] for key in keys}


def admission_policy(name: str, expression: str) -> Object:
    rule = {
        "apiGroups": ["apps"],
        "apiVersions": ["v1"],
        "operations": ["CREATE"],
        "resources": ["deployments"],
    }
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingAdmissionPolicy",
        "metadata": {"name": name},
        "spec": {
            "matchConstraints": {"resourceRules": [rule]},
            "validations": [{"expression": expression, "message": "too many"}],
        },
    }


def test_the_type_check_of_an_admission_policy_finds_a_misspelt_field(
    cluster: Cluster, timeline: Timeline
) -> None:
    kind = ("admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicy")
    cluster.api.apply([admission_policy("right", "object.spec.replicas <= 5")])
    cluster.api.apply([admission_policy("misspelt", "object.spec.replcas <= 5")])

    def warnings(name: str) -> list[str] | None:
        status = cluster.api.get(*kind, name).get("status", {})
        if "observedGeneration" not in status:
            return None
        return [one["warning"] for one in status["typeChecking"].get("expressionWarnings", [])]

    found = timeline.wait_for("misspelt field found", lambda: warnings("misspelt"))
    assert found
    assert "undefined field 'replcas'" in found[0]
    wait_for("the right one checked", lambda: warnings("right") is not None)
    assert warnings("right") == []
    with pytest.raises(ApiError, match="Syntax error"):
        cluster.api.apply(admission_policy("broken", "object.spec.replicas <="))


def test_the_state_survives_a_crash_of_the_api_server(timeline: Timeline) -> None:
    with Cluster() as own:
        own.api.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "kept"}})
        timeline.note("control plane ready")
        own.restart_api_server()
        timeline.note("API server ready again")
        assert own.api.get("v1", "ConfigMap", "kept")


def test_an_isolated_cluster_answers_outside_and_binds_nothing_there(timeline: Timeline) -> None:
    with Cluster(isolated=True) as isolated:
        timeline.note("isolated control plane ready")
        assert isolated.api.request("GET", "/version")["gitVersion"] == "v1.34.4"
        version = json.loads(isolated.kubectl("version", "--client", "-o=json"))
        assert version["clientVersion"]["gitVersion"].startswith("v1.34.4")
        own = Path("/proc/self/ns/net").readlink()
        theirs = {Path(f"/proc/{pid}/ns/net").readlink() for pid in isolated.processes.pids()}
        assert theirs and own not in theirs


def test_nothing_is_left_when_the_test_process_is_killed() -> None:
    code = (
        "import time; from tests.live.controlplane.cluster import Cluster; c = Cluster().start();"
        "print('running', c.folder, *c.processes.pids(), flush=True); time.sleep(600)"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    said = next(line.split() for line in process.stdout if line.startswith("running "))
    folder, pids = Path(said[1]), [int(word) for word in said[2:]]
    assert folder.is_dir() and len(pids) >= 5 and all(is_alive(pid) for pid in pids)
    process.send_signal(signal.SIGKILL)
    process.wait()
    wait_for("every process gone", lambda: not any(is_alive(pid) for pid in pids), timeout=10.0)
    assert not folder.exists()


def job(name: str, annotations: dict[str, str]) -> Object:
    pod = {
        "restartPolicy": "Never",
        "containers": [{"name": "main", "image": "registry.example/none:1"}],
    }
    template = {"metadata": {"annotations": annotations}, "spec": pod}
    spec = {"backoffLimit": 0, "template": template}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name}, "spec": spec}


def ended(manifest: Object) -> str | None:
    return next((one for one in ("Complete", "Failed") if condition(manifest, one) == "True"), None)


def test_a_job_ends_with_the_code_that_its_pod_is_told(cluster: Cluster, namespace: str) -> None:
    cluster.add_node("node-0")
    cluster.api.apply([job("good", {}), job("bad", {EXIT_CODE: "3"})], namespace=namespace)
    jobs = ("batch/v1", "Job")
    good = wait_for("good", lambda: ended(cluster.api.get(*jobs, "good", namespace)))
    bad = wait_for("bad", lambda: ended(cluster.api.get(*jobs, "bad", namespace)))
    assert (good, bad) == ("Complete", "Failed")
    [pod] = cluster.api.list("v1", "Pod", namespace, selector="job-name=bad")
    assert pod["status"]["containerStatuses"][0]["state"]["terminated"]["exitCode"] == 3


def test_a_held_pod_stays_until_it_is_told_that_its_process_has_ended(
    cluster: Cluster, namespace: str
) -> None:
    cluster.add_node("node-0")
    pod = deployment("held", 1)["spec"]["template"]["spec"] | {"terminationGracePeriodSeconds": 600}
    meta = {"name": "held", "annotations": {HELD: "yes"}}
    cluster.api.apply({"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": pod}, namespace=namespace)
    path = ("v1", "Pod", "held")
    wait_for("running", lambda: cluster.api.get(*path, namespace)["status"].get("phase") == "Running")
    cluster.api.delete(*path, namespace)
    time.sleep(1.0)
    assert cluster.api.get(*path, namespace)["metadata"]["deletionTimestamp"]
    cluster.api.patch(*path, {"metadata": {"annotations": {ENDED: "yes"}}}, namespace)
    wait_for("gone", lambda: cluster.api.find(*path, namespace) is None)
