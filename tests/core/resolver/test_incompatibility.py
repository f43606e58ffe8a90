from __future__ import annotations

from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from chapbook_core.requirements.diagram import TRUE, conjunction
from chapbook_core.requirements.marker import parse_marker
from chapbook_core.resolver.cause import Derived, Yanked
from chapbook_core.resolver.incompatibility import Incompatibility, resolvent

FULL = 0b1111
masks = st.integers(1, FULL - 1)
terms = st.dictionaries(st.sampled_from("abc"), masks, max_size=3)


def is_allowed(incompatibility: Incompatibility, chosen: dict[str, int]) -> bool:
    return any(not chosen[package] & mask for package, mask in incompatibility.terms.items())


@settings(deadline=None, max_examples=150)
@given(terms, terms, masks, masks)
def test_whatever_two_incompatibilities_allow_their_resolvent_allows(
    one: dict[str, int], other: dict[str, int], mine: int, yours: int
) -> None:
    left = Incompatibility({**one, "p": mine}, TRUE, Yanked("a"))
    right = Incompatibility({**other, "p": yours}, TRUE, Yanked("a"))
    result = resolvent(left, right, "p", FULL)
    for versions in product((1, 2, 4, 8), repeat=4):
        chosen = dict(zip("abcp", versions, strict=True))
        if is_allowed(left, chosen) and is_allowed(right, chosen):
            assert is_allowed(result, chosen)


def test_a_resolvent_speaks_no_more_of_a_package_whose_versions_are_all_covered() -> None:
    left = Incompatibility({"a": 0b0011, "b": 0b0001}, TRUE, Yanked("a"))
    right = Incompatibility({"a": 0b1100, "c": 0b0001}, TRUE, Yanked("a"))
    assert resolvent(left, right, "a", FULL).terms == {"b": 1, "c": 1}


def test_a_resolvent_holds_where_both_causes_do() -> None:
    windows, old = parse_marker("sys_platform == 'win32'").node, parse_marker("python_version < '3.12'").node
    left = Incompatibility({"a": 1}, windows, Yanked("a"))
    right = Incompatibility({"a": 2}, old, Yanked("a"))
    result = resolvent(left, right, "a", FULL)
    assert result.region == conjunction(windows, old)
    assert result.cause == Derived(left, right)
