"""Ways to spoil real files, as an attacker or a tired person would."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
Files = dict[str, bytes]
"""A small tree: relative path → bytes."""
Mutator = Callable[[Files, Random], None]

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
SUFFIXES = (".yaml", ".yml", ".json", ".tf", ".tfvars", ".toml", "Dockerfile")
KEYS = {
    b"@ACCESS_KEY_ID@": b"AKIA" + b"Q3EGT7WZ5XN2KLMV",
    b"@SECRET_ACCESS_KEY@": b"h7Kq2Zr9/Tn4Vb8Wc1Yd" * 2,
}
WRONG: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    -1,
    1.5,
    10**30,
    -(10**400),
    1e308,
    float("inf"),
    float("nan"),
    "",
    "x",
    "1e999999",
    "9" * 400,
    "-5Gi",
    "1.2.3.4",
    "${var.nothing}",
    "{{ .Values.nothing }}",
    "\u0000\u001b[31m\u202e",
    "::error::forged",
    "| <b>`x` @team #1 |",
    "é" * 300,
    "a\nb\r\nc",
    [],
    [None],
    [1, "two", {"three": 3}],
    [[[]]],
    {},
    {"": ""},
    {"a": None},
    {"name": {"name": []}},
    [{"name": 1}, {"name": 1}],
    [{"key": "nvidia.com/gpu"}, "x", 7],
    {"nvidia.com/gpu": {"count": []}},
)
HCL_WRONG = (
    b"null",
    b"true",
    b"-1",
    b"1e400",
    b'""',
    b"[]",
    b"{}",
    b"[null, 1, {}]",
    b"var.nothing",
    b"local.nothing[9].x",
    b'jsondecode("{")',
    b'file("../../../../etc/passwd")',
    b"[for x in var.nothing : x]",
    b'"${"',
    b"<<EOT",
    b"{ a = { b = [1] } }",
    b"9" * 400,
)
BYTES = (
    b"\x00",
    b"\xff",
    b"\t",
    b"\r",
    b"\xe2\x80\xa8",
    b"\xef\xbb\xbf",
    b"\x1b[2J",
    b"'",
    b'"',
    b"{",
    b"[",
    b"&a ",
    b"*a ",
    b"!!binary ",
    b"? ",
    b"<<: ",
    b"%",
    b"---\n",
    b"...\n",
    b"|\n",
    b"#",
)
KEY_NAMES: tuple[Any, ...] = (
    "",
    "x",
    "Spec",
    "name",
    "kind",
    "<<",
    1,
    None,
    True,
    "\u0007",
    "a.b/c",
    "é",
    "on",
)


def samples() -> list[tuple[str, Files]]:
    """Every example of every policy, the scenarios, and the documented example, sorted."""
    found = [
        _sample(path) for path in sorted((ROOT / "policies").glob("*/*/*")) if path.stem in ("bad", "good")
    ]
    found += [_sample(path) for path in sorted((ROOT / "tests" / "scenarios").iterdir()) if path.is_dir()]
    found.append(_sample(ROOT / "docs" / "example"))
    return [sample for sample in found if sample[1]]


def _sample(path: Path) -> tuple[str, Files]:
    files = sorted(each for each in path.rglob("*") if each.is_file()) if path.is_dir() else [path]
    base = path if path.is_dir() else path.parent
    kept = [each for each in files if each.name.endswith(SUFFIXES)]
    read = {each.relative_to(base).as_posix(): _with_keys(each.read_bytes()) for each in kept}
    return path.relative_to(ROOT).as_posix(), read


def _with_keys(data: bytes) -> bytes:
    for word, key in KEYS.items():
        data = data.replace(word, key)
    return data


def mutate(files: Files, names: list[str], seed: int) -> Files:
    """The tree after these mutators, each at a place that the seed chooses."""
    spoiled, random = dict(files), Random(seed)
    for name in names:
        MUTATORS[name](spoiled, random)
    return spoiled


def _pick(files: Files, random: Random, *suffixes: str) -> str | None:
    names = sorted(name for name in files if not suffixes or name.endswith(suffixes))
    return random.choice(names) if names else None


def _on_bytes(change: Callable[[bytes, Random], bytes]) -> Mutator:
    def mutator(files: Files, random: Random) -> None:
        name = _pick(files, random)
        if name is not None:
            files[name] = change(files[name], random)

    return mutator


def _on_lines(change: Callable[[list[bytes], Random], None]) -> Mutator:
    def on_bytes(data: bytes, random: Random) -> bytes:
        lines = data.split(b"\n")
        change(lines, random)
        return b"\n".join(lines)

    return _on_bytes(on_bytes)


def _flip(data: bytes, random: Random) -> bytes:
    if not data:
        return b"\x80"
    at = random.randrange(len(data))
    return data[:at] + bytes([data[at] ^ (1 << random.randrange(8))]) + data[at + 1 :]


def _insert(data: bytes, random: Random) -> bytes:
    at = random.randint(0, len(data))
    return data[:at] + random.choice(BYTES) + data[at:]


def _truncate(data: bytes, random: Random) -> bytes:
    return data[: random.randint(0, len(data))]


def _recode(data: bytes, random: Random) -> bytes:
    text = data.decode("utf-8", "replace")
    return text.encode(
        random.choice(("utf-16", "utf-16-le", "utf-32", "latin-1", "cp1252", "utf-8-sig")), "replace"
    )


def _double_document(data: bytes, random: Random) -> bytes:
    return data + random.choice((b"\n---\n", b"\n--- ", b"\n...\n", b"\n")) + data


def _delete_line(lines: list[bytes], random: Random) -> None:
    del lines[random.randrange(len(lines))]


def _repeat_line(lines: list[bytes], random: Random) -> None:
    at = random.randrange(len(lines))
    lines[at:at] = [lines[at]] * random.choice((1, 2, 50))


def _swap_lines(lines: list[bytes], random: Random) -> None:
    one, other = random.randrange(len(lines)), random.randrange(len(lines))
    lines[one], lines[other] = lines[other], lines[one]


def _indent(lines: list[bytes], random: Random) -> None:
    at = random.randrange(len(lines))
    lines[at] = random.choice((b" ", b"  ", b"\t", b"    ")) + lines[at]


def _dedent(lines: list[bytes], random: Random) -> None:
    at = random.randrange(len(lines))
    lines[at] = lines[at][random.choice((1, 2, 4)) :]


def _assign_text(lines: list[bytes], random: Random) -> None:
    """``key: value`` or ``key = value`` gets another value, as text."""
    hits = [n for n, line in enumerate(lines) if re.match(rb"\s*(?:- )?[\w./\"-]+\s*[:=]\s*\S", line)]
    if hits:
        at = random.choice(hits)
        head = re.match(rb"\s*(?:- )?[\w./\"-]+\s*[:=]\s*", lines[at])
        assert head is not None
        lines[at] = head.group() + random.choice(HCL_WRONG)


def _drop_file(files: Files, random: Random) -> None:
    name = _pick(files, random)
    if name is not None and len(files) > 1:
        del files[name]


def _rename_file(files: Files, random: Random) -> None:
    name = _pick(files, random)
    if name is not None:
        new = random.choice(
            (
                "kustomization.yaml",
                "Chart.yaml",
                "values.yaml",
                "x.json",
                "terraform.tfvars",
                "plan.json",
                "a b\n::error::.yaml",
                "é.yml",
                "Dockerfile",
                "auditor-waivers.yaml",
            )
        )
        files[new] = files.pop(name)


def _mix_files(files: Files, random: Random) -> None:
    one, other = _pick(files, random), _pick(files, random)
    if one is not None and other is not None:
        files[one] += b"\n" + files[other][: random.randint(0, len(files[other]))]


def _nodes(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every ``(container, key or index)`` below a value."""
    places = (
        list(value.items())
        if isinstance(value, dict)
        else list(enumerate(value))
        if isinstance(value, list)
        else []
    )
    for key, inner in places:
        yield value, key
        yield from _nodes(inner)


def _on_values(change: Callable[[Any, Any, Random], None]) -> Mutator:
    """Change one node of the parsed documents; a file that does not parse gets a flipped bit instead."""

    def mutator(files: Files, random: Random) -> None:
        name = _pick(files, random, ".yaml", ".yml", ".json")
        if name is None:
            return
        try:
            documents = list(yaml.load_all(files[name], LOADER))
            places = list(_nodes(documents))
            if places:
                change(*random.choice(places), random)
            files[name] = yaml.safe_dump_all(documents, sort_keys=False, allow_unicode=True).encode(
                "utf-8", "replace"
            )
        except (yaml.YAMLError, ValueError, RecursionError, TypeError, AttributeError):
            files[name] = _flip(files[name], random)

    return mutator


def _replace(container: Any, key: Any, random: Random) -> None:
    container[key] = random.choice(WRONG)


def _rename(container: Any, key: Any, random: Random) -> None:
    if isinstance(container, dict):
        container[random.choice(KEY_NAMES)] = container.pop(key)
    else:
        container.append(container[key])


def _remove(container: Any, key: Any, random: Random) -> None:
    del container[key]


def _nest(container: Any, key: Any, random: Random) -> None:
    value = container[key]
    for _ in range(random.choice((1, 3, 200))):
        value = random.choice(([value], {"a": value}))
    container[key] = value


def _in_list(container: Any, key: Any, random: Random) -> None:
    value = container[key]
    container[key] = value[0] if isinstance(value, list) and value else [value] * random.choice((1, 2, 40))


MUTATORS: dict[str, Mutator] = {
    "assign": _on_lines(_assign_text),
    "dedent": _on_lines(_dedent),
    "delete-line": _on_lines(_delete_line),
    "double-document": _on_bytes(_double_document),
    "drop-file": _drop_file,
    "flip": _on_bytes(_flip),
    "in-list": _on_values(_in_list),
    "indent": _on_lines(_indent),
    "insert": _on_bytes(_insert),
    "mix-files": _mix_files,
    "nest": _on_values(_nest),
    "recode": _on_bytes(_recode),
    "remove-key": _on_values(_remove),
    "rename-file": _rename_file,
    "rename-key": _on_values(_rename),
    "repeat-line": _on_lines(_repeat_line),
    "swap-lines": _on_lines(_swap_lines),
    "truncate": _on_bytes(_truncate),
    "wrong-type": _on_values(_replace),
}
