"""Everything that a root and its modules declare, collected into the public model."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from auditor.terraform.bodies import META_ARGUMENTS, BodyReader
from auditor.terraform.instance import ModuleCall, ModuleInstance, RootEvaluation
from auditor.terraform.model import TfBackend, TfOutput, TfProvider, TfResource, TfRoot, TfVariable
from auditor.terraform.places import Places
from auditor.terraform.plain import Plain
from auditor.terraform.resources import ResourceInstance
from auditor.terraform.scope import ModuleScope
from auditor.terraform.settings import AttributePlace, Requirement, lifecycle, required_providers
from auditor.terraform.source import BlockNode
from auditor.terraform.unknowns import TfReference, join_path
from auditor.unknown import Unknown


class RootBuilder:
    """Collects the instances of all modules, depth first, in the order of the files."""

    def __init__(self, evaluation: RootEvaluation, root: TfRoot) -> None:
        self.evaluation = evaluation
        self.root = root
        self.plain = Plain(evaluation.budget)

    def fill(self, module: ModuleInstance) -> None:
        self._variables(module)
        self._module(module)
        for name, attribute in module.config.locals.items():
            self.root.locals[name] = self.plain.guarded(partial(module.local, name), attribute)
        self._outputs(module)
        self._settings(module)

    def _module(self, module: ModuleInstance) -> None:
        for mode, kind, name in module.config.resources:
            for instance in module.instances(mode, kind, name):
                self.root.resources.append(self._resource(instance))
        self._providers(module)
        for name in module.config.modules:
            call = module.module_call(name)
            self._call(module, name, call)
            for _, child in call.children:
                self._module(child)

    def _resource(self, instance: ResourceInstance) -> TfResource:
        block = instance.block
        body = self.plain.body(instance.body(), block)
        if instance.mode == "data" and block.labels[0] == "aws_iam_policy_document":
            body["json"] = self.plain.guarded(partial(instance.member, "json"), block)
        return TfResource(
            body,
            block.source.path,
            block.line(),
            instance.places,
            address=instance.target,
            mode=instance.mode,
            type=block.labels[0],
            name=block.labels[1],
            module=instance.module.address,
            certain=instance.certain,
            provider=instance.provider_key(),
            lifecycle=lifecycle(block, instance.module),
        )

    def _call(self, module: ModuleInstance, name: str, call: ModuleCall) -> None:
        block = call.block
        base = join_path(module.address, f"module.{name}")
        for _, suffix, names in call.expansion.items:
            scope = ModuleScope(module, names)
            attributes = block.body.attributes.items()
            values = {
                key: module.evaluate(each, scope) for key, each in attributes if key not in META_ARGUMENTS
            }
            self.root.resources.append(
                TfResource(
                    self.plain.body(values, block),
                    block.source.path,
                    block.line(),
                    places_of(block, module),
                    address=base + suffix,
                    mode="module",
                    type="module",
                    name=name,
                    module=module.address,
                    certain=module.certain and call.expansion.certain,
                    expanded=call.local,
                )
            )

    def _variables(self, module: ModuleInstance) -> None:
        for name, block in module.config.variables.items():
            attributes = block.body.attributes
            constraint = attributes.get("type")
            body = self._arguments(module, block, frozenset({"description", "sensitive", "nullable"}))
            self.root.variables[name] = TfVariable(
                body,
                block.source.path,
                block.line(),
                places_of(block, module),
                name=name,
                value=self._value(partial(module.variable, name), block),
                type=constraint.source.text[constraint.value_start : constraint.end] if constraint else "",
                sensitive=body.get("sensitive") is True,
                has_default="default" in attributes,
            )

    def _outputs(self, module: ModuleInstance) -> None:
        for name, block in module.config.outputs.items():
            body = self._arguments(module, block, frozenset({"description", "sensitive"}))
            sensitive = body.get("sensitive") is True
            value = self._value(partial(module.output, name), block)
            self.root.outputs[name] = TfOutput(
                body,
                block.source.path,
                block.line(),
                places_of(block, module),
                name=name,
                value=Unknown("masked: the output is sensitive") if sensitive else value,
                sensitive=sensitive,
            )

    def _arguments(
        self, module: ModuleInstance, block: BlockNode, names: frozenset[str]
    ) -> dict[str, object]:
        attributes = block.body.attributes
        return self.plain.body(
            {name: module.evaluate(attributes[name]) for name in sorted(names & set(attributes))}, block
        )

    def _value(self, compute: Callable[[], object], block: BlockNode) -> object:
        return self.plain.guarded(compute, block)

    def _providers(self, module: ModuleInstance) -> None:
        required = required_providers(module)
        configured = {name for name, _ in module.config.providers}
        for (name, alias), block in module.config.providers.items():
            wanted = required.get(name)
            self.root.providers.append(
                TfProvider(
                    self._block_body(module, block, f"provider.{name}"),
                    block.source.path,
                    block.line(),
                    places_of(block, module),
                    name=name,
                    alias=alias,
                    source=wanted.source if wanted else "",
                    version=wanted.version if wanted else "",
                    module=module.address,
                    configured=True,
                )
            )
        for name, wanted in required.items():
            if name not in configured:
                self.root.providers.append(_required_only(module, name, wanted))

    def _block_body(self, module: ModuleInstance, block: BlockNode, target: str) -> dict[str, object]:
        below = TfReference(target, "", f"configuration of {target}")
        reader = BodyReader(module, below)
        places = places_of(block, module)
        body = module.guard(lambda: reader.body(block.body, module.scope, places, below), block)
        return self.plain.body(body if isinstance(body, dict) else {}, block)

    def _settings(self, module: ModuleInstance) -> None:
        for settings in module.config.settings:
            wanted = settings.body.attributes.get("required_version")
            value = module.evaluate(wanted) if wanted is not None else None
            self.root.required_version = value if isinstance(value, str) else self.root.required_version
            for block in settings.body.blocks:
                if block.kind in {"backend", "cloud"}:
                    self.root.backend = TfBackend(
                        self._block_body(module, block, "terraform.backend"),
                        block.source.path,
                        block.line(),
                        places_of(block, module),
                        type=block.labels[0] if block.labels else block.kind,
                    )


def places_of(block: BlockNode, module: ModuleInstance) -> Places:
    return Places(block.source, block.start, block.end, block.body, module)


def _required_only(module: ModuleInstance, name: str, wanted: Requirement) -> TfProvider:
    attribute = wanted.attribute
    return TfProvider(
        {},
        attribute.source.path,
        attribute.line(),
        AttributePlace(attribute),
        name=name,
        source=wanted.source,
        version=wanted.version,
        module=module.address,
    )
