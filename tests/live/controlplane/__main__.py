"""``python -m tests.live.controlplane build [NAME…]``: build what is missing and say what each took.

``python -m tests.live.controlplane run``: a control plane to try things on, until Ctrl-C.
"""

from __future__ import annotations

import argparse
import signal

from tests.live.controlplane import build
from tests.live.controlplane.cluster import Cluster


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="tests.live.controlplane", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    building = commands.add_parser("build", help="build the programs that are missing")
    building.add_argument("names", nargs="*", metavar="NAME")
    commands.add_parser("run", help="run a control plane until Ctrl-C")
    arguments = parser.parse_args()
    return run() if arguments.command == "run" else report(arguments.names or list(build.PACKAGES))


def report(names: list[str]) -> int:
    """Build the modules and print each one's share, as it was when it was built."""
    records = [build.record_of(name) for name in names]
    for record in records:
        print(f"{record.module:12} {build.summary(record)}")
    print(f"{'in all':12} {sum(record.cpu_s for record in records):.0f} s of CPU")
    return 0


def run() -> int:
    """A control plane with a node, for trying things by hand."""
    with Cluster() as cluster:
        cluster.add_node("node-0")
        print(f"export KUBECONFIG={cluster.kubeconfig}\n{cluster.resident_mib()} MiB", flush=True)
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            signal.pause()
        except KeyboardInterrupt:
            return 0
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
