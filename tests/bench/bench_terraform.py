"""CPU time of discovery and evaluation of the Terraform roots below a directory.

python tests/bench/bench_terraform.py CHECKOUT [--repeat 5]
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from auditor.terraform import find_roots, load_root, variable_sets
from auditor.unknown import Unknown


def leaves(value: object) -> list[object]:
    if isinstance(value, dict):
        return [leaf for item in value.values() for leaf in leaves(item)]
    if isinstance(value, list):
        return [leaf for item in value for leaf in leaves(item)]
    return [value]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkout", type=Path)
    parser.add_argument("--repeat", type=int, default=5)
    options = parser.parse_args()
    paths = {
        str(path.relative_to(options.checkout)): path.read_bytes()
        for path in sorted(options.checkout.rglob("*"))
        if path.is_file() and ".git" not in path.parts
    }
    terraform = {path: data for path, data in paths.items() if path.endswith((".tf", ".tf.json"))}
    print(f"{len(terraform)} files, {sum(map(len, terraform.values())) / 1024:.0f} KiB")
    for attempt in range(options.repeat):
        start = time.process_time()
        roots = find_roots(paths, paths.__getitem__)
        found = time.process_time()
        loaded = [
            load_root(root, paths, paths.__getitem__, tfvars=files)
            for root in roots
            for _, files in variable_sets(root, paths)
        ]
        done = time.process_time()
        print(f"run {attempt}: find {found - start:.3f} s, load {len(loaded)} targets {done - found:.3f} s")
    values = [leaf for root in loaded for resource in root.resources for leaf in leaves(resource.body)]
    unknown = sum(isinstance(value, Unknown) for value in values)
    instances = sum(len(root.resources) for root in loaded)
    problems = sum(len(root.problems) for root in loaded)
    print(f"{instances} instances, {len(values)} values, {unknown} unknown, {problems} problems")


if __name__ == "__main__":
    main()
