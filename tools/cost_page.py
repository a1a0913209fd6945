"""docs/cost.md: how `auditor cost` counts, and what it says of platform/ today."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

INTRODUCTION = """\
# What it costs: `auditor cost PATH`

Floor, expected and worst USD a month, one scan at three volumes, where its money is lost, which other GPU would be
worth it and what the trade-offs come to: from Git alone, each number with its arithmetic. `--format json` is for
programs, `--format markdown` made the example below.

**Where the numbers come from.** Node groups, scalers, network and keys: from Terraform and manifests. Prices of
instances: the [price table](data.md), or `[prices]` in `auditor.toml`; of what stands beside them: AWS's list prices
for us-east-1, written by hand in `auditor/data/service_prices.py`. What Git cannot know is
[declared](declarations.md): `p95_seconds`, `cold_start_seconds`, `max_seconds`, `vram_gib`, `jobs_per_month`,
`monthly_budget_usd`. What is not declared is named with the line that would declare it, and the numbers that need it
are unknown.

**Worst.** Every node group at its maximum, all month, each node of the dearest type that its group may take, with its
root volume as gp3 (throughput beyond what is included is not counted). The budget to compare it with is
`monthly_budget_usd`, or where that is not declared the one monthly `aws_budgets_budget` of the Terraform root.

**How a scan is billed.** A node runs from its start until the autoscaler removes it, so a scan that comes alone pays
start + compute + cooldown + removal. Spread evenly over a day, a node that is gone before the next scan comes is
billed for that one; otherwise as many nodes as scans are computed at once stay all day. One GPU computes one scan at
a time; the declared p95 stands for every scan, which is on the safe side. *Expected* is the floor and the declared
scans so billed; the money line of `auditor check` counts their compute only.

**The p95 to reach.** With the same start, cooldown and removal, the longest p95 with which another type costs no more
a scan. It says nothing of whether that type is so fast: that is to be measured.

**Waste.** *Idle*: billed and not computed. *Over-request*: a whole GPU is asked for, and `vram_gib` of it is needed.
*Slow jobs*: at most a twentieth of scans is slower than p95, each by `max_seconds` − `p95_seconds` at most. Requests
of CPU and memory against use need metrics: `auditor rightsize`.

**Alternatives**, kustomizations that no Argo CD Application deploys, are in no total; their table says what each
would add.

**The primary design's own figure.** Its authors state $0.311 a scan. From their inputs (150 s start, 53.5 s p95, 300
s cooldown, 600 s removal, $1.006 an hour) one isolated scan is 1,103.5 s = $0.308, of which $0.015 is compute. $0.311
cannot be derived from them and stands as their input.

---

The rest of this page is `auditor cost platform --format markdown`, today.

"""


def page(root: Path) -> str:
    """The page with a fresh example, one heading lower."""
    command = [sys.executable, "-m", "auditor", "cost", "platform", "--format", "markdown", "--no-cache"]
    made = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout
    return INTRODUCTION + "".join(
        f"#{line}\n" if line.startswith("#") else f"{line}\n" for line in made.splitlines()
    )
