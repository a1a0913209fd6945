"""What workloads and well-known controllers do on AWS, against what their roles are granted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from auditor.facts.declared import Declared
from auditor.facts.iam_roles import Role
from auditor.facts.iam_usage import queue_urls
from auditor.facts.scaling import target_reference
from auditor.iam.documents import text
from auditor.iam.evaluate import Decision, Outcome
from auditor.model import Resource
from auditor.unknown import Unknown
from auditor.views.interface import Instance
from auditor.views.pods import dig

if TYPE_CHECKING:
    from auditor.world import World

CONSUMER = (
    "sqs:ReceiveMessage",
    "sqs:DeleteMessage",
    "sqs:ChangeMessageVisibility",
    "sqs:GetQueueAttributes",
)
"""What a worker does that takes jobs from a queue and may need longer than the visibility timeout."""

CONTROLLERS: dict[str, tuple[str, ...]] = {
    "cluster-autoscaler": (
        "autoscaling:DescribeAutoScalingGroups",
        "autoscaling:DescribeAutoScalingInstances",
        "autoscaling:SetDesiredCapacity",
        "autoscaling:TerminateInstanceInAutoScalingGroup",
        "ec2:DescribeInstanceTypes",
        "ec2:DescribeLaunchTemplateVersions",
    ),
}
"""ServiceAccounts of charts everybody uses, and the actions without which they do not work.
https://github.com/kubernetes/autoscaler/blob/master/cluster-autoscaler/cloudprovider/aws/README.md#iam-policy"""

KEDA = "keda-operator"
READ_QUEUE = "sqs:GetQueueAttributes"


def workload_needs(
    world: World, instance: Instance, roles: Sequence[Role | None]
) -> Iterator[dict[str, Any]]:
    """``{action, on, granted, role, ref, queue}`` for each action that the workload declares or its queue asks for.

    ``queue`` is the queue's name, '' for declared actions.
    ``granted`` is Unknown where a role or a policy of it is not declared here. Nothing when the pod has no role:
    that is another question.
    """
    if not roles:
        return
    for action in _declared(world, instance):
        yield _answer(world, roles, action, "", "any resource") | {"queue": ""}
    for queue, name in _queues(world, instance):
        for action in CONSUMER:
            where = f"the queue {name} that scales it"
            yield _answer(world, roles, action, queue, where) | {"queue": name}


def controller_needs(
    world: World, role: Role, accounts: Sequence[dict[str, Any]]
) -> Iterator[dict[str, Any]]:
    """The same for the role of a controller that is known by its ServiceAccount."""
    for name in sorted({each["name"] for each in accounts}):
        wanted = CONTROLLERS.get(name, ())
        if name == KEDA and _operator_reads_queues(world):
            wanted = (READ_QUEUE,)
        for action in wanted:
            yield _answer(world, [role], action, "", f"any resource, which {name} does")


def _answer(
    world: World, roles: Sequence[Role | None], action: str, resource: str, where: str
) -> dict[str, Any]:
    role = next((each for each in roles if each is not None), None)
    row = {"action": action, "on": where, "role": "", "ref": ""}
    if role is None or len(roles) > 1:
        why = Unknown(
            "the role of the ServiceAccount is not declared in this tree", "audit its Terraform too"
        )
        return row | {"granted": why}
    permissions = role.permissions
    found = permissions.decide(action, resource) if resource else permissions.may(action)
    return row | {"granted": _granted(found), "role": role.title, "ref": world.ref(role.resource)}


def _granted(decision: Decision) -> Any:
    """A grant under a condition counts: the condition is there to be met."""
    if decision.outcome is Outcome.UNKNOWN:
        unsaid = Unknown("a policy of the role is not known")
        return unsaid if decision.unknown is None else decision.unknown
    return decision.outcome is not Outcome.DENIED


def _declared(world: World, instance: Instance) -> list[str]:
    found = Declared(world).of(instance)["aws_actions"]
    return [] if isinstance(found, Unknown) else [each.strip() for each in found.split(",") if ":" in each]


def _queues(world: World, instance: Instance) -> Iterator[tuple[str, str]]:
    """ARN (as a text) and name of each SQS queue whose length scales the workload."""
    resource = instance.resource
    for scaler in world.instances("Scaler"):
        same = scaler.resource is resource
        if not same and target_reference(scaler.resource) == (resource.group, resource.kind, resource.name):
            same = scaler.resource.namespace == resource.namespace
        if same:
            for trigger in _sqs_triggers(scaler.resource):
                url = dig(trigger, ("metadata", "queueURL"))
                for each in queue_urls(url) if isinstance(url, str) else ():
                    yield _arn(world, each), each.rsplit("/", 1)[-1]


def _sqs_triggers(scaler: Resource) -> list[dict[str, Any]]:
    listed = dig(scaler.body, ("spec", "triggers"))
    return [
        each
        for each in (listed if type(listed) is list else ())
        if type(each) is dict and each.get("type") == "aws-sqs-queue"
    ]


def _arn(world: World, url: str) -> str:
    """The ARN of a queue: by the block that declares a queue of this name, else from the URL."""
    host, account, name = url.removeprefix("https://").split("/")
    for queue in world.kind("terraform", "aws_sqs_queue"):
        if text(queue.body.get("name", "")) == name:
            return f"${{{queue.name}.arn}}"
    region = host.removeprefix("sqs.").split(".")[0]
    partition = "aws-cn" if host.endswith(".cn") else "aws"
    return f"arn:{partition}:sqs:{region}:{account}:{name}"


def _operator_reads_queues(world: World) -> bool:
    """Whether some trigger is read under the operator's own role."""
    authentications = {
        (each.namespace, each.name): each for each in world.kind("keda.sh", "TriggerAuthentication")
    }
    for scaler in world.instances("Scaler"):
        for trigger in _sqs_triggers(scaler.resource):
            name = dig(trigger, ("authenticationRef", "name"))
            found = authentications.get((scaler.resource.namespace, str(name)))
            if name is None and dig(trigger, ("metadata", "identityOwner")) == "operator":
                return True
            if found is not None and is_operator(dig(found.body, ("spec", "podIdentity"))):
                return True
    return False


def is_operator(identity: Any) -> bool:
    """Whether KEDA's own role counts: ``provider: aws`` without a role or another owner."""
    if type(identity) is not dict or identity.get("provider") != "aws":
        return False
    return "roleArn" not in identity and identity.get("identityOwner", "keda") == "keda"


def reads_messages(role: Role) -> Any:
    """Of the actions that only a worker needs, those that the role is granted somewhere."""
    beyond = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:SendMessage", "sqs:PurgeQueue", "s3:GetObject")
    return [action for action in beyond if role.permissions.may(action).outcome >= Outcome.CONDITIONAL]
