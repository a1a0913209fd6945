"""Manifests as plain objects, from wherever they come."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import yaml

Object = dict[str, Any]
Manifests = Object | str | Path | Iterable["Manifests"]
"""An object, YAML text, a file or folder of YAML, or any of them in a row."""


class _Loader(yaml.CSafeLoader):
    """YAML as Kubernetes means it: a lone ``=``, which CRDs list as an operator, is a string."""


def _construct_text(loader: _Loader, node: yaml.ScalarNode) -> object:
    return loader.construct_scalar(node)


_Loader.add_constructor("tag:yaml.org,2002:value", _construct_text)


def read(manifests: Manifests) -> Iterator[Object]:
    """Every object in order, with lists opened and empty documents left out."""
    if isinstance(manifests, dict):
        if manifests.get("kind") == "List":
            yield from read(manifests["items"])
        else:
            yield manifests
    elif isinstance(manifests, str):
        yield from read([one for one in yaml.load_all(manifests, _Loader) if one])
    elif isinstance(manifests, Path):
        files = sorted(manifests.rglob("*.y*ml")) if manifests.is_dir() else [manifests]
        for file in files:
            yield from read(file.read_text())
    else:
        for one in manifests:
            yield from read(one)
