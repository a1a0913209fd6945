"""Static evaluation of Terraform roots, and plans and states from `terraform show -json`.

Nothing is executed and nothing is downloaded: values that only a plan or an apply can tell are
:class:`auditor.unknown.Unknown` leaves that keep their identity (see :mod:`auditor.terraform.unknowns`).
Names load on first use: a repository without Terraform never pays for the evaluator.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from auditor.terraform.discover import find_roots, variable_sets
    from auditor.terraform.iam_documents import policy_document, statements
    from auditor.terraform.limits import Limits
    from auditor.terraform.model import TfBackend, TfOutput, TfProvider, TfResource, TfRoot, TfVariable
    from auditor.terraform.plan import load_plan
    from auditor.terraform.root import load_root
    from auditor.terraform.unknowns import TfCall, TfEncoded, TfReference, TfTemplate, identity, references

__all__ = [
    "Limits",
    "TfBackend",
    "TfCall",
    "TfEncoded",
    "TfOutput",
    "TfProvider",
    "TfReference",
    "TfResource",
    "TfRoot",
    "TfTemplate",
    "TfVariable",
    "find_roots",
    "identity",
    "load_plan",
    "load_root",
    "policy_document",
    "references",
    "statements",
    "variable_sets",
]
MODULES = {
    "discover": ("find_roots", "variable_sets"),
    "limits": ("Limits",),
    "model": ("TfBackend", "TfOutput", "TfProvider", "TfResource", "TfRoot", "TfVariable"),
    "plan": ("load_plan",),
    "iam_documents": ("policy_document", "statements"),
    "root": ("load_root",),
    "unknowns": ("TfCall", "TfEncoded", "TfReference", "TfTemplate", "identity", "references"),
}
HOMES = {name: module for module, names in MODULES.items() for name in names}


def __getattr__(name: str) -> object:
    if name not in HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found: object = getattr(import_module(f"{__name__}.{HOMES[name]}"), name)
    globals()[name] = found  # asked once: evaluators ask a hundred thousand times
    return found
