"""``auditor.toml`` (or ``[tool.auditor]``) → settings. Strict: an unknown key is an error, never ignored.

Pure: bytes in, :class:`Config` out; :mod:`auditor.governance` finds and reads the file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct, field
from msgspec.structs import replace

from auditor.errors import UsageError, did_you_mean
from auditor.options import Settings, TargetSettings

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

    from auditor.config_schema import ConfigTable

CONFIG_FILE = "auditor.toml"
PYPROJECT = "pyproject.toml"
WAIVERS_FILE = "auditor-waivers.yaml"


class Config(Struct):
    """One file's settings, and the other files that it names."""

    settings: Settings = field(default_factory=Settings)
    file: str = ""
    """'' when there is no file."""
    policy_folders: tuple[str, ...] = ()
    """Folders of own policies, relative to the audited root."""
    waivers_file: str = WAIVERS_FILE
    waivers_named: bool = False
    """Whether the file says so: a named waiver file must exist."""


def parse_config(data: bytes, file: str) -> Config | None:
    """Read a configuration file; None for a pyproject.toml without ``[tool.auditor]``.

    Raises :class:`UsageError` with the file, the key, and the nearest right one.
    """
    table = _table(data, file)
    if table is None:
        return None
    from pydantic import ValidationError

    from auditor.config_schema import ConfigTable

    try:
        parsed = ConfigTable.model_validate(table)
    except ValidationError as error:
        lines = [_complaint(detail, data, file) for detail in error.errors(include_url=False)]
        raise UsageError("\n".join(lines)) from error
    _check_declarations(parsed.declare, data, file)
    return Config(
        _settings(parsed),
        file,
        tuple(parsed.policies),
        parsed.waivers.file or WAIVERS_FILE,
        parsed.waivers.file is not None,
    )


def _table(data: bytes, file: str) -> dict[str, Any] | None:
    import tomllib

    try:
        whole = tomllib.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise UsageError(f"{file}: not UTF-8 (byte {error.start}); save it as UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{file}: not TOML: {error}") from error
    except RecursionError as error:
        raise UsageError(f"{file}: nested too deeply to be read") from error
    if not file.endswith(PYPROJECT):
        return whole
    tool = whole.get("tool")
    found = tool.get("auditor") if isinstance(tool, dict) else None
    if found is not None and not isinstance(found, dict):
        raise UsageError(f"{file}: tool.auditor is no table; write [tool.auditor]")
    return found


def _settings(parsed: ConfigTable) -> Settings:
    settings = Settings(
        severities=dict(parsed.severity),
        params=dict(parsed.params),
        declarations=dict(parsed.declare),
        exclude=tuple(parsed.exclude),
        targets={
            name: TargetSettings(tuple(each.manifests), each.terraform, each.cluster)
            for name, each in parsed.target.items()
        },
        require_until=parsed.waivers.require_until,
        honour=tuple(parsed.compat.honour),
        region=parsed.region,
        repositories=tuple(parsed.repositories),
        prices=dict(parsed.prices),
        min_score=parsed.gate.min_score,
        min_coverage=parsed.gate.min_coverage,
    )
    if parsed.packs is not None:
        settings = replace(settings, packs=tuple(parsed.packs))
    if parsed.gate.fail_on is not None:
        settings.fail_on = None if parsed.gate.fail_on == "never" else parsed.gate.fail_on
    return settings


def _complaint(detail: ErrorDetails, data: bytes, file: str) -> str:
    from auditor.config_schema import keys_at

    path = detail["loc"]
    where = f"{file}{_line(data, path)}: {_dotted(path)}"
    if detail["type"] == "extra_forbidden":
        return f"{where}: unknown key{did_you_mean(str(path[-1]), keys_at(path[:-1]))}"
    shown = repr(detail["input"])
    shown = shown if len(shown) <= 60 else shown[:57] + "..."
    return f"{where} is {shown}: {detail['msg'][0].lower()}{detail['msg'][1:]}"


def _dotted(path: tuple[str | int, ...]) -> str:
    """``gate.fail_on``, ``prices."g5.xlarge"``, ``compat.honour[0]``."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            text += f".{step}" if step.replace("-", "_").isidentifier() else f'."{step}"'
    return text.removeprefix(".")


def _line(data: bytes, path: tuple[str | int, ...]) -> str:
    """``:12`` for the line that sets the key, as far as a look at the text can tell; else ''."""
    import re

    names = [step for step in path if isinstance(step, str)]
    if not names:
        return ""
    lines = data.decode("utf-8", "replace").splitlines()
    header, start = names[0], 0
    if len(names) > 1:
        table = re.compile(rf"""^\s*\[+\s*(tool\.auditor\.)?["']?{re.escape(header)}\b""")
        start = next((number for number, line in enumerate(lines) if table.match(line)), 0)
    key = re.compile(rf"""^\s*(?:\[.*)?["']?{re.escape(names[-1])}["']?\s*[=.\]]""")
    for number, line in enumerate(lines[start:], start + 1):
        if key.match(line):
            return f":{number}"
    return ""


def _check_declarations(declared: dict[str, Any], data: bytes, file: str) -> None:
    """Unknown declarations would silently decide nothing."""
    if not declared:
        return
    from auditor.facts.declared import DECLARATIONS

    types = {name.replace("-", "_"): kind for name, (kind, _) in DECLARATIONS.items()}
    tables: list[tuple[tuple[str, ...], Any]] = [(("declare",), declared)]
    tables += [(("declare", key), value) for key, value in declared.items() if isinstance(value, dict)]
    for path, table in tables:
        for key, value in table.items():
            if path == ("declare",) and isinstance(value, dict):
                continue
            where = f"{file}{_line(data, (*path, key))}: {_dotted((*path, key))}"
            if key not in types:
                raise UsageError(f"{where}: unknown declaration{did_you_mean(key, types)}")
            if not is_a(value, types[key]):
                raise UsageError(
                    f"{where} is {value!r}: a declaration of type {types[key].__name__} is wanted"
                )


def is_a(value: object, kind: type) -> bool:
    """Whether a TOML value has the type; an integer is a float, a boolean is no number."""
    if kind is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    return isinstance(value, kind) and (kind is bool or not isinstance(value, bool))
