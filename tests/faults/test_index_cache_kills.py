"""The index cache under many processes and kills, briefly; `hammer_cache` does it for as long as one likes."""

from __future__ import annotations

import sys

import pytest

from tests.faults.hammer_cache import hammer


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is POSIX")
def test_eight_processes_that_are_killed_lose_nothing_and_damage_nothing() -> None:
    outcome = hammer(3.0)
    assert outcome.kills > 5
    assert outcome.noted > 0
    assert (outcome.lost, outcome.wrong, outcome.stuck, outcome.integrity) == ([], [], 0, "ok")
    assert outcome.warnings == []
