"""IAM under enforcement: moto takes some actions for others than AWS does, and asks for most of them on ``*``.

AWS's names: Service Authorization Reference. Which actions a resource can limit: ``auditor.data.iam_actions``, made
from AWS's own data. An action that can be limited is judged here on a resource of this account and region.
"""

from __future__ import annotations

from urllib.parse import parse_qs, urlparse

from moto.iam.access_control import IAMRequestBase

from auditor.data.iam_actions import action

SIGNED_AS = {"monitoring": "cloudwatch"}
"""Names of signatures that are no prefixes of actions."""
OTHERWISE = {
    "budgets:DescribeBudgets": "budgets:ViewBudget",
    "budgets:DescribeNotificationsForBudget": "budgets:ViewBudget",
    "budgets:DescribeSubscribersForNotification": "budgets:ViewBudget",
}
"""Operations that another action allows."""
OF_BUCKETS = {
    "encryption": "s3:GetEncryptionConfiguration",
    "location": "s3:GetBucketLocation",
    "publicAccessBlock": "s3:GetBucketPublicAccessBlock",
}
"""Parts of a bucket that moto takes for the bucket itself."""
OF_ACCOUNT = "/v20180820/configuration/publicAccessBlock"
WITHOUT_REGION = ("budgets", "iam")
NAMED_BY = {"UserName": "user", "AccessKeyId": "user", "PolicyName": "policy"}
_judge, _verify = IAMRequestBase.check_action_permitted, IAMRequestBase.check_signature


def check_signature(self: IAMRequestBase) -> None:
    """As moto's, which takes the headers of a request without a body for its form (EKS)."""
    if not self._body and "Authorization" in self._data:
        self._data = {}
    _verify(self)


def check_action_permitted(self: IAMRequestBase, resource: str) -> None:
    """As moto's, of what AWS would judge."""
    self._action = _action(self)
    _judge(self, _resource(self) if resource == "*" else resource)


def _action(request: IAMRequestBase) -> str:
    service, _, operation = request._action.partition(":")
    if urlparse(request._path).path == OF_ACCOUNT:
        return "s3:GetAccountPublicAccessBlock"
    if service == "s3" and request._method == "GET":
        parts = parse_qs(urlparse(request._path).query, keep_blank_values=True)
        return next((OF_BUCKETS[part] for part in parts if part in OF_BUCKETS), request._action)
    named = f"{SIGNED_AS.get(service, service)}:{operation}"
    return OTHERWISE.get(named, named)


def _resource(request: IAMRequestBase) -> str:
    """The resource of an action that can be limited to one; else ``*``."""
    known = action(request._action)
    if known is None or not known.limitable:
        return "*"
    service = request._action.partition(":")[0]
    region = "" if service in WITHOUT_REGION else request._region
    return f"arn:aws:{service}:{region}:{request.account_id}:{_named(request, service)}"


def _named(request: IAMRequestBase, service: str) -> str:
    if service == "budgets":
        return "budget/any"
    data = request._data
    if "OpenIDConnectProviderArn" in data:
        return str(data["OpenIDConnectProviderArn"][0]).rpartition(":")[2]
    return next((f"{kind}/{data[key][0]}" for key, kind in NAMED_BY.items() if key in data), "any")


IAMRequestBase.check_action_permitted = check_action_permitted
IAMRequestBase.check_signature = check_signature
