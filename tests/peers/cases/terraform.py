"""Terraform roots around the blocks that the rules read."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

LOGS = ("api", "audit", "authenticator", "controllerManager", "scheduler")
COMMIT = "5a1f0c9d7e3b2846a0c1d2e3f4a5b6c7d8e9f0a1"
SOURCES = (
    "./modules/a",
    "../a",
    "terraform-aws-modules/vpc/aws",
    "git::https://git.example/a.git",
    "git::https://git.example/a.git?ref=v1.2.0",
    "git::https://git.example/a.git?ref=main",
    f"git::https://git.example/a.git?ref={COMMIT}",
    f"git::https://git.example/a.git?ref={COMMIT[:7]}",
    f"git::https://git.example/a.git?depth=1&ref={COMMIT}",
    f"git::https://git.example/a.git//sub?ref={COMMIT}",
    f"git@git.example:team/a.git?ref={COMMIT}",
    "git::https://git.example/a.git?ref=feature",
    "s3::https://bucket.example/a.zip",
)
HIDDEN = 'module "hidden" {\n  source = "terraform-aws-modules/rds/aws"\n}\n'
LAUNCH = 'resource "{kind}" "this" {{\n  name_prefix = "case"\n{body}}}\n'


def roots() -> Iterator[str]:
    """One root each."""
    yield from _metadata()
    yield from _dynamic_metadata()
    yield from _clusters()
    yield from _node_groups()
    yield from _keys()
    yield from _registries()
    yield from _networks()
    yield from _access_blocks()
    yield from _versions()
    yield from _modules()
    yield from _dynamic_encryption()
    yield from _absent()
    yield from _calls()


def _resource(kind: str, *lines: str, name: str = "this") -> str:
    """A block of a type, with the lines that are not empty."""
    body = "".join(f"  {line}\n" for line in lines if line)
    return f'resource "{kind}" "{name}" {{\n{body}}}\n'


def _switch(name: str) -> tuple[str, ...]:
    """An attribute: not there, and with each value that a boolean is written as."""
    return ("", *(f"{name} = {value}" for value in ("true", "false", '"true"', '"false"', "null")))


def _clusters() -> Iterator[str]:
    network = 'vpc_config {{\n    subnet_ids = ["subnet-1", "subnet-2"]\n    {}\n  }}'
    fixed = ('name = "case"', 'role_arn = "arn:aws:iam::111122223333:role/eks"')
    for public in _switch("endpoint_public_access"):
        yield _resource("aws_eks_cluster", *fixed, network.format(public))
    for logs in ((), *((log,) for log in LOGS), LOGS[:4], LOGS, tuple(reversed(LOGS))):
        listed = ", ".join(f'"{log}"' for log in logs)
        switched = f"enabled_cluster_log_types = [{listed}]" if logs else ""
        yield _resource("aws_eks_cluster", *fixed, network.format(""), switched)
    yield _resource("aws_eks_cluster", *fixed, network.format(""), "enabled_cluster_log_types = []")
    provider = 'provider {\n      key_arn = "arn:aws:kms:us-east-1:111122223333:key/1"\n    }'
    for encrypted in ('["secrets"]', "[]", '["other"]'):
        encryption = f"encryption_config {{\n    resources = {encrypted}\n    {provider}\n  }}"
        yield _resource("aws_eks_cluster", *fixed, network.format(""), encryption)


def _node_groups() -> Iterator[str]:
    fixed = ('cluster_name = "case"', 'node_role_arn = "arn:aws:iam::111122223333:role/node"')
    key, groups = 'ec2_ssh_key = "ops"', 'source_security_group_ids = ["sg-1"]'
    for lines in ((), ("remote_access {}",), (key,), (groups,), (key, groups)):
        text = "\n    ".join(lines)
        access = text if text.endswith("{}") else f"remote_access {{\n    {text}\n  }}" if lines else ""
        yield _resource("aws_eks_node_group", *fixed, access)


def _keys() -> Iterator[str]:
    specs = (
        "",
        *(f'customer_master_key_spec = "{each}"' for each in ("SYMMETRIC_DEFAULT", "RSA_4096", "HMAC_256")),
    )
    for rotated, spec in product(_switch("enable_key_rotation"), specs):
        yield _resource("aws_kms_key", rotated, spec)


def _registries() -> Iterator[str]:
    yield _resource("aws_ecr_repository", 'name = "case"')
    key = 'kms_key = "arn:aws:kms:us-east-1:111122223333:key/1"'
    for kind, extra in product(("", "AES256", "KMS", "KMS_DSSE"), ("", key)):
        chosen = f'encryption_type = "{kind}"' if kind else ""
        block = f"encryption_configuration {{\n    {chosen}\n    {extra}\n  }}"
        yield _resource("aws_ecr_repository", 'name = "case"', block)


def _networks() -> Iterator[str]:
    network = _resource("aws_vpc", 'cidr_block = "10.0.0.0/16"')
    other = _resource("aws_vpc", 'cidr_block = "10.1.0.0/16"', name="other")
    subnet = _resource("aws_subnet", "vpc_id = aws_vpc.this.id", 'cidr_block = "10.0.1.0/24"')
    log = ('log_destination = "arn:aws:s3:::logs"', 'traffic_type = "ALL"')
    yield network
    yield network + _resource("aws_flow_log", "vpc_id = aws_vpc.this.id", *log)
    yield network + other + _resource("aws_flow_log", "vpc_id = aws_vpc.other.id", *log)
    yield network + subnet + _resource("aws_flow_log", "subnet_id = aws_subnet.this.id", *log)


def _access_blocks() -> Iterator[str]:
    names = ("block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets")
    bucket = _resource("aws_s3_bucket", 'bucket = "case"')
    for name in names:
        others = [f"{each} = true" for each in names if each != name]
        for switch in _switch(name):
            lines = ("bucket = aws_s3_bucket.this.id", *others, switch)
            yield bucket + _resource("aws_s3_bucket_public_access_block", *lines)
    whole = [f"{each} = true" for each in names]
    yield bucket
    yield bucket + _resource("aws_s3_bucket_public_access_block", 'bucket = "elsewhere"', *whole)
    yield bucket + _resource(
        "aws_s3_bucket_public_access_block", "bucket = aws_s3_bucket.this.bucket", *whole
    )


def _versions() -> Iterator[str]:
    bucket = _resource("aws_s3_bucket", 'bucket = "case"')
    yield bucket
    for status in ("Enabled", "Suspended", "Disabled"):
        block = f'versioning_configuration {{\n    status = "{status}"\n  }}'
        yield bucket + _resource("aws_s3_bucket_versioning", "bucket = aws_s3_bucket.this.id", block)
    for enabled in _switch("enabled"):
        block = f"versioning {{\n    {enabled}\n  }}"
        yield _resource("aws_s3_bucket", 'bucket = "case"', block)


def _modules() -> Iterator[str]:
    for number, source in enumerate(SOURCES):
        yield f'module "case{number}" {{\n  source = "{source}"\n}}\n'


def _dynamic_metadata() -> Iterator[str]:
    """The way modules take the block: as a variable whose attributes have defaults of their own."""
    for token in ("required", "optional"):
        yield f"""\
variable "metadata_options" {{
  type = object({{
    http_endpoint = optional(string, "enabled")
    http_tokens   = optional(string, "{token}")
  }})
  default = {{}}
}}

resource "aws_launch_template" "this" {{
  name_prefix = "case"
  dynamic "metadata_options" {{
    for_each = [var.metadata_options]
    content {{
      http_endpoint = metadata_options.value.http_endpoint
      http_tokens   = metadata_options.value.http_tokens
    }}
  }}
}}
"""


def _dynamic_encryption() -> Iterator[str]:
    """As :func:`_dynamic_metadata`, for the key of an EKS cluster."""
    yield """\
variable "encryption_config" {
  type = object({
    key_arn   = optional(string, "arn:aws:kms:us-east-1:111122223333:key/1")
    resources = optional(list(string), ["secrets"])
  })
  default = {}
}

resource "aws_eks_cluster" "this" {
  name     = "case"
  role_arn = "arn:aws:iam::111122223333:role/eks"
  vpc_config {
    subnet_ids = ["subnet-1", "subnet-2"]
  }
  dynamic "encryption_config" {
    for_each = [var.encryption_config]
    content {
      provider {
        key_arn = encryption_config.value.key_arn
      }
      resources = encryption_config.value.resources
    }
  }
}
"""


def _absent() -> Iterator[str]:
    """Blocks that make nothing."""
    switch = 'variable "enabled" {\n  default = false\n}\n'
    count = "count = var.enabled ? 1 : 0"
    yield switch + _resource("aws_s3_bucket", count, 'bucket = "case"')
    yield f'{switch}module "case" {{\n  {count}\n  source = "terraform-aws-modules/rds/aws"\n}}\n'
    yield f"""\
{switch}data "aws_iam_policy_document" "this" {{
  {count}
  statement {{
    actions   = ["s3:PutObject"]
    resources = ["*"]
  }}
}}
"""


def _calls() -> Iterator[str]:
    """Calls of public modules whose inputs decide."""
    for public in ("true", "false"):
        yield f"""\
module "eks" {{
  source                         = "terraform-aws-modules/eks/aws"
  version                        = "~> 20.0"
  cluster_name                   = "case"
  cluster_endpoint_public_access = {public}
}}
"""


def _metadata() -> Iterator[str]:
    endpoints = ("", '    http_endpoint = "enabled"\n', '    http_endpoint = "disabled"\n')
    tokens = ("", '    http_tokens = "required"\n', '    http_tokens = "optional"\n')
    hops = ("", "    http_put_response_hop_limit = 1\n", "    http_put_response_hop_limit = 3\n")
    for kind in ("aws_launch_template", "aws_instance", "aws_launch_configuration"):
        yield LAUNCH.format(kind=kind, body="")
        for endpoint, token, hop in product(endpoints, tokens, hops):
            block = f"  metadata_options {{\n{endpoint}{token}{hop}  }}\n"
            yield LAUNCH.format(kind=kind, body=block)
