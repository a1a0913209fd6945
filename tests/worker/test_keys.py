"""Output keys: the same for the same question, different for any other."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from worker.keys import scan_keys

_PARTS = st.tuples(
    st.text(min_size=1), st.text(min_size=1), st.text(), st.text(), st.dictionaries(st.text(), st.booleans())
)


@given(_PARTS, _PARTS)
def test_ids_are_equal_only_for_equal_questions(one: Any, other: Any) -> None:
    assert (scan_keys(*one).id == scan_keys(*other).id) == (one == other)


@given(_PARTS)
def test_keys_fit_into_s3_and_lie_under_their_prefixes(parts: Any) -> None:
    keys = scan_keys(*parts, output_prefix="r/", error_prefix="e/")
    assert keys.marker == keys.prefix + "result.json"
    assert keys.prefix.startswith("r/")
    assert keys.error.startswith("e/")


@given(st.text(min_size=1, max_size=1024))
def test_the_longest_key_leaves_room_for_its_results(key: str) -> None:
    keys = scan_keys("b", key, "v", "d" * 64, {}, output_prefix="results/")
    longest = max(
        keys.variant("preview.png", "0" * 64), keys.error, keys.marker, key=lambda k: len(k.encode())
    )
    assert len(longest.encode(errors="surrogatepass")) <= 1024


def test_the_order_of_options_does_not_matter() -> None:
    one = scan_keys("b", "k", "v", "d", {"tta": True, "folds": [0]})
    assert one == scan_keys("b", "k", "v", "d", {"folds": [0], "tta": True})
    assert one.id != scan_keys("b", "k", "v", "d", {"tta": False, "folds": [0]}).id
