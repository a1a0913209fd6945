"""Random documents and random edits: the values become what was asked, and nothing else moves."""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from typing import Any

import pytest

from auditor.yamlio import SourceMap, load_stream
from auditor.yamlio.edits import CannotEdit, append_item, apply, remove, set_value

Path = tuple[str | int, ...]

WORDS = ("yes", "null", "on", "true")
KEYS = (
    "name", "image", "spec", "on", "a b", "x/y", "nvidia.com/gpu", "0", "l-1", "true", "é", "k:",
    "#h", "",
)  # fmt: skip
STRINGS = (
    "", "x", "yes", "0644", "1e3", "null", "~", "it's", 'say "x"', "a: b", "a #b", "- a", "x:",
    " lead", "end ", "nvidia.com/gpu", "16Gi", "100m", "2024-01-01", "1:30", "=", "<<", "*a", "&a",
    "!t", "{{ x }}", "[x]", "%x", "@x", "`x`", "|", ">", "é", "\u2028", "\ufeff", "two\nlines\n",
    "tab\there", "back\\slash", "\x7f", "a,b", "0o17", "0x1F", "1_000", "+1", ".5", "...", "---",
    "# no", "😀", "word " * 40,
)  # fmt: skip


class Writer:
    """Writes a body as YAML text in a random but consistent layout, with numbered comments."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.step = chance.choice((2, 2, 4))
        self.dash = chance.choice((0, 2))
        self.newline = chance.choice(("\n", "\n", "\r\n"))
        self.comments = 0

    def text(self, body: Any) -> str:
        lines = [*self.remark(0), *self.block(body, 0), *self.remark(0)]
        if self.chance.random() < 0.2:
            lines.insert(0, "---")
        in_literal = lines[-1].endswith("lines")
        end = "" if self.chance.random() < 0.2 and not in_literal else self.newline
        return self.newline.join(lines) + end

    def remark(self, column: int) -> list[str]:
        if self.chance.random() < 0.15:
            return [" " * column + self.comment()]
        return [""] if self.chance.random() < 0.05 else []

    def comment(self) -> str:
        self.comments += 1
        return f"# comment {self.comments} 'x' \"y\" a: [b"

    def tail(self) -> str:
        chosen = self.chance.random()
        return f"  {self.comment()}" if chosen < 0.15 else "\t" if chosen < 0.18 else ""

    def scalar(self, value: Any, *, flow: bool = False) -> str:
        if value is None:
            return self.chance.choice(("null", "~") if flow else ("null", "~", ""))
        if not isinstance(value, str):
            return json.dumps(value)
        plain = re.fullmatch(r"[A-Za-z/][A-Za-z0-9/.-]*", value) and value not in (
            "yes",
            "null",
            "on",
            "true",
        )
        if plain and self.chance.random() < 0.7:
            return value
        if "\n" not in value and value.isprintable() and self.chance.random() < 0.5:
            return "'" + value.replace("'", "''") + "'"
        return json.dumps(value, ensure_ascii=max(value, default="") < "\U00010000")

    def flow(self, value: Any) -> str:
        if isinstance(value, dict):
            pairs = (f"{self.scalar(key, flow=True)}: {self.flow(item)}" for key, item in value.items())
            return "{" + ", ".join(pairs) + "}"
        if isinstance(value, list):
            return "[" + ", ".join(self.flow(item) for item in value) + "]"
        return self.scalar(value, flow=True)

    def value(self, value: Any, column: int) -> tuple[str, list[str]]:
        """The text behind a colon, and the lines below it."""
        if isinstance(value, dict | list):
            if not value or self.chance.random() < 0.25:
                return f" {self.flow(value)}{self.tail()}", []
            width = self.step if isinstance(value, dict) else self.dash
            return self.tail(), [*self.remark(column + width), *self.block(value, column + width)]
        if isinstance(value, str) and re.fullmatch(r"[a-z]+\n[a-z]+\n", value):
            return " |", [" " * (column + 2) + line for line in value.splitlines()]
        text = self.scalar(value)
        return (f" {text}" if text else "") + self.tail(), []

    def block(self, body: Any, column: int) -> list[str]:
        lines: list[str] = []
        lead = " " * column
        if isinstance(body, dict):
            for key, item in body.items():
                behind, below = self.value(item, column)
                lines += [*self.remark(column), f"{lead}{self.scalar(key, flow=True)}:{behind}", *below]
            return lines
        for item in body:
            lines += self.remark(column)
            if isinstance(item, dict | list) and item and self.chance.random() < 0.8:
                below = self.block(item, column + 2)
                if below[0].strip() and not below[0].lstrip().startswith("#"):
                    lines += [f"{lead}- {below[0][column + 2 :]}", *below[1:]]
                    continue
            behind = self.flow(item) if isinstance(item, dict | list) else self.scalar(item)
            lines.append(f"{lead}- {behind}{self.tail()}" if behind else f"{lead}-")
        return lines


def value(chance: random.Random, depth: int) -> Any:
    """A random value, deeper ones smaller."""
    kind = chance.random()
    if depth and kind < 0.35:
        return {chance.choice(KEYS): value(chance, depth - 1) for _ in range(chance.randrange(4))}
    if depth and kind < 0.6:
        return [value(chance, depth - 1) for _ in range(chance.randrange(4))]
    return chance.choice((chance.choice(STRINGS), chance.choice(STRINGS), 1, -5, 1.5, True, False, None))


def paths(body: Any, path: Path = ()) -> list[Path]:
    """Every path below a body."""
    pairs = body.items() if isinstance(body, dict) else enumerate(body) if isinstance(body, list) else ()
    return [deeper for key, item in pairs for deeper in [(*path, key), *paths(item, (*path, key))]]


def get(body: Any, path: Path) -> Any:
    for step in path:
        body = body[step]
    return body


def comments(text: str) -> Counter[str]:
    return Counter(re.findall(r"# comment \d+", text))


def is_subsequence(lines: list[str], within: list[str]) -> bool:
    rest = iter(within)
    return all(line in rest for line in lines)


def key(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def case(seed: int) -> tuple[random.Random, str, Any, SourceMap]:
    chance = random.Random(seed)
    body = {chance.choice(KEYS): value(chance, 4) for _ in range(chance.randint(1, 5))}
    text = Writer(chance).text(body)
    prefix, suffix = ("", "") if chance.random() < 0.7 else ("first: 1\n---\n", "\n---\nlast: 1\n")
    if text.startswith("---"):
        prefix = prefix.removesuffix("---\n")
    data = (prefix + text + suffix).encode()
    documents = load_stream(data, "x.yaml")
    document = documents[1 if prefix else 0]
    assert key(document.body) == key(body), (text, document)
    return chance, data.decode(), body, SourceMap(data, document)


def reread(text: str, smap: SourceMap) -> Any:
    documents = load_stream(text.encode(), "x.yaml")
    assert not any(document.problem for document in documents)
    return documents[smap.document.index].body


def check_set(seed: int) -> bool:
    chance, text, body, smap = case(seed)
    path = chance.choice(paths(body))
    new = value(chance, 2)
    if chance.random() < 0.3 and isinstance(get(body, path), dict):
        path = (*path, chance.choice(KEYS), "deeper")[: len(path) + chance.choice((1, 2))]
    intended = json.loads(json.dumps(body))
    place = intended
    for step in path[:-1]:
        if isinstance(place, dict) and place.get(step) is None:
            place[step] = {}
        place = place[step] if isinstance(place, dict) or isinstance(step, int) else None
    if not isinstance(place, list if isinstance(path[-1], int) else dict):
        with pytest.raises(CannotEdit):
            set_value(smap, path, new)
        return False
    is_new = isinstance(place, dict) and path[-1] not in place
    old = None if is_new else place[path[-1]]
    place[path[-1]] = new
    try:
        changed = apply(text.encode(), [set_value(smap, path, new)]).decode()
    except CannotEdit:
        return False
    assert key(reread(changed, smap)) == key(intended)
    if not isinstance(old, dict | list):
        assert comments(changed) == comments(text)
    if is_new and smap.style(path) == "block":
        assert is_subsequence(text.splitlines(), changed.splitlines())
    if not isinstance(old, dict | list) and not isinstance(new, dict | list) and not is_new:
        before, after = text.splitlines(), changed.splitlines()
        if len(before) == len(after):
            assert sum(a != b for a, b in zip(before, after, strict=True)) <= 1
    return True


def check_append(seed: int) -> bool:
    chance, text, body, smap = case(seed)
    lists = [path for path in paths(body) if isinstance(get(body, path), list)]
    if not lists:
        return False
    path = chance.choice(lists)
    new = value(chance, 2)
    intended = json.loads(json.dumps(body))
    get(intended, path).append(new)
    try:
        changed = apply(text.encode(), [append_item(smap, path, new)]).decode()
    except CannotEdit:
        return False
    assert key(reread(changed, smap)) == key(intended)
    assert comments(changed) == comments(text)
    if smap.style(path) == "block":
        assert is_subsequence(text.splitlines(), changed.splitlines())
    return True


def check_remove(seed: int) -> bool:
    chance, text, body, smap = case(seed)
    path = chance.choice(paths(body))
    intended = json.loads(json.dumps(body))
    victim = path
    while len(victim) > 1 and len(get(intended, victim[:-1])) == 1:
        victim = victim[:-1]
    own = get(intended, victim)
    del get(intended, victim[:-1])[victim[-1]]
    try:
        changed = apply(text.encode(), [remove(smap, path)]).decode()
    except CannotEdit:
        return False
    assert key(reread(changed, smap)) == key(intended)
    lost = comments(text) - comments(changed)
    if not isinstance(own, dict | list):
        assert sum(lost.values()) <= 1, "only the comment on the removed line goes with it"
    return True


CHECKS = {"set": check_set, "append": check_append, "remove": check_remove}


@pytest.mark.parametrize("act", CHECKS)
def test_random_edits_do_what_is_asked_and_nothing_else(act: str) -> None:
    done = sum(CHECKS[act](seed) for seed in range(400))
    assert done > 150, "most edits are possible"


@pytest.mark.slow
@pytest.mark.parametrize("act", CHECKS)
def test_thousands_of_random_edits(act: str) -> None:
    done = sum(CHECKS[act](seed) for seed in range(1_000, 6_000))
    assert done > 2_000
