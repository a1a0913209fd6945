"""Argo CD: what Applications and ApplicationSets deploy from this repository, each a target.

Runs last: Applications stand in loose files and in what kustomizations and charts render to. What one deploys is
no target of its own any more.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any

from auditor.model import Resource, Target
from auditor.sources.argocd.application import Application, is_argocd, read
from auditor.sources.argocd.applicationset import applications as generated
from auditor.sources.argocd.deploy import REMOTE, Deployer, NotDeployed, key_of
from auditor.sources.argocd.generators import NotGenerated
from auditor.sources.git import LOOSE, Checkout
from auditor.sources.tree import Unreadable
from auditor.spans import Problem

ARGOCD = "argoproj.io"
MAX_DEPTH = 5
MAX_APPLICATIONS = 2000


def collect(checkout: Checkout) -> None:
    """Add a target for each Application, and take what they deploy out of the other targets."""
    resources = [each for target in checkout.inventory.targets for each in target.resources]
    if checkout.options.render and any(map(is_argocd, resources)):
        _Collector(checkout).run([each for each in resources if is_argocd(each)])


class _Collector:
    def __init__(self, checkout: Checkout) -> None:
        self._checkout = checkout
        self._inventory = checkout.inventory
        self._deployer = Deployer(checkout, checkout.options.argocd_repositories)
        self._names: dict[str, Application] = {}
        self._targets: list[Target] = []
        self._undecided = False
        """Whether some Application may deploy a folder of this tree that is not known here."""

    def run(self, found: list[Resource]) -> None:
        """Applications, those that they deploy, and so on."""
        for resource in found:
            if resource.kind == "Application":
                self._deployer.learn(read(resource.body, resource))
        queue = deque((resource, 0) for resource in found)
        seen: set[tuple[str, str]] = set()
        while queue:
            resource, depth = queue.popleft()
            applications: list[Application] = []
            with self._checkout.guarded(resource.origin.file, f"{resource.title} could not be read"):
                applications += self._applications(resource)
            for application in applications:
                self._deployer.learn(application)
            for application in applications:
                place = (resource.origin.file, f"{application.namespace}/{application.name}")
                if place in seen or len(seen) >= MAX_APPLICATIONS:
                    continue
                seen.add(place)
                target: Target | None = None
                with self._checkout.guarded(
                    resource.origin.file, f"{application.title} could not be deployed"
                ):
                    target = self._target(application)
                if target and depth < MAX_DEPTH:
                    queue.extend((each, depth + 1) for each in target.resources if is_argocd(each))
        self._regroup()

    def _applications(self, resource: Resource) -> Iterator[Application]:
        if resource.kind == "Application":
            yield read(resource.body, resource)
            return
        bodies: list[Any] = []
        try:
            bodies += generated(self._checkout, resource.body, self._deployer.is_local)
        except NotGenerated as error:
            self._gap(resource, ("spec", "generators"), f"ApplicationSet {resource.name}: {error}", REMOTE)
            return
        yield from (read(body, resource) for body in bodies)

    def _target(self, application: Application) -> Target | None:
        """The Application's target; None when nothing of it is known here."""
        resources: list[Resource] = []
        known = False
        for source in application.sources:
            if source.path is None and not source.chart and source.ref:
                continue  # it only lends its files to other sources
            try:
                resources += self._deployer.resources(application, source)
                known = True
            except NotDeployed as error:
                self._undecided |= self._deployer.may_be_here(source)
                self._row(application, source.at, error.what, error.repair)
            except Unreadable as error:
                self._row(
                    application, source.at, f"names a file that is no input: {error.what}", error.repair
                )
        if not known:
            return None
        path = next((source.path for source in application.sources if source.path is not None), "") or "."
        target = Target(self._name(application, path), "argocd", path, resources)
        target.deployed_by = application.resource
        self._targets.append(target)
        return target

    def _name(self, application: Application, path: str) -> str:
        """``argocd:NAME``; the path behind it when two Applications share a name."""
        name = f"argocd:{application.name}"
        other = self._names.setdefault(name, application)
        if other is application:
            return name
        name = f"{name}:{path}"
        count = sum(target.name == name or target.name.startswith(f"{name}#") for target in self._targets)
        return f"{name}#{count + 1}" if count else name

    def _row(self, application: Application, at: tuple[str | int, ...], what: str, repair: str) -> None:
        file, line = application.place(at)
        self._inventory.gaps.append(Problem(file, line, 0, f"{application.title} {what}", repair))

    def _gap(self, resource: Resource, at: tuple[str | int, ...], what: str, repair: str) -> None:
        self._undecided = True
        place = resource.origin.locate(at)
        line = place.span.line if place.span else 0
        self._inventory.gaps.append(Problem(place.file, line, 0, what, repair))

    def _regroup(self) -> None:
        """Targets that Applications deploy are theirs now; so are manifests that they deploy as files."""
        kept = [each for each in self._inventory.targets if key_of(each) not in self._deployer.used]
        for target in kept:
            if target.name == LOOSE:
                files = self._deployer.used_files
                target.resources = [each for each in target.resources if each.origin.file not in files]
        self._set_alternatives_apart(kept)
        self._inventory.targets = [
            *self._targets,
            *(each for each in kept if each.resources or each.name != LOOSE),
        ]

    def _set_alternatives_apart(self, kept: Iterable[Target]) -> None:
        """Where every Application is known, a kustomization that none deploys is one that could be deployed instead.

        One that holds objects of Argo CD is what begins: a person applies it.
        """
        if self._undecided or not any(target.resources for target in self._targets):
            return
        for target in kept:
            begins = any(each.group == ARGOCD for each in target.resources)
            target.alternative = target.kind == "kustomize" and not begins
