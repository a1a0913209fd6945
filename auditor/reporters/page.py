"""What every page of ours is made of: a document that asks for nothing and runs only its own script, and tables.

Styles and the one script are allowed by their hashes; there are no inline handlers or style attributes.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from auditor.reporters.markup import Html, tag

Cells = tuple[tuple[str, str | Html], ...]
"""One row of a table: column → content."""


def document(title: str, *body: Html) -> bytes:
    """An HTML5 document in UTF-8."""
    page = tag("html", _head(title), tag("body", *body, _script()), lang="en")
    return f"<!doctype html>\n{page}".encode("utf-8", "backslashreplace")


@cache
def _asset(name: str) -> str:
    return Path(__file__).with_name(name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _head(title: str) -> Html:
    style, script = _asset("page.css"), _asset("page.js")
    policy = (
        f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; "
        "base-uri 'none'; form-action 'none'"
    )
    return tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=policy),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="referrer", content="no-referrer"),
        tag("title", title),
        tag("style", Html(style)),
    )


def _script() -> Html:
    return tag("script", Html(_asset("page.js")))


def table(rows: Sequence[Cells], *numbers: str) -> Html:
    """A plain table; on a phone each row becomes a block that repeats the column names."""
    if not rows:
        return Html("")
    head = tag("tr", *(tag("th", name, scope="col", class_=_align(name, numbers)) for name, _ in rows[0]))
    body = [
        tag(
            "tr",
            *(tag("td", cell, class_=_align(name, numbers), data_label=name or None) for name, cell in row),
        )
        for row in rows
    ]
    return tag("table", tag("thead", head), tag("tbody", *body), class_="stack")


def _align(name: str, numbers: tuple[str, ...]) -> str | None:
    return "number" if name in numbers else None


def fold(title: str, *content: Html, unfolded: bool = False) -> Html:
    """Content that a click unfolds, or folds."""
    return tag("details", tag("summary", title), *content, open=unfolded)


def folded(title: str, *content: Html) -> Html:
    """A section of the page that is folded as a whole."""
    return tag("section", fold(title, *content))
