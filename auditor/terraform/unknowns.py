"""Unknown values of Terraform that keep what *is* known about them.

The ARN of a queue is unknown before apply, but two places that name it name the same thing. These
subclasses of :class:`auditor.unknown.Unknown` carry that identity, so that joins work on code alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from auditor.unknown import Unknown

APPLY_FIRST = "audit the output of `terraform show -json` of a plan or state instead"


class TfReference(Unknown):
    """A value that Terraform knows only later: an attribute of a resource, data source, module or input.

    ``target`` is the full address (``module.x.aws_sqs_queue.dlq["a"]``, ``data.aws_ami.x``, ``module.eks``,
    ``var.name``); ``attribute`` is the path below it (``arn``, ``identity[0].oidc[0].issuer``), "" for all.
    """

    __slots__ = ("attribute", "target")

    def __init__(self, target: str, attribute: str, reason: str, repair: str = "") -> None:
        super().__init__(reason, repair)
        self.target = target
        self.attribute = attribute

    @property
    def identity(self) -> str:
        """Text that is equal exactly when two references name the same thing: ``aws_sqs_queue.dlq.arn``."""
        return join_path(self.target, self.attribute)

    def child(self, step: str) -> Unknown:
        """The reference one step further; ``step`` is a name, ``[0]`` or ``["key"]``."""
        path = join_path(self.attribute, step)
        return TfReference(
            self.target, path, f"{self.reason.split(': ')[0]}: {join_path(self.target, path)}", self.repair
        )

    def __repr__(self) -> str:
        return f"TfReference({self.identity!r})"


class TfTemplate(Unknown):
    """A string of which parts are unknown. ``parts`` holds text and unknowns in order."""

    __slots__ = ("parts",)

    def __init__(self, parts: Sequence[str | Unknown]) -> None:
        unknown = next(part for part in parts if isinstance(part, Unknown))
        super().__init__(unknown.reason, unknown.repair)
        self.parts = merge_parts(parts)

    def __repr__(self) -> str:
        return f"TfTemplate({self.parts!r})"


class TfEncoded(Unknown):
    """JSON text of a structure that has unknown leaves; ``value`` is the structure."""

    __slots__ = ("value",)

    def __init__(self, value: object, inside: Unknown) -> None:
        super().__init__(inside.reason, inside.repair)
        self.value = value

    def __repr__(self) -> str:
        return f"TfEncoded({self.value!r})"


class TfCall(Unknown):
    """The result of a function whose arguments are not known well enough; ``args`` holds what is known."""

    __slots__ = ("args", "function")

    def __init__(self, function: str, args: Sequence[object], inside: Unknown) -> None:
        super().__init__(inside.reason, inside.repair)
        self.function = function
        self.args = tuple(args)

    def __repr__(self) -> str:
        return f"TfCall({self.function!r}, {list(self.args)!r})"


def join_path(base: str, step: str) -> str:
    """``a`` and ``b`` give ``a.b``; ``a`` and ``[0]`` give ``a[0]``."""
    if not base or not step:
        return base or step
    return base + step if step.startswith("[") else f"{base}.{step}"


def index_step(key: object) -> str:
    """The path step of an index: ``[0]`` or ``["key"]``, quoted as Terraform quotes addresses."""
    if isinstance(key, str):
        return '["' + key.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"]'
    return f"[{key}]"


def merge_parts(parts: Sequence[str | Unknown]) -> tuple[str | Unknown, ...]:
    """Nested templates opened and neighbouring text joined."""
    merged: list[str | Unknown] = []
    for part in parts:
        for piece in part.parts if isinstance(part, TfTemplate) else (part,):
            last = merged[-1] if merged else None
            if isinstance(piece, str) and isinstance(last, str):
                merged[-1] = last + piece
            elif not (isinstance(piece, str) and not piece):
                merged.append(piece)
    return tuple(merged)


def references(value: object) -> Iterator[TfReference]:
    """Every reference that ``value`` (any body, template or call) depends on, in order of appearance."""
    if isinstance(value, TfReference):
        yield value
    elif isinstance(value, TfTemplate):
        yield from references(list(value.parts))
    elif isinstance(value, TfEncoded):
        yield from references(value.value)
    elif isinstance(value, TfCall):
        yield from references(list(value.args))
    elif isinstance(value, dict):
        for item in value.values():
            yield from references(item)
    elif isinstance(value, list):
        for item in value:
            yield from references(item)


def identity(value: object) -> str | None:
    """A text equal for equal values, known or not: ``${aws_s3_bucket.in.arn}/incoming/*``.

    None where nothing can be said (an unknown without a name, a collection, null).
    """
    if isinstance(value, str):
        return value
    if isinstance(value, TfReference):
        return "${" + value.identity + "}"
    if isinstance(value, TfTemplate):
        texts = [identity(part) for part in value.parts]
        return None if None in texts else "".join(text for text in texts if text is not None)
    if isinstance(value, TfCall):
        texts = [identity(arg) for arg in value.args]
        return None if None in texts else "${" + value.function + "(" + ", ".join(map(str, texts)) + ")}"
    return None
