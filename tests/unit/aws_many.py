"""A mocked account with many of everything, and a count of what is asked of it."""

from __future__ import annotations

import json
import time
from collections import Counter
from typing import Any

from auditor.sources.aws.services import chosen
from auditor.sources.aws.session import Place
from auditor.sources.aws.source import read_place
from auditor.sources.live import Reading
from tests.unit.aws_accounts import NOW, REGION, TRUST_EC2, client, make_cluster, make_node_group, session

LOCATION = {"LocationConstraint": REGION}


def make_many(each: int) -> None:
    """So many of each kind of thing, for use inside ``mock_aws``."""
    make_cluster()
    iam, sqs, s3, ecr, kms, ec2 = (client(name) for name in ("iam", "sqs", "s3", "ecr", "kms", "ec2"))
    for number in range(each):
        make_node_group(f"group-{number}")
        iam.create_role(RoleName=f"role-{number}", AssumeRolePolicyDocument=TRUST_EC2)
        document = {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}],
        }
        iam.put_role_policy(RoleName=f"role-{number}", PolicyName="p", PolicyDocument=json.dumps(document))
        iam.create_user(UserName=f"user-{number}")
        iam.create_access_key(UserName=f"user-{number}")
        sqs.create_queue(QueueName=f"queue-{number}")
        s3.create_bucket(Bucket=f"bucket-{number:04}", CreateBucketConfiguration=LOCATION)
        ecr.create_repository(repositoryName=f"app-{number}")
        kms.create_key(Description=str(number))
        ec2.create_launch_template(
            LaunchTemplateName=f"template-{number}", LaunchTemplateData={"InstanceType": "g5.xlarge"}
        )


def counted(workers: int = 1, latency: float = 0.0) -> tuple[Reading, Counter[str]]:
    """What the source reads of the account, and its calls by operation, pages too; each takes ``latency`` seconds."""
    own, calls = session(), Counter[str]()

    def note(model: Any, **_: Any) -> None:
        calls[f"{model.service_model.service_name}.{model.name}"] += 1
        time.sleep(latency)

    own.events.register("before-call", note)
    place = Place(own, "123456789012", REGION, workers=workers)
    return read_place(place, chosen(None), NOW), calls
