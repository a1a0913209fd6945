"""The language, feature by feature: what a root's locals are worth."""

from __future__ import annotations

import pytest

from auditor.terraform import (
    TfCall,
    TfEncoded,
    TfReference,
    TfRoot,
    TfTemplate,
    identity,
    load_root,
    references,
)
from auditor.terraform.limits import Limits
from auditor.unknown import Unknown


def root_of(files: dict[str, str], directory: str = "", tfvars: list[str] | None = None) -> TfRoot:
    return load_root(directory, files, lambda path: files[path].encode(), tfvars=tfvars)


def local(text: str, extra: str = "") -> object:
    """The value of one expression written as a local."""
    root = root_of({"main.tf": f"locals {{\n  value = {text}\n}}\n{extra}"})
    assert root.problems == []
    return root.locals["value"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("<<EOT\n  a\n   b\nEOT", "  a\n   b\n"),
        ("<<-EOT\n    a\n      b\n\n    c\n  EOT", "a\n  b\n\nc\n"),
        ("<<-EOT\n    ${1}\n      b\n    EOT", "1\n  b\n"),
        ("<<EOT\n%{ for x in [1, 2] ~}\nitem ${x}\n%{ endfor ~}\nend\nEOT", "item 1\nitem 2\nend\n"),
        ("<<EOT\n%{ if true ~}\n  yes\n%{ else ~}\n  no\n%{ endif ~}\nEOT", "  yes\n"),
        ('<<EOT\n$${a} \\n "q"\nEOT', '${a} \\n "q"\n'),
        ("<<EOT\nEOT", ""),
        ("[\n    1, # one\n    2, // two\n    /* three */ 3\n  ]", [1, 2, 3]),
        ('{\n    a = 1\n    ("b") = 2\n    "c" : 3, d = 4\n  }', {"a": 1, "b": 2, "c": 3, "d": 4}),
        ("(\n    true\n    ? 1\n    : 2\n  )", 1),
        ("max(\n    1,\n    2,\n  )", 2),
        ("false ? 1 : true ? 2 : 3", 2),
        ('"${"x"}" == "x"', True),
        ("path.module", "."),
        ("terraform.workspace", "default"),
    ],
)
def test_expression_has_terraforms_value(text: str, value: object) -> None:
    assert local(text) == value


def test_key_in_parentheses_on_its_own_line_is_not_a_call() -> None:
    assert local('{\n    a = path.module\n    ("b") = 2\n  }') == {"a": ".", "b": 2}


def test_reference_to_configured_attribute_is_its_value_and_computed_one_keeps_its_identity() -> None:
    queue = 'resource "aws_sqs_queue" "q" {\n  name = "jobs"\n}\n'
    assert local("aws_sqs_queue.q.name", queue) == "jobs"
    arn = local("aws_sqs_queue.q.arn", queue)
    assert isinstance(arn, TfReference)
    assert (arn.target, arn.attribute, arn.reason) == (
        "aws_sqs_queue.q",
        "arn",
        "known after apply: aws_sqs_queue.q.arn",
    )


def test_path_below_a_computed_attribute_is_part_of_the_identity() -> None:
    value = local("aws_eks_cluster.c.identity[0].oidc[0].issuer", 'resource "aws_eks_cluster" "c" {}\n')
    assert identity(value) == "${aws_eks_cluster.c.identity[0].oidc[0].issuer}"


def test_computed_attribute_of_a_configured_block_is_a_reference() -> None:
    cluster = 'resource "aws_eks_cluster" "c" {\n  vpc_config {\n    subnet_ids = ["s"]\n  }\n}\n'
    assert local("aws_eks_cluster.c.vpc_config[0].subnet_ids", cluster) == ["s"]
    assert (
        identity(local("aws_eks_cluster.c.vpc_config[0].vpc_id", cluster))
        == "${aws_eks_cluster.c.vpc_config[0].vpc_id}"
    )


def test_template_with_unknown_part_keeps_the_known_text() -> None:
    value = local('"${aws_s3_bucket.b.arn}/in/*"', 'resource "aws_s3_bucket" "b" {}\n')
    assert isinstance(value, TfTemplate)
    assert identity(value) == "${aws_s3_bucket.b.arn}/in/*"
    assert [each.identity for each in references(value)] == ["aws_s3_bucket.b.arn"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ('join("/", [var.x, "b"])', "${var.x}/b"),
        ('format("%s-%s", "a", var.x)', "a-${var.x}"),
        ('replace(var.x, "https://", "")', "${replace(${var.x}, https://, )}"),
    ],
)
def test_function_of_unknown_keeps_what_it_was_called_with(text: str, shown: str) -> None:
    assert identity(local(text, 'variable "x" {}\n')) == shown


def test_jsonencode_keeps_its_structure() -> None:
    value = local("jsonencode({a = [aws_s3_bucket.b.arn], b = 1})", 'resource "aws_s3_bucket" "b" {}\n')
    assert isinstance(value, TfEncoded)
    assert isinstance(value.value, dict)
    assert value.value["b"] == 1
    assert identity(value.value["a"][0]) == "${aws_s3_bucket.b.arn}"


def test_jsondecode_opens_what_jsonencode_closed() -> None:
    assert local("jsondecode(jsonencode({a = var.x, b = 1})).b", 'variable "x" {}\n') == 1


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("false && var.x", False),
        ("var.x && false", False),
        ("true || var.x", True),
        ("var.x || true", True),
        ('var.x ? "same" : "same"', "same"),
        ("length([var.x, var.x])", 2),
        ("merge({a = var.x}, {a = 1}).a", 1),
        ("concat([var.x], [1])[1]", 1),
        ("try({a = var.x}.b, 5)", 5),
        ("can({a = var.x}.b)", False),
        ("[for x in [1, var.x] : 1]", [1, 1]),
        ("{a = var.x} == {a = 1, b = 2}", False),
        ("[1, var.x] == [2, var.x]", False),
        ('"a-${var.x}" == ""', False),
        ("jsonencode([var.x]) == null", False),
        ('contains(["a", var.x], "a")', True),
        ("slice(var.x, 0, 2) == null", False),
    ],
)
def test_unknown_counts_only_where_it_decides(text: str, value: object) -> None:
    assert local(text, 'variable "x" {}\n') == value


@pytest.mark.parametrize(
    "text",
    [
        "var.x + 1",
        "-var.x",
        "!var.x",
        "var.x == 1",
        "var.x != null",
        "var.x ? 1 : 2",
        "var.x && true",
        "lookup({a = 1}, var.x, 0)",
        "upper(var.x)",
        "flatten([var.x])",
        "toset([var.x, 1])[0]",
        "[for k in var.x : k]",
        "{(var.x) = 1}",
        "try(var.x, 1)",
        "coalesce(var.x, 1)",
        "timestamp()",
        "uuid()",
        "no_such_function(1)",
        'provider::aws::arn_parse("x")',
        "path.cwd",
        "distinct([1, var.x])",
        "sum([1, var.x])",
        'sort(["a", var.x])',
        "jsondecode(var.x).a",
        "[1, 2][var.x]",
        "var.x[*].id",
    ],
)
def test_value_that_depends_on_an_unknown_is_unknown(text: str) -> None:
    assert isinstance(local(text, 'variable "x" {}\n'), Unknown)


def test_unknown_function_is_named() -> None:
    value = local("no_such_function(1)")
    assert isinstance(value, TfCall)
    assert value.reason == "function no_such_function() is not evaluated here"


def test_slice_of_unknown_list_has_known_length() -> None:
    zones = 'data "aws_availability_zones" "z" {}\n'
    value = local("slice(data.aws_availability_zones.z.names, 0, 2)", zones)
    assert isinstance(value, list)
    assert [identity(item) for item in value] == [
        "${data.aws_availability_zones.z.names[0]}",
        "${data.aws_availability_zones.z.names[1]}",
    ]


def test_error_is_an_unknown_with_its_place() -> None:
    value = local("[1][5]")
    assert isinstance(value, Unknown)
    assert value.reason == "index out of range (main.tf:2)"


def test_cycle_is_a_problem_and_unknown() -> None:
    root = root_of({"main.tf": "locals {\n  a = local.b\n  b = local.a\n  c = 1\n}\n"})
    assert [(each.line, each.what) for each in root.problems] == [(2, "local.a refers to itself")]
    assert isinstance(root.locals["a"], Unknown)
    assert root.locals["c"] == 1


class TestVariables:
    def value(self, block: str, tfvars: str | None = None) -> object:
        files = {"main.tf": f'variable "v" {{\n{block}\n}}\n'}
        if tfvars is not None:
            files["terraform.tfvars"] = tfvars
        return root_of(files).variables["v"].value

    def test_default_is_converted_to_the_type(self) -> None:
        assert self.value("type = list(string)\ndefault = [1, true]") == ["1", "true"]

    def test_optional_attributes_take_their_defaults(self) -> None:
        fields = "size = optional(number, 3), tags = optional(map(string), {}), x = optional(string)"
        kind = f"type = map(object({{ {fields} }}))"
        assert self.value(kind + '\ndefault = { a = {}, b = { size = "5" } }') == {
            "a": {"size": 3, "tags": {}, "x": None},
            "b": {"size": 5, "tags": {}, "x": None},
        }

    def test_attributes_that_the_type_lacks_are_dropped(self) -> None:
        assert self.value("type = object({ a = number })\ndefault = { a = 1, b = 2 }") == {"a": 1}

    def test_file_wins_over_default(self) -> None:
        assert self.value("default = 1", "v = 2") == 2

    def test_null_from_a_file_counts_unless_not_nullable(self) -> None:
        assert self.value("default = 1", "v = null") is None
        assert self.value("default = 1\nnullable = false", "v = null") == 1

    def test_without_value_it_is_a_named_unknown_with_a_repair(self) -> None:
        value = self.value("type = string")
        assert isinstance(value, TfReference)
        assert value.identity == "var.v"
        assert "tfvars" in value.repair

    def test_wrong_type_names_variable_and_type_but_no_value(self) -> None:
        value = self.value('type = number\ndefault = "secret"')
        assert isinstance(value, Unknown)
        assert value.reason == "var.v: number required, but this is string (main.tf:1)"

    def test_sensitive_values_are_masked_and_their_shape_is_kept(self) -> None:
        value = self.value('sensitive = true\ndefault = { password = "hunter2", on = true }')
        assert isinstance(value, dict)
        assert isinstance(value["password"], Unknown)
        assert value["on"] is True
        assert "hunter2" not in repr(value)

    def test_set_of_numbers_is_sorted_and_distinct(self) -> None:
        assert self.value("type = set(number)\ndefault = [3, 1, 3]") == [1, 3]

    def test_unknown_type_constraint_is_unknown(self) -> None:
        assert isinstance(self.value("type = strng\ndefault = 1"), Unknown)


class TestLimits:
    def test_long_strings_stop(self) -> None:
        doubling = "\n".join(f'  s{n + 1} = "${{local.s{n}}}${{local.s{n}}}"' for n in range(40))
        root = root_of({"main.tf": f'locals {{\n  s0 = "xx"\n{doubling}\n}}\n'})
        assert root.locals["s10"] == "xx" * 1024
        assert isinstance(root.locals["s40"], Unknown)

    def test_nested_lists_stop(self) -> None:
        doubling = "\n".join(f"  s{n + 1} = [local.s{n}, local.s{n}]" for n in range(60))
        root = root_of({"main.tf": f"locals {{\n  s0 = [1]\n{doubling}\n  j = jsonencode(local.s60)\n}}\n"})
        assert isinstance(root.locals["j"], Unknown)
        assert root.locals["s0"] == [1]

    def test_count_beyond_the_limit_is_one_uncertain_instance(self) -> None:
        root = root_of({"main.tf": 'resource "aws_vpc" "v" {\n  count = 100000000\n}\n'})
        assert [(each.address, each.certain) for each in root.resources] == [("aws_vpc.v[?]", False)]

    def test_regular_expression_that_could_explode_is_not_run(self) -> None:
        assert isinstance(local('regex("^(a+)+$", "' + "a" * 60 + '!")'), TfCall)

    def test_deep_nesting_is_a_syntax_problem(self) -> None:
        root = root_of({"main.tf": f"locals {{\n  a = {'[' * 5000}{']' * 5000}\n  b = 1\n}}\n"})
        assert isinstance(root.locals["a"], Unknown)
        assert root.locals["b"] == 1
        assert root.problems[0].line == 2

    def test_long_chain_of_locals_ends_without_a_traceback(self) -> None:
        chain = "\n".join(f"  s{n} = local.s{n + 1}" for n in range(5000))
        root = root_of({"main.tf": f"locals {{\n{chain}\n  s5000 = 1\n}}\n"})
        assert root.locals["s5000"] == 1
        assert root.locals["s4990"] == 1

    def test_limits_can_be_set(self) -> None:
        files = {"main.tf": 'resource "aws_vpc" "v" {\n  count = 3\n}\n'}
        root = load_root("", files, lambda path: files[path].encode(), limits=Limits(instances=2))
        assert not root.resources[0].certain
