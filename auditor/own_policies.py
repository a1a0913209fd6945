"""The user's own policies: read by the loader of the built-in ones, and proved to compile before they run."""

from __future__ import annotations

from pathlib import Path

from auditor.catalog import PolicyError, load_folder
from auditor.compiled import CompiledPolicy, PolicyBroken
from auditor.errors import UsageError
from auditor.paths import PathSyntaxError
from auditor.policy import Policy
from auditor.spans import Problem

EXPRESSIONS = ("assert", "when", "each", "message", "at_expr", "related", "cost")


def load_own(folder: Path, *, inside: Path | None = None) -> list[Policy]:
    """Every policy in a folder.

    ``inside`` is the tree that no file of the folder may lead out of. Raises UsageError for a folder that is
    none, PolicyError for a policy that cannot be used.
    """
    if not folder.is_dir():
        raise UsageError(f"{folder}: no such folder of policies")
    if inside is not None:
        for path in (folder, *folder.rglob("policy.yaml")):
            if not path.resolve().is_relative_to(inside.resolve()):
                raise UsageError(f"{path}: a link that leads out of the audited tree")
    policies = load_folder(folder)
    if not policies:
        raise UsageError(f"{folder}: holds no policy; each is a folder with a policy.yaml")
    for policy in policies:
        _check_compiles(policy, folder)
    return policies


def _check_compiles(policy: Policy, folder: Path) -> None:
    file = str(folder / policy.id / "policy.yaml")
    try:
        compiled = CompiledPolicy(policy)
        for name in EXPRESSIONS:
            if getattr(policy, "assert_" if name == "assert" else name):
                compiled.program(name)
    except (PolicyBroken, PathSyntaxError) as error:
        raise PolicyError(Problem(file, 1, 1, str(error), "correct the expression")) from error
    except KeyError as error:
        what = f"match.view names no view: {error.args[0]!r}"
        raise PolicyError(Problem(file, 1, 1, what, "see docs/policies.md for the views")) from error
