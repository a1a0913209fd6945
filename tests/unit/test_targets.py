"""Names and ties of targets: configured, found, or asked for."""

from __future__ import annotations

from auditor.model import Origin, Resource, Target, TargetKind
from auditor.options import TargetSettings
from auditor.targets import arrange, declares_cluster
from tests.unit.test_waivers import NoLines


class At(NoLines):
    """An origin in a file."""

    def __init__(self, file: str) -> None:
        self.file = file


def origin(file: str) -> Origin:
    return At(file)


def manifests(name: str, *files: str, kind: TargetKind = "kustomize") -> Target:
    listed = [Resource("v1", "Pod", "", file, {}, origin(file)) for file in files or (f"{name}/pod.yaml",)]
    return Target(name, kind, "." if kind == "loose" else name, listed)


def terraform(name: str, kind: str = "aws_eks_node_group", path: str = "", **body: object) -> Target:
    resource = Resource("terraform", kind, "", f"{kind}.a", dict(body), origin(f"{name}/main.tf"))
    return Target(name, "terraform", path or name, [resource])


def ties(targets: list[Target]) -> dict[str, list[str]]:
    return {target.name: target.ties for target in targets if target.ties}


def test_the_only_cluster_is_tied_to_every_manifest_target_both_ways() -> None:
    arranged, warnings = arrange([manifests("dev"), manifests("prod"), terraform("infra")], {})
    assert ties(arranged) == {"dev": ["infra"], "prod": ["infra"], "infra": ["dev", "prod"]}
    assert warnings == []
    assert not any(target.undecided for target in arranged)


def test_the_eks_module_is_a_cluster_and_a_bucket_is_none() -> None:
    module = terraform("infra", "module", source="terraform-aws-modules/eks/aws")
    assert declares_cluster(module)
    assert not declares_cluster(terraform("data", "aws_s3_bucket"))
    assert not declares_cluster(terraform("net", "module", source="terraform-aws-modules/vpc/aws"))


def test_roots_beside_the_cluster_are_tied_too() -> None:
    arranged, _ = arrange([manifests("dev"), terraform("infra"), terraform("data", "aws_s3_bucket")], {})
    assert ties(arranged) == {"dev": ["infra", "data"], "infra": ["dev"], "data": ["dev"]}


def test_files_that_deploy_nothing_are_tied_to_nothing() -> None:
    files = Target(
        "files", "loose", ".", [Resource("file", "Dockerfile", "", "Dockerfile", {}, origin("Dockerfile"))]
    )
    arranged, _ = arrange([files, manifests("dev"), terraform("infra")], {})
    assert ties(arranged) == {"dev": ["infra"], "infra": ["dev"]}
    arranged, _ = arrange(
        [files, terraform("a"), terraform("b")], {"docker": TargetSettings(("Dockerfile",))}
    )
    assert [target.name for target in arranged] == ["files", "a", "b"]
    assert not any(target.undecided for target in arranged)


def test_node_groups_in_one_manifest_target_are_tied_to_the_others() -> None:
    pool = Resource("karpenter.sh/v1", "NodePool", "", "gpu", {}, origin("pools/gpu.yaml"))
    pools = Target("pools", "kustomize", "pools", [pool])
    arranged, _ = arrange([manifests("dev"), manifests("prod"), pools], {})
    assert ties(arranged) == {"dev": ["pools"], "prod": ["pools"], "pools": ["dev", "prod"]}


def test_without_a_cluster_nothing_is_tied() -> None:
    arranged, _ = arrange([manifests("dev"), terraform("data", "aws_s3_bucket")], {})
    assert ties(arranged) == {}
    assert not any(target.undecided for target in arranged)


def test_several_clusters_are_not_guessed_and_the_deciding_line_is_named() -> None:
    arranged, _ = arrange([manifests("k8s/dev"), terraform("tf/a"), terraform("tf/b")], {})
    assert ties(arranged) == {}
    assert arranged[0].undecided == (
        "2 Terraform roots declare node groups; in auditor.toml write [target.k8s-dev] "
        'manifests = ["k8s/dev"] terraform = "tf/a" (or \'tf/b\')'
    )
    assert all(target.undecided for target in arranged)


def test_the_named_line_decides() -> None:
    settings = {"k8s-dev": TargetSettings(("k8s/dev",), "tf/a")}
    arranged, warnings = arrange([manifests("k8s/dev"), terraform("tf/a"), terraform("tf/b")], settings)
    assert ties(arranged) == {"k8s-dev": ["tf/a"], "tf/a": ["k8s-dev"]}
    assert not arranged[0].undecided
    assert warnings == []


def test_sets_of_variables_of_one_root_are_several_candidates() -> None:
    roots = [terraform("tf@dev.tfvars", path="tf"), terraform("tf@prod.tfvars", path="tf")]
    arranged, _ = arrange([manifests("k8s"), *roots], {})
    assert arranged[0].undecided
    roots = [terraform("tf@dev.tfvars", path="tf"), terraform("tf@prod.tfvars", path="tf")]
    arranged, warnings = arrange([manifests("k8s"), *roots], {"a": TargetSettings(("k8s",), "tf")})
    assert [row.repair for row in warnings] == ["write one of: tf@dev.tfvars, tf@prod.tfvars"]
    roots = [terraform("tf@dev.tfvars", path="tf"), terraform("tf@prod.tfvars", path="tf")]
    arranged, _ = arrange([manifests("k8s"), *roots], {"a": TargetSettings(("k8s",), "tf@prod.tfvars")})
    assert ties(arranged) == {"a": ["tf@prod.tfvars"], "tf@prod.tfvars": ["a"]}


def test_a_glob_gives_each_target_the_name_as_a_prefix() -> None:
    settings = {"prod": TargetSettings(("apps/*/prod",))}
    arranged, _ = arrange(
        [manifests("apps/a/prod"), manifests("apps/b/prod"), manifests("apps/a/dev")], settings
    )
    assert [target.name for target in arranged] == ["prod:apps/a/prod", "prod:apps/b/prod", "apps/a/dev"]


def test_loose_files_are_split_by_folder_or_glob() -> None:
    loose = manifests("loose", "dev/a.yaml", "prod/a.yaml", "prod/b.yaml", "other.yaml", kind="loose")
    settings = {"dev": TargetSettings(("dev",)), "prod": TargetSettings(("prod/*.yaml",))}
    arranged, warnings = arrange([loose], settings)
    found = {target.name: [each.origin.file for each in target.resources] for target in arranged}
    assert found == {"loose": ["other.yaml"], "dev": ["dev/a.yaml"], "prod": ["prod/a.yaml", "prod/b.yaml"]}
    assert warnings == []


def test_a_loose_rest_that_is_split_up_whole_is_gone() -> None:
    arranged, _ = arrange([manifests("loose", "dev/a.yaml", kind="loose")], {"dev": TargetSettings(("dev",))})
    assert [target.name for target in arranged] == ["dev"]


def test_lines_that_fit_nothing_are_warned_of_with_the_nearest_name() -> None:
    settings = {"prod": TargetSettings(("k8s/prdo",), "terrafrom")}
    _, warnings = arrange([manifests("k8s/prod"), terraform("terraform")], settings)
    assert [row.what for row in warnings] == [
        "[target.prod] manifests: 'k8s/prdo' fits no target and no loose file",
        "[target.prod] terraform: 'terrafrom' is no Terraform root of this tree",
    ]
    assert "did you mean 'k8s/prod'?" in warnings[0].repair
    assert "did you mean 'terraform'?" in warnings[1].repair
