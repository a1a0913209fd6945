"""IAM: roles, their trust and permissions; people, their keys and passwords; OIDC providers."""

from __future__ import annotations

import csv
import io
import json
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

from auditor.sources.aws.refusals import Refused
from auditor.sources.aws.rows import LIVE, Found, Row, each, field, several
from auditor.sources.aws.session import Place
from auditor.sources.aws.shape import plain, tag_map
from auditor.unknown import Unknown

NOT_OURS = ("/aws-service-role/", "/aws-reserved/")
"""Paths of roles that AWS services and Identity Center keep; nobody else can change them."""
_REPORT_TRIES = 20
_REPORT_WAIT = 0.5
_DETAILS = "iam.get_account_authorization_details"


def roles(place: Place) -> Found:
    """``aws_iam_role``, ``aws_iam_role_policy`` and ``aws_iam_role_policy_attachment``."""
    for page in _details(place):
        for found in page.get("RoleDetailList", ()):
            if not found["Path"].startswith(NOT_OURS):
                yield from _role(found)


def _role(found: dict[str, Any]) -> Iterator[Row]:
    name, arn = found["RoleName"], found["Arn"]
    body = {
        "name": name,
        "arn": arn,
        "path": found["Path"],
        "assume_role_policy": document(found.get("AssumeRolePolicyDocument")),
        "tags": tag_map(found.get("Tags")),
        LIVE: {"created": plain(found.get("CreateDate", "")), "last_used": _last_used(found)},
    }
    boundary = found.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn")
    if boundary:
        body["permissions_boundary"] = boundary
    yield Row("aws_iam_role", arn, body)
    yield from _grants("role", name, arn, found.get("RolePolicyList", ()), found)


def _last_used(found: dict[str, Any]) -> Any:
    return plain(found.get("RoleLastUsed", {}).get("LastUsedDate", ""))


def _grants(what: str, name: str, arn: str, inline: Any, found: dict[str, Any]) -> Iterator[Row]:
    for policy in inline:
        body = {what: name, "name": policy["PolicyName"], "policy": document(policy["PolicyDocument"])}
        yield Row(f"aws_iam_{what}_policy", f"{arn}/{policy['PolicyName']}", body)
    for policy in found.get("AttachedManagedPolicies", ()):
        body = {what: name, "policy_arn": policy["PolicyArn"]}
        yield Row(f"aws_iam_{what}_policy_attachment", f"{arn} {policy['PolicyName']}", body)


def policies(place: Place) -> Found:
    """``aws_iam_policy``: the account's own, with the document of the version in force."""
    for page in _details(place):
        for found in page.get("Policies", ()):
            if ":aws:policy/" in found["Arn"]:
                continue
            versions = found.get("PolicyVersionList", ())
            in_force = [each for each in versions if each.get("IsDefaultVersion")]
            name = found["Arn"].rsplit("/", 1)[-1]
            body = {"name": name, "arn": found["Arn"], "path": found.get("Path", "/")}
            if in_force:
                body["policy"] = document(in_force[0].get("Document"))
            yield Row("aws_iam_policy", found["Arn"], body)


def users(place: Place) -> Found:
    """``aws_iam_user`` with its grants; ``live`` has what the credential report says."""
    report = _credentials(place)
    for page in _details(place):
        for found in page.get("UserDetailList", ()):
            name, arn = found["UserName"], found["Arn"]
            body = {"name": name, "arn": arn, "path": found["Path"], "tags": tag_map(found.get("Tags"))}
            body[LIVE] = report if isinstance(report, Unknown) else report.get(name, {})
            yield Row("aws_iam_user", arn, body)
            yield from _grants("user", name, arn, found.get("UserPolicyList", ()), found)
        for found in page.get("GroupDetailList", ()):
            yield from _grants(
                "group", found["GroupName"], found["Arn"], found.get("GroupPolicyList", ()), found
            )


def access_keys(place: Place) -> Found:
    """``aws_iam_access_key`` of every user; only the last four characters of a key are kept."""
    names = [user["UserName"] for page in _details(place) for user in page.get("UserDetailList", ())]

    def of_user(name: str) -> Iterator[Row]:
        for key in place.listed("iam.list_access_keys", UserName=name):
            yield _key(place, name, key)

    return several(place, names, of_user)


def _key(place: Place, user: str, key: dict[str, Any]) -> Row:
    shown = f"****{key['AccessKeyId'][-4:]}"
    used = place.value("iam.get_access_key_last_used", AccessKeyId=key["AccessKeyId"])
    last = used if isinstance(used, Unknown) else used.get("AccessKeyLastUsed", {})
    body = {"user": user, "id": shown, "status": key["Status"], "create_date": plain(key["CreateDate"])}
    body[LIVE] = {"last_used": plain(field(last, "LastUsedDate")), "service": field(last, "ServiceName")}
    return Row("aws_iam_access_key", f"arn:{place.partition}:iam::{place.account}:user/{user} {shown}", body)


def root_user(place: Place) -> Found:
    """``aws_iam_root``: what the credential report says of the account's root user. No type of Terraform's."""
    report = _credentials(place)
    body = {LIVE: report if isinstance(report, Unknown) else report.get("<root_account>", {})}
    yield Row("aws_iam_root", f"arn:{place.partition}:iam::{place.account}:root", body)


def oidc_providers(place: Place) -> Found:
    """``aws_iam_openid_connect_provider``."""

    def one(found: dict[str, str]) -> Row:
        arn = found["Arn"]
        told = place.get("iam.get_open_id_connect_provider", OpenIDConnectProviderArn=arn)
        body = {"arn": arn, "url": told.get("Url", ""), "client_id_list": told.get("ClientIDList", [])}
        return Row("aws_iam_openid_connect_provider", arn, body)

    return each(place, place.listed("iam.list_open_id_connect_providers"), one)


def _credentials(place: Place) -> dict[str, dict[str, Any]] | Unknown:
    """The account's credential report by user name; Unknown where it may not be read."""
    try:
        return place.once("credential report", lambda: _report(place))
    except Refused as error:
        return error.unknown


def _report(place: Place) -> dict[str, dict[str, Any]]:
    for _ in range(_REPORT_TRIES):
        if place.get("iam.generate_credential_report").get("State") == "COMPLETE":
            break
        time.sleep(_REPORT_WAIT)
    text = place.get("iam.get_credential_report")["Content"].decode()
    return {row["user"]: _typed(row) for row in csv.DictReader(io.StringIO(text))}


def _typed(row: dict[str, str]) -> dict[str, Any]:
    words = {"true": True, "false": False, "N/A": "", "not_supported": "", "no_information": ""}
    return {key: words.get(value, value) for key, value in row.items() if key not in ("user", "arn")}


def document(given: Any) -> str:
    """A policy document as JSON text; boto3 gives a dict, other paths the text with its characters escaped."""
    text = given if isinstance(given, str) else json.dumps(given or {})
    return unquote(text) if text.startswith("%7B") else text


def _details(place: Place) -> list[dict[str, Any]]:
    """Everything IAM holds, in one walk over its pages."""
    return place.pages(_DETAILS)
