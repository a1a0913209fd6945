"""AWS keys in any text, and Dockerfiles. Keys are put together here so that none stands in this repository."""

from __future__ import annotations

from base64 import b64encode
from datetime import UTC, datetime
from pathlib import Path

import pytest

from auditor.audit import audit
from auditor.options import Settings
from auditor.redact import redacted
from auditor.report import encode
from auditor.secrets import find_keys, masked
from auditor.sources.dockerfile import is_dockerfile, stages
from auditor.sources.git import GitSource
from auditor.sources.texts import dockerfile_resource
from auditor.sources.tree import Tree

KEY = "AKIA" + "Q3EGT7WZ5XN2KLMV"
SECRET = "h7Kq2Zr9/Tn4" + "Vb8Wc1Yd6+Xe3Ua5Rf0Sg7Pj"


def test_finds_ids_secrets_and_base64() -> None:
    encoded = b64encode(KEY.encode()).decode()
    text = f"id: {KEY}\naws_secret_access_key = {SECRET[:40].ljust(40, 'q')}\ndata: {encoded}\n".encode()
    kinds = [key.kind for key in find_keys(text)]
    assert kinds == ["access key id", "secret access key", "base64 of an access key id"]


@pytest.mark.parametrize(
    "text",
    [
        "AKIAIOSFODNN7EXAMPLE",
        "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        "AKIAXXXXXXXXXXXXXXXX",
        "xAKIAQ3EGT7WZ5XN2KLMV",
        "secret_key: " + "a" * 40,
        "secret_access_key: da39a3ee5e6b4b0d3255bfef95601890afd80709",
    ],
)
def test_documentation_keys_placeholders_and_digests_are_no_findings(text: str) -> None:
    assert find_keys(text.encode()) == []


def test_a_secret_on_the_line_below_its_name_is_found() -> None:
    text = f"- name: AWS_SECRET_ACCESS_KEY\n  value: {SECRET[:40].ljust(40, 'q')}\n"
    assert [key.kind for key in find_keys(text.encode())] == ["secret access key"]


def test_masking_hides_the_key() -> None:
    text = f"key={KEY} secret_access_key={SECRET[:40].ljust(40, 'q')}"
    shown = masked(text.encode()).decode()
    assert KEY not in shown
    assert SECRET[:40] not in shown
    assert "AKIA****************" in shown
    assert len(shown) == len(text)


def test_a_file_with_a_key_is_a_finding_at_its_line(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text(f"first\nexport AWS_ACCESS_KEY_ID={KEY}\n")
    (target,) = GitSource(Tree(tmp_path)).collect().targets
    (resource,) = target.resources
    place = resource.origin.locate(("keys", 0))
    assert (place.file, place.span.line, place.span.column) == ("notes.txt", 2, 26)  # type: ignore[union-attr]


def test_no_report_repeats_a_key(tmp_path: Path) -> None:
    secret = SECRET[:40].ljust(40, "q")
    (tmp_path / "pod.yaml").write_text(
        "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n  - name: a\n    env:\n"
        f"    - name: AWS_SECRET_ACCESS_KEY\n      value: {secret}\n    - name: AWS_ACCESS_KEY_ID\n      value: {KEY}\n"
    )
    run = audit(
        GitSource(Tree(tmp_path)).collect(), Settings(), scope="x", now=datetime(2026, 11, 21, tzinfo=UTC)
    )
    text = encode(redacted(run.report)).decode()
    assert {"IAM-001", "IAM-002"} <= {row.policy for row in run.report.findings}
    assert KEY not in text
    assert secret not in text


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Dockerfile", True),
        ("a/Dockerfile.gpu", True),
        ("x.dockerfile", True),
        ("Containerfile", True),
        ("Dockerfile.dockerignore", False),
        ("Dockerfiles/readme.md", False),
        ("mydockerfile", False),
    ],
)
def test_dockerfiles_by_name(name: str, expected: bool) -> None:
    assert is_dockerfile(name) is expected


def test_stages_flags_continuations_comments_and_heredocs() -> None:
    text = (
        "# syntax=docker/dockerfile:1\nARG V=1\nFROM --platform=linux/amd64 python:3.12 AS build\n"
        "RUN a \\\n  # why\n  && b\nRUN <<EOF\npip install x\nEOF\nFROM scratch\nCOPY --from=build /a /b\nUSER 1000\n"
    )
    build, final = stages(text.encode())
    assert [i.name for i in build] == ["FROM", "RUN", "RUN"]
    assert build[0].flags == {"platform": "linux/amd64"}
    assert build[1].value == "a && b"
    assert "pip install x" in build[2].value
    assert [(i.name, i.value) for i in final[1:]] == [("COPY", "/a /b"), ("USER", "1000")]
    resource = dockerfile_resource("Dockerfile", text.encode())
    assert resource.body["stages"][0]["name"] == "build"
    assert resource.origin.locate(("stages", 1, "instructions", 1)).span.line == 11  # type: ignore[union-attr]
