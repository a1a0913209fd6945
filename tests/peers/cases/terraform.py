"""Terraform roots around the blocks that the rules read."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

LAUNCH = 'resource "{kind}" "this" {{\n  name_prefix = "case"\n{body}}}\n'


def roots() -> Iterator[str]:
    """One root each."""
    yield from _metadata()
    yield from _dynamic_metadata()


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


def _metadata() -> Iterator[str]:
    endpoints = ("", '    http_endpoint = "enabled"\n', '    http_endpoint = "disabled"\n')
    tokens = ("", '    http_tokens = "required"\n', '    http_tokens = "optional"\n')
    hops = ("", "    http_put_response_hop_limit = 1\n", "    http_put_response_hop_limit = 3\n")
    for kind in ("aws_launch_template", "aws_instance", "aws_launch_configuration"):
        yield LAUNCH.format(kind=kind, body="")
        for endpoint, token, hop in product(endpoints, tokens, hops):
            block = f"  metadata_options {{\n{endpoint}{token}{hop}  }}\n"
            yield LAUNCH.format(kind=kind, body=block)
