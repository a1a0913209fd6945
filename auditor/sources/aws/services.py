"""What can be read of AWS: one line for each kind of resource, with the calls that it takes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from importlib import import_module
from typing import NamedTuple

from auditor.sources.aws.calls import CALLS
from auditor.sources.aws.rows import Found
from auditor.sources.aws.session import Place

Read = Callable[[Place], Found]
_HERE = "auditor.sources.aws"


class Service(NamedTuple):
    """One reader: ``module:function``, the kinds it gives (Terraform's types), the calls it makes.

    ``everywhere``: the account has it once, whatever the region. ``beside``: kinds that complete these, and are read
    whenever they are.
    """

    reader: str
    kinds: tuple[str, ...]
    calls: tuple[str, ...]
    everywhere: bool = False
    beside: tuple[str, ...] = ()

    @property
    def read(self) -> Read:
        """The function itself."""
        module, _, name = self.reader.partition(":")
        found: Read = getattr(import_module(f"{_HERE}.{module}"), name)
        return found

    @property
    def actions(self) -> list[str]:
        """The IAM actions that its calls need."""
        return sorted({CALLS[name].action for name in self.calls})


_CLUSTERS = ("eks.list_clusters", "eks.describe_cluster")
_GRANTS = ("iam.get_account_authorization_details",)
_REPORT = ("iam.generate_credential_report", "iam.get_credential_report")
_BUCKET = "aws_s3_bucket"
_NODES = ("aws_autoscaling_group", "aws_eks_node_group", "aws_launch_template", "data.aws_ec2_instance_type")

_TYPES_IN_USE = (
    "eks.list_clusters",
    "eks.list_nodegroups",
    "eks.describe_nodegroup",
    "autoscaling.describe_auto_scaling_groups",
    "autoscaling.describe_scaling_activities",
    "ec2.describe_launch_templates",
    "ec2.describe_launch_template_versions",
)
PRICES = Service("prices:on_demand", ("aws_ec2_price",), (*_TYPES_IN_USE, "pricing.get_products"))
"""Read on request only: no policy judges a price."""

SERVICES = (
    Service("eks:clusters", ("aws_eks_cluster",), _CLUSTERS, beside=("aws_eks_addon",)),
    Service(
        "eks:node_groups",
        ("aws_eks_node_group",),
        ("eks.list_clusters", "eks.list_nodegroups", "eks.describe_nodegroup"),
        beside=_NODES,
    ),
    Service("eks:addons", ("aws_eks_addon",), ("eks.list_clusters", "eks.list_addons", "eks.describe_addon")),
    Service(
        "eks:access_entries",
        ("aws_eks_access_entry",),
        (
            "eks.list_clusters",
            "eks.list_access_entries",
            "eks.describe_access_entry",
            "eks.list_associated_access_policies",
        ),
    ),
    Service(
        "eks:pod_identities",
        ("aws_eks_pod_identity_association",),
        ("eks.list_clusters", "eks.list_pod_identity_associations", "eks.describe_pod_identity_association"),
    ),
    Service(
        "compute:groups",
        ("aws_autoscaling_group",),
        ("autoscaling.describe_auto_scaling_groups", "autoscaling.describe_scaling_activities"),
        beside=_NODES,
    ),
    Service(
        "compute:launch_templates",
        ("aws_launch_template",),
        ("ec2.describe_launch_templates", "ec2.describe_launch_template_versions"),
    ),
    Service(
        "compute:instance_types",
        ("data.aws_ec2_instance_type",),
        (*_TYPES_IN_USE, "ec2.describe_instance_types"),
    ),
    PRICES,
    Service("compute:volumes", ("aws_ebs_volume",), ("ec2.describe_volumes",)),
    Service(
        "compute:ebs_encryption", ("aws_ebs_encryption_by_default",), ("ec2.get_ebs_encryption_by_default",)
    ),
    Service("compute:quotas", ("aws_servicequotas_service_quota",), ("service-quotas.list_service_quotas",)),
    Service(
        "network:security_groups",
        ("aws_security_group", "aws_default_security_group"),
        (*_CLUSTERS, "ec2.describe_security_groups"),
    ),
    Service("network:vpcs", ("aws_vpc",), (*_CLUSTERS, "ec2.describe_vpcs")),
    Service("network:subnets", ("aws_subnet",), (*_CLUSTERS, "ec2.describe_subnets")),
    Service("network:endpoints", ("aws_vpc_endpoint",), (*_CLUSTERS, "ec2.describe_vpc_endpoints")),
    Service("network:nat_gateways", ("aws_nat_gateway",), (*_CLUSTERS, "ec2.describe_nat_gateways")),
    Service("network:flow_logs", ("aws_flow_log",), (*_CLUSTERS, "ec2.describe_flow_logs")),
    Service(
        "storage:buckets",
        (
            _BUCKET,
            *(
                f"{_BUCKET}_{part}"
                for part in (
                    "versioning",
                    "server_side_encryption_configuration",
                    "public_access_block",
                    "lifecycle_configuration",
                    "notification",
                    "policy",
                    "logging",
                    "acl",
                )
            ),
        ),
        (
            "s3.list_buckets",
            "s3.get_bucket_location",
            "s3.get_bucket_tagging",
            "s3.get_bucket_versioning",
            "s3.get_bucket_encryption",
            "s3.get_public_access_block",
            "s3.get_bucket_lifecycle_configuration",
            "s3.get_bucket_notification_configuration",
            "s3.get_bucket_policy",
            "s3.get_bucket_logging",
            "s3.get_bucket_acl",
            "s3control.get_public_access_block",
        ),
        beside=("aws_s3_account_public_access_block",),
    ),
    Service(
        "storage:account_block",
        ("aws_s3_account_public_access_block",),
        ("s3control.get_public_access_block",),
        everywhere=True,
    ),
    Service(
        "storage:queues",
        ("aws_sqs_queue",),
        ("sqs.list_queues", "sqs.get_queue_attributes", "sqs.list_queue_tags"),
    ),
    Service(
        "identity:roles",
        ("aws_iam_role", "aws_iam_role_policy", "aws_iam_role_policy_attachment"),
        _GRANTS,
        everywhere=True,
        beside=("aws_iam_policy",),
    ),
    Service("identity:policies", ("aws_iam_policy",), _GRANTS, everywhere=True),
    Service(
        "identity:users",
        (
            "aws_iam_user",
            "aws_iam_user_policy",
            "aws_iam_user_policy_attachment",
            "aws_iam_group_policy",
            "aws_iam_group_policy_attachment",
        ),
        (*_GRANTS, *_REPORT),
        everywhere=True,
    ),
    Service(
        "identity:access_keys",
        ("aws_iam_access_key",),
        (*_GRANTS, "iam.list_access_keys", "iam.get_access_key_last_used"),
        everywhere=True,
    ),
    Service("identity:root_user", ("aws_iam_root",), _REPORT, everywhere=True),
    Service(
        "identity:oidc_providers",
        ("aws_iam_openid_connect_provider",),
        ("iam.list_open_id_connect_providers", "iam.get_open_id_connect_provider"),
        everywhere=True,
    ),
    Service(
        "managed:repositories",
        ("aws_ecr_repository", "aws_ecr_lifecycle_policy"),
        ("ecr.describe_repositories", "ecr.get_lifecycle_policy", "ecr.list_tags_for_resource"),
    ),
    Service(
        "managed:registry_scanning",
        ("aws_ecr_registry_scanning_configuration",),
        ("ecr.get_registry_scanning_configuration",),
    ),
    Service(
        "managed:keys",
        ("aws_kms_key",),
        ("kms.list_keys", "kms.describe_key", "kms.get_key_policy", "kms.get_key_rotation_status"),
    ),
    Service("managed:alarms", ("aws_cloudwatch_metric_alarm",), ("cloudwatch.describe_alarms",)),
    Service("managed:log_groups", ("aws_cloudwatch_log_group",), ("logs.describe_log_groups",)),
    Service(
        "managed:budgets",
        ("aws_budgets_budget",),
        (
            "budgets.describe_budgets",
            "budgets.describe_notifications_for_budget",
            "budgets.describe_subscribers_for_notification",
        ),
        everywhere=True,
    ),
)
"""In the order in which resources appear in a report."""


FOLDED = (
    "aws_autoscaling_group_tag",
    "aws_iam_policy_attachment",
    "aws_kms_key_policy",
    "aws_s3_bucket_object_lock_configuration",
    "aws_security_group_rule",
    "aws_sqs_queue_policy",
    "aws_sqs_queue_redrive_allow_policy",
    "aws_sqs_queue_redrive_policy",
    "aws_vpc_security_group_egress_rule",
    "aws_vpc_security_group_ingress_rule",
    "data.aws_iam_policy",
    "data.aws_iam_policy_document",
    "helm_release",
    "kubectl_manifest",
    "kubernetes_manifest",
    "kubernetes_service_account",
    "kubernetes_service_account_v1",
    "module",
    "root",
)
"""Terraform's ways to write what AWS shows at another kind, or what is no object of AWS at all."""


def chosen(kinds: Collection[str] | None) -> list[Service]:
    """The readers that give any of the kinds, and those beside them; all readers for None."""
    if kinds is None:
        return list(SERVICES)
    wanted = set(kinds)
    for each in SERVICES:
        if not wanted.isdisjoint(each.kinds):
            wanted.update(each.beside)
    return [each for each in SERVICES if not wanted.isdisjoint(each.kinds)]


def readable_kinds() -> frozenset[str]:
    """Every kind that can be read."""
    return frozenset(kind for each in SERVICES for kind in each.kinds)


def actions_for(services: Iterable[Service]) -> list[str]:
    """Every IAM action that the readers need, sorted."""
    return sorted({action for each in services for action in each.actions})
