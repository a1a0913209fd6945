"""docs/architecture/timeline.{md,svg} from what the last runs of test_live_loop and test_live_argocd recorded.

``python -m tests.platform.timeline_page`` writes them, after both tests.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from tests.live.controlplane.timeline import Event
from tests.platform.gpu_loop import QUICK, Sample

ROOT = Path(__file__).parents[2]
LOOP, ARGO_CD = (ROOT / "reports" / "out" / f"timeline-{name}.json" for name in ("loop", "argocd"))
FOLDER = ROOT / "docs" / "architecture"
WIDTH, HEIGHT, LEFT, TOP, GAP = 900, 90, 150, 50, 30
ROWS: tuple[tuple[str, Callable[[Sample], int], str], ...] = (
    ("messages", lambda each: each.messages, "#3b6ea5"),
    ("workers wanted", lambda each: each.replicas, "#b5651d"),
    ("worker processes", lambda each: each.workers, "#2e7d4f"),
    ("GPU nodes", lambda each: each.nodes, "#8a3b8f"),
)


class Run(NamedTuple):
    """One run: the load, the model's seconds and those it took, events and samples."""

    scans: int
    scan_seconds: float
    workers: int
    left: int
    predicted: float
    taken: float
    events: list[Event]
    samples: list[Sample]

    @staticmethod
    def read(path: Path) -> Run:
        """What was recorded."""
        *figures, events, samples = json.loads(path.read_text())
        return Run(*figures, [Event(*each) for each in events], [Sample(*each) for each in samples])


def record(path: Path, what: Run | list[Event]) -> None:
    """Keep a test's figures for the page."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(what))


def svg(run: Run) -> str:
    """Steps over time: one row each for messages, workers wanted, their processes, and GPU nodes."""
    end = max(each.seconds for each in run.samples)
    height = TOP + len(ROWS) * (HEIGHT + GAP) + 20
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {LEFT + WIDTH + 30} {height}" '
        'font-family="sans-serif" font-size="12">',
        f'<rect width="100%" height="100%" fill="white"/><text x="{LEFT}" y="22" font-size="15">'
        f"0 → {run.workers} → 0: {run.scans} scans, a drained zone, and back to zero</text>",
    ]
    for number, (name, value, colour) in enumerate(ROWS):
        parts += _row(run, name, value, colour, TOP + number * (HEIGHT + GAP), end)
    for second in range(0, int(end) + 1, 60):
        x = LEFT + WIDTH * second / end
        parts.append(
            f'<text x="{x:.0f}" y="{height - 12}" text-anchor="middle" fill="#555">{second} s</text>'
        )
    return "\n".join([*parts, "</svg>"]) + "\n"


def _row(run: Run, name: str, value: Callable[[Sample], int], colour: str, top: int, end: float) -> list[str]:
    most = max(1, *(value(each) for each in run.samples))
    points, before = [], 0
    for each in run.samples:
        x = LEFT + WIDTH * each.seconds / end
        y = top + HEIGHT * (1 - value(each) / most)
        points += [f"{x:.1f},{top + HEIGHT * (1 - before / most):.1f}", f"{x:.1f},{y:.1f}"]
        before = value(each)
    return [
        f'<text x="{LEFT - 10}" y="{top + HEIGHT / 2:.0f}" text-anchor="end">{name}</text>',
        f'<text x="{LEFT - 10}" y="{top + 10}" text-anchor="end" fill="#555">{most}</text>',
        f'<line x1="{LEFT}" y1="{top + HEIGHT}" x2="{LEFT + WIDTH}" y2="{top + HEIGHT}" stroke="#ccc"/>',
        f'<polyline points="{" ".join(points)}" fill="none" stroke="{colour}" stroke-width="1.5"/>',
    ]


def _table(events: list[Event]) -> str:
    rows = [f"| {each.seconds:.1f} | {each.what} |" for each in events]
    return "\n".join(["| second | event |", "|---|---|", *rows])


def page(run: Run, argo_cd: list[Event]) -> str:
    """The events with their seconds, and what was shortened."""
    quick = QUICK["pollingInterval"], QUICK["cooldownPeriod"], QUICK["consolidateAfter"]
    return f"""# 0 → N → 0, on real components

Written by `python -m tests.platform.timeline_page` from runs of `tests/platform/test_live_loop.py` and
`test_live_argocd.py`; no figure is typed.

![Messages, workers and GPU nodes over time](timeline.svg)

Real: Kubernetes' API server, controllers and scheduler, KEDA's operator and the HPA, Karpenter's core, the worker's
process, its exchange of tokens for roles, and Terraform's queue, buckets, notification and policies, which moto
enforces. Not real: nodes (kwok's objects: no instance boots, no image is pulled), the network (it sleeps for
{run.scan_seconds} s), and S3, SQS and STS themselves. Cold start and p95 on a GPU are therefore not in these figures.

Shortened, so that the test ends: polling {quick[0]} s (production: 15 s), cooldown {quick[1]} s (300 s), scale-in at
once (one pod in 120 s, after 300 s), empty nodes go after {quick[2]} (10 min). All else is `platform/` as it is.

| model | |
|---|---|
| messages left once {run.workers} workers ran | {run.left} |
| predicted: left × {run.scan_seconds} s / {run.workers} | {run.predicted:.0f} s |
| measured | {run.taken:.0f} s ({run.taken / run.predicted:.2f} of it) |

{_table(run.events)}

## Argo CD brings prod up

`tests/platform/test_live_argocd.py`: its real controllers read `platform/` from a local git, at the tag `prod-1`. They
look at Git every 3 s (three minutes as shipped). The wave of charts is left out, for no chart repository can be
reached here.

{_table(argo_cd)}
"""


def main() -> None:
    """Write page and picture."""
    run = Run.read(LOOP)
    argo_cd = [Event(*each) for each in json.loads(ARGO_CD.read_text())]
    (FOLDER / "timeline.svg").write_text(svg(run))
    (FOLDER / "timeline.md").write_text(page(run, argo_cd))
    print(FOLDER / "timeline.md")


if __name__ == "__main__":
    main()
