"""What each KEDA trigger type reads from its metadata, and what is wrong with a given set of keys.

The table is made from the struct tags of KEDA's own scalers (``tools/data/generate_keda.py``), which are
the rules that KEDA runs. KEDA ignores a key that it does not know, without a word: the typo ``queueLenght``
leaves the default of 5 in force. What scalers check by hand after parsing (a mode that needs a second key)
is not in the tags and not checked here.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

from auditor.data._tables import nearest, table
from auditor.patterns import regex
from auditor.unknown import Unknown

ENV_SUFFIX = "FromEnv"

# Keys that KEDA once read for every trigger and now ignores.
# https://github.com/kedacore/keda/blob/main/CHANGELOG.md#v2120 (#4899)
_RETIRED = {"metricName": "KEDA ignores metricName in trigger metadata since 2.12"}

_BOOLEANS = frozenset(["1", "t", "T", "TRUE", "true", "True", "0", "f", "F", "FALSE", "false", "False"])
_INTEGER = regex(r"-?(0|[1-9]\d*)")
_NUMBER = regex(r"-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?")
_DURATION = regex(r"\+?(0|((\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h))+)")
_INT64 = 2**63


class Parameter(NamedTuple):
    """One setting of a trigger. ``names`` are alternatives; the first that has a value counts.

    ``kind``: string, int, uint, number, bool, duration, list, int-list, map or query. ``default`` is ''
    when there is none. ``removed`` is why KEDA refuses the key, ``deprecated`` why it warns.
    """

    names: tuple[str, ...]
    kind: str
    required: bool
    default: str
    allowed: tuple[str, ...]
    exclusive: tuple[str, ...]
    separator: str
    range_separator: str
    removed: str
    deprecated: str
    from_metadata: bool
    from_env: bool
    from_auth: bool


class ScalerSchema(NamedTuple):
    """The settings of one trigger type.

    ``extra`` are keys that the scaler reads besides its declared ones, ``prefixes`` those it takes with
    any ending; with ``open`` it hands every key on (external scalers).
    """

    type: str
    parameters: tuple[Parameter, ...]
    extra: frozenset[str]
    prefixes: tuple[str, ...]
    open: bool

    def metadata_keys(self) -> list[str]:
        """Every key that has an effect when it is written in the trigger's metadata, sorted."""
        keys = set(self.extra)
        for parameter in self.parameters:
            if parameter.from_metadata:
                keys.update(parameter.names)
            if parameter.from_env:
                keys.update(name + ENV_SUFFIX for name in parameter.names)
        return sorted(keys)


class MetadataProblem(NamedTuple):
    """``key`` is '' when the trigger type itself is wrong; ``suggestion`` may be ''.

    ``kind``: unknown-trigger, unknown-key, misplaced-key, retired-key, missing, wrong-type,
    value-not-allowed, removed, deprecated. KEDA fails on missing, wrong-type, value-not-allowed and
    removed, and ignores the key for unknown-key, misplaced-key and retired-key.
    """

    key: str
    what: str
    suggestion: str
    kind: str


def trigger_types() -> list[str]:
    return sorted(table("keda.json")["scalers"])


def keda_version() -> str:
    """The KEDA release whose rules these are, such as v2.21.0."""
    return str(table("keda.json")["provenance"][0]["version"])


@cache
def scaler(trigger_type: str) -> ScalerSchema | None:
    data = table("keda.json")
    rows = data["scalers"].get(trigger_type)
    if rows is None:
        return None
    also = data["also_read"][trigger_type]
    return ScalerSchema(
        type=trigger_type,
        parameters=tuple(_parameter(row) for row in rows),
        extra=frozenset(also.get("extra", ())),
        prefixes=tuple(also.get("prefixes", ())),
        open=also.get("open", False),
    )


def _parameter(row: dict[str, Any]) -> Parameter:
    order = row.get("order", "")
    removed = row.get("deprecated", "")
    default = row.get("default", "")
    return Parameter(
        names=tuple(row["names"]),
        kind=row["kind"],
        required=not (row.get("optional", False) or default or removed),
        default=default,
        allowed=tuple(row.get("allowed", ())),
        exclusive=tuple(row.get("exclusive", ())),
        separator=row.get("separator", ","),
        range_separator=row.get("range", ""),
        removed=removed,
        deprecated=row.get("deprecatedAnnounce", ""),
        from_metadata="m" in order,
        from_env="e" in order,
        from_auth="a" in order,
    )


def check_metadata(trigger_type: Any, metadata: Any, has_auth: bool) -> list[MetadataProblem]:
    """What is wrong with a trigger's ``metadata``, in the order of its keys, missing ones last.

    ``has_auth``: the trigger has an authenticationRef; whatever may come from it is then taken as given,
    as its content is another object. An Unknown counts as given and is not looked into.
    """
    if isinstance(trigger_type, Unknown) or isinstance(metadata, Unknown):
        return []
    schema = scaler(trigger_type) if isinstance(trigger_type, str) else None
    if schema is None:
        meant = nearest(str(trigger_type), trigger_types()) or ""
        what = f"KEDA {keda_version()} has no trigger type {trigger_type}"
        return [MetadataProblem("", what, meant, "unknown-trigger")]
    if not isinstance(metadata, dict):
        metadata = {}
    given = {str(key): value for key, value in metadata.items() if value is not None}
    found: list[MetadataProblem] = []
    for key, value in given.items():
        found += _check_key(schema, key, value)
    return found + _missing(schema, given, has_auth)


def _check_key(schema: ScalerSchema, key: str, value: Any) -> list[MetadataProblem]:
    if not isinstance(value, str | Unknown):
        what = f"{key} is {_type_word(value)}, and trigger metadata holds strings only"
        return [MetadataProblem(key, what, f'{key}: "{_as_text(value)}"', "wrong-type")]
    matching = [p for p in schema.parameters if p.from_metadata and key in p.names]
    if matching:
        return [problem for p in matching for problem in _check_value(p, key, value)]
    if schema.open or key in schema.extra or key.startswith(schema.prefixes or ("\0",)):
        return []
    base = key.removesuffix(ENV_SUFFIX)
    if base != key and any(p.from_env and base in p.names for p in schema.parameters):
        return []
    return [_not_read(schema, key, base)]


def _not_read(schema: ScalerSchema, key: str, base: str) -> MetadataProblem:
    if key in _RETIRED:
        return MetadataProblem(key, _RETIRED[key], f"remove {key}", "retired-key")
    if any(p.from_auth and base in p.names for p in schema.parameters):
        other = base if base != key and base in schema.metadata_keys() else ""
        what = f"{schema.type} does not read {key} here: KEDA ignores it"
        return MetadataProblem(key, what, other or f"set {base} in a TriggerAuthentication", "misplaced-key")
    what = f"{schema.type} has no metadata key {key}: KEDA ignores it"
    return MetadataProblem(key, what, nearest(key, schema.metadata_keys()) or "", "unknown-key")


def _check_value(parameter: Parameter, key: str, value: Any) -> list[MetadataProblem]:
    if not isinstance(value, Unknown) and not value.strip():
        return []  # KEDA takes a blank value as absent
    if parameter.removed:
        return [MetadataProblem(key, parameter.removed, f"remove {key}", "removed")]
    found = []
    if parameter.deprecated:
        found.append(MetadataProblem(key, parameter.deprecated, "", "deprecated"))
    if not isinstance(value, Unknown):
        found += _check_text(parameter, key, value.strip())
    return found


def _check_text(parameter: Parameter, key: str, text: str) -> list[MetadataProblem]:
    items = [item.strip() for item in text.split(parameter.separator)]
    if parameter.allowed:
        for item in items:
            if item not in parameter.allowed:
                what = f"{key} is {item!r}, not one of {', '.join(parameter.allowed)}"
                meant = nearest(item, list(parameter.allowed)) or ""
                return [MetadataProblem(key, what, meant, "value-not-allowed")]
    both = [item for item in items if item in parameter.exclusive]
    if len(both) > 1:
        what = f"{key} names {' and '.join(both)}, which exclude each other"
        return [MetadataProblem(key, what, both[0], "value-not-allowed")]
    expected = _expected(parameter, text, items)
    if expected:
        default = f", such as {parameter.default}" if parameter.default else ""
        return [MetadataProblem(key, f"{key} is {text!r}, not {expected}", expected + default, "wrong-type")]
    return []


def _expected(parameter: Parameter, text: str, items: list[str]) -> str:
    """What the text should have been, or '' when it parses as KEDA would parse it."""
    kind = parameter.kind
    if kind in ("int", "uint"):
        return "" if _is_integer(text, unsigned=kind == "uint") else "a whole number"
    if kind == "number":
        return "" if _NUMBER.fullmatch(text) else "a number"
    if kind == "bool":
        return "" if text in _BOOLEANS else "true or false"
    if kind == "duration":
        plain = _is_integer(text, unsigned=True) or _DURATION.fullmatch(text)
        return "" if plain else "a duration such as 30s, or milliseconds"
    if kind == "map":
        return "" if all(item.count("=") == 1 for item in items) else "a list of key=value"
    if kind == "int-list":
        between = parameter.range_separator
        parts = [part for item in items for part in (item.split(between) if between else [item])]
        return "" if all(_is_integer(part, unsigned=False) for part in parts) else "a list of whole numbers"
    return ""


def _is_integer(text: str, *, unsigned: bool) -> bool:
    if len(text) > 20 or not _INTEGER.fullmatch(text):
        return False
    value = int(text)
    return 0 <= value < _INT64 if unsigned else -_INT64 <= value < _INT64


def _missing(schema: ScalerSchema, given: dict[str, Any], has_auth: bool) -> list[MetadataProblem]:
    found = []
    for parameter in schema.parameters:
        if parameter.required and not _is_given(parameter, given, has_auth):
            name = parameter.names[0]
            what = f"{schema.type} needs {' or '.join(parameter.names)}{_places(parameter)}"
            found.append(MetadataProblem(name, what, f"{name}: ", "missing"))
    return found


def _is_given(parameter: Parameter, given: dict[str, Any], has_auth: bool) -> bool:
    if parameter.from_auth and has_auth:
        return True
    for name in parameter.names:
        if parameter.from_metadata and _has_text(given.get(name)):
            return True
        if parameter.from_env and _has_text(given.get(name + ENV_SUFFIX)):
            return True
    return False


def _has_text(value: Any) -> bool:
    if value is None:
        return False
    return bool(value.strip()) if isinstance(value, str) else True


def _places(parameter: Parameter) -> str:
    others = []
    if parameter.from_env:
        others.append(parameter.names[0] + ENV_SUFFIX)
    if parameter.from_auth:
        others.append("a TriggerAuthentication")
    if not parameter.from_metadata:
        return f" from {' or '.join(others)}" if others else ""
    return f" (here, or by {' or '.join(others)})" if others else ""


def _type_word(value: Any) -> str:
    words = {bool: "a boolean", int: "a number", float: "a number", list: "a list", dict: "a map"}
    return words.get(type(value), type(value).__name__)


def _as_text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int | float) else "…"
