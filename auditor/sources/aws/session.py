"""Credentials, clients and calls: one :class:`Place` for each account and region that is read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from threading import Lock
from typing import Any, TypeVar

from auditor.sources.aws.calls import CALLS, Call
from auditor.sources.aws.options import CONNECT_TIMEOUT, MAX_ATTEMPTS, READ_TIMEOUT, Account
from auditor.sources.aws.refusals import Refused, refused
from auditor.unknown import Unknown

GLOBAL_REGION = "us-east-1"
_GLOBAL = frozenset({"budgets", "pricing"})
"""Services that answer in one region for all."""
_SESSION_NAME = "auditor"
_MANY = 4

Item = TypeVar("Item")
Made = TypeVar("Made")


class Place:
    """One region of one account, and every call that is made there."""

    def __init__(
        self, session: Any, account: str, region: str, partition: str = "aws", workers: int = 8
    ) -> None:
        self.account, self.region, self.partition = account, region, partition
        self.refusals: dict[str, Refused] = {}
        """By IAM action: the calls that gave no answer."""
        self.made: set[str] = set()
        """Names of the calls that were made."""
        self._session, self._workers = session, workers
        self._clients: dict[str, Any] = {}
        self._kept: dict[str, Any] = {}
        self._locks: dict[str, Lock] = {}
        self._lock = Lock()

    @property
    def where(self) -> str:
        """``aws:111122223333/us-east-1``: the name of the place in reports."""
        return f"aws:{self.account}/{self.region}"

    def get(self, name: str, /, **arguments: Any) -> dict[str, Any]:
        """What a call answers; {} where nothing is set. Raises Refused."""
        call = CALLS[name]
        answer: dict[str, Any] = self._call(
            call, lambda client: getattr(client, call.operation)(**arguments), {}
        )
        return answer

    def listed(self, name: str, /, **arguments: Any) -> list[Any]:
        """Every item of a call that lists, over all its pages; asked once. Raises Refused."""
        call = CALLS[name]

        def every(client: Any) -> list[Any]:
            if not client.can_paginate(call.operation):
                return list(getattr(client, call.operation)(**arguments).get(call.items, ()))
            pages = client.get_paginator(call.operation).paginate(**arguments)
            return [item for page in pages for item in page.get(call.items, ())]

        found: list[Any] = self.once(
            f"{name} {sorted(arguments.items())}", lambda: self._call(call, every, [])
        )
        return found

    def pages(self, name: str) -> list[dict[str, Any]]:
        """Every page of a call that lists several things at once; asked once. Raises Refused."""
        call = CALLS[name]

        def every(client: Any) -> list[dict[str, Any]]:
            return list(client.get_paginator(call.operation).paginate())

        found: list[dict[str, Any]] = self.once(name, lambda: self._call(call, every, []))
        return found

    def once(self, key: str, make: Callable[[], Made]) -> Made:
        """What ``make`` gave under this key, the same for all who ask; a refusal is kept as well. Raises Refused."""
        with self._lock:
            own = self._locks.setdefault(key, Lock())
        with own:
            if key not in self._kept:
                try:
                    self._kept[key] = make()
                except Refused as error:
                    self._kept[key] = error
        kept = self._kept[key]
        if isinstance(kept, Refused):
            raise kept
        found: Made = kept
        return found

    def value(self, name: str, /, **arguments: Any) -> dict[str, Any] | Unknown:
        """Like :meth:`get`; Unknown instead of Refused."""
        try:
            return self.get(name, **arguments)
        except Refused as error:
            return error.unknown

    def each(self, items: Iterable[Item], make: Callable[[Item], Made]) -> Sequence[Made | Refused]:
        """``make`` of every item, several at once, in the items' order; what was refused in its place."""

        def one(item: Item) -> Made | Refused:
            try:
                return make(item)
            except Refused as error:
                return error

        from concurrent.futures import ThreadPoolExecutor

        listed = [*items]
        if len(listed) < _MANY or self._workers < 2:
            return [one(item) for item in listed]
        with ThreadPoolExecutor(self._workers) as pool:
            return [*pool.map(one, listed)]

    def _call(self, call: Call, ask: Callable[[Any], Any], nothing: Any) -> Any:
        from botocore.exceptions import BotoCoreError, ClientError

        self.made.add(call.name)
        try:
            return ask(self._client(call.service))
        except (BotoCoreError, ClientError) as error:
            code = getattr(error, "response", {}).get("Error", {}).get("Code", "")
            if code in call.absent:
                return nothing
            found = refused(error, call.action, self.where)
            with self._lock:
                self.refusals.setdefault(call.action, found)
            raise found from error

    def _client(self, service: str) -> Any:
        with self._lock:
            found = self._clients.get(service)
            if found is None:
                region = GLOBAL_REGION if service in _GLOBAL and self.partition == "aws" else self.region
                found = self._clients[service] = self._session.client(service, region, config=client_config())
            return found


def client_config() -> Any:
    """How every client behaves: its timeouts, retries and name."""
    from botocore.config import Config

    return Config(
        connect_timeout=CONNECT_TIMEOUT,
        read_timeout=READ_TIMEOUT,
        retries={"mode": "adaptive", "total_max_attempts": MAX_ATTEMPTS},
        user_agent_extra="auditor",
        s3={"us_east_1_regional_endpoint": "regional"},
    )


def base_session(profile: str) -> Any:
    """A session of the credentials at hand. Raises Refused for a profile that does not exist."""
    import boto3
    from botocore.exceptions import BotoCoreError

    try:
        return boto3.Session(profile_name=profile or None)
    except BotoCoreError as error:
        raise refused(error, "sts:GetCallerIdentity", f"profile {profile}") from error


def open_account(base: Any, account: Account, region: str) -> tuple[Any, str, str]:
    """``(session, account id, partition)``: as the role of the account when it has one. Raises Refused."""
    from botocore.exceptions import BotoCoreError, ClientError

    where = account.role_arn or "the account at hand"
    try:
        session = _assumed(base, account, region) if account.role_arn else base
        told = session.client("sts", region, config=client_config()).get_caller_identity()
    except (BotoCoreError, ClientError) as error:
        action = "sts:AssumeRole" if account.role_arn else "sts:GetCallerIdentity"
        raise refused(error, action, where) from error
    return session, str(told["Account"]), str(told["Arn"]).split(":")[1]


def _assumed(base: Any, account: Account, region: str) -> Any:
    """A session of the account's role, whose credentials are renewed while the audit runs."""
    import boto3
    from botocore.credentials import DeferredRefreshableCredentials
    from botocore.session import get_session

    arguments = {"RoleArn": account.role_arn, "RoleSessionName": _SESSION_NAME}
    if account.external_id:
        arguments["ExternalId"] = account.external_id
    client = base.client("sts", region, config=client_config())

    def renew() -> dict[str, str]:
        found = client.assume_role(**arguments)["Credentials"]
        return {
            "access_key": found["AccessKeyId"],
            "secret_key": found["SecretAccessKey"],
            "token": found["SessionToken"],
            "expiry_time": found["Expiration"].isoformat(),
        }

    inner = get_session()
    inner._credentials = DeferredRefreshableCredentials(renew, "assume-role")
    return boto3.Session(botocore_session=inner, region_name=region)
