"""Power cuts, briefly; `power_cut` has all of them."""

from __future__ import annotations

import sys

import pytest

from tests.faults.power_cut import run_cuts

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="asks the system for the names of open files")


@pytest.mark.parametrize(
    ("words", "first", "step"),
    [(("add", "more"), 57, 4), (("remove", "gone"), 24, 9), (("update",), 90, 9), (("sync",), 5, 11)],
)
def test_after_a_power_cut_everything_is_old_or_new_and_can_be_installed(
    words: tuple[str, ...], first: int, step: int
) -> None:
    tally = run_cuts(words, first=first, step=step)
    assert [] == tally.wrong
    assert tally.cuts.total() > 6
    if words != ("sync",):
        assert {"old", "new"} == set(tally.cuts)
