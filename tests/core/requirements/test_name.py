from __future__ import annotations

import pytest
from packaging.utils import canonicalize_name, is_normalized_name

from chapbook_core.requirements.name import InvalidName, canonical_name, checked_name, is_valid_name


@pytest.mark.parametrize("text", ["jaraco.classes", "SecretStorage", "a__b--c..d", "A", "x-._y", "ruamel.yaml.clib"])
def test_the_canonical_name_is_packagings(text: str) -> None:
    assert canonical_name(text) == canonicalize_name(text)
    assert is_normalized_name(canonical_name(text))
    assert is_valid_name(text)


@pytest.mark.parametrize("text", ["", "-a", "a-", ".a", "a b", "café", "a/b", "a[b]", "a\n"])
def test_what_no_index_accepts_is_no_name(text: str) -> None:
    assert not is_valid_name(text)
    with pytest.raises(InvalidName) as caught:
        checked_name(text)
    assert caught.value.message == f"`{text}` is not a valid name"
    assert caught.value.hints


def test_a_checked_name_is_canonical() -> None:
    assert checked_name("Jaraco.Classes") == "jaraco-classes"
