"""The comparison of claims on folders of manifests, of Terraform and of Dockerfiles."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from auditor.policy import Policy
from tests.peers import checkov, kube_score, ours
from tests.peers.claims import Claim
from tests.peers.compare import Comparison, compare


def manifests(folder: Path, files: Sequence[str], claims: Iterable[Claim]) -> list[Comparison]:
    """Claims about Kubernetes objects, on ``files`` below ``folder`` that hold one object each."""
    chosen = [claim for claim in claims if _reads_manifests(claim)]
    judged = ours.run(folder, _policies(chosen))
    of_checkov = [claim for claim in chosen if claim.tool == "checkov"]
    of_kube_score = [claim for claim in chosen if claim.tool == "kube-score"]
    scores, unread = kube_score.run(folder, files, _rules(of_kube_score))
    return [
        *compare(of_checkov, checkov.run(folder, _rules(of_checkov), checkov.KUBERNETES), judged),
        *compare(of_kube_score, scores, judged, unread),
    ]


def files(folder: Path, claims: Iterable[Claim], framework: checkov.Framework) -> list[Comparison]:
    """Claims about Terraform or about Dockerfiles, on everything below ``folder``."""
    chosen = [
        claim for claim in claims if claim.tool == "checkov" and checkov.framework_of(claim.rule) == framework
    ]
    theirs = checkov.run(folder, _rules(chosen), framework)
    return compare(chosen, theirs, ours.run(folder, _policies(chosen)))


def together(parts: Iterable[Comparison]) -> list[Comparison]:
    """Comparisons of the same claim on several folders as one."""
    found: dict[tuple[str, str, str], Comparison] = {}
    for part in parts:
        claim = part.claim
        whole = found.setdefault((claim.tool, claim.rule, claim.policy.code), Comparison(claim))
        whole.passed += part.passed
        whole.failed += part.failed
        whole.allowed += part.allowed
        whole.differences += part.differences
    return [found[key] for key in sorted(found)]


def _reads_manifests(claim: Claim) -> bool:
    return claim.tool == "kube-score" or checkov.framework_of(claim.rule) == checkov.KUBERNETES


def _rules(claims: Iterable[Claim]) -> set[str]:
    return {claim.rule for claim in claims}


def _policies(claims: Iterable[Claim]) -> list[Policy]:
    return list({claim.policy.code: claim.policy for claim in claims}.values())
