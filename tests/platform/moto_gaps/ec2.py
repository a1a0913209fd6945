"""Launch templates: moto writes the template's own tags into the data of its first version.

NAT gateways: a request that is sent again, as SDKs do when an answer is late, is the same request by its client token;
moto takes it for a second gateway on an address that is taken.
"""

from __future__ import annotations

from typing import Any

from moto.ec2.responses.launch_templates import LaunchTemplates
from moto.ec2.responses.nat_gateways import NatGateways

_create_nat_gateway = NatGateways.create_nat_gateway
_create = LaunchTemplates.create_launch_template


def create_launch_template(self: LaunchTemplates) -> Any:
    """Take the tags of resource type launch-template out again."""
    answer = _create(self)
    for template in self.ec2_backend.launch_templates.values():
        for version in template.versions:
            listed = version.data.get("TagSpecifications")
            if listed:
                kept = [each for each in listed if each.get("ResourceType") != "launch-template"]
                version.data["TagSpecifications"] = kept
    return answer


def create_nat_gateway(self: NatGateways) -> Any:
    """Answer a repeated request as the first time."""
    answered: dict[str, Any] = self.ec2_backend.__dict__.setdefault("nat_gateways_by_token", {})
    token = self._get_param("ClientToken") or ""
    if not token or token not in answered:
        answered[token] = _create_nat_gateway(self)
    return answered[token]


LaunchTemplates.create_launch_template = create_launch_template
NatGateways.create_nat_gateway = create_nat_gateway
