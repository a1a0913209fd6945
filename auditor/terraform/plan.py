"""Plans and states as `terraform show -json` prints them: exact values, places from the code beside them."""

from __future__ import annotations

import json
import posixpath
from collections.abc import Iterator
from typing import TypeAlias

from auditor.patterns import regex
from auditor.spans import Problem
from auditor.terraform.model import TfOutput, TfProvider, TfResource, TfRoot, TfVariable
from auditor.terraform.unknowns import TfCall, TfReference, index_step, join_path
from auditor.unknown import Unknown

Json: TypeAlias = dict[str, object]
REPAIR = "write it with `terraform show -json PLAN > plan.json`"
MASKED_REASON = "masked: Terraform marks the value as sensitive"
KNOWN_LATER = "known after apply"
NOT_IN_A_PLAN = "neither a plan nor a state says it, and the code is not in this tree"
BESIDE_CODE = "keep the plan beside the .tf files that it was made from"
INSTANCE_KEY = regex(r'\[(?:"(?:[^"\\]|\\.)*"|\d+|\?)\]')
NOT_RESOURCES = frozenset({"var", "local", "each", "count", "path", "terraform", "self", "module"})
MAX_BYTES = 256 << 20
MAX_MODULES = 50


def load_plan(path: str, data: bytes, root: TfRoot | None) -> TfRoot:
    """The resources of a plan or state. ``root`` gives places, and identities to what is not known yet.

    Values known after apply become references, sensitive ones unknown. Never raises for what ``data`` holds.
    """
    directory = root.directory if root else posixpath.dirname(path)
    result = TfRoot(directory, f"plan:{path}")
    document = _parse(path, data, result)
    values = _object(document.get("planned_values")) or _object(document.get("values"))
    if document.get("errored") is True:
        result.problems.append(
            Problem(path, 0, 0, "the plan ended with an error and is not whole", "plan again")
        )
    if document and not values:
        result.problems.append(Problem(path, 0, 0, "JSON has no planned_values and no values", REPAIR))
    reader = PlanReader(document, root)
    try:
        result.resources = reader.resources(values)
        result.outputs = reader.outputs(values)
        result.variables = reader.variables()
        result.providers = root.providers if root else reader.providers()
    except RecursionError:
        result.problems.append(Problem(path, 0, 0, "JSON is nested too deeply", REPAIR))
    result.coded = root is not None
    if root is not None:
        result.backend, result.has_lock_file = root.backend, root.has_lock_file
        result.required_version, result.locals, result.files = root.required_version, root.locals, root.files
    return result


def _parse(path: str, data: bytes, result: TfRoot) -> Json:
    if len(data) > MAX_BYTES:
        result.problems.append(
            Problem(path, 0, 0, f"plan is larger than {MAX_BYTES} bytes", "split the root")
        )
        return {}
    try:
        document = json.loads(data)
    except json.JSONDecodeError as error:
        result.problems.append(Problem(path, error.lineno, error.colno, f"not JSON: {error.msg}", REPAIR))
        return {}
    except (ValueError, RecursionError):
        result.problems.append(Problem(path, 0, 0, "not JSON in UTF-8", REPAIR))
        return {}
    if isinstance(document, dict):
        return document
    result.problems.append(Problem(path, 1, 1, "JSON is not an object", REPAIR))
    return {}


def _object(value: object) -> Json:
    return value if isinstance(value, dict) else {}


def _objects(value: object) -> list[Json]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


class PlanReader:
    """Reads the parts of one document."""

    def __init__(self, document: Json, root: TfRoot | None) -> None:
        self.document = document
        self.changes = {
            _text(change.get("address")): _object(change.get("change"))
            for change in _objects(document.get("resource_changes"))
        }
        self.blocks: dict[str, TfResource] = {}
        self.exact: dict[str, TfResource] = {}
        self.calls: list[TfResource] = []
        for resource in root.resources if root else []:
            if resource.mode == "module":
                self.calls.append(resource)
            self.exact[resource.address] = resource
            self.blocks.setdefault(INSTANCE_KEY.sub("", resource.address), resource)
        self.configured = dict(
            _configured(_object(_object(document.get("configuration")).get("root_module")), "", 0)
        )

    def resources(self, values: Json) -> list[TfResource]:
        """Managed resources and data sources, module calls of the code first."""
        found: dict[str, TfResource] = {}
        prior = _object(_object(self.document.get("prior_state")).get("values"))
        for source, only_data in ((values, False), (prior, True)):
            for module, resource in _walk(_object(source.get("root_module")), "", 0):
                made = self._resource(module, resource)
                if made.address not in found and not (only_data and made.mode != "data"):
                    found[made.address] = made
        return [*self.calls, *found.values()]

    def _resource(self, module: str, resource: Json) -> TfResource:
        address = _text(resource.get("address"))
        change = self.changes.get(address, {})
        code = self.exact.get(address) or self.blocks.get(INSTANCE_KEY.sub("", address))
        overlay = Overlay(address, code, self.configured.get(INSTANCE_KEY.sub("", address), {}), module)
        body = overlay.body(
            _object(resource.get("values")),
            change.get("after_unknown"),
            resource.get("sensitive_values") or change.get("after_sensitive"),
        )
        managed = resource.get("mode") != "data"
        if code is None and managed:
            body["lifecycle"] = Unknown(NOT_IN_A_PLAN, BESIDE_CODE)
        return TfResource(
            body,
            code.file if code else "",
            code.line if code else 0,
            code.locator if code else None,
            address=address,
            mode="managed" if managed else "data",
            type=_text(resource.get("type")),
            name=_text(resource.get("name")),
            module=module,
            precision="exact" if code else "file",
            provider=code.provider if code else _text(resource.get("type")).partition("_")[0],
            lifecycle=code.lifecycle if code else {},
        )

    def outputs(self, values: Json) -> dict[str, TfOutput]:
        found: dict[str, TfOutput] = {}
        for name, output in _object(values.get("outputs")).items():
            sensitive = _object(output).get("sensitive") is True
            value = Unknown(MASKED_REASON) if sensitive else plain(_object(output).get("value"))
            if "value" not in _object(output):
                value = TfReference(f"output.{name}", "", f"{KNOWN_LATER}: output.{name}")
            found[name] = TfOutput({}, "", 0, name=name, value=value, sensitive=sensitive)
        return found

    def variables(self) -> dict[str, TfVariable]:
        module = _object(_object(self.document.get("configuration")).get("root_module"))
        declared = _object(module.get("variables"))
        found: dict[str, TfVariable] = {}
        for name, given in _object(self.document.get("variables")).items():
            sensitive = _object(declared.get(name)).get("sensitive") is True
            value = Unknown(MASKED_REASON) if sensitive else plain(_object(given).get("value"))
            has_default = "default" in _object(declared.get(name))
            found[name] = TfVariable(
                {}, "", 0, name=name, value=value, sensitive=sensitive, has_default=has_default
            )
        return found

    def providers(self) -> list[TfProvider]:
        found: list[TfProvider] = []
        configs = _object(_object(self.document.get("configuration")).get("provider_config"))
        for _, config in sorted(configs.items()):
            entry = _object(config)
            arguments = _object(entry.get("expressions"))
            body = {name: _written(each) for name, each in arguments.items()}
            found.append(
                TfProvider(
                    body,
                    "",
                    0,
                    name=_text(entry.get("name")),
                    alias=_text(entry.get("alias")),
                    source=_text(entry.get("full_name")).removeprefix("registry.terraform.io/"),
                    version=_text(entry.get("version_constraint")),
                    module=_text(entry.get("module_address")),
                    configured=bool(arguments),
                )
            )
        return found


def _walk(module: Json, address: str, depth: int) -> Iterator[tuple[str, Json]]:
    """(module address, resource) for the module and all below it."""
    for resource in _objects(module.get("resources")):
        yield address, resource
    if depth < MAX_MODULES:
        for child in _objects(module.get("child_modules")):
            yield from _walk(child, _text(child.get("address")), depth + 1)


def _configured(module: Json, address: str, depth: int) -> Iterator[tuple[str, Json]]:
    """The expressions of each resource by its address without instance keys."""
    for resource in _objects(module.get("resources")):
        yield join_path(address, _text(resource.get("address"))), _object(resource.get("expressions"))
    if depth < MAX_MODULES:
        for name, call in _object(module.get("module_calls")).items():
            inner = _object(_object(call).get("module"))
            yield from _configured(inner, join_path(address, f"module.{name}"), depth + 1)


class Overlay:
    """Lays what is unknown and what is sensitive over the values of one resource."""

    __slots__ = ("address", "code", "expressions", "module")

    def __init__(self, address: str, code: TfResource | None, expressions: Json, module: str) -> None:
        self.address = address
        self.code = code
        self.expressions = expressions
        self.module = module

    def body(self, values: Json, unknown: object, sensitive: object) -> dict[str, object]:
        made = self._value(values, unknown, sensitive, (), self.code.body if self.code else None)
        return made if isinstance(made, dict) else {}

    def _value(
        self, value: object, unknown: object, sensitive: object, path: tuple[str | int, ...], code: object
    ) -> object:
        if unknown is True:
            return self._unknown(path, code)
        if sensitive is True:
            return Unknown(MASKED_REASON)
        if isinstance(value, dict) or (value is None and isinstance(unknown, dict) and unknown):
            return self._mapping(_object(value), _object(unknown), _object(sensitive), path, code)
        if isinstance(value, list):
            return [
                self._value(
                    item, _at(unknown, at), _at(sensitive, at), (*path, at), _counterpart(item, at, code)
                )
                for at, item in enumerate(value)
            ]
        return plain(value)

    def _mapping(
        self, value: Json, unknown: Json, sensitive: Json, path: tuple[str | int, ...], code: object
    ) -> dict[str, object]:
        keys = [*value, *(key for key, mark in unknown.items() if key not in value and mark)]
        return {
            key: self._value(
                value.get(key), unknown.get(key), sensitive.get(key), (*path, key), _object(code).get(key)
            )
            for key in keys
        }

    def _unknown(self, path: tuple[str | int, ...], code: object) -> object:
        """What the code says about it, else what the plan says it refers to, else a reference to itself."""
        if holds_unknown(code):
            return code
        attribute = ""
        for step in path:
            attribute = join_path(attribute, index_step(step) if isinstance(step, int) else step)
        own = TfReference(self.address, attribute, f"{KNOWN_LATER}: {self.address}.{attribute}")
        written = self.expressions.get(str(path[0])) if path else None
        found = [
            TfReference(join_path(self.module, target), rest, f"{KNOWN_LATER}: {name}")
            for name in _references(written)
            for target, rest in [_split(name)]
            if rest
        ]
        return TfCall("expression", [*found, None], own) if found else own


def _written(expression: object) -> object:
    """An argument of the configuration: its constant, unknown where it refers to something, else nested blocks."""
    if isinstance(expression, list):
        return [_written(each) for each in expression]
    entry = _object(expression)
    if "constant_value" in entry:
        return plain(entry["constant_value"])
    names = entry.get("references")
    if isinstance(names, list):
        told = ", ".join(name for name in names if isinstance(name, str))
        return Unknown(f"written as an expression of {told}", BESIDE_CODE)
    return {name: _written(each) for name, each in entry.items()}


def _references(expression: object) -> list[str]:
    """Names of resource attributes that an expression of the configuration refers to."""
    names: list[str] = []
    entries = expression if isinstance(expression, list) else [expression]
    for entry in entries:
        found = _object(entry).get("references")
        if isinstance(found, list):
            names.extend(name for name in found if isinstance(name, str))
    return [name for name in names if name.split(".")[0].split("[")[0] not in NOT_RESOURCES]


def _split(name: str) -> tuple[str, str]:
    """``aws_sqs_queue.dlq.arn`` as address and attribute."""
    parts = name.split(".")
    size = 3 if parts[0] == "data" else 2
    return ".".join(parts[:size]), ".".join(parts[size:])


def holds_unknown(value: object) -> bool:
    """Whether an unknown stands anywhere inside."""
    if isinstance(value, dict):
        return any(holds_unknown(item) for item in value.values())
    if isinstance(value, list):
        return any(holds_unknown(item) for item in value)
    return isinstance(value, Unknown)


def _counterpart(item: object, position: int, code: object) -> object:
    """The element of the code that became ``item``: sets come in another order, so the values decide."""
    if not isinstance(item, dict):
        return _at(code, position)
    fitting = [each for each in code if _agrees(item, each)] if isinstance(code, list) else []
    return fitting[0] if len(fitting) == 1 else None


def _agrees(item: Json, code: object) -> bool:
    """Whether everything that the code knows about the element is what the plan says."""
    if not isinstance(code, dict):
        return False
    for key, value in code.items():
        given = item.get(key)
        if isinstance(value, (str, bool, int, float)) and given is not None and str(given) != str(value):
            return False
    return True


def _at(value: object, position: int) -> object:
    return value[position] if isinstance(value, list) and position < len(value) else None


def plain(value: object) -> object:
    """JSON's values; whole numbers as ints."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list) else value
