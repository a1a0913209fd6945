"""Random Terraform files and random edits: the values become what was asked, and no other line moves."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

import pytest

from auditor.terraform import load_root
from auditor.terraform.edits import CannotEdit, append_item, remove, set_value
from auditor.terraform.places import Places

NAMES = ("name", "type", "enabled", "a_longer_argument", "size", "kms_key_id", "tags2")
STRINGS = ("", "x", "nvidia.com/gpu", 'say "x"', "a\\b", "${x}", "%{if}", "two\nlines", "é😀", "# no", "a{b}")


class Writer:
    """Writes a block in a random but valid layout, with numbered comments."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.newline = chance.choice(("\n", "\n", "\n", "\r\n"))
        self.aligned = chance.random() < 0.7
        self.comments = 0

    def remark(self, indent: str) -> list[str]:
        if self.chance.random() > 0.25:
            return []
        self.comments += 1
        return [f"{indent}{self.chance.choice(('#', '//'))} remark {self.comments}"]

    def value(self, depth: int = 0) -> tuple[Any, str]:
        kind = self.chance.randrange(6 if depth < 2 else 3)
        if kind == 0:
            text = self.chance.choice(("x", "plain text", "a#b", "é"))
            return text, f'"{text}"'
        if kind == 1:
            number = self.chance.randrange(100)
            return number, str(number)
        if kind == 2:
            flag = self.chance.random() < 0.5
            return flag, str(flag).lower()
        if kind in (3, 4):
            items = [self.value(depth + 1) for _ in range(self.chance.randrange(3))]
            return [item for item, _ in items], "[" + ", ".join(text for _, text in items) + "]"
        keys = self.chance.sample(("a", "b", "c.d"), self.chance.randrange(3))
        pairs = {key: self.value(depth + 1) for key in keys}
        inside = ", ".join(f'"{key}" = {text}' for key, (_, text) in pairs.items())
        return {key: value for key, (value, _) in pairs.items()}, "{ " + inside + " }" if pairs else "{}"

    def body(self, indent: str, depth: int) -> tuple[dict[str, Any], list[str]]:
        values: dict[str, Any] = {}
        lines: list[str] = []
        names = self.chance.sample(NAMES, self.chance.randrange(len(NAMES)))
        width = max(map(len, names), default=0) if self.aligned else 0
        for name in names:
            values[name], text = self.value()
            lines += self.remark(indent)
            tail = self.remark(" ") if self.chance.random() < 0.3 else []
            lines.append(f"{indent}{name.ljust(width)} = {text}{''.join(tail)}")
            if self.chance.random() < 0.15:
                lines.append("")
        for kind in self.chance.sample(("rule", "config"), self.chance.randrange(3) if depth < 2 else 0):
            values[kind] = []
            for _ in range(self.chance.randrange(1, 3)):
                inner, inside = self.body(indent + "  ", depth + 1)
                values[kind].append(inner)
                lines += ["", *self.remark(indent), f"{indent}{kind} {{", *inside, f"{indent}}}"]
        return values, lines


def places(values: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Every path of a body."""
    found = [path] if path else []
    items = (
        values.items() if isinstance(values, dict) else enumerate(values) if isinstance(values, list) else ()
    )
    for key, value in items:
        found += places(value, (*path, key))
    return found


def at(values: Any, path: tuple[str | int, ...]) -> Any:
    for step in path:
        values = values[step]
    return values


@pytest.mark.parametrize("seed", range(40))
def test_random_edits_change_what_was_asked_and_no_other_line(seed: int) -> None:
    made = Counter[str]()
    for number in range(12):
        chance = random.Random(seed * 1000 + number)
        writer = Writer(chance)
        values, lines = writer.body("  ", 0)
        before = ['resource "a_b" "first" {', *lines, "}", "", 'variable "v" {}', ""]
        data = writer.newline.join(before).encode()
        made[one_edit(chance, data, values)] += 1
    assert made["set"] + made["new"] + made["append"] + made["remove"] >= 8, made


def body_of(data: bytes) -> tuple[Any, Places]:
    root = load_root("", ["main.tf"], {"main.tf": data}.__getitem__)
    assert not root.problems, (root.problems, data.decode())
    block = root.resource("a_b.first")
    assert block is not None and isinstance(block.locator, Places)
    return block.body, block.locator


def one_edit(chance: random.Random, data: bytes, values: dict[str, Any]) -> str:
    """Make one random edit and prove it; the name of what was done."""
    body, locator = body_of(data)
    assert body == values
    kind, path, value = choose(chance, values)
    try:
        if kind == "append":
            edit = append_item(locator, path, value)
        else:
            edit = remove(locator, path) if kind == "remove" else set_value(locator, path, value)
    except CannotEdit:
        return "refused"
    after = data[: edit.start] + edit.text + data[edit.end :]
    wanted = intended(values, kind, path, value)
    assert body_of(after)[0] == wanted, (kind, path, value, after.decode())
    kept = Counter(data.splitlines())
    kept.subtract(after.splitlines())
    gone = [line for line, count in kept.items() if count > 0 and line.strip()]
    if kind in ("new", "append"):
        assert len(gone) <= 1, (kind, path, gone)
    if kind != "remove":
        assert data.count(b"remark") == after.count(b"remark")
    assert (b"\r\n" in after) == (b"\r\n" in data)
    return kind


def choose(chance: random.Random, values: dict[str, Any]) -> tuple[str, tuple[str | int, ...], Any]:
    """What to do: replace, add, append or remove."""
    value = chance.choice((*STRINGS, True, 7, ["a", "b"], {"k": "v", "x/y": 1}))
    paths = places(values)
    blocks = [path for path in paths if path[-2:-1] in (("rule",), ("config",)) and isinstance(path[-1], int)]
    kind = chance.choice(("set", "new", "append", "remove"))
    leaves = [path for path in paths if not isinstance(at(values, path), list | dict) and not in_list(path)]
    if kind == "set" and leaves:
        return kind, chance.choice(leaves), value
    if kind == "append":
        base = chance.choice([(), *blocks])
        return kind, (*base, "rule"), {"name": "new", "size": 3}
    owners: list[tuple[str | int, ...]] = [(), *blocks]
    if kind == "remove":
        named = [(*base, name) for base in owners for name in at(values, base) if name in NAMES]
        if named:
            return kind, chance.choice(named), None
    base = chance.choice(owners)
    free = [name for name in (*NAMES, "quite_new") if name not in at(values, base)]
    return "new", (*base, chance.choice(free)), value


def in_list(path: tuple[str | int, ...]) -> bool:
    """Whether a path leads into a list of values."""
    return any(
        isinstance(step, int) and path[index - 1] not in ("rule", "config") for index, step in enumerate(path)
    )


def intended(values: dict[str, Any], kind: str, path: tuple[str | int, ...], value: Any) -> dict[str, Any]:
    """The body that the edit should give."""
    import copy

    wanted = copy.deepcopy(values)
    owner = at(wanted, path[:-1])
    if kind == "remove":
        del owner[path[-1]]
    elif kind == "append":
        owner.setdefault(path[-1], []).append(value)
    else:
        owner[path[-1]] = value
    return wanted
