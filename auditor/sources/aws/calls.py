"""Every call that is ever made to AWS: what it is, the IAM action it needs, what it answers with.

The table is the whole of what the auditor asks for. ``auditor iam`` prints its actions, and readers can make no
call that is not in it.
"""

from __future__ import annotations

from typing import NamedTuple


class Call(NamedTuple):
    """One operation of boto3. ``items``: the key of its list. ``absent``: error codes for 'nothing is set'.

    ``on`` is the resource that IAM checks the action on, after ``arn:PARTITION:``; '' where it knows none. ``page`` is
    the size of page that is asked for, 0 for the service's own: SQS drops what is beyond the first 1,000 queues unless
    one is named, S3 tells a bucket's region only then, and others have pages so small that large accounts take many.
    """

    service: str
    operation: str
    action: str
    items: str = ""
    absent: frozenset[str] = frozenset()
    on: str = ""
    page: int = 0

    @property
    def name(self) -> str:
        """``sqs.list_queues``."""
        return f"{self.service}.{self.operation}"


def _absent(*codes: str) -> frozenset[str]:
    return frozenset(codes)


_GONE = _absent("ResourceNotFoundException")
_NO_QUEUE = _absent("AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist")
_NO_BUDGET = _absent("NotFoundException")

_TABLE = (
    Call(
        "autoscaling",
        "describe_auto_scaling_groups",
        "autoscaling:DescribeAutoScalingGroups",
        "AutoScalingGroups",
        page=100,
    ),
    Call("autoscaling", "describe_scaling_activities", "autoscaling:DescribeScalingActivities", "Activities"),
    Call(
        "budgets",
        "describe_budgets",
        "budgets:ViewBudget",
        "Budgets",
        absent=_NO_BUDGET,
        on="budgets::{account}:budget/*",
    ),
    Call(
        "budgets",
        "describe_subscribers_for_notification",
        "budgets:ViewBudget",
        "Subscribers",
        absent=_NO_BUDGET,
        on="budgets::{account}:budget/*",
    ),
    Call(
        "budgets",
        "describe_notifications_for_budget",
        "budgets:ViewBudget",
        "Notifications",
        absent=_NO_BUDGET,
        on="budgets::{account}:budget/*",
    ),
    Call(
        "cloudwatch",
        "describe_alarms",
        "cloudwatch:DescribeAlarms",
        "MetricAlarms",
        on="cloudwatch:{region}:{account}:alarm:*",
        page=100,
    ),
    Call("ec2", "describe_flow_logs", "ec2:DescribeFlowLogs", "FlowLogs", page=1000),
    Call("ec2", "describe_instance_types", "ec2:DescribeInstanceTypes", "InstanceTypes"),
    Call(
        "ec2",
        "describe_launch_template_versions",
        "ec2:DescribeLaunchTemplateVersions",
        "LaunchTemplateVersions",
    ),
    Call("ec2", "describe_launch_templates", "ec2:DescribeLaunchTemplates", "LaunchTemplates", page=200),
    Call("ec2", "describe_nat_gateways", "ec2:DescribeNatGateways", "NatGateways", page=1000),
    Call("ec2", "describe_security_groups", "ec2:DescribeSecurityGroups", "SecurityGroups", page=1000),
    Call("ec2", "describe_subnets", "ec2:DescribeSubnets", "Subnets", page=1000),
    Call("ec2", "describe_volumes", "ec2:DescribeVolumes", "Volumes", page=500),
    Call("ec2", "describe_vpc_endpoints", "ec2:DescribeVpcEndpoints", "VpcEndpoints", page=1000),
    Call("ec2", "describe_vpcs", "ec2:DescribeVpcs", "Vpcs", page=1000),
    Call("ec2", "get_ebs_encryption_by_default", "ec2:GetEbsEncryptionByDefault"),
    Call(
        "ecr",
        "describe_repositories",
        "ecr:DescribeRepositories",
        "repositories",
        on="ecr:{region}:{account}:repository/*",
        page=1000,
    ),
    Call(
        "ecr",
        "get_lifecycle_policy",
        "ecr:GetLifecyclePolicy",
        absent=_absent("LifecyclePolicyNotFoundException"),
        on="ecr:{region}:{account}:repository/*",
    ),
    Call(
        "ecr",
        "list_tags_for_resource",
        "ecr:ListTagsForResource",
        "tags",
        on="ecr:{region}:{account}:repository/*",
    ),
    Call("ecr", "get_registry_scanning_configuration", "ecr:GetRegistryScanningConfiguration"),
    Call(
        "eks",
        "describe_access_entry",
        "eks:DescribeAccessEntry",
        absent=_GONE,
        on="eks:{region}:{account}:access-entry/*",
    ),
    Call("eks", "describe_addon", "eks:DescribeAddon", absent=_GONE, on="eks:{region}:{account}:addon/*"),
    Call(
        "eks", "describe_cluster", "eks:DescribeCluster", absent=_GONE, on="eks:{region}:{account}:cluster/*"
    ),
    Call(
        "eks",
        "describe_nodegroup",
        "eks:DescribeNodegroup",
        absent=_GONE,
        on="eks:{region}:{account}:nodegroup/*",
    ),
    Call(
        "eks",
        "describe_pod_identity_association",
        "eks:DescribePodIdentityAssociation",
        absent=_GONE,
        on="eks:{region}:{account}:podidentityassociation/*",
    ),
    Call(
        "eks",
        "list_access_entries",
        "eks:ListAccessEntries",
        "accessEntries",
        on="eks:{region}:{account}:cluster/*",
    ),
    Call("eks", "list_addons", "eks:ListAddons", "addons", on="eks:{region}:{account}:cluster/*"),
    Call(
        "eks",
        "list_associated_access_policies",
        "eks:ListAssociatedAccessPolicies",
        "associatedAccessPolicies",
        absent=_GONE,
        on="eks:{region}:{account}:access-entry/*",
    ),
    Call("eks", "list_clusters", "eks:ListClusters", "clusters"),
    Call("eks", "list_nodegroups", "eks:ListNodegroups", "nodegroups", on="eks:{region}:{account}:cluster/*"),
    Call(
        "eks",
        "list_pod_identity_associations",
        "eks:ListPodIdentityAssociations",
        "associations",
        on="eks:{region}:{account}:cluster/*",
    ),
    Call("iam", "generate_credential_report", "iam:GenerateCredentialReport"),
    Call("iam", "get_access_key_last_used", "iam:GetAccessKeyLastUsed", on="iam::{account}:user/*"),
    Call("iam", "get_account_authorization_details", "iam:GetAccountAuthorizationDetails", page=1000),
    Call("iam", "get_credential_report", "iam:GetCredentialReport"),
    Call(
        "iam",
        "get_open_id_connect_provider",
        "iam:GetOpenIDConnectProvider",
        absent=_absent("NoSuchEntity"),
        on="iam::{account}:oidc-provider/*",
    ),
    Call("iam", "list_access_keys", "iam:ListAccessKeys", "AccessKeyMetadata", on="iam::{account}:user/*"),
    Call(
        "iam", "list_open_id_connect_providers", "iam:ListOpenIDConnectProviders", "OpenIDConnectProviderList"
    ),
    Call("kms", "describe_key", "kms:DescribeKey", on="kms:{region}:{account}:key/*"),
    Call("kms", "get_key_policy", "kms:GetKeyPolicy", on="kms:{region}:{account}:key/*"),
    Call(
        "kms",
        "get_key_rotation_status",
        "kms:GetKeyRotationStatus",
        absent=_absent("UnsupportedOperationException"),
        on="kms:{region}:{account}:key/*",
    ),
    Call("kms", "list_keys", "kms:ListKeys", "Keys", page=1000),
    Call(
        "logs",
        "describe_log_groups",
        "logs:DescribeLogGroups",
        "logGroups",
        on="logs:{region}:{account}:log-group:*",
    ),
    Call("pricing", "get_products", "pricing:GetProducts", "PriceList"),
    Call("s3", "get_bucket_acl", "s3:GetBucketAcl", on="s3:::*"),
    Call(
        "s3",
        "get_bucket_encryption",
        "s3:GetEncryptionConfiguration",
        absent=_absent("ServerSideEncryptionConfigurationNotFoundError"),
        on="s3:::*",
    ),
    Call(
        "s3",
        "get_bucket_lifecycle_configuration",
        "s3:GetLifecycleConfiguration",
        absent=_absent("NoSuchLifecycleConfiguration"),
        on="s3:::*",
    ),
    Call("s3", "get_bucket_location", "s3:GetBucketLocation", on="s3:::*"),
    Call("s3", "get_bucket_logging", "s3:GetBucketLogging", on="s3:::*"),
    Call("s3", "get_bucket_notification_configuration", "s3:GetBucketNotification", on="s3:::*"),
    Call("s3", "get_bucket_policy", "s3:GetBucketPolicy", absent=_absent("NoSuchBucketPolicy"), on="s3:::*"),
    Call("s3", "get_bucket_tagging", "s3:GetBucketTagging", absent=_absent("NoSuchTagSet"), on="s3:::*"),
    Call("s3", "get_bucket_versioning", "s3:GetBucketVersioning", on="s3:::*"),
    Call(
        "s3",
        "get_public_access_block",
        "s3:GetBucketPublicAccessBlock",
        absent=_absent("NoSuchPublicAccessBlockConfiguration"),
        on="s3:::*",
    ),
    Call("s3", "list_buckets", "s3:ListAllMyBuckets", "Buckets", page=10000),
    Call(
        "s3control",
        "get_public_access_block",
        "s3:GetAccountPublicAccessBlock",
        absent=_absent("NoSuchPublicAccessBlockConfiguration"),
    ),
    Call("service-quotas", "list_service_quotas", "servicequotas:ListServiceQuotas", "Quotas"),
    Call(
        "sqs",
        "get_queue_attributes",
        "sqs:GetQueueAttributes",
        absent=_NO_QUEUE,
        on="sqs:{region}:{account}:*",
    ),
    Call("sqs", "list_queue_tags", "sqs:ListQueueTags", absent=_NO_QUEUE, on="sqs:{region}:{account}:*"),
    Call("sqs", "list_queues", "sqs:ListQueues", "QueueUrls", page=1000),
)

CALLS = {call.name: call for call in _TABLE}
"""By name."""
