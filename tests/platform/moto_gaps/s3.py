"""Bucket policies: moto takes a Deny under a condition for a Deny always, and so refuses every upload.

It hands no request to the evaluation, so the condition cannot be judged here: such statements are left out.
"""

from __future__ import annotations

import json
from typing import Any

from moto.iam.access_control import IAMPolicy, PermissionResult
from moto.s3.models import FakeBucket


def get_permission(self: FakeBucket, action: str, resource: str) -> Any:
    """What the statements say that can be judged."""
    if self.policy is None:
        return PermissionResult.NEUTRAL
    policy = json.loads(self.policy.decode())
    kept = [each for each in policy["Statement"] if each["Effect"] == "Allow" or "Condition" not in each]
    if not kept:
        return PermissionResult.NEUTRAL
    return IAMPolicy(json.dumps({**policy, "Statement": kept})).is_action_permitted(action, resource)


FakeBucket.get_permission = get_permission
