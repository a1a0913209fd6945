"""``auditor check`` beside other tools: ``python -m tests.bench.bench_check DIR [--rounds N] [PART…]``.

DIR is a checkout of kubeflow/manifests, or any tree of manifests. Every part is a table of CPU seconds, ratios to
its first row, and peak memory. The other tools are those of ``make tools``.
"""

from __future__ import annotations

import argparse
import json
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import mean, median

from tests.bench import corpora
from tests.bench.processes import Command, Cost, measure, runs
from tests.peers import programs
from tools.install import CACHE

AUDITOR = (Path(sys.executable).with_name("auditor"), "check", "--no-config", "--fail-on", "never")
PLAIN = (*AUDITOR, "--no-render")
FILES_CHANGED = 41
ONE = "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: worker, namespace: inference}\n"


class Bench:
    """One corpus and a scratch folder, with a cache of its own."""

    def __init__(self, corpus: Path, scratch: Path, rounds: int) -> None:
        self._corpus, self._scratch, self._rounds = corpus, scratch, rounds
        self._cache = scratch / "cache"

    def files(self) -> None:
        """The first run, and the second one with one file changed, beside kubeconform without schemas."""
        root = corpora.copies(self._corpus, self._scratch, 1)
        self._table(
            self._kubeconform(root),
            self._ours("auditor, first run of all", PLAIN, root, before=self._forget),
            self._ours("auditor, first run on this tree", PLAIN, root, before=self._forget_trees),
            self._ours("auditor, --no-cache", (*PLAIN, "--no-cache"), root),
        )
        self._table(
            self._kubeconform(root),
            self._ours("auditor, one Deployment changed", PLAIN, root, before=corpora.Editing(root)),
            self._ours("auditor, nothing changed", PLAIN, root),
        )

    def changed(self) -> None:
        """The second run with one file changed, each time another one: files differ, so there are many rounds."""
        root = corpora.copies(self._corpus, self._scratch, 1)
        ours = self._ours("auditor, one file changed", PLAIN, root, before=corpora.EditingAny(root))
        theirs, mine = runs((self._kubeconform(root), ours), max(self._rounds, FILES_CHANGED)).values()
        for name, of in (("median", median), ("mean", mean), ("slowest", max)):
            ratio = of([each.cpu for each in mine]) / median([each.cpu for each in theirs])
            print(
                f"{name} of {len(mine)} files: {of([each.cpu for each in mine]):.3f} s, {ratio:.3f} of kubeconform"
            )

    def scored(self) -> None:
        """The first run beside kube-score, on the files that it can parse."""
        names = corpora.scored(self._corpus)
        root = corpora.only(self._corpus, names, self._scratch)
        print(f"{len(names)} files")
        self._table(
            Command("kube-score", (programs.kube_score(), "score", "--output-format", "ci", *names), root),
            self._ours("auditor, first run", PLAIN, root, before=self._forget),
        )

    def checkov(self) -> None:
        """The first run beside checkov's Kubernetes checks: one round, for it takes a minute."""
        theirs = (programs.checkov(), "--directory", ".", "--framework", "kubernetes", "--quiet", "--compact")
        self._rounds = 1
        self._table(
            Command("checkov", theirs, self._corpus),
            self._ours("auditor, first run", PLAIN, self._corpus, before=self._forget),
        )

    def rendered(self) -> None:
        """A run that renders, beside the renderer called by hand for the same kustomizations."""
        root = corpora.copies(self._corpus, self._scratch, 1)
        report = self._scratch / "report.json"
        subprocess.run([*AUDITOR, ".", "--format", "json", "--output", report], cwd=root, check=False)
        targets = json.loads(report.read_text())["targets"]
        folders = [shlex.quote(each["path"]) for each in targets if each["kind"] == "kustomize"]
        by_hand = f"for folder in {' '.join(folders)}; do kubectl kustomize $folder > /dev/null; done"
        self._rounds = min(self._rounds, 2)
        self._table(
            Command(f"kubectl kustomize, {len(folders)} times", ("sh", "-c", by_hand), root),
            self._ours("auditor, first run", AUDITOR, root, before=self._forget),
            self._ours("auditor, one file changed", AUDITOR, root, before=corpora.Editing(root)),
        )

    def small(self) -> None:
        """What the start of a run costs, beside the start of Python."""
        root = self._scratch / "one"
        root.mkdir()
        (root / "one.yaml").write_text(ONE)
        self._table(
            Command("python -c pass", (sys.executable, "-c", "pass"), root),
            self._ours("auditor --version", (AUDITOR[0], "--version"), root),
            self._ours(
                "auditor check one.yaml", (AUDITOR[0], "check", "one.yaml", "--fail-on", "never"), root
            ),
        )

    def growth(self) -> None:
        """The same files once, four times and sixteen times over."""
        roots = {times: corpora.copies(self._corpus, self._scratch, times) for times in (1, 4, 16)}
        self._rounds = min(self._rounds, 3)
        self._table(
            *(self._ours(f"auditor, {times}×", (*PLAIN, "--no-cache"), root) for times, root in roots.items())
        )

    def _kubeconform(self, root: Path) -> Command:
        binary = programs.program("kubeconform", CACHE / "bin" / "kubeconform")
        flags = ("-ignore-missing-schemas", "-schema-location", str(self._scratch / "none"))
        return Command("kubeconform, no schemas", (binary, *flags, "."), root)

    def _ours(
        self,
        name: str,
        arguments: Sequence[str | Path],
        root: Path,
        before: Callable[[], None] = lambda: None,
    ) -> Command:
        return Command(name, arguments, root, {"AUDITOR_CACHE_DIR": str(self._cache)}, before)

    def _forget(self) -> None:
        shutil.rmtree(self._cache, ignore_errors=True)

    def _forget_trees(self) -> None:
        """Leave the compiled expressions of the policies, which no tree has a part in."""
        for entry in self._cache.glob("*"):
            if not entry.name.startswith("cel-"):
                entry.unlink()

    def _table(self, *commands: Command) -> None:
        show(measure(commands, self._rounds))


def show(costs: Mapping[str, Cost]) -> None:
    """Print rows with ratios to the first."""
    first = next(iter(costs.values())).cpu
    print("\n| command | CPU seconds | ratio | wall seconds | peak MB |\n|---|---|---|---|---|")
    for name, cost in costs.items():
        ratio = cost.cpu / first if first else 0.0
        print(f"| {name} | {cost.cpu:.3f} | {ratio:.3f} | {cost.wall:.2f} | {cost.megabytes:.0f} |")


_PARTS = (Bench.files, Bench.changed, Bench.scored, Bench.small, Bench.growth, Bench.rendered, Bench.checkov)
PARTS = {part.__name__: part for part in _PARTS}


def main() -> int:
    """Run the parts that are named, else all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("parts", nargs="*", choices=PARTS, metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    for name in options.parts or PARTS:
        with tempfile.TemporaryDirectory(prefix="auditor-bench-") as scratch:
            print(f"\n## {name}", flush=True)
            PARTS[name](Bench(options.corpus.resolve(), Path(scratch), options.rounds))
    return 0


if __name__ == "__main__":
    sys.exit(main())
