from __future__ import annotations

from typing import Any

import pytest

from chapbook_core.requirements.diagram import FALSE, conjunction
from chapbook_core.requirements.marker import parse_marker
from chapbook_core.requirements.origin import IndexOrigin, UrlOrigin
from chapbook_core.resolver.catalogue import Catalogue, Reconsider, python_region
from chapbook_core.resolver.cause import FromElsewhere, NeedsPython, Prerelease, Yanked
from chapbook_core.resolver.facts import Dependency, MetadataWanted, VersionsWanted
from chapbook_core.resolver.problem import Policy, Prereleases, Problem, RootRequirement
from chapbook_core.resolver.universe import Universe
from chapbook_core.resolver.versions import Release, Versions

CPU = IndexOrigin("cpu")
WHEEL = UrlOrigin("https://example.org/a-1.0.whl")
UNIVERSE = parse_marker("python_version >= '3.10'").node
WINDOWS = parse_marker("sys_platform == 'win32'").node


def catalogue(*dependencies: Dependency, releases: list[Release] | None = None, **problem: Any) -> Catalogue:
    roots = tuple(map(RootRequirement, dependencies))
    posed = Problem(roots, environments=UNIVERSE, **problem)
    made = Catalogue(posed, Universe(posed))
    for dependency in dependencies:
        made.meet(dependency, UNIVERSE)
    if releases is not None:
        made.learn({VersionsWanted("a"): Versions("a", releases)})
    return made


def excluded(known: Catalogue, kind: type) -> list[str]:
    return [
        text
        for incompatibility in known.given("a")
        if isinstance(incompatibility.cause, kind)
        for text in known.versions("a").texts(incompatibility.terms["a"])
    ]


def test_the_default_index_is_asked_for_what_nobody_pins() -> None:
    assert catalogue(Dependency("a")).wanted("a") == [VersionsWanted("a")]


def test_only_its_source_is_asked_for_a_pinned_package() -> None:
    known = catalogue(Dependency("a", origin=CPU))
    known.meet(Dependency("a"), UNIVERSE)
    assert known.wanted("a") == [VersionsWanted("a", CPU)]


def test_outside_its_region_a_pinned_package_comes_from_the_default_index() -> None:
    known = catalogue(Dependency("a", region=WINDOWS, origin=CPU))
    known.meet(Dependency("a"), conjunction(WINDOWS, UNIVERSE))
    assert known.wanted("a") == [VersionsWanted("a", CPU)]
    known.meet(Dependency("a"), UNIVERSE)
    assert known.wanted("a") == [VersionsWanted("a"), VersionsWanted("a", CPU)]
    known.learn(
        {
            VersionsWanted("a"): Versions("a", [Release("1")]),
            VersionsWanted("a", CPU): Versions("a", [Release("1+cpu", origin=CPU)]),
        }
    )
    assert excluded(known, FromElsewhere) == ["1+cpu"]


def test_a_reference_met_after_the_index_was_relied_on_starts_the_search_again() -> None:
    known = catalogue(Dependency("a"), releases=[Release("1")])
    known.given("a")
    with pytest.raises(Reconsider):
        known.meet(Dependency("a", origin=WHEEL), UNIVERSE)
    known.start()
    known.meet(Dependency("a", origin=WHEEL), UNIVERSE)
    assert known.wanted("a") == [VersionsWanted("a", WHEEL)]


def test_releases_that_do_not_run_everywhere_are_excluded_where_they_do_not() -> None:
    known = catalogue(Dependency("a"), releases=[Release("1", ">=3.8"), Release("2", ">=3.12")])
    assert excluded(known, NeedsPython) == ["2"]


def test_a_requires_python_without_sense_excludes_nothing() -> None:
    known = catalogue(Dependency("a"), releases=[Release("1", "three"), Release("2", ">=3.*")])
    assert excluded(known, NeedsPython) == []


def test_upper_bounds_are_heeded_unless_the_policy_ignores_them() -> None:
    releases = [Release("1", ">=3.8,<3.12")]
    assert excluded(catalogue(Dependency("a"), releases=releases), NeedsPython) == ["1"]
    ignoring = Policy(ignore_python_upper_bounds=True)
    assert excluded(catalogue(Dependency("a"), releases=releases, policy=ignoring), NeedsPython) == []


@pytest.mark.parametrize(("constraint", "expected"), [("==2", []), ("===2", []), ("==2.*", ["2"]), (">=2", ["2"])])
def test_only_a_pin_lets_a_yanked_release_in(constraint: str, expected: list[str]) -> None:
    known = catalogue(Dependency("a", constraint), releases=[Release("1"), Release("2", yanked=True)])
    assert excluded(known, Yanked) == expected


def test_pre_releases_are_excluded_by_policy_until_somebody_names_one() -> None:
    policy = Policy(prereleases=Prereleases.EXPLICIT)
    known = catalogue(Dependency("a"), releases=[Release("1"), Release("2a1")], policy=policy)
    assert excluded(known, Prerelease) == ["2a1"]
    with pytest.raises(Reconsider):
        known.admit(Dependency("a", ">=2a1"))
    known.start()
    assert excluded(known, Prerelease) == []


def test_overrides_replace_requirements_inside_their_region() -> None:
    known = catalogue(overrides=(Dependency("a", ">=2", WINDOWS),))
    replaced, kept = known.effective(Dependency("a", "<2", extra="x"))
    assert (replaced.constraint, replaced.region, replaced.extra) == (">=2", WINDOWS, "x")
    assert kept.constraint == "<2"


def test_excluded_packages_are_required_by_nobody() -> None:
    assert list(catalogue(excludes=frozenset({"a"})).effective(Dependency("a"))) == []


def test_a_release_of_a_source_has_metadata_of_that_source() -> None:
    known = catalogue(Dependency("a"))
    assert known.metadata_wanted("a", Release("1", origin=CPU)) == MetadataWanted("a", "1", CPU)


def test_an_upper_bound_beyond_the_lower_ones_major_version_changes_no_region() -> None:
    for lower in (">=3.8", ">=3", ">= 3.8.1", ">=2.7"):
        alone = python_region(lower, ignore_upper_bounds=True)
        for text in (f"{lower},<4", f"{lower} , < 5.0.0", f"<4.0,{lower}"):
            assert python_region(text, ignore_upper_bounds=True) == alone
            assert python_region(text, ignore_upper_bounds=False) != alone
    for text in (">=3.8,<3", "<2,>=3.8,<5"):
        assert python_region(text, ignore_upper_bounds=True) == FALSE
