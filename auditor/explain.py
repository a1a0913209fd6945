"""A policy in words, for the terminal; the documentation pages say the same in Markdown."""

from __future__ import annotations

import textwrap
from pathlib import Path

from auditor.policy import Equivalent, Policy

RELATIONS = {
    "exact": "asks exactly this",
    "stricter": "asks less than ours",
    "looser": "asks more than ours",
    "related": "asks something close",
}
MODES = {"S": "Git", "B": "Git and live", "L": "live"}
WIDTH = 100


def explain(policy: Policy, folder: Path, *, asked: str = "") -> str:
    """Title, reason, an example that breaks it and one that keeps it, the fix, peers' rules, sources."""
    parts = [f"{policy.code}  {policy.id}", policy.title, _facts(policy), _wrapped(policy.rationale)]
    if asked and asked.lower() not in (policy.code.lower(), policy.id):
        parts.insert(1, _asked(policy, asked))
    home = next(iter(folder.glob(f"*/{policy.id}")), None)
    if home is not None:
        for title, name in (("Breaks it", "bad"), ("Keeps it", "good")):
            example = _first_document(home, name)
            if example:
                parts.append(f"{title}:\n{textwrap.indent(example, '    ')}")
    if policy.fix is not None:
        parts.append(
            f"Fix ({policy.fix.safety}): {policy.fix.title}. Run: auditor fix --policy {policy.code} --diff"
        )
    if policy.params:
        lines = (f"    {name} = {param.default!r}  {param.help}" for name, param in policy.params.items())
        parts.append("Settings:\n" + "\n".join(lines))
    if policy.equivalents:
        parts.append("Elsewhere:\n" + "\n".join(_peers(policy)))
    if policy.references:
        parts.append("Read more:\n" + "\n".join(f"    {url}" for url in policy.references))
    parts.append(f'Accept it once: # auditor: allow {policy.id} until=YYYY-MM-DD reason="…"')
    return "\n\n".join(part for part in parts if part)


def _facts(policy: Policy) -> str:
    words = [f"{policy.severity} severity", f"{policy.confidence} confidence", policy.category]
    words += [f"judged from {MODES[policy.mode]}", *policy.controls]
    return ", ".join(words)


def _wrapped(text: str) -> str:
    return "\n".join(textwrap.wrap(" ".join(text.split()), WIDTH))


def _asked(policy: Policy, asked: str) -> str:
    for tool, rules in policy.equivalents.items():
        for rule in rules:
            if rule.id.lower() == asked.lower():
                note = f" ({rule.note})" if rule.note else ""
                return f"{tool}'s {rule.id} {RELATIONS[rule.relation]}{note}"
    return ""


def _peers(policy: Policy) -> list[str]:
    def line(tool: str, rule: Equivalent) -> str:
        note = f": {rule.note}" if rule.note else ""
        return f"    {tool} {rule.id} {RELATIONS[rule.relation]}{note}"

    return [line(tool, rule) for tool, rules in sorted(policy.equivalents.items()) for rule in rules]


def _first_document(home: Path, name: str) -> str:
    files = sorted(home.glob(f"{name}.*"))
    if not files or not files[0].is_file():
        return ""
    text = files[0].read_text("utf-8")
    return text.split("\n---\n")[0].strip("\n") if files[0].suffix == ".yaml" else text.strip("\n")
