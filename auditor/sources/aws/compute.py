"""Auto Scaling groups, launch templates, instance types, volumes and quotas."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from itertools import chain
from typing import Any

from auditor.masking import blank_lines, blanked
from auditor.sources.aws.rows import LIVE, Found, Row, all_rows, each, once
from auditor.sources.aws.session import Place
from auditor.sources.aws.shape import plain, shaped, tag_map

ACTIVITIES = 20
"""How many of a group's latest scaling activities are looked at."""
TYPES_A_CALL = 100
"""EC2 refuses a question that names more instance types."""
QUOTA_SERVICE = "ec2"
_GROUP = {
    "auto_scaling_group_arn": "arn",
    "auto_scaling_group_name": "name",
    "instances": "",
    "overrides": "override",
    "tags": "",
    "vpc_zone_identifier": "",
}
_ID_FIELDS = {"launch_template_id": "id", "launch_template_name": "name"}


@once
def groups(place: Place) -> Found:
    """``aws_autoscaling_group``; ``live`` has its instances and the activities that failed."""

    def one(found: dict[str, Any]) -> Row:
        body = shaped(found, _GROUP)
        name = found["AutoScalingGroupName"]
        body["tag"] = [shaped(each) for each in found.get("Tags", ())]
        body["vpc_zone_identifier"] = [each for each in found.get("VPCZoneIdentifier", "").split(",") if each]
        if "launch_template" in body:
            body["launch_template"] = [shaped(found["LaunchTemplate"], _ID_FIELDS)]
        body[LIVE] = {
            "instances": len(found.get("Instances", ())),
            "suspended": [each["ProcessName"] for each in found.get("SuspendedProcesses", ())],
            "failures": _failures(place, name),
        }
        return Row("aws_autoscaling_group", found["AutoScalingGroupARN"], body)

    return each(place, place.listed("autoscaling.describe_auto_scaling_groups"), one)


def _failures(place: Place, name: str) -> Any:
    """Launches that failed among the latest activities, newest first; Unknown where they may not be read."""
    found = place.value(
        "autoscaling.describe_scaling_activities", AutoScalingGroupName=name, MaxRecords=ACTIVITIES
    )
    if not isinstance(found, dict):
        return found
    return [
        {
            "status": each.get("StatusCode", ""),
            "message": each.get("StatusMessage", ""),
            "time": plain(each.get("StartTime", "")),
        }
        for each in found.get("Activities", ())
        if each.get("StatusCode") in ("Failed", "Cancelled")
    ]


@once
def launch_templates(place: Place) -> Found:
    """``aws_launch_template`` with the data of its latest version, as Terraform keeps it."""

    def one(found: dict[str, Any]) -> Row | None:
        name = found["LaunchTemplateId"]
        versions = place.listed(
            "ec2.describe_launch_template_versions", LaunchTemplateId=name, Versions=["$Latest"]
        )
        if not versions:
            return None
        body = shaped(versions[0].get("LaunchTemplateData", {}))
        if "user_data" in body:
            body["user_data"] = _without_secrets(body["user_data"])
        body |= {
            "id": name,
            "name": found["LaunchTemplateName"],
            "default_version": found.get("DefaultVersionNumber"),
            "latest_version": found.get("LatestVersionNumber"),
            "tags": tag_map(found.get("Tags")),
        }
        arn = f"arn:{place.partition}:ec2:{place.region}:{place.account}:launch-template/{name}"
        return Row("aws_launch_template", arn, body | {"arn": arn})

    return each(place, place.listed("ec2.describe_launch_templates"), one)


def _without_secrets(user_data: str) -> str:
    """A start script with every key and password blanked; '' for what is no base64 of text."""
    try:
        data = base64.b64decode(user_data, validate=True)
    except binascii.Error:
        return ""
    return blank_lines(blanked(data).decode("utf-8", "replace"))


def instance_types(place: Place) -> Found:
    """``data.aws_ec2_instance_type`` of the types that node groups use: whether they have a GPU, EC2 says."""
    names = sorted(set(used_types(place)))
    parts = [names[at : at + TYPES_A_CALL] for at in range(0, len(names), TYPES_A_CALL)]
    for found in chain.from_iterable(
        place.listed("ec2.describe_instance_types", InstanceTypes=part) for part in parts
    ):
        body = {
            "instance_type": found["InstanceType"],
            "default_vcpus": found.get("VCpuInfo", {}).get("DefaultVCpus", 0),
            "memory_size": found.get("MemoryInfo", {}).get("SizeInMiB", 0),
            "supported_architectures": found.get("ProcessorInfo", {}).get("SupportedArchitectures", []),
            "gpus": [shaped(each) for each in found.get("GpuInfo", {}).get("Gpus", ())],
        }
        yield Row("data.aws_ec2_instance_type", found["InstanceType"], body)


def used_types(place: Place) -> Iterator[str]:
    """Every instance type that a node group, an Auto Scaling group or a launch template names. Raises Refused."""
    from auditor.sources.aws import eks

    for row in all_rows((*eks.node_groups(place), *launch_templates(place), *groups(place))):
        yield from row.body.get("instance_types", ())
        if row.body.get("instance_type"):
            yield row.body["instance_type"]
        for policy in row.body.get("mixed_instances_policy", ()):
            for template in policy.get("launch_template", ()):
                listed = template.get("override", ())
                yield from (each["instance_type"] for each in listed if "instance_type" in each)


def volumes(place: Place) -> Found:
    """``aws_ebs_volume`` of the volumes that Kubernetes made."""
    for found in place.listed(
        "ec2.describe_volumes",
        Filters=[{"Name": "tag-key", "Values": ["kubernetes.io/*", "ebs.csi.aws.com/*"]}],
    ):
        body = shaped(found, {"volume_type": "type"})
        body[LIVE] = {"state": found.get("State", ""), "attached": bool(found.get("Attachments"))}
        yield Row("aws_ebs_volume", _ec2_arn(place, "volume", found["VolumeId"]), body)


def ebs_encryption(place: Place) -> Found:
    """``aws_ebs_encryption_by_default``."""
    found = place.get("ec2.get_ebs_encryption_by_default")
    enabled = found.get("EbsEncryptionByDefault", False)
    yield Row("aws_ebs_encryption_by_default", f"{place.where} EBS encryption", {"enabled": enabled})


def quotas(place: Place) -> Found:
    """``aws_servicequotas_service_quota`` of EC2: how many vCPUs of which family may run."""
    for found in place.listed("service-quotas.list_service_quotas", ServiceCode=QUOTA_SERVICE):
        body = shaped(found, {"quota_arn": "arn"})
        yield Row("aws_servicequotas_service_quota", found.get("QuotaArn") or found["QuotaCode"], body)


def _ec2_arn(place: Place, kind: str, name: str) -> str:
    return f"arn:{place.partition}:ec2:{place.region}:{place.account}:{kind}/{name}"
