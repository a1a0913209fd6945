"""The cluster source: every kind that a run needs, listed whole or accounted for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import datetime
from functools import partial

import msgspec

from auditor.data.cluster_kinds import BY_KEY, CLUSTER_KINDS, ClusterKind
from auditor.model import Resource, RunningPod, Target
from auditor.reach import Kind, Reach, Unread
from auditor.sources.cluster.client import ApiError, Client, server_clock
from auditor.sources.cluster.connection import Connection, connect
from auditor.sources.cluster.discovery import Served, discovered
from auditor.sources.cluster.given import is_given
from auditor.sources.cluster.listing import alone, listed
from auditor.sources.cluster.owners import FOLDED, Owners
from auditor.sources.cluster.pods import PODS, running
from auditor.sources.cluster.projection import Kept, Managed, Meta, metadata_of, projected
from auditor.sources.cluster.rules import repair
from auditor.sources.cluster.wanted import POD, REPLICA_SET, declared, kinds_of, plurals, wants
from auditor.sources.live import Needs, Reading, Request, live_target
from auditor.sources.snapshot import moment
from auditor.spans import Problem
from auditor.timestamps import stamp
from auditor.unknown import Unknown

MANY_BARE = 200
"""ReplicaSets without a Deployment that are read one by one."""
SKEW_SECONDS = 60
RENEW = "renew the credentials: the token has expired or is not valid for this cluster"
SECRET = ("", "Secret")
METADATA_ONLY = frozenset({("apiextensions.k8s.io", "CustomResourceDefinition")})
"""Kinds of which only names and labels are looked at."""

Connect = Callable[[str, str], Connection]


class ClusterSource:
    """Reads one cluster.

    Options: ``kubeconfig`` (a file), ``name`` (in reports), ``secret_shapes``, ``managed``, ``left_out`` (plurals).
    """

    def __init__(self, request: Request, connector: Connect = connect) -> None:
        self._context = request.address
        self._kubeconfig = str(request.options.get("kubeconfig") or "")
        self._shapes = bool(request.options.get("secret_shapes"))
        self._managed = bool(request.options.get("managed"))
        self._name = str(request.options.get("name") or "")
        self._left_out = plurals(request.options.get("left_out") or ())
        self._connector = connector

    def read(self, needs: Needs) -> Iterable[Reading]:
        """One reading. UsageError where no connection can be made at all."""
        renew = partial(self._connector, self._context, self._kubeconfig)
        connection = renew()
        client = Client(connection, renew=renew)
        name = self._name or connection.name
        reading = _Read(client, name, needs, self._left_out, shapes=self._shapes, managed=self._managed)
        return [reading.whole()]


class _Read:
    """One pass over a cluster."""

    def __init__(
        self,
        client: Client,
        name: str,
        needs: Needs,
        without: frozenset[str],
        *,
        shapes: bool,
        managed: bool,
    ) -> None:
        self._client, self._needs, self._shapes = client, needs, shapes
        self._without = without
        self._label = f"cluster:{name}"
        self._reading = Reading(source="cluster", label=self._label, taken=stamp(needs.now))
        self._reach = Reach("kubernetes")
        self._read: set[Kind] = set()
        self._owners = Owners()
        self._target: Target = live_target(
            self._label, self._label, reach=self._reach, source="cluster", cluster=name
        )
        self._declared = declared(needs)
        self._in_git = kinds_of(self._declared)
        self._namespaces = {namespace for _, _, namespace, _ in self._declared if namespace}
        self._keep_all_managed = managed and not needs.facts.isdisjoint(("drift", "orphan"))

    def whole(self) -> Reading:
        """The reading, with everything that could be had."""
        try:
            self._wait_until_ready()
            self._everything(discovered(self._client))
            self._look_again()
        except ApiError as error:
            self._nothing(error)
        self._target.taken = self._clock()
        self._reach.read = frozenset(self._read)
        self._reading.targets = [self._target]
        return self._reading

    def _wait_until_ready(self) -> None:
        """A server that has just started does not know its custom resources yet, and would deny that there are any."""
        with suppress(ApiError):
            self._client.get("/readyz")

    def _look_again(self) -> None:
        """Read what is served by now and was not when we began: a restart in between hides custom resources."""
        served = discovered(self._client)
        for key in [key for key in self._reach.absent if key in served.kinds]:
            del self._reach.absent[key]
            self._one(served.kinds[key])

    def _nothing(self, error: ApiError) -> None:
        """The server could not be asked what it serves: every kind that was not read is lost, for one reason."""
        what = f"{self._label} could not be read: {error.why}"
        mend = (
            "bind the auditor's account to system:discovery"
            if error.refused
            else "check the address, the credentials and the network"
        )
        mend = RENEW if error.status == 401 else mend
        self._reading.problems.append(Problem(self._label, 0, 0, what, mend))
        self._reach.absent.clear()
        self._reach.others = None
        for kind in CLUSTER_KINDS:
            if kind.key in self._read or kind.key in self._reach.unread:
                continue
            table = self._reach.unread if self._needed(kind) else self._reach.skipped
            table[kind.key] = Unread(kind.api_version, kind.kind, Unknown(what, mend))

    def _everything(self, served: Served) -> None:
        if served.whole and not served.stale:
            self._reach.others = frozenset(served.kinds) - BY_KEY.keys() - set(self._extra(served))
        kinds = {each.key: served.kinds.get(each.key, each) for each in CLUSTER_KINDS}
        kinds |= {key: kind for key in self._extra(served) if (kind := served.kinds.get(key))}
        order = sorted(kinds.values(), key=lambda kind: (kind.key == POD, kind.key))
        for kind in order:
            if not self._needed(kind):
                self._skip(kind)
            elif kind.plural in self._without:
                self._leave_out(kind)
            elif kind.key in served.kinds:
                self._one(kind)
            elif kind.group in served.stale:
                self._lose(kind, ApiError(503, f"the server of {kind.group} does not answer"))
            else:
                self._miss(kind)

    def _extra(self, served: Served) -> Iterator[Kind]:
        """Kinds beyond the table that Git declares: drift compares them too."""
        return (key for key in sorted(self._in_git) if key not in BY_KEY and key in served.kinds)

    def _needed(self, kind: ClusterKind) -> bool:
        return wants(self._needs, kind, self._in_git)

    def _one(self, kind: ClusterKind) -> None:
        path = _path(kind)
        try:
            if kind.key == POD:
                self._pods(kind, path)
            elif kind.key == REPLICA_SET:
                self._replica_sets(kind, path)
            else:
                self._plain(kind, path)
        except ApiError as error:
            if error.status == 404:
                self._miss(kind)
            else:
                self._lose(kind, error)
            return
        self._read.add(kind.key)

    def _plain(self, kind: ClusterKind, path: str) -> None:
        pair = partial(self._pair, self._kept(kind))
        if kind.key == SECRET:  # its values are skipped by the parser, and their form may be asked for
            found = listed(self._client, path, pair, blank=bytes)
        else:
            found = listed(self._client, path, pair, metadata_only=kind.key in METADATA_ONLY)
        if kind.key in FOLDED:
            self._owners.learn(kind.kind, (meta for meta, _ in found))
        kept = [resource for meta, resource in found if not self._folded(kind, meta)]
        self._target.resources += kept
        self._target.given |= {each.key for each in kept if is_given(each)}

    def _pair(self, kept: Kept, item: msgspec.Raw) -> tuple[Meta, Resource]:
        return metadata_of(item), projected(item, kept)

    def _replica_sets(self, kind: ClusterKind, path: str) -> None:
        """Old revisions outnumber everything else: names and owners of all, the rest only of those without an owner."""
        metas = listed(self._client, path, metadata_of, metadata_only=True)
        self._owners.learn(kind.kind, metas)
        bare = [meta for meta in metas if self._judged(meta)]
        if len(bare) > MANY_BARE:
            raise ApiError(
                200, f"{len(bare)} ReplicaSets without a Deployment are more than are read one by one"
            )
        found = [self._get(kind, meta) for meta in bare]
        self._target.resources += [each for each in found if each is not None]

    def _get(self, kind: ClusterKind, meta: Meta) -> Resource | None:
        """One object of a list; None where it went away since then."""
        path = f"{_path(kind, meta.namespace)}/{meta.name}"
        try:
            return alone(self._client, path, partial(projected, kept=self._kept(kind)))
        except ApiError as error:
            if error.status == 404:
                return None
            raise

    def _folded(self, kind: ClusterKind, meta: Meta) -> bool:
        """Whether an object is only the work of another that is judged: KEDA's HPA, a CronJob's Job."""
        made = kind.key in FOLDED or kind.key == ("autoscaling", "HorizontalPodAutoscaler")
        return made and not self._judged(meta)

    def _judged(self, meta: Meta) -> bool:
        """Whether an object stands for itself: nothing makes it, or something that is not read."""
        controller = meta.controller()
        return controller is None or controller.key not in BY_KEY

    def _pods(self, kind: ClusterKind, path: str) -> None:
        found = listed(self._client, path, partial(self._pod, self._kept(kind)))
        representatives: dict[tuple[str, ...], Resource] = {}
        for pod, key, resource in found:
            self._target.pods.append(pod)
            if resource is not None:
                representatives.setdefault(key, resource)
        self._target.resources += representatives.values()

    def _pod(self, kept: Kept, item: msgspec.Raw) -> tuple[RunningPod, tuple[str, ...], Resource | None]:
        pod = PODS.decode(item)
        own = f"/Pod/{pod.metadata.namespace}/{pod.metadata.name}"
        owner = self._owners.top(pod.metadata, own)
        key = self._stands_for(pod.metadata, owner)
        return running(pod, owner), key, projected(item, kept) if key else None

    def _stands_for(self, meta: Meta, owner: str) -> tuple[str, ...]:
        """What the first such pod is judged for; () where its owner is judged itself."""
        controller = meta.controller()
        if controller is None:
            return (owner,)
        if controller.kind == "Node":
            return ("Node", meta.namespace, meta.name.removesuffix(f"-{controller.name}"))
        group, kind, *_ = owner.split("/")
        return () if (group, kind) in BY_KEY else (owner,)

    def _kept(self, kind: ClusterKind) -> Kept:
        def managed(namespace: str, name: str) -> Managed:
            if self._keep_all_managed or self._in_git_by_name(kind, namespace, name):
                return "fields"
            return "writers" if namespace in self._namespaces else ""

        return Kept(kind.api_version, kind.kind, self._label, managed, self._shapes)

    def _in_git_by_name(self, kind: ClusterKind, namespace: str, name: str) -> bool:
        return any((*kind.key, each, name) in self._declared for each in (namespace, ""))

    def _skip(self, kind: ClusterKind) -> None:
        why = Unknown(f"{kind.kind} was not read: no chosen policy asks for it", "choose a policy that does")
        self._reach.skipped[kind.key] = Unread(kind.api_version, kind.kind, why)

    def _leave_out(self, kind: ClusterKind) -> None:
        """As :meth:`_lose`, but on purpose: the run is whole without it."""
        what = f"{kind.plural} of {self._label} were not listed: --leave-out names them"
        mend = f"audit without --leave-out {kind.plural}, and {repair(kind)}"
        self._reach.unread[kind.key] = Unread(kind.api_version, kind.kind, Unknown(what, mend))
        self._reading.gaps.append(Problem(self._label, 0, 0, what, mend))

    def _miss(self, kind: ClusterKind) -> None:
        name = f"{kind.plural}.{kind.group}" if kind.group else kind.plural
        why = Unknown(
            f"the cluster serves no {name}", "install its operator, or leave out the policies that judge it"
        )
        self._reach.absent[kind.key] = Unread(kind.api_version, kind.kind, why)

    def _lose(self, kind: ClusterKind, error: ApiError) -> None:
        """Not-assessed, for whoever needs the kind, with the rule that repairs it."""
        what = f"{kind.plural} of {self._label} could not be listed: {error.why}"
        mend = repair(kind) if error.refused else "audit again; if it stays, look at the API server"
        if error.status == 401:
            mend = RENEW
        self._reach.unread[kind.key] = Unread(kind.api_version, kind.kind, Unknown(what, mend))
        self._reading.problems.append(Problem(self._label, 0, 0, what, mend))

    def _clock(self) -> str:
        """The server's time, by which ages are counted; a warning when ours is another."""
        theirs = server_clock(self._client.date)
        if not theirs:
            return self._reading.taken
        off = (moment(theirs) - datetime.strptime(self._reading.taken, "%Y-%m-%dT%H:%M:%S%z")).total_seconds()
        if abs(off) > SKEW_SECONDS:
            what = f"its clock is {abs(off):.0f} s {'ahead of' if off > 0 else 'behind'} this machine's"
            self._reading.warnings.append(
                Problem(self._label, 0, 0, what, "ages are counted by the cluster's clock; set the time here")
            )
        return theirs


def _path(kind: ClusterKind, namespace: str = "") -> str:
    base = f"/apis/{kind.api_version}" if kind.group else f"/api/{kind.api_version}"
    return f"{base}/namespaces/{namespace}/{kind.plural}" if namespace else f"{base}/{kind.plural}"
