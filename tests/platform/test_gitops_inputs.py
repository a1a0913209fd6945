"""What manifests say of the worker is what the worker says of itself; what they say of the account is Terraform's."""

from __future__ import annotations

import re
from typing import Any

import pytest

from auditor.data.prices import Price, price
from tests.platform.overlays import PLATFORM, one, read, rendered
from tests.platform.prometheus import alerts, groups
from tools import dashboards
from worker.metrics import DIRECTIONS, OUTCOMES, PHASES, Metrics
from worker.settings import Settings

ENVIRONMENTS = ("dev", "prod")
WORKERS = [*((f"apps/{each}", "Deployment") for each in ENVIRONMENTS), ("apps/long-scans", "ScaledJob")]
DEFAULT = {name: field.default for name, field in Settings.model_fields.items()}


def template(overlay: str, kind: str) -> dict[str, Any]:
    """The worker's pod template."""
    spec = one(overlay, kind, "ml-worker")["spec"]
    found: dict[str, Any] = (spec if kind == "Deployment" else spec["jobTargetRef"])["template"]
    return found


def container(overlay: str, kind: str) -> dict[str, Any]:
    (found,) = template(overlay, kind)["spec"]["containers"]
    return dict(found)


def settings(overlay: str) -> Settings:
    """The worker's settings as its pod would read them. ValidationError for what the worker would refuse."""
    variables = one(overlay, "ConfigMap", "ml-worker")["data"]
    own = {name: value for name, value in variables.items() if name.startswith("WORKER_")}
    unknown = {name.removeprefix("WORKER_").lower() for name in own} - set(Settings.model_fields)
    assert not unknown, f"the worker has no setting {unknown}"
    with pytest.MonkeyPatch.context() as patch:
        for name, value in own.items():
            patch.setenv(name, value)
        return Settings()


def g5() -> Price:
    found = price("g5.xlarge", "us-east-1")
    assert found is not None
    return found


def cluster(environment: str) -> dict[str, str]:
    found: dict[str, str] = read(PLATFORM / "clusters" / environment / "cluster.yaml")[0]["data"]
    return found


@pytest.mark.parametrize(("overlay", "kind"), WORKERS)
def test_the_scaler_counts_what_one_worker_holds(overlay: str, kind: str) -> None:
    scaler = one(overlay, "ScaledObject" if kind == "Deployment" else "ScaledJob", "ml-worker")
    (trigger,) = scaler["spec"]["triggers"]
    assert trigger["metadata"]["queueLength"] == str(settings(overlay).max_in_flight)
    declared = template(overlay, kind)["metadata"]["annotations"]["auditor.dev/max-in-flight"]
    assert declared == str(settings(overlay).max_in_flight)
    assert trigger["metadata"]["scaleOnInFlight"] == ("true" if kind == "Deployment" else "false")


@pytest.mark.parametrize(("overlay", "kind"), WORKERS)
def test_a_pod_outlives_its_workers_grace(overlay: str, kind: str) -> None:
    assert template(overlay, kind)["spec"]["terminationGracePeriodSeconds"] > settings(overlay).grace_seconds


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_cooldown_is_longer_than_any_scan_that_is_finished_at_the_end(environment: str) -> None:
    scaler = one(f"apps/{environment}", "ScaledObject", "ml-worker")["spec"]
    assert scaler["cooldownPeriod"] > settings(f"apps/{environment}").grace_seconds


@pytest.mark.parametrize(("overlay", "kind"), WORKERS)
def test_port_probes_user_and_command_are_the_workers(overlay: str, kind: str) -> None:
    worker, asked = container(overlay, kind), settings(overlay)
    assert [each["containerPort"] for each in worker["ports"]] == [asked.http_port]
    assert worker["livenessProbe"]["httpGet"]["path"] == "/healthz"
    assert worker["readinessProbe"]["httpGet"]["path"] == "/readyz"
    assert worker["args"] == (["run"] if kind == "Deployment" else ["run", "--until-empty"])
    user = re.search(r"^USER (\d+):(\d+)$", (PLATFORM.parent / "worker/Dockerfile").read_text(), re.MULTILINE)
    security = template(overlay, kind)["spec"]["securityContext"]
    assert user is not None and [str(security["runAsUser"]), str(security["runAsGroup"])] == [*user.groups()]


@pytest.mark.parametrize(("overlay", "kind"), WORKERS)
def test_scratch_is_writable_and_large_enough_for_what_is_held(overlay: str, kind: str) -> None:
    asked = settings(overlay)
    mounts = [each["mountPath"] for each in container(overlay, kind)["volumeMounts"]]
    assert any(asked.scratch.is_relative_to(mount) for mount in mounts)
    (scratch,) = [each for each in template(overlay, kind)["spec"]["volumes"] if each["name"] == "scratch"]
    size = int(scratch["emptyDir"]["sizeLimit"].removesuffix("Gi")) * 2**30
    assert size >= asked.max_in_flight * asked.max_input_bytes


@pytest.mark.parametrize(("overlay", "kind"), WORKERS)
def test_declared_output_and_cuda_are_those_of_worker_and_terraform(overlay: str, kind: str) -> None:
    asked, declared = settings(overlay), template(overlay, kind)["metadata"]["annotations"]
    assert declared["auditor.dev/output"] == f"s3://{asked.output_bucket}/{asked.output_prefix}*"
    assert declared["auditor.dev/cuda"] == terraform_default("worker_cuda")


def terraform_default(variable: str) -> str:
    text = (PLATFORM / "terraform/modules/platform/variables.tf").read_text()
    found = re.search(rf'variable "{variable}" {{.*?default\s+= "?([^"\n]+)"?\n', text, re.DOTALL)
    assert found is not None
    return found.group(1)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_names_of_the_account_come_from_terraform(environment: str) -> None:
    overlay, known = f"apps/{environment}", cluster(environment)
    asked = settings(overlay)
    assert asked.queue_url == known["queue_url"]
    assert asked.dead_letter_queue_url == known["dead_letters_url"]
    assert (asked.input_bucket, asked.output_bucket) == (known["input_bucket"], known["output_bucket"])
    assert asked.model == f"s3://{known['models_bucket']}/models/{asked.model_sha256}/"
    account = one(overlay, "ServiceAccount", known["worker_service_account"])["metadata"]
    assert account["namespace"] == known["worker_namespace"]
    assert account["annotations"]["eks.amazonaws.com/role-arn"] == known["worker_role_arn"]
    (trigger,) = one(overlay, "ScaledObject", "ml-worker")["spec"]["triggers"]
    assert trigger["metadata"]["queueURL"] == known["queue_url"]
    assert trigger["metadata"]["awsRegion"] == known["aws_region"]
    auditor = one(f"infrastructure/configs/{environment}", "ServiceAccount", "auditor")["metadata"]
    assert auditor["annotations"]["eks.amazonaws.com/role-arn"] == known["auditor_role_arn"]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_audits_are_kept_where_their_role_may_read_and_write(environment: str) -> None:
    job = one(f"infrastructure/configs/{environment}", "CronJob", "auditor")["spec"]["jobTemplate"]["spec"]
    (asked,) = job["template"]["spec"]["containers"]
    variables = {each["name"]: each["value"] for each in asked["env"]}
    assert variables["REPORTS_BUCKET"] == cluster(environment)["reports_bucket"]
    prefix = re.search(r'--history "s3://\$REPORTS_BUCKET/(\w+)"', " ".join(asked["args"]))
    assert prefix is not None
    role = (PLATFORM / "terraform/modules/platform/identities.tf").read_text()
    assert f"module.reports.arn}}/{prefix[1]}/*" in role
    assert f'values   = ["{prefix[1]}/"]' in role


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_workers_reach_every_private_subnet_and_no_other(environment: str) -> None:
    policy = one(f"apps/{environment}", "NetworkPolicy", "ml-worker")["spec"]["egress"][1]
    found = [each["ipBlock"]["cidr"] for each in policy["to"]]
    assert found == cluster(environment)["private_subnet_cidrs"].split(",")


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_quota_and_scaler_allow_as_many_gpus_as_the_node_groups_have(environment: str) -> None:
    text = (PLATFORM / f"terraform/envs/{environment}/variables.tf").read_text()
    groups_of = re.search(r'variable "gpu_node_groups".*?default = {(.*?)\n  }', text, re.DOTALL)
    assert groups_of is not None
    most = sum(int(each) for each in re.findall(r"max_size = (\d+)", groups_of.group(1)))
    quota = one(f"infrastructure/configs/{environment}", "ResourceQuota", "inference")["spec"]["hard"]
    assert quota["requests.nvidia.com/gpu"] == str(most)
    assert one(f"apps/{environment}", "ScaledObject", "ml-worker")["spec"]["maxReplicaCount"] == most


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_quota_holds_the_workers_that_the_scaler_may_start(environment: str) -> None:
    most = one(f"apps/{environment}", "ScaledObject", "ml-worker")["spec"]["maxReplicaCount"]
    asks = container(f"apps/{environment}", "Deployment")["resources"]["requests"]
    quota = one(f"infrastructure/configs/{environment}", "ResourceQuota", "inference")["spec"]["hard"]
    assert most * int(asks["cpu"]) <= int(quota["requests.cpu"])
    for name in ("memory", "ephemeral-storage"):
        assert most * int(asks[name].removesuffix("Gi")) <= int(quota[f"requests.{name}"].removesuffix("Gi"))


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_budget_alert_knows_terraforms_budget(environment: str) -> None:
    text = (PLATFORM / f"terraform/envs/{environment}/main.tf").read_text()
    budget = re.search(r"budget_usd_per_month = (\d+)", text)
    assert budget is not None
    assert str(alerts(environment)["BudgetExceeded"]["expr"]).endswith(f"> {budget.group(1)}")


@pytest.mark.parametrize(("environment", "column"), [("dev", 2), ("prod", 3)])
def test_fixed_cost_is_the_floor_without_what_opencost_sees(environment: str, column: int) -> None:
    rows = [
        [cell.strip(" *") for cell in line.split("|")[1:-1]]
        for line in (PLATFORM / "terraform/README.md").read_text().splitlines()
        if line.startswith("| ")
    ]
    usd = {
        row[0]: float(re.split("[=× ]+", row[column])[-1])
        for row in rows
        if row[0] in ("floor", "CPU nodes, t3.large")
    }
    fixed = next(
        str(rule["expr"])
        for group in groups(environment)
        for rule in group["rules"]
        if rule.get("record") == "platform:fixed_usd_per_hour"
    )
    assert float(fixed[len("vector(") : -1]) == round((usd["floor"] - usd["CPU nodes, t3.large"]) / 730, 4)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_a_workers_price_is_that_of_its_node(environment: str) -> None:
    assert cluster(environment)["aws_region"] == g5().region
    assert settings(f"apps/{environment}").usd_per_hour == g5().usd_per_hour


def test_the_warm_pools_price_is_that_of_its_node() -> None:
    said = (PLATFORM / "apps/warm-pool/kustomization.yaml").read_text()
    assert f"{g5().usd_per_hour} USD/h, so {g5().usd_per_month:.2f} USD" in said


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_queue_gives_a_message_up_after_the_worker_does(environment: str) -> None:
    text = (PLATFORM / "terraform/modules/queue/variables.tf").read_text()
    found = re.search(r'variable "max_receive_count" {.*?default\s+= (\d+)', text, re.DOTALL)
    assert found is not None and int(found.group(1)) > settings(f"apps/{environment}").max_receives
    grace = template(f"apps/{environment}", "Deployment")["spec"]["terminationGracePeriodSeconds"]
    assert int(cluster(environment)["queue_visibility_seconds"]) > grace


def emitted() -> set[str]:
    """Every name under which the worker's metrics are queried."""
    names: set[str] = set()
    for metric in Metrics().registry.collect():
        suffixes = {"counter": ("_total",), "info": ("_info",), "histogram": ("_bucket", "_sum", "_count")}
        names |= {metric.name + suffix for suffix in suffixes.get(metric.type, ("",))}
    return names


def expressions() -> list[str]:
    panels = [
        query.expr
        for each in dashboards.DASHBOARDS.values()
        for panel in each.panels
        for query in panel.queries
    ]
    return [*panels, *(str(rule["expr"]) for each in groups("prod") for rule in each["rules"])]


def test_queries_name_metrics_that_the_worker_has() -> None:
    asked = {name for expr in expressions() for name in re.findall(r"\bworker_\w+", expr)}
    assert asked and asked <= emitted()


def test_queries_name_outcomes_phases_and_directions_that_the_worker_has() -> None:
    known = {"outcome": OUTCOMES, "phase": (*PHASES, "Pending", "Running"), "direction": DIRECTIONS}
    for expr in expressions():
        for label, values in re.findall(r'\b(outcome|phase|direction)=~?"([^"]+)"', expr):
            assert set(values.split("|")) <= set(known[label]), expr


def test_the_latency_alert_asks_for_what_a_worker_has_to_end_in() -> None:
    assert str(alerts("prod")["ScanLatencyP95"]["expr"]).endswith(f"> {DEFAULT['grace_seconds']:.0f}")


def test_an_environment_runs_one_version_of_each_image() -> None:
    for environment in ENVIRONMENTS:
        images = {
            text
            for overlay in (f"apps/{environment}", f"infrastructure/configs/{environment}")
            for each in rendered(overlay)
            for text in _images(each)
        }
        assert len({each.partition(":")[0].partition("@")[0] for each in images}) == len(images)


def _images(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["image"]] if isinstance(value.get("image"), str) else []
        return own + [text for each in value.values() for text in _images(each)]
    if isinstance(value, list):
        return [text for each in value for text in _images(each)]
    return []
