"""Several writers in one project, briefly; `two_writers` does it for as many rounds as one likes."""

from __future__ import annotations

import pytest

from tests.faults.two_writers import run_rounds


@pytest.mark.parametrize(("writers", "rounds", "times"), [(2, 1, 4), (4, 1, 2), (8, 1, 1)])
def test_writers_at_once_lose_nothing_and_readers_see_whole_files(writers: int, rounds: int, times: int) -> None:
    outcome = run_rounds(writers, rounds, times)
    assert ([], [], [], []) == (outcome.failed, outcome.lost, outcome.torn, outcome.left)
    assert outcome.commands >= writers * rounds * times
    assert outcome.looks > 5
