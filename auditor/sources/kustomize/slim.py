"""Custom resource definitions without their schemas: rendering them is most of kustomize's work.

Nine tenths of the bytes of real manifest repositories are the schemas inside CRDs. kustomize carries them
through every layer and nobody here asks for them. When a rendering fails on slim input, it is done again on the
full files, so this can only change its speed.
"""

from __future__ import annotations

import re
from functools import lru_cache

from auditor.patterns import regex
from auditor.yamlio.split import chunks, identity

CRD = "CustomResourceDefinition"
_SCHEMA = regex(rb"^( *)(?:- )?openAPIV3Schema:[ ]*\n", re.MULTILINE)


def slim(data: bytes) -> bytes:
    """The file with an empty schema in every document that is certainly a CRD in block style."""
    if b"openAPIV3Schema:" not in data:
        return data
    parts = [data[start:end] for start, end in chunks(data, 0)]
    return b"".join(_without_schemas(part) if _is_crd(part) else part for part in parts)


def _is_crd(chunk: bytes) -> bool:
    named = identity(chunk)
    return named is not None and named[1] == CRD


def _without_schemas(chunk: bytes) -> bytes:
    chunk = chunk if chunk.endswith(b"\n") else chunk + b"\n"
    kept: list[bytes] = []
    at = 0
    while found := _SCHEMA.search(chunk, at):
        column = chunk.index(b"o", found.start()) - found.start()
        kept += [chunk[at : found.end()].rstrip(b" \n"), b" {}\n"]
        deeper = _deeper(column).match(chunk, found.end())
        at = deeper.end() if deeper else found.end()
    return b"".join((*kept, chunk[at:]))


@lru_cache(maxsize=64)
def _deeper(column: int) -> re.Pattern[bytes]:
    """Lines that are indented by more than ``column``, blank, or a comment."""
    return re.compile(rb"(?:(?: {%d}[^\n]*|[ ]*(?:#[^\n]*)?)\n)*+" % (column + 1))
