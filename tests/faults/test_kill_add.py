"""Kills of commands that change a project, a few of them; `kill_add` does as many as one likes."""

from __future__ import annotations

from tests.faults.kill_add import run_points


def test_a_kill_leaves_project_file_and_lock_both_old_or_both_new() -> None:
    outcome = run_points(20, seed=1)
    assert ([], []) == (outcome.torn, outcome.left)
    assert outcome.in_the_writing >= 3
    assert outcome.ways["old"]
    assert outcome.ways["new"]


def test_so_it_is_when_the_environment_changes_too() -> None:
    outcome = run_points(3, seed=2, installs=True)
    assert ([], []) == (outcome.torn, outcome.left)
