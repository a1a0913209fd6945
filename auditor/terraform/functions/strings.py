"""String functions."""

from __future__ import annotations

import re
from fractions import Fraction

from auditor.terraform.errors import EvaluationError
from auditor.terraform.expressions import join_text
from auditor.terraform.functions.context import Context, Function
from auditor.terraform.functions.formatting import format_text
from auditor.terraform.functions.regexes import compile_regex, expand_replacement, matches
from auditor.terraform.values import ListValue, characters, elements, mapping, normalise, text, whole
from auditor.unknown import Unknown


def join(ctx: Context, separator: object, *lists: object) -> object:
    glue = text(separator)
    items = [item for each in lists for item in elements(each)]
    parts: list[str | Unknown] = []
    size = 0
    for item in items:
        piece = item if isinstance(item, Unknown) else text(item)
        added = len(glue) + (len(piece) if isinstance(piece, str) else 0)
        size += added
        ctx.budget.string(size, added)
        parts.extend([glue, piece] if parts else [piece])
    return join_text(parts)


def split(ctx: Context, separator: object, value: object) -> object:
    whole_text, mark = text(value), text(separator)
    ctx.budget.spend(len(whole_text))
    if not whole_text:
        return ListValue([""] if mark else [])
    return ListValue(whole_text.split(mark) if mark else list(whole_text))


def replace(ctx: Context, value: object, old: object, new: object) -> object:
    source, search, by = text(value), text(old), text(new)
    if len(search) > 1 and search.startswith("/") and search.endswith("/"):
        pattern = compile_regex(search[1:-1], len(source))
        ctx.budget.string(len(source) + (len(source) + 1) * len(by))
        return _replaced(matches(pattern, source), source, by)
    ctx.budget.string(len(source) + (source.count(search) + 1) * len(by))
    return source.replace(search, by)


def _replaced(found: list[re.Match[str]], source: str, by: str) -> str:
    pieces: list[str] = []
    at = 0
    for match in found:
        pieces.extend([source[at : match.start()], expand_replacement(by, match)])
        at = match.end()
    return "".join([*pieces, source[at:]])


def substr(ctx: Context, value: object, offset: object, length: object) -> object:
    source, start, count = characters(text(value)), whole(offset), whole(length)
    if start < 0:
        start = max(len(source) + start, 0)
    return "".join(source[start:] if count < 0 else source[start : start + count])


def trim(ctx: Context, value: object, characters: object) -> object:
    return text(value).strip(text(characters))


def trimprefix(ctx: Context, value: object, prefix: object) -> object:
    return text(value).removeprefix(text(prefix))


def trimsuffix(ctx: Context, value: object, suffix: object) -> object:
    return text(value).removesuffix(text(suffix))


def trimspace(ctx: Context, value: object) -> object:
    return text(value).strip()


def title(ctx: Context, value: object) -> object:
    return re.sub(r"(?<!\w)\w", lambda found: upper_text(found.group()), text(value))


def upper_text(source: str) -> str:
    """Upper case character by character: "ß" stays, as in Go."""
    return "".join(_one(character.upper(), character) for character in source)


def _one(changed: str, character: str) -> str:
    return changed if len(changed) == 1 else character


def indent(ctx: Context, spaces: object, value: object) -> object:
    width, source = whole(spaces), text(value)
    if width < 0:
        raise EvaluationError("indent() takes a number of spaces that is not negative")
    ctx.budget.string(len(source) + source.count("\n") * width)
    return source.replace("\n", "\n" + " " * width)


def chomp(ctx: Context, value: object) -> object:
    return text(value).rstrip("\r\n")


def strrev(ctx: Context, value: object) -> object:
    return "".join(reversed(characters(text(value))))


def format_function(ctx: Context, pattern: object, *args: object) -> object:
    return format_text(text(pattern), list(args), ctx.budget)


def formatlist(ctx: Context, pattern: object, *args: object) -> object:
    lengths = {len(arg) for arg in args if isinstance(arg, list)}
    if len(lengths) > 1:
        raise EvaluationError("formatlist() takes lists of one length")
    count = lengths.pop() if lengths else 1
    ctx.budget.spend(count)
    rows = [[arg[row] if isinstance(arg, list) else arg for arg in args] for row in range(count)]
    return ListValue(format_text(text(pattern), row, ctx.budget) for row in rows)


def regex(ctx: Context, pattern: object, value: object) -> object:
    source = text(value)
    compiled = compile_regex(text(pattern), len(source))
    found = compiled.search(source)
    if found is None:
        raise EvaluationError("regex() found no match")
    return _captures(found)


def regexall(ctx: Context, pattern: object, value: object) -> object:
    source = text(value)
    ctx.budget.spend(len(source))
    return ListValue(_captures(found) for found in matches(compile_regex(text(pattern), len(source)), source))


def _captures(found: re.Match[str]) -> object:
    names = found.groupdict()
    if names and len(names) == len(found.groups()):
        return dict(names)
    return list(found.groups()) if found.groups() else found.group()


def startswith(ctx: Context, value: object, prefix: object) -> object:
    return text(value).startswith(text(prefix))


def endswith(ctx: Context, value: object, suffix: object) -> object:
    return text(value).endswith(text(suffix))


def strcontains(ctx: Context, value: object, part: object) -> object:
    return text(part) in text(value)


def parseint(ctx: Context, value: object, base: object) -> object:
    radix = whole(base)
    source = text(value)
    digits = source[1:] if source[:1] in {"-", "+"} else source
    if not 2 <= radix <= 36 or not re.fullmatch(r"[0-9a-zA-Z]+", digits) or len(digits) > 600:
        raise EvaluationError("parseint() takes a number as text and a base from 2 to 36")
    if any(int(digit, 36) >= radix for digit in digits):
        raise EvaluationError(f"parseint() found a digit that base {radix} lacks")
    return normalise(Fraction(int(source, radix)))


def templatestring(ctx: Context, template: object, names: object) -> object:
    return ctx.render(text(template), mapping(names))


FUNCTIONS: dict[str, Function] = {
    "chomp": chomp,
    "endswith": endswith,
    "format": format_function,
    "formatlist": formatlist,
    "indent": indent,
    "join": join,
    "lower": lambda ctx, value: "".join(_one(character.lower(), character) for character in text(value)),
    "parseint": parseint,
    "regex": regex,
    "regexall": regexall,
    "replace": replace,
    "split": split,
    "startswith": startswith,
    "strcontains": strcontains,
    "strrev": strrev,
    "substr": substr,
    "templatestring": templatestring,
    "title": title,
    "trim": trim,
    "trimprefix": trimprefix,
    "trimspace": trimspace,
    "trimsuffix": trimsuffix,
    "upper": lambda ctx, value: upper_text(text(value)),
}
