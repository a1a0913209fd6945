from __future__ import annotations

import pytest

from auditor.data.instances import (
    allocatable,
    capacity_memory_mib,
    instance,
    kube_reserved_cpu_m,
    kube_reserved_memory_mib,
)


def test_a_gpu_type_has_its_gpu_and_its_size() -> None:
    found = instance("g5.12xlarge")
    assert found is not None
    assert (found.vcpu, found.memory_mib, found.arch, found.nvme_gb) == (48, 196608, "amd64", 3800)
    assert (found.gpus[0].manufacturer, found.gpus[0].model, found.gpu_count) == ("NVIDIA", "A10G", 4)


def test_an_unknown_type_is_none_and_not_a_guess() -> None:
    assert instance("g5.enormous") is None
    assert allocatable("g5.enormous") is None


@pytest.mark.parametrize(
    ("name", "pods"),  # lines of eni-max-pods.txt in awslabs/amazon-eks-ami
    [("t3.medium", 17), ("m5.large", 29), ("g4dn.xlarge", 29), ("g5.xlarge", 58), ("c5.18xlarge", 737)],
)
def test_max_pods_equal_the_list_that_the_eks_ami_ships(name: str, pods: int) -> None:
    found = instance(name)
    assert found is not None
    assert found.eni_max_pods == pods


@pytest.mark.parametrize(
    ("name", "capable"),
    [
        ("p4d.24xlarge", True),
        ("p5.48xlarge", True),
        ("p6-b200.48xlarge", True),
        ("g5.xlarge", False),
        ("g6f.large", False),
    ],
)
def test_mig_goes_by_the_gpu_model(name: str, capable: bool) -> None:
    found = instance(name)
    assert found is not None
    assert [gpu.mig_capable for gpu in found.gpus] == [capable]


def test_a_fractional_gpu_counts_as_one_device_with_its_slice_of_memory() -> None:
    found = instance("g6f.xlarge")
    assert found is not None
    assert (found.gpu_count, found.gpus[0].share, found.gpus[0].memory_mib) == (1, 0.125, 2861)


def test_neuron_cores_are_counted_over_all_devices() -> None:
    found = instance("trn1.32xlarge")
    assert found is not None
    assert found.neuron_cores == 32
    node = allocatable("trn1.32xlarge")
    assert node is not None
    assert node.resources == {"aws.amazon.com/neuron": 16, "aws.amazon.com/neuroncore": 32}


def test_doubtful_device_memory_is_unknown_rather_than_wrong() -> None:
    found = instance("trn2.48xlarge")
    assert found is not None
    assert found.neurons[0].memory_mib == 0


@pytest.mark.parametrize(
    ("vcpu", "reserved"), [(1, 60), (2, 70), (4, 80), (8, 90), (16, 110), (48, 190), (96, 310)]
)
def test_kube_reserved_cpu_follows_the_steps(vcpu: int, reserved: int) -> None:
    assert kube_reserved_cpu_m(vcpu) == reserved


def test_allocatable_takes_every_reserve_off() -> None:
    node = allocatable("g5.xlarge")
    found = instance("g5.xlarge")
    assert node is not None
    assert found is not None
    assert capacity_memory_mib(found) == 16384 - 1229
    assert kube_reserved_memory_mib(58) == 893
    assert node.memory_mib == 16384 - 1229 - 893 - 100
    assert (node.cpu_m, node.pods, node.resources) == (3920, 58, {"nvidia.com/gpu": 1})
    assert node.ephemeral_storage_mib == 20 * 1024 * 9 // 10 - 1024


def test_allocatable_is_below_what_a_real_node_reports() -> None:
    # m5.large, AL2023, as nodes report it: 1930m CPU and about 7,100 MiB.
    node = allocatable("m5.large")
    assert node is not None
    assert node.cpu_m == 1930
    assert 6500 < node.memory_mib < 7100


def test_declared_max_pods_change_pods_and_memory() -> None:
    few, many = allocatable("m5.large", max_pods=10), allocatable("m5.large", max_pods=110)
    assert few is not None
    assert many is not None
    assert (few.pods, many.pods) == (10, 110)
    assert few.memory_mib - many.memory_mib == 1100


def test_without_max_pods_the_managed_cap_holds() -> None:
    node = allocatable("c5.18xlarge")
    assert node is not None
    assert node.pods == 250


def test_arm_is_arm() -> None:
    found = instance("g5g.xlarge")
    assert found is not None
    assert (found.arch, found.gpus[0].model) == ("arm64", "T4g")


def test_the_old_gpu_families_are_there_too() -> None:
    for name in ("p3.2xlarge", "g4ad.xlarge", "dl1.24xlarge"):
        found = instance(name)
        assert found is not None
        assert found.gpu_count > 0
