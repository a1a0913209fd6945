"""Make ``auditor/data/prices.json`` from the on-demand list that Karpenter ships as its fallback.

That list covers us-east-1 and the two GovCloud regions, Linux, on demand, in USD. The Chinese list is
in CNY and years old: it stays out.
"""

from __future__ import annotations

import re

from tools.data.sources import generated_at, go_module, provenance, render, write

KARPENTER = ("github.com/aws/karpenter-provider-aws", "v1.14.1")
FILES = [
    "pkg/providers/pricing/zz_generated.pricing_aws.go",
    "pkg/providers/pricing/zz_generated.pricing_aws_us_gov.go",
]


def regions(text: str) -> dict[str, dict[str, float]]:
    """Region to instance type to USD per hour."""
    found: dict[str, dict[str, float]] = {}
    for block in re.split(r"(?m)^\t(?=\"[a-z0-9-]+\": \{$)", text)[1:]:
        name = block.split('"', 2)[1]
        pairs = re.findall(r'"([a-z0-9-]+\.[a-z0-9-]+)": (\d+\.\d+)', block)
        found[name] = {kind: float(usd) for kind, usd in pairs if float(usd) > 0}
    return found


def main() -> None:
    karpenter = go_module(*KARPENTER)
    prices: dict[str, dict[str, float]] = {}
    as_of: dict[str, str] = {}
    for file in FILES:
        text = karpenter.text(file)
        for region, listed in regions(text).items():
            as_of[region] = generated_at(text)
            for kind, usd in listed.items():
                prices.setdefault(kind, {})[region] = usd
    table = {
        "as_of": as_of,
        "currency": "USD",
        "prices": prices,
        "provenance": [provenance(karpenter, FILES)],
        "unit": "hour, Linux, shared tenancy, on demand",
    }
    write("prices.json", render(table, {"prices"}))


if __name__ == "__main__":
    main()
