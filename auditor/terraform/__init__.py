"""Static evaluation of Terraform roots, and plans and states from `terraform show -json`.

Nothing is executed and nothing is downloaded: values that only a plan or an apply can tell are
:class:`auditor.unknown.Unknown` leaves that keep their identity (see :mod:`auditor.terraform.unknowns`).
"""

from auditor.terraform.discover import find_roots, variable_sets
from auditor.terraform.limits import Limits
from auditor.terraform.model import TfBackend, TfOutput, TfProvider, TfResource, TfRoot, TfVariable
from auditor.terraform.plan import load_plan
from auditor.terraform.policy_document import policy_document, statements
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
