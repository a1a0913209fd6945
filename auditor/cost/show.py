"""Statements as bytes: tables for a terminal, Markdown, JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.cost.statement import Statement
from auditor.cost.tables import Table, tables
from auditor.reporters.text import one_line

if TYPE_CHECKING:
    from rich.console import Console


def as_json(statement: Statement) -> str:
    """The statement itself."""
    from msgspec import json

    return json.format(json.encode(statement), indent=2).decode() + "\n"


def as_markdown(statement: Statement) -> str:
    """Tables under headings, the numbers to the right."""
    parts = [f"# What `{_cell(statement.scope)}` costs\n\n{_about(statement)}\n"]
    for platform in statement.platforms:
        parts += [_markdown(table, 2 if index == 0 else 3) for index, table in enumerate(tables(platform))]
    return "\n".join(parts)


def as_text(statement: Statement, *, color: bool, width: int) -> str:
    """Tables by rich; without ``color`` no escape sequence."""
    import io

    from rich.console import Console

    written = io.StringIO()
    console = Console(
        file=written,
        width=width,
        force_terminal=color,
        no_color=not color,
        highlight=False,
        markup=False,
        emoji=False,
    )
    console.print(f"What {one_line(statement.scope)} costs. {_about(statement)}")
    for platform in statement.platforms:
        for table in tables(platform):
            _draw(console, table)
    return "".join(f"{line.rstrip()}\n" for line in written.getvalue().splitlines())


def _about(statement: Statement) -> str:
    if not statement.platforms:
        return "No GPU node group is declared here: there is nothing to price."
    dated = f" of {statement.prices_as_of}" if statement.prices_as_of else ""
    return f"From Git alone; on-demand prices{dated}, without traffic, logs and tax. A month has 730 hours."


def _draw(console: Console, table: Table) -> None:
    from rich import box
    from rich.table import Table as Drawn

    drawn = Drawn(
        title=one_line(table.title),
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
    )
    for index, name in enumerate(table.head):
        drawn.add_column(name, justify="left" if index < table.words else "right", overflow="fold")
    for row in table.rows:
        drawn.add_row(*map(one_line, row))
    console.print(drawn)
    for note in table.notes:
        console.print(f"  {one_line(note)}")
    console.print()


def _markdown(table: Table, level: int) -> str:
    rule = ["---" if index < table.words else "---:" for index in range(len(table.head))]
    rows = [table.head, tuple(rule), *table.rows]
    lines = [f"| {' | '.join(_cell(each) for each in row)} |" for row in rows]
    notes = "".join(f"\n- {_cell(note)}" for note in table.notes)
    return (
        f"{'#' * level} {_cell(table.title)}\n\n" + "\n".join(lines) + "\n" + (f"{notes}\n" if notes else "")
    )


def _cell(text: str) -> str:
    from auditor.reporters.markdown import escape

    return escape(text)
