from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from packaging.markers import Marker as PackagingMarker
from packaging.markers import UndefinedComparison
from poetry.core.version.markers import parse_marker as poetry_parse

from chapbook_core.requirements.marker import ALWAYS, NEVER, InvalidMarker, Marker, parse_marker, python_marker
from tests.property.marker_samples import (
    IMPLEMENTATIONS,
    MACHINES,
    PLATFORMS,
    PYTHONS,
    REAL_MARKERS,
    environment,
    few_environments,
)

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

VERSION_OPERATORS = ("==", "!=", "<", "<=", ">", ">=", "~=", "===")
TEXT_OPERATORS = ("==", "!=", "<", "<=", ">", ">=")
MINOR_LITERALS = (
    *("2.7", "3", "3.1", "3.8", "3.9", "3.10", "3.10.0", "3.10.1", "3.11.0a7", "3.12.post1", "3.13", "3.13.dev0", "4"),
    *("3.8.*", "3.*", "3.x", "3.13rc1", "3.13.0b1.post1", "3.9+local", "0", " 3.9 ", "1!3.9", "3.11.0.0", "3.11.0.1"),
)
FULL_LITERALS = (*MINOR_LITERALS, *PYTHONS, "3.11.4.*", "3.13.0rc1.dev1", "3.9.13.post2", "3.8.0.1")
VERSION_LISTS = ("3.8 3.9", "3.10,3.11", "2.7, 3.8.1", "3.9.0rc1 3.11.4", "3.13.0", "x")
TEXTS = {
    "sys_platform": ("linux", "win32", "darwin", "cygwin", "freebsd14", "linux darwin", "win", "bsd", "emscripten"),
    "os_name": ("posix", "nt", "java", "nt java", "n", "os"),
    "platform_system": ("Linux", "Windows", "Darwin", "FreeBSD", "iOS", "Java", "OS", "Linux Darwin", "Emscripten"),
    "platform_machine": ("x86_64", "AMD64", "arm64", "64", "arm", "aarch64 arm64", "s390x"),
    "platform_python_implementation": ("CPython", "PyPy", "GraalVM", "Py", "PyPy GraalVM"),
    "implementation_name": ("cpython", "pypy", "graalpy", "py", "cpython pypy"),
    "platform_version": ("#1", "10.0.19045", "Ubuntu", "Kernel"),
}
RELEASE_LITERALS = ("20", "20.0", "10", "6.6", "23.5.0", "5.15.0-91-generic", "7.3.13", "7.*", "2022Server")
EXTRAS = ("dev", "Test_X", "all")


@st.composite
def comparisons(draw: st.DrawFn) -> str:
    kind = draw(st.sampled_from(["minor", "full", "release", "text", "extra", "set", "member", "list"]))
    name: str
    operators: tuple[str, ...]
    literals: tuple[str, ...]
    match kind:
        case "minor":
            name, operators, literals = "python_version", VERSION_OPERATORS, MINOR_LITERALS
        case "full":
            name, operators, literals = "python_full_version", VERSION_OPERATORS, FULL_LITERALS
        case "release":
            name = draw(st.sampled_from(["platform_release", "implementation_version"]))
            operators, literals = TEXT_OPERATORS, RELEASE_LITERALS
        case "extra":
            name, operators, literals = "extra", ("==", "!="), EXTRAS
        case "set":
            name = draw(st.sampled_from(["extras", "dependency_groups"]))
            return f'"{draw(st.sampled_from(EXTRAS))}" {draw(st.sampled_from(["in", "not in"]))} {name}'
        case "list":
            name = draw(st.sampled_from(["python_version", "python_full_version"]))
            return f'{name} {draw(st.sampled_from(["in", "not  in"]))} "{draw(st.sampled_from(VERSION_LISTS))}"'
        case _:
            name = draw(st.sampled_from(sorted(TEXTS)))
            literals = TEXTS[name]
            operators = TEXT_OPERATORS if kind == "text" else ("in", "not in")
    sides = [name, f'"{draw(st.sampled_from(literals))}"']
    if draw(st.integers(0, 3)) == 0:
        sides.reverse()
    return f" {draw(st.sampled_from(operators))} ".join(sides)


def _is_read(text: str) -> bool:
    try:
        parse_marker(text)
    except InvalidMarker:
        return False
    return True


marker_texts = st.recursive(
    comparisons().filter(_is_read),
    lambda inner: st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(lambda parts: f"({' '.join(parts)})"),
    max_leaves=5,
)
markers = marker_texts.map(parse_marker)
environments = st.builds(
    environment,
    st.sampled_from(PYTHONS),
    st.sampled_from(PLATFORMS),
    st.sampled_from(MACHINES),
    st.sampled_from(IMPLEMENTATIONS),
)


def _is_poetrys(text: str) -> bool:
    """Tell whether Poetry reads a form, and reads it as PEP 508 means it.

    It has no sets, no `===` of versions and no version on the left, takes a list of versions as words, and compares
    releases as texts.
    """
    strange = (
        "extras",
        "dependency_groups",
        "===",
        " in ",
        "platform_release",
        "implementation_version",
        '"2.7" =',
        '"3.8" <',
        '"3.10" >',
    )
    return not any(part in text for part in strange)


SETTINGS = settings(max_examples=150, deadline=None)


@SETTINGS
@given(markers, markers, markers)
def test_markers_are_a_boolean_algebra(a: Marker, b: Marker, c: Marker) -> None:
    assert a & b == b & a
    assert a | b == b | a
    assert (a & b) & c == a & (b & c)
    assert (a | b) | c == a | (b | c)
    assert a & (b | c) == (a & b) | (a & c)
    assert a | (b & c) == (a | b) & (a | c)
    assert ~(a & b) == ~a | ~b
    assert ~(a | b) == ~a & ~b
    assert a & (a | b) == a
    assert a | (a & b) == a
    assert a | ~a == ALWAYS
    assert a & ~a == NEVER
    assert ~~a == a
    assert a - b == a & ~b


@SETTINGS
@given(markers, markers)
def test_implication_and_disjointness_are_what_the_algebra_says(a: Marker, b: Marker) -> None:
    assert a.implies(b) == (a - b).is_never
    assert a.is_disjoint(b) == (a & b).is_never
    assert (a & b).implies(a)
    assert a.implies(a | b)


@SETTINGS
@given(markers, markers, environments, st.sets(st.sampled_from(EXTRAS)), st.sets(st.sampled_from(EXTRAS)))
def test_the_algebra_means_and_or_and_not_in_every_environment(
    a: Marker, b: Marker, here: dict[str, str], extras: set[str], groups: set[str]
) -> None:
    first, second = a.evaluate(here, extras, groups), b.evaluate(here, extras, groups)
    assert (a & b).evaluate(here, extras, groups) == (first and second)
    assert (a | b).evaluate(here, extras, groups) == (first or second)
    assert (~a).evaluate(here, extras, groups) != first


@settings(max_examples=300, deadline=None)
@given(marker_texts, st.lists(environments, min_size=1, max_size=20), st.sampled_from(("", *EXTRAS)))
def test_a_marker_is_true_where_packaging_finds_it_true(text: str, places: list[dict[str, str]], extra: str) -> None:
    marker, reference = parse_marker(text), PackagingMarker(text)
    asked = {extra} - {""}
    for here in places:
        expected = reference.evaluate({**here, "extra": extra, "extras": asked, "dependency_groups": asked})
        assert marker.evaluate(here, asked, asked) == expected, here


@pytest.mark.parametrize(
    "text",
    ['sys_platform ~= "linux"', 'os_name === "nt"', 'extra ~= "1.0"', 'python_version ~= "3"', 'extras == "dev"'],
)
def test_what_is_refused_is_what_packaging_cannot_evaluate(text: str) -> None:
    with pytest.raises(InvalidMarker):
        parse_marker(text)
    nothing: frozenset[str] = frozenset()
    here: dict[str, str | AbstractSet[str]] = {**few_environments()[0], "extra": "", "extras": nothing}
    with pytest.raises(UndefinedComparison):
        PackagingMarker(text).evaluate(here)


@settings(max_examples=300, deadline=None)
@given(markers)
def test_the_text_of_a_marker_is_read_back_equal(marker: Marker) -> None:
    assume("platform_release" not in marker.variables())
    assert parse_marker(marker.text()) == marker


@SETTINGS
@given(markers)
def test_the_text_of_a_marker_means_the_same_to_packaging(marker: Marker) -> None:
    assume(not marker.is_always)
    reference = PackagingMarker(marker.text())
    for here in few_environments()[::9]:
        if "platform_release" in marker.variables() and not here["platform_release"].replace(".", "").isdigit():
            continue
        expected = reference.evaluate({**here, "extra": "dev", "extras": {"all"}, "dependency_groups": {"all"}})
        if "extra" not in marker.variables() or "extras" not in marker.variables():
            asked = {"dev"} if "extra" in marker.variables() else {"all"}
            assert marker.evaluate(here, asked, {"all"}) == expected


@SETTINGS
@given(markers, markers)
def test_a_text_under_a_condition_is_right_wherever_the_condition_holds(marker: Marker, under: Marker) -> None:
    assume("platform_release" not in marker.variables() | under.variables())
    assert parse_marker(marker.text(under)) & under == marker & under


@SETTINGS
@given(markers)
def test_the_python_constraint_of_a_marker_allows_every_python_that_satisfies_it(marker: Marker) -> None:
    possible = marker.only("python_version")
    assert marker.implies(possible)
    back = python_marker(marker.python_constraint())
    finals = [version for version in PYTHONS if "a" not in version and "b" not in version and "rc" not in version]
    for version in finals:
        here = {"python_full_version": version}
        assert marker.python_constraint().allows(version) == possible.evaluate(here) == back.evaluate(here)


@SETTINGS
@given(markers)
def test_forgetting_extras_asks_for_some_extras_that_satisfy_the_marker(marker: Marker) -> None:
    forgotten = marker.without_extras()
    assert marker.implies(forgotten)
    assert not forgotten.variables() & {"extra", "extras", "dependency_groups"}


@pytest.mark.parametrize("text", REAL_MARKERS)
def test_a_real_marker_agrees_with_packaging_and_is_read_back_equal(text: str) -> None:
    marker, reference = parse_marker(text), PackagingMarker(text)
    if "platform_release" not in marker.variables():
        assert parse_marker(marker.text()) == marker
        assert parse_marker((~marker).text()) == ~marker
    for here in few_environments():
        for extra in ("", "dev", "test"):
            asked = {extra} - {""}
            expected = reference.evaluate({**here, "extra": extra, "extras": asked, "dependency_groups": asked})
            assert marker.evaluate(here, asked, asked) == expected, here


@pytest.mark.parametrize("text", [text for text in REAL_MARKERS if _is_poetrys(text)])
def test_a_real_marker_means_to_poetry_what_its_text_means(text: str) -> None:
    marker, reference = parse_marker(text), poetry_parse(text)
    printed = poetry_parse(marker.text())
    for here in few_environments()[::5]:
        if "python_full_version" in text and not here["python_full_version"].replace(".", "").isdigit():
            continue
        for extra in ("dev", "test"):
            place = {**here, "extra": extra}
            assert printed.validate(place) == reference.validate(place) == marker.evaluate(here, {extra}), place
