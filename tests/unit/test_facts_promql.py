from __future__ import annotations

import subprocess
import sys

import pytest

from auditor.facts.promql import MAX_TOKENS, check, check_panel


def test_metrics_of_selectors_ranges_and_name_matchers_are_found() -> None:
    found = check(
        'rate(a_total{x="b_total"}[5m]) / on (job) max_over_time(c[5m:1m]) or {__name__="d"} or {__name__=~"e.*"}'
    )
    assert found.error == ""
    assert found.metrics == ("a_total", "c", "d")


@pytest.mark.parametrize(
    "text", ["rate(up)", "sum by job (up)", "up[5x]", "nosuch(up)", "up{", "1 +", '"a" == "b"', ""]
)
def test_what_prometheus_refuses_is_an_error(text: str) -> None:
    assert check(text).error


@pytest.mark.parametrize(
    "text", ["holt_winters(up[1h], 0.5, 0.5)", "vector(1)", "1", "# only\nup", "up @ end()"]
)
def test_what_some_prometheus_accepts_is_none(text: str) -> None:
    assert check(text).error == ""


@pytest.mark.parametrize("text", ['{app="x"} |= "error"', "{{ .Values.expr }} > 1"])
def test_other_languages_and_templates_are_undecided(text: str) -> None:
    assert check(text).undecided


def test_a_bar_inside_a_regular_expression_is_promql() -> None:
    assert check('up{job=~"a|b"}') == check('up{job=~"a|b"}')._replace(error="", undecided="")


@pytest.mark.parametrize("nested", ["({})", "-{}", "abs({})", "{} + up", "up ^ {}", "{} or up"])
def test_hostile_nesting_ends_in_an_answer_and_not_in_a_crash(nested: str) -> None:
    code = (
        "import sys\nfrom auditor.facts.promql import check\n"
        "text = 'up'\nhead, _, tail = sys.argv[1].partition('{}')\n"
        "for n in (100, 700, 5000, 100000):\n    print(check(head * n + text + tail * n).error)"
    )
    done = subprocess.run([sys.executable, "-c", code, nested], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-300:]


def test_the_limit_leaves_room_for_real_expressions() -> None:
    assert not check(" or ".join(["up"] * 300)).undecided
    assert check(" or ".join(["up"] * MAX_TOKENS)).undecided


@pytest.mark.parametrize(
    "text",
    [
        'sum by ($group) (rate(a_total{pod="${pod:regex}"}[$__rate_interval]))',
        "topk($k, a_total)",
        "rate(a_total[${interval}])",
        "rate(a_total[$__range:$__interval])",
        "a_total / $__range_s",
    ],
)
def test_variables_of_a_dashboard_stand_for_what_fits(text: str) -> None:
    found = check_panel(text)
    assert (found.error, found.undecided, found.metrics) == ("", "", ("a_total",))


def test_a_broken_query_is_broken_with_variables_too() -> None:
    assert check_panel('sum(a_total{pod="$pod"}').error
    assert check_panel("sum($metric").undecided
