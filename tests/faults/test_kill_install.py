"""Kills and interrupts of `sync`, briefly; `kill_install` does it for as many points as one likes."""

from __future__ import annotations

import sys

import pytest

from tests.faults.kill_install import run_points


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is POSIX")
def test_after_a_kill_one_command_brings_the_environment_to_the_lock_and_an_interrupt_changes_nothing() -> None:
    tally = run_points(10, 5)
    assert tally.broken == []
    assert tally.hits > 3
