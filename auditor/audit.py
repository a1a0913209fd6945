"""One run, from settings to report. The command line, tests and CI call this and nothing below it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from auditor import __version__, assemble, changes, money, waivers
from auditor.baseline import stale
from auditor.catalog import find
from auditor.changes import Comparison
from auditor.engine import Engine, judge_all
from auditor.errors import UsageError, did_you_mean
from auditor.gate import (
    EXIT_CLEAN,
    EXIT_GATE,
    EXIT_INCOMPLETE,
    EXIT_INTERNAL,
    EXIT_USAGE,
    gate,
)
from auditor.guard import one_row
from auditor.model import Verdict
from auditor.options import Settings
from auditor.packs import choose, known_policies, params_of
from auditor.policy import Policy
from auditor.progress import over
from auditor.report import Finding, Gate, Inputs, Money, ProblemRow, Report, TargetInfo
from auditor.score import Score, Tally, score_of, tallies
from auditor.shipped import compile_known
from auditor.sources.git import GitOptions, GitSource
from auditor.sources.interface import Inventory
from auditor.sources.tree import Tree
from auditor.spans import Problem
from auditor.targets import arrange
from auditor.timestamps import stamp
from auditor.waiver_comments import Mark, comment_rules, scan
from auditor.waiver_peers import annotation_rules
from auditor.waivers import Rule
from auditor.world import Surroundings, World

if TYPE_CHECKING:
    from auditor.cache.session import Cache

__all__ = [
    "EXIT_CLEAN",
    "EXIT_GATE",
    "EXIT_INCOMPLETE",
    "EXIT_INTERNAL",
    "EXIT_USAGE",
    "Run",
    "UsageError",
    "audit",
    "choose",
    "collect",
]


class Run(Struct):
    """A finished audit: the report, and the verdicts it was made from (fixes and graphs need them)."""

    report: Report
    verdicts: list[Verdict]
    inventory: Inventory
    policies: dict[str, Policy]
    base: Run | None = None
    """The audit of REF, when this one was compared with it."""


def collect(tree: Tree, settings: Settings, cache: Cache | None = None) -> Inventory:
    """Everything that the tree declares: targets under their names and with their ties, and waiver comments."""
    marks: dict[str, list[Mark]] = {}

    def look(path: str, data: bytes) -> None:
        if path not in marks:
            marks[path] = scan(path, data, settings.honour)

    tree.on_read = look
    readings = cache.readings(tree, settings) if cache is not None else None
    memory = cache.store if cache is not None else None
    options = GitOptions(
        settings.render,
        settings.full_parse,
        settings.exclude,
        settings.repositories,
        memory=memory,
        readings=readings,
    )
    inventory = GitSource(tree, options).collect()
    tree.on_read = None
    if readings is not None:
        readings.save(marks)
        marks |= readings.marks
    inventory.marks += [mark for path in sorted(marks) for mark in marks[path]]
    inventory.targets, warnings = arrange(inventory.targets, settings.targets)
    inventory.warnings += warnings
    return inventory


def audit(
    inventory: Inventory,
    settings: Settings,
    *,
    scope: str,
    now: datetime,
    all_verdicts: bool = False,
    comparison: Comparison | None = None,
    cache: Cache | None = None,
    rows_only: bool = False,
) -> Run:
    """Judge an inventory. ``now`` is the clock: the report carries it and waivers expire by it.

    With ``rows_only`` the run's verdicts are those that the report shows, and they may come from the cache.
    """
    policies = choose(settings)
    params = params_of(settings)
    asked = assemble.policy_set(policies.values(), params)
    kept = cache.verdicts(policies, asked, settings) if cache is not None and rows_only else None
    worlds = worlds_of(inventory, settings, now.date(), watched=kept is not None)
    engine = Engine(policies.values(), params, cache.compiler if cache is not None else compile_known)
    if kept is None:
        judged = judge_all(engine, over(worlds, "judging targets", len(worlds)))
    else:
        judged = kept.judge(engine, worlds)
    if settings.live:
        from auditor.drift.twins import point_at_git

        point_at_git(judged, inventory.targets)
    spent = _money(worlds, inventory)
    inventory.problems = sorted({*inventory.problems, *(row for world in worlds for row in world.problems)})
    verdicts, warnings = _waive(judged, inventory, settings, policies, now)
    whole, by_target = tallies(verdicts, kept.counts if kept is not None else {})
    result = score_of(policies, whole)
    findings = assemble.findings(verdicts, policies)
    decision = gate(settings, policies, result, inventory.problems)
    if comparison is not None:
        findings, decision = _compare(findings, comparison, settings, policies, result, inventory)
        warnings += _stale(comparison, findings, policies)
    report = Report(
        tool_version=__version__,
        scope=scope,
        generated_at=stamp(now),
        policy_set=asked,
        base=comparison.base if comparison else "",
        inputs=_inputs(inventory),
        score=assemble.score_info(result),
        categories=assemble.categories(policies, result),
        policies=assemble.policy_results(policies, result),
        targets=_targets(inventory, policies, by_target),
        findings=findings,
        judged=assemble.judged(verdicts) if all_verdicts else (),
        problems=_problems(inventory.problems, incomplete=True) + _problems(inventory.gaps, incomplete=False),
        warnings=_problems([*inventory.warnings, *warnings], incomplete=False),
        money=spent,
        gate=decision,
    )
    if kept is not None:
        kept.save()
    return Run(report, verdicts, inventory, policies)


def judge(
    inventory: Inventory, settings: Settings, engine: Engine, today: date | None = None
) -> list[Verdict]:
    """Verdicts on every target, each in its own world. ``today`` is the day that calendars are read on."""
    return judge_all(engine, worlds_of(inventory, settings, today))


def worlds_of(
    inventory: Inventory, settings: Settings, today: date | None, *, watched: bool = False
) -> list[World]:
    """What each target's policies may look at."""
    by_name = {target.name: target for target in inventory.targets}
    around = Surroundings(
        inventory.files,
        tuple(inventory.targets),
        settings.region,
        settings.prices,
        today,
        inventory.unrendered,
        {},
        inventory.commit,
    )
    return [
        World(
            target,
            [by_name[name] for name in target.ties if name in by_name],
            settings.declarations,
            around,
            watched=watched,
        )
        for target in inventory.targets
    ]


def _money(worlds: Sequence[World], inventory: Inventory) -> Money | None:
    with one_row(inventory.problems.append, ".", "the cost of the GPU groups could not be computed"):
        return money.money(worlds)
    return None


def with_graphs(run: Run, settings: Settings, *, now: datetime, workload: str = "", limit: int = 0) -> Report:
    """The report of a finished run with the joins of its GPU workloads, or of those that ``workload`` names.

    The worlds are built again rather than kept: few runs draw, and facts hold much memory.
    """
    from auditor.graph import graphs

    worlds = worlds_of(run.inventory, settings, now.date())
    return replace(run.report, graphs=graphs(worlds, run.verdicts, workload=workload, limit=limit))


def _waive(
    verdicts: Sequence[Verdict],
    inventory: Inventory,
    settings: Settings,
    policies: Mapping[str, Policy],
    now: datetime,
) -> tuple[list[Verdict], list[Problem]]:
    """Verdicts with the accepted failures waived, and what is wrong with the waivers."""
    known = known_policies(settings)
    for rule in settings.waivers:
        if not find(known, rule.policy):
            raise UsageError(f"{rule.place}: no policy is called {rule.policy!r}{_nearest(rule, known)}")
    comments, warnings = comment_rules(inventory.marks, require_until=settings.require_until)
    for rule in comments:
        if not rule.tool and not find(known, rule.policy):
            what = (
                f"a waiver that is not honoured: no policy is called {rule.policy!r}{_nearest(rule, known)}"
            )
            repair = "`auditor policy list` shows them all"
            warnings.append(Problem(rule.file, rule.line, 1, what, repair))
    peers = [
        rule for rule in annotation_rules(inventory.targets, settings.honour) if _trusted(rule, settings)
    ]
    judged, spent = waivers.apply(
        verdicts, [*settings.waivers, *comments, *peers], policies, known, now.date()
    )
    return judged, warnings + spent


def _nearest(rule: Rule, known: Sequence[Policy]) -> str:
    return did_you_mean(rule.policy, [policy.id for policy in known] + [policy.code for policy in known])


def _trusted(rule: Rule, settings: Settings) -> bool:
    trusted = settings.trusted_suppressions
    return trusted is None or (rule.owner, rule.tool, rule.policy) in trusted


def _compare(
    findings: tuple[Finding, ...],
    comparison: Comparison,
    settings: Settings,
    policies: Mapping[str, Policy],
    result: Score,
    inventory: Inventory,
) -> tuple[tuple[Finding, ...], Gate]:
    """Findings marked new or known, and a gate that only new ones can fail."""
    compared = changes.compare(findings, comparison)
    decision = gate(settings, policies, result, inventory.problems, compared)
    old = changes.left_out(compared)
    if old:
        note = f"{old} open finding{'s' if old > 1 else ''} known from {comparison.base} left out of the gate"
        decision = Gate(decision.exit_code, decision.reasons, (note,))
    return compared, decision


def _stale(
    comparison: Comparison, findings: Sequence[Finding], policies: Mapping[str, Policy]
) -> list[Problem]:
    if comparison.baseline is None:
        return []
    return stale(comparison.baseline, findings, policies.keys(), comparison.baseline_file)


def _inputs(inventory: Inventory) -> Inputs:
    counts = inventory.counts
    return Inputs(
        files=counts.files,
        manifests=counts.manifests,
        documents=counts.documents,
        resources=sum(len(target.resources) for target in inventory.targets),
        terraform_files=counts.terraform_files,
        other_files=counts.other_files,
        skipped_documents=counts.skipped_documents,
    )


def _targets(
    inventory: Inventory, policies: Mapping[str, Policy], by_target: Mapping[str, dict[str, Tally]]
) -> tuple[TargetInfo, ...]:
    return tuple(
        TargetInfo(
            target.name,
            target.kind,
            target.path,
            len(target.resources),
            tuple(target.ties),
            assemble.rounded(score_of(policies, by_target.get(target.name, {})).effective),
        )
        for target in inventory.targets
    )


def _problems(problems: Sequence[Problem], *, incomplete: bool) -> tuple[ProblemRow, ...]:
    return tuple(ProblemRow(*problem, incomplete=incomplete) for problem in sorted(set(problems)))
