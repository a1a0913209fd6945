"""String functions."""

from __future__ import annotations

import re

from auditor.terraform.errors import EvaluationError
from auditor.terraform.expressions import join_text
from auditor.terraform.functions.context import Context, Function
from auditor.terraform.functions.formatting import format_text
from auditor.terraform.functions.regexes import compile_regex, expand_replacement
from auditor.terraform.values import elements, mapping, text, whole
from auditor.unknown import Unknown


def join(ctx: Context, separator: object, *lists: object) -> object:
    glue = text(separator)
    items = [item for each in lists for item in elements(each)]
    parts: list[str | Unknown] = []
    size = 0
    for item in items:
        piece = item if isinstance(item, Unknown) else text(item)
        size += len(glue) + (len(piece) if isinstance(piece, str) else 0)
        ctx.budget.string(size)
        parts.extend([glue, piece] if parts else [piece])
    return join_text(parts)


def split(ctx: Context, separator: object, value: object) -> object:
    whole_text, mark = text(value), text(separator)
    ctx.budget.spend(len(whole_text))
    if not whole_text:
        return [""] if mark else []
    return whole_text.split(mark) if mark else list(whole_text)


def replace(ctx: Context, value: object, old: object, new: object) -> object:
    source, search, by = text(value), text(old), text(new)
    if len(search) > 1 and search.startswith("/") and search.endswith("/"):
        pattern = compile_regex(search[1:-1], len(source))
        ctx.budget.string(len(source) + (len(source) + 1) * len(by))
        return pattern.sub(lambda found: expand_replacement(by, found), source)
    ctx.budget.string(len(source) + (source.count(search) + 1) * len(by))
    return source.replace(search, by)


def substr(ctx: Context, value: object, offset: object, length: object) -> object:
    source, start, count = text(value), whole(offset), whole(length)
    if start < 0:
        start = max(len(source) + start, 0)
    return source[start:] if count < 0 else source[start : start + count]


def trim(ctx: Context, value: object, characters: object) -> object:
    return text(value).strip(text(characters))


def trimprefix(ctx: Context, value: object, prefix: object) -> object:
    return text(value).removeprefix(text(prefix))


def trimsuffix(ctx: Context, value: object, suffix: object) -> object:
    return text(value).removesuffix(text(suffix))


def trimspace(ctx: Context, value: object) -> object:
    return text(value).strip()


def title(ctx: Context, value: object) -> object:
    return re.sub(r"(?<![\w'])\w", lambda found: found.group().upper(), text(value))


def indent(ctx: Context, spaces: object, value: object) -> object:
    width, source = whole(spaces), text(value)
    if width < 0:
        raise EvaluationError("indent() takes a number of spaces that is not negative")
    ctx.budget.string(len(source) + source.count("\n") * width)
    return source.replace("\n", "\n" + " " * width)


def chomp(ctx: Context, value: object) -> object:
    return text(value).rstrip("\r\n")


def strrev(ctx: Context, value: object) -> object:
    return text(value)[::-1]


def format_function(ctx: Context, pattern: object, *args: object) -> object:
    return format_text(text(pattern), list(args), ctx.budget)


def formatlist(ctx: Context, pattern: object, *args: object) -> object:
    lengths = {len(arg) for arg in args if isinstance(arg, list)}
    if len(lengths) > 1:
        raise EvaluationError("formatlist() takes lists of one length")
    count = lengths.pop() if lengths else 1
    ctx.budget.spend(count)
    rows = [[arg[row] if isinstance(arg, list) else arg for arg in args] for row in range(count)]
    return [format_text(text(pattern), row, ctx.budget) for row in rows]


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
    return [_captures(found) for found in compile_regex(text(pattern), len(source)).finditer(source)]


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
    if not 2 <= radix <= 36 or not re.fullmatch(r"-?[0-9a-zA-Z]+", source) or len(source) > 600:
        raise EvaluationError("parseint() takes a number as text and a base from 2 to 36")
    try:
        return int(source, radix)
    except ValueError:
        raise EvaluationError(f"parseint() found a digit that base {radix} lacks") from None


def templatestring(ctx: Context, template: object, names: object) -> object:
    return ctx.render(text(template), mapping(names))


FUNCTIONS: dict[str, Function] = {
    "chomp": chomp,
    "endswith": endswith,
    "format": format_function,
    "formatlist": formatlist,
    "indent": indent,
    "join": join,
    "lower": lambda ctx, value: text(value).lower(),
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
    "upper": lambda ctx, value: text(value).upper(),
}
