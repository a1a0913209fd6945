"""One instance of a module: its variables, locals, resources and calls, each evaluated once and on demand."""

from __future__ import annotations

import posixpath
from collections.abc import Callable

from msgspec import Struct, field

from auditor.spans import Problem
from auditor.terraform.bodies import Expansion, expand
from auditor.terraform.config import ModuleConfig, load_config, object_items, reference_text
from auditor.terraform.constraints import type_of_expression
from auditor.terraform.errors import BudgetExceeded, EvaluationError, HclSyntaxError
from auditor.terraform.limits import Budget, Limits
from auditor.terraform.paths import inside
from auditor.terraform.places import Definitions
from auditor.terraform.repository import RepositoryFiles
from auditor.terraform.resources import OpenInstances, ResourceInstance
from auditor.terraform.scope import ModuleScope, Names
from auditor.terraform.source import AttributeNode, BlockNode, constant_text
from auditor.terraform.types import ANY, Type, convert
from auditor.terraform.unknowns import APPLY_FIRST, TfReference, index_step, join_path
from auditor.terraform.values import flag
from auditor.unknown import Unknown, UnknownUsed

PENDING = object()
MASKED = "masked: the variable is sensitive"


class RootEvaluation:
    """What all modules of one root share."""

    def __init__(self, directory: str, files: RepositoryFiles, limits: Limits) -> None:
        self.directory = directory
        self.files = files
        self.limits = limits
        self.budget = Budget(limits)
        self.instances = 0
        self.problems: dict[Problem, None] = {}
        self.sources: set[str] = set()
        self._configs: dict[str, ModuleConfig] = {}

    def config(self, directory: str) -> ModuleConfig:
        """The configuration of a directory, read once."""
        found = self._configs.get(directory)
        if found is None:
            paths = self.files.module_files(directory)
            found = load_config(directory, paths, self.files.read, self.limits)
            self._configs[directory] = found
            self.problems.update(dict.fromkeys(found.problems))
            self.sources.update(source.path for source in found.sources)
        return found

    def count_instances(self, number: int) -> None:
        self.instances += number
        if self.instances > self.limits.total_instances:
            raise BudgetExceeded(f"the root has more than {self.limits.total_instances} instances")

    def problem(self, problem: Problem) -> None:
        self.problems[problem] = None


class Input(Struct):
    """A value given to a variable: where it is written, and how to get it."""

    attribute: AttributeNode | None
    module: ModuleInstance | None
    compute: Callable[[], object]


class ModuleCall(Struct):
    """A module block with its instances: ``children`` is empty for code that is not in the repository."""

    block: BlockNode
    expansion: Expansion
    children: list[tuple[object, ModuleInstance]] = field(default_factory=list)
    value: object = None
    local: bool = False


class ModuleInstance:
    """Names resolve lazily; a cycle becomes a Problem and an unknown."""

    def __init__(
        self,
        root: RootEvaluation,
        config: ModuleConfig,
        address: str,
        inputs: dict[str, Input],
        parent: ModuleInstance | None = None,
        call: BlockNode | None = None,
        certain: bool = True,
    ) -> None:
        self.root = root
        self.config = config
        self.address = address
        self.inputs = inputs
        self.parent = parent
        self.call = call
        self.certain = certain
        self._memo: dict[tuple[str, ...], object] = {}
        self._namespaces: dict[str, object] = {}
        self.scope = ModuleScope(self, {})

    def once(
        self, key: tuple[str, ...], block: BlockNode | AttributeNode, compute: Callable[[], object]
    ) -> object:
        """The memoised value; meeting oneself while computing is a cycle."""
        found = self._memo.get(key)
        if found is PENDING:
            name = ".".join(part for part in key if part)
            where = block.source.problem(
                block.start, f"{name} refers to itself", "break the cycle; `terraform validate` shows it"
            )
            self.root.problem(where)
            return Unknown(f"{name} refers to itself")
        if found is None and key not in self._memo:
            self._memo[key] = PENDING
            try:
                found = self.guard(compute, block)
            finally:
                self._memo[key] = found
        return found

    def guard(self, compute: Callable[[], object], where: BlockNode | AttributeNode) -> object:
        """The value, or an unknown that says why there is none."""
        at = f"{where.source.path}:{where.line()}"
        try:
            return compute()
        except HclSyntaxError as error:
            self.root.problem(where.source.problem(error.at, str(error), "mend the expression"))
            return Unknown(f"syntax error at {where.source.path}:{where.source.line(error.at)}")
        except EvaluationError as error:
            return Unknown(f"{error} ({at})", APPLY_FIRST)
        except BudgetExceeded as error:
            return Unknown(f"{error} ({at})", APPLY_FIRST)
        except UnknownUsed as used:
            return Unknown(used.unknown.reason, used.unknown.repair)
        except RecursionError:
            return Unknown(f"references are nested too deeply ({at})", APPLY_FIRST)

    def evaluate(self, attribute: AttributeNode, scope: ModuleScope | None = None) -> object:
        """The value of an argument."""
        return self.guard(lambda: attribute.expression().value(scope or self.scope), attribute)

    def lookup(self, name: str) -> object:
        """The namespace of a root name."""
        found = self._namespaces.get(name)
        if found is None:
            found = self._namespaces[name] = self._namespace(name)
        return found

    def _namespace(self, name: str) -> object:
        if name == "var":
            return Names(self.variable)
        if name == "local":
            return Names(self.local)
        if name == "module":
            return Names(self.module_value)
        if name == "data":
            return Names(lambda kind: Names(lambda label: self.resource_value("data", kind, label)))
        if name == "path":
            return Names(self._path)
        if name == "terraform":
            return Names(self._terraform)
        if name in {"each", "count", "self"}:
            raise EvaluationError(f"{name} is not available here")
        return Names(lambda label: self.resource_value("managed", name, label))

    def _path(self, name: str) -> object:
        if name == "root":
            return "."
        if name == "module":
            return posixpath.relpath(self.config.directory or ".", self.root.directory or ".")
        return Unknown(f"path.{name} depends on the machine", APPLY_FIRST)

    def _terraform(self, name: str) -> object:
        return "default" if name == "workspace" else Unknown(f"terraform.{name} depends on the run")

    def local(self, name: str) -> object:
        attribute = self.config.locals.get(name)
        if attribute is None:
            return Unknown(f"local.{name} is not declared")
        return self.once(("local", name), attribute, lambda: attribute.expression().value(self.scope))

    def variable(self, name: str) -> object:
        block = self.config.variables.get(name)
        if block is None:
            return Unknown(f"var.{name} is not declared")
        return self.once(("var", name), block, lambda: self._variable(name, block))

    def _variable(self, name: str, block: BlockNode) -> object:
        attributes = block.body.attributes
        wanted = self._type(attributes.get("type"))
        given = self.inputs.get(name)
        value = given.compute() if given else None
        nullable = attributes.get("nullable")
        null_counts = given is not None and (nullable is None or self._flag(nullable))
        if value is None and not null_counts:
            default = attributes.get("default")
            if default is None:
                return self._unset(name)
            value = default.expression().value(self.scope)
        try:
            value = convert(value, wanted, self.root.budget)
        except EvaluationError as error:
            raise EvaluationError(f"var.{name}: {error}") from None
        return mask(value, self.root.budget) if self._flag(attributes.get("sensitive")) else value

    def _unset(self, name: str) -> Unknown:
        if self.parent is not None:
            return TfReference(
                f"{self.address}.var.{name}", "", f"the call of {self.address} does not set {name}"
            )
        repair = f"give variable {name} a default or a value in a .tfvars file, or audit a plan"
        return TfReference(f"var.{name}", "", f"variable without a value: var.{name}", repair)

    def _type(self, attribute: AttributeNode | None) -> Type:
        if attribute is None:
            return ANY
        return type_of_expression(attribute.expression(), self.scope)

    def _flag(self, attribute: AttributeNode | None) -> bool:
        if attribute is None:
            return False
        value = self.evaluate(attribute)
        return not isinstance(value, Unknown) and value is not None and flag(value)

    def output(self, name: str) -> object:
        block = self.config.outputs.get(name)
        value = block.body.attributes.get("value") if block else None
        if block is None or value is None:
            raise EvaluationError(f"{self.address or 'the root'} has no output {name!r}")
        return self.once(("output", name), block, lambda: value.expression().value(self.scope))

    def resource_value(self, mode: str, kind: str, name: str) -> object:
        block = self.config.resources.get((mode, kind, name))
        prefix = "data." if mode == "data" else ""
        if block is None:
            target = join_path(self.address, f"{prefix}{kind}.{name}")
            return TfReference(target, "", f"not declared: {target}")
        return self.once((prefix + kind, name), block, lambda: self._resource(mode, kind, name, block))

    def _resource(self, mode: str, kind: str, name: str, block: BlockNode) -> object:
        prefix = "data." if mode == "data" else ""
        base = join_path(self.address, f"{prefix}{kind}.{name}")
        expansion = expand(self, block)
        self.root.count_instances(len(expansion.items))
        made = [
            (key, ResourceInstance(self, block, mode, base + suffix, names, expansion.certain))
            for key, suffix, names in expansion.items
        ]
        return expansion.shape(made, base, lambda only: OpenInstances(base, only))

    def instances(self, mode: str, kind: str, name: str) -> list[ResourceInstance]:
        """All instances of a resource, in order."""
        value = self.resource_value(mode, kind, name)
        if isinstance(value, ResourceInstance):
            return [value]
        if isinstance(value, OpenInstances):
            return [value.only] if isinstance(value.only, ResourceInstance) else []
        items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
        return [item for item in items if isinstance(item, ResourceInstance)]

    def module_value(self, name: str) -> object:
        return self.module_call(name).value if name in self.config.modules else self._no_module(name)

    def _no_module(self, name: str) -> Unknown:
        target = join_path(self.address, f"module.{name}")
        return TfReference(target, "", f"not declared: {target}")

    def module_call(self, name: str) -> ModuleCall:
        """The call and its child modules."""
        block = self.config.modules[name]
        made = self.once(("module", name), block, lambda: self._module_call(name, block))
        if isinstance(made, ModuleCall):
            return made
        return ModuleCall(block, Expansion([], True, "one"), [], made)

    def _module_call(self, name: str, block: BlockNode) -> ModuleCall:
        base = join_path(self.address, f"module.{name}")
        expansion = expand(self, block)
        self.root.count_instances(len(expansion.items))
        config = self._child_config(block)
        call = ModuleCall(block, expansion, local=config is not None)
        made: list[tuple[object, object]] = []
        for key, suffix, names in expansion.items:
            if config is None:
                made.append(
                    (key, RemoteModule(base + suffix, constant_text(block.body.attributes.get("source"))))
                )
                continue
            child = self._child(config, block, base + suffix, names, expansion.certain)
            call.children.append((key, child))
            made.append((key, ModuleOutputs(base + suffix, child)))
        call.value = expansion.shape(made, base, lambda only: OpenInstances(base, only))
        return call

    def _child(
        self, config: ModuleConfig, block: BlockNode, address: str, names: dict[str, object], certain: bool
    ) -> ModuleInstance:
        scope = ModuleScope(self, names)
        inputs: dict[str, Input] = {}
        for name, attribute in block.body.attributes.items():
            if name in config.variables:
                inputs[name] = Input(attribute, self, self._input(attribute, scope))
        return ModuleInstance(self.root, config, address, inputs, self, block, self.certain and certain)

    def _input(self, attribute: AttributeNode, scope: ModuleScope) -> Callable[[], object]:
        return lambda: self.evaluate(attribute, scope)

    def _child_config(self, block: BlockNode) -> ModuleConfig | None:
        """The configuration behind a local source; None for code that is not in the repository."""
        attribute = block.body.attributes.get("source")
        source = constant_text(attribute)
        if attribute is None or source is None or not source.startswith(("./", "../")):
            return None
        directory = inside(self.config.directory, source)
        what, repair = "", "correct the source of the module"
        if directory is None:
            what = f"module source {source!r} lies outside the repository and is not read"
        elif not self.root.files.module_files(directory):
            what = f"module source {source!r} has no .tf files"
        elif directory in self._directories():
            what = f"module source {source!r} calls itself"
        elif len(self._directories()) > self.root.limits.module_depth:
            what = f"modules are nested more than {self.root.limits.module_depth} deep"
        if what or directory is None:
            self.root.problem(attribute.source.problem(attribute.start, what, repair))
            return None
        return self.root.config(directory)

    def _directories(self) -> list[str]:
        above = self.parent._directories() if self.parent else []
        return [*above, self.config.directory]

    def definition(self, kind: str, name: str) -> tuple[AttributeNode, Definitions] | None:
        """The argument that gives ``local.name`` or ``var.name``, and the module it is written in."""
        if kind == "local" and name in self.config.locals:
            return self.config.locals[name], self
        if kind == "var" and name in self.config.variables:
            given = self.inputs.get(name)
            if given is not None and given.attribute is not None:
                return given.attribute, given.module or self
            default = self.config.variables[name].body.attributes.get("default")
            return (default, self) if default is not None else None
        return None

    def provider(self, key: str) -> tuple[BlockNode, ModuleInstance] | None:
        """The provider block behind ``aws`` or ``aws.alias``, and the module that configures it."""
        name, _, alias = key.partition(".")
        block = self.config.providers.get((name, alias))
        if block is not None:
            return block, self
        if self.parent is None or self.call is None:
            return None
        passed = object_items(self.call.body.attributes.get("providers")).get(key)
        if passed is not None:
            return self.parent.provider(reference_text(passed))
        return None if alias else self.parent.provider(name)


class RemoteModule(TfReference):
    """The outputs of a module whose code is not in the repository."""

    __slots__ = ()

    def __init__(self, target: str, source: str | None) -> None:
        repair = "audit a plan, which shows what the module creates"
        super().__init__(
            target, "", f"output of a module not in this repository ({source or 'no source'})", repair
        )

    def child(self, step: str) -> Unknown:
        return TfReference(self.target, step, f"{self.reason}: {join_path(self.target, step)}", self.repair)


class ModuleOutputs(TfReference):
    """The outputs of a local module."""

    __slots__ = ("instance",)

    def __init__(self, target: str, instance: ModuleInstance) -> None:
        super().__init__(target, "", f"all outputs of {target}")
        self.instance = instance

    def member(self, name: str) -> object:
        return self.instance.output(name)


def mask(value: object, budget: Budget) -> object:
    """``value`` with its texts and numbers hidden; shape, bools and nulls stay, so that counting works."""
    budget.spend(1)
    if isinstance(value, dict):
        return {key: mask(item, budget) for key, item in value.items()}
    if isinstance(value, list):
        return [mask(item, budget) for item in value]
    if value is None or isinstance(value, (bool, Unknown)):
        return value
    return Unknown(MASKED)


def key_suffix(key: object) -> str:
    """``[0]``, ``["a"]`` or nothing."""
    return "" if key is None else index_step(key)
