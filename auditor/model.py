"""The things every part of the auditor speaks of: resources, where they come from, and verdicts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any, Literal, Protocol

from msgspec import Struct, field

from auditor.reach import Reach
from auditor.spans import Span

Path = tuple[str | int, ...]
"""Concrete place inside a body: mapping keys and list indices, from the body's root."""

Body = dict[str, Any]
Precision = Literal["exact", "file", "rendered"]
"""How well a place is known: the very bytes, only the file, or only a rendered copy of it."""


class Status(StrEnum):
    """The six verdicts. Absence of evidence is never a pass."""

    PASS = "pass"
    FAIL = "fail"
    WAIVED = "waived"
    ERROR = "error"
    NOT_APPLICABLE = "not-applicable"
    NOT_ASSESSED = "not-assessed"


class Place(Struct, frozen=True):
    """Where something stands, as a person finds it. ``span`` is None where only the file is known."""

    file: str
    span: Span | None
    precision: Precision
    note: str = ""


class Origin(Protocol):
    """Knows where a resource came from; the only class of objects that differs between Git and live."""

    @property
    def file(self) -> str:
        """Path relative to the audited root, with ``/``; for live objects a name of the source."""

    @property
    def source(self) -> str:
        """``git``, ``cluster`` or ``aws``."""

    @property
    def editable(self) -> bool:
        """Whether an edit of the place :meth:`locate` gives changes just this resource."""

    def locate(self, path: Path) -> Place:
        """Where ``path`` stands; its nearest existing ancestor when it does not exist."""

    def excerpt(self, place: Place) -> list[tuple[int, str]]:
        """The numbered source lines around ``place``, for a person to read; empty when there are none."""

    def comment(self, place: Place) -> str:
        """The comment on the line of ``place`` or directly above it; '' when there is none."""


class Nowhere(Struct, frozen=True):
    """The origin of what has no text: a live object, by the name under which reports show it."""

    file: str
    source: str
    editable: bool = False

    def locate(self, path: Path) -> Place:
        """The object as a whole."""
        del path
        return Place(self.file, None, "file")

    def excerpt(self, place: Place) -> list[tuple[int, str]]:
        """Nothing: there are no lines."""
        del place
        return []

    def comment(self, place: Place) -> str:
        """Nothing."""
        del place
        return ""


class Resource(Struct, eq=False):
    """One Kubernetes object, Terraform resource instance or file, with plain data inside.

    ``api_version`` is ``terraform`` for Terraform blocks (``kind`` is the type, ``name`` the address) and
    ``file`` for Dockerfiles and other texts. Null map values are absent from ``body``, as the API server
    drops them; values that could not be read are :class:`auditor.unknown.Unknown`.
    """

    api_version: str
    kind: str
    namespace: str
    name: str
    body: Body
    origin: Origin

    @property
    def group(self) -> str:
        """The API group; '' for core Kubernetes kinds."""
        group, slash, _ = self.api_version.partition("/")
        return group if slash else ""

    @property
    def key(self) -> str:
        """``group/kind/namespace/name``, or the Terraform address, or the file's path."""
        if self.api_version in ("terraform", "file"):
            return self.name
        return f"{self.group}/{self.kind}/{self.namespace}/{self.name}"

    @property
    def title(self) -> str:
        """How a person names it: ``Deployment inference/ml-worker``."""
        if self.api_version in ("terraform", "file"):
            return self.name
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"

    @property
    def metadata(self) -> Body:
        """``metadata`` of a Kubernetes object; empty when it is missing or not a map."""
        found = self.body.get("metadata")
        return found if isinstance(found, dict) else {}

    @property
    def labels(self) -> Body:
        """``metadata.labels``; empty when missing or not a map."""
        found = self.metadata.get("labels")
        return found if isinstance(found, dict) else {}

    @property
    def annotations(self) -> Body:
        """``metadata.annotations``; empty when missing or not a map."""
        found = self.metadata.get("annotations")
        return found if isinstance(found, dict) else {}


class RunningPod(Struct, kw_only=True, omit_defaults=True):
    """A pod that runs or waits, as joins need it. Pods are samples: what is judged is their owner.

    Times are RFC 3339 in UTC; quantities are Kubernetes' (``500m``, ``2Gi``), summed as the scheduler does.
    """

    namespace: str
    name: str
    owner: str
    """Key of the resource that makes it (``apps/Deployment/inference/ml-worker``); its own key without one."""
    node: str = ""
    phase: str = ""
    created: str = ""
    scheduled: str = ""
    started: str = ""
    ready: str = ""
    """When it became ready; '' while it is not."""
    waiting: str = ""
    """Why it does not run: the scheduler's words or a container's reason; '' when nothing is wrong."""
    restarts: int = 0
    deleting: str = ""
    requests: dict[str, str] = field(default_factory=dict)
    limits: dict[str, str] = field(default_factory=dict)
    annotations: dict[str, str] = field(default_factory=dict)
    """Those that speak of eviction and cost only."""
    local_storage: bool = False
    """Whether a volume lies on the node's disk (emptyDir on disk, hostPath)."""
    mirror: bool = False
    """Whether the node's own kubelet made it."""


TargetKind = Literal["argocd", "kustomize", "helm", "terraform", "loose", "live"]


class Target(Struct, eq=False):
    """One thing that is deployed, and all that it deploys.

    ``name`` is stable across machines: the configured name, else the path relative to the audited root.
    ``ties`` names the targets whose resources joins may reach from here. ``undecided`` says, per missing
    tie, which configuration line would decide it.
    """

    name: str
    kind: TargetKind
    path: str
    resources: list[Resource] = field(default_factory=list)
    ties: list[str] = field(default_factory=list)
    undecided: str = ""
    deployed_by: Resource | None = None
    """The Argo CD Application (or ApplicationSet) that deploys the target, when the tree declares one."""
    alternative: bool = False
    """A kustomization that no Application deploys, beside others that Applications do: it could run, and does not."""
    reach: Reach | None = None
    """For live targets, what was read; None for Git, which is read whole."""
    given: set[str] = field(default_factory=set)
    """Keys of objects that the platform itself brings along: joins see them, nobody is judged for them."""
    pods: list[RunningPod] = field(default_factory=list)
    """For live clusters: every pod of the moment."""
    source: str = "git"
    """``git``, ``cluster``, ``aws`` or ``metrics``."""
    cluster: str = ""
    """The kubeconfig context that runs it, where that is known."""
    taken: str = ""
    """For live targets: when it was read, RFC 3339 in UTC."""


class Related(Struct, frozen=True):
    """The other end of a join: a place and what it has to do with the finding."""

    what: str
    place: Place


class Waiver(Struct, frozen=True):
    """Why a failure is accepted, by whom, and until when (``YYYY-MM-DD``; '' = no end was given)."""

    reason: str
    by: str
    until: str
    ticket: str
    place: str
    """``file:line`` of the waiver itself."""


class Evaluation(Struct, frozen=True):
    """What a policy saw when it failed."""

    node: Path
    """The judged node, as a path of the view."""
    source_path: Callable[[Path], Path]
    """View path → path in the resource's body."""
    value: Any
    """What the view showed."""
    variables: Mapping[str, Any]
    """Every CEL variable."""


class Verdict(Struct, eq=False):
    """What one policy says of one node of one resource."""

    policy: str
    """The policy's code, e.g. ``GPU-002``."""
    status: Status
    resource: Resource
    target: str
    path: Path = ()
    """The node judged, in the resource's body."""
    at: Path = ()
    """The place to look at, in the resource's body; need not exist."""
    message: str = ""
    """For fail: object and value found. For error: what broke."""
    reason: str = ""
    """For not-assessed and not-applicable: why."""
    repair: str = ""
    """For not-assessed and error: the act that would repair it."""
    related: tuple[Related, ...] = ()
    cost: float | None = None
    """USD a month at stake; None when unknown or when the policy names none."""
    waiver: Waiver | None = None
    evaluation: Evaluation | None = None
    """What the policy saw; kept for failures only, fixes read it."""
    row: Any = None
    """How the report shows it (:class:`auditor.assemble.Row`), once somebody has worked that out."""
    targets: tuple[str, ...] = ()
    """Every target in which the same source span gave the same failure, sorted."""
