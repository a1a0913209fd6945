"""The AWS source: every account and region that was asked for; what is refused in one is missing only there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any, Final

import msgspec

from auditor.drift.account import COMPARED
from auditor.errors import UsageError
from auditor.model import Resource
from auditor.patterns import regex
from auditor.reach import Kind, Reach, Unread
from auditor.sources.aws.options import Account, AwsOptions
from auditor.sources.aws.refusals import Refused
from auditor.sources.aws.rows import Row
from auditor.sources.aws.services import FOLDED, PRICES, Service, chosen, readable_kinds
from auditor.sources.aws.session import Place, base_session, open_account
from auditor.sources.live import Needs, Reading, Request, live_target, terraform_like
from auditor.spans import Problem
from auditor.timestamps import stamp
from auditor.unknown import Unknown

ACCOUNT = "aws_account"
"""The account itself: ``{account_id, region, partition}``. No type of Terraform's."""
TERRAFORM: Final = "terraform"
_READERS_AT_ONCE = 4
DRIFT = "account_drift"
"""The fact that asks for everything that Git's Terraform declares."""
_REFERRER = regex(r"facts\.referrers\.\??(\w+)")
_IDENTITY = "sts:GetCallerIdentity"


class AwsSource:
    """``--aws PROFILE``. Options: ``accounts`` (``[{role_arn, external_id, regions}]``), ``regions``, ``workers``."""

    def __init__(self, request: Request, session: Any = None) -> None:
        try:
            self.options = msgspec.convert({**request.options, "profile": request.address}, AwsOptions)
        except msgspec.ValidationError as error:
            raise UsageError(f"the options of --aws: {error}") from error
        self._session = session

    def read(self, needs: Needs) -> Iterator[Reading]:
        """One reading for each account and region.

        An account that cannot be entered is a reading without resources, in which no kind was read.
        """
        services = chosen(wanted_kinds(needs, prices=self.options.prices))
        try:
            base = self._session or base_session(self.options.profile)
        except Refused as error:
            yield _closed(self.options.profile or "profile", error, services, needs.now)
            return
        for account in self.options.accounts:
            yield from self._of_account(base, account, services, needs.now)

    def _of_account(
        self, base: Any, account: Account, services: Sequence[Service], now: datetime
    ) -> Iterator[Reading]:
        label = account.role_arn or self.options.profile or "credentials"
        regions = [*(account.regions or self.options.regions or (base.region_name or "",))]
        try:
            if not regions[0]:
                none = Unknown("no AWS region was named", "name one: --aws-region REGION, or AWS_REGION")
                raise Refused(none, _IDENTITY)
            session, number, partition = open_account(base, account, regions[0])
        except Refused as error:
            yield _closed(label, error, services, now)
            return
        home = ""
        for region in regions:
            place = Place(session, number, region, partition, self.options.workers)
            reading = read_place(place, services, now, home)
            home = home or place.where
            yield reading


def wanted_kinds(needs: Needs, *, prices: bool = False) -> set[str]:
    """The kinds that the chosen policies judge or look at, and prices where they are asked for."""
    named = {
        name for policy in needs.policies for name in _REFERRER.findall(f"{policy.when} {policy.assert_}")
    }
    readable = readable_kinds() - set(PRICES.kinds)
    found = {kind for kind in readable if kind in named or needs.wants(TERRAFORM, kind)}
    if DRIFT in needs.facts:
        found |= {
            each.kind for target in needs.declared for each in target.resources if each.kind in COMPARED
        }
    return found | set(PRICES.kinds) if prices else found


def _closed(label: str, error: Refused, services: Sequence[Service], now: datetime) -> Reading:
    name = f"aws:{label}"
    kinds = [kind for each in services for kind in each.kinds]
    unread = {(TERRAFORM, kind): Unread(TERRAFORM, kind, error.unknown) for kind in kinds}
    target = live_target(
        name, name, source="aws", taken=stamp(now), reach=Reach(TERRAFORM, _folded(), unread)
    )
    problems = [_problem(name, error)]
    return Reading(source="aws", label=name, taken=stamp(now), targets=[target], problems=problems)


def read_place(place: Place, services: Sequence[Service], now: datetime, home: str = "") -> Reading:
    """One account and region. ``home`` is the target that holds what the account has once, '' for this one."""
    mine = [each for each in services if not (home and each.everywhere)]
    with ThreadPoolExecutor(_READERS_AT_ONCE) as pool:
        answers = list(pool.map(lambda service: _read_service(place, service), mine))
    read = {*_folded(), *((TERRAFORM, kind) for each in services for kind in each.kinds)}
    reach = Reach(TERRAFORM)
    resources = [_account(place)]
    for service, found in zip(mine, answers, strict=True):
        rows = [row for row in found if isinstance(row, Row)]
        resources += [terraform_like(place.where, row.kind, row.name, row.body) for row in rows]
        error = next((row for row in found if isinstance(row, Refused)), None)
        for kind in service.kinds if error else ():
            reach.unread[(TERRAFORM, kind)] = Unread(TERRAFORM, kind, error.unknown)  # type: ignore[union-attr]
    reach.read = frozenset(read - reach.unread.keys())
    reach.skipped = {kind: _skipped(kind[1]) for kind in _readable() - read - reach.unread.keys()}
    target = live_target(
        place.where,
        place.where,
        source="aws",
        taken=stamp(now),
        reach=reach,
        resources=resources,
        ties=[home] if home else [],
    )
    problems = [_problem(place.where, error) for _, error in sorted(place.refusals.items())]
    return Reading(source="aws", label=place.where, taken=stamp(now), targets=[target], problems=problems)


def _account(place: Place) -> Resource:
    body = {"account_id": place.account, "region": place.region, "partition": place.partition}
    return terraform_like(place.where, ACCOUNT, place.where, body)


def _readable() -> set[Kind]:
    return {(TERRAFORM, kind) for kind in readable_kinds()}


def _skipped(kind: str) -> Unread:
    why = Unknown(
        f"{kind} was not read: no chosen policy was known to need it", "choose a policy that judges it"
    )
    return Unread(TERRAFORM, kind, why)


def _folded() -> frozenset[Kind]:
    """Terraform's types of which AWS has no objects of their own: there are surely none."""
    return frozenset((TERRAFORM, kind) for kind in (*FOLDED, ACCOUNT))


def _read_service(place: Place, service: Service) -> list[Row | Refused]:
    try:
        return list(service.read(place))
    except Refused as error:
        return [error]
    except Exception as error:
        return [_broken(place, service, error)]


def _broken(place: Place, service: Service, error: Exception) -> Refused:
    """An answer that is not as AWS documents it: a row of the report, not the end of the run."""
    what = ", ".join(service.actions)
    why = f"an answer to {what} in {place.where} could not be read ({type(error).__name__}: {error})"
    found = Refused(Unknown(why, "report it with the versions of auditor and boto3"), what)
    place.refusals.setdefault(what, found)
    return found


def _problem(label: str, error: Refused) -> Problem:
    return Problem(label, 0, 0, error.unknown.reason, error.unknown.repair)
