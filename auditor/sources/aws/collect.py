"""Reads every account and region that was asked for; what is refused somewhere is missing only there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from msgspec import Struct, field

from auditor.model import Resource
from auditor.sources.aws.options import Account, AwsOptions
from auditor.sources.aws.origin import AwsOrigin
from auditor.sources.aws.refusals import Refused
from auditor.sources.aws.rows import Row
from auditor.sources.aws.services import Service, chosen
from auditor.sources.aws.session import Place, base_session, open_account
from auditor.spans import Problem
from auditor.unknown import Unknown

ACCOUNT = "aws_account"
_READERS_AT_ONCE = 4


class Reading(Struct):
    """One account and region. ``unread``: the kinds of which something could not be read, and why."""

    name: str
    account: str
    region: str
    resources: list[Resource] = field(default_factory=list)
    unread: dict[str, Unknown] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def read(options: AwsOptions, base: Any = None) -> list[Reading]:
    """Everything that the options ask for; never raises for what AWS does.

    ``base`` is the boto3 session to begin with; None: of the options' profile. An account that cannot be entered
    is a reading without resources, in which no kind was read.
    """
    try:
        session = base or base_session(options.profile)
    except Refused as error:
        return [_closed(options.profile or "aws", error, options)]
    return [reading for account in options.accounts for reading in _read_account(session, account, options)]


def _read_account(base: Any, account: Account, options: AwsOptions) -> Iterator[Reading]:
    regions = list(account.regions or options.regions or [base.region_name or ""])
    label = account.role_arn or "the account at hand"
    if not regions[0]:
        none = Unknown("no AWS region was named", "name one: --aws-region REGION, or AWS_REGION")
        yield _closed(label, Refused(none, "sts:GetCallerIdentity"), options)
        return
    try:
        session, number, partition = open_account(base, account, regions[0])
    except Refused as error:
        yield _closed(label, error, options)
        return
    for index, region in enumerate(regions):
        place = Place(session, number, region, partition, options.workers)
        services = [each for each in chosen(options.kinds) if index == 0 or not each.everywhere]
        yield read_place(place, services)


def _closed(label: str, error: Refused, options: AwsOptions) -> Reading:
    name = f"aws:{label}"
    kinds = {kind: error.unknown for each in chosen(options.kinds) for kind in each.kinds}
    return Reading(name, "", "", [], kinds, [_problem(name, error)])


def read_place(place: Place, services: Sequence[Service]) -> Reading:
    """One account and region through the given readers."""
    reading = Reading(place.where, place.account, place.region)
    origin = AwsOrigin(place.where)
    with ThreadPoolExecutor(_READERS_AT_ONCE) as pool:
        answers = list(pool.map(lambda service: _read_service(place, service), services))
    body = {"account_id": place.account, "region": place.region, "partition": place.partition}
    reading.resources.append(Resource("terraform", ACCOUNT, "", place.where, body, origin))
    for service, found in zip(services, answers, strict=True):
        for row in found:
            if isinstance(row, Refused):
                reading.unread |= {kind: row.unknown for kind in service.kinds if kind not in reading.unread}
            else:
                reading.resources.append(Resource("terraform", row.kind, "", row.name, row.body, origin))
    refusals = sorted(place.refusals.items())
    reading.problems += [_problem(place.where, error) for _, error in refusals]
    return reading


def _read_service(place: Place, service: Service) -> list[Row | Refused]:
    try:
        return list(service.read(place))
    except Refused as error:
        return [error]
    except Exception as error:
        action = ", ".join(service.actions)
        return [_broken(place, action, error)]


def _broken(place: Place, action: str, error: Exception) -> Refused:
    """An answer that is not as AWS documents it: a row of the report, not the end of the run."""
    why = Unknown(
        f"an answer to {action} in {place.where} could not be read: {type(error).__name__}: {error}",
        "report it with the auditor's and boto3's versions",
    )
    found = Refused(why, action)
    place.refusals.setdefault(action, found)
    return found


def _problem(where: str, error: Refused) -> Problem:
    return Problem(where, 0, 0, error.unknown.reason, error.unknown.repair)
