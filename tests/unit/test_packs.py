"""Packs choose policies; names win over them."""

from __future__ import annotations

import pytest

from auditor.catalog import load_builtin, load_packs
from auditor.errors import UsageError
from auditor.options import Settings
from auditor.packs import choose, members, selects
from auditor.policy import Pack, Selector
from tests.unit.worlds import policy

TAINT = policy(
    code="GPU-001", id="taint", category="gpu-scheduling", severity="low", controls=("CIS-EKS-5.1.1",)
)
PROBE = policy(code="REL-001", id="probe", category="reliability", severity="low")
ROOT = policy(code="SEC-001", id="root", category="pod-security", severity="high")
ALL = [TAINT, PROBE, ROOT]


@pytest.mark.parametrize(
    ("selector", "codes"),
    [
        (Selector(), {"GPU-001", "REL-001", "SEC-001"}),
        (Selector(categories=("reliability", "pod-security")), {"REL-001", "SEC-001"}),
        (Selector(severities=("low",), categories=("reliability",)), {"REL-001"}),
        (Selector(codes=("SEC-*", "GPU-001")), {"GPU-001", "SEC-001"}),
        (Selector(controls=("CIS-EKS-*",)), {"GPU-001"}),
        (Selector(categories=("reliability",), severities=("high",)), set()),
    ],
)
def test_a_selector_takes_what_has_everything_it_names(selector: Selector, codes: set[str]) -> None:
    assert {each.code for each in ALL if selects(selector, each)} == codes


def test_a_pack_is_what_it_extends_and_includes_without_what_it_excludes() -> None:
    packs = {
        "base": Pack("base", "", include=(Selector(severities=("low",)),)),
        "more": Pack("more", "", ("base",), (Selector(codes=("SEC-*",)),), (Selector(codes=("REL-*",)),)),
    }
    assert members(["base"], packs, ALL) == {"GPU-001", "REL-001"}
    assert members(["more"], packs, ALL) == {"GPU-001", "SEC-001"}
    assert members(["base", "more"], packs, ALL) == {"GPU-001", "REL-001", "SEC-001"}


def test_an_unknown_pack_names_the_nearest() -> None:
    with pytest.raises(UsageError, match=r"no pack is called 'defualt'; did you mean 'default'\?"):
        choose(Settings(packs=("defualt",)))


def test_packs_that_extend_each_other_are_refused() -> None:
    packs = {"a": Pack("a", "", ("b",)), "b": Pack("b", "", ("a",))}
    with pytest.raises(UsageError, match="a → b → a"):
        members(["a"], packs, ALL)


def test_the_four_packs_are_there() -> None:
    assert set(load_packs()) == {"default", "gpu-platform", "strict", "cis-eks"}


def test_strict_holds_every_static_policy_and_default_the_mission() -> None:
    everything = [each for each in load_builtin() if each.mode != "L"]
    assert list(choose(Settings(packs=("strict",)))) == [each.code for each in everything]
    mission = {
        each.code for each in everything if each.category in ("gpu-scheduling", "scale-to-zero", "identity")
    }
    assert mission
    assert mission <= set(choose(Settings(packs=("gpu-platform",))))
    assert set(choose(Settings(packs=("gpu-platform",)))) <= set(choose(Settings()))


def test_default_holds_back_low_hardening_and_keeps_low_mission_policies() -> None:
    assert members(["default"], load_packs(), ALL) == {"GPU-001", "SEC-001"}


def test_cis_holds_what_carries_a_control() -> None:
    assert members(["cis-eks"], load_packs(), ALL) == {"GPU-001"}


def test_a_policy_asked_for_by_name_runs_outside_its_packs() -> None:
    assert list(choose(Settings(packs=("cis-eks",), policies=("gpu-unselected-node",)))) == ["GPU-003"]


def test_an_unknown_policy_name_is_refused() -> None:
    with pytest.raises(UsageError, match="no policy is called 'GPU-999'"):
        choose(Settings(policies=("GPU-999",)))


def test_a_live_policy_cannot_run_from_git() -> None:
    live = policy(code="OWN-009", id="live", mode="L", live_reason="only the cluster knows its nodes")
    with pytest.raises(UsageError, match="only the cluster knows its nodes"):
        choose(Settings(own_policies=[live], policies=("OWN-009",)))
    assert "OWN-009" not in choose(Settings(own_policies=[live]))
