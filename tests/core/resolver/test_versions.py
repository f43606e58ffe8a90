from __future__ import annotations

import random

import pytest
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from chapbook_core.requirements.origin import IndexOrigin
from chapbook_core.resolver.versions import ABSENT, Release, Versions, bits, is_prerelease, merged

TEXTS = (
    *("0.9", "1.0.dev1", "1.0a1", "1.0rc1", "1.0", "1.0+cpu", "1.0+cuda.2", "1.0.post1", "1.0.post1.dev2", "1.1"),
    *("1.10", "1.9", "2.0b2", "2.0", "2.0.1", "1!0.5", "2024.1"),
)
SPECIFIERS = (
    *(">=1.0", ">1.0", "<1.0", "<=1.0", "==1.0", "!=1.0", "==1.*", "!=1.*", "~=1.0", "~=1.0.0", "===1.0"),
    *("==1.0+cpu", ">=1.0a1", "<2.0b2", "<2.0", ">1.0.post1", ">=1.0.post1", "==1!0.5", "<1!0", ">=1.0,<2,!=1.9", ""),
)


def versions(*texts: str, name: str = "a") -> Versions:
    return Versions(name, [Release(text) for text in texts])


@pytest.mark.parametrize("specifier", SPECIFIERS)
def test_a_mask_holds_what_packaging_lets_through(specifier: str) -> None:
    known = versions(*TEXTS)
    expected = sorted(SpecifierSet(specifier, prereleases=True).filter(TEXTS, prereleases=True), key=Version)
    assert known.texts(known.matching(specifier or "*")) == expected


def test_any_two_specifiers_together_are_the_common_mask() -> None:
    known = versions(*TEXTS)
    chance = random.Random(1)
    for _ in range(200):
        one, other = chance.sample([text for text in SPECIFIERS if text], 2)
        assert known.matching(f"{one},{other}") == known.matching(one) & known.matching(other)


def test_a_union_is_the_mask_of_both_sides() -> None:
    known = versions(*TEXTS)
    assert known.matching("<1.0 || >=2.0") == known.matching("<1.0") | known.matching(">=2.0")


def test_absence_never_satisfies_a_constraint() -> None:
    known = versions("1", "2")
    assert known.matching("*") & ABSENT == 0
    assert known.full == known.matching("*") | ABSENT


def test_versions_are_ordered_however_they_are_given() -> None:
    chance = random.Random(2)
    shuffled = chance.sample(TEXTS, len(TEXTS))
    assert [release.version for release in versions(*shuffled).releases] == sorted(TEXTS, key=Version)


def test_a_package_without_releases_can_only_be_absent() -> None:
    missing = Versions("a", missing="is not on the index")
    assert missing.full == ABSENT
    assert missing.matching("*") == 0


def test_a_version_is_found_by_its_text_and_origin() -> None:
    source = IndexOrigin("cpu")
    known = merged("a", [versions("1", "2"), Versions("a", [Release("2", origin=source)])])
    assert known.release(known.bit("2.0")).origin is None
    assert known.release(known.bit("2", source)).origin == source
    assert known.bit("3") == 0
    assert known.bit("1", source) == 0


def test_of_two_equal_versions_the_later_origin_is_newer() -> None:
    source = IndexOrigin("cpu")
    known = merged("a", [versions("2"), Versions("a", [Release("2", origin=source)])])
    assert known.bit("2", source) > known.bit("2")


def test_merging_nothing_but_missing_packages_keeps_the_reason() -> None:
    known = merged("a", [Versions("a", missing="is not on the index"), Versions("a")])
    assert known.missing == "is not on the index"
    assert merged("a", [Versions("a", missing="is not on the index"), versions("1")]).missing == ""


def test_what_releases_have_in_common_is_a_mask() -> None:
    known = Versions(
        "a", [Release("1", ">=3.8"), Release("2", ">=3.8", yanked=True), Release("3a1", unusable="has no wheel")]
    )
    assert known.texts(known.requires_python[">=3.8"]) == ["1", "2"]
    assert known.texts(known.yanked) == ["2"]
    assert known.texts(known.prereleases) == ["3a1"]
    assert known.texts(known.unusable["has no wheel"]) == ["3a1"]


@pytest.mark.parametrize("text", TEXTS)
def test_pre_releases_are_told_as_packaging_tells_them(text: str) -> None:
    assert is_prerelease(text) == Version(text).is_prerelease


def test_a_mask_is_taken_apart_from_the_lowest_bit() -> None:
    assert list(bits(0b101100)) == [0b100, 0b1000, 0b100000]
