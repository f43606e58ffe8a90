from __future__ import annotations

import warnings

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from poetry.core.constraints.version import Version as PoetryVersion

from chapbook_core.project.version import RULES, UnknownVersion, next_version

releases = st.lists(st.integers(0, 12), min_size=1, max_size=4).map(lambda parts: ".".join(map(str, parts)))
suffixes = st.sampled_from(["", "a0", "b2", "rc3", ".dev1", ".post1", "a1.dev2", ".post1.dev3", "b1.post2", "+local.1"])
versions = st.builds("{}{}{}".format, st.sampled_from(["", "1!"]), releases, suffixes)


@pytest.mark.parametrize(
    ("before", "rule", "after"),
    [
        ("1.4.2", "major", "2.0.0"),
        ("1.4.2", "minor", "1.5.0"),
        ("1.4.2", "patch", "1.4.3"),
        ("1.4.2", "premajor", "2.0.0a0"),
        ("1.4.2", "preminor", "1.5.0a0"),
        ("1.4.2", "prepatch", "1.4.3a0"),
        ("1.4.2", "prerelease", "1.4.3a0"),
        ("1.4.3a0", "prerelease", "1.4.3a1"),
        ("2.0.0rc1", "major", "2.0.0"),
        ("2.0.1rc1", "major", "3.0.0"),
        ("1.4.3b1", "patch", "1.4.3"),
        ("0.1", "patch", "0.1.1"),
        ("1.2.dev3", "prerelease", "1.2a0"),
        ("1.2.3", "v2.0-RC.1", "2.0rc1"),
        ("anything", "1.0", "1.0"),
    ],
)
def test_each_rule_has_its_meaning(before: str, rule: str, after: str) -> None:
    assert next_version(before, rule) == after


def test_phases_lead_to_the_final_release() -> None:
    found = ["1.0"]
    while len(found) < 5:
        found.append(next_version(found[-1], "prerelease", next_phase=True))
    assert found == ["1.0", "1.0.1a0", "1.0.1b0", "1.0.1rc0", "1.0.1"]


@pytest.mark.parametrize(("before", "rule"), [("1.0", "mijor"), ("one", "minor"), ("1.0", "")])
def test_what_is_no_version_is_named(before: str, rule: str) -> None:
    with pytest.raises(UnknownVersion, match="is neither a rule nor a version"):
        next_version(before, rule)


@given(version=versions, rule=st.sampled_from(RULES), next_phase=st.booleans())
@settings(max_examples=300, deadline=None)
def test_poetry_comes_to_the_same(version: str, rule: str, next_phase: bool) -> None:
    parsed = PoetryVersion.parse(version)
    if rule == "prerelease" and parsed.pre is None and parsed.is_devrelease():
        return  # Poetry fails on these.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = poetrys_answer(parsed, rule, next_phase=next_phase)
    assert next_version(version, rule, next_phase=next_phase) == expected


def poetrys_answer(version: PoetryVersion, rule: str, *, next_phase: bool) -> str:
    """Say with poetry-core what the documentation of Poetry's `version` says."""
    match rule:
        case "major" | "minor" | "patch":
            following = {"major": version.next_major, "minor": version.next_minor, "patch": version.next_patch}[rule]()
        case "premajor" | "preminor" | "prepatch":
            base = {"major": version.next_major, "minor": version.next_minor, "patch": version.next_patch}[rule[3:]]()
            following = base.first_prerelease()
        case _ if version.pre is None:
            following = version.next_patch().first_prerelease()
        case _:
            pre = version.pre.next_phase() if next_phase else version.pre.next()
            following = PoetryVersion(version.epoch, version.release, pre)
    return following.text


def test_a_number_that_python_does_not_read_is_no_version() -> None:
    with pytest.raises(UnknownVersion):
        next_version("1.0", "9" * 5_000)
