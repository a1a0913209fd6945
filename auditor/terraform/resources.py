"""One instance of a resource or data source, as references and as the report see it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.terraform.bodies import META_ARGUMENTS, META_BLOCKS, BodyReader, block_names
from auditor.terraform.config import reference_text
from auditor.terraform.data_sources import computed
from auditor.terraform.errors import EvaluationError
from auditor.terraform.places import Places
from auditor.terraform.scope import ModuleScope
from auditor.terraform.source import BlockNode
from auditor.terraform.unknowns import APPLY_FIRST, TfReference
from auditor.terraform.values import text
from auditor.unknown import Unknown

if TYPE_CHECKING:
    from auditor.terraform.instance import ModuleInstance


class ResourceInstance(TfReference):
    """Arguments and blocks are evaluated one by one, when a reference or the report asks for them."""

    __slots__ = ("block", "certain", "mode", "module", "names", "places", "scope")

    def __init__(
        self,
        module: ModuleInstance,
        block: BlockNode,
        mode: str,
        address: str,
        names: dict[str, object],
        certain: bool,
    ) -> None:
        why = "read when planning" if mode == "data" else "known after apply"
        super().__init__(address, "", f"{why}: {address}", APPLY_FIRST)
        self.module = module
        self.block = block
        self.mode = mode
        self.certain = certain and module.certain
        self.scope = ModuleScope(module, names)
        self.places = Places(block.source, block.start, block.end, block.body, module)

    def member(self, name: str) -> object:
        """An argument that the code sets, a computed value that can be told, else a reference."""
        found = self.part(name)
        if found is None and self.mode == "data":
            found = computed(self, name)
        return self.child(name) if found is None else found

    def element(self, key: object) -> object:
        if not isinstance(key, str):
            raise EvaluationError(f"{self.target} has neither count nor for_each")
        return self.member(text(key))

    def part(self, name: str) -> object:
        """One argument or all nested blocks of a kind; None where the code sets neither."""
        attribute = self.block.body.attributes.get(name)
        if attribute is not None and name not in META_ARGUMENTS:
            return self.module.once(
                (self.target, name), attribute, lambda: attribute.expression().value(self.scope)
            )
        if name in META_BLOCKS or name not in block_names(self.block.body):
            return None
        reader = BodyReader(self.module, self)
        return self.module.once(
            (self.target, name),
            self.block,
            lambda: reader.blocks(self.block.body, name, self.scope, self.places, self),
        )

    def body(self) -> dict[str, object]:
        """Everything the code sets, nulls left out of nothing."""
        body = self.block.body
        found = {name: self.part(name) for name in body.attributes if name not in META_ARGUMENTS}
        found.update({name: self.part(name) for name in block_names(body) if name not in META_BLOCKS})
        return found

    def provider_key(self) -> str:
        """``aws`` or ``aws.alias``, whose configuration the instance uses."""
        attribute = self.block.body.attributes.get("provider")
        if attribute is not None:
            written = self.module.guard(lambda: reference_text(attribute.expression()), attribute)
            if isinstance(written, str) and written:
                return written
        return self.block.labels[0].partition("_")[0]


class OpenInstances(TfReference):
    """Instances of which nobody knows how many there are; ``only`` stands for each of them."""

    __slots__ = ("only",)

    def __init__(self, target: str, only: object) -> None:
        reason = only.reason if isinstance(only, Unknown) else f"the number of instances is unknown: {target}"
        super().__init__(target, "", reason, APPLY_FIRST)
        self.only = only

    def element(self, key: object) -> object:
        return self.only
