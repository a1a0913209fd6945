"""Make ``auditor/data/instances.json`` from moto's copy of DescribeInstanceTypes.

moto carries what EC2 answers in us-east-1. Where Karpenter's VPC limits know the type they are the
authority for network interfaces (the VPC CNI uses the default network card only); types that
only they list have no memory or GPU figures and stay out: unknown is better than half known.
"""

from __future__ import annotations

import gzip
import json
import re
from typing import Any

from tools.data.sources import Source, go_module, provenance, python_package, render, write

KARPENTER = ("github.com/aws/karpenter-provider-aws", "v1.14.1")
LIMITS = "pkg/providers/instancetype/zz_generated.vpclimits.go"
SPECS = "instance_types.json.gz"
COLUMNS = ["vcpu", "memory_mib", "arch", "enis", "ipv4_per_eni", "accelerators", "nvme_gb", "bare_metal"]

# Types that clusters still run and EC2 no longer offers in the region that moto copied, by hand from
# the AWS pages: vCPU, memory MiB, [manufacturer, model, count, memory MiB of each], local NVMe GB.
BY_HAND_SOURCE = "https://docs.aws.amazon.com/ec2/latest/instancetypes/ac.html"
BY_HAND: dict[str, tuple[int, int, tuple[str, str, int, int], int]] = {
    "dl1.24xlarge": (96, 786432, ("Habana", "Gaudi HL-205", 8, 32768), 4000),
    "g4ad.xlarge": (4, 16384, ("AMD", "Radeon Pro V520", 1, 8192), 150),
    "g4ad.2xlarge": (8, 32768, ("AMD", "Radeon Pro V520", 1, 8192), 300),
    "g4ad.4xlarge": (16, 65536, ("AMD", "Radeon Pro V520", 1, 8192), 600),
    "g4ad.8xlarge": (32, 131072, ("AMD", "Radeon Pro V520", 2, 8192), 1200),
    "g4ad.16xlarge": (64, 262144, ("AMD", "Radeon Pro V520", 4, 8192), 2400),
    "p3.2xlarge": (8, 62464, ("NVIDIA", "V100", 1, 16384), 0),
    "p3.8xlarge": (32, 249856, ("NVIDIA", "V100", 4, 16384), 0),
    "p3.16xlarge": (64, 499712, ("NVIDIA", "V100", 8, 16384), 0),
}

# EC2's answer for the memory of these devices contradicts AWS's own pages: left out (0 is unknown).
DOUBTFUL_MEMORY = {"Trainium2"}


def interface_limits(karpenter: Source) -> dict[str, tuple[int, int]]:
    """Type to (interfaces of the default card, IPv4 addresses on each)."""
    limits = {}
    for block in re.split(r"(?m)^\t(?=\"[a-z0-9.-]+\": \{$)", karpenter.text(LIMITS))[1:]:
        name = block.split('"', 2)[1]
        default = int(_field(block, "DefaultNetworkCardIndex"))
        cards = dict(_cards(block))
        limits[name] = (cards[default], int(_field(block, "IPv4PerInterface")))
    return limits


def _field(block: str, name: str) -> str:
    found = re.search(rf"{name}:\s+(\d+)", block)
    if found is None:
        raise ValueError(f"no {name} in {block[:60]!r}: the file's layout has changed, look at it")
    return found.group(1)


def _cards(block: str) -> list[tuple[int, int]]:
    pairs = re.findall(r"MaximumNetworkInterfaces:\s+(\d+),\s+NetworkCardIndex:\s+(\d+)", block)
    return [(int(index), int(most)) for most, index in pairs]


def accelerators(spec: dict[str, Any]) -> list[list[Any]]:
    """Rows [resource kind, manufacturer, model, count, memory MiB of each, cores of each, share of a GPU]."""
    rows: list[list[Any]] = []
    for gpu in spec.get("GpuInfo", {}).get("Gpus", []):
        # A fractional GPU (g6f) says Count 0 and LogicalGpuCount 1; the node advertises one.
        count = gpu.get("LogicalGpuCount") or gpu["Count"]
        share = gpu.get("GpuPartitionSize", 1.0)
        rows.append(
            ["gpu", gpu["Manufacturer"], gpu["Name"], count, gpu["MemoryInfo"]["SizeInMiB"], 0, share]
        )
    for device in spec.get("NeuronInfo", {}).get("NeuronDevices", []):
        cores = device["CoreInfo"]["Count"]
        memory = 0 if device["Name"] in DOUBTFUL_MEMORY else device["MemoryInfo"]["SizeInMiB"]
        rows.append(["neuron", "AWS", device["Name"], device["Count"], memory, cores, 1.0])
    return rows


def local_nvme_gb(spec: dict[str, Any]) -> int:
    storage = spec.get("InstanceStorageInfo") or {}
    return int(storage["TotalSizeInGB"]) if storage.get("NvmeSupport") in ("required", "supported") else 0


def network(spec: dict[str, Any]) -> tuple[int, int]:
    info = spec["NetworkInfo"]
    card = next(c for c in info["NetworkCards"] if c["NetworkCardIndex"] == info["DefaultNetworkCardIndex"])
    return card["MaximumNetworkInterfaces"], info["Ipv4AddressesPerInterface"]


def row(spec: dict[str, Any], limits: tuple[int, int] | None) -> list[Any]:
    enis, addresses = limits or network(spec)
    return [
        spec["VCpuInfo"]["DefaultVCpus"],
        spec["MemoryInfo"]["SizeInMiB"],
        "arm64" if "arm64" in spec["ProcessorInfo"]["SupportedArchitectures"] else "amd64",
        enis,
        addresses,
        accelerators(spec),
        local_nvme_gb(spec),
        int(spec.get("BareMetal", False)),
    ]


def row_by_hand(name: str, limits: tuple[int, int]) -> list[Any]:
    vcpu, memory, (maker, model, count, each), nvme = BY_HAND[name]
    return [vcpu, memory, "amd64", *limits, [["gpu", maker, model, count, each, 0, 1.0]], nvme, 0]


def main() -> None:
    moto = python_package("moto", "moto/ec2/resources")
    karpenter = go_module(*KARPENTER)
    limits = interface_limits(karpenter)
    specs = json.loads(gzip.decompress(moto.read(SPECS)))
    wanted = {name: spec for name, spec in specs.items() if not name.startswith("mac")}
    types = {name: row(spec, limits.get(name)) for name, spec in wanted.items()}
    types |= {name: row_by_hand(name, limits[name]) for name in BY_HAND if name not in types}
    by_hand = {"source": BY_HAND_SOURCE, "version": "by hand", "date": "2026-11-21", "types": sorted(BY_HAND)}
    table = {
        "columns": COLUMNS,
        "provenance": [provenance(moto, [SPECS]), provenance(karpenter, [LIMITS]), by_hand],
        "types": types,
    }
    write("instances.json", render(table, {"types"}))


if __name__ == "__main__":
    main()
