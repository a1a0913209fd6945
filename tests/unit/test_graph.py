"""The joins of a workload: every kind of edge, and what a missing other end looks like."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditor.report import Graph, GraphEdge, GraphNode
from tests.unit.platforms import graphs_of, write_platform

WORKER = ":apps/Deployment/inference/worker"
QUEUE = "infra:aws_sqs_queue.jobs"

STRAY = """\
apiVersion: v1
kind: Pod
metadata: {name: debug, namespace: inference}
spec:
  nodeSelector: {workload: gpu}
  tolerations: [{operator: Exists}]
  containers: [{name: debug, image: "example.com/debug:1"}]
"""

HPA = """\
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: rival, namespace: inference}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: worker}
  minReplicas: 1
  maxReplicas: 2
"""

WEB = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: inference}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: web, image: "example.com/web:1"}]
"""


def only(root: Path, workload: str = "") -> Graph:
    """The one graph of a tree."""
    (found,) = graphs_of(root, workload)
    return found


def edge(graph: Graph, start: str, end: str) -> GraphEdge:
    """The edge between two nodes whose ids end so."""
    (found,) = [e for e in graph.edges if e.from_.endswith(start) and e.to.endswith(end)]
    return found


def node(graph: Graph, end: str) -> GraphNode:
    """The node whose id ends so."""
    (found,) = [n for n in graph.nodes if n.id.endswith(end)]
    return found


def test_a_whole_platform_hangs_together(tmp_path: Path) -> None:
    graph = only(write_platform(tmp_path))
    assert graph.name == "Deployment inference/worker"
    assert {(e.from_.split(":")[-1], e.label, e.to.split(":")[-1]) for e in graph.edges} == {
        ("keda.sh/ScaledObject/inference/worker", "scales 0 to 4", "apps/Deployment/inference/worker"),
        (
            "keda.sh/ScaledObject/inference/worker",
            "authenticates by",
            "keda.sh/TriggerAuthentication/inference/worker-aws",
        ),
        ("keda.sh/TriggerAuthentication/inference/worker-aws", "as keda-operator", "aws_iam_role.keda"),
        ("keda.sh/ScaledObject/inference/worker", "counts messages of", "aws_sqs_queue.jobs"),
        ("aws_sqs_queue.jobs", "dead letters go to", "aws_sqs_queue.dead"),
        ("aws_s3_bucket_notification.uploads", "notifies", "aws_sqs_queue.jobs"),
        ("apps/Deployment/inference/worker", "starts on g5.xlarge", "aws_eks_node_group.gpu"),
        ("apps/Deployment/inference/worker", "runs as", "/ServiceAccount/inference/worker"),
        ("/ServiceAccount/inference/worker", "acts as (IRSA)", "aws_iam_role.worker"),
        (
            "aws_iam_role.worker",
            "grants sqs:ReceiveMessage, sqs:DeleteMessage and 2 more",
            "aws_sqs_queue.jobs",
        ),
        ("/Service/inference/worker", "sends traffic to", "apps/Deployment/inference/worker"),
        ("monitoring.coreos.com/ServiceMonitor/inference/worker", "scrapes", "/Service/inference/worker"),
        (
            "policy/PodDisruptionBudget/inference/worker",
            "keeps available",
            "apps/Deployment/inference/worker",
        ),
        (
            "networking.k8s.io/NetworkPolicy/inference/default-deny",
            "isolates",
            "apps/Deployment/inference/worker",
        ),
        ("apps/Deployment/inference/worker", "mounts", "/PersistentVolumeClaim/inference/models"),
    }
    assert all(e.ok for e in graph.edges)


def test_nodes_carry_their_place_and_their_gravest_verdict(tmp_path: Path) -> None:
    graph = only(write_platform(tmp_path))
    queue = node(graph, QUEUE)
    assert (queue.label, queue.kind) == ("jobs", "aws_sqs_queue")
    assert queue.location is not None and queue.location.file == "infra/main.tf"
    assert (
        (tmp_path / "infra/main.tf")
        .read_text()
        .splitlines()[queue.location.line - 1]
        .startswith('resource "aws_sqs_queue" "jobs"')
    )
    assert (queue.status, node(graph, WORKER).status) == ("pass", "fail")
    assert node(graph, "/PersistentVolumeClaim/inference/models").status == ""


@pytest.mark.parametrize(
    ("change", "start", "end", "said"),
    [
        (
            ("key: nvidia.com/gpu, operator: Exists", "key: other, operator: Exists"),
            WORKER,
            "aws_eks_node_group.gpu",
            "taint nvidia.com/gpu=present:NoSchedule is not tolerated",
        ),
        (("111122223333/jobs\n", "111122223333/jbos\n"), "/worker", "?aws_sqs_queue/jbos", "not there"),
        (
            ("authenticationRef: {name: worker-aws}", "authenticationRef: {name: worker-asw}"),
            "/worker",
            "?TriggerAuthentication/worker-asw",
            "not there: there is worker-aws",
        ),
        (("sqs:DeleteMessage", "sqs:SendMessage"), "role.worker", QUEUE, "may not sqs:DeleteMessage"),
        (("inference:worker", "inference:other"), "/worker", "aws_iam_role.worker", "is not trusted"),
        (('Service = "s3.amazonaws.com"', 'Service = "sns.amazonaws.com"'), "uploads", QUEUE, "may not"),
        (
            ("redrive_policy = jsonencode", "tags = tomap"),
            QUEUE,
            "no dead-letter queue",
            "dead letters go nowhere",
        ),
        (("endpoints: [{port: metrics}]", "endpoints: [{port: mertics}]"), "/worker", "/worker", "mertics"),
        (("claimName: models", "claimName: modles"), WORKER, "?PersistentVolumeClaim/modles", "not there"),
        (
            ('Action = "sqs:GetQueueAttributes"', 'Action = "sqs:ListQueues"'),
            "/worker-aws",
            "aws_iam_role.keda",
            "may not sqs:GetQueueAttributes",
        ),
    ],
)
def test_a_join_that_does_not_hold_says_why(
    tmp_path: Path, change: tuple[str, str], start: str, end: str, said: str
) -> None:
    graph = only(write_platform(tmp_path, change))
    found = [e for e in graph.edges if e.from_.endswith(start) and e.to.endswith(end) and said in e.label]
    assert found, [(e.from_, e.label, e.to) for e in graph.edges]
    assert not found[0].ok
    if "?" in end:
        assert node(graph, end).status == "fail"


def test_a_budget_that_lets_no_pod_go_is_broken(tmp_path: Path) -> None:
    root = write_platform(
        tmp_path, ("maxUnavailable: 1", "minAvailable: 1"), ("minReplicaCount: 0", "minReplicaCount: 1")
    )
    found = edge(only(root), "PodDisruptionBudget/inference/worker", WORKER)
    assert (found.ok, found.label) == (False, "lets no pod go")


def test_a_second_scaler_fights_the_first(tmp_path: Path) -> None:
    graph = only(write_platform(tmp_path, hpa=HPA))
    fights = edge(graph, "ScaledObject/inference/worker", WORKER)
    assert not fights.ok and "HorizontalPodAutoscaler inference/rival" in fights.label
    assert edge(graph, "HorizontalPodAutoscaler/inference/rival", WORKER).label == "scales 1 to 2"


def test_scalers_of_other_folders_are_left_out_where_one_lies_beside(tmp_path: Path) -> None:
    root = write_platform(tmp_path)
    (tmp_path / "other").mkdir()
    (tmp_path / "other/hpa.yaml").write_text(HPA)
    assert {n.kind for n in only(root).nodes if n.label in ("worker", "rival")} >= {"ScaledObject"}
    assert "rival" not in {n.label for n in only(root).nodes}
    (tmp_path / "app/scaler.yaml").unlink()
    assert edge(only(root), "HorizontalPodAutoscaler/inference/rival", WORKER).ok


def test_a_scaler_that_names_nearly_this_workload_is_drawn_broken(tmp_path: Path) -> None:
    change = ("scaleTargetRef: {name: worker}", "scaleTargetRef: {name: workre}")
    found = edge(only(write_platform(tmp_path, change)), "ScaledObject/inference/worker", WORKER)
    assert (found.ok, found.label) == (False, "names Deployment workre, which is not there")


def test_a_stray_keeps_the_node_up(tmp_path: Path) -> None:
    graph = only(write_platform(tmp_path, stray=STRAY))
    found = edge(graph, "/Pod/inference/debug", "aws_eks_node_group.gpu")
    assert not found.ok and found.label.startswith("keeps it up: ")


def test_a_workload_that_is_always_on_keeps_its_own_node_up(tmp_path: Path) -> None:
    graph = only(write_platform(tmp_path, ("minReplicaCount: 0", "minReplicaCount: 1")))
    found = edge(graph, WORKER, "aws_eks_node_group.gpu")
    assert found.ok and found.label.startswith("starts on g5.xlarge and keeps it up: ")


def test_what_may_be_elsewhere_is_not_called_missing(tmp_path: Path) -> None:
    root = write_platform(tmp_path)
    (root / "infra/main.tf").unlink()
    graph = only(root)
    for end in ("?aws_sqs_queue/jobs", "?node group/node group", "?aws_iam_role/worker"):
        assert node(graph, end).status == "not-assessed"
    assert all(e.ok for e in graph.edges)


def test_many_network_policies_are_one_node(tmp_path: Path) -> None:
    policy = (
        "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n"
        "metadata: {{name: extra-{0}, namespace: inference}}\nspec: {{podSelector: {{}}}}\n"
    )
    graph = only(write_platform(tmp_path, more="".join(policy.format(at) for at in range(4))))
    (found,) = [n for n in graph.nodes if n.kind == "NetworkPolicy"]
    assert found.label == "5 NetworkPolicies"


def test_only_gpu_workloads_are_drawn_unless_others_are_named(tmp_path: Path) -> None:
    root = write_platform(tmp_path, web=WEB)
    assert [g.name for g in graphs_of(root)] == ["Deployment inference/worker"]
    for pattern in ("web", "inference/w?b", "Deployment inference/web", "apps/Deployment/*/web"):
        assert [g.name for g in graphs_of(root, pattern)] == ["Deployment inference/web"]
    assert len(graphs_of(root, "*")) == 2
    assert len(graphs_of(root, "*", limit=1)) == 1
    assert graphs_of(root, "none") == ()


def test_two_workloads_of_one_name_are_told_apart(tmp_path: Path) -> None:
    found = graphs_of(write_platform(tmp_path, web=WEB, web2=WEB), "web")
    assert [g.name for g in found] == [
        "Deployment inference/web (app/web.yaml)",
        "Deployment inference/web (app/web2.yaml)",
    ]
    shared = {n.id for n in found[0].nodes} & {n.id for n in found[1].nodes}
    assert [name.rpartition("/")[2] for name in shared] == ["default-deny"]


def test_a_scaled_job_is_scaler_and_workload_at_once(tmp_path: Path) -> None:
    job = """\
apiVersion: keda.sh/v1alpha1
kind: ScaledJob
metadata: {name: batch, namespace: inference}
spec:
  jobTargetRef:
    template:
      spec:
        restartPolicy: Never
        containers:
          - {name: batch, image: "example.com/batch:1", resources: {limits: {nvidia.com/gpu: 1}}}
  triggers:
    - type: aws-sqs-queue
      metadata: {queueURL: "https://sqs.us-east-1.amazonaws.com/111122223333/jobs", awsRegion: us-east-1}
"""
    graph = only(write_platform(tmp_path, job=job), "batch")
    assert edge(graph, "ScaledJob/inference/batch", QUEUE).label == "counts messages of"
    assert not edge(graph, "ScaledJob/inference/batch", "aws_eks_node_group.gpu").ok


def test_graphs_are_the_same_each_time(tmp_path: Path) -> None:
    root = write_platform(tmp_path, web=WEB, hpa=HPA, stray=STRAY)
    assert graphs_of(root, "*") == graphs_of(root, "*")
