"""One run, from settings to report. The command line, tests and CI call this and nothing below it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from auditor import __version__, assemble
from auditor.catalog import find, load_builtin
from auditor.engine import Engine, judge_all
from auditor.model import Target, Verdict
from auditor.options import Settings
from auditor.policy import SEVERITIES, Policy
from auditor.report import Gate, Inputs, ProblemRow, Report, TargetInfo
from auditor.score import Score, score
from auditor.sources.interface import Inventory
from auditor.spans import Problem
from auditor.world import World

EXIT_CLEAN, EXIT_GATE, EXIT_USAGE, EXIT_INCOMPLETE, EXIT_INTERNAL = 0, 1, 2, 3, 4


class UsageError(Exception):
    """A wrong flag, configuration or policy file; the text says what, where and what to do."""


@dataclass(slots=True)
class Run:
    """A finished audit: the report, and the verdicts it was made from (fixes and graphs need them)."""

    report: Report
    verdicts: list[Verdict]
    inventory: Inventory
    policies: dict[str, Policy]


def choose(settings: Settings) -> dict[str, Policy]:
    """The policies that the settings ask for, by code. UsageError for a name that means none."""
    import msgspec

    everything = load_builtin()
    chosen = {policy.code: policy for policy in everything if policy.mode != "L"}
    if settings.policies:
        wanted: dict[str, Policy] = {}
        for name in settings.policies:
            found = find(everything, name)
            if not found:
                raise UsageError(f"no policy is called {name!r}; `auditor policy list` shows them all")
            wanted |= {policy.code: policy for policy in found}
        chosen = {code: policy for code, policy in chosen.items() if code in wanted}
    for name, severity in settings.severities.items():
        for policy in find(everything, name):
            if policy.code in chosen:
                chosen[policy.code] = msgspec.structs.replace(policy, severity=severity)
    return chosen


def audit(
    inventory: Inventory,
    settings: Settings,
    *,
    scope: str,
    now: datetime,
    all_verdicts: bool = False,
) -> Run:
    """Judge an inventory. ``now`` is the clock: the report carries it and waivers expire by it."""
    policies = choose(settings)
    engine = Engine(policies.values(), settings.params)
    by_name = {target.name: target for target in inventory.targets}

    def world_of(target: Target) -> World:
        ties = [by_name[name] for name in target.ties if name in by_name]
        return World(target, ties, settings.declarations)

    verdicts = judge_all(engine, inventory.targets, world_of)
    result = score(policies, verdicts)
    report = Report(
        tool_version=__version__,
        scope=scope,
        generated_at=now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        policy_set=assemble.policy_set(policies.values(), settings.params),
        inputs=_inputs(inventory),
        score=assemble.score_info(result),
        categories=assemble.categories(policies, verdicts),
        policies=assemble.policy_results(policies, result),
        targets=_targets(inventory, policies, verdicts),
        findings=assemble.findings(verdicts, policies),
        judged=assemble.judged(verdicts) if all_verdicts else (),
        problems=_problems(inventory.problems, incomplete=True) + _problems(inventory.gaps, incomplete=False),
        gate=gate(settings, policies, result, inventory.problems),
    )
    return Run(report, verdicts, inventory, policies)


def gate(
    settings: Settings, policies: Mapping[str, Policy], result: Score, problems: Sequence[Problem]
) -> Gate:
    """Exit code and the reasons for it; a failed gate (1) wins over an incomplete run (3)."""
    reasons: list[str] = []
    if settings.fail_on is not None:
        grave = SEVERITIES[: SEVERITIES.index(settings.fail_on) + 1]
        for severity in grave:
            count = sum(t.failed for code, t in result.tallies.items() if policies[code].severity == severity)
            if count:
                reasons.append(f"{count} open {severity} finding{'s' if count > 1 else ''}")
    if settings.min_score is not None and (result.effective is None or result.effective < settings.min_score):
        reasons.append(f"score below {settings.min_score:g}")
    if settings.min_coverage is not None and (
        result.coverage is None or result.coverage < settings.min_coverage
    ):
        reasons.append(f"coverage below {settings.min_coverage:g} %")
    if reasons:
        return Gate(EXIT_GATE, tuple(reasons))
    errors = sum(t.errors for t in result.tallies.values())
    if problems:
        reasons.append(f"{len(problems)} input{'s' if len(problems) > 1 else ''} could not be used")
    if errors:
        reasons.append(f"{errors} verdict{'s' if errors > 1 else ''} ended in an error")
    return Gate(EXIT_INCOMPLETE if reasons else EXIT_CLEAN, tuple(reasons))


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
    inventory: Inventory, policies: Mapping[str, Policy], verdicts: Sequence[Verdict]
) -> tuple[TargetInfo, ...]:
    by_target: dict[str, list[Verdict]] = {}
    for verdict in verdicts:
        by_target.setdefault(verdict.target, []).append(verdict)
    return tuple(
        TargetInfo(
            target.name,
            target.kind,
            target.path,
            len(target.resources),
            tuple(target.ties),
            assemble.rounded(score(policies, by_target.get(target.name, ())).effective),
        )
        for target in inventory.targets
    )


def _problems(problems: Sequence[Problem], *, incomplete: bool) -> tuple[ProblemRow, ...]:
    return tuple(ProblemRow(*problem, incomplete=incomplete) for problem in sorted(problems))
