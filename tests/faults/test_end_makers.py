"""Kills of commands that make something, a few of them; `end_makers` does as many as one likes."""

from __future__ import annotations

import sys

import pytest

from tests.faults.end_makers import run_kills


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is POSIX")
def test_what_a_killed_command_was_making_is_whole_or_absent_and_comes_with_the_next_one() -> None:
    tally = run_kills(8, seed=2)
    assert [] == tally.broken
