"""Where ``worker`` begins: one table of commands, each in a module that is imported when it is chosen."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Sequence
from importlib import import_module

COMMANDS = {
    "demo": ("worker.cli.demo", "the whole loop on this machine: no account, no GPU"),
    "run": ("worker.cli.run", "the service: take scans from the queue until told to stop"),
    "predict": ("worker.inference.predict_command", "one scan or a folder of scans, without AWS"),
    "bench": ("worker.inference.bench_command", "compare with nnU-Net's own command on this machine"),
    "redrive": ("worker.cli.redrive", "list the dead-letter queue with explanations; move messages back"),
    "digest": ("worker.cli.digest", "the digest of a model folder, for WORKER_MODEL_SHA256"),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command. 0: done; 1: it failed or a restart is due; 2: usage or settings."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if arguments in (["--version"], ["-V"]):
        from worker import __version__

        print(f"worker {__version__}")
        return 0
    if not arguments or arguments[0] not in COMMANDS:
        return _usage(arguments)
    return _run(arguments[0], arguments[1:])


def _usage(arguments: Sequence[str]) -> int:
    listing = "\n".join(f"  {name:<9}{text}" for name, (_, text) in COMMANDS.items())
    parser = ArgumentParser(
        prog="worker",
        usage="worker COMMAND [options]",
        description="The segmentation worker: S3 → SQS → nnU-Net v2 → S3.",
        epilog=f"commands:\n{listing}\n\n`worker COMMAND --help` explains one; settings are in worker/README.md.",
        formatter_class=RawDescriptionHelpFormatter,
    )
    if not arguments or arguments[0] in ("-h", "--help"):
        parser.print_help()
        return 0
    print(f"worker: no such command: {arguments[0]} (see worker --help)", file=sys.stderr)
    return 2


def _run(name: str, arguments: Sequence[str]) -> int:
    module_name, text = COMMANDS[name]
    try:
        module = import_module(module_name)
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        print(f"worker {name}: {missing} is not installed: pip install 'auditor[worker]'", file=sys.stderr)
        return 2
    parser = ArgumentParser(prog=f"worker {name}", description=text)
    module.add_arguments(parser)
    return int(module.run(parser.parse_args(arguments)))
