"""Running Terraform on a copy of ``platform/terraform``: with the provider that is at hand, and against moto."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

SOURCE = Path(__file__).parents[2] / "platform" / "terraform"
MIRRORED = "registry.terraform.io/hashicorp/aws"
IMPLIED = ("~/.terraform.d/plugins", "~/.local/share/terraform/plugins", "/usr/local/share/terraform/plugins")
"""Where Terraform looks by itself."""
PLACES = ("/opt", "/usr/local", "/srv", "~")
"""Where a mirror for this machine may lie otherwise."""


class TerraformError(AssertionError):
    """A command failed; the text is what it printed."""


def binary() -> str:
    """Terraform of this machine."""
    found = shutil.which("terraform")
    if found is None:
        raise TerraformError("there is no terraform: `python -m tools.install` says how to get it")
    return found


def mirror() -> Path | None:
    """A folder that holds provider aws 5.x in Terraform's mirror layout; None where it is to be downloaded."""
    stated = os.environ.get("TF_PLUGIN_MIRROR")
    if stated:
        return Path(stated)
    if any((Path(each).expanduser() / MIRRORED).is_dir() for each in IMPLIED):
        return None
    for place in PLACES:
        for found in _below(Path(place).expanduser()):
            if any((found / MIRRORED).glob("5.*/*/terraform-provider-aws_v5*")):
                return found
    return None


def _below(place: Path) -> Iterator[Path]:
    """The folders in ``place``; none where it cannot be read."""
    try:
        yield from (each for each in sorted(place.iterdir()) if each.is_dir())
    except OSError:
        return


def cli_config(folder: Path) -> Path:
    """Write Terraform's own configuration for this run."""
    lines = ["disable_checkpoint = true"]
    found = mirror()
    if found is not None:
        lines += ["provider_installation {", f'  filesystem_mirror {{ path = "{found}" }}', "}"]
    target = folder / "terraform.rc"
    target.write_text("\n".join(lines) + "\n")
    return target


class Terraform:
    """Commands in one root of the copy; ``environment`` is added to the process's own."""

    def __init__(self, root: Path, environment: Mapping[str, str]) -> None:
        self.root = root
        self.environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith(("TF_", "AWS_"))},
            "TF_IN_AUTOMATION": "1",
            "TF_INPUT": "0",
            **environment,
        }

    def run(self, *arguments: str, expect: tuple[int, ...] = (0,), timeout: float = 900) -> tuple[int, str]:
        """Exit code and output; TerraformError for a code that was not expected."""
        done = subprocess.run(
            [binary(), *arguments, *(("-no-color",) if arguments[0] != "fmt" else ())],
            cwd=self.root,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=timeout,
            check=False,
        )
        if done.returncode not in expect:
            raise TerraformError(
                f"terraform {' '.join(arguments)} in {self.root.name}:\n{done.stdout[-6000:]}"
            )
        return done.returncode, done.stdout

    def json(self, *arguments: str) -> Any:
        """What a command with -json prints, parsed."""
        shown = self.run(*arguments)[1]
        return json.loads(shown[shown.index("{") :])


def copy_to(folder: Path) -> Path:
    """A copy of the sources, so that init writes nothing beside them."""
    target = folder / "terraform"
    shutil.copytree(SOURCE, target, ignore=shutil.ignore_patterns(".terraform", "*.tfstate*"))
    return target
