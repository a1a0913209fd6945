"""What a renderer may use, and what it cannot reach."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from auditor.sources.sandbox import Limits, RenderFailed, complaint, environment, find_tool, run, scratch


def python(code: str, limits: Limits) -> bytes:
    with scratch({"a/b.txt": b"text"}) as root:
        return run((sys.executable, "-c", code), root, environment(root), limits)


def test_it_sees_its_input_and_nothing_of_the_callers_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hidden")
    code = "import os; print(open('a/b.txt').read(), 'AWS_SECRET_ACCESS_KEY' in os.environ, os.environ['HTTPS_PROXY'])"
    assert python(code, Limits()) == b"text False http://127.0.0.1:9\n"


def test_a_renderer_that_does_not_end_is_stopped_with_its_children() -> None:
    with pytest.raises(RenderFailed, match="longer than 1 s"):
        python("import subprocess; subprocess.run(['/bin/sleep', '60'])", Limits(seconds=1))


@pytest.mark.parametrize("size", [3 * 1024 * 1024, 64 * 1024 * 1024])
def test_output_is_capped(size: int) -> None:
    with pytest.raises(RenderFailed, match="more than 1 MiB"):
        python(f"print('x' * {size})", Limits(output_bytes=1024 * 1024))


def test_memory_is_capped() -> None:
    with pytest.raises(RenderFailed, match="MemoryError"):
        python("x = bytearray(2 << 30)", Limits(memory_bytes=1 << 30))


def test_scratch_is_gone_afterwards() -> None:
    with scratch({"a": b""}) as root:
        assert (root / "tree/a").exists()
    assert not root.exists()


def test_complaints_lose_warnings_prefixes_and_scratch_paths() -> None:
    said = (
        "# Warning: 'bases' is deprecated.\nE1121 10:58:44.546691   19700 run.go:72] \"command failed\" err=<\n"
        "\taccumulating resources: /tmp/auditor-x/tree/base: gone\n >\n"
    )
    assert complaint(said, Path("/tmp/auditor-x")) == "accumulating resources: base: gone"


def test_programs_are_not_looked_for_in_relative_folders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "kubectl").write_text("#!/bin/sh\n")
    (tmp_path / "kubectl").chmod(0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", f".:{tmp_path / 'none'}")
    assert find_tool("kubectl") is None
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_tool("kubectl") == str(tmp_path / "kubectl")
