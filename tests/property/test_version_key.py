"""The order of the keys is packaging's order of the versions."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.version import Version

from chapbook_core.requirements.version_key import key_above_locals, key_above_only, key_above_posts, version_key

LARGE = [9, 10, 213, 214, 215, 216, 255, 256, 65535, 65536, 20260101, 10**40, 10**90]
numbers = st.one_of(st.integers(0, 3), st.sampled_from(LARGE))
local_segments = st.sampled_from(["0", "1", "12", "999", "a", "ab", "b", "cpu", "cu121", "0a", "zz9"])


@st.composite
def version_texts(draw: st.DrawFn) -> str:
    epoch = draw(st.sampled_from(["", "", "", "0!", "1!", "300!"]))
    release = ".".join(map(str, draw(st.lists(numbers, min_size=1, max_size=4))))
    pre = draw(st.sampled_from(["", "", "a", "b", "rc"]))
    post = draw(st.sampled_from(["", "", ".post"]))
    dev = draw(st.sampled_from(["", "", ".dev"]))
    suffix = "".join(f"{part}{draw(numbers)}" for part in (pre, post, dev) if part)
    local = draw(st.lists(local_segments, max_size=3))
    return f"{epoch}{release}{suffix}{'+' + '.'.join(local) if local else ''}"


@settings(deadline=None, max_examples=100)
@given(st.lists(version_texts(), min_size=2, max_size=30))
def test_keys_sort_as_versions_do(texts: list[str]) -> None:
    versions = sorted(Version(text) for text in texts)
    keys = [version_key(version) for version in versions]
    assert sorted(keys) == keys
    for (left, right), (left_key, right_key) in zip(pairwise(versions), pairwise(keys), strict=True):
        assert (left == right) is (left_key == right_key)


@settings(deadline=None)
@given(version_texts())
def test_a_text_and_its_version_have_the_same_key(text: str) -> None:
    assert version_key(text) == version_key(Version(text))


@settings(deadline=None, max_examples=300)
@given(version_texts(), version_texts())
def test_the_place_above_a_version_separates_what_belongs_to_it_from_what_is_higher(one: str, other: str) -> None:
    version, candidate = Version(one), Version(other)
    above = candidate > version
    is_local = version.local is None and candidate.local is not None and Version(candidate.public) == version
    is_post = candidate.__replace__(post=None, dev=None, local=None) == version and candidate.post is not None
    key = version_key(candidate)
    assert (key > key_above_only(version)) is above
    assert (key >= key_above_locals(version)) is (above and not is_local)
    if version.post is None and version.dev is None and version.local is None:
        assert (key >= key_above_posts(version)) is (above and not is_local and not is_post)


def test_every_ordered_pair_of_an_exhaustive_small_world_agrees_with_packaging() -> None:
    texts = [
        f"{epoch}{release}{pre}{post}{dev}{local}"
        for epoch in ("", "1!")
        for release in ("0", "0.0.1", "1", "1.0", "1.0.1", "1.1", "1.10", "2", "300")
        for pre in ("", "a0", "a1", "b1", "rc1", "rc300")
        for post in ("", ".post0", ".post1")
        for dev in ("", ".dev0", ".dev1")
        for local in ("", "+1", "+a", "+a.1", "+1.a")
    ]
    by_version = sorted(texts, key=Version)
    by_key = sorted(texts, key=version_key)
    assert [Version(text) for text in by_key] == [Version(text) for text in by_version]
