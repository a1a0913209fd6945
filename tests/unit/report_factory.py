"""Reports made by hand for the reporters' tests: a usual one, an empty one, a hostile one, a big one."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from auditor.report import (
    CategoryScore,
    Finding,
    FixInfo,
    Gate,
    Graph,
    GraphEdge,
    GraphNode,
    History,
    HistoryRun,
    Inputs,
    Judged,
    Location,
    Money,
    MoneyRow,
    OpenSince,
    PolicyResult,
    ProblemRow,
    RelatedLocation,
    Replacement,
    Report,
    ScoreChangeRow,
    ScoreInfo,
    TargetInfo,
    WaiverInfo,
)

GOLDEN = Path(__file__).parents[1] / "golden" / "reporters"
WORKER = "apps/base/ml-worker.yaml"
NODES = "terraform/gpu.tf"

NASTY = (
    "</script><img src=x onerror=alert(1)>",
    "<!-- --><![CDATA[ ]]>",
    "| cell | `code` ```fence``` ~~~",
    "@team #123 GH-1 https://evil.example www.evil.example a@b.example",
    "\x1b[31mred\x1b]8;;http://evil\x07 \x00 \x85 \u2028",
    "\u202egnp.exe \u2066 \ufeff",
    "::error file=x::injected\r\n::warning::again%0A",
    "lone \udcff surrogate \ufffe",
    "[link](javascript:alert(1)) ![i](http://evil/x.png)",
    "]]> &amp; &lt; \" ' \\ {0} {{1}}",
    "emoji 🧪👩‍🔬 and 漢字",
    "",
    "   ",
    "\n\n---\n# head\n> quote\n- [ ] item\n1. one\n<details>",
)


def policy(code: str, name: str, severity: Any, category: str, **more: Any) -> PolicyResult:
    """One policy's row."""
    title = more.pop("title", name.replace("-", " ").capitalize())
    rationale = more.pop("rationale", f"Why {name} matters.\n")
    return PolicyResult(
        code=code, id=name, title=title, severity=severity, category=category, rationale=rationale, **more
    )


POLICIES = (
    policy(
        "GPU-002",
        "gpu-untolerated-taint",
        "critical",
        "gpu-scheduling",
        title="GPU pod does not tolerate the GPU taint",
        rationale="A pod that asks for a GPU and does not tolerate its nodes' taint is never scheduled.\n",
        references=("https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/",),
        controls=("CIS-EKS-5.1",),
        fix="tolerate the GPU taint",
        passed=1,
        failed=1,
    ),
    policy("GPU-003", "gpu-without-node-label", "high", "gpu-scheduling", passed=3, failed=1, waived=1),
    policy("ZRO-007", "scaler-min-above-zero", "critical", "scale-to-zero", passed=2),
    policy("ZRO-009", "cooldown-under-job-time", "medium", "scale-to-zero", not_assessed=2),
    policy("IAM-002", "static-aws-keys", "critical", "identity", passed=7, confidence="medium"),
    policy("RES-004", "memory-limit-missing", "low", "resources", passed=1, failed=2),
    policy("KED-003", "trigger-metadata-unknown", "critical", "keda", passed=0, errors=1),
)


def finding(code: str = "GPU-002", **more: Any) -> Finding:
    """A failure of the worker, unless told otherwise."""
    severity = next((p.severity for p in POLICIES if p.code == code), "high")
    fields: dict[str, Any] = {
        "policy": code,
        "status": "fail",
        "severity": severity,
        "resource": "apps/Deployment/inference/ml-worker",
        "title": "Deployment inference/ml-worker",
        "targets": ("prod",),
        "location": Location(WORKER, 14, 9, 14, 21),
        "message": "ml-worker asks for nvidia.com/gpu and does not tolerate nvidia.com/gpu:NoSchedule",
        "fingerprints": (f"{code.lower()}-6f1d",),
    }
    return Finding(**(fields | more))


def fix(title: str = "tolerate the GPU taint", safety: Any = "safe", **more: Any) -> FixInfo:
    """An insertion of four lines below line 20."""
    lines = ("tolerations:", "- key: nvidia.com/gpu", "  operator: Exists", "  effect: NoSchedule")
    text = "".join(f"      {line}\n" for line in lines)
    added = "".join(f"+{line}\n" for line in text.splitlines())
    head = f"--- a/{WORKER}\n+++ b/{WORKER}\n@@ -19,2 +19,6 @@\n"
    diff = f"{head}       containers:\n{added}       - name: worker\n"
    edit = Replacement(WORKER, 410, 410, text, 20, 1, 20, 1)
    return FixInfo(title, safety, **({"diff": diff, "edits": (edit,)} | more))


EXCERPT = (
    (12, "    spec:"),
    (13, "      containers:"),
    (14, "      - name: worker"),
    (15, "        resources: {limits: {nvidia.com/gpu: 1}}"),
)

FINDINGS = (
    finding(
        related=(
            RelatedLocation("aws_eks_node_group.gpu: taint nvidia.com/gpu", Location(NODES, 31, 3, 35, 4)),
        ),
        excerpt=EXCERPT,
        fix=fix(),
        cost=734.38,
        new=True,
    ),
    finding("GPU-003", message="ml-worker has no nodeSelector", location=Location(WORKER, 14), new=False),
    finding(
        "GPU-003",
        status="waived",
        resource="batch/Job/inference/warm-up",
        title="Job inference/warm-up",
        location=Location("apps/base/warm-up.yaml", 3, 1, 3, 10),
        message="warm-up has no nodeSelector",
        waiver=WaiverInfo("runs once, by hand", "ana", "2027-01-31", "OPS-7", "auditor.toml:12"),
        fingerprints=("gpu-003-warm",),
        new=False,
    ),
    finding(
        "ZRO-009",
        status="not-assessed",
        message="",
        reason="the p95 of the job is not declared",
        repair="declare job.p95 for inference/ml-worker in auditor.toml",
        fingerprints=("zro-009-a",),
    ),
    finding(
        "ZRO-009",
        status="not-assessed",
        resource="apps/Deployment/inference/ocr",
        title="Deployment inference/ocr",
        location=Location("apps/base/ocr.yaml", 8),
        message="",
        reason="the p95 of the job is not declared",
        repair="declare job.p95 for inference/ocr in auditor.toml",
        fingerprints=("zro-009-b",),
    ),
    finding(
        "KED-003",
        status="error",
        resource="keda.sh/ScaledObject/inference/ml-worker",
        title="ScaledObject inference/ml-worker",
        location=Location("apps/base/scaler.yaml", 11, 5, 11, 13),
        message="the policy could not be evaluated: no such overload (line 1, column 9)",
        repair="correct the field it names when it has the wrong type; else report the policy",
        fingerprints=("ked-003-a",),
    ),
    finding(
        "RES-004",
        resource="aws_eks_node_group.gpu",
        title="aws_eks_node_group.gpu",
        targets=("dev", "prod"),
        location=Location(NODES, 0, precision="file", note="from a plan"),
        message="the group sets no memory limit",
        fix=fix("set a memory limit", "unsafe", diff="", edits=(), refused="three candidates set this field"),
        fingerprints=("res-004-a", "res-004-b"),
        new=True,
    ),
    finding(
        "RES-004",
        location=Location(
            "charts/worker/templates/deployment.yaml", 40, precision="rendered", note="values.yaml: memory"
        ),
        message="container sidecar has no memory limit",
        fingerprints=("res-004-c",),
        new=True,
    ),
)

JUDGED = (
    Judged(
        "ZRO-007",
        "pass",
        "keda.sh/ScaledObject/inference/ocr",
        ("prod",),
        "",
        Location("apps/base/ocr.yaml", 30),
    ),
    Judged(
        "ZRO-007",
        "pass",
        "keda.sh/ScaledObject/inference/ml-worker",
        ("prod",),
        "",
        Location("apps/base/scaler.yaml", 1),
    ),
    Judged(
        "GPU-002",
        "not-applicable",
        "apps/Deployment/inference/web",
        ("prod",),
        "",
        Location("apps/base/web.yaml", 1),
    ),
)

MONEY = Money(
    floor=734.38,
    expected=734.38,
    worst=2937.52,
    region="us-east-1",
    prices_as_of="2026-07-20",
    rows=(
        MoneyRow(
            group="gpu",
            target="prod",
            instance_type="g5.xlarge",
            location=Location(NODES, 24, 3, 24, 15),
            usd_per_hour=1.006,
            floor=734.38,
            expected=734.38,
            worst=2937.52,
        ),
        MoneyRow(
            group="burst",
            target="prod",
            instance_type="p9.huge",
            location=Location(NODES, 60),
            usd_per_hour=None,
            floor=None,
            expected=None,
            worst=None,
            note="no price is known for p9.huge in us-east-1",
        ),
    ),
    change_floor=734.38,
    change_expected=734.38,
    change_worst=734.38,
)

GRAPH = Graph(
    "Deployment inference/ml-worker",
    nodes=(
        GraphNode("w", "Deployment inference/ml-worker", "Deployment", Location(WORKER, 1), "fail"),
        GraphNode(
            "s",
            "ScaledObject inference/ml-worker",
            "ScaledObject",
            Location("apps/base/scaler.yaml", 1),
            "error",
        ),
        GraphNode("q", "aws_sqs_queue.jobs", "aws_sqs_queue", Location("terraform/sqs.tf", 3), "pass"),
        GraphNode("dlq", "aws_sqs_queue.jobs_dlq", "aws_sqs_queue", Location("terraform/sqs.tf", 20), "pass"),
        GraphNode(
            "a",
            "ServiceAccount inference/ml-worker",
            "ServiceAccount",
            Location("apps/base/sa.yaml", 1),
            "pass",
        ),
        GraphNode(
            "r", "aws_iam_role.worker", "aws_iam_role", Location("terraform/iam.tf", 9), "not-assessed"
        ),
        GraphNode("n", "aws_eks_node_group.gpu", "aws_eks_node_group", Location(NODES, 20), "fail"),
    ),
    edges=(
        GraphEdge("s", "w", "scales"),
        GraphEdge("s", "q", "reads length"),
        GraphEdge("q", "dlq", "redrive"),
        GraphEdge("w", "a", "runs as"),
        GraphEdge("a", "r", "assumes"),
        GraphEdge("r", "q", "may receive"),
        GraphEdge("w", "n", "untolerated taint nvidia.com/gpu", ok=False),
    ),
)


def report(**more: Any) -> Report:
    """The usual report."""
    fields: dict[str, Any] = {
        "tool_version": "0.1.0",
        "scope": "platform",
        "generated_at": "2026-08-01T09:30:00Z",
        "policy_set": "5f2c9a",
        "base": "origin/main",
        "inputs": Inputs(
            files=34, manifests=28, documents=61, resources=57, terraform_files=6, other_files=3
        ),
        "score": ScoreInfo(
            model_version=1,
            effective=69.0,
            raw=75.8,
            uncapped=78.6,
            cap="critical",
            grade="D",
            coverage=88.6,
            provisional=True,
        ),
        "categories": (
            CategoryScore("gpu-scheduling", 60.7, 2, 6),
            CategoryScore("identity", 100.0, 0, 7),
            CategoryScore("keda", None, 0, 0),
            CategoryScore("resources", 33.3, 2, 3),
            CategoryScore("scale-to-zero", 100.0, 0, 2),
        ),
        "policies": POLICIES,
        "targets": (
            TargetInfo("dev", "kustomize", "apps/dev", 20, ("terraform",), 80.0),
            TargetInfo("prod", "argocd", "clusters/prod/apps.yaml", 37, ("terraform",), 69.0),
        ),
        "findings": FINDINGS,
        "judged": JUDGED,
        "problems": (
            ProblemRow(
                "apps/broken.yaml",
                3,
                1,
                "found character '\\t' that cannot start any token",
                "indent with blanks",
            ),
        ),
        "warnings": (
            ProblemRow(
                "auditor.toml", 20, 1, "the waiver of GPU-001 is unused", "remove it", incomplete=False
            ),
        ),
        "money": MONEY,
        "graphs": (GRAPH,),
        "gate": Gate(1, ("2 findings at or above high",)),
    }
    return Report(**(fields | more))


def history(scope: str = "platform", text: str = "") -> History:
    """Three runs: a loss, and another policy set; ``text`` stands wherever an audited tree chooses it."""
    run = HistoryRun(
        name=text or "20260801T093000Z-0badcafe.json",
        generated_at="2026-08-01T09:30:00Z",
        score=91.5,
        coverage=97.0,
        grade="B",
        open=1,
    )
    moved = ScoreChangeRow(text or "GPU-002", "changed", -22.5)
    lost = replace(
        run, generated_at="2026-08-02T09:30:00Z", score=69.0, open=2, new=1, points=-22.5, moved=(moved,)
    )
    other = replace(
        run, generated_at="2026-08-04T09:30:00Z", incomparable=text or "different policy sets", open=2
    )
    old = OpenSince(
        policy="GPU-002",
        severity="critical",
        resource=text or "apps/Deployment/inference/ml-worker",
        title=text or "Deployment inference/ml-worker",
        message=text or "does not tolerate nvidia.com/gpu:NoSchedule",
        since="2026-08-01T09:30:00Z",
        first="2026-08-01T09:30:00Z",
        before=True,
    )
    return History(
        scope=scope,
        where=text or "audits",
        runs=(run, lost, other),
        open=(old, replace(old, before=False, since="2026-08-02T09:30:00Z")),
        policies={"GPU-002": text or "gpu-untolerated-taint"},
        left_out=(ProblemRow(text or "audits/notes.json", 0, 0, text or "not a saved result", text, False),),
    )


def clean() -> Report:
    """A report without any finding."""
    score = ScoreInfo(
        model_version=1,
        effective=100.0,
        raw=100.0,
        uncapped=100.0,
        grade="A",
        coverage=100.0,
        provisional=False,
    )
    return report(
        findings=(), problems=(), warnings=(), money=None, graphs=(), score=score, gate=Gate(0), base=""
    )


def empty() -> Report:
    """Nothing was found to audit."""
    score = ScoreInfo(
        model_version=1, effective=None, raw=None, uncapped=None, grade="?", coverage=None, provisional=True
    )
    inputs = Inputs(files=0, manifests=0, documents=0, resources=0)
    return Report(
        tool_version="0.1.0",
        scope="nothing",
        generated_at="2026-08-01T09:30:00Z",
        policy_set="5f2c9a",
        inputs=inputs,
        score=score,
        gate=Gate(0),
    )


def hostile(text: str) -> Report:
    """A report in which every string that the audited tree can choose is ``text``."""
    where = Location(text or "x", 2, 3, 2, 9, "exact", text)
    row = finding(
        resource=text,
        title=text,
        targets=(text,),
        path=text,
        location=where,
        message=text,
        reason=text,
        repair=text,
        related=(RelatedLocation(text, where),),
        excerpt=((1, text), (2, text)),
        fix=FixInfo(text, "safe", diff=text, edits=(Replacement(text or "x", 0, 1, text, 1, 1, 1, 2),)),
        fingerprints=(text,),
        new=True,
    )
    waived = finding(
        "GPU-003",
        status="waived",
        title=text,
        message=text,
        location=where,
        waiver=WaiverInfo(text, text, text, text, text),
    )
    unknown = finding(
        "ZRO-009", status="not-assessed", title=text, message="", reason=text, repair=text, location=where
    )
    broken = finding("KED-003", status="error", title=text, message=text, repair=text, location=where)
    refused = finding(
        "RES-004", title=text, message=text, location=where, fix=FixInfo(text, "unsafe", refused=text)
    )
    nodes = (GraphNode(text, text, text, where, "fail"), GraphNode("b", text, text))
    edges = (GraphEdge(text, "b", text, False), GraphEdge("b", text, text), GraphEdge("b", "b", text))
    money_row = MoneyRow(
        group=text,
        target=text,
        instance_type=text,
        location=where,
        usd_per_hour=1.0,
        floor=None,
        expected=1.0,
        worst=2.0,
        note=text,
    )
    return report(
        scope=text,
        base=text,
        findings=(row, waived, unknown, broken, refused),
        judged=(Judged("ZRO-007", "pass", text, (text,), text, where),),
        targets=(TargetInfo(text, text, text, 1, (text,)),),
        problems=(ProblemRow(text or "x", 1, 1, text, text),),
        warnings=(ProblemRow(text or "x", 0, 0, text, text, incomplete=False),),
        categories=(CategoryScore(text, 50.0, 1, 2),),
        money=Money(
            floor=None,
            expected=1.0,
            worst=2.0,
            region=text,
            prices_as_of=text,
            rows=(money_row,),
            change_floor=1.0,
        ),
        graphs=(Graph(text, nodes, edges),),
        history=history(text, text),
        gate=Gate(1, (text,)),
    )


def big(count: int) -> Report:
    """``count`` failures, the grave ones last, one owner each."""
    rows = tuple(
        finding(
            "GPU-002" if index % 10 == 0 else "RES-004",
            resource=f"apps/Deployment/inference/worker-{index:05}",
            title=f"Deployment inference/worker-{index:05}",
            location=Location(f"apps/{index:05}.yaml", index + 1, 1, index + 1, 5),
            fingerprints=(f"big-{index:05}",),
            new=True,
        )
        for index in reversed(range(count))
    )
    return report(findings=rows)


def check_golden(name: str, data: bytes) -> None:
    """Compare with ``tests/golden/reporters/NAME``; ``UPDATE_GOLDENS=1`` writes it anew for a review."""
    path = GOLDEN / name
    if os.environ.get("UPDATE_GOLDENS"):
        path.write_bytes(data)
    assert data.decode() == path.read_bytes().decode()
