"""Refusals of the system, briefly; `fail_calls` has all of them."""

from __future__ import annotations

import os

import pytest

from tests.faults.fail_calls import run_sweep

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="works in copies of this process")


@pytest.mark.parametrize(("words", "error"), [(("add", "more"), "EIO"), (("remove", "gone"), "EROFS")])
def test_a_change_of_the_disk_that_is_refused_leaves_everything_or_nothing(words: tuple[str, ...], error: str) -> None:
    tally = run_sweep(words, error, forever=False, step=11)
    assert tally.wrong == []
    assert tally.ends["stopped"] > 2


@pytest.mark.parametrize("words", [("update",), ("sync",)])
def test_a_disk_that_becomes_full_and_stays_so_leaves_everything_or_nothing(words: tuple[str, ...]) -> None:
    tally = run_sweep(words, "ENOSPC", forever=True, step=13)
    assert tally.wrong == []
    assert tally.ends["stopped"] > 1
