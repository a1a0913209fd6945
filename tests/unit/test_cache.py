"""The cache folder and what lies in it: private, never trusted, and of no consequence when it is lost."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

from auditor import engine
from auditor.cache import readings, store
from auditor.cache.programs import Programs
from auditor.cache.readings import KeptReadings
from auditor.cache.store import Store, digest
from auditor.cache.verdicts import Scales
from auditor.cli.entry import main
from auditor.facts.gpu import Gpu
from auditor.looks import Looks, things_of
from auditor.model import Resource, Target
from auditor.sources.git import GitOptions, GitSource
from auditor.sources.sandbox import RenderFailed, RenderInput, remembered
from auditor.sources.tree import Tree
from auditor.world import World
from tests.unit.command import run

POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {containers: [{name: web, image: web:1}]}\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    found = tmp_path / "cache"
    monkeypatch.setenv("AUDITOR_CACHE_DIR", str(found))
    return found


def opened(outside: Path | None = None) -> Store:
    found = Store.open(outside=outside)
    assert found is not None
    return found


# -- the store
def test_a_value_comes_back_as_it_was_written(folder: Path) -> None:
    opened().write("name", b"value")
    assert opened().read("name") == b"value"
    assert opened().read("another") is None


def test_the_folder_is_the_users_alone(folder: Path) -> None:
    opened()
    assert folder.stat().st_mode & 0o777 == 0o700


def test_a_folder_that_others_may_write_to_is_not_used(folder: Path) -> None:
    folder.mkdir()
    folder.chmod(0o777)
    assert Store.open(outside=None) is None


def test_a_folder_inside_the_audited_tree_is_not_used(folder: Path, tmp_path: Path) -> None:
    assert Store.open(outside=tmp_path) is None
    assert not folder.exists()


def test_a_link_that_leads_into_the_audited_tree_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tree/inside").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "tree/inside")
    monkeypatch.setenv("AUDITOR_CACHE_DIR", str(tmp_path / "link"))
    assert Store.open(outside=tmp_path / "tree") is None


def test_a_folder_that_cannot_be_made_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("AUDITOR_CACHE_DIR", str(tmp_path / "file/cache"))
    assert Store.open(outside=None) is None


@pytest.mark.parametrize(
    "damage", [lambda d: d[:-1], lambda d: d + b"x", lambda d: b"", lambda d: d[:20] + b"\0" + d[21:]]
)
def test_a_damaged_value_is_no_value(folder: Path, damage: object) -> None:
    opened().write("name", b"value")
    (folder / "name").write_bytes(damage((folder / "name").read_bytes()))  # type: ignore[operator]
    assert opened().read("name") is None


def test_old_values_go_and_so_do_the_longest_unread_ones(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = opened()
    for number, name in enumerate(("old", "unread", "read")):
        first.write(name, b"x" * 1000)
        age = (40 * 24 * 3600, 2000, 1000)[number]
        os.utime(folder / name, (time.time() - age,) * 2)
    monkeypatch.setattr(store, "MAX_BYTES", 2500)
    opened().write("new", b"x" * 1000)
    assert sorted(path.name for path in folder.iterdir()) == ["new", "read"]


def test_parts_of_a_digest_cannot_run_into_each_other() -> None:
    assert digest("ab", "c") != digest("a", "bc") != digest("abc")
    assert digest("a") == digest("a")
    assert len({digest("\udcff"), digest("?"), digest(b"\xff\xff")}) == 3


# -- what is kept
def test_without_cache_nothing_is_written(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree/pod.yaml").write_text(POD)
    main(["check", str(tmp_path / "tree"), "--no-cache"])
    assert not folder.exists()
    main(["check", str(tmp_path / "tree")])
    assert any(folder.iterdir())


def test_programs_are_compiled_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = Programs(opened())
    assert first.compile("1 + 1 == 2")({}) is True
    first.save()
    monkeypatch.setattr("auditor.cache.programs.compile_known", None)
    assert Programs(opened()).compile("1 + 1 == 2")({}) is True


@pytest.mark.parametrize("damaged", [b"", b"garbage", b"auditor-cache-1\n" + bytes(40)])
def test_damaged_programs_are_compiled_again(folder: Path, damaged: bytes) -> None:
    first = Programs(opened())
    first.compile("1 + 1 == 2")
    first.save()
    (kept,) = folder.glob("cel-*")
    kept.write_bytes(damaged)
    assert Programs(opened()).compile("1 + 1 == 2")({}) is True


def test_where_the_tree_says_the_same_only_the_day_is_weighed(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(readings, "_SETTLED_NS", 0)
    root = tmp_path / "tree"
    root.mkdir()
    (root / "pod.yaml").write_text(POD)
    weighed: list[str] = []
    weight = Scales.weight
    monkeypatch.setattr(Scales, "weight", lambda self, thing: weighed.append(thing) or weight(self, thing))
    command = ["check", "--no-render", "--fail-on", "never", str(root)]
    main(command)
    first = capsys.readouterr().out
    assert len(weighed) > 1
    time.sleep(0.02)
    weighed.clear()
    main(command)
    assert capsys.readouterr().out == first
    assert set(weighed) <= {"today"}
    (root / "service.yaml").write_text(
        "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {ports: []}\n"
    )
    main(command)
    assert len(weighed) > 1


def test_programs_of_built_in_policies_are_kept_as_far_as_they_were_used(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree/pod.yaml").write_text(POD)
    command = ["check", "--no-render", "--fail-on", "never", str(tmp_path / "tree")]
    main(command)
    assert [*folder.glob("cel-*")]
    monkeypatch.setattr("auditor.cache.programs.compile_known", None)
    monkeypatch.delitem(sys.modules, "auditor.shipped_programs", raising=False)
    (tmp_path / "tree/pod.yaml").write_text(POD.replace("app", "other"))
    main(command)
    assert "auditor.shipped_programs" not in sys.modules


def test_a_program_is_kept_for_the_variables_it_was_compiled_with(folder: Path) -> None:
    programs = Programs(opened())
    programs.compile("pod == 1", variables={"pod"})
    with pytest.raises(Exception, match="pod"):
        programs.compile("pod == 1", variables={"other"})


def collected(root: Path) -> tuple[KeptReadings, list[str]]:
    """The names of all objects of a tree, read through the cache."""
    kept = KeptReadings(opened(), Tree(root))
    inventory = GitSource(Tree(root), GitOptions(readings=kept)).collect()
    kept.save({})
    return kept, [each.name for target in inventory.targets for each in target.resources]


def test_a_file_that_just_changed_is_read_again(folder: Path, tmp_path: Path) -> None:
    root = tmp_path / "tree"
    root.mkdir()
    (root / "pod.yaml").write_text(POD)
    collected(root)
    (root / "pod.yaml").write_text(POD.replace("name: web}", "name: api}", 1))
    assert collected(root)[1] == ["api"]


def test_a_settled_file_is_not_read_again(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readings, "_SETTLED_NS", 0)
    root = tmp_path / "tree"
    root.mkdir()
    (root / "pod.yaml").write_text(POD)
    collected(root)
    monkeypatch.setattr(Tree, "_bytes", lambda self, path: pytest.fail(f"{path} was read"))
    assert collected(root)[1] == ["web"]


def test_a_name_that_is_no_text_costs_no_more_than_the_cache(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readings, "_SETTLED_NS", 0)
    root = tmp_path / "tree"
    root.mkdir()
    (root / os.fsdecode(b"pod-\xff.yaml")).write_text(POD)
    for _ in range(2):
        done = run("check", root, "--policy", "GPU-004")
        assert (done.code, done.err) == (0, "")


@pytest.mark.parametrize("change", ["content", "times", "swap"])
def test_any_change_of_a_file_is_seen(
    change: str, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readings, "_SETTLED_NS", 0)
    root = tmp_path / "tree"
    root.mkdir()
    path, other = root / "pod.yaml", POD.replace("name: web}", "name: api}", 1)
    path.write_text(POD)
    collected(root)
    time.sleep(0.02)
    before = path.stat()
    if change == "swap":
        (tmp_path / "other").write_text(other)
        (tmp_path / "other").rename(path)
    else:
        path.write_text(other)
    if change == "times":
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert collected(root)[1] == ["api"]


def test_a_link_is_never_kept(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readings, "_SETTLED_NS", 0)
    root = tmp_path / "tree"
    root.mkdir()
    (root / "pod.yaml").write_text(POD)
    (root / "link.yaml").symlink_to("pod.yaml")
    collected(root)
    read, real = [], Tree._bytes
    monkeypatch.setattr(Tree, "_bytes", lambda self, path: (read.append(path), real(self, path))[1])
    assert collected(root)[1] == ["web", "web"]
    assert read == ["link.yaml"]


# -- renderings
def test_a_rendering_is_made_once_for_the_same_input_and_tool(folder: Path, tmp_path: Path) -> None:
    tool, made = tmp_path / "tool", []
    tool.write_text("1")

    def ask(data: bytes) -> bytes:
        wanted = RenderInput(("./base",), {"base/kustomization.yaml": data})
        return remembered(opened(), str(tool), wanted, lambda: made.append(data) or b"out " + data)

    assert (ask(b"a"), ask(b"a"), ask(b"b")) == (b"out a", b"out a", b"out b")
    assert made == [b"a", b"b"]
    tool.write_text("another build")
    ask(b"a")
    assert made == [b"a", b"b", b"a"]


@pytest.mark.parametrize(("transient", "times"), [(False, 1), (True, 2)])
def test_a_failure_is_remembered_unless_it_may_pass(
    transient: bool, times: int, folder: Path, tmp_path: Path
) -> None:
    made = []

    def render() -> bytes:
        made.append(1)
        raise RenderFailed("no such field", "remove it", transient=transient)

    for _ in range(2):
        with pytest.raises(RenderFailed, match="no such field") as caught:
            remembered(opened(), "tool", RenderInput((), {}), render)
        assert caught.value.repair == "remove it"
    assert len(made) == times


# -- what an edit makes stale
WORKLOADS = """apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: "web:1", ports: [{name: http, containerPort: 80}]}]}
"""
SERVICE = """apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}, ports: [{port: 80, targetPort: http}]}
"""


@pytest.mark.parametrize(
    ("old", "new", "files"),
    [
        ("kind: Deployment", "# a comment\nkind: Deployment", {"web.yaml"}),
        ("replicas: 2", "replicas: 3", {"web.yaml"}),
        ("web:1", "web:2", {"web.yaml"}),
        ("name: http", "name: grpc", {"web.yaml", "service.yaml"}),
        ("labels: {app: web}", "labels: {app: api}", {"web.yaml", "service.yaml"}),
    ],
)
def test_an_edit_has_those_files_judged_again_that_it_may_concern(
    old: str, new: str, files: set[str], folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "tree"
    root.mkdir()
    (root / "web.yaml").write_text(WORKLOADS)
    (root / "service.yaml").write_text(SERVICE)
    (root / "other.yaml").write_text("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: other}\n")
    main(["check", str(root), "--fail-on", "never"])
    judged, real = set(), engine._Judge.by

    def by(self: engine._Judge, *arguments: object) -> None:
        judged.add(self.instance.resource.origin.file)
        real(self, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(engine._Judge, "by", by)
    main(["check", str(root), "--fail-on", "never"])
    assert judged == set()
    (root / "web.yaml").write_text(WORKLOADS.replace(old, new))
    main(["check", str(root), "--fail-on", "never"])
    assert judged == files


# -- what facts look at
class Table:
    """A fact that builds its table when it is first asked."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._rows: list[object] | None = None

    def rows(self) -> list[object]:
        if self._rows is None:
            self._rows = [*self._world.kind("apps", "Deployment")]
        return self._rows

    def of(self, instance: object) -> object:
        return len(self.rows())


def test_a_table_built_for_another_fact_counts_for_whoever_uses_it() -> None:
    world = World(Target("t", "loose", "."))
    looks = world.looks = Looks(on=True)
    table = looks.made("table", Table, world)
    for asker in ("first", "second"):
        looks.begin(f"fact {asker}")
        looks.at("fact table")
        table.rows()  # type: ignore[attr-defined]
        looks.end()
        assert things_of([f"fact {asker}"], looks.seen) == {"kind apps/Deployment"}


def test_a_fact_that_looks_at_nothing_is_seen_to() -> None:
    world = World(Target("t", "loose", "."))
    looks = world.looks = Looks(on=True)
    looks.made("gpu", Gpu, world)
    assert things_of(["fact gpu"], looks.seen) == frozenset()


def test_everything_that_a_world_can_be_asked_is_noted() -> None:
    world = World(Target("t", "loose", "."))
    looks = world.looks = Looks(on=True)
    looks.begin("fact any")
    for ask in (
        lambda: world.target,
        lambda: world.tied,
        lambda: world.around,
        lambda: world.files,
        lambda: world.today,
        lambda: world.resources(),
        lambda: world.census(),
        lambda: world.others(),
        lambda: world.kind("apps", "Deployment"),
        lambda: [*world.anywhere("Policy")],
        lambda: world.instances("PodSpec"),
        lambda: world.table("pods"),
        lambda: world.opened(Resource("v1", "Pod", "", "web", {}, None)),  # type: ignore[arg-type]
        lambda: world.region,
        lambda: world.at_address(None, ""),  # type: ignore[arg-type]
    ):
        looks.seen["fact any"].clear()
        ask()
        assert looks.seen["fact any"], ask
