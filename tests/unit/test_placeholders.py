"""Which texts are filled in before they are applied."""

from __future__ import annotations

import pytest

from auditor.placeholders import has_placeholder


@pytest.mark.parametrize(
    "text",
    [
        *("${PORT}", "${var.port}", "a-${NAME}-b", "<TAG>", "<<AWS_REGION>>", "{{ port }}", "{{.Port}}"),
        *("__IMAGE_TAG__", "%(port)s", "$((PORT + 1))", "img:<CLUSTER_AUTOSCALER_IMAGE_TAG>"),
    ],
)
def test_words_of_templates_are_placeholders(text: str) -> None:
    assert has_placeholder(text)


@pytest.mark.parametrize(
    "text", ["8080", "", "http", "a < b", "x > 1", "$5", "__init__", "100%", "$(NAME)", 80, None]
)
def test_other_values_are_not(text: object) -> None:
    assert not has_placeholder(text)
