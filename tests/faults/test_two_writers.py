"""Several writers in one project, briefly; `two_writers` does it for as many rounds as one likes."""

from __future__ import annotations

import pytest

from tests.faults.two_writers import QUICK, run_rounds

_PACKAGES = ("add", "lock", "install")


@pytest.mark.parametrize(
    ("writers", "rounds", "times", "kinds"),
    [(2, 1, 4, QUICK), (4, 1, 2, QUICK), (8, 1, 1, QUICK), (2, 1, 2, _PACKAGES), (8, 1, 1, _PACKAGES)],
)
def test_writers_at_once_lose_nothing_and_readers_see_whole_files(
    writers: int, rounds: int, times: int, kinds: tuple[str, ...]
) -> None:
    outcome = run_rounds(writers, rounds, times, kinds)
    assert ([], [], [], []) == (outcome.failed, outcome.lost, outcome.torn, outcome.left)
    assert outcome.commands >= writers * rounds * times
    assert outcome.looks > 5
