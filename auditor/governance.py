"""What governs a run, brought together: configuration, own policies, waivers, baseline, and what it is compared with.

With ``--trust-base REF`` all of it is read from REF, because the working tree is what a stranger proposes:
its configuration, waivers, baseline and policies are shown as proposals and change nothing.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct, field

from auditor import baseline as baselines
from auditor import money
from auditor.audit import Run, audit, collect
from auditor.cache.session import Cache
from auditor.catalog import PolicyError
from auditor.changes import Comparison, fingerprints
from auditor.config import CONFIG_FILE, PYPROJECT, Config, parse_config
from auditor.errors import UsageError
from auditor.options import Settings
from auditor.policy import Policy
from auditor.report import Report
from auditor.sources.interface import Inventory
from auditor.sources.tree import Tree, Unreadable
from auditor.spans import Problem
from auditor.waiver_comments import Mark, scan
from auditor.waivers import Rule

if TYPE_CHECKING:
    from auditor.sources.live import Request as LiveRequest
    from auditor.sources.revision import Revision


class Request(Struct):
    """Where to look for what governs a run. Paths given by flag are as the user wrote them."""

    root: Path | None = None
    """The audited root; None for standard input, which has no configuration of its own."""
    config: Path | None = None
    use_config: bool = True
    policy_folders: Sequence[Path] = ()
    waivers: Path | None = None
    """In place of the file that the configuration names."""
    baseline: Path | None = None
    changed_since: str = ""
    trust_base: str = ""


class Governance(Struct):
    """What was found. ``settings`` are the configuration's; flags are laid over them by the caller."""

    request: Request
    config: Config
    trusted: Revision | None
    own_policies: list[Policy] = field(default_factory=list)
    waivers: list[Rule] = field(default_factory=list)
    baseline: baselines.Baseline | None = None
    warnings: list[Problem] = field(default_factory=list)

    @property
    def settings(self) -> Settings:
        """The configuration's settings, with own policies and waivers."""
        settings = self.config.settings
        settings.own_policies, settings.waivers = self.own_policies, self.waivers
        return settings


def govern(request: Request) -> Governance:
    """Read everything; UsageError or PolicyError for what cannot be used."""
    revision = _revision(request.root, request.trust_base) if request.trust_base and request.root else None
    reader = _Reader(request.root, revision)
    found = Governance(request, _config(request, reader), revision, warnings=reader.warnings)
    found.waivers = _waivers(request, found.config, reader)
    found.own_policies = [
        policy
        for folder in found.config.policy_folders
        for policy in _configured_policies(folder, request.root, revision)
    ]
    found.own_policies += _given_policies(request.policy_folders)
    found.baseline = _baseline(request, reader)
    return found


def _revision(root: Path, ref: str) -> Revision:
    """The revision; the module loads only for runs that look at one."""
    from auditor.sources.revision import Revision

    return Revision(root, ref)


def run(
    governance: Governance,
    tree: Tree,
    settings: Settings,
    *,
    scope: str,
    now: datetime,
    all_verdicts: bool = False,
    rows_only: bool = False,
    live: Sequence[LiveRequest] = (),
    save_to: Path | None = None,
) -> Run:
    """Audit the tree under its governance, and REF too when the run is compared with one.

    ``rows_only``: nobody needs the verdicts that the report does not show, nor what policies saw. ``live``: what
    runs and is audited beside the tree; ``save_to`` takes a snapshot of it.
    """
    cache = Cache.open(governance.request.root, wanted=settings.cache)
    inventory = collect(tree, settings, cache)
    if live:
        from auditor.sources.revision import head_of

        inventory.commit = head_of(tree.root) if inventory.targets else ""
        scope = _read_live(inventory, settings, live, save_to, scope=scope, now=now)
    _distrust(governance, inventory, settings)
    inventory.warnings += governance.warnings
    base = _base_run(governance, settings, cache, scope=scope, now=now)
    comparison = _comparison(governance, base)
    result = audit(
        inventory,
        settings,
        scope=scope,
        now=now,
        all_verdicts=all_verdicts,
        comparison=comparison,
        cache=cache,
        rows_only=rows_only and base is None,
    )
    cache.save()
    if base is not None:
        result.report = _with_change(result.report, base.report, governance.request.changed_since)
        result.report = msgspec.structs.replace(
            result.report, money=money.against(result.report.money, base.report.money)
        )
    result.base = base
    return result


def _read_live(
    inventory: Inventory,
    settings: Settings,
    live: Sequence[LiveRequest],
    save_to: Path | None,
    *,
    scope: str,
    now: datetime,
) -> str:
    """Add what runs to the inventory; the scope of the report with its names."""
    from auditor import live as lives

    readings = lives.read_all(live, lives.needs_of(settings, inventory, now))
    if save_to is not None:
        from auditor.sources.snapshot import save

        save(save_to, readings, now)
    lives.join(inventory, readings)
    return ",".join([*([scope] if scope else []), *(reading.label for reading in readings)])


def _with_change(report: Report, before: Report, ref: str) -> Report:
    """The report with how the score moved since REF, policy by policy, and what was repaired."""
    from auditor.reporters.compare import change, compare

    failures = [finding for finding in report.findings if finding.status == "fail"]
    new = sum(finding.new is True for finding in failures)
    moved = msgspec.structs.replace(
        change(compare(before, report), ref), new=new, unchanged=len(failures) - new
    )
    return msgspec.structs.replace(report, change=moved)


class _Reader:
    """Reads governing files: from the trusted revision when there is one, else from the tree."""

    def __init__(self, root: Path | None, revision: Revision | None) -> None:
        self.root, self.revision = root, revision
        self.warnings: list[Problem] = []
        self._tree = Tree(root) if root else None

    def read(self, path: str) -> bytes | None:
        """A file of the audited root; None when there is none. Says so when the working tree has another."""
        proposed = self.proposed(path)
        if self.revision is None:
            return proposed
        trusted = self.revision.read(path)
        if proposed != trusted:
            state = "added" if trusted is None else "removed" if proposed is None else "altered"
            what = f"{state} by this change; the run is governed by {self.revision.ref}"
            self.warnings.append(Problem(path, 0, 0, what, "review the file: it counts once it is merged"))
        return trusted

    def proposed(self, path: str) -> bytes | None:
        """The file in the working tree; None when there is none."""
        if self._tree is None or not os.path.lexists(self._tree.root / path):
            return None
        try:
            return self._tree.read(path)
        except Unreadable as error:
            if self.revision is not None:
                return None
            raise UsageError(f"{path}: {error.what}; {error.repair}") from error

    def given(self, path: Path) -> tuple[bytes | None, str]:
        """A file named by a flag, and how to call it; inside the root the trusted revision speaks."""
        if self.root is not None and self.revision is not None:
            inside = os.path.relpath(path.resolve(), self.root.resolve())
            if not inside.startswith(".."):
                return self.read(PurePosixPath(inside).as_posix()), str(path)
        try:
            return path.read_bytes(), str(path)
        except FileNotFoundError:
            return None, str(path)
        except OSError as error:
            raise UsageError(f"{path}: {(error.strerror or type(error).__name__).lower()}") from error


def _config(request: Request, reader: _Reader) -> Config:
    if not request.use_config:
        return Config()
    if request.config is not None:
        data, name = reader.given(request.config)
        if data is None:
            where = f" in {request.trust_base}" if reader.revision else ""
            raise UsageError(f"{name}: no such configuration file{where}")
        return parse_config(data, name) or Config()
    for name in (CONFIG_FILE, PYPROJECT):
        data = _read_config(reader, name)
        if data is not None and (config := parse_config(data, name)) is not None:
            return config
    return Config()


def _read_config(reader: _Reader, name: str) -> bytes | None:
    if name == CONFIG_FILE or reader.revision is None:
        return reader.read(name)
    return reader.revision.read(name)  # a pyproject.toml changes for many reasons


def _waivers(request: Request, config: Config, reader: _Reader) -> list[Rule]:
    """The rules that count; those of the working tree alone become warnings."""
    file, required = config.waivers_file, config.settings.require_until
    if request.waivers is not None:
        data, name = reader.given(request.waivers)
        if data is None:
            raise UsageError(f"{name}: no such file of waivers")
        return _parsed(data, name, required)
    before = len(reader.warnings)
    data = reader.read(file)
    del reader.warnings[before:]  # said rule by rule below
    if data is None and config.waivers_named and reader.revision is None:
        raise UsageError(f"{config.file}: waivers.file names {file!r}, and there is no such file")
    rules = _parsed(data, file, required)
    if reader.revision is None:
        return rules
    try:
        added = _parsed(reader.proposed(file), file, required)
    except UsageError as error:
        reader.warnings.append(Problem(file, 0, 0, f"not usable as proposed: {error}", "correct the file"))
        return rules
    known = {rule.same() for rule in rules}
    reader.warnings += [_proposal(rule, reader.revision) for rule in added if rule.same() not in known]
    return rules


def _parsed(data: bytes | None, file: str, require_until: bool) -> list[Rule]:
    if data is None:
        return []
    from auditor.waiver_file import parse_waivers

    return parse_waivers(data, file, require_until=require_until)


def _proposal(rule: Rule, revision: Revision) -> Problem:
    what = f"the waiver of {rule.policy} for {rule.owner} was added by this change and is not honoured"
    return Problem(rule.file, rule.line, 1, what, f"review it: it counts once it is in {revision.ref}")


def _baseline(request: Request, reader: _Reader) -> baselines.Baseline | None:
    if request.baseline is None:
        return None
    data, name = reader.given(request.baseline)
    if data is not None:
        return baselines.parse(data, name)
    if reader.revision is not None:
        return None
    raise UsageError(f"{name}: no such baseline; write it with: auditor baseline write --output {name}")


def _given_policies(folders: Sequence[Path]) -> list[Policy]:
    if not folders:
        return []
    from auditor.own_policies import load_own

    return [policy for folder in folders for policy in load_own(folder)]


def _configured_policies(folder: str, root: Path | None, revision: Revision | None) -> list[Policy]:
    from tempfile import TemporaryDirectory

    from auditor.own_policies import load_own

    pure = PurePosixPath(folder)
    if root is None or pure.is_absolute() or ".." in pure.parts:
        raise UsageError(f"policies: {folder!r} leads out of the audited tree; give it by --policies instead")
    if revision is None:
        return load_own(root / folder, inside=root)
    with TemporaryDirectory(prefix="auditor-") as temporary:
        revision.materialise(Path(temporary), [pure.as_posix()])
        try:
            return load_own(Path(temporary) / folder, inside=Path(temporary))
        except PolicyError as error:
            file = error.problem.file.removeprefix(f"{temporary}/")
            raise PolicyError(error.problem._replace(file=f"{revision.ref}:{file}")) from error


def _distrust(governance: Governance, inventory: Inventory, settings: Settings) -> None:
    """Keep only the waiver comments and suppressions that the trusted revision has too."""
    revision = governance.trusted
    if revision is None:
        return
    inventory.marks, added = _known_marks(inventory.marks, revision, settings.honour)
    for mark in added:
        what = f"added by this change and not honoured: {mark.text}"
        repair = f"review it: it counts once it is in {revision.ref}"
        inventory.warnings.append(Problem(mark.file, mark.line, 1, what, repair))
    if settings.honour:
        from auditor.waiver_peers import annotation_rules

        with _revision_tree(revision) as tree:
            rules = annotation_rules(collect(tree, settings).targets, settings.honour)
        settings.trusted_suppressions = frozenset((rule.owner, rule.tool, rule.policy) for rule in rules)


def _known_marks(
    marks: Sequence[Mark], revision: Revision, honour: Sequence[str]
) -> tuple[list[Mark], list[Mark]]:
    """The comments that the revision has as often, and the others: a copy may stand beside anything."""
    before: Counter[tuple[str, str, str]] = Counter()
    for file in {mark.file for mark in marks}:
        before.update(mark.identity for mark in scan(file, revision.read(file) or b"", honour))
    now = Counter(mark.identity for mark in marks)
    known = [mark for mark in marks if now[mark.identity] <= before[mark.identity]]
    return known, [mark for mark in marks if now[mark.identity] > before[mark.identity]]


@contextmanager
def _revision_tree(revision: Revision) -> Iterator[Tree]:
    from tempfile import TemporaryDirectory

    with TemporaryDirectory(prefix="auditor-") as temporary:
        yield revision.materialise(Path(temporary))


def _base_run(
    governance: Governance, settings: Settings, cache: Cache, *, scope: str, now: datetime
) -> Run | None:
    ref = governance.request.changed_since
    if not ref or governance.request.root is None:
        return None
    with _revision_tree(_revision(governance.request.root, ref)) as tree:
        return audit(collect(tree, settings, cache), settings, scope=scope, now=now, cache=cache)


def _comparison(governance: Governance, base: Run | None) -> Comparison | None:
    request, accepted = governance.request, governance.baseline
    if base is None and request.baseline is None:
        return None
    known = fingerprints(base.verdicts) if base else frozenset()
    known |= accepted.fingerprints() if accepted else frozenset()
    changed = _revision(request.root, request.changed_since).changed() if base and request.root else {}
    names = [request.changed_since, str(request.baseline) if request.baseline else ""]
    label = " and ".join(name for name in names if name)
    return Comparison(label, known, changed, accepted, str(request.baseline or ""))
