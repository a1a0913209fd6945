"""HTML and SVG built from elements: whatever is not markup already is escaped, so nothing can be forgotten."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from auditor.reporters.text import visible

_VOID = frozenset({"br", "col", "hr", "input", "meta"})
_OWN_LINE = frozenset(
    {
        "body",
        "dd",
        "details",
        "div",
        "dl",
        "figure",
        "footer",
        "g",
        "head",
        "header",
        "h1",
        "h2",
        "h3",
        "html",
    }
    | {"label", "li", "main", "meta", "nav", "ol", "option", "p", "pre", "script", "section", "style"}
    | {"summary", "svg", "table", "tbody", "thead", "title", "tr", "ul"}
)

Attribute = str | int | float | bool | None


class Html(str):
    """Markup that is safe to write as it is."""

    __slots__ = ()


Child = str | Iterable[str]


def words(text: str) -> Html:
    """Text as text; controls and direction marks are spelled out."""
    return Html(escape(visible(text)))


def join(parts: Iterable[str]) -> Html:
    """Markup and texts, one after the other."""
    return Html("".join(part if isinstance(part, Html) else words(part) for part in parts))


def tag(name: str, /, *children: Child, **attributes: Attribute) -> Html:
    """One element. ``class_`` is written ``class``, ``data_x`` ``data-x``; None and False leave out."""
    opened = f"<{name}{''.join(_attribute(key, value) for key, value in attributes.items())}>"
    end = "\n" if name in _OWN_LINE else ""
    if name in _VOID:
        return Html(opened + end)
    inner = join(
        part for child in children for part in ((child,) if isinstance(child, str) else tuple(child))
    )
    return Html(f"{opened}{inner}</{name}>{end}")


def _attribute(key: str, value: Attribute) -> str:
    if value is None or value is False:
        return ""
    name = key.rstrip("_").replace("_", "-")
    return f" {name}" if value is True else f' {name}="{escape(visible(str(value)))}"'
