"""Why a call to AWS gave nothing: refused, expired, throttled, out of reach. Never mistaken for an answer."""

from __future__ import annotations

from typing import Any

from auditor.unknown import Unknown

DENIED = frozenset(
    {
        "403",
        "AccessDenied",
        "AccessDeniedException",
        "AuthorizationError",
        "AuthorizationErrorException",
        "Client.UnauthorizedOperation",
        "Forbidden",
        "NotAuthorized",
        "NotAuthorizedException",
        "UnauthorizedException",
        "UnauthorizedOperation",
    }
)
"""Codes with which AWS's services refuse a call for want of permission."""
STALE = frozenset(
    {
        "AuthFailure",
        "ExpiredToken",
        "ExpiredTokenException",
        "IncompleteSignature",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "MissingAuthenticationToken",
        "MissingAuthenticationTokenException",
        "RequestExpired",
        "RequestTimeTooSkewed",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)
"""Codes for credentials that are no longer, or not yet, valid: also status 403, and no question of permissions."""
THROTTLED = frozenset(
    {
        "LimitExceededException",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "Throttling",
        "ThrottlingException",
        "ThrottledException",
        "TooManyRequestsException",
    }
)


class Refused(Exception):
    """A call that gave no answer. ``unknown`` carries the reason and the act that would repair it."""

    def __init__(self, unknown: Unknown, action: str) -> None:
        super().__init__(unknown.reason)
        self.unknown, self.action = unknown, action


def refused(error: Any, action: str, where: str, resource: str = "*") -> Refused:
    """What an error of botocore means for a call that needs the IAM ``action`` on ``resource``, made at ``where``."""
    response = getattr(error, "response", None)
    if not isinstance(response, dict):
        return Refused(_unreached(error, action, where), action)
    stated = response.get("Error", {})
    code, said = str(stated.get("Code", "")), str(stated.get("Message", ""))
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    if code in STALE:
        return Refused(_stale(code, where), action)
    if code in THROTTLED or status == 429:
        reason = f"AWS throttled {action} in {where} until the retries ran out ({code})"
        return Refused(Unknown(reason, "run again later, or name fewer regions"), action)
    if code in DENIED or status in (401, 403):
        return Refused(_denied(action, where, said, resource), action)
    why = Unknown(f"{action} failed in {where}: {code or status}: {said}", "run again; report it if it stays")
    return Refused(why, action)


def _denied(action: str, where: str, said: str, resource: str) -> Unknown:
    statement = f'{{"Effect": "Allow", "Action": "{action}", "Resource": "{resource}"}}'
    repair = f"let the auditor's role do it: {statement}"
    if "explicit deny" in said:
        of_whom = "a service control policy" if "service control" in said else "a policy"
        repair = f"{of_whom} denies {action} explicitly: exempt the auditor's role there"
    return Unknown(f"AWS refused {action} in {where}", repair)


def _stale(code: str, where: str) -> Unknown:
    if code == "RequestTimeTooSkewed":
        return Unknown(f"AWS refused the signature's time in {where}", "set this machine's clock")
    return Unknown(
        f"AWS does not accept the credentials in {where} ({code})", "sign in again, then run again"
    )


def _unreached(error: Any, action: str, where: str) -> Unknown:
    kind = type(error).__name__
    if kind in ("NoCredentialsError", "PartialCredentialsError", "CredentialRetrievalError"):
        return Unknown(f"there are no AWS credentials for {where}", "sign in, or set AWS_PROFILE")
    if "SSO" in kind or "Token" in kind or "Login" in kind:
        return Unknown(f"the AWS sign-in for {where} has ended ({kind})", "run aws sso login, then run again")
    return Unknown(
        f"{action} got no answer in {where} ({kind})", "look at the network and the endpoint, then run again"
    )
