"""What an EC2 instance type has, and what of it Kubernetes can give to pods.

The table: ``tools/data/generate_instances.py``. Memory of GPUs is what EC2 states, which for some models
is more than the driver shows (T4: 16384 stated, 15360 with ECC).
"""

from __future__ import annotations

from functools import cache
from math import ceil

from msgspec import Struct

from auditor.data._tables import table

MIB_PER_GIB = 1024

# Karpenter's default vmMemoryOverheadPercent: what hypervisor and kernel keep of the nominal memory.
# https://karpenter.sh/docs/reference/settings/. Measured gaps are smaller (about 3-6 %).
VM_MEMORY_OVERHEAD = 0.075
# Memory of Graviton instances set aside for the kernel's contiguous allocator (Karpenter's source).
ARM64_CMA_MIB = 64

# NVIDIA's list of MIG products, by EC2's name of the model.
# https://docs.nvidia.com/datacenter/tesla/mig-user-guide/610/supported-gpus.html (B300:
# https://docs.nvidia.com/datacenter/tesla/mig-user-guide/620/deployment-considerations.html)
MIG_MODELS = frozenset(
    {"A30", "A100", "H100", "H200", "GH200", "B200", "GB200", "B300", "RTX PRO Server 6000", "RTX PRO 4500"}
)


class Gpu(Struct, frozen=True):
    """GPUs of one model. ``share`` < 1 (g6f): a slice of a GPU, and ``memory_mib`` is the slice's."""

    manufacturer: str
    model: str
    devices: int
    memory_mib: int
    share: float
    mig_capable: bool


class Neuron(Struct, frozen=True):
    """AWS Neuron devices of one model. ``memory_mib`` of each is 0 when unknown."""

    model: str
    devices: int
    cores_per_device: int
    memory_mib: int


class InstanceType(Struct, frozen=True):
    """Nominal size. ``arch`` as in kubernetes.io/arch; ``nvme_gb`` in 10^9 bytes, all disks together."""

    name: str
    vcpu: int
    memory_mib: int
    arch: str
    enis: int
    ipv4_per_eni: int
    gpus: tuple[Gpu, ...]
    neurons: tuple[Neuron, ...]
    nvme_gb: int
    bare_metal: bool

    @property
    def gpu_count(self) -> int:
        return sum(gpu.devices for gpu in self.gpus)

    @property
    def neuron_cores(self) -> int:
        return sum(neuron.devices * neuron.cores_per_device for neuron in self.neurons)

    @property
    def eni_max_pods(self) -> int:
        """Pods by addresses without prefix delegation: ENIs x (IPv4 per ENI - 1) + 2.

        https://docs.aws.amazon.com/eks/latest/userguide/choosing-instance-type.html#determine-max-pods
        The VPC CNI uses the default network card only, so that is the card counted.
        """
        return self.enis * (self.ipv4_per_eni - 1) + 2


class Allocatable(Struct, frozen=True):
    """What pods, DaemonSets among them, can request on one node. CPU in millicores, memory and disk in MiB.

    ``resources`` are the extended resources, such as {"nvidia.com/gpu": 4}.
    """

    cpu_m: int
    memory_mib: int
    ephemeral_storage_mib: int
    pods: int
    resources: dict[str, int]


@cache
def instance(name: str) -> InstanceType | None:
    """The type called ``name`` (``g5.xlarge``), or None when the table does not have it."""
    row = table("instances.json")["types"].get(name)
    if row is None:
        return None
    vcpu, memory, arch, enis, addresses, accelerators, nvme, bare_metal = row
    gpus = tuple(_gpu(a) for a in accelerators if a[0] == "gpu")
    neurons = tuple(Neuron(a[2], a[3], a[5], a[4]) for a in accelerators if a[0] == "neuron")
    return InstanceType(name, vcpu, memory, arch, enis, addresses, gpus, neurons, nvme, bool(bare_metal))


@cache
def all_instances() -> tuple[InstanceType, ...]:
    """Every type of the table, by name."""
    found = (instance(name) for name in sorted(table("instances.json")["types"]))
    return tuple(each for each in found if each is not None)


def _gpu(row: list[object]) -> Gpu:
    _, maker, model, count, memory, _, share = row
    capable = share == 1.0 and model in MIG_MODELS
    return Gpu(str(maker), str(model), int(str(count)), int(str(memory)), float(str(share)), capable)


def allocatable(name: str, *, max_pods: int | None = None, disk_gib: int = 20) -> Allocatable | None:
    """The least that a node of this type offers with EKS's AL2023 or Bottlerocket image; None if unknown.

    ``max_pods``: what the kubelet is set to, if declared; ``disk_gib``: the root volume (managed node
    groups make 20 GiB). Conservative where the truth varies: memory loses Karpenter's 7.5 %; without
    ``max_pods`` the memory reserve is taken for the ENI formula's number, and ``pods`` is capped as managed
    node groups cap it. CPU, eviction and disk follow the documented formulas exactly.

    Bottlerocket computes the same reserves: https://github.com/bottlerocket-os/bottlerocket/pull/1388
    """
    found = instance(name)
    if found is None:
        return None
    reserved_for = found.eni_max_pods if max_pods is None else max_pods
    return Allocatable(
        cpu_m=found.vcpu * 1000 - kube_reserved_cpu_m(found.vcpu),
        memory_mib=max(0, capacity_memory_mib(found) - kube_reserved_memory_mib(reserved_for) - 100),
        ephemeral_storage_mib=max(0, disk_gib * MIB_PER_GIB * 9 // 10 - 1 * MIB_PER_GIB),
        pods=min(found.eni_max_pods, managed_pod_cap(found.vcpu)) if max_pods is None else max_pods,
        resources=_extended(found),
    )


def capacity_memory_mib(found: InstanceType) -> int:
    """What the kernel is assumed to report: nominal memory less :data:`VM_MEMORY_OVERHEAD`, rounded down."""
    nominal = found.memory_mib - (ARM64_CMA_MIB if found.arch == "arm64" else 0)
    return nominal - ceil(nominal * VM_MEMORY_OVERHEAD)


def kube_reserved_cpu_m(vcpu: int) -> int:
    """Millicores: 6 % of the first core, 1 % of the second, 0.5 % of the next two, 0.25 % of the rest.

    https://docs.aws.amazon.com/eks/latest/userguide/eks-optimized-amis-al2.html and nodeadm in
    https://github.com/awslabs/amazon-eks-ami (kubelet defaults). Each part rounds down as theirs does.
    """
    parts = ((1, 600), (1, 100), (2, 50), (vcpu, 25))  # cores, hundredths of a percent
    reserved, left = 0, vcpu
    for cores, share in parts:
        taken = min(cores, left)
        reserved += taken * 1000 * share // 10_000
        left -= taken
    return reserved


def kube_reserved_memory_mib(max_pods: int) -> int:
    """255 MiB + 11 MiB a pod (nodeadm); the kubelet's hard eviction of 100 MiB comes on top."""
    return 255 + 11 * max_pods


def managed_pod_cap(vcpu: int) -> int:
    """Most pods that a managed node group sets: 110 under 30 vCPU, else 250.

    https://docs.aws.amazon.com/eks/latest/userguide/choosing-instance-type.html
    """
    return 110 if vcpu < 30 else 250


def _extended(found: InstanceType) -> dict[str, int]:
    names = {"NVIDIA": "nvidia.com/gpu", "AMD": "amd.com/gpu", "Habana": "habana.ai/gaudi"}
    resources: dict[str, int] = {}
    for gpu in found.gpus:
        name = names[gpu.manufacturer]
        resources[name] = resources.get(name, 0) + gpu.devices
    if found.neurons:
        resources["aws.amazon.com/neuron"] = sum(neuron.devices for neuron in found.neurons)
        resources["aws.amazon.com/neuroncore"] = found.neuron_cores
    return resources
