from __future__ import annotations

from datetime import date

import pytest

from auditor.data import cuda, eks_versions
from auditor.data.api_versions import lifecycle, newest_minor
from auditor.data.instances import MIG_MODELS, instance
from auditor.data.k8s_schema import schema_releases


@pytest.mark.parametrize(
    ("api_version", "kind", "removed", "replacement"),
    [
        ("extensions/v1beta1", "Deployment", 16, ("apps/v1", "Deployment")),
        ("extensions/v1beta1", "Ingress", 22, ("networking.k8s.io/v1", "Ingress")),
        ("networking.k8s.io/v1beta1", "IngressClass", 22, ("networking.k8s.io/v1", "IngressClass")),
        ("apps/v1beta2", "StatefulSet", 16, ("apps/v1", "StatefulSet")),
        ("batch/v1beta1", "CronJob", 25, ("batch/v1", "CronJob")),
        ("batch/v2alpha1", "CronJob", 21, ("batch/v1", "CronJob")),
        ("policy/v1beta1", "PodDisruptionBudget", 25, ("policy/v1", "PodDisruptionBudget")),
        ("policy/v1beta1", "PodSecurityPolicy", 25, None),
        ("autoscaling/v2beta2", "HorizontalPodAutoscaler", 26, ("autoscaling/v2", "HorizontalPodAutoscaler")),
        (
            "apiextensions.k8s.io/v1beta1",
            "CustomResourceDefinition",
            22,
            ("apiextensions.k8s.io/v1", "CustomResourceDefinition"),
        ),
        ("apiregistration.k8s.io/v1beta1", "APIService", 22, ("apiregistration.k8s.io/v1", "APIService")),
    ],
)
def test_removed_versions(
    api_version: str, kind: str, removed: int, replacement: tuple[str, str] | None
) -> None:
    found = lifecycle(api_version, kind)
    assert found is not None
    assert (found.removed_minor, found.replacement) == (removed, replacement)
    assert found.is_removed(removed)
    assert not found.is_removed(removed - 1)


def test_deprecation_comes_before_removal() -> None:
    found = lifecycle("batch/v1beta1", "CronJob")
    assert found is not None
    assert found.is_deprecated(21)
    assert not found.is_deprecated(20)
    assert not found.is_removed(24)


@pytest.mark.parametrize(
    ("api_version", "kind"), [("apps/v1", "Deployment"), ("keda.sh/v1alpha1", "ScaledObject"), (None, 5)]
)
def test_versions_that_stay_have_no_row(api_version: object, kind: object) -> None:
    assert lifecycle(api_version, kind) is None


def test_lifecycles_and_schemas_are_of_the_same_release() -> None:
    assert schema_releases()[1] == f"1.{newest_minor()}"


def test_eks_support_periods() -> None:
    row = eks_versions.eks_version(33)
    assert row is not None
    assert row.standard_support_ends == date(2026, 7, 29)
    assert row.support(date(2026, 7, 28)) == "standard"
    assert row.support(date(2026, 7, 29)) == "extended"
    assert row.support(date(2027, 7, 29)) == "ended"


def test_every_eks_row_has_14_months_of_standard_and_12_of_extended_support() -> None:
    for minor in range(eks_versions.EXTENDED_SUPPORT_SINCE, eks_versions.newest_known_minor() + 1):
        row = eks_versions.eks_version(minor)
        assert row is not None
        assert 410 <= (row.standard_support_ends - row.released).days <= 445
        assert row.extended_support_ends == row.standard_support_ends.replace(
            year=row.standard_support_ends.year + 1
        )


def test_an_eks_version_that_is_not_in_the_calendar_is_unknown() -> None:
    assert eks_versions.eks_version(eks_versions.newest_known_minor() + 1) is None


def test_drivers_of_a_toolkit() -> None:
    found = cuda.cuda_driver("12.4.1")
    assert found is not None
    assert (found.full, found.least) == ((550, 54, 14), (525, 60, 13))
    eleven = cuda.cuda_driver("11.8")
    assert eleven is not None
    assert eleven.least == cuda.parse_version("450.80.02")
    assert cuda.cuda_driver("99.9") is None


def test_later_toolkits_never_came_with_older_drivers() -> None:
    known = [found for m in ("11", "12", "13") for n in range(10) if (found := cuda.cuda_driver(f"{m}.{n}"))]
    assert len(known) == 20
    assert [found.full for found in known] == sorted(found.full for found in known)
    assert all(found.least <= found.full for found in known[1:])


def test_every_nvidia_model_of_the_instance_table_has_a_compute_capability() -> None:
    for name in (
        "g4dn.xlarge",
        "g5.xlarge",
        "g5g.xlarge",
        "g6.xlarge",
        "g6e.xlarge",
        "p3.2xlarge",
        "p4d.24xlarge",
    ):
        found = instance(name)
        assert found is not None
        assert cuda.compute_capability(found.gpus[0].model) is not None


def test_cuda_13_leaves_volta_behind() -> None:
    volta, least = cuda.compute_capability("V100"), cuda.least_compute_capability("13.0")
    assert volta is not None
    assert least is not None
    assert volta < least
    assert cuda.least_compute_capability("latest") is None


def test_mig_needs_compute_capability_8() -> None:
    for model in MIG_MODELS:
        capability = cuda.compute_capability(model)
        assert capability is None or capability >= (8, 0)
