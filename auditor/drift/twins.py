"""Live findings point at the manifest behind the object: that is where they are repaired. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from auditor.drift.cluster import Clusters
from auditor.model import Path, Related, Resource, Status, Target, Verdict
from auditor.paths import PathSyntaxError, expand, parse, render

WHAT = "declared in Git"


def point_at_git(verdicts: Iterable[Verdict], targets: Sequence[Target]) -> None:
    """Add the manifest's place to each failure of a live object that Git declares once."""
    clusters = Clusters(targets)
    by_name = {each.name: each for each in clusters.clusters}
    for verdict in verdicts:
        cluster = by_name.get(verdict.target)
        if cluster is None or verdict.status is not Status.FAIL:
            continue
        twin = clusters.twin(cluster, verdict.resource)
        if twin is not None:
            place = twin.origin.locate(_same_place(verdict.resource, verdict.at, twin))
            verdict.related = (Related(WHAT, place), *verdict.related)


def _same_place(live: Resource, at: Path, twin: Resource) -> Path:
    """The path of the manifest that says the same: elements of lists may stand elsewhere there."""
    try:
        found = expand(parse(render(live.body, at)), twin.body)
    except PathSyntaxError:
        return at
    return found[0] if found else at
