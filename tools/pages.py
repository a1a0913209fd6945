"""Documentation pages of the policies: one each, and an index by category."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from auditor.explain import MODES, RELATIONS
from auditor.harness import example_of
from auditor.policy import SEVERITIES, Policy

CATEGORY_TITLES = {
    "gpu-scheduling": "GPU scheduling",
    "scale-to-zero": "Scale to zero",
    "keda": "KEDA",
    "api": "API",
}
LANGUAGES = {".yaml": "yaml", ".tf": "hcl", ".toml": "toml"}


def pages(policies: list[Policy], folder: Path) -> Iterator[tuple[str, str]]:
    """``(file name, Markdown)`` of the index and of every policy."""
    yield "README.md", index(policies)
    for policy in policies:
        yield f"{policy.id}.md", page(policy, folder)


def index(policies: list[Policy]) -> str:
    """All policies by category, gravest first."""
    lines = [
        "# Policies",
        "",
        f"{len(policies)} policies; each links to why, what breaks it, what keeps it, and the repair.",
        "Generated from `policies/`: `make generate`.",
        "",
    ]
    for category in sorted({policy.category for policy in policies}):
        mine = [policy for policy in policies if policy.category == category]
        lines += [f"## {CATEGORY_TITLES.get(category, category.replace('-', ' ').capitalize())}", ""]
        lines += ["| code | policy | severity | from | fix |", "|---|---|---|---|---|"]
        for policy in sorted(mine, key=lambda each: (SEVERITIES.index(each.severity), each.code)):
            fix = policy.fix.safety if policy.fix else ""
            title = policy.title.replace("|", "\\|")
            lines.append(
                f"| {policy.code} | [{title}]({policy.id}.md) | {policy.severity} | {MODES[policy.mode]} | {fix} |"
            )
        lines.append("")
    return "\n".join(lines)


def page(policy: Policy, folder: Path) -> str:
    """One policy: words, examples, fix, settings, peers, sources."""
    parts = [
        f"# {policy.code} {policy.id}",
        f"**{policy.title}** ({policy.severity} severity, {policy.confidence} confidence, "
        f"{policy.category}, judged from {MODES[policy.mode]}, since {policy.since})",
        policy.rationale.strip(),
    ]
    if policy.live_reason:
        parts.append(f"What Git cannot know: {policy.live_reason}")
    home = next((path.parent for path in folder.rglob("policy.yaml") if path.parent.name == policy.id), None)
    for title, name in (("Breaks it", "bad"), ("Keeps it", "good")):
        if home is not None and (example := example_of(home, name)) is not None:
            parts += [f"## {title}", *_example(example)]
    if policy.fix is not None:
        note = f" {policy.fix.note[:1].upper()}{policy.fix.note[1:]}." if policy.fix.note else ""
        parts += [
            "## Fix",
            f"{policy.fix.title[:1].upper()}{policy.fix.title[1:]} ({policy.fix.safety}).{note}",
        ]
    if policy.params:
        rows = [f"| `{name}` | `{param.default!r}` | {param.help} |" for name, param in policy.params.items()]
        parts += ["## Settings", "\n".join(["| name | default | meaning |", "|---|---|---|", *rows])]
    if policy.equivalents:
        parts += ["## Elsewhere", "\n".join(_peers(policy))]
    if policy.controls:
        parts += ["## Controls", ", ".join(policy.controls)]
    if policy.references:
        parts += ["## Read more", "\n".join(f"- <{url}>" for url in policy.references)]
    return "\n\n".join(parts) + "\n"


def _example(example: Path) -> Iterator[str]:
    files = sorted(path for path in example.rglob("*") if path.is_file()) if example.is_dir() else [example]
    for file in files:
        if example.is_dir():
            yield f"`{file.relative_to(example).as_posix()}`"
        text = file.read_text("utf-8").rstrip("\n")
        fence = "````" if "```" in text else "```"
        yield f"{fence}{LANGUAGES.get(file.suffix, '')}\n{text}\n{fence}"


def _peers(policy: Policy) -> Iterator[str]:
    yield "| tool | rule | it | note |"
    yield "|---|---|---|---|"
    for tool, rules in sorted(policy.equivalents.items()):
        for rule in rules:
            yield f"| {tool} | `{rule.id}` | {RELATIONS[rule.relation]} | {rule.note.replace('|', chr(92) + '|')} |"
