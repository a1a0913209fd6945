"""What a Terraform root declares, as plain data with unknown leaves and exact places."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

from auditor.spans import Problem, Span

PathStep: TypeAlias = "str | int"
NOWHERE = Span(0, 0, 0, 0, 0, 0)


class Locator(Protocol):
    """Finds the place that gives a path of a body."""

    def locate(self, path: Sequence[PathStep]) -> tuple[str, Span]: ...


@dataclass(slots=True)
class Located:
    """A block. ``body`` holds plain values, nested blocks as lists of dicts, and unknown leaves.

    ``file`` is relative to the repository, "" (and ``line`` 0) where only a plan is known.
    """

    body: dict[str, object]
    file: str
    line: int
    locator: Locator | None = field(default=None, repr=False, compare=False)

    def locate(self, path: Sequence[PathStep]) -> tuple[str, Span]:
        """File and span of what gives ``path``, or of its nearest existing ancestor.

        ``("scaling_config", 0, "min_size")`` gives that argument; a path into a value that a local, an
        input of a module or a merge() gives is followed there.
        """
        if self.locator is None:
            return self.file, NOWHERE._replace(line=self.line, column=1 if self.line else 0)
        return self.locator.locate(path)


@dataclass(slots=True)
class TfResource(Located):
    """One instance of a resource, data source or module call, after count and for_each.

    ``mode`` is "managed", "data" or "module"; a module call has type "module", its inputs (with ``source``
    and ``version``) as body, and ``expanded`` when the module's own resources are listed too. ``certain`` is
    False where an unknown count or for_each decides whether and how often it exists: one instance stands for
    all, with the address ``x[?]``. ``precision`` is "exact", or "file" when the place is not known.
    """

    address: str = ""
    mode: str = "managed"
    type: str = ""
    name: str = ""
    module: str = ""
    precision: str = "exact"
    certain: bool = True
    expanded: bool = False
    provider: str = ""
    lifecycle: dict[str, object] = field(default_factory=dict)


@dataclass(slots=True)
class TfProvider(Located):
    """A provider: its ``provider`` block (``configured``) and what ``required_providers`` says of it."""

    name: str = ""
    alias: str = ""
    source: str = ""
    version: str = ""
    module: str = ""
    configured: bool = False


@dataclass(slots=True)
class TfBackend(Located):
    """Where the state is kept; ``type`` is the backend's name, "cloud" for HCP Terraform."""

    type: str = ""


@dataclass(slots=True)
class TfVariable(Located):
    """An input of the root. ``body`` holds the arguments of the block; ``value`` is masked when sensitive."""

    name: str = ""
    value: object = None
    type: str = ""
    sensitive: bool = False
    has_default: bool = False


@dataclass(slots=True)
class TfOutput(Located):
    """An output of the root."""

    name: str = ""
    value: object = None
    sensitive: bool = False


@dataclass(slots=True)
class TfRoot:
    """One root module with one set of variables, or one plan or state."""

    directory: str
    label: str
    resources: list[TfResource] = field(default_factory=list)
    variables: dict[str, TfVariable] = field(default_factory=dict)
    outputs: dict[str, TfOutput] = field(default_factory=dict)
    locals: dict[str, object] = field(default_factory=dict)
    providers: list[TfProvider] = field(default_factory=list)
    backend: TfBackend | None = None
    required_version: str = ""
    has_lock_file: bool = False
    coded: bool = True
    """False for a plan without its code: backend, lock file, required version and lifecycles are not in it."""
    problems: list[Problem] = field(default_factory=list)
    tfvars: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)

    def resource(self, address: str) -> TfResource | None:
        """The instance with this address."""
        return next((each for each in self.resources if each.address == address), None)
