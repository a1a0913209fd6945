"""The history of audits: as a table for a terminal, as sections of the HTML page, as a page of its own, as JSON."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from auditor.report import History, HistoryRun, OpenSince, ScoreChangeRow, to_json
from auditor.reporters.interface import RenderOptions, counted, number
from auditor.reporters.markup import Html, tag
from auditor.reporters.page import Cells, document, fold, table
from auditor.reporters.screen import Part, Screen, screen_for
from auditor.reporters.text import one_line
from auditor.reporters.trend_chart import trend_chart

SHOWN_MOVES = 3
SHOWN_OPEN = 20
"""Open findings on a terminal; --verbose shows them all."""
SHOWN_RUNS = 12
"""Rows of the page's table; older runs are folded."""


def render(name: str, histories: Sequence[History], options: RenderOptions) -> bytes:
    """Histories of several scopes in the format ``name``; KeyError for one that is not in :data:`FORMATS`."""
    return FORMATS[name](histories, options)


def day(moment: str) -> str:
    """``2026-11-21 12:00`` of an RFC 3339 time."""
    return one_line(moment)[:16].replace("T", " ")


def moved_by(history: History, run: HistoryRun) -> str:
    """``-1.40: GPU-002 gpu-untolerated-taint -1.00, cap -0.40``; why not, where runs cannot be compared."""
    if run.incomparable:
        return f"incomparable: {one_line(run.incomparable)}"
    if not run.points and not run.moved:
        return ""
    rows = ", ".join(_move(history, row) for row in run.moved[:SHOWN_MOVES])
    left = len(run.moved) - SHOWN_MOVES
    more = f", and {left} more" if left > 0 else ""
    points = "score unknown" if run.points is None else f"{run.points:+.2f}"
    return f"{points}: {rows}{more}" if rows else points


def telling(runs: Sequence[HistoryRun]) -> list[HistoryRun]:
    """The first, the last, and every run in which something changed."""
    ends = (0, len(runs) - 1)
    return [
        run
        for at, run in enumerate(runs)
        if at in ends or run.new or run.fixed or run.points or run.incomparable or run.moved
    ]


def _alike(history: History, shown: Sequence[HistoryRun]) -> str:
    left = len(history.runs) - len(shown)
    return f"{counted(left, 'run')} in which nothing changed left out" if left else ""


def _move(history: History, row: ScoreChangeRow) -> str:
    why = {"began": ", now evaluated", "ceased": ", no longer evaluated"}.get(row.kind, "")
    return f"{_policy(history, row.policy) if row.policy else 'cap'} {row.points:+.2f}{why}"


def _policy(history: History, code: str) -> str:
    name = history.policies.get(code)
    return one_line(f"{code} {name}" if name else code)


def _age(history: History, each: OpenSince) -> str:
    """Since when, and that it was there before the oldest run, or came back."""
    if each.before and len(history.runs) > 1:
        return f"{day(each.since)} or before"
    return f"{day(each.since)}{f' (first {day(each.first)})' if each.first != each.since else ''}"


def _head(history: History) -> str:
    if not history.runs:
        return f"no runs in {one_line(history.where)}"
    first, last = history.runs[0], history.runs[-1]
    return (
        f"{one_line(history.scope)}: {counted(len(history.runs), 'run')} in {one_line(history.where)}, "
        f"{day(first.generated_at)} to {day(last.generated_at)} UTC"
    )


def _terminal(histories: Sequence[History], options: RenderOptions) -> bytes:
    screen = screen_for(options)
    for at, history in enumerate(histories):
        if at:
            screen.line()
        _draw(screen, history, options)
    return screen.drawn().encode("utf-8", "backslashreplace")


def _draw(screen: Screen, history: History, options: RenderOptions) -> None:
    screen.paragraph(((_head(history), "bold"),))
    if history.runs:
        screen.line()
        screen.line((("  run               score  coverage  open   new  fixed", "dim"),))
    runs = history.runs if options.verbose else telling(history.runs)
    for run in runs:
        figures = (
            f"{number(run.score, 2):>7}{number(run.coverage):>9}%{run.open:>6}{run.new:>6}{run.fixed:>7}"
        )
        why = moved_by(history, run)
        screen.line((f"  {day(run.generated_at)}{figures}", (f"  {why}" if why else "", "dim")))
    if len(history.runs) > len(runs):
        screen.line((f"  {_alike(history, runs)} (--verbose shows them)",))
    shown = history.open if options.verbose else history.open[:SHOWN_OPEN]
    if shown:
        screen.line()
        screen.line((("Open, the oldest first:", "bold"),))
    for each in shown:
        screen.line(_opened(history, each))
    if len(history.open) > len(shown):
        screen.line((f"  … {len(history.open) - len(shown)} more (--verbose shows them)",))
    _left_out(screen, history)


def _opened(history: History, each: OpenSince) -> tuple[Part, ...]:
    about = f"  {each.severity:<8}  {_policy(history, each.policy)}  {one_line(each.title)}"
    return (f"  {_age(history, each)}", about)


def _left_out(screen: Screen, history: History) -> None:
    if history.left_out:
        screen.line()
        screen.line(((f"Left out: {len(history.left_out)}", "bold"),))
    for row in history.left_out:
        screen.line((f"  {one_line(row.file)}  {one_line(row.what)}",))
        screen.paragraph((f"repair: {one_line(row.repair)}",), 4)


def _json(histories: Sequence[History], options: RenderOptions) -> bytes:
    return to_json({"histories": histories})


def _html(histories: Sequence[History], options: RenderOptions) -> bytes:
    scopes = ", ".join(one_line(history.scope) for history in histories) or "nothing"
    header = tag("header", tag("div", tag("h1", f"Audits of {scopes}")))
    sections = [section for history in histories for section in _of_scope(history, len(histories) > 1)]
    return document(f"auditor: history of {scopes}", header, tag("main", *sections))


def _of_scope(history: History, several: bool) -> list[Html]:
    title = f"History of {one_line(history.scope)}" if several else "History"
    return history_sections(history, title, unfolded=True)


def history_sections(
    history: History | None, title: str = "History", *, unfolded: bool = False
) -> list[Html]:
    """The trend and the age of what is open (``unfolded``: at once to be seen); nothing without a history."""
    if history is None:
        return []
    trend = tag("section", tag("h2", title), *_trend(history))
    return [trend, *_ages(history, unfolded), *_unused(history)]


def _trend(history: History) -> list[Html]:
    if not history.runs:
        return [tag("p", f"No run is kept in {one_line(history.where)} yet.")]
    shown = telling(history.runs)
    rows = [_run_cells(history, run) for run in reversed(shown)]
    alike = _alike(history, shown)
    numbers = ("Score", "Coverage", "Open", "New", "Fixed")
    older = rows[SHOWN_RUNS:]
    return [
        tag("p", _head(history), class_="dim"),
        trend_chart(history.runs),
        table(rows[:SHOWN_RUNS], *numbers),
        fold(counted(len(older), "older run"), table(older, *numbers)) if older else Html(""),
        tag("p", f"{alike}; the JSON has them.", class_="dim") if alike else Html(""),
    ]


def _run_cells(history: History, run: HistoryRun) -> Cells:
    now = tag("span", " this run", class_="dim") if not run.name else ""
    return (
        ("Run", tag("span", day(run.generated_at), now)),
        ("Score", number(run.score, 2)),
        ("Coverage", f"{number(run.coverage)} %"),
        ("Open", str(run.open)),
        ("New", str(run.new)),
        ("Fixed", str(run.fixed)),
        ("Moved by", moved_by(history, run)),
    )


def _ages(history: History, unfolded: bool) -> list[Html]:
    rows: list[Cells] = [
        (
            ("Open since", _age(history, each)),
            ("Severity", tag("span", each.severity, class_=f"severity {each.severity}")),
            ("Policy", _policy(history, each.policy)),
            ("Resource", one_line(each.title)),
            ("Finding", one_line(each.message)),
        )
        for each in history.open
    ]
    title = f"Open findings by age ({len(rows)})"
    return [tag("section", fold(title, table(rows), unfolded=unfolded))] if rows else []


def _unused(history: History) -> list[Html]:
    rows: list[Cells] = [
        (("File", one_line(row.file)), ("Why", one_line(row.what)), ("Repair", one_line(row.repair)))
        for row in history.left_out
    ]
    title = f"Not used for the history ({len(rows)})"
    return [tag("section", fold(title, table(rows)))] if rows else []


FORMATS: dict[str, Callable[[Sequence[History], RenderOptions], bytes]] = {
    "terminal": _terminal,
    "json": _json,
    "html": _html,
}
