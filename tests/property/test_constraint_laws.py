"""Constraints are a Boolean algebra, and each of them means what packaging and Poetry say it means."""

from __future__ import annotations

import re

from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from packaging.specifiers import SpecifierSet
from packaging.version import Version
from poetry.core.constraints.version import Version as PoetryVersion
from poetry.core.constraints.version import parse_constraint as poetry_parse

from chapbook_core.requirements.constraint import ANY, EMPTY, Constraint, NoSpecifier, parse_constraint

TRAILING_ZEROS = re.compile(r"(?:[.]0)+(?![0-9.])")
ZERO_WILDCARD = re.compile(r"(?<![0-9.])0[.][*]")
EXCLUDED_BOUND = re.compile(r"[<>]=([^,|]+),!=\1(?![^,|])")
RELEASES = ["0", "0.0.3", "0.1", "1", "1.0", "1.0.1", "1.2", "1.2.3", "1.3", "1.10", "2", "2.0.0", "3.0", "1!1.0"]
SUFFIXES = ["", "a1", "a1.post0", "a2.dev0", "rc1", ".dev0", ".dev1", ".post0", ".post1", ".post1.dev0", "+a", "+a.1"]
VERSIONS = [
    Version(release + suffix) for release in [*RELEASES, "0.0.4", "1.2.4", "2.1", "3.1", "4"] for suffix in SUFFIXES
]

bounds = st.builds(
    lambda release, suffix: release + suffix,
    st.sampled_from(RELEASES),
    st.sampled_from(["", "", "", "", "a1", ".dev1", ".post1"]),
)
pep440_clauses = st.one_of(
    st.builds(lambda operator, bound: operator + bound, st.sampled_from(["==", "!=", ">=", "<=", ">", "<"]), bounds),
    st.builds(lambda operator, bound: f"{operator}{bound}.*", st.sampled_from(["==", "!="]), st.sampled_from(RELEASES)),
    st.builds(lambda bound: f"~={bound}", st.sampled_from([release for release in RELEASES if "." in release])),
    st.builds(lambda operator, bound: f"{operator}{bound}+a", st.sampled_from(["==", "!="]), st.sampled_from(RELEASES)),
)
poetry_clauses = st.one_of(
    pep440_clauses,
    st.builds(lambda operator, bound: operator + bound, st.sampled_from(["^", "~", "=", ""]), bounds),
    st.sampled_from(["*", "1.*", "1.2.*", "0.*"]),
)
specifiers = st.lists(pep440_clauses, max_size=4).map(",".join)
conjunctions = st.lists(poetry_clauses, min_size=1, max_size=3).map(",".join)
texts = st.lists(conjunctions, min_size=1, max_size=3).map(" || ".join)
constraints = texts.map(parse_constraint)


def members(constraint: Constraint) -> set[Version]:
    return {version for version in VERSIONS if constraint.allows(version)}


def every_version() -> set[Version]:
    return set(VERSIONS)


@settings(deadline=None, max_examples=150)
@given(specifiers)
def test_a_specifier_set_allows_what_packaging_says(text: str) -> None:
    assume(text)
    oracle = SpecifierSet(text, prereleases=True)
    assert members(parse_constraint(text)) == {version for version in VERSIONS if version in oracle}


@settings(deadline=None, max_examples=60)
@given(specifiers, specifiers)
def test_algebra_agrees_with_the_ranges_of_packaging(left: str, right: str) -> None:
    assume(left and right)
    ours, our_other = parse_constraint(left), parse_constraint(right)
    theirs, their_other = (SpecifierSet(text, prereleases=True).to_range() for text in (left, right))
    for computed, expected in (
        (ours & our_other, theirs & their_other),
        (ours | our_other, theirs | their_other),
        (~ours, ~theirs),
        (ours - our_other, theirs - their_other),
    ):
        assert members(computed) == {version for version in VERSIONS if version in expected}
    assert ours.is_disjoint(our_other) is theirs.is_disjoint(their_other)
    assert ours.is_subset(our_other) is theirs.is_subset(their_other)
    assert ours.is_empty is theirs.is_empty
    assert (ours == our_other) is (theirs == their_other)


@settings(deadline=None, max_examples=150)
@given(conjunctions)
def test_a_conjunction_allows_what_poetry_says(text: str) -> None:
    # Poetry compares versions with a local part, and post releases beside an excluded version, by rules of its own.
    versions = [version for version in VERSIONS if not version.local and version.post is None]
    assume("+" not in text and ".post" not in text)
    oracle = poetry_parse(text)
    expected = {version for version in versions if oracle.allows(PoetryVersion.parse(str(version)))}
    assert {version for version in versions if parse_constraint(text).allows(version)} == expected


@settings(deadline=None, max_examples=150)
@given(conjunctions)
def test_the_normal_form_is_poetrys(text: str) -> None:
    assume("!" not in text.replace("!=", ""))  # Poetry drops the epoch of a wildcard
    assume("+" not in text)
    assume(".post" not in text)  # Poetry's `>1` allows the post releases of 1 in an intersection
    oracle = poetry_parse(text)
    ours = parse_constraint(text)
    # Poetry knows no lowest version, so to it `<0` is not empty, `>=0.dev0` is a bound and `0.*` has one.
    assume(not ours.is_empty and "0.dev0" not in str(oracle) and not ZERO_WILDCARD.search(text))
    # Poetry makes `>1` of `>=1,!=1`, which leaves out the post releases too.
    assume(not EXCLUDED_BOUND.search(ours.poetry_text()))
    # Which spelling of a bound stays when two clauses have the same one is not worth a rule.
    assert TRAILING_ZEROS.sub("", ours.poetry_text()) == TRAILING_ZEROS.sub("", str(oracle))


@settings(deadline=None, max_examples=150)
@given(constraints)
def test_the_normal_form_means_the_same_and_is_stable(constraint: Constraint) -> None:
    assume(not constraint.is_empty)
    text = constraint.poetry_text()
    assert parse_constraint(text) == constraint
    assert parse_constraint(text).poetry_text() == text


@settings(deadline=None, max_examples=150)
@given(constraints, constraints)
@example(parse_constraint("==0 || >0"), EMPTY)
def test_a_specifier_text_means_the_same_to_packaging(left: Constraint, right: Constraint) -> None:
    for constraint in (left, left - right, ~left):
        try:
            text = constraint.specifier_text()
        except NoSpecifier:
            continue
        oracle = SpecifierSet(text, prereleases=True)
        assert members(constraint) == {version for version in VERSIONS if version in oracle}


@settings(deadline=None, max_examples=60)
@given(specifiers)
def test_what_was_a_specifier_set_can_be_one_again(text: str) -> None:
    assume(text)
    assert parse_constraint(parse_constraint(text).specifier_text() or "*") == parse_constraint(text)


@settings(deadline=None, max_examples=60)
@given(constraints, constraints, constraints)
def test_constraints_are_a_boolean_algebra(a: Constraint, b: Constraint, c: Constraint) -> None:
    assert a & b == b & a
    assert a | b == b | a
    assert a & (b & c) == (a & b) & c
    assert a | (b | c) == (a | b) | c
    assert a & (b | c) == (a & b) | (a & c)
    assert a | (b & c) == (a | b) & (a | c)
    assert ~(a & b) == ~a | ~b
    assert ~(a | b) == ~a & ~b
    assert ~~a == a
    assert a & ~a == EMPTY
    assert a | ~a == ANY
    assert a & ANY == a | EMPTY == a & a == a | a == a
    assert a & (a | b) == a | (a & b) == a
    assert a - b == a & ~b


@settings(deadline=None, max_examples=60)
@given(constraints, constraints)
def test_disjoint_and_subset_are_told_by_the_intersection(a: Constraint, b: Constraint) -> None:
    assert a.is_disjoint(b) is (a & b).is_empty
    assert a.is_subset(b) is (a & b == a) is (a | b == b)
    assert (a & b).is_subset(a)
    assert a.is_subset(a | b)
    assert hash(a & b) == hash(b & a)


@settings(deadline=None, max_examples=60)
@given(constraints, constraints)
def test_membership_is_a_homomorphism(a: Constraint, b: Constraint) -> None:
    assert members(a & b) == members(a) & members(b)
    assert members(a | b) == members(a) | members(b)
    assert members(~a) == every_version() - members(a)
