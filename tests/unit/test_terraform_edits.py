"""Edits of Terraform code: only the meant bytes change, and values set elsewhere are left there."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.spans import Edit
from auditor.terraform import load_root
from auditor.terraform.edits import CannotEdit, append_item, moved, remove, set_value
from auditor.terraform.places import Places

GROUP = """\
resource "aws_eks_node_group" "gpu" {
  cluster_name    = "inference" # the cluster
  node_group_name = var.name
  instance_types  = [local.type]
  ami_type        = "AL2_x86_64_GPU"

  scaling_config {
    min_size     = 1 # why
    desired_size = 0
    max_size     = var.sizes["gpu"]
  }

  labels = { workload = "gpu" }
  depends_on = [aws_iam_role.node]

  lifecycle {
    ignore_changes = [scaling_config[0].desired_size]
  }
}

variable "name" {
  default = "gpu"
}

variable "sizes" {
  default = { gpu = 4 }
}

locals {
  type = "g5.xlarge"
}
"""


def edit(text: str, address: str, change: Any, *arguments: Any) -> str:
    """The file after an edit of the block with an address."""
    data = text.encode()
    root = load_root("", ["main.tf"], {"main.tf": data}.__getitem__)
    block = root.resource(address)
    assert block is not None and isinstance(block.locator, Places)
    made: Edit = change(block.locator, *arguments)
    return (data[: made.start] + made.text + data[made.end :]).decode()


def group(change: Any, *arguments: Any) -> str:
    return edit(GROUP, "aws_eks_node_group.gpu", change, *arguments)


def test_a_constant_is_replaced_and_its_comment_stays() -> None:
    found = group(set_value, ("scaling_config", 0, "min_size"), 0)
    assert found == GROUP.replace("min_size     = 1 # why", "min_size     = 0 # why")


def test_a_new_argument_is_aligned_like_its_neighbours() -> None:
    found = group(set_value, ("disk_size",), 100)
    line = '  ami_type        = "AL2_x86_64_GPU"\n'
    assert found == GROUP.replace(line, line + "  disk_size       = 100\n")


def test_an_argument_too_long_for_its_neighbours_moves_none_of_them() -> None:
    found = group(set_value, ("force_update_version",), True)
    line = '  ami_type        = "AL2_x86_64_GPU"\n'
    assert found == GROUP.replace(line, line + "\n  force_update_version = true\n")


def test_a_nested_block_is_added_before_the_lifecycle() -> None:
    found = group(append_item, ("taint",), {"key": "nvidia.com/gpu", "effect": "NO_SCHEDULE"})
    block = '  taint {\n    key    = "nvidia.com/gpu"\n    effect = "NO_SCHEDULE"\n  }\n\n'
    assert found == GROUP.replace("  lifecycle {", block + "  lifecycle {")


def test_a_missing_block_is_made_for_an_argument_in_it() -> None:
    found = group(set_value, ("update_config", 0, "max_unavailable"), 1)
    assert "  update_config {\n    max_unavailable = 1\n  }\n" in found


def test_ignored_changes_are_names_not_texts() -> None:
    found = group(append_item, ("lifecycle", "ignore_changes"), "labels")
    assert "ignore_changes = [scaling_config[0].desired_size, labels]" in found


def test_a_key_that_is_no_name_is_quoted() -> None:
    found = group(set_value, ("labels", "nvidia.com/gpu"), "true")
    assert 'labels = { workload = "gpu", "nvidia.com/gpu" = "true" }' in found


def test_an_argument_goes_with_its_line() -> None:
    assert group(remove, ("ami_type",)) == GROUP.replace('  ami_type        = "AL2_x86_64_GPU"\n', "")


def test_a_block_goes_with_one_blank_line() -> None:
    start, end = GROUP.index("\n  scaling_config"), GROUP.index("\n  labels")
    assert group(remove, ("scaling_config", 0)) == GROUP[:start] + GROUP[end:]


@pytest.mark.parametrize(
    ("path", "why"),
    [
        (("node_group_name",), "var.name, set at main.tf:22"),
        (("instance_types",), "local.type, set at main.tf:30"),
        (("scaling_config", 0, "max_size"), "var.sizes, set at main.tf:26"),
    ],
)
def test_a_value_set_elsewhere_is_refused_with_its_place(path: tuple[str | int, ...], why: str) -> None:
    with pytest.raises(CannotEdit) as refusal:
        group(set_value, path, "x")
    assert why in str(refusal.value)


def test_what_each_instance_has_of_its_own_is_refused() -> None:
    text = 'resource "aws_sqs_queue" "q" {\n  for_each = toset(["a"])\n  name     = each.key\n}\n'
    with pytest.raises(CannotEdit, match="from instance to instance"):
        edit(text, 'aws_sqs_queue.q["a"]', set_value, ("name",), "x")


def test_blocks_of_a_dynamic_block_are_refused() -> None:
    text = (
        'resource "aws_security_group" "g" {\n  dynamic "ingress" {\n    for_each = [22]\n'
        "    content {\n      from_port = ingress.value\n    }\n  }\n}\n"
    )
    with pytest.raises(CannotEdit, match="dynamic block"):
        edit(text, "aws_security_group.g", set_value, ("ingress", 0, "from_port"), 443)


def test_the_json_syntax_is_refused() -> None:
    data = b'{"resource": {"aws_sqs_queue": {"q": {"name": "a"}}}}'
    root = load_root("", ["main.tf.json"], {"main.tf.json": data}.__getitem__)
    block = root.resource("aws_sqs_queue.q")
    assert block is not None and isinstance(block.locator, Places)
    with pytest.raises(CannotEdit, match="JSON"):
        set_value(block.locator, ("name",), "b")


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        ("{}", "{\n  enabled = true\n}"),
        ("{\n}", "{\n  enabled = true\n}"),
        ("{ bucket = 1 }", "{\n  bucket = 1\n\n  enabled = true\n}"),
        ("{\n  # only a comment\n}", "{\n  # only a comment\n  enabled = true\n}"),
        ("{\n  a=1\n}", "{\n  a=1\n  enabled = true\n}"),
        ("{\n  labels = {\n    a = 1\n  }\n}", "{\n  labels = {\n    a = 1\n  }\n\n  enabled = true\n}"),
    ],
)
def test_bodies_of_every_layout_take_an_argument(body: str, wanted: str) -> None:
    text = f'resource "x_y" "z" {body}\n'
    found = edit(text, "x_y.z", set_value, ("enabled",), True)
    start = found.index("{")
    if "only a comment" in body:
        assert found.count("enabled = true") == 1 and "# only a comment" in found
    else:
        assert found[start:].rstrip("\n") == wanted


def test_windows_line_endings_stay() -> None:
    text = 'resource "x_y" "z" {\r\n  name = "a"\r\n}\r\n'
    assert edit(text, "x_y.z", set_value, ("type",), "b") == text.replace(
        '"a"\r\n', '"a"\r\n  type = "b"\r\n'
    )


def test_markers_of_templates_in_a_text_are_escaped() -> None:
    found = edit('resource "x_y" "z" {}\n', "x_y.z", set_value, ("name",), 'a "${b}" %{c} \\')
    assert 'name = "a \\"$${b}\\" %%{c} \\\\"' in found


@pytest.mark.parametrize(
    ("listed", "wanted"),
    [
        ("[]", '["b"]'),
        ('["a"]', '["a", "b"]'),
        ('[\n    "a",\n  ]', '[\n    "a",\n    "b",\n  ]'),
        ('[\n    "a" # why\n  ]', '[\n    "a", # why\n    "b",\n  ]'),
    ],
)
def test_lists_of_every_layout_take_an_element(listed: str, wanted: str) -> None:
    text = f'resource "x_y" "z" {{\n  names = {listed}\n}}\n'
    assert edit(text, "x_y.z", append_item, ("names",), "b") == text.replace(listed, wanted)


def test_inputs_of_a_module_are_values_not_blocks() -> None:
    text = 'module "eks" {\n  source = "x/eks/aws"\n  groups = {\n    gpu = {\n      min_size = 0\n    }\n  }\n}\n'
    found = edit(text, "module.eks", append_item, ("groups", "gpu", "taints"), {"key": "nvidia.com/gpu"})
    assert (
        '      taints = {\n        gpu = {\n          key = "nvidia.com/gpu"\n        }\n      }\n' in found
    )


def test_a_second_edit_finds_the_block_in_the_new_text() -> None:
    data = GROUP.encode()
    block = load_root("", ["main.tf"], {"main.tf": data}.__getitem__).resource("aws_eks_node_group.gpu")
    assert block is not None and isinstance(block.locator, Places)
    first = set_value(block.locator, ("update_config", 0, "max_unavailable"), 1)
    between = data[: first.start] + first.text + data[first.end :]
    second = set_value(moved(block.locator, between), ("update_config", 0, "max_unavailable"), 2)
    assert b"max_unavailable = 2" in between[: second.start] + second.text + between[second.end :]
