"""Power cuts, briefly; `power_cut` has all of them."""

from __future__ import annotations

import sys

import pytest

from tests.faults.power_cut import run_cuts

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="asks the system for the names of open files")


@pytest.mark.parametrize(
    ("words", "first", "step"),
    [(("add", "more"), 51, 6), (("remove", "gone"), 24, 12), (("update",), 80, 14), (("sync",), 5, 19)],
)
def test_after_a_power_cut_everything_is_old_or_new_and_can_be_installed(
    words: tuple[str, ...], first: int, step: int
) -> None:
    tally = run_cuts(words, first=first, step=step)
    assert [] == tally.wrong
    assert tally.cuts.total() > 6
    if words != ("sync",):
        assert {"old", "new"} == set(tally.cuts)
