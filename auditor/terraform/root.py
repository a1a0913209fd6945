"""From a directory of .tf files to a :class:`TfRoot`."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable

from auditor.terraform.collect import RootBuilder
from auditor.terraform.config import read_source
from auditor.terraform.discover import variable_files
from auditor.terraform.instance import Input, ModuleInstance, RootEvaluation
from auditor.terraform.limits import Limits
from auditor.terraform.model import TfRoot
from auditor.terraform.repository import RepositoryFiles
from auditor.terraform.scope import TemplateScope
from auditor.terraform.source import AttributeNode

LOCK_FILE = ".terraform.lock.hcl"


def load_root(
    directory: str,
    files: Iterable[str],
    read: Callable[[str], bytes],
    *,
    tfvars: list[str] | None = None,
    limits: Limits | None = None,
) -> TfRoot:
    """Evaluate the root module in ``directory`` with the variable files ``tfvars``, later ones winning.

    ``files`` are all paths of the repository, relative and with slashes; ``read`` gives the bytes of one.
    Never raises for what the files contain: what is wrong stands in ``problems`` and as unknown values.
    """
    bounds = limits or Limits()
    directory = "" if directory in {"", "."} else posixpath.normpath(directory)
    repository = RepositoryFiles(directory, files, read, bounds)
    chosen = tfvars if tfvars is not None else variable_files(directory, repository.files)[0]
    evaluation = RootEvaluation(directory, repository, bounds)
    inputs = read_inputs(evaluation, chosen)
    module = ModuleInstance(evaluation, evaluation.config(directory), "", inputs)
    root = TfRoot(directory, _label(directory, chosen), tfvars=list(chosen))
    RootBuilder(evaluation, root).fill(module)
    root.has_lock_file = posixpath.join(directory, LOCK_FILE) in repository.files
    root.files = sorted(evaluation.sources | set(chosen))
    root.problems = sorted(evaluation.problems)
    return root


def _label(directory: str, tfvars: list[str]) -> str:
    """The variable file that tells this target from others, "default" when there is none."""
    own = [path for path in tfvars if not _is_automatic(path, directory)]
    if not own:
        return "default"
    name = posixpath.relpath(own[-1], directory or ".")
    return name.removesuffix(".json").removesuffix(".tfvars")


def _is_automatic(path: str, directory: str) -> bool:
    name = posixpath.basename(path).removesuffix(".json")
    return posixpath.dirname(path) == directory and (
        name == "terraform.tfvars" or name.endswith(".auto.tfvars")
    )


def read_inputs(evaluation: RootEvaluation, tfvars: list[str]) -> dict[str, Input]:
    """The values that variable files give; the last file wins."""
    inputs: dict[str, Input] = {}
    for path in tfvars:
        source = read_source(path, evaluation.files.read, evaluation.limits)
        evaluation.problems.update(dict.fromkeys(source.problems))
        for name, attribute in source.body.attributes.items():
            inputs[name] = Input(attribute, None, _constant(evaluation, attribute))
    return inputs


def _constant(evaluation: RootEvaluation, attribute: AttributeNode) -> Callable[[], object]:
    scope = TemplateScope({}, evaluation.budget, evaluation.files)
    return lambda: attribute.expression().value(scope)
