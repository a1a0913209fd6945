"""The report as data: what every reporter shows and ``--format json`` writes, field by field.

``reports/schema/report.schema.json`` is generated from these types; a report read back gives the same types,
so that any saved result can be converted, merged and compared later.
"""

# Annotations are not postponed: msgspec would evaluate each from its text, which takes ten times as long.
from typing import Any, Literal

import msgspec

SCHEMA_VERSION = 1

StatusName = Literal["pass", "fail", "waived", "error", "not-applicable", "not-assessed"]
SeverityName = Literal["critical", "high", "medium", "low"]


class Location(msgspec.Struct, frozen=True, omit_defaults=True):
    """A place in the audited tree. Lines and columns count from 1; 0 means that only the file is known."""

    file: str
    line: int = 0
    column: int = 0
    end_line: int = 0
    end_column: int = 0
    precision: Literal["exact", "file", "rendered"] = "exact"
    note: str = ""


class RelatedLocation(msgspec.Struct, frozen=True, omit_defaults=True):
    """The other end of a join."""

    what: str
    location: Location


class WaiverInfo(msgspec.Struct, frozen=True, omit_defaults=True):
    """Who accepted a failure, why, and until when."""

    reason: str
    by: str = ""
    until: str = ""
    ticket: str = ""
    place: str = ""


class Replacement(msgspec.Struct, frozen=True):
    """Bytes ``[start, end)`` of ``file`` become ``text``; lines and columns say the same for SARIF."""

    file: str
    start: int
    end: int
    text: str
    line: int
    column: int
    end_line: int
    end_column: int


class FixInfo(msgspec.Struct, frozen=True, omit_defaults=True):
    """The repair of one finding, planned on the audited text; ``auditor fix`` proves it before it writes.

    ``refused`` says why there is none.
    """

    title: str
    safety: Literal["safe", "unsafe"]
    diff: str = ""
    edits: tuple[Replacement, ...] = ()
    refused: str = ""


class Finding(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One row: a failure, a waived failure, an error, or something that could not be assessed."""

    policy: str
    status: StatusName
    severity: SeverityName
    resource: str
    """``group/kind/namespace/name`` or the Terraform address."""
    title: str
    """The resource as a person names it."""
    targets: tuple[str, ...]
    path: str = ""
    """The judged node, in the path grammar."""
    location: Location
    message: str = ""
    reason: str = ""
    repair: str = ""
    related: tuple[RelatedLocation, ...] = ()
    excerpt: tuple[tuple[int, str], ...] = ()
    cost: float | None = None
    fix: FixInfo | None = None
    waiver: WaiverInfo | None = None
    fingerprints: tuple[str, ...] = ()
    """Stable identity, one a target: policy, target, owner and path."""
    new: bool | None = None
    """Against the baseline or REF; None when there was none to compare with."""
    touched: bool = False
    """Whether the place, or the other end of the join, stands on a line that changed since REF."""


class Judged(msgspec.Struct, frozen=True, omit_defaults=True):
    """A pass or a not-applicable, kept short."""

    policy: str
    status: StatusName
    resource: str
    targets: tuple[str, ...]
    path: str
    location: Location


class PolicyResult(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One policy's words and counts (owners, each counted once)."""

    code: str
    id: str
    title: str
    severity: SeverityName
    category: str
    rationale: str
    confidence: str = "high"
    references: tuple[str, ...] = ()
    controls: tuple[str, ...] = ()
    fix: str = ""
    passed: int = 0
    failed: int = 0
    waived: int = 0
    errors: int = 0
    not_assessed: int = 0
    not_applicable: int = 0
    points: float | None = None
    """What the policy brings to the uncapped score; None when it evaluated nothing."""
    possible: float | None = None
    """What it would bring if nothing failed."""


class ScoreInfo(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The score in numbers, rounded to one decimal place; null means that nothing was evaluated."""

    model_version: int
    effective: float | None
    raw: float | None
    uncapped: float | None
    cap: str = ""
    grade: str
    coverage: float | None
    provisional: bool


class CategoryScore(msgspec.Struct, frozen=True):
    """Score and failures of one category."""

    category: str
    score: float | None
    failed: int
    evaluated: int


class ProblemRow(msgspec.Struct, frozen=True, omit_defaults=True):
    """An input that could not be used. ``incomplete`` ones make the exit code 3."""

    file: str
    line: int
    column: int
    what: str
    repair: str
    incomplete: bool = True


class TargetInfo(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing that is deployed."""

    name: str
    kind: str
    path: str
    resources: int
    ties: tuple[str, ...] = ()
    score: float | None = None


class MoneyRow(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """USD a month of one GPU node group from Git alone; None where a number is not known, and why."""

    group: str
    target: str
    instance_type: str
    location: Location
    usd_per_hour: float | None
    floor: float | None
    expected: float | None
    worst: float | None
    note: str = ""
    alternative: bool = False
    """Not deployed by any Application: shown, and in no total."""


class Money(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """USD a month of all GPU groups, and the change against the base of a pull request."""

    floor: float | None
    expected: float | None
    worst: float | None
    region: str
    prices_as_of: str
    rows: tuple[MoneyRow, ...] = ()
    change_floor: float | None = None
    change_expected: float | None = None
    change_worst: float | None = None


class GraphNode(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing in a drawing of joins. ``status`` is its gravest verdict; '' when nothing judged it."""

    id: str
    label: str
    kind: str
    location: Location | None = None
    status: StatusName | Literal[""] = ""


class GraphEdge(msgspec.Struct, frozen=True, omit_defaults=True, rename={"from_": "from"}):
    """One join between two nodes, by their ids. ``ok`` is false where the join does not hold."""

    from_: str
    to: str
    label: str = ""
    ok: bool = True


class Graph(msgspec.Struct, frozen=True, omit_defaults=True):
    """The joins of one workload: what it runs on, what scales it, who it is, what it reads."""

    name: str
    nodes: tuple[GraphNode, ...]
    edges: tuple[GraphEdge, ...] = ()


class ScoreChangeRow(msgspec.Struct, frozen=True):
    """What one policy, or the cap (``policy`` is then ''), moved the score by.

    ``began`` and ``ceased`` are policies that only one of the two runs evaluated.
    """

    policy: str
    kind: Literal["changed", "began", "ceased", "cap"]
    points: float


class Change(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """This report against an earlier one. ``points`` of the rows sum to ``points``, to the hundredth.

    ``incomparable`` says why the scores cannot be compared; findings are compared all the same.
    """

    base: str
    before: float | None
    after: float | None
    points: float | None = None
    incomparable: str = ""
    rows: tuple[ScoreChangeRow, ...] = ()
    fixed: tuple[Finding, ...] = ()
    new: int = 0
    unchanged: int = 0


class HistoryRun(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One kept run, and what changed since the one before it. ``moved`` sums to ``points``, to the hundredth."""

    name: str
    """Of the file; '' for the run that is being reported."""
    generated_at: str
    score: float | None
    coverage: float | None
    grade: str
    open: int
    """Failures that are neither waived nor repaired."""
    new: int = 0
    fixed: int = 0
    points: float | None = None
    incomparable: str = ""
    moved: tuple[ScoreChangeRow, ...] = ()


class OpenSince(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A failure of the newest run: since when it has been open without a break, and when it was first seen.

    ``before``: it was there in the oldest run that was looked at, so it may be older.
    """

    policy: str
    severity: SeverityName
    resource: str
    title: str
    message: str
    since: str
    first: str
    before: bool = False


class History(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The kept runs of one scope, oldest first, and the age of what is open now."""

    scope: str
    where: str
    """The folder or S3 prefix."""
    runs: tuple[HistoryRun, ...]
    open: tuple[OpenSince, ...] = ()
    """Oldest first."""
    policies: dict[str, str] = {}
    """Code → id of the policies that are named."""
    left_out: tuple[ProblemRow, ...] = ()
    """Files that lie there and could not be used."""


class Gate(msgspec.Struct, frozen=True, omit_defaults=True):
    """What decided the exit code."""

    exit_code: int
    reasons: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    """What did not gate and why, e.g. how many findings are older than REF."""


class Inputs(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was read."""

    files: int
    manifests: int
    documents: int
    resources: int
    terraform_files: int = 0
    other_files: int = 0
    skipped_documents: int = 0


class Report(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Everything one run found out."""

    schema_version: int = SCHEMA_VERSION
    tool: str = "auditor"
    tool_version: str
    scope: str
    """What was audited, e.g. ``platform``."""
    generated_at: str
    """UTC, ISO 8601; the injected clock."""
    policy_set: str
    """Digest of the policies, params and severities: results of different sets are incomparable."""
    base: str = ""
    """The REF or baseline that ``new`` refers to."""
    inputs: Inputs
    score: ScoreInfo
    categories: tuple[CategoryScore, ...] = ()
    policies: tuple[PolicyResult, ...] = ()
    targets: tuple[TargetInfo, ...] = ()
    findings: tuple[Finding, ...] = ()
    judged: tuple[Judged, ...] = ()
    problems: tuple[ProblemRow, ...] = ()
    warnings: tuple[ProblemRow, ...] = ()
    """Things to know that change no verdict: unused waivers, ignored settings."""
    money: Money | None = None
    change: Change | None = None
    """Against an earlier report; None when there was none to compare with."""
    graphs: tuple[Graph, ...] = ()
    """The joins of single workloads, for drawing."""
    history: History | None = None
    """The runs before this one; None when none were looked at."""
    gate: Gate


def encode(report: Report) -> bytes:
    """The report as JSON; see :func:`to_json`."""
    return to_json(report)


def to_json(value: Any) -> bytes:
    """Anything of this module as JSON: two-space indentation, fields in declared order, a final newline.

    File names that are not UTF-8 reach us with lone surrogates, which JSON cannot carry: they are written
    as ``\\udcff`` in plain text.
    """
    try:
        data = msgspec.json.encode(value)
    except UnicodeEncodeError:
        data = msgspec.json.encode(_without_surrogates(msgspec.to_builtins(value)))
    return msgspec.json.format(data, indent=2) + b"\n"


def _without_surrogates(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, dict):
        return {_without_surrogates(key): _without_surrogates(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_without_surrogates(item) for item in value]
    return value


def decode(data: bytes) -> Report:
    """A report read back; ``msgspec.ValidationError`` names the field that is wrong."""
    return msgspec.json.decode(data, type=Report)
