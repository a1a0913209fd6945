"""Both environments against moto's server: apply, a second plan that is empty, what came of it, destroy.

One apply for each environment and session. Terraform, provider, S3 backend and lock file are the real ones, and the
sources are unchanged: only the environment points at the server.
"""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.platform import bootstrap_run
from tests.platform.live_account import DRIFT, failed, live_audit
from tests.platform.moto_process import ACCOUNT, REGION, STATE_BUCKET, MotoServer, prepare_account
from tests.platform.terraform import SOURCE, Terraform, cli_config, copy_to
from tests.unit.command import run

pytestmark = pytest.mark.slow

WAIVERS = "infrastructure/configs/base/audit/auditor-waivers.yaml"


@dataclass(slots=True)
class Applied:
    """An environment that was applied: its root, server, plan as JSON, outputs, and seconds by step."""

    name: str
    terraform: Terraform
    server: MotoServer
    plan: Path
    outputs: dict[str, Any]
    second_plan: int
    seconds: dict[str, float] = field(default_factory=dict)


def apply(name: str, terraform: Terraform, server: MotoServer) -> Applied:
    """init, plan, apply, plan again."""
    seconds: dict[str, float] = {}

    def step(what: str, *arguments: str, expect: tuple[int, ...] = (0,)) -> int:
        begun = time.monotonic()
        code, _ = terraform.run(*arguments, expect=expect)
        seconds[what] = time.monotonic() - begun
        return code

    step("init", "init", f"-backend-config=bucket={STATE_BUCKET}", "-lockfile=readonly")
    step("plan", "plan", "-out=first.tfplan")
    plan = terraform.root / "plan.json"
    plan.write_text(json.dumps(terraform.json("show", "-json", "first.tfplan")))
    step("apply", "apply", "-auto-approve", "first.tfplan")
    second = step("second plan", "plan", "-detailed-exitcode", expect=(0, 2))
    outputs = {key: each["value"] for key, each in terraform.json("output", "-json").items()}
    return Applied(name, terraform, server, plan, outputs, second, seconds)


def check_a_second_plan_is_empty(applied: Applied) -> None:
    if applied.second_plan != 0:
        pytest.fail(applied.terraform.run("plan")[1][-6000:])


def check_the_state_lies_in_the_bucket_and_its_lock_is_gone(applied: Applied) -> None:
    listed = applied.server.client("s3").list_objects_v2(Bucket=STATE_BUCKET)["Contents"]
    assert [each["Key"] for each in listed] == [f"platform/{applied.name}/terraform.tfstate"]


def check_the_plan_has_no_open_finding(applied: Applied) -> None:
    """Beside its code, which says what a plan does not: backend, lock file, lifecycle."""
    told = audited(applied.plan.parents[2], applied.plan.parents[3] / "report.json")
    assert f"envs/{applied.name}/plan.json" in {each["name"] for each in told["targets"]}
    assert failed_policies(told) == set()
    # The state of state/ itself.
    assert "TF-025" in {each["policy"] for each in told["findings"] if each["status"] == "waived"}


def check_the_plan_alone_is_not_accused_of_what_it_cannot_say(applied: Applied) -> None:
    folder = applied.plan.parents[3] / "alone"
    folder.mkdir()
    (folder / "plan.json").write_bytes(applied.plan.read_bytes())
    # Waived by a comment in the code.
    assert failed_policies(audited(folder, folder / "report.json")) <= {"TF-053"}


def audited(path: Path, report: Path) -> dict[str, Any]:
    governed = ("--config", SOURCE.parent / "auditor.toml", "--waivers", SOURCE.parent / WAIVERS)
    run("check", path, *governed, "--format", "json", "--output", report)
    told: dict[str, Any] = json.loads(report.read_text())
    return told


def failed_policies(told: dict[str, Any]) -> set[str]:
    return {each["policy"] for each in told["findings"] if each["status"] == "fail"}


def check_gpu_nodes_wait_at_zero_behind_a_taint(applied: Applied) -> None:
    eks, cluster = applied.server.client("eks"), applied.outputs["cluster_name"]
    group = eks.describe_nodegroup(clusterName=cluster, nodegroupName="gpu-g5")["nodegroup"]
    assert group["scalingConfig"]["minSize"] == group["scalingConfig"]["desiredSize"] == 0
    assert {"key": "nvidia.com/gpu", "value": "present", "effect": "NO_SCHEDULE"} in group["taints"]
    scaling = applied.server.client("autoscaling").describe_auto_scaling_groups(
        AutoScalingGroupNames=[group["resources"]["autoScalingGroups"][0]["name"]]
    )
    tags = {each["Key"]: each["Value"] for each in scaling["AutoScalingGroups"][0]["Tags"]}
    template = "k8s.io/cluster-autoscaler/node-template"
    assert tags[f"{template}/taint/nvidia.com/gpu"] == "present:NoSchedule"
    assert tags[f"{template}/resources/nvidia.com/gpu"] == "1"
    assert tags[f"{template}/label/k8s.amazonaws.com/accelerator"] == "nvidia-a10g"
    assert tags[f"k8s.io/cluster-autoscaler/{cluster}"] == "owned"


def check_people_come_in_by_access_entries(applied: Applied) -> None:
    eks, cluster = applied.server.client("eks"), applied.outputs["cluster_name"]
    entries = eks.list_access_entries(clusterName=cluster)["accessEntries"]
    assert sorted(re.sub(r".*SSO_(\w+)_.*", r"\1", each) for each in entries) == [
        "MlEngineer",
        "PlatformAdmin",
        "PlatformReadOnly",
    ]
    engineer = next(each for each in entries if "MlEngineer" in each)
    policies = eks.list_associated_access_policies(clusterName=cluster, principalArn=engineer)
    scope = policies["associatedAccessPolicies"][0]["accessScope"]
    assert scope == {"type": "namespace", "namespaces": ["inference"]}


def check_an_upload_becomes_a_message_and_other_files_do_not(applied: Applied) -> None:
    s3, sqs = applied.server.client("s3"), applied.server.client("sqs")
    bridge = applied.outputs["gitops_bridge"]["annotations"]
    url = bridge["queue_url"]
    while sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        sqs.purge_queue(QueueUrl=url)
    for key in ("incoming/a.nii.gz", "incoming/notes.txt", "elsewhere/b.nii.gz"):
        s3.put_object(Bucket=bridge["input_bucket"], Key=key, Body=b"scan")
    messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    bodies = [json.loads(each["Body"]) for each in messages]
    keys = [record["s3"]["object"]["key"] for body in bodies for record in body.get("Records", [])]
    assert [each.replace("%2F", "/") for each in keys] == ["incoming/a.nii.gz"]
    empty(s3, bridge["input_bucket"])


def empty(s3: Any, bucket: str) -> None:
    """Destroy stops at a bucket that is not empty, and so it should."""
    versions = s3.list_object_versions(Bucket=bucket)
    for each in [*versions.get("Versions", []), *versions.get("DeleteMarkers", [])]:
        s3.delete_object(Bucket=bucket, Key=each["Key"], VersionId=each["VersionId"])


def check_each_role_trusts_one_service_account(applied: Applied) -> None:
    iam = applied.server.client("iam")
    bridge = applied.outputs["gitops_bridge"]["annotations"]
    wanted = {
        "worker_role_arn": "system:serviceaccount:inference:ml-worker",
        "keda_operator_role_arn": "system:serviceaccount:keda:keda-operator",
        "cluster_autoscaler_role_arn": "system:serviceaccount:kube-system:cluster-autoscaler",
        "auditor_role_arn": "system:serviceaccount:audit:auditor",
        "alertmanager_role_arn": "system:serviceaccount:monitoring:prometheus-alertmanager",
    }
    for annotation, subject in wanted.items():
        role = iam.get_role(RoleName=bridge[annotation].rsplit("/", 1)[-1])["Role"]
        (statement,) = role["AssumeRolePolicyDocument"]["Statement"]
        assert statement["Action"] == "sts:AssumeRoleWithWebIdentity"
        claims = {
            key.rsplit(":", 1)[-1]: value for key, value in statement["Condition"]["StringEquals"].items()
        }
        assert claims == {"sub": subject, "aud": "sts.amazonaws.com"}


def check_the_committed_cluster_file_says_what_terraform_says(applied: Applied) -> None:
    from tools.cluster_file import cluster_file

    told = json.dumps(applied.outputs["gitops_bridge"])
    told = told.replace(applied.server.url, f"https://sqs.{REGION}.amazonaws.com")
    committed, told_now = (
        SOURCE.parent / "clusters" / applied.name / "cluster.yaml",
        applied.terraform.root / "cluster.yaml",
    )
    told_now.write_text(cluster_file(json.loads(told)))
    assert ACCOUNT in told_now.read_text()
    assert committed.read_text() == told_now.read_text(), f"{told_now} is what the outputs say"


def check_the_account_is_what_the_code_declares(applied: Applied) -> None:
    """By the live audit, which reads the account through the API and compares it at the lines of the code."""
    report = live_audit(applied.server, applied.plan.parents[2])
    assert failed(report, *DRIFT) == []
    compared = {each["code"]: each.get("passed", 0) for each in report["policies"]}
    assert all(compared[code] > 40 for code in DRIFT)
    assert not [each for each in report["findings"] if each["status"] == "error"]


def check_another_account_is_refused(applied: Applied) -> None:
    said = applied.terraform.run("plan", "-var=account_id=444455556666", expect=(1,))[1]
    assert f"AWS account ID not allowed: {ACCOUNT}" in said


def check_bootstrap_makes_of_the_outputs_what_git_says(applied: Applied) -> None:
    roots = applied.terraform.root.parents[1]
    bootstrap_run.check(applied.name, roots, applied.terraform.environment, applied.outputs)


def check_destroy_leaves_nothing(applied: Applied) -> None:
    begun = time.monotonic()
    applied.terraform.run("destroy", "-auto-approve")
    applied.seconds["destroy"] = time.monotonic() - begun
    assert applied.terraform.run("state", "list")[1].strip() == ""
    assert applied.server.client("eks").list_clusters()["clusters"] == []
    assert applied.server.client("sqs").list_queues().get("QueueUrls", []) == []


CHECKS = (
    check_a_second_plan_is_empty,
    check_the_state_lies_in_the_bucket_and_its_lock_is_gone,
    check_the_plan_has_no_open_finding,
    check_the_plan_alone_is_not_accused_of_what_it_cannot_say,
    check_gpu_nodes_wait_at_zero_behind_a_taint,
    check_people_come_in_by_access_entries,
    check_an_upload_becomes_a_message_and_other_files_do_not,
    check_each_role_trusts_one_service_account,
    check_the_committed_cluster_file_says_what_terraform_says,
    check_the_account_is_what_the_code_declares,
    check_another_account_is_refused,
    check_bootstrap_makes_of_the_outputs_what_git_says,
    check_destroy_leaves_nothing,
)


# One test, so that workers running in parallel never apply an environment twice.
@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_an_environment_applies_settles_works_and_is_destroyed(
    environment: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with MotoServer(tmp_path / "moto.log") as server:
        prepare_account(server)
        variables = {**server.environment, "TF_CLI_CONFIG_FILE": str(cli_config(tmp_path))}
        applied = apply(environment, Terraform(copy_to(tmp_path) / "envs" / environment, variables), server)
        for check in CHECKS:
            check(applied)
    told = ", ".join(f"{what} {seconds:.0f} s" for what, seconds in applied.seconds.items())
    with capsys.disabled():
        print(f"\nterraform {environment} against moto: {told}")


def test_the_state_root_makes_what_the_backends_name(tmp_path: Path) -> None:
    with MotoServer(tmp_path / "moto.log") as server:
        variables = {**server.environment, "TF_CLI_CONFIG_FILE": str(cli_config(tmp_path))}
        sources = copy_to(tmp_path)
        state = Terraform(sources / "state", variables)
        state.run("init", "-lockfile=readonly")
        state.run("apply", "-auto-approve")
        assert state.run("plan", "-detailed-exitcode", expect=(0, 2))[0] == 0
        bucket = state.json("output", "-json")["bucket"]["value"]
        assert bucket == STATE_BUCKET
        Terraform(sources / "envs" / "dev", variables).run("init", f"-backend-config=bucket={bucket}")
        aliases = server.client("kms").list_aliases()["Aliases"]
        assert "alias/terraform-state" in {each["AliasName"] for each in aliases}
