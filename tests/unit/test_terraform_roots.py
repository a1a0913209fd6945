"""Roots, modules, instances and places."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from auditor.terraform import TfReference, TfResource, TfRoot, find_roots, identity, load_root, variable_sets
from auditor.unknown import Unknown


def root_of(files: dict[str, str], directory: str = "", tfvars: list[str] | None = None) -> TfRoot:
    return load_root(directory, files, lambda path: files[path].encode(), tfvars=tfvars)


def addresses(root: TfRoot) -> list[str]:
    return [each.address for each in root.resources]


def only(root: TfRoot) -> TfResource:
    assert len(root.resources) == 1
    return root.resources[0]


class TestInstances:
    def test_count(self) -> None:
        root = root_of({"a.tf": 'resource "aws_eip" "e" {\n  count = 2\n  tags = { n = count.index }\n}\n'})
        assert addresses(root) == ["aws_eip.e[0]", "aws_eip.e[1]"]
        assert [each.body["tags"] for each in root.resources] == [{"n": 0}, {"n": 1}]

    def test_count_of_zero_gives_nothing(self) -> None:
        assert addresses(root_of({"a.tf": 'resource "aws_eip" "e" {\n  count = 0\n}\n'})) == []

    def test_for_each_over_map_and_set_in_key_order(self) -> None:
        text = 'resource "aws_eip" "m" {\n  for_each = { b = 2, a = 1 }\n  x = each.value\n}\n'
        text += 'resource "aws_eip" "s" {\n  for_each = toset(["z", "y"])\n  x = each.value\n}\n'
        root = root_of({"a.tf": text})
        assert addresses(root) == ['aws_eip.m["a"]', 'aws_eip.m["b"]', 'aws_eip.s["y"]', 'aws_eip.s["z"]']
        assert [each.body["x"] for each in root.resources] == [1, 2, "y", "z"]

    def test_for_each_over_another_resource(self) -> None:
        text = 'resource "aws_s3_bucket" "b" {\n  for_each = toset(["in"])\n}\n'
        text += 'resource "a_b" "v" {\n  for_each = aws_s3_bucket.b\n  bucket = each.value.id\n}\n'
        root = root_of({"a.tf": text})
        assert identity(root.resources[1].body["bucket"]) == '${aws_s3_bucket.b["in"].id}'

    @pytest.mark.parametrize("argument", ["count = var.n", "for_each = var.n", "for_each = toset([var.n])"])
    def test_unknown_number_is_one_uncertain_instance(self, argument: str) -> None:
        text = f'variable "n" {{}}\nresource "aws_eip" "e" {{\n  {argument}\n  domain = "vpc"\n}}\n'
        resource = only(root_of({"a.tf": text}))
        assert (resource.address, resource.certain, resource.body) == (
            "aws_eip.e[?]",
            False,
            {"domain": "vpc"},
        )

    def test_reference_into_uncertain_instances_reaches_what_they_share(self) -> None:
        text = 'variable "n" {}\nresource "aws_vpc" "v" {\n  count = var.n\n  cidr_block = "10.0.0.0/16"\n}\n'
        root = root_of(
            {"a.tf": text + "locals {\n  c = aws_vpc.v[0].cidr_block\n  all = aws_vpc.v[*].id\n}\n"}
        )
        assert root.locals["c"] == "10.0.0.0/16"
        assert isinstance(root.locals["all"], TfReference)

    def test_splat_over_counted_instances(self) -> None:
        text = 'resource "aws_subnet" "s" {\n  count = 2\n}\nlocals {\n  ids = aws_subnet.s[*].id\n}\n'
        assert [identity(each) for each in root_of({"a.tf": text}).locals["ids"]] == [  # type: ignore[attr-defined]
            "${aws_subnet.s[0].id}",
            "${aws_subnet.s[1].id}",
        ]

    def test_lifecycle(self) -> None:
        text = 'resource "aws_eip" "e" {\n  lifecycle {\n'
        text += "    ignore_changes = [scaling_config[0].desired_size, tags]\n"
        resource = only(root_of({"a.tf": text + "    prevent_destroy = true\n  }\n}\n"}))
        assert resource.lifecycle == {
            "ignore_changes": ["scaling_config[0].desired_size", "tags"],
            "prevent_destroy": True,
        }
        assert resource.body == {}


class TestBlocks:
    def test_nested_blocks_are_lists(self) -> None:
        text = 'resource "a_b" "c" {\n  one { x = 1 }\n  two {\n    y { z = 2 }\n    y { z = 3 }\n  }\n}\n'
        assert only(root_of({"a.tf": text})).body == {"one": [{"x": 1}], "two": [{"y": [{"z": 2}, {"z": 3}]}]}

    def test_dynamic_blocks_expand(self) -> None:
        text = """resource "a_b" "c" {
  taint { key = "static" }
  dynamic "taint" {
    for_each = { gpu = "NO_SCHEDULE" }
    iterator = it
    content {
      key    = it.key
      effect = it.value
      dynamic "more" {
        for_each = [1, 2]
        content { n = more.value }
      }
    }
  }
}
"""
        assert only(root_of({"a.tf": text})).body["taint"] == [
            {"key": "static"},
            {"key": "gpu", "effect": "NO_SCHEDULE", "more": [{"n": 1}, {"n": 2}]},
        ]

    def test_dynamic_block_over_unknown_makes_the_whole_list_unknown(self) -> None:
        text = 'variable "t" {}\nresource "a_b" "c" {\n  taint { key = "x" }\n  dynamic "taint" {\n'
        text += "    for_each = var.t\n    content { key = taint.value }\n  }\n  sibling = 1\n}\n"
        body = only(root_of({"a.tf": text})).body
        assert isinstance(body["taint"], Unknown)
        assert body["sibling"] == 1


class TestModules:
    FILES = {  # noqa: RUF012
        "main.tf": """module "net" {
  source   = "./modules/net"
  for_each = toset(["a", "b"])
  cidr     = "10.0.0.0/16"
  name     = "net-${each.key}"
}
output "vpc" { value = module.net["a"].vpc_id }
output "cidr" { value = module.net["b"].cidr }
""",
        "modules/net/main.tf": """variable "cidr" {}
variable "name" {}
variable "extra" { default = ["x"] }
resource "aws_vpc" "this" {
  cidr_block = var.cidr
  tags       = { Name = var.name, path = path.module }
}
output "vpc_id" { value = aws_vpc.this.id }
output "cidr" { value = aws_vpc.this.cidr_block }
""",
    }

    def test_resources_carry_the_module_address(self) -> None:
        root = root_of(self.FILES)
        assert [each for each in addresses(root) if "aws_vpc" in each] == [
            'module.net["a"].aws_vpc.this',
            'module.net["b"].aws_vpc.this',
        ]
        vpc = root.resource('module.net["a"].aws_vpc.this')
        assert vpc is not None
        assert vpc.module == 'module.net["a"]'
        assert vpc.body["tags"] == {"Name": "net-a", "path": "modules/net"}
        assert (vpc.file, vpc.line) == ("modules/net/main.tf", 4)

    def test_outputs_flow_to_the_caller(self) -> None:
        root = root_of(self.FILES)
        assert identity(root.outputs["vpc"].value) == '${module.net["a"].aws_vpc.this.id}'
        assert root.outputs["cidr"].value == "10.0.0.0/16"

    def test_the_call_itself_is_listed_with_its_inputs(self) -> None:
        call = root_of(self.FILES).resource('module.net["a"]')
        assert call is not None
        assert (call.mode, call.type, call.expanded) == ("module", "module", True)
        assert call.body == {"source": "./modules/net", "cidr": "10.0.0.0/16", "name": "net-a"}

    def test_remote_module_gives_inputs_and_named_unknown_outputs(self) -> None:
        text = 'module "eks" {\n  source = "terraform-aws-modules/eks/aws"\n  version = "~> 21.0"\n'
        text += "  eks_managed_node_groups = { gpu = { min_size = 0 } }\n}\n"
        text += "locals {\n  n = module.eks.cluster_name\n}\n"
        root = root_of({"a.tf": text})
        call = only(root)
        assert not call.expanded
        assert call.body["eks_managed_node_groups"] == {"gpu": {"min_size": 0}}
        name = root.locals["n"]
        assert isinstance(name, TfReference)
        assert name.identity == "module.eks.cluster_name"
        assert "terraform-aws-modules/eks/aws" in name.reason

    def test_module_outside_the_repository_is_refused(self) -> None:
        files = {"a/main.tf": 'module "m" {\n  source = "../../etc"\n}\n'}
        root = root_of(files, "a")
        assert [(each.file, each.line) for each in root.problems] == [("a/main.tf", 2)]
        assert "outside the repository" in root.problems[0].what

    def test_module_that_calls_itself_is_a_problem(self) -> None:
        root = root_of(
            {
                "main.tf": 'module "m" {\n  source = "./m"\n}\n',
                "m/a.tf": 'module "x" {\n  source = "../m"\n}\n',
            }
        )
        assert [each.what for each in root.problems] == ["module source '../m' calls itself"]

    def test_missing_module_directory_is_a_problem(self) -> None:
        root = root_of({"main.tf": 'module "m" {\n  source = "./none"\n}\n'})
        assert [each.what for each in root.problems] == ["module source './none' has no .tf files"]

    def test_region_follows_the_provider_passed_to_the_module(self) -> None:
        files = {
            "main.tf": 'provider "aws" {\n  region = "us-east-1"\n}\nprovider "aws" {\n  alias = "eu"\n'
            '  region = "eu-west-1"\n}\nmodule "m" {\n  source = "./m"\n  providers = { aws = aws.eu }\n}\n'
            'data "aws_region" "r" {}\nlocals {\n  here = data.aws_region.r.name\n'
            "  there = module.m.region\n}\n",
            "m/a.tf": 'data "aws_region" "r" {}\noutput "region" { value = data.aws_region.r.name }\n',
        }
        root = root_of(files)
        assert (root.locals["here"], root.locals["there"]) == ("us-east-1", "eu-west-1")


class TestPlaces:
    TEXT = """locals {
  tags = {
    team = "ml"
    cost = "gpu"
  }
  é    = "ü"
}
resource "aws_eks_node_group" "g" {
  name = "g"
  tags = merge(local.tags, { Name = "g" })
  scaling_config {
    min_size = 1
    max_size = 3
  }
  dynamic "taint" {
    for_each = ["a", "b"]
    content {
      key = taint.value
    }
  }
}
"""

    @pytest.mark.parametrize(
        ("path", "shown"),
        [
            (("name",), 'name = "g"'),
            (("scaling_config", 0, "min_size"), "min_size = 1"),
            (("scaling_config", 0), "scaling_config {\n    min_size = 1\n    max_size = 3\n  }"),
            (("tags", "Name"), 'Name = "g"'),
            (("tags", "cost"), 'cost = "gpu"'),
            (("tags", "absent"), 'tags = merge(local.tags, { Name = "g" })'),
            (("taint", 1, "key"), "key = taint.value"),
        ],
    )
    def test_path_leads_to_its_bytes(self, path: tuple[str | int, ...], shown: str) -> None:
        resource = only(root_of({"a.tf": self.TEXT}))
        file, span = resource.locate(path)
        assert file == "a.tf"
        assert self.TEXT.encode()[span.start : span.end].decode() == shown

    def test_absent_path_gives_the_block(self) -> None:
        resource = only(root_of({"a.tf": self.TEXT}))
        _, span = resource.locate(("nothing",))
        assert (span.line, span.column) == (8, 1)
        assert (resource.file, resource.line) == ("a.tf", 8)

    def test_value_from_a_call_is_located_in_the_caller(self) -> None:
        files = {
            "main.tf": 'module "m" {\n  source = "./m"\n  group = {\n    min = 1\n  }\n}\n',
            "m/a.tf": 'variable "group" {}\nresource "a_b" "c" {\n  group = var.group\n}\n',
        }
        resource = root_of(files).resource("module.m.a_b.c")
        assert resource is not None
        file, span = resource.locate(("group", "min"))
        assert (file, span.line, span.column) == ("main.tf", 4, 5)

    def test_inputs_of_a_remote_module_have_places(self) -> None:
        text = 'module "eks" {\n  source = "x/y/z"\n  groups = {\n    gpu = { min_size = 1 }\n  }\n}\n'
        _, span = only(root_of({"a.tf": text})).locate(("groups", "gpu", "min_size"))
        assert text[span.start : span.end] == "min_size = 1"


class TestSettings:
    def test_providers_backend_and_versions(self) -> None:
        text = """terraform {
  required_version = ">= 1.6"
  backend "s3" {
    bucket = "state"
  }
  required_providers {
    aws  = { source = "hashicorp/aws", version = "~> 5.0" }
    helm = "2.1"
  }
}
provider "aws" {
  region = "eu-north-1"
  default_tags { tags = { a = "b" } }
}
"""
        root = root_of({"a.tf": text, ".terraform.lock.hcl": ""})
        assert root.required_version == ">= 1.6"
        assert root.has_lock_file
        assert root.backend is not None
        assert (root.backend.type, root.backend.body, root.backend.line) == ("s3", {"bucket": "state"}, 3)
        aws, helm = root.providers
        assert (aws.name, aws.source, aws.version, aws.configured) == ("aws", "hashicorp/aws", "~> 5.0", True)
        assert aws.body == {"region": "eu-north-1", "default_tags": [{"tags": {"a": "b"}}]}
        assert aws.locate(("region",))[1].line == 12
        assert (helm.name, helm.source, helm.version, helm.configured) == (
            "helm",
            "hashicorp/helm",
            "2.1",
            False,
        )
        assert helm.locate(())[1].line == 8

    def test_sensitive_output_is_masked(self) -> None:
        root = root_of({"a.tf": 'output "o" {\n  value = "s3cret"\n  sensitive = true\n}\n'})
        assert isinstance(root.outputs["o"].value, Unknown)


class TestFiles:
    def test_override_files_replace_arguments_and_blocks(self) -> None:
        files = {
            "main.tf": 'resource "a_b" "c" {\n  x = 1\n  y = 2\n  t { k = 1 }\n  t { k = 2 }\n}\n',
            "z_override.tf": 'resource "a_b" "c" {\n  x = 9\n  t { k = 3 }\n}\n',
        }
        resource = only(root_of(files))
        assert resource.body == {"x": 9, "y": 2, "t": [{"k": 3}]}
        assert resource.locate(("x",))[0] == "z_override.tf"

    def test_json_syntax(self) -> None:
        text = """{
  "//": "a comment",
  "variable": {"n": {"type": "number", "default": "3"}},
  "locals": {"name": "x-${var.n}"},
  "resource": {"aws_eks_node_group": {"g": {
    "node_group_name": "${local.name}",
    "scaling_config": {"min_size": 0, "max_size": "${var.n}"},
    "labels": {"a": "b"},
    "taint": [{"key": "k"}],
    "count": 1
  }}}
}
"""
        resource = only(root_of({"main.tf.json": text}))
        assert resource.address == "aws_eks_node_group.g[0]"
        assert resource.body == {
            "node_group_name": "x-3",
            "scaling_config": [{"min_size": 0, "max_size": 3}],
            "labels": {"a": "b"},
            "taint": [{"key": "k"}],
        }
        _, span = resource.locate(("scaling_config", 0, "min_size"))
        assert text[span.start : span.end] == '"min_size": 0'

    def test_templatefile_and_file_read_inside_the_repository(self) -> None:
        files = {
            "tf/main.tf": 'locals {\n  a = templatefile("${path.module}/t.tpl", { names = ["x", "y"] })\n'
            '  b = file("../data.txt")\n  c = fileexists("none")\n  d = fileset(path.module, "*.tpl")\n}\n',
            "tf/t.tpl": "%{ for n in names ~}\n- ${n}\n%{ endfor ~}\n",
            "data.txt": "hello",
        }
        root = root_of(files, "tf")
        assert root.locals == {"a": "- x\n- y\n", "b": "hello", "c": False, "d": ["t.tpl"]}

    @pytest.mark.parametrize("path", ["../../etc/passwd", "/etc/passwd", "~/x", "a/../../../x"])
    def test_paths_outside_the_repository_are_never_read(self, path: str) -> None:
        files = {"tf/main.tf": f'locals {{\n  a = file("{path}")\n}}\n'}
        reads: list[str] = []

        def read(name: str) -> bytes:
            reads.append(name)
            return files[name].encode()

        root = load_root("tf", files, read)
        assert isinstance(root.locals["a"], Unknown)
        assert set(reads) == {"tf/main.tf"}

    def test_byte_order_mark_and_windows_line_ends(self) -> None:
        text = '\ufeffresource "a_b" "c" {\r\n  x = 1\r\n  y = <<EOT\r\nhi\r\nEOT\r\n}\r\n'
        assert only(root_of({"a.tf": text})).body["x"] == 1

    @pytest.mark.parametrize(
        ("data", "what"),
        [(b"\xff\xfe", "file is not UTF-8"), (b"x" * (5 << 20), "file is larger than 4194304 bytes")],
    )
    def test_file_that_cannot_be_used_is_a_problem(self, data: bytes, what: str) -> None:
        root = load_root("", ["a.tf"], lambda path: data)
        assert [each.what for each in root.problems] == [what]

    def test_unreadable_file_is_a_problem(self) -> None:
        def read(path: str) -> bytes:
            raise PermissionError(path)

        assert [each.what for each in load_root("", ["a.tf"], read).problems] == [
            "file cannot be read: PermissionError"
        ]


class TestBrokenText:
    GOOD = 'resource "a_b" "good" {\n  x = 1\n}\n'

    @pytest.mark.parametrize(
        ("bad", "line"),
        [
            ('resource "a_b" "bad" {\n  x = \n}\n', 2),
            ('resource "a_b" "bad" {\n  x = [1,\n', 2),
            ('resource "a_b" "bad" {\n  x = "open\n}\n', 2),
            ('resource "a_b" "bad" {\n  y = 1\n', 1),
            ('resource "a_b" "bad" {\n  x = <<EOT\n no end\n}\n', 2),
            ('resource "a_b" "bad" {\n  ???\n  y = 1\n}\n', 2),
            ("}\n", 1),
            ('resource "a_b" ?? "bad" {\n  x = 1\n  y { z = 1 }\n}\n', 1),
            ('resource "a_b" "bad" {\n  b ! {\n    x = 1\n  }\n}\n', 2),
            ('"key" = 1\n', 1),
            ('resource "a_b" "bad" {\n  x = 1\n  x = 2\n}\n', 3),
            ('resource "a_b" "bad" {\n  x = 1 2\n}\n', 2),
            ('resource "a_b" "bad" {\n  x = f(1\n}\n', 2),
        ],
    )
    def test_one_problem_with_its_line_and_the_rest_still_loads(self, bad: str, line: int) -> None:
        root = root_of({"a.tf": bad + self.GOOD})
        assert [each.line for each in root.problems] == [line]
        good = root.resource("a_b.good")
        assert good is not None
        assert good.body == {"x": 1}

    def test_broken_argument_is_unknown_and_its_siblings_are_not(self) -> None:
        text = 'resource "a_b" "c" {\n  x = 1 +\n  y = 2\n  z { w = 3 }\n}\n'
        body = only(root_of({"a.tf": text})).body
        assert isinstance(body["x"], Unknown)
        assert (body["y"], body["z"]) == (2, [{"w": 3}])

    def test_duplicate_blocks_are_a_problem(self) -> None:
        root = root_of({"a.tf": self.GOOD + self.GOOD})
        assert [(each.line, each.what) for each in root.problems] == [
            (4, "resource a_b good is declared twice")
        ]


class TestDiscovery:
    def find(self, files: dict[str, str]) -> list[str]:
        return find_roots(files, lambda path: files[path].encode())

    def test_called_modules_are_no_roots_and_examples_are(self) -> None:
        files = {
            "main.tf": 'module "a" { source = "./modules/a" }\n',
            "modules/a/x.tf": "",
            "examples/one/main.tf": 'module "m" {\n  source = "../../"\n}\n',
            ".terraform/modules/x/main.tf": "",
            "docs/readme.md": "",
        }
        assert self.find(files) == ["examples/one"]

    def test_repository_without_terraform_has_no_roots(self) -> None:
        assert self.find({"a.yaml": "", "terraform.tfvars": ""}) == []

    def test_each_further_variable_file_is_a_target(self) -> None:
        files = [
            "tf/main.tf",
            "tf/terraform.tfvars",
            "tf/b.auto.tfvars",
            "tf/a.auto.tfvars.json",
            "tf/prod.tfvars",
            "tf/envs/dev.tfvars",
            "tf/mod/x.tf",
            "tf/mod/other.tfvars",
            "else/x.tfvars",
        ]
        automatic = ["tf/terraform.tfvars", "tf/a.auto.tfvars.json", "tf/b.auto.tfvars"]
        assert variable_sets("tf", files) == [
            ("default", automatic),
            ("envs/dev", [*automatic, "tf/envs/dev.tfvars"]),
            ("prod", [*automatic, "tf/prod.tfvars"]),
        ]

    def test_label_and_values_of_a_variable_set(self) -> None:
        files = {"main.tf": 'variable "n" {}\n', "terraform.tfvars": "n = 1\n", "prod.tfvars": "n = 2\n"}
        [(_, first), (label, second)] = variable_sets("", files)
        default, prod = root_of(files, tfvars=first), root_of(files, tfvars=second)
        assert (default.label, default.variables["n"].value) == ("default", 1)
        assert (prod.label, prod.variables["n"].value) == (label, 2)
        assert prod.tfvars == ["terraform.tfvars", "prod.tfvars"]


def test_repository_without_terraform_loads_no_evaluator() -> None:
    code = (
        "import sys\nfrom auditor.terraform import find_roots\n"
        "assert find_roots(['a.yaml'], lambda path: b'') == []\n"
        "loaded = sorted(name for name in sys.modules if name.startswith('auditor.terraform'))\n"
        "assert [name[len('auditor.terraform'):] for name in loaded] == ['', '.discover', '.paths']\n"
        "from auditor import terraform\n"
        "assert all(getattr(terraform, name) is not None for name in terraform.__all__)\n"
        "assert not {'yaml', 'csv', 'pydantic', 'tree_sitter', 'jsonschema'} & set(sys.modules)\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment)
