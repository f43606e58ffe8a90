"""How long an answer is good."""

from __future__ import annotations

import pytest

from chapbook_core.index.http_cache import LONGEST_LIFETIME, UNTOLD_LIFETIME, Validity, renewed, validity_of


@pytest.mark.parametrize(
    ("headers", "lifetime", "keep"),
    [
        ({}, UNTOLD_LIFETIME, True),
        ({"cache-control": "max-age=600, public"}, 600, True),
        ({"cache-control": "public, MAX-AGE=60"}, 60, True),
        ({"cache-control": "max-age=600", "age": "100"}, 500, True),
        ({"cache-control": "max-age=60", "age": "100"}, 0, True),
        ({"cache-control": "no-cache, max-age=60"}, 0, True),
        ({"cache-control": "no-store"}, UNTOLD_LIFETIME, False),
        ({"cache-control": "max-age=nonsense"}, UNTOLD_LIFETIME, True),
        ({"cache-control": "max-age=999999999"}, LONGEST_LIFETIME, True),
    ],
)
def test_how_long_an_answer_is_good(headers: dict[str, str], lifetime: float, *, keep: bool) -> None:
    validity = validity_of(headers, 1000.0)
    assert (validity.lifetime, validity.keep) == (lifetime, keep)
    assert validity.is_fresh(1000.0) is (lifetime > 0)
    assert not validity.is_fresh(1000.0 + lifetime)
    assert not validity.is_fresh(999.0)


def test_a_304_keeps_what_it_does_not_say() -> None:
    old = Validity(0.0, 60.0, etag='"a"', last_modified="then")
    assert renewed(old, {}, 100.0) == Validity(100.0, 60.0, '"a"', "then")
    assert renewed(old, {"cache-control": "max-age=5", "etag": '"b"'}, 100.0) == Validity(100.0, 5.0, '"b"', "then")
    assert old.conditions() == {"If-None-Match": '"a"', "If-Modified-Since": "then"}
