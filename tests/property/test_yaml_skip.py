"""A document is skipped only if it really is of the kind that nobody wants."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.yamlio import load_stream
from auditor.yamlio.split import identity

HEAD = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata:\n  name: x\n"
EVASIONS = {
    "kind again later": HEAD + "kind: Deployment\nspec:\n  a: 1\n",
    "quoted key later": HEAD + '"kind": Deployment\n',
    "single-quoted key later": HEAD + "'kind': Deployment\n",
    "explicit key later": HEAD + "? kind\n: Deployment\n",
    "inside a quoted annotation": "apiVersion: apps/v1\nmetadata:\n  annotations:\n"
    '    a: "\nkind: CustomResourceDefinition\n"\nspec: {}\n"kind": Deployment\n',
    "inside a flow mapping": "{apiVersion: apps/v1, kind: Deployment, metadata: {annotations: {a: "
    '"\nkind: CustomResourceDefinition\n"}}}\n',
    "no kind but in quotes": 'apiVersion: apps/v1\nmetadata:\n  a: "\nkind: CustomResourceDefinition\n  "\n',
    "merge key": HEAD + "<<: {kind: Deployment}\n",
    "merged anchor": HEAD + "spec: &a\n  kind: Deployment\n<<: *a\n",
    "tab before colon": HEAD + "kind\t: Deployment\n",
    "space before colon": HEAD + "kind : Deployment\n",
    "tagged key": HEAD + "!!str kind: Deployment\n",
    "anchored key": HEAD + "&k kind: Deployment\n",
    "document end": HEAD + "...\napiVersion: apps/v1\nkind: Deployment\n",
    "list": "apiVersion: v1\nkind: List\nitems:\n- apiVersion: x\n  kind: CustomResourceDefinition\n",
    "content on the marker line": "--- {apiVersion: apps/v1, kind: Deployment}\n",
    "indented by one space, quoted column 0": " apiVersion: apps/v1\n kind: Deployment\n"
    ' metadata:\n  annotations:\n   a: "\n'
    'apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\n "\n',
    "lone CR": HEAD + "spec:\n  a: 1\rkind: Deployment\n",
    "NEL": HEAD + "spec:\n  a: 1\x85kind: Deployment\n",
    "LS": HEAD + "spec:\n  a: 1\u2028kind: Deployment\n",
    "PS": HEAD + "spec:\n  a: 1\u2029kind: Deployment\n",
    "LS before a marker": HEAD + "spec: 1\u2028---\u2028kind: Deployment\n",
    "mark inside": HEAD + "\ufeffkind: Deployment\n",
    "kind goes on in the next line": "apiVersion: v1\nkind: CustomResourceDefinition\n  or: not\n",
    "kind goes on after a blank line": "apiVersion: v1\nkind: CustomResourceDefinition\n\n  x\n",
    "kind is no string": "apiVersion: v1\nkind: Yes\n",
    "directive": "%TAG ! tag:yaml.org,2002:\n---\n" + HEAD + "!str kind: Deployment\n",
}
WORDS = (
    "apiVersion: v1\n", "apiVersion: apiextensions.k8s.io/v1\n", "kind: CustomResourceDefinition\n",
    "kind: Deployment\n", "metadata:\n", "  name: x\n", "spec:\n", "  a: 1\n", "- a\n", "- kind: X\n",
    '"', "'", '  a: "\n', '  "\n', "\n", " ", "# c\n", "\t", "\r", "\r\n", "\x85", "\u2028", "\u2029",
    "\ufeff", "---\n", "--- ", "...\n", "? ", ": ", "&a ", "*a\n", "<<: *a\n", "!!str ", "|\n",
    "  t: |\n", "  kind: X\n", "{", "}", "[", "]", ",", "%YAML 1.1\n", ">-\n",
)  # fmt: skip


def holds(data: bytes) -> bool:
    """What is skipped is, parsed in full, of the unwanted kind; the rest is the same as without skipping."""
    skipping = load_stream(data, "x.yaml", wanted=lambda _, kind: kind != "CustomResourceDefinition")
    full = load_stream(data, "x.yaml")
    assert [(d.start, d.end, d.line) for d in skipping] == [(d.start, d.end, d.line) for d in full]
    for seen, parsed in zip(skipping, full, strict=True):
        if not seen.skipped:
            assert (seen.body, seen.problem) == (parsed.body, parsed.problem)
        elif parsed.problem is None:
            assert isinstance(parsed.body, dict)
            assert parsed.body["kind"] == "CustomResourceDefinition"
    return any(document.skipped for document in skipping)


@pytest.mark.parametrize("text", EVASIONS.values(), ids=EVASIONS)
def test_an_evasion_is_parsed(text: str) -> None:
    assert identity(text.encode()) is None or not holds(text.encode())
    holds(b"---\n" + text.encode())
    assert not load_stream(text.encode(), "x.yaml", wanted=lambda *_: False)[-1].skipped


@pytest.mark.parametrize(
    "text",
    [
        HEAD + "spec:\n  a: 1\n",
        "---\n" + HEAD,
        "# c\n\n---\n# d\n" + HEAD,
        "kind: CustomResourceDefinition\n# c\napiVersion: apiextensions.k8s.io/v1\nspec:\n- a\n",
        HEAD + "  d: |\n    kind: X\n",
        HEAD + "  d: é\n",
    ],
)
def test_the_usual_forms_are_skipped(text: str) -> None:
    assert holds(text.encode())


def test_a_skipped_document_has_its_place() -> None:
    data = f"a: 1\n---\n# c\n{HEAD}---\nb: 2\n".encode()
    _, skipped, last = load_stream(data, "x.yaml", wanted=lambda *_: False)
    assert skipped.skipped
    assert skipped.line == 4
    assert data[skipped.start : skipped.end] == f"---\n# c\n{HEAD}".encode()
    assert last.body == {"b": 2}


def test_a_wanted_kind_is_parsed() -> None:
    asked: list[tuple[str, str]] = []
    load_stream(HEAD.encode(), "x.yaml", wanted=lambda version, kind: not asked.append((version, kind)))
    assert asked == [("apiextensions.k8s.io/v1", "CustomResourceDefinition")]


@settings(max_examples=500, deadline=None)
@given(st.lists(st.sampled_from(WORDS), max_size=14), st.booleans())
def test_word_salad_is_skipped_only_when_it_is_of_that_kind(words: list[str], headed: bool) -> None:
    holds(((HEAD if headed else "") + "".join(words)).encode())


def test_mutated_documents_are_skipped_only_when_they_are_of_that_kind() -> None:
    chance = random.Random(7)
    base = HEAD + 'spec:\n  names: {kind: X}\n  text: "a\n    b"\n  more: |\n    kind: Y\n'
    skipped = 0
    for _ in range(3000):
        text = base
        for _ in range(chance.randint(1, 4)):
            at = chance.choice(
                [chance.randrange(len(text) + 1), text.find("\n", chance.randrange(len(text))) + 1]
            )
            cut = chance.choice((0, 0, 0, 1, 6))
            text = text[:at] + chance.choice(WORDS) + text[at + cut :]
        skipped += holds(text.encode())
    assert skipped > 100, "the test means something only while some documents are skipped"
