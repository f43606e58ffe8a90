from __future__ import annotations

from itertools import pairwise

import pytest
from packaging.version import InvalidVersion, Version

from chapbook_core.requirements.version_key import version_key

# In the order of PEP 440.
ORDER = [
    "0.dev0",
    "0.dev1",
    "0a0",
    "0",
    "0.0.1",
    "1.dev0",
    "1.0.dev456",
    "1.0a1.dev1",
    "1.0a1",
    "1.0a1.post1.dev1",
    "1.0a1.post1",
    "1.0a2.dev456",
    "1.0a12.dev456",
    "1.0a12",
    "1.0b1.dev456",
    "1.0b2",
    "1.0b2.post345.dev456",
    "1.0b2.post345",
    "1.0rc1.dev456",
    "1.0rc1",
    "1.0",
    "1.0+abc.5",
    "1.0+abc.7",
    "1.0+5",
    "1.0+5.0",
    "1.0.post456.dev34",
    "1.0.post456",
    "1.0.1.dev1",
    "1.0.1",
    "1.0.15",
    "1.1.dev1",
    "1.1",
    "1.9",
    "1.10",
    "1.255",
    "1.256",
    "2024.1",
    "20260101",
    "20260101.1",
    "1!0.1",
    "2!0",
]


def test_keys_are_in_the_order_of_pep_440() -> None:
    keys = [version_key(text) for text in ORDER]
    assert all(left < right for left, right in pairwise(keys))
    assert sorted(ORDER, key=Version) == ORDER


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("1", "1.0.0"),
        ("1.0a1", "v1.0-alpha.1"),
        ("1.0-1", "1.0.post1"),
        ("0", "0.0"),
        ("1.0+a.1", "1.0+A-1"),
        ("01", "1"),
    ],
)
def test_spellings_of_one_version_have_one_key(one: str, other: str) -> None:
    assert version_key(one) == version_key(other)


def test_a_text_that_is_no_version_has_no_key() -> None:
    with pytest.raises(InvalidVersion):
        version_key("one")
