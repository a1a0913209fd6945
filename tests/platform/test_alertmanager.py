"""Alertmanager's configuration as an environment gets it: accepted by amtool, and rung through to the topic."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import URLError

import pytest
import yaml

from tests.platform.charts import releases
from tests.platform.moto_process import ACCOUNT, REGION, MotoServer
from tests.platform.overlays import PLATFORM, one, read
from tests.platform.prometheus import alerts, program

ENVIRONMENTS = ("dev", "prod")
MANY = {f"label_{number}": "of a pod, its node and its container" for number in range(5)}
"""More than the 100 characters that SNS takes for a subject."""


def values(environment: str) -> dict[str, Any]:
    """``alertmanager`` of the chart's values: the file's, and over it the ApplicationSet's."""
    (release,) = [each for each in releases(environment) if each.chart == "kube-prometheus-stack"]
    below, above = (each["alertmanager"] for each in (release.values[0], release.values[-1]))
    return {**below, **above, "config": {**below["config"], **above["config"]}}


def write_config(environment: str, folder: Path, **of_sns: str) -> Path:
    """The configuration as a file; ``of_sns`` is added to every receiver's sns_configs, and waiting is shortened."""
    config = values(environment)["config"]
    for receiver in config["receivers"]:
        for each in receiver.get("sns_configs", []):
            each.update(of_sns)
    config["route"]["group_wait"] = "1s"
    # Where the chart puts them.
    for name, text in values(environment)["templateFiles"].items():
        (folder / name).write_text(text)
    config["templates"] = [str(folder / "*.tmpl")]
    path = folder / "alertmanager.yml"
    path.write_text(yaml.safe_dump(config))
    return path


def amtool(*arguments: str) -> str:
    done = subprocess.run([program("amtool"), *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_amtool_accepts_the_configuration(environment: str, tmp_path: Path) -> None:
    assert "2 receivers" in amtool("check-config", str(write_config(environment, tmp_path)))


def test_every_alert_of_ours_reaches_the_topic_and_the_watchdog_nobody(tmp_path: Path) -> None:
    path = write_config("prod", tmp_path)

    def receiver(name: str, **labels: str) -> str:
        told = [f"{key}={value}" for key, value in {"alertname": name, **labels}.items()]
        return amtool("config", "routes", "test", f"--config.file={path}", *told).strip()

    for name, rule in alerts("prod").items():
        assert receiver(name, **rule["labels"]) == "platform"
    assert receiver("Watchdog", severity="none") == "null"


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_topic_and_role_are_terraforms(environment: str) -> None:
    known = read(PLATFORM / f"clusters/{environment}/cluster.yaml")[0]["data"]
    told = values(environment)
    (sns,) = [each for receiver in told["config"]["receivers"] for each in receiver.get("sns_configs", [])]
    assert (sns["topic_arn"], sns["sigv4"]) == (known["alarm_topic_arn"], {"region": known["aws_region"]})
    role = told["serviceAccount"]["annotations"]["eks.amazonaws.com/role-arn"]
    assert role == known["alertmanager_role_arn"]


def test_the_role_trusts_the_service_account_that_the_chart_makes() -> None:
    """The chart names it after its full name: what test_charts' by-hand run shows, held here."""
    (release,) = [each for each in releases("prod") if each.chart == "kube-prometheus-stack"]
    account = f"{release.values[0]['fullnameOverride']}-alertmanager"
    text = (PLATFORM / "terraform/modules/platform/identities.tf").read_text()
    module = re.search(r'module "alertmanager_role" {(.*?)\n}', text, re.DOTALL)
    assert module is not None
    assert re.findall(r'(namespace|service_account) += "(.*)"', module[1]) == [
        ("namespace", release.namespace),
        ("service_account", account),
    ]


def test_the_network_lets_alertmanager_reach_sns_and_nothing_private() -> None:
    policy = one("infrastructure/configs/prod", "NetworkPolicy", "alertmanager")
    assert policy["spec"]["podSelector"] == {"matchLabels": {"app.kubernetes.io/name": "alertmanager"}}
    (rule,) = policy["spec"]["egress"]
    assert rule["ports"] == [{"port": 443, "protocol": "TCP"}]
    assert "10.0.0.0/8" in rule["to"][0]["ipBlock"]["except"]


@contextmanager
def running(config: Path, environment: dict[str, str]) -> Iterator[str]:
    """A real Alertmanager on loopback, with these variables beside the process's own; its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    command = [program("alertmanager"), f"--config.file={config}", "--cluster.listen-address="]
    command += [f"--web.listen-address={address}", f"--storage.path={config.parent / 'state'}"]
    log = config.with_suffix(".log")
    own = {key: value for key, value in os.environ.items() if not key.startswith("AWS_")}
    with log.open("wb") as out:
        process = subprocess.Popen(command, env={**own, **environment}, stdout=out, stderr=out)
    try:
        wait(lambda: urllib.request.urlopen(f"http://{address}/-/ready", timeout=2), log)
        yield f"http://{address}"
    finally:
        process.terminate()
        process.wait(timeout=30)


def wait(attempt: Any, log: Path, seconds: float = 60) -> Any:
    """What the attempt gives, as soon as it gives something."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            found = attempt()
        except (URLError, OSError):
            found = None
        if found:
            return found
        time.sleep(0.2)
    raise AssertionError(log.read_text()[-3000:])


def of_the_role(moto: MotoServer, folder: Path) -> dict[str, str]:
    """What EKS gives a pod whose ServiceAccount names a role, and where STS is here: a token, and no key."""
    token = folder / "token"
    token.write_text("the pod's token; moto takes any")
    return {
        "AWS_ROLE_ARN": values("prod")["serviceAccount"]["annotations"]["eks.amazonaws.com/role-arn"],
        "AWS_WEB_IDENTITY_TOKEN_FILE": str(token),
        "AWS_REGION": REGION,
        "AWS_ENDPOINT_URL_STS": moto.url,
    }


def test_a_firing_alert_arrives_at_the_topic_with_its_runbook(tmp_path: Path) -> None:
    """Alertmanager, its configuration and the exchange of its token are real; STS and SNS are moto's."""
    runbook = alerts("prod")["ScanErrors"]["annotations"]["runbook_url"]
    alert = {
        "labels": {"alertname": "ScanErrors", "severity": "critical", **MANY},
        "annotations": {"runbook_url": runbook},
    }
    with MotoServer(tmp_path / "moto.log") as moto:
        sns, sqs = moto.client("sns"), moto.client("sqs")
        topic = sns.create_topic(Name="cbct-prod-alarms")["TopicArn"]
        queue = sqs.create_queue(QueueName="heard")["QueueUrl"]
        heard_by = f"arn:aws:sqs:{REGION}:{ACCOUNT}:heard"
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=heard_by)
        config = write_config("prod", tmp_path, api_url=moto.url)
        with running(config, of_the_role(moto, tmp_path)) as address:
            post(f"{address}/api/v2/alerts", [alert])
            log = config.with_suffix(".log")
            heard = wait(lambda: sqs.receive_message(QueueUrl=queue).get("Messages"), log, seconds=90)
    told = json.loads(heard[0]["Body"])
    assert told["TopicArn"] == topic
    assert told["Subject"] == "FIRING: ScanErrors"
    assert "ScanErrors" in told["Message"] and runbook in told["Message"]


def post(url: str, body: Any) -> None:
    request = urllib.request.Request(
        url, json.dumps(body).encode(), {"Content-Type": "application/json"}, method="POST"
    )
    urllib.request.urlopen(request, timeout=10).close()
