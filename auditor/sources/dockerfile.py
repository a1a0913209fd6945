"""Dockerfiles: instructions by stage, with their places. Nothing is built or resolved."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import takewhile

from msgspec import Struct

_NAME = r"(?i)(?:^|/)(?:Dockerfile|Containerfile)(?:[.-][^/]+)?$|\.(?:dockerfile|containerfile)$"
_OTHER = (".dockerignore", ".md", ".sh", ".py", ".yaml", ".yml", ".json", ".go")
_FLAG = r"--([a-z-]+)(?:=(\S+))?\s+"
_HEREDOC = r"<<-?[\"']?([A-Za-z_][A-Za-z0-9_]*)[\"']?"
_ESCAPE = rb"(?i)\A\s*#\s*escape\s*=\s*`"


class Instruction(Struct, frozen=True):
    """One instruction: upper-case name, value without flags, continuation lines joined; byte offsets."""

    name: str
    value: str
    flags: dict[str, str]
    start: int
    end: int


def is_dockerfile(path: str) -> bool:
    """Whether a file is a Dockerfile by its name."""
    return not path.endswith(_OTHER) and re.search(_NAME, path) is not None


def stages(data: bytes) -> list[list[Instruction]]:
    """Instructions by stage, each beginning with its FROM; ARGs before the first FROM are in no stage."""
    found: list[list[Instruction]] = []
    for instruction in instructions(data):
        if instruction.name == "FROM":
            found.append([instruction])
        elif found:
            found[-1].append(instruction)
    return found


def preamble(data: bytes) -> list[Instruction]:
    """The ARGs before the first FROM: what base images may be named by."""
    return list(takewhile(lambda each: each.name != "FROM", instructions(data)))


def instructions(data: bytes) -> Iterator[Instruction]:
    """Every instruction of a Dockerfile; comments and blank lines are left out."""
    escape = b"`" if re.match(_ESCAPE, data) else b"\\"
    lines = list(_lines(data))
    number = 0
    while number < len(lines):
        start, line = lines[number]
        number += 1
        if not line.strip() or line.lstrip().startswith(b"#"):
            continue
        text, number, end = _joined(lines, number, start, line, escape)
        name, rest = [*text.split(maxsplit=1), ""][:2]
        for match in re.finditer(_HEREDOC, rest):
            number, end, rest = _heredoc(lines, number, end, rest, match.group(1))
        flags, value = _flags(rest.strip())
        yield Instruction(name.upper(), value, flags, start, end)


def _lines(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    for line in data.split(b"\n"):
        yield at, line.rstrip(b"\r")
        at += len(line) + 1


def _joined(
    lines: list[tuple[int, bytes]], number: int, start: int, line: bytes, escape: bytes
) -> tuple[str, int, int]:
    """The instruction with its continuation lines, the next line's number, and the end offset."""
    parts, end = [line], start + len(line)
    while parts[-1].rstrip().endswith(escape) and number < len(lines):
        parts[-1] = parts[-1].rstrip()[:-1]
        at, following = lines[number]
        number += 1
        if following.lstrip().startswith(b"#") or not following.strip():
            parts.append(escape)
            continue
        parts.append(following)
        end = at + len(following)
    text = b" ".join(part.strip() for part in parts if part != escape and part.strip())
    return text.decode("utf-8", "replace"), number, end


def _heredoc(
    lines: list[tuple[int, bytes]], number: int, end: int, rest: str, word: str
) -> tuple[int, int, str]:
    body = []
    while number < len(lines):
        at, line = lines[number]
        number += 1
        end = at + len(line)
        text = line.decode("utf-8", "replace")
        if text.strip() == word:
            break
        body.append(text)
    return number, end, "\n".join([rest, *body])


def _flags(rest: str) -> tuple[dict[str, str], str]:
    flags: dict[str, str] = {}
    while True:
        match = re.match(_FLAG, rest)
        if match is None:
            return flags, rest
        flags[match.group(1)] = match.group(2) or "true"
        rest = rest[match.end() :]
