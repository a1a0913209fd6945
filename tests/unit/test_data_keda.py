from __future__ import annotations

from typing import Any

import pytest

from auditor.data.keda import check_metadata, scaler, trigger_types
from auditor.unknown import Unknown

QUEUE = "https://sqs.us-east-1.amazonaws.com/123456789012/jobs"
SQS = {"queueURL": QUEUE, "awsRegion": "us-east-1", "queueLength": "1"}


def kinds(trigger: str, metadata: Any, has_auth: bool = False) -> list[tuple[str, str]]:
    return [(problem.key, problem.kind) for problem in check_metadata(trigger, metadata, has_auth)]


def test_a_right_sqs_trigger_is_silent() -> None:
    metadata = {**SQS, "scaleOnInFlight": "true", "identityOwner": "operator", "awsEndpoint": ""}
    assert check_metadata("aws-sqs-queue", metadata, has_auth=True) == []


def test_a_misspelt_key_names_the_nearest_right_one() -> None:
    (problem,) = check_metadata("aws-sqs-queue", {**SQS, "queueLenght": "5"}, has_auth=True)
    assert (problem.key, problem.kind, problem.suggestion) == ("queueLenght", "unknown-key", "queueLength")


def test_wrong_case_is_a_misspelling_too() -> None:
    metadata = {"queueUrl": QUEUE, "awsRegion": "us-east-1"}
    found = check_metadata("aws-sqs-queue", metadata, has_auth=True)
    assert [(p.key, p.kind, p.suggestion) for p in found] == [
        ("queueUrl", "unknown-key", "queueURL"),
        ("queueURL", "missing", "queueURL: "),
    ]


def test_an_unknown_trigger_type_names_the_nearest() -> None:
    (problem,) = check_metadata("aws-sqs", {}, has_auth=False)
    assert (problem.key, problem.kind, problem.suggestion) == ("", "unknown-trigger", "aws-sqs-queue")


def test_what_may_come_from_an_authentication_is_missing_only_without_one() -> None:
    metadata = {"queueURL": QUEUE}
    assert kinds("aws-sqs-queue", metadata, has_auth=True) == []
    assert kinds("aws-sqs-queue", metadata, has_auth=False) == [("awsRegion", "missing")]


def test_from_env_counts_where_the_scaler_reads_the_environment() -> None:
    assert kinds("aws-sqs-queue", {"queueURLFromEnv": "QUEUE", "awsRegion": "eu-west-1"}) == []
    wrong = kinds("aws-sqs-queue", {**SQS, "queueLengthFromEnv": "LENGTH"})
    assert wrong == [("queueLengthFromEnv", "unknown-key")]


@pytest.mark.parametrize("blank", ["", "  ", None])
def test_a_blank_value_counts_as_absent(blank: Any) -> None:
    assert kinds("aws-sqs-queue", {**SQS, "queueURL": blank}) == [("queueURL", "missing")]


@pytest.mark.parametrize(
    ("value", "right"), [("5", True), ("-1", True), ("5.0", False), ("five", False), ("05", False)]
)
def test_integers_parse_as_keda_parses_them(value: str, right: bool) -> None:
    expected = [] if right else [("queueLength", "wrong-type")]
    assert kinds("aws-sqs-queue", {**SQS, "queueLength": value}) == expected


@pytest.mark.parametrize(
    ("value", "right"), [("0.5", True), ("1e3", True), ("100", True), (".5", False), ("10%", False)]
)
def test_numbers_parse_as_keda_parses_them(value: str, right: bool) -> None:
    metadata = {"serverAddress": "http://prometheus:9090", "query": "sum(up)", "threshold": value}
    assert kinds("prometheus", metadata) == ([] if right else [("threshold", "wrong-type")])


@pytest.mark.parametrize(("value", "right"), [("true", True), ("F", True), ("yes", False), ("on", False)])
def test_booleans_parse_as_go_parses_them(value: str, right: bool) -> None:
    expected = [] if right else [("scaleOnInFlight", "wrong-type")]
    assert kinds("aws-sqs-queue", {**SQS, "scaleOnInFlight": value}) == expected


@pytest.mark.parametrize(
    ("value", "right"), [("30s", True), ("1m30s", True), ("500", True), ("30 s", False), ("-5s", False)]
)
def test_durations_parse_as_go_parses_them(value: str, right: bool) -> None:
    metadata = {"serverAddress": "http://p", "query": "up", "threshold": "1", "timeout": value}
    assert kinds("prometheus", metadata) == ([] if right else [("timeout", "wrong-type")])


def test_an_unquoted_value_is_refused_because_metadata_holds_strings() -> None:
    (problem,) = check_metadata("aws-sqs-queue", {**SQS, "queueLength": 5}, has_auth=True)
    assert (problem.kind, problem.suggestion) == ("wrong-type", 'queueLength: "5"')


def test_a_value_outside_the_allowed_ones_names_the_nearest() -> None:
    metadata = {
        "bootstrapServers": "k:9092",
        "consumerGroup": "g",
        "topic": "t",
        "offsetResetPolicy": "lastest",
    }
    (problem,) = check_metadata("kafka", metadata, has_auth=False)
    assert (problem.kind, problem.suggestion) == ("value-not-allowed", "latest")


def test_values_that_exclude_each_other_are_refused() -> None:
    metadata = {"serverAddress": "http://p", "query": "up", "threshold": "1", "authModes": "basic,bearer"}
    assert kinds("prometheus", metadata, has_auth=True) == [("authModes", "value-not-allowed")]


def test_alternative_names_satisfy_one_requirement() -> None:
    assert kinds("redis", {"address": "r:6379", "listName": "l"}) == []
    assert kinds("redis", {"addresses": "r:6379", "listName": "l"}) == []


def test_a_key_that_only_an_authentication_may_hold_is_misplaced() -> None:
    metadata = {"serverAddress": "http://p", "query": "up", "threshold": "1", "password": "x"}
    (problem,) = check_metadata("prometheus", metadata, has_auth=True)
    assert problem.kind == "misplaced-key"
    assert problem.suggestion == "set password in a TriggerAuthentication"


def test_metric_name_is_retired_where_it_is_no_longer_read() -> None:
    metadata = {"serverAddress": "http://p", "query": "up", "threshold": "1", "metricName": "m"}
    assert kinds("prometheus", metadata) == [("metricName", "retired-key")]
    cloudwatch = {"namespace": "AWS/SQS", "metricName": "m", "dimensionName": "d", "dimensionValue": "v"}
    assert ("metricName", "retired-key") not in kinds("aws-cloudwatch", cloudwatch, has_auth=True)


def test_the_type_key_of_cpu_is_gone() -> None:
    assert kinds("cpu", {"type": "Utilization", "value": "60"}) == [("type", "removed")]


def test_keys_that_scalers_read_by_hand_are_known() -> None:
    assert (
        kinds("aws-sqs-queue", {**SQS, "awsAccessKeyIDFromEnv": "A", "awsSecretAccessKeyFromEnv": "B"}) == []
    )
    assert kinds("gcp-storage", {"bucketName": "b", "credentialsFromEnv": "C"}) == []
    assert kinds("gcp-storage", {"bucketName": "b", "credentialFromEnv": "C"}) == [
        ("credentialFromEnv", "unknown-key")
    ]


def test_an_external_scaler_takes_any_key() -> None:
    assert kinds("external", {"scalerAddress": "s:80", "whatever": "x"}) == []
    assert kinds("external", {"whatever": "x"}) == [("scalerAddress", "missing")]


def test_unknowns_are_given_and_not_judged() -> None:
    unknown = Unknown("unresolved")
    assert check_metadata("aws-sqs-queue", unknown, has_auth=False) == []
    assert kinds("aws-sqs-queue", {**SQS, "queueURL": unknown, "queueLength": unknown}) == []
    assert kinds("aws-sqs-queue", {**SQS, "queueLenght": unknown}) == [("queueLenght", "unknown-key")]


@pytest.mark.parametrize("metadata", [None, [], "text", 7])
def test_metadata_that_is_no_map_only_lacks_what_is_required(metadata: Any) -> None:
    assert kinds("aws-sqs-queue", metadata, has_auth=True) == [("queueURL", "missing")]


def test_defaults_of_the_sqs_scaler() -> None:
    schema = scaler("aws-sqs-queue")
    assert schema is not None
    defaults = {name: p.default for p in schema.parameters for name in p.names if p.default}
    assert (defaults["queueLength"], defaults["scaleOnInFlight"]) == ("5", "true")


def test_every_trigger_type_loads_and_has_parameters() -> None:
    assert len(trigger_types()) >= 79
    for name in trigger_types():
        schema = scaler(name)
        assert schema is not None
        assert schema.parameters


@pytest.mark.parametrize("trigger", [None, 5, ["aws-sqs-queue"], {}, "", "x" * 10_000])
def test_a_trigger_type_that_is_none_is_one_row(trigger: Any) -> None:
    assert kinds(trigger, SQS) == [("", "unknown-trigger")]


def test_a_trigger_type_that_could_not_be_read_is_not_judged() -> None:
    assert check_metadata(Unknown("unresolved"), {"any": "thing"}, has_auth=False) == []
