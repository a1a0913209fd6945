"""What is kept changes nothing: after any edits a run with the cache says byte for byte what one without says."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auditor import governance
from auditor.cache import readings
from auditor.governance import Request
from auditor.reporters import render
from auditor.reporters.interface import RenderOptions
from auditor.sources.tree import Tree

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
NAMES = ("web", "worker", "queue")
FOLDERS = ("", "base/", "apps/a/", "apps/b/")


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files count as settled at once: the tests would have to wait a second after each edit."""
    monkeypatch.setattr(readings, "_SETTLED_NS", 0)


def workload(kind: str, dice: random.Random) -> str:
    name, gpu = dice.choice(NAMES), dice.random() < 0.3
    limits = "{nvidia.com/gpu: 1}" if gpu else dice.choice(("{memory: 1Gi}", "{cpu: 1}"))
    waiver = dice.choice(("", '  # auditor: allow image-tag-latest reason="on purpose" until=2027-01-01'))
    return f"""apiVersion: apps/v1
kind: {kind}
metadata: {{name: {name}, namespace: {dice.choice(("shop", "lab"))}}}
spec:
  replicas: {dice.choice((0, 1, 3))}
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {dice.choice(NAMES)}}}}}
    spec:
      serviceAccountName: {dice.choice(NAMES)}
      containers:
        - name: main
          image: registry.example/{name}:{dice.choice(("latest", "1.2"))}{waiver}
          resources: {{limits: {limits}}}
          envFrom: [{{configMapRef: {{name: {dice.choice(NAMES)}}}}}]
"""


def simple(api: str, kind: str, spec: str) -> Callable[[random.Random], str]:
    def write(dice: random.Random) -> str:
        name = dice.choice(NAMES)
        filled = spec.replace("NAME", dice.choice(NAMES)).replace("NUMBER", str(dice.choice((1, 2, 5))))
        namespace = dice.choice(("shop", "lab"))
        return (
            f"apiVersion: {api}\nkind: {kind}\nmetadata: {{name: {name}, namespace: {namespace}}}\n{filled}\n"
        )

    return write


def aws_key(dice: random.Random) -> str:
    letters = "".join(dice.choice("ABCDEFGHJKLMNPQRSTUVWXYZ234567") for _ in range(16))
    return f"# see the wiki\nAWS_ACCESS_KEY_ID=AK{'IA'}{letters}\n"


MAKERS: tuple[Callable[[random.Random], str], ...] = (
    lambda dice: workload("Deployment", dice),
    lambda dice: workload("StatefulSet", dice),
    simple("v1", "Service", "spec: {selector: {app: NAME}, ports: [{port: 80, targetPort: web}]}"),
    simple("v1", "ConfigMap", "data: {mode: 'NUMBER'}"),
    simple("v1", "ServiceAccount", "automountServiceAccountToken: false"),
    simple("v1", "Namespace", ""),
    simple("v1", "Secret", "stringData: {password: hunter2}"),
    simple(
        "policy/v1",
        "PodDisruptionBudget",
        "spec: {minAvailable: NUMBER, selector: {matchLabels: {app: NAME}}}",
    ),
    simple("networking.k8s.io/v1", "NetworkPolicy", "spec: {podSelector: {matchLabels: {app: NAME}}}"),
    simple(
        "keda.sh/v1alpha1",
        "ScaledObject",
        "spec: {scaleTargetRef: {name: NAME}, minReplicaCount: NUMBER, triggers: [{type: cron, metadata: {}}]}",
    ),
    simple(
        "rbac.authorization.k8s.io/v1",
        "RoleBinding",
        "roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: NAME}\n"
        "subjects: [{kind: ServiceAccount, name: NAME, namespace: shop}]",
    ),
    simple("karpenter.sh/v1", "NodePool", "spec: {limits: {nvidia.com/gpu: NUMBER}, template: {spec: {}}}"),
    lambda dice: f"apiVersion: v1\nkind: Broken\n  metadata: [{dice.random()}\n",
    lambda dice: f"FROM python:{dice.choice(('latest', '3.12'))}\nUSER root\n",
    aws_key,
)


def path_for(text: str, number: int, dice: random.Random) -> str:
    folder = dice.choice(FOLDERS)
    if text.startswith("FROM"):
        return f"{folder}Dockerfile.{number}"
    return f"{folder}file-{number}.{'env' if text.startswith('#') else 'yaml'}"


class Playground:
    """A tree that is edited at random."""

    def __init__(self, root: Path, seed: int) -> None:
        self.root, self.dice, self.number = root, random.Random(seed), 0

    def files(self) -> list[Path]:
        return sorted(path for path in self.root.rglob("*") if path.is_file())

    def add(self) -> None:
        parts = [self.dice.choice(MAKERS)(self.dice) for _ in range(self.dice.choice((1, 1, 2)))]
        alike = [part for part in parts if part[:3] == parts[0][:3]]
        self.number += 1
        path = self.root / path_for(parts[0], self.number, self.dice)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("---\n".join(alike) if alike[0].startswith("api") else alike[0])

    def edit(self) -> None:
        path = self.dice.choice(self.files())
        text = path.read_text()
        old, new = self.dice.choice(
            (
                ("web", "worker"),
                ("latest", "1.9"),
                ("1Gi", "2Gi"),
                ("metadata", "# a line more\nmetadata"),
                ("lab", "shop"),
            )
        )
        path.write_text(text.replace(old, new, 1) + self.dice.choice(("", "# end\n")))

    def remove(self) -> None:
        self.dice.choice(self.files()).unlink()

    def move(self) -> None:
        path = self.dice.choice(self.files())
        self.number += 1
        target = self.root / self.dice.choice(FOLDERS) / f"moved-{self.number}{path.suffix}"
        target.parent.mkdir(parents=True, exist_ok=True)
        path.rename(target)

    def rewrite(self) -> None:
        path = self.dice.choice(self.files())
        data = path.read_bytes()
        path.unlink()
        path.write_bytes(data)

    def step(self, action: str) -> None:
        if len(self.files()) < 3:
            action = "add"
        getattr(self, action)()


def audited(root: Path, shape: str, *, cache: bool, render_all: bool = False) -> bytes:
    """The bytes of one run in one format, under a fixed clock."""
    governed = governance.govern(Request(root=root, use_config=False))
    chosen = governed.settings
    chosen.cache, chosen.render = cache, render_all
    run = governance.run(
        governed,
        Tree(root),
        chosen,
        scope="tree",
        now=NOW,
        all_verdicts=shape == "json",
        rows_only=shape != "json",
    )
    return render(shape, run.report, RenderOptions(verbose=True))


def agree(root: Path, *, render_all: bool = False) -> None:
    for shape in ("terminal", "json"):
        plain = audited(root, shape, cache=False, render_all=render_all)
        for _ in range(2):
            assert audited(root, shape, cache=True, render_all=render_all) == plain


actions = st.lists(
    st.sampled_from(("add", "edit", "edit", "edit", "remove", "move", "rewrite")), min_size=1, max_size=5
)


def play(seed: int, steps: list[str], *, files: int = 8, render_all: bool = False, base: str = "") -> None:
    with TemporaryDirectory() as name:
        playground = Playground(Path(name), seed)
        for _ in range(files):
            playground.add()
        if base:
            (playground.root / "base").mkdir(exist_ok=True)
            (playground.root / "base/deployment.yaml").write_text(workload("Deployment", random.Random(seed)))
            (playground.root / "base/kustomization.yaml").write_text(base)
        agree(playground.root, render_all=render_all)
        for action in steps:
            playground.step(action)
            agree(playground.root, render_all=render_all)


@pytest.mark.parametrize("seed", range(2))
def test_a_warm_run_says_what_a_cold_one_says(seed: int) -> None:
    play(seed, ["edit", "add", "move", "remove"])


@pytest.mark.slow
@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(st.integers(0, 10_000), actions)
def test_a_warm_run_says_what_a_cold_one_says_after_any_edits(seed: int, steps: list[str]) -> None:
    play(seed, steps)


@pytest.mark.slow
@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(st.integers(0, 10_000), actions)
def test_a_warm_run_with_renderings_says_what_a_cold_one_says(seed: int, steps: list[str]) -> None:
    kustomization = "resources: [deployment.yaml]\nnamePrefix: x-\n"
    play(seed, steps, files=5, render_all=True, base=kustomization)


def damage_bits(data: bytes, dice: random.Random) -> bytes:
    at = dice.randrange(len(data))
    return data[:at] + bytes([data[at] ^ 1 << dice.randrange(8)]) + data[at + 1 :]


DAMAGES: dict[str, Callable[[bytes, random.Random], bytes]] = {
    "a flipped bit": damage_bits,
    "cut off": lambda data, dice: data[: dice.randrange(len(data))],
    "empty": lambda data, dice: b"",
    "garbage": lambda data, dice: dice.randbytes(200),
    "doubled": lambda data, dice: data + data,
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_cache_is_as_good_as_none(
    damage: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUDITOR_CACHE_DIR", str(tmp_path / "cache"))
    dice, root = random.Random(7), tmp_path / "tree"
    playground = Playground(root, 7)
    for _ in range(6):
        playground.add()
    plain = audited(root, "terminal", cache=False)
    audited(root, "terminal", cache=True)
    kept = sorted((tmp_path / "cache").iterdir())
    assert {path.name.partition("-")[0] for path in kept} == {"cel", "files", "verdicts"}
    for path in kept:
        path.write_bytes(DAMAGES[damage](path.read_bytes(), dice))
    assert audited(root, "terminal", cache=True) == plain
    assert audited(root, "terminal", cache=True) == plain
