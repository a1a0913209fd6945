"""The last gate before a report is written: no string of it shows a key, whoever put it there.

Names, labels, diffs and the words of other programs carry what the audited tree holds. File names stay as they
are: nobody could find the file otherwise.
"""

from __future__ import annotations

from typing import Any

import msgspec

from auditor.report import FixInfo, Location, Report
from auditor.secrets import masked_text, shows_keys

_SHORTEST = 16
"""No key is shorter than that."""


def redacted(report: Report) -> Report:
    """The report with every key starred out; the report itself when it shows none."""
    try:
        text = msgspec.json.encode(report)
    except UnicodeEncodeError:  # names of files that are no UTF-8
        text = b""
    if text and not shows_keys(text):
        return report
    shown: Report = _without_keys(report)
    return shown


def _without_keys(value: Any) -> Any:
    found = value
    if isinstance(value, str):
        found = _text(value)
    elif isinstance(value, tuple):
        found = tuple(_without_keys(each) for each in value)
    elif isinstance(value, FixInfo):
        found = _fix(value)
    elif isinstance(value, msgspec.Struct) and not isinstance(value, Location):
        fields = {name: getattr(value, name) for name in value.__struct_fields__}
        found = msgspec.structs.replace(value, **{name: _without_keys(each) for name, each in fields.items()})
    return found


def _text(text: str) -> str:
    """Names of files that are no UTF-8 hold half characters, which must survive."""
    if len(text) < _SHORTEST:
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text
    return masked_text(text)


def _fix(fix: FixInfo) -> FixInfo:
    """Edits stay only when they hold no key: starred out they would damage the file."""
    shown = msgspec.structs.replace(
        fix, title=_without_keys(fix.title), diff=_without_keys(fix.diff), refused=_without_keys(fix.refused)
    )
    whole = all(masked_text(edit.text) == edit.text for edit in fix.edits)
    return shown if whole else msgspec.structs.replace(shown, edits=())
