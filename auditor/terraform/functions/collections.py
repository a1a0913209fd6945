"""Functions on lists, sets and maps."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence
from fractions import Fraction

from auditor.terraform.errors import EvaluationError
from auditor.terraform.functions.context import Context, Function
from auditor.terraform.types import convert_set, one_type, type_of, unify_values
from auditor.terraform.unknowns import TfCall, TfEncoded, TfReference, TfTemplate
from auditor.terraform.values import (
    ListValue,
    MapValue,
    SetValue,
    characters,
    elements,
    equal,
    exact,
    first_unknown,
    flag,
    hashable,
    make_set,
    mapping,
    normalise,
    number,
    text,
    whole,
)
from auditor.unknown import Unknown, UnknownUsed

SCALAR_SUFFIXES = ("id", "arn", "name")
MAX_RANGE = 1024


def is_scalar(value: object) -> bool:
    """Whether an unknown surely stands for one string, not for a list."""
    if isinstance(value, (TfTemplate, TfEncoded)):
        return True
    return (
        isinstance(value, TfReference)
        and value.attribute.rpartition(".")[2].rpartition("_")[2] in SCALAR_SUFFIXES
    )


def alltrue(ctx: Context, items: object) -> object:
    return _all(items, True)


def anytrue(ctx: Context, items: object) -> object:
    verdict = _all(items, False)
    return verdict if isinstance(verdict, Unknown) else not verdict


def _all(items: object, wanted: bool) -> object:
    unknown: Unknown | None = None
    for item in elements(items):
        if isinstance(item, Unknown):
            unknown = item
        elif item is None or flag(item) is not wanted:
            if item is None and not wanted:
                continue
            return False
    return True if unknown is None else Unknown(unknown.reason, unknown.repair)


def chunklist(ctx: Context, items: object, size: object) -> object:
    found, step = elements(items), whole(size)
    if step < 0:
        raise EvaluationError("chunklist() takes a size that is not negative")
    ctx.budget.spend(len(found))
    if step == 0:
        step = max(len(found), 1)
    return ListValue(ListValue(found[at : at + step]) for at in range(0, len(found), step))


def coalesce(ctx: Context, *values: object) -> object:
    for value in values:
        if isinstance(value, TfTemplate) and any(isinstance(part, str) for part in value.parts):
            return value
        if isinstance(value, Unknown):
            return TfCall("coalesce", values, value)
        if value is not None and value != "":
            return unify_values([value, *(each for each in values if each is not None)], ctx.budget)[0]
    raise EvaluationError("coalesce() has only null or empty arguments")


def coalescelist(ctx: Context, *lists: object) -> object:
    for each in lists:
        if elements(each):
            return each
    raise EvaluationError("coalescelist() has only empty arguments")


def compact(ctx: Context, items: object) -> object:
    kept: list[object] = []
    for item in elements(items):
        if isinstance(item, Unknown):
            if not is_scalar(item):
                raise UnknownUsed(item)
            kept.append(item)
        elif item is not None and text(item):
            kept.append(text(item))
    return ListValue(kept)


def concat(ctx: Context, *lists: object) -> object:
    if not lists or any(isinstance(each, SetValue) for each in lists):
        raise EvaluationError("concat() takes lists")
    joined: list[object] = []
    for each in lists:
        items = elements(each)
        ctx.budget.spend(1 + len(items))
        joined.extend(items)
    if all(isinstance(each, ListValue) for each in lists):
        return ListValue(one_type(joined, ctx.budget))
    return joined


def contains(ctx: Context, items: object, value: object) -> object:
    if value is None:
        raise EvaluationError("contains() does not look for null")
    unknown: Unknown | None = None
    for item in elements(items):
        same = equal(item, value, ctx.budget)
        if same is True:
            return True
        if isinstance(same, Unknown):
            unknown = same
    return False if unknown is None else unknown


def distinct(ctx: Context, items: object) -> object:
    seen: dict[object, object] = {}
    for item in one_type(elements(items), ctx.budget):
        seen.setdefault(hashable(item, ctx.budget), item)
    return ListValue(seen.values())


def element(ctx: Context, items: object, index: object) -> object:
    found = elements(items)
    if not found or isinstance(items, SetValue):
        raise EvaluationError("element() takes a list that is not empty")
    position = whole(index)
    if position < 0:
        raise EvaluationError("element() takes an index that is not negative")
    return found[position % len(found)]


def flatten(ctx: Context, items: object) -> object:
    flat: list[object] = []
    for item in elements(items):
        ctx.budget.spend(1)
        if isinstance(item, list):
            inner = flatten(ctx, item)
            flat.extend(elements(inner))
        elif isinstance(item, Unknown) and not is_scalar(item):
            raise UnknownUsed(item)
        else:
            flat.append(item)
    return flat


def index_function(ctx: Context, items: object, value: object) -> object:
    for position, item in enumerate(elements(items)):
        same = equal(item, value, ctx.budget)
        if isinstance(same, Unknown):
            return same
        if same:
            return position
    raise EvaluationError("index() did not find the value")


def length(ctx: Context, value: object) -> object:
    if isinstance(value, str):
        return len(characters(value))
    if isinstance(value, SetValue):
        unknown = first_unknown(value, ctx.budget)
        if unknown is not None and len(value) > 1:
            raise UnknownUsed(unknown)
    return len(mapping(value)) if isinstance(value, dict) else len(elements(value))


def lookup(ctx: Context, table: object, key: object, *default: object) -> object:
    found = mapping(table)
    name = text(key)
    if name in found:
        return found[name]
    if not default:
        raise EvaluationError("lookup() did not find the key and has no default")
    return default[0]


def matchkeys(ctx: Context, values: object, keys: object, wanted: object) -> object:
    chosen = {hashable(item, ctx.budget) for item in elements(wanted)}
    columns = zip(elements(values), elements(keys), strict=True)
    return ListValue(value for value, key in columns if hashable(key, ctx.budget) in chosen)


def merge(ctx: Context, *maps: object) -> object:
    merged: dict[str, object] = {}
    for each in maps:
        if each is not None:
            ctx.budget.spend(1 + len(mapping(each)))
            merged.update(mapping(each))
    if maps and all(isinstance(each, MapValue) for each in maps if each is not None):
        kinds = {repr(type_of(item, ctx.budget)) for item in merged.values()}
        return MapValue(merged) if len(kinds) <= 1 else merged
    return merged


def one(ctx: Context, items: object) -> object:
    found = elements(items)
    if len(found) > 1:
        raise EvaluationError("one() takes a list of at most one element")
    return found[0] if found else None


def range_function(ctx: Context, *bounds: object) -> object:
    numbers = [exact(number(bound)) for bound in bounds]
    start = numbers[0] if len(numbers) > 1 else Fraction(0)
    limit = numbers[1] if len(numbers) > 1 else numbers[0]
    step = numbers[2] if len(numbers) > 2 else Fraction(1 if limit >= start else -1)
    if step == 0 or step * (limit - start) < 0:
        raise EvaluationError("range() never reaches its limit")
    count = math.ceil((limit - start) / step)
    if count > MAX_RANGE:
        raise EvaluationError(f"range() gives at most {MAX_RANGE} numbers")
    return ListValue(normalise(start + step * at) for at in range(count))


def reverse(ctx: Context, items: object) -> object:
    return type_like(items, reversed(elements(items)))


def setproduct(ctx: Context, *sets: object) -> object:
    if len(sets) < 2:
        raise EvaluationError("setproduct() takes at least two collections")
    columns = [elements(each) for each in sets]
    count = 1
    for column in columns:
        count *= len(column)
        ctx.budget.spend(count)
    rows: list[object] = [list(row) for row in itertools.product(*columns)]
    if all(isinstance(each, SetValue) for each in sets):
        return SetValue(rows)
    return ListValue(rows)


def setintersection(ctx: Context, *sets: object) -> object:
    keyed = _keyed(ctx, sets)
    return make_set(
        (item for key, item in keyed[0].items() if all(key in each for each in keyed)), ctx.budget
    )


def setunion(ctx: Context, *sets: object) -> object:
    return make_set((item for each in _keyed(ctx, sets) for item in each.values()), ctx.budget)


def setsubtract(ctx: Context, left: object, right: object) -> object:
    keep, drop = _keyed(ctx, (left, right))
    return make_set((item for key, item in keep.items() if key not in drop), ctx.budget)


def _keyed(ctx: Context, sets: tuple[object, ...]) -> list[dict[object, object]]:
    if not sets:
        raise EvaluationError("at least one set required")
    columns = [elements(each) for each in sets]
    items = iter(one_type([item for column in columns for item in column], ctx.budget))
    return [
        {hashable(item, ctx.budget): item for item in itertools.islice(items, len(column))}
        for column in columns
    ]


def slice_function(ctx: Context, items: object, start: object, end: object) -> object:
    first, last = whole(start), whole(end)
    if isinstance(items, Unknown) and isinstance(items, TfReference) and 0 <= first <= last <= MAX_RANGE:
        return [items.child(f"[{at}]") for at in range(first, last)]
    found = elements(items)
    if not 0 <= first <= last <= len(found):
        raise EvaluationError("slice() reaches beyond the list")
    return type_like(items, found[first:last])


def type_like(items: object, found: Iterable[object]) -> object:
    """A list where ``items`` is a list or set, else a tuple."""
    return ListValue(found) if isinstance(items, (ListValue, SetValue)) else list(found)


def sort(ctx: Context, items: object) -> object:
    return ListValue(sorted(text(item) for item in elements(items)))


def sum_function(ctx: Context, items: object) -> object:
    found = elements(items)
    if not found:
        raise EvaluationError("sum() takes a list that is not empty")
    total = exact(number(found[0]))
    for item in found[1:]:
        total += exact(number(item))
    return normalise(total)


def tolist(ctx: Context, value: object) -> object:
    if value is None:
        return None
    return ListValue(one_type(elements(value), ctx.budget))


def toset(ctx: Context, value: object) -> object:
    if value is None:
        return None
    return convert_set(one_type(elements(value), ctx.budget), ctx.budget)


def tomap(ctx: Context, value: object) -> object:
    if value is None:
        return None
    found = mapping(value)
    return MapValue(zip(found, one_type(list(found.values()), ctx.budget), strict=True))


def transpose(ctx: Context, value: object) -> object:
    turned: dict[str, list[str]] = {}
    for key, items in sorted(mapping(value).items()):
        for item in elements(items):
            turned.setdefault(text(item), []).append(key)
    return MapValue((key, ListValue(sorted(set(items)))) for key, items in sorted(turned.items()))


def zipmap(ctx: Context, keys: object, values: object) -> object:
    names, found = elements(keys), elements(values)
    if len(names) != len(found):
        raise EvaluationError("zipmap() takes two lists of one length")
    ctx.budget.spend(len(names))
    made = {text(name): item for name, item in zip(names, found, strict=True)}
    return MapValue(made) if isinstance(values, ListValue) else made


def like_map(table: object, found: Sequence[object]) -> object:
    """A list for what comes from a map, a tuple for what comes from an object."""
    return ListValue(found) if isinstance(table, MapValue) else list(found)


def keys(ctx: Context, value: object) -> object:
    return like_map(value, sorted(mapping(value)))


def values(ctx: Context, value: object) -> object:
    found = mapping(value)
    return like_map(value, [found[key] for key in sorted(found)])


FUNCTIONS: dict[str, Function] = {
    "alltrue": alltrue,
    "anytrue": anytrue,
    "chunklist": chunklist,
    "coalesce": coalesce,
    "coalescelist": coalescelist,
    "compact": compact,
    "concat": concat,
    "contains": contains,
    "distinct": distinct,
    "element": element,
    "flatten": flatten,
    "index": index_function,
    "keys": keys,
    "length": length,
    "lookup": lookup,
    "matchkeys": matchkeys,
    "merge": merge,
    "one": one,
    "range": range_function,
    "reverse": reverse,
    "setintersection": setintersection,
    "setproduct": setproduct,
    "setsubtract": setsubtract,
    "setunion": setunion,
    "slice": slice_function,
    "sort": sort,
    "sum": sum_function,
    "tolist": tolist,
    "tomap": tomap,
    "toset": toset,
    "transpose": transpose,
    "values": values,
    "zipmap": zipmap,
}
