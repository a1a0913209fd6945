"""What one target's policies may look at: its own resources and those of the targets it is tied to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from functools import partial
from itertools import chain
from typing import Any, TypeVar

from msgspec import Struct

from auditor.cel.errors import CelError
from auditor.data.prices import Price, price, priced
from auditor.facts import fact, table
from auditor.facts.interface import Fact, Table
from auditor.guard import described, row
from auditor.looks import Looks
from auditor.model import Path, Resource, RunningPod, Target
from auditor.reach import failed, unknown_kind
from auditor.spans import Problem
from auditor.unknown import Unknown, UnknownUsed
from auditor.views import reads, view
from auditor.views.interface import Instance

Shared = TypeVar("Shared")
SPOT = ":spot"
"""What a declared price of spot instances has behind the type: ``g5.xlarge:spot``."""


class Surroundings(Struct, frozen=True):
    """What the tree holds beside a target. Joins by name stay inside the target and its ties; this is for
    what is looked up across the tree on purpose: a link to a file, what an Application deploys, alerts."""

    files: frozenset[str] = frozenset()
    targets: tuple[Target, ...] = ()
    region: str = ""
    """The configured AWS region; '' leaves it to Terraform's provider block."""
    prices: Mapping[str, float] = {}
    """Declared USD an hour by instance type; they win over the table."""
    today: date | None = None
    """The day of the run, for facts with a calendar; None where nobody gave one."""
    unrendered: Mapping[str, frozenset[str]] = {}
    """Kustomizations that could not be rendered, with the files that they apply."""
    joint: dict[str, Any] | None = None
    """What facts of several targets have built together; None keeps nothing."""
    commit: str = ""
    """The commit that the audited tree is at; '' where it is not known."""


class World:
    """An index over a target and its ties. Views and facts are built on demand and kept."""

    def __init__(
        self,
        target: Target,
        tied: Iterable[Target] = (),
        declarations: Mapping[str, Any] | None = None,
        around: Surroundings | None = None,
        *,
        watched: bool = False,
    ) -> None:
        self.looks = Looks(on=watched)
        """What facts and views have looked at, when that is wanted."""
        self._target = target
        self._tied = tuple(tied)
        self._around = around or Surroundings(targets=(target, *self._tied))
        self.declarations: Mapping[str, Any] = declarations or {}
        self._by_kind: dict[tuple[str, str], list[Resource]] = {}
        self._instances: dict[str, list[Instance]] = {}
        self._of_resource: dict[tuple[str, int], list[Instance]] = {}
        self._facts: dict[str, Fact] = {}
        self._unread: dict[str, Unknown] = {}
        self._identifiers: dict[str, dict[str, Resource]] = {}
        self._reaches = [each.reach for each in (target, *self._tied) if each.reach is not None]
        self._tables: dict[str, Table] = {}
        self._refs: list[tuple[Resource, Path]] = []
        self._addresses: dict[int, dict[str, Resource]] | None = None
        self.problems: list[Problem] = []
        """Resources that a view could not show."""
        for resource in self.census():
            self._by_kind.setdefault((group_of(resource), resource.kind), []).append(resource)
        self._kinds = {(each.api_version, each.kind) for each in self.census()}

    @property
    def target(self) -> Target:
        """The target itself, with all that it holds."""
        self.looks.at("all")
        return self._target

    @property
    def tied(self) -> tuple[Target, ...]:
        """The targets that it is tied to, with all that they hold."""
        self.looks.at("all")
        return self._tied

    @property
    def around(self) -> Surroundings:
        """The whole tree, as far as it is looked up on purpose."""
        self.looks.at("tree")
        return self._around

    @property
    def name(self) -> str:
        """The target's name."""
        return self._target.name

    @property
    def label(self) -> tuple[str, str, str]:
        """The target's kind, name and path."""
        return self._target.kind, self._target.name, self._target.path

    @property
    def is_loose(self) -> bool:
        """Whether the target is the loose rest: files that nothing says are deployed together."""
        return self._target.kind == "loose"

    @property
    def files(self) -> frozenset[str]:
        """Every file of the tree."""
        self.looks.at("files")
        return self._around.files

    def resources(self) -> Iterator[Resource]:
        """Every resource of the target, then of its ties."""
        self.looks.at("all")
        return self.census()

    def census(self) -> Iterator[Resource]:
        """:meth:`resources` for those who look at names, kinds and files only, and at nothing inside."""
        self.looks.at("names")
        return chain(self._target.resources, *(tied.resources for tied in self._tied))

    def others(self) -> Iterator[Target]:
        """The targets of the tree that are not in reach, for those who look at names and kinds only."""
        self.looks.at("names of others")
        here = {id(self._target), *map(id, self._tied)}
        return (target for target in self._around.targets if id(target) not in here)

    def unrendered_beside(self, resource: Resource, file: str) -> str:
        """A kustomization that could not be rendered and applies ``file``, but not ``resource``; '' without one.

        Only rendered targets ask: their verdicts are not kept, and so nothing is noted here.
        """
        found = (
            folder
            for folder, files in self._around.unrendered.items()
            if file in files and resource.origin.file not in files
        )
        return min(found, default="")

    def kind(self, group: str, kind: str) -> list[Resource]:
        """All resources of a kind; ``group`` is '' for core kinds and ``terraform`` for Terraform types.

        UnknownUsed where a live read did not get them all: a join must not take what was not seen for missing.
        """
        self.looks.at(f"kind {group}/{kind}")
        if self._reaches and (why := unknown_kind(self._reaches, group, kind)) is not None:
            raise UnknownUsed(why)
        return self._by_kind.get((group, kind), [])

    def at_hand(self, group: str, kind: str) -> list[Resource]:
        """Those of a kind that were read, all of them or not: for what completes an object that is at hand."""
        self.looks.at(f"kind {group}/{kind}")
        return self._by_kind.get((group, kind), [])

    def unseen(self, group: str, kind: str) -> Unknown | None:
        """Why some of a kind may be missing; None when all of them are at hand."""
        return unknown_kind(self._reaches, group, kind)

    def identified(self, kind: str, value: str) -> Resource | None:
        """The Terraform resource whose id or ARN is ``value``: states and live accounts refer by these."""
        self.looks.at(f"kind terraform/{kind}")
        table = self._identifiers.get(kind)
        if table is None:
            table = self._identifiers[kind] = {
                known: each
                for each in self.at_hand("terraform", kind)
                for field in ("id", "arn")
                if type(known := each.body.get(field)) is str
            }
        return table.get(value)

    def anywhere(self, *kinds: str) -> Iterator[Resource]:
        """All resources of the whole tree that have one of the kinds, whatever their group."""
        for kind in kinds:
            self.looks.at(f"anywhere {kind}")
        return (each for target in self._around.targets for each in target.resources if each.kind in kinds)

    def elsewhere(self, *kinds: str) -> Iterator[tuple[Target, Resource]]:
        """All resources out of reach that have one of the kinds, each with its target."""
        for kind in kinds:
            self.looks.at(f"anywhere {kind}")
        return ((target, each) for target in self.others() for each in target.resources if each.kind in kinds)

    def instances(self, name: str) -> list[Instance]:
        """Everything that the view called ``name`` shows, in the order of the inventory."""
        self.looks.at(f"shown as {name}")
        self.looks.at(f"view {name}")
        found = self._instances.get(name)
        if found is None:
            self._need_all(name)
            kinds = {key for key in self._kinds if reads(name, *key)}
            found = self._instances[name] = [
                instance
                for targets in (self._target, *self._tied)
                for resource in targets.resources
                if (resource.api_version, resource.kind) in kinds
                for instance in self.instances_of(name, resource)
            ]
        return found

    def need(self, kinds: Iterable[tuple[str, str]]) -> None:
        """UnknownUsed when one of the kinds should have been read live and was not."""
        for reach in self._reaches:
            for kind in kinds:
                found = reach.unread.get(kind) or reach.skipped.get(kind)
                if found is not None:
                    raise UnknownUsed(found.why)

    def _need_all(self, name: str) -> None:
        """UnknownUsed when a kind that the view reads could not be read live."""
        for reach in self._reaches:
            why = failed(reach, partial(reads, name))
            if why is not None:
                raise UnknownUsed(why)

    def shared(self, name: str, make: Callable[[], Shared]) -> Shared:
        """What ``make`` builds over the whole tree, once for all targets of a run."""
        self.looks.at("tree")
        kept = self._around.joint
        if kept is None:
            return make()
        if name not in kept:
            kept[name] = make()
        found: Shared = kept[name]
        return found

    @property
    def is_live(self) -> bool:
        """Whether the target is something that runs."""
        return self._target.kind == "live"

    def is_given(self, resource: Resource) -> bool:
        """Whether the cluster made the object itself; of Git nothing is, and so nothing is noted."""
        return resource.key in self._target.given

    @property
    def taken(self) -> str:
        """When the live target was read, RFC 3339 in UTC; '' for Git."""
        self.looks.at("all")
        return self._target.taken

    def running_pods(self) -> list[RunningPod]:
        """Every pod of the moment; UnknownUsed when they were not read."""
        self.looks.at("kind /Pod")
        if not self.is_live:
            raise UnknownUsed(Unknown("which pods run is known of a cluster only", "add --cluster"))
        self.kind("", "Pod")
        return self._target.pods or [pod for tied in self._tied for pod in tied.pods]

    def instances_of(self, name: str, resource: Resource) -> list[Instance]:
        """What the view called ``name`` shows of one resource."""
        self.looks.at(f"view {name}")
        key = (name, id(resource))
        found = self._of_resource.get(key)
        if found is None:
            found = []
            if reads(name, resource.api_version, resource.kind):
                try:
                    found = self.looks.shown(name, view(name), resource, self)
                except Exception as error:
                    self.problems.append(row(resource.origin.file, _unseen(resource, name), error))
            self._of_resource[key] = found
        return found

    def fact(self, name: str, instance: Instance) -> Any:
        """``facts.<name>`` for one instance; an Unknown where it cannot be known.

        CelError for a fact that breaks on what it reads: only what asks for it is in error.
        """
        try:
            return self.get_fact(name).of(instance)
        except UnknownUsed as used:
            return used.unknown
        except CelError:
            raise
        except Exception as error:
            raise CelError(f"facts.{name} broke on {instance.resource.title}: {described(error)}") from error

    def get_fact(self, name: str) -> Fact:
        """The computed fact itself, for facts that build on another."""
        self.looks.at(f"fact {name}")
        found = self._facts.get(name)
        if found is None:
            if name in self._unread:
                raise UnknownUsed(self._unread[name])
            try:
                found = self.looks.made(name, fact(name), self)
            except UnknownUsed as used:
                self._unread[name] = used.unknown
                raise
            except CelError:
                raise
            except Exception as error:
                found = _Broken(name, described(error))
            self._facts[name] = found
        return found

    def table(self, name: str) -> Table:
        """An index that several facts share; those who find a resource in it look inside by :meth:`opened`."""
        self.looks.at(f"table {name}")
        found = self._tables.get(name)
        if found is None:
            if f"table {name}" in self._unread:
                raise UnknownUsed(self._unread[f"table {name}"])
            self.looks.begin(f"table {name}")
            try:
                found = self._tables[name] = table(name)(self)
            except UnknownUsed as used:
                self._unread[f"table {name}"] = used.unknown
                raise
            finally:
                self.looks.end()
        return found

    def opened(self, resource: Resource) -> Resource:
        """A resource that was found by its name or in a table, for those who look inside."""
        self.looks.at(f"kind {group_of(resource)}/{resource.kind}")
        return resource

    @property
    def today(self) -> date | None:
        """The day of the run, for facts with a calendar."""
        self.looks.at("today")
        return self._around.today

    @property
    def target_has_groups(self) -> bool:
        """Whether anything in the target itself declares nodes."""
        return any(reads("NodeGroup", each.api_version, each.kind) for each in self._target.resources)

    @property
    def region(self) -> str | Unknown:
        """The AWS region: as configured, else as the default aws provider block of the Terraform root says."""
        if self._around.region:
            return self._around.region
        for account in self.at_hand("terraform", "aws_account"):
            return str(account.body.get("region"))
        for root in self.kind("terraform", "root"):
            for provider in root.body.get("providers", ()):
                if provider.get("name") == "aws" and not provider.get("alias"):
                    region = provider.get("config", {}).get("region")
                    if type(region) is str:
                        return region
        return Unknown("the AWS region is not known", 'set region = "us-east-1" (or yours) in auditor.toml')

    def price(self, instance_type: str, region: str) -> Price | None:
        """USD an hour on demand: as declared, else as AWS's price list says where it was read, else of the table."""
        declared = self._around.prices
        for each in () if instance_type in declared else self.at_hand("terraform", "aws_ec2_price"):
            body = each.body
            if (body.get("instance_type"), body.get("region")) == (instance_type, region):
                return priced(region, body["usd_per_hour"], body["as_of"])
        return price(instance_type, region, {region: declared})

    def spot_price(self, instance_type: str, title: str) -> float | Unknown:
        """USD an hour as a spot instance, as declared: no table has it, and on-demand's is never lent."""
        declared = self._around.prices.get(f"{instance_type}{SPOT}")
        if declared is not None:
            return declared
        mend = f'declare what you pay on average: "{instance_type}{SPOT}" under [prices] in auditor.toml'
        return Unknown(f"{title} is a spot instance: its price moves by the hour", mend)

    def ref(self, resource: Resource, path: Path = ()) -> str:
        """A token for a place, to carry through CEL; :meth:`resolve` gives the place back."""
        self._refs.append((resource, path))
        return f"ref:{len(self._refs) - 1}"

    def resolve(self, ref: str) -> tuple[Resource, Path] | None:
        """The resource and path behind a token of :meth:`ref`; None when it is no such token."""
        number = ref.removeprefix("ref:")
        if number == ref or not number.isdigit() or int(number) >= len(self._refs):
            return None
        return self._refs[int(number)]

    def at_address(self, near: Resource, address: str) -> Resource | None:
        """The Terraform block with an address, in the root that declares ``near``; None when there is none."""
        self.looks.at("all")
        if self._addresses is None:
            self._addresses = {}
            for target in (self._target, *self._tied):
                blocks = [each for each in target.resources if each.api_version == "terraform"]
                table = {each.name: each for each in blocks}
                self._addresses |= {id(each): table for each in blocks}
        return self._addresses.get(id(near), {}).get(address)

    def undecided(self, what: str) -> Unknown | None:
        """Why a join to ``what`` cannot be made from this target, when no tie was chosen for it."""
        undecided = self._target.undecided
        return Unknown(f"{what} could not be joined: {undecided}", undecided) if undecided else None


def group_of(resource: Resource) -> str:
    """The group by which :meth:`World.kind` knows a resource."""
    return "terraform" if resource.api_version == "terraform" else resource.group


class _Broken:
    """A fact that could not be computed for a target."""

    __slots__ = ("_why",)

    def __init__(self, name: str, why: str) -> None:
        self._why = f"facts.{name} could not be computed: {why}"

    def of(self, instance: Instance) -> Any:
        """CelError for whoever asks."""
        raise CelError(self._why)


def _unseen(resource: Resource, view_name: str) -> str:
    return f"{resource.title} could not be shown as {view_name}, and was not judged as one"
