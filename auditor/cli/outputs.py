"""The flags that say how to show a report and where to write it, shared by ``check`` and ``report``."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from auditor.report import Report
    from auditor.reporters.interface import RenderOptions

FORMATS = ("terminal", "json", "sarif", "junit", "github", "gitlab", "markdown", "html", "metrics")
NOTE = "--format and --output may be given several times; each --output belongs to the --format before it."


class _Output(argparse.Action):
    """Collects ``--format F`` and ``--output FILE`` in the order given, as ``[format, file]`` pairs."""

    def __call__(self, parser, namespace, values, option_string=None) -> None:  # type: ignore[no-untyped-def]
        pairs: list[list[str]] = getattr(namespace, "outputs", None) or []
        if option_string == "--format":
            pairs.append([values, "-"])
        elif not pairs:
            parser.error("--output FILE comes after the --format it belongs to")
        else:
            pairs[-1][1] = values
        namespace.outputs = pairs


def add_format_flags(parser: argparse.ArgumentParser, formats: Sequence[str]) -> None:
    """Declare ``--format``, ``--output`` and ``--verbose``."""
    add = parser.add_argument
    add("--format", action=_Output, choices=formats, help="how to show the result (default: terminal)")
    add("--output", action=_Output, metavar="FILE", help="where to write it (default: standard output)")
    add("--verbose", action="store_true", help="show every finding in full")


def add_output_flags(parser: argparse.ArgumentParser) -> None:
    """Declare the flags of whatever shows a report."""
    add_format_flags(parser, FORMATS)
    add = parser.add_argument
    add("--sarif-verdicts", choices=("findings", "all"), default="findings", help="what SARIF results hold")
    add(
        "--link-base",
        metavar="URL",
        default=link_base(),
        help="where sources are linked (GitHub Actions: found)",
    )


def outputs_of(options: argparse.Namespace) -> list[list[str]]:
    """``[format, file]`` pairs; the terminal when none was asked for."""
    return getattr(options, "outputs", None) or [["terminal", "-"]]


def link_base() -> str:
    """Where GitHub shows the audited commit, inside its Actions; '' elsewhere."""
    parts = [os.environ.get(name, "") for name in ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_SHA")]
    return "{}/{}/blob/{}".format(*parts) if all(parts) else ""


def _columns() -> int:
    import shutil

    return shutil.get_terminal_size((100, 40)).columns


def write(report: Report, options: argparse.Namespace, *, seconds: float | None = None) -> None:
    """Render each format to its file or to standard output; ``seconds`` is how long the run took."""
    from msgspec.structs import replace

    from auditor.redact import redacted
    from auditor.reporters import render

    report = redacted(report)

    def made(name: str, file: str) -> bytes:
        chosen = shown(options, name, file)
        told = replace(
            chosen,
            hyperlinks=_on_terminal(name, file) and bool(options.link_base),
            sarif_verdicts=options.sarif_verdicts,
            link_base=options.link_base,
            seconds=seconds,
        )
        return render(name, report, told)

    write_each(options, made)


def _on_terminal(name: str, file: str) -> bool:
    return file == "-" and name == "terminal" and sys.stdout.isatty()


def shown(options: argparse.Namespace, name: str, file: str) -> RenderOptions:
    """How one output is drawn: with colours where a person looks at it."""
    from auditor.reporters.interface import RenderOptions

    terminal = _on_terminal(name, file)
    return RenderOptions(
        color=terminal and "NO_COLOR" not in os.environ,
        width=_columns() if terminal else 100,
        verbose=options.verbose,
    )


def write_each(options: argparse.Namespace, made: Callable[[str, str], bytes]) -> None:
    """Write what ``made`` gives for each format and file. UsageError for a file that cannot be written."""
    for name, file in outputs_of(options):
        data = made(name, file)
        try:
            _save(file, data)
        except BrokenPipeError:
            raise
        except OSError as error:
            raise _unwritten(file, error) from error


def _save(file: str, data: bytes) -> None:
    if file == "-":
        sys.stdout.buffer.write(data)
        return
    Path(file).parent.mkdir(parents=True, exist_ok=True)
    Path(file).write_bytes(data)


def _unwritten(file: str, error: OSError) -> Exception:
    from auditor.errors import UsageError

    what = (error.strerror or type(error).__name__).lower()
    if file == "-":
        return UsageError(f"standard output cannot be written: {what}")
    return UsageError(f"--output {file} cannot be written: {what}; name another file")
