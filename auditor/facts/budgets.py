"""PodDisruptionBudgets and the pods they select."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from auditor.facts.node_labels import holds
from auditor.facts.workloads import template_metadata
from auditor.model import Path, Resource
from auditor.unknown import Unknown
from auditor.views.interface import Instance
from auditor.views.pods import dig

if TYPE_CHECKING:
    from auditor.world import World


def selects(selector: Any, labels: dict[str, Any]) -> bool | Unknown:
    """Whether a label selector matches; an empty selector matches everything, a missing one nothing."""
    if type(selector) is not dict:
        return False
    wanted = selector.get("matchLabels")
    expressions = [
        {"key": key, "operator": "In", "values": [value]}
        for key, value in (wanted.items() if type(wanted) is dict else ())
    ]
    listed = selector.get("matchExpressions")
    expressions += [each for each in (listed if type(listed) is list else ()) if type(each) is dict]
    answers = [holds(each, lambda key: [labels[key]] if key in labels else []) for each in expressions]
    if any(answer is False for answer in answers):
        return False
    return next((answer for answer in answers if isinstance(answer, Unknown)), True)


def never_lets_go(budget: Resource) -> str:
    """Why the budget refuses to evict the last pod; '' when it lets it go."""
    spec = budget.body.get("spec")
    least, most = dig(spec, ("minAvailable",)), dig(spec, ("maxUnavailable",))
    if most is not None and not isinstance(most, Unknown) and _is_zero(most):
        return f"maxUnavailable {most}"
    if least is not None and not isinstance(least, Unknown) and not _is_zero(least):
        return f"minAvailable {least}"
    return ""


def _is_zero(value: Any) -> bool:
    return str(value).rstrip("%") in ("0", "0.0")


def place_of(budget: Resource) -> Path:
    """The field that decides."""
    field = "maxUnavailable" if dig(budget.body, ("spec", "maxUnavailable")) is not None else "minAvailable"
    return ("spec", field)


_ANY = ("", "")


def _label(budget: Resource) -> tuple[str, str]:
    """One label that every pod under the budget bears; none when its selector names no value."""
    wanted = dig(budget.body, ("spec", "selector", "matchLabels"))
    pairs = wanted.items() if type(wanted) is dict else ()
    return next(((key, value) for key, value in pairs if type(value) is str and value), _ANY)


class Budgets:
    """Budgets by namespace and label, and ``facts.budgets`` of a pod: ``{blocking: [{title, why, ref}]}``."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._budgets = world.kind("policy", "PodDisruptionBudget")
        self._numbers: dict[tuple[str, str, str], list[int]] = {}
        for number, budget in enumerate(self._budgets):
            self._numbers.setdefault((budget.namespace, *_label(budget)), []).append(number)

    def over(self, pod: Instance) -> list[Resource]:
        """Budgets that surely select the pod."""
        labels = template_metadata(pod).get("labels")
        labels = labels if type(labels) is dict else {}
        places = [_ANY, *((key, value) for key, value in labels.items() if type(value) is str)]
        namespace = pod.resource.namespace
        numbers = {n for place in places for n in self._numbers.get((namespace, *place), ())}
        candidates = [self._budgets[number] for number in sorted(numbers)]
        return [each for each in candidates if selects(dig(each.body, ("spec", "selector")), labels) is True]

    def of(self, instance: Instance) -> Any:
        """See the class."""
        rows = [
            {"title": each.title, "why": why, "ref": self._world.ref(each, place_of(each))}
            for each in self.over(instance)
            if (why := never_lets_go(each))
        ]
        return {"blocking": rows}
