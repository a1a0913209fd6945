"""``auditor explain``: a policy in words."""

from __future__ import annotations

import argparse


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.epilog = (
        "examples:\n  auditor explain GPU-001\n  auditor explain CKV_K8S_16   (a peer's rule id)\n"
    )
    parser.add_argument("id", nargs="+", metavar="ID", help="our code or id, an alias, or a peer's rule id")


def run(options: argparse.Namespace) -> int:
    """Print every policy that the names mean."""
    from auditor.catalog import builtin_folder, find, load_builtin
    from auditor.errors import UsageError
    from auditor.explain import explain

    policies = load_builtin()
    texts = []
    for name in options.id:
        found = find(policies, name)
        if not found:
            raise UsageError(f"no policy is called {name!r}; `auditor policy list` shows them all")
        texts += [explain(policy, builtin_folder(), asked=name) for policy in found]
    print("\n\n".join(texts))
    return 0
