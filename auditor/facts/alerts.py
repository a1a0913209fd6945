"""Alerts and recording rules: what they ask for, where their runbooks are, and what nobody watches."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from auditor.data.metrics import judge
from auditor.facts.promql import check
from auditor.patterns import regex
from auditor.unknown import Unknown
from auditor.views.interface import Instance
from auditor.views.pods import dig
from auditor.views.prometheus_rules import PrometheusRulesView

if TYPE_CHECKING:
    from auditor.world import World

SUBJECTS: dict[str, re.Pattern[str]] = {
    subject: regex(pattern, re.IGNORECASE | re.DOTALL)
    for subject, pattern in {
        "queue-age": r"age_?of_?oldest_?message|oldest_message|queue_?(oldest|age|wait)|message_age",
        "dead-letter": r"dlq|dead_?-?letter",
        "latency": r"histogram_quantile|quantile=|p9\d|latency|duration.*>",
        "error-rate": r"(error|fail|5\.\.|5xx)[^ ]*.*(rate|increase)\s*\(|(rate|increase)\s*\(.*(error|fail|5\.\.|5xx)",
        "idle-gpu": r"(DCGM_FI_(DEV_GPU_UTIL|PROF_)|gpu_util).*(<|==\s*0)|idle_?gpu|gpu_?idle",
        "scaler-not-ready": r"keda_\w*(error|paused|fallback)|scaled_?(object|job)\w*(not|un)_?ready|scaledobject",
        "budget": r"budget|opencost|kubecost|_cost_|cost_?(total|hourly|per)",
        "node-stuck": r"kube_node_(status_condition|spec_unschedulable)|node_?claim|unneeded_nodes"
        r"|node\w*(stuck|idle|notready)",
        "target-down": r"\bup\b(\{[^}]*\})?\s*(==\s*0|<\s*1)|absent(_over_time)?\(\s*up\b"
        r"|\(\s*1\s*-\s*up\b|targetdown|count\(up\b",
    }.items()
}
"""What an alert is about, told from its name and expression together."""
MAX_TEXT = 5000
"""Characters of an alert that are looked at: the patterns are quadratic at worst."""
CLOUDWATCH = "aws_cloudwatch_metric_alarm"
BUDGET = "aws_budgets_budget"


class Alerts:
    """``facts.alerts``: ``{subjects, refs}`` of all alerts in the tree, whatever target they are in.

    ``subjects`` are those of ``SUBJECTS`` that some alert is about: a Prometheus rule, a CloudWatch alarm or an
    AWS budget. Unknown when the tree holds no alerts at all: they then live elsewhere, or nowhere.
    """

    def __init__(self, world: World) -> None:
        texts = [*_alert_texts(world)]
        self._answer: Any = {
            "subjects": sorted({name for name, look in SUBJECTS.items() if any(map(look.search, texts))})
        }
        if not texts:
            self._answer = Unknown(
                "the tree holds no alerts", "audit the Prometheus rules and the workloads together"
            )

    def of(self, instance: Instance) -> Any:
        """See the class."""
        return self._answer


def _alert_texts(world: World) -> Iterator[str]:
    for _, rule in _rules(world):
        if type(rule.get("alert")) is str:
            yield f"{rule['alert']} {rule.get('expr', '')}"[:MAX_TEXT]
    for resource in world.anywhere(CLOUDWATCH, BUDGET):
        if resource.kind == CLOUDWATCH and resource.api_version == "terraform":
            yield repr([resource.body.get(field) for field in ("alarm_name", "metric_name", "dimensions")])
        elif resource.kind == BUDGET and resource.api_version == "terraform":
            yield "budget"


def _rules(world: World) -> Iterator[tuple[Instance, dict[str, Any]]]:
    """Every rule of the tree."""
    view = PrometheusRulesView()
    for resource in world.anywhere("PrometheusRule", "PrometheusRules"):
        if view.reads(resource.api_version, resource.kind):
            for instance in view.instances(resource, world):
                for rule in rules_of(instance):
                    yield instance, rule


def rules_of(instance: Instance) -> Iterator[dict[str, Any]]:
    """The rules of one PrometheusRules instance."""
    for group in instance.value["groups"]:
        rules = group.get("rules") if type(group) is dict else None
        yield from (rule for rule in (rules if type(rules) is list else ()) if type(rule) is dict)


class Expressions:
    """What an instance's expressions ask for; ``describe`` serves rules and dashboards alike."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._recorded = {str(rule["record"]) for _, rule in _rules(world) if type(rule.get("record")) is str}

    def describe(self, query: Any, instance: Instance) -> dict[str, Any]:
        """``{error, wrong: [{name, suggestion}], unknown}`` of a parsed query.

        ``wrong`` are metrics that their exporter surely does not emit. ``unknown`` is false, or Unknown when
        nobody says who emits some metric.
        """
        undecided = Unknown(query.undecided, "judge the rendered expression") if query.undecided else None
        if undecided is not None:
            return {"error": undecided, "wrong": undecided, "unknown": undecided}
        own = [name for name in query.metrics if not self._declared(name, instance)]
        judged = {name: judge(name) for name in own}
        wrong = [{"name": n, "suggestion": j.suggestion} for n, j in judged.items() if j.state == "wrong"]
        strange = [name for name, found in judged.items() if found.state == "unknown"]
        return {"error": query.error, "wrong": wrong, "unknown": _nobody_says(strange) if strange else False}

    def _declared(self, name: str, instance: Instance) -> bool:
        if name in self._recorded:
            return True
        listed = self._world.fact("declared", instance)["metrics"]
        globs = [] if isinstance(listed, Unknown) else str(listed).split(",")
        return any(fnmatchcase(name, glob.strip()) for glob in globs)


def _nobody_says(names: list[str]) -> Unknown:
    shown = ", ".join(names[:3]) + (" …" if len(names) > 3 else "")
    return Unknown(
        f"nothing in the tree says who emits {shown}",
        'list the metrics of your own code as metrics = "worker_*,…" under [declare] in auditor.toml',
    )


class RuleExpressions:
    """``facts.rule_expressions`` of a PrometheusRules instance: expression text → what it asks for.

    See :meth:`Expressions.describe` for the values.
    """

    def __init__(self, world: World) -> None:
        self._expressions = Expressions(world)

    def of(self, instance: Instance) -> Any:
        """See the class."""
        texts = {
            str(rule["expr"])
            for rule in rules_of(instance)
            if isinstance(rule.get("expr"), str | int | float)
        }
        return {text: self._expressions.describe(check(text), instance) for text in sorted(texts)}


class Runbooks:
    """``facts.runbooks`` of a PrometheusRules instance: runbook URL → ``found``, ``missing`` or ``elsewhere``.

    A link is into this repository when it is a path, or the URL of a file in a repository whose first folder
    this tree has too.
    """

    def __init__(self, world: World) -> None:
        self._files = world.files
        self._folders = {file.partition("/")[0] for file in self._files if "/" in file}

    def of(self, instance: Instance) -> Any:
        """See the class."""
        urls = {str(dig(rule, ("annotations", "runbook_url")) or "") for rule in rules_of(instance)}
        return {url: self._state(url) for url in sorted(urls - {""})}

    def _state(self, url: str) -> str:
        path = _path_in_repository(url)
        if not path or "{{" in path:
            return "elsewhere"
        if path in self._files or any(file.startswith(path.rstrip("/") + "/") for file in self._files):
            return "found"
        local = "://" not in url or path.partition("/")[0] in self._folders
        return "missing" if local and self._files else "elsewhere"


_BLOB = regex(r"/(?:-/)?(?:blob|tree|raw)/[^/]+/(.+)$")


def _path_in_repository(url: str) -> str:
    """The path of the file that a URL names in its repository; '' when it names none."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    if not parts.scheme:
        return unquote(parts.path).removeprefix("./").lstrip("/")
    found = _BLOB.search(parts.path)
    return unquote(found.group(1)) if found else ""
