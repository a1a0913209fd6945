"""What the terminal report is drawn on: rich when colours or links are wanted, plain text when neither is.

A pipe gets the very characters that rich would write without colours; loading rich takes as long as auditing a
small repository.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Protocol

from auditor.patterns import regex
from auditor.reporters.interface import RenderOptions

if TYPE_CHECKING:
    from rich.text import Text

Part = str | tuple[str, str]
"""A piece of text, or a piece and its style as rich spells it (``bold red``, ``link https://…``)."""

MIN_WIDTH = 40
TAB = 8
_LINK_ID = regex(r"\x1b\]8;id=\d+;")


class Screen(Protocol):
    """Takes lines from top to bottom."""

    width: int

    def paragraph(self, parts: tuple[Part, ...], indent: int = 0) -> None:
        """Text of one or more lines, indented, without blanks at their ends."""

    def line(self, parts: tuple[Part, ...] = ()) -> None:
        """One line as it is, never wrapped or cut."""

    def drawn(self) -> str:
        """Everything so far."""


def cells(text: str) -> int:
    """How many columns of a terminal the text takes."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def screen_for(options: RenderOptions) -> Screen:
    """The screen that the options ask for."""
    return RichScreen(options) if options.color or options.hyperlinks else PlainScreen(options)


class PlainScreen:
    """No colours, no links, no library."""

    __slots__ = ("_lines", "width")

    def __init__(self, options: RenderOptions) -> None:
        self.width = max(options.width, MIN_WIDTH)
        self._lines: list[str] = []

    def paragraph(self, parts: tuple[Part, ...], indent: int = 0) -> None:
        """See :class:`Screen`."""
        for line in _plain(parts).split("\n"):
            self._lines.append(" " * indent + line.rstrip())

    def line(self, parts: tuple[Part, ...] = ()) -> None:
        """See :class:`Screen`."""
        self._lines.append(_plain(parts))

    def drawn(self) -> str:
        """See :class:`Screen`."""
        return "".join(f"{line}\n" for line in self._lines)


def _plain(parts: tuple[Part, ...]) -> str:
    text = "".join([part if isinstance(part, str) else part[0] for part in parts])
    if "\t" not in text:
        return text
    from rich.text import Text  # counts the cells of wide characters before a tab

    expanded = Text(text)
    expanded.expand_tabs(TAB)
    return expanded.plain


class RichScreen:
    """Colours, links, or both."""

    __slots__ = ("_color", "_console", "_written", "width")

    def __init__(self, options: RenderOptions) -> None:
        from rich.console import Console

        self.width = max(options.width, MIN_WIDTH)
        self._color = options.color
        self._written = io.StringIO()
        self._console = Console(
            file=self._written,
            width=self.width,
            force_terminal=True,
            color_system="standard" if options.color else None,
            no_color=not options.color,
            highlight=False,
            markup=False,
            emoji=False,
            legacy_windows=False,
            _environ={},
        )

    def paragraph(self, parts: tuple[Part, ...], indent: int = 0) -> None:
        """See :class:`Screen`."""
        from rich.text import Text

        room = self.width - indent
        for line in self._text(parts).wrap(self._console, room, overflow="ignore"):
            line.rstrip()
            self._console.print(Text(" " * indent) + line, soft_wrap=True)

    def line(self, parts: tuple[Part, ...] = ()) -> None:
        """See :class:`Screen`."""
        self._console.print(self._text(parts), soft_wrap=True)

    def drawn(self) -> str:
        """See :class:`Screen`. rich numbers links at random; without it the same report gives the same bytes."""
        return _LINK_ID.sub("\x1b]8;;", self._written.getvalue())

    def _text(self, parts: tuple[Part, ...]) -> Text:
        from rich.text import Text

        return Text.assemble(*[self._styled(part) for part in parts])

    def _styled(self, part: Part) -> Part:
        if isinstance(part, str) or self._color:
            return part
        text, style = part
        return (text, style[style.index("link ") :]) if "link " in style else text
