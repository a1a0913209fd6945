"""Launch templates: moto writes the template's own tags into the data of its first version."""

from __future__ import annotations

from typing import Any

from moto.ec2.responses.launch_templates import LaunchTemplates

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


LaunchTemplates.create_launch_template = create_launch_template
